# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as one HTML page that needs nothing else. No input or output."""

from __future__ import annotations

import base64
import collections
import hashlib
import typing as t

from ansible_collections.tenantry.platform.plugins.plugin_utils.drift.document import (
    BROKEN,
    DRIFTED,
    SEVERITIES,
    STATUSES,
    UNJUDGED,
)
from ansible_collections.tenantry.platform.plugins.plugin_utils.drift.markup import (
    TONES,
    attribute,
    counted,
    isolated,
    time,
    words,
)
from ansible_collections.tenantry.platform.plugins.plugin_utils.drift.page_changes import changes_section
from ansible_collections.tenantry.platform.plugins.plugin_utils.drift.page_script import SCRIPT
from ansible_collections.tenantry.platform.plugins.plugin_utils.drift.page_style import STYLE
from ansible_collections.tenantry.platform.plugins.plugin_utils.drift.page_tenant import ignored_section, tenant_row

ATTENTION = BROKEN | DRIFTED | UNJUDGED | {"pending"}


def render(document: dict[str, t.Any]) -> bytes:
    """The bytes of the file."""
    body = "\n".join(
        part
        for part in (
            _header(document),
            _banners(document),
            _fleet(document),
            ignored_section(document["ignored"]),
            changes_section(document["changes"]),
        )
        if part
    )
    title = f"Drift report, {time(document['finished'])}"
    page = f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_policy()}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="data:,">
<title>{title}</title>
<style>{STYLE}</style>
</head>
<body>
<main>
{body}
</main>
<script>{SCRIPT}</script>
</body>
</html>
"""
    return page.encode("utf-8", "replace")


def _policy() -> str:
    """Nothing is loaded from anywhere, and no other script than ours runs, whatever a value manages to be."""
    style, script = (base64.b64encode(hashlib.sha256(one.encode()).digest()).decode("ascii") for one in (STYLE, SCRIPT))
    return (
        f"default-src 'none'; img-src data:; style-src 'sha256-{style}'; script-src 'sha256-{script}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _header(document: dict[str, t.Any]) -> str:
    facts = [
        "looked only" if document["mode"] == "check" else "looked, and applied what was to do",
        f"playbook {isolated(document['playbook'] or 'unknown')}",
        f"on {isolated(document['controller'])}",
        f"{time(document['started'])} to {time(document['finished'])}",
    ]
    if document["fleet"]:
        facts.insert(0, f"<strong>fleet {isolated(document['fleet'])}</strong>")
    if document["limit"]:
        facts.insert(0, f"<strong>limited to {isolated(document['limit'])}</strong>")
    items = "".join(f"<li>{one}</li>" for one in facts)
    return f'<header>\n<h1>{_headline(document)}</h1>\n<ul class="facts">{items}</ul>\n</header>'


def _headline(document: dict[str, t.Any]) -> str:
    tenants = list(document["tenants"].values())
    if not tenants:
        return counted(len(document["changes"]), "changed task") if document["hosts"] else "Nothing was judged"
    drifted = sum(one["status"] in DRIFTED for one in tenants)
    broken = sum(one["status"] in BROKEN | UNJUDGED for one in tenants)
    waiting = sum(one["status"] == "pending" for one in tenants)
    parts = [f"{drifted} drifted"] if drifted else []
    parts += [f"{broken} failed or could not be judged"] if broken else []
    parts += [f"{waiting} waiting for a deploy"] if waiting else []
    of = f"{counted(len(tenants), 'tenant')}: "
    return of + (", ".join(parts) if parts else "all as they should be" if document["complete"] else "not complete")


def _banners(document: dict[str, t.Any]) -> str:
    banners = []
    if not document["complete"]:
        unjudged = sum(one["status"] in UNJUDGED for one in document["tenants"].values())
        why = (
            f"{counted(unjudged, 'tenant')} could not be judged."
            if unjudged
            else "A host did not answer, or the run ended early."
        )
        banners.append(
            '<div class="banner" role="status"><strong>This report is not complete.</strong> '
            f"{why} What it does not show may still be wrong.</div>"
        )
    if document["errors"]:
        items = "".join(f"<li>{_error(one)}</li>" for one in document["errors"][:20])
        more = len(document["errors"]) - 20
        items += f"<li>and {more} more, in the JSON report</li>" if more > 0 else ""
        banners.append(
            f'<div class="banner bad" role="status"><strong>{counted(len(document["errors"]), "error")}</strong>'
            f"<ul>{items}</ul></div>"
        )
    return "\n".join(banners)


def _error(error: dict[str, str]) -> str:
    where = f"{isolated(error['host'])}, {isolated(error['task'])}: " if error["host"] else ""
    return where + isolated(error["message"])


def _fleet(document: dict[str, t.Any]) -> str:
    """Tiles that filter, and one row for each tenant, trouble first."""
    tenants = document["tenants"]
    if not tenants:
        return ""
    findings = collections.defaultdict(list)
    for one in document["findings"]:
        findings[one["tenant"]].append(one)
    names = sorted(tenants, key=lambda name: (_rank(tenants[name]), name))
    attention = {name for name in names if _needs_attention(tenants[name])}
    rows = "\n".join(tenant_row(name, tenants[name], findings[name], name in attention) for name in names)
    start = "trouble" if attention else "all"
    nodes = sorted({one["node"] for one in tenants.values() if one["node"]})
    options = "".join(f'<option value="{attribute(one)}">{attribute(one)}</option>' for one in nodes)
    return f"""<section aria-label="Fleet">
{_tiles(tenants, len(attention), start)}
<div class="bar">
<input id="search" type="search" placeholder="Search tenants, nodes, fields, values  ( / )" aria-label="Search"
 autocomplete="off" data-start="{start}">
<select id="node" aria-label="Node"><option value="">all nodes</option>{options}</select>
<button type="button" id="open">Open all</button>
<button type="button" id="close">Close all</button>
<output id="shown" aria-live="polite">{counted(len(tenants), "tenant")}</output>
</div>
<div class="list">
<div class="row head" aria-hidden="true"><span></span><span>Tenant</span><span>Status</span><span>Node</span>
<span>Release</span><span>Findings</span><span>Why</span></div>
{rows}
<div class="empty" id="empty" hidden>No tenant fits. <button type="button" id="reset">Show all</button></div>
</div>
</section>"""


def _tiles(tenants: dict[str, t.Any], attention: int, start: str) -> str:
    counts = collections.Counter(one["status"] for one in tenants.values())
    tiles = [("all", "all tenants", len(tenants), "grey")]
    tiles += [("trouble", "attention", attention, "red")] if attention else []
    tiles += [(status, words(status), counts[status], TONES[status]) for status in STATUSES if counts[status]]
    return '<div class="tiles">' + "".join(_tile(*one, pressed=one[0] == start) for one in tiles) + "</div>"


def _tile(status: str, label: str, count: int, tone: str, pressed: bool) -> str:
    return (
        f'<button type="button" class="tile tone-{tone}" data-status="{status}" aria-pressed="{str(pressed).lower()}">'
        f"<b>{count}</b>{label}</button>\n"
    )


def _needs_attention(tenant: dict[str, t.Any]) -> bool:
    return tenant["status"] in ATTENTION or any(tenant["counts"][severity] for severity in SEVERITIES)


def _rank(tenant: dict[str, t.Any]) -> tuple[int, int, int]:
    return (STATUSES.index(tenant["status"]), -tenant["counts"]["critical"], -tenant["counts"]["warning"])
