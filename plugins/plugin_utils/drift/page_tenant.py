# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One tenant on the page: its row, and below it each field as it was applied, is wanted and is."""

from __future__ import annotations

import typing as t

from ansible_collections.tenantry.platform.plugins.plugin_utils.drift.document import SEVERITIES
from ansible_collections.tenantry.platform.plugins.plugin_utils.drift.markup import (
    attribute,
    isolated,
    link,
    pill,
    text,
    time,
    value,
)

Finding = dict[str, t.Any]


def tenant_row(name: str, tenant: dict[str, t.Any], findings: list[Finding], attention: bool) -> str:
    """A row that opens when there is more to read."""
    cells = _cells(name, tenant)
    detail = _detail(tenant, findings)
    data = f'data-status="{tenant["status"]}" data-node="{attribute(tenant["node"])}" data-trouble="{int(attention)}"'
    if not detail:
        return f'<div class="tenant" {data}><div class="row"><span></span>{cells}</div></div>'
    return (
        f'<details class="tenant" {data}>\n<summary class="row"><span aria-hidden="true"></span>{cells}</summary>\n'
        f'<div class="detail">{detail}</div>\n</details>'
    )


def _cells(name: str, tenant: dict[str, t.Any]) -> str:
    counts = tenant["counts"]
    badges = "".join(pill(one, f"{counts[one]} {one}") for one in SEVERITIES if counts[one])
    badges += pill("mended", f"{counts['resolved']} mended") if counts["resolved"] else ""
    badges += pill("ignored", f"{counts['ignored']} ignored") if counts["ignored"] else ""
    why = tenant["message"] or "; ".join([*tenant["reasons"], *(f"held: {one}" for one in tenant["held"])])
    return "".join(
        (
            f"<strong>{isolated(name)}</strong>",
            f"<span>{pill(tenant['status'])}</span>",
            _cell("", isolated(tenant["node"]) if tenant["node"] else ""),
            _cell("mono soft", isolated(tenant["release"]) if tenant["release"] else ""),
            _cell("pills", badges),
            _cell("why", isolated(why) if why else ""),
        )
    )


def _cell(style: str, content: str) -> str:
    style = f"{style} blank".strip() if not content else style
    return f'<span class="{style}">{content}</span>' if style else f"<span>{content}</span>"


def _detail(tenant: dict[str, t.Any], findings: list[Finding]) -> str:
    told = {one["text"] for one in findings}
    reasons = [one for one in tenant["reasons"] if one not in told] + [f"held: {one}" for one in tenant["held"]]
    if tenant["message"] and tenant["message"] != "; ".join(tenant["reasons"]):
        reasons.insert(0, tenant["message"])
    # What the row says already need not be said again, unless it is too long for the row.
    short = len(reasons) == 1 and len(reasons[0]) < 80 and not findings
    parts = [f"<ul>{''.join(f'<li>{isolated(one)}</li>' for one in reasons)}</ul>"] if reasons and not short else []
    if tenant["status"] != tenant["planned"] and tenant["planned"] != "unknown":
        parts.append(f'<p class="small">Before the run: {pill(tenant["planned"])}</p>')
    if findings:
        parts.append(_fields(findings))
    if parts and tenant["url"]:
        parts.append(f'<p class="small">{link(tenant["url"])}</p>')
    return "\n".join(parts)


def _fields(findings: list[Finding]) -> str:
    rows = "\n".join(_field(one) for one in sorted(findings, key=_order))
    return (
        '<div class="scroll"><table>\n<thead><tr><th scope="col">What</th><th scope="col">Field</th>'
        '<th scope="col">Class</th><th scope="col">Last applied</th><th scope="col">Desired</th>'
        f'<th scope="col">Live</th></tr></thead>\n<tbody>\n{rows}\n</tbody></table></div>'
    )


def _order(finding: Finding) -> tuple[t.Any, ...]:
    resource = finding["resource"]
    return (finding["resolved"], SEVERITIES.index(finding["severity"]), resource["kind"], resource["name"])


def _field(finding: Finding) -> str:
    state = pill("mended") if finding["resolved"] else pill(finding["severity"])
    last, desired, live = finding["last"], finding["desired"], finding["live"]
    # The value that is not like the others is the one to look at.
    odd = finding["class"] != "pending"
    new = desired is not None and desired != last
    classes = f'<span class="pills">{pill(_tone(finding), finding["class"])}{state}</span>'
    return (
        f"<tr>{_what(finding)}{_labelled('Field', isolated(finding['field']))}"
        f"{_labelled('Class', classes)}"
        f"{_value('Last applied', last, finding)}{_value('Desired', desired, finding, ' new' if new else '')}"
        f"{_value('Live', live, finding, ' odd' if odd else '')}</tr>"
    )


def _tone(finding: Finding) -> str:
    return "mended" if finding["resolved"] else finding["class"]


def _what(finding: Finding) -> str:
    resource, told = finding["resource"], finding["text"]
    note = f'<br><span class="soft small">{isolated(told)}</span>' if told else ""
    since = f'<br><span class="soft small">since {time(finding["first_seen"])}</span>'
    return (
        f'<td class="what"><span class="soft">{isolated(resource["kind"])}</span> {isolated(resource["name"])}'
        f"{note}{since}</td>"
    )


def _value(label: str, content: t.Any, finding: Finding, style: str = "") -> str:
    return _labelled(label, value(content, finding["sensitive"]), f"value{style}")


def _labelled(label: str, content: str, style: str = "") -> str:
    """A cell that says what it is where there is no room for a head above it."""
    return f'<td class="{style}" data-label="{label}">{content}</td>'


def ignored_section(ignored: list[Finding]) -> str:
    """What somebody decided not to hear about, and why."""
    if not ignored:
        return ""
    rows = "\n".join(
        f"<tr><td><strong>{isolated(one['tenant'])}</strong></td>{_what(one)}"
        f"{_labelled('Field', isolated(one['field']))}"
        f"{_value('Last applied', one['last'], one)}{_value('Live', one['live'], one)}"
        f"{_labelled('Reason', isolated(one['ignored_by']['reason']), 'reason')}"
        f"{_labelled('Until', _until(one['ignored_by']['until']), 'until')}</tr>"
        for one in ignored
    )
    return (
        f'<section>\n<h2>Ignored findings ({len(ignored)})</h2>\n<p class="soft">Rules say that these are known.</p>\n'
        '<div class="scroll"><table>\n<thead><tr><th scope="col">Tenant</th><th scope="col">What</th>'
        '<th scope="col">Field</th><th scope="col">Last applied</th><th scope="col">Live</th>'
        f'<th scope="col">Reason</th><th scope="col">Until</th></tr></thead>\n<tbody>\n{rows}\n</tbody></table></div>\n'
        "</section>"
    )


def _until(until: str | None) -> str:
    return text(until) if until else '<span class="none">for ever</span>'
