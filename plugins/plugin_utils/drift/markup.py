# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text from anywhere as HTML that shows it and never obeys it."""

from __future__ import annotations

import html
import json
import typing as t

TONES = {
    "failed": "red",
    "fatal": "red",
    "refused": "orange",
    "conflict": "violet",
    "drift": "red",
    "missing": "red",
    "extra": "orange",
    "unreachable": "orange",
    "unknown": "orange",
    "invalid": "orange",
    "pending": "blue",
    "waiting": "blue",
    "held": "grey",
    "deployed": "green",
    "upgraded": "green",
    "rolled_back": "green",
    "promoted": "green",
    "aborted": "green",
    "canary": "blue",
    "done": "green",
    "converged": "green",
    "healed": "green",
    "stopped": "green",
    "removed": "green",
    "in_sync": "green",
    "critical": "red",
    "warning": "orange",
    "info": "grey",
    "mended": "green",
    "ignored": "grey",
    "would_change": "blue",
    "executed": "orange",
}
_KEPT = "\n\t"


def text(value: t.Any) -> str:
    """Escaped for between elements. Controls and what reorders a line are named: whoever hides something uses them."""
    escaped = html.escape(str(value))
    if escaped.isprintable():
        return escaped
    return "".join(c if c.isprintable() or c in _KEPT else f'<span class="u">U+{ord(c):04X}</span>' for c in escaped)


def attribute(value: t.Any) -> str:
    """Escaped for an attribute in double quotes, where no element can stand."""
    return "".join(c if c.isprintable() else "\ufffd" for c in html.escape(str(value)))


def isolated(value: t.Any) -> str:
    """A name whose direction of writing must not reach what stands beside it."""
    return f"<bdi>{text(value)}</bdi>"


def words(status: str) -> str:
    """A status as people write it."""
    return {"in_sync": "in sync", "would_change": "would change"}.get(status, status)


def pill(status: str, label: str = "") -> str:
    """A coloured word; the word alone is enough where no colour is seen."""
    return f'<span class="pill tone-{TONES[status]}">{text(label or words(status))}</span>'


def counted(count: int, noun: str) -> str:
    """``1 finding``, ``2 findings``."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def value(content: t.Any, sensitive: bool) -> str:
    """A value of a field."""
    if content is None:
        return '<span class="none">absent</span>'
    if sensitive:
        return '<span class="none">hidden</span>'
    if content == "":
        return '<span class="none">empty</span>'
    shown = content if isinstance(content, str) else json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False)
    return f"<pre><bdi>{text(shown)}</bdi></pre>"


def link(url: str) -> str:
    """A URL to click on, when it is one of the web."""
    if not url.startswith(("https://", "http://")):
        return isolated(url)
    return f'<a href="{attribute(url)}" rel="noreferrer noopener">{isolated(url)}</a>'


def time(stamp: str) -> str:
    """A time stamp to read."""
    return text(stamp.replace("T", " ").replace("Z", " UTC"))
