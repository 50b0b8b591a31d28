# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The changed tasks of a run in check mode on the page, with their differences."""

from __future__ import annotations

import collections
import difflib
import typing as t

from ansible_collections.tenantry.platform.plugins.plugin_utils.drift.markup import counted, isolated, pill, text

Change = dict[str, t.Any]


def changes_section(changes: list[Change]) -> str:
    """By host, what its tasks would change."""
    if not changes:
        return ""
    by_host: dict[str, list[Change]] = collections.defaultdict(list)
    for one in changes:
        by_host[one["host"]].append(one)
    hosts = "\n".join(_host(host, mine) for host, mine in sorted(by_host.items()))
    executed = sum(one["class"] == "executed" for one in changes)
    note = "Commands are skipped in check mode: what they would change is not known."
    if executed:
        note += f" {counted(executed, 'task')} ran for real, because check_mode: false says so."
    return f'<section>\n<h2>Changed tasks ({len(changes)})</h2>\n<p class="soft">{note}</p>\n{hosts}\n</section>'


def _host(host: str, changes: list[Change]) -> str:
    return (
        f'<details class="fold" open>\n<summary><strong>{isolated(host)}</strong> '
        f'<span class="soft">{counted(len(changes), "change")}</span></summary>\n'
        + "\n".join(_change(one) for one in changes)
        + "\n</details>"
    )


def _change(change: Change) -> str:
    item = f" <code>({isolated(change['item'])})</code>" if change["item"] is not None else ""
    where = [change["action"], change["path"]]
    where += [f"delegated to {change['delegate_to']}"] if change["delegate_to"] else []
    where += ["once for all hosts"] if change["run_once"] else []
    facts = " · ".join(isolated(one) for one in where if one)
    if change["hidden"]:
        body = '<p class="none">The task has no_log: what it would change is hidden.</p>'
    elif change["diff"]:
        body = "\n".join(_difference(one) for one in change["diff"])
    else:
        body = '<p class="none">No difference was reported. Run with --diff to see what modules can tell.</p>'
    return (
        f'<div class="fold">{pill(change["class"])} <strong>{isolated(change["task"])}</strong>{item}'
        f'<p class="soft small">{facts}</p>{body}</div>'
    )


def _difference(one: dict[str, str | None]) -> str:
    note = f'<p class="soft">{text(one["note"])}</p>' if one["note"] else ""
    lines = (one["prepared"] or "").splitlines() or _unified(one)
    if not lines:
        return note
    return f'{note}<pre class="diff">{"".join(_line(line) for line in lines)}</pre>'


def _unified(one: dict[str, str | None]) -> list[str]:
    before, after = (one["before"] or "").splitlines(), (one["after"] or "").splitlines()
    headers = (one["before_header"] or "before", one["after_header"] or "after")
    return list(difflib.unified_diff(before, after, *headers, lineterm=""))


def _line(line: str) -> str:
    style = {"+": "add", "-": "del", "@": "at"}.get(line[:1], "")
    style = "at" if line.startswith(("+++", "---")) else style
    return f'<span class="{style}">{text(line) or " "}</span>'
