# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run tells a person: before it touches anything, and at its end. Pure text."""

from __future__ import annotations

import collections
import datetime
import typing as t
import unicodedata

from ansible_collections.tenantry.platform.plugins.plugin_utils import rollout

# Tenants in these statuses make a run end non-zero.
FAILED = ("failed", "fatal", "refused", "invalid", "unreachable", "unknown", "conflict")
# Nothing is known of tenants in these.
UNREAD = ("unreachable", "unknown")
STATUSES = (*FAILED, "drift", "extra", "pending", "held", "waiting")
MAXIMUM_REASONS = 3
MAXIMUM_ALIKE = 5


def clean(text: t.Any) -> str:
    """Text from outside without control characters, so that no terminal obeys it."""
    return "".join(
        "\ufffd" if unicodedata.category(c) in ("Cc", "Cf", "Cs") else c for c in str(text).replace("\n", " ")
    )


def plan_lines(
    verdicts: list[dict[str, t.Any]], check: bool = False, rollout_max_failures: int | None = None
) -> list[str]:
    """What will happen: a headline, then one line for each tenant that is not simply in sync.

    :param rollout_max_failures: of a rollout by rings; None for all at once.
    """
    counts = collections.Counter(_what(one) for one in verdicts)
    words = {
        "in_sync": "in sync",
        "deploy": "to deploy",
        "upgrade": "to upgrade",
        "rollback": "to roll back",
        "restore": "to restore",
        "promote": "to promote",
        "abort": "to abort",
        "converge": "to converge",
        "heal": "to heal",
        "stop": "to stop",
        "remove": "to remove",
    }
    order = [*words, "held", "drift", "extra", "pending", "conflict", "refused", "invalid", "unreachable", "unknown"]
    parts = [f"{counts[key]} {words.get(key, key)}" for key in order if counts[key]]
    nodes = len({one["node"] for one in verdicts if one["node"]})
    head = f"Plan: {len(verdicts)} tenant{_s(len(verdicts))} on {nodes} node{_s(nodes)}: {', '.join(parts) or 'none'}"
    lines = [head + (" (check mode: nothing is changed)" if check else "")]
    busy = [one for one in verdicts if one["status"] != "in_sync" or one["action"] != "none"]
    width = max((len(one["tenant"]) for one in busy), default=0)
    groups: dict[tuple[str, str], list[str]] = {}
    for one in busy:
        groups.setdefault((_what(one), _reasons(one)), []).append(one["tenant"])
    for (what, reasons), tenants in groups.items():
        if len(tenants) > MAXIMUM_ALIKE:  # a node that does not answer is one line, not one for each of its tenants
            lines.append(f"  {len(tenants)} tenants  {what:<9}  {reasons}: {', '.join(tenants)}")
        else:
            lines += [f"  {tenant:<{width}}  {what:<9}  {reasons}" for tenant in tenants]
    rings = [one["ring"] for one in verdicts if one["action"] != "none"]
    if not rings:
        lines.append("Nothing is to be done on the nodes.")
    elif rollout_max_failures is not None:
        lines.append(rollout.line(rings, rollout_max_failures))
    return lines


def _what(one: dict[str, t.Any]) -> str:
    """What is done to a tenant; where nothing is, how it is."""
    return str(one["operation"] if one["action"] != "none" else one["status"])


def _reasons(one: dict[str, t.Any]) -> str:
    reasons = [clean(reason) for reason in one["reasons"]]
    extra = f" (+{len(reasons) - MAXIMUM_REASONS} more)" if len(reasons) > MAXIMUM_REASONS else ""
    held = [f"held: {clean(text)}" for text in one["held"]]
    return "; ".join(reasons[:MAXIMUM_REASONS] + ([] if not extra else [extra.strip()]) + held)


def table(rows: list[dict[str, t.Any]], explained: t.Collection[str] = FAILED) -> list[str]:
    """The end of a run: tenant, status, release, URL; then why, for those in the statuses ``explained``."""
    header = {"tenant": "TENANT", "status": "STATUS", "release": "RELEASE", "url": "URL"}
    cells = [
        {
            "tenant": row["tenant"],
            "status": row["status"],
            "release": row["release"] or "-",
            "url": clean(row["url"]) or "-",
        }
        for row in rows
    ]
    widths = {key: max(len(cell[key]) for cell in [header, *cells]) for key in header}
    lines = ["  ".join(cell[key].ljust(widths[key]) for key in header).rstrip() for cell in [header, *cells]]
    for row in rows:
        if row["status"] in explained and row["message"]:
            lines += ["", f"{row['tenant']}: {clean_lines(row['message'])}"]
    for row in rows:
        lines += [
            line for text in row.get("warnings") or () for line in ("", f"{row['tenant']}: warning: {clean(text)}")
        ]
    waiting = [row for row in rows if row["status"] == "waiting"]
    if waiting:  # all for the same reason
        who = "1 tenant waits" if len(waiting) == 1 else f"{len(waiting)} tenants wait"
        lines += ["", f"{who}: {clean(waiting[0]['message'])}"]
    return lines


def not_well(rows: t.Iterable[dict[str, t.Any]]) -> list[str]:
    """Tenants that are not what the run was to make of them."""
    return [row["tenant"] for row in rows if row["status"] in (*FAILED, "waiting")]


def as_wanted(row: t.Mapping[str, t.Any]) -> bool:
    """Whether a tenant to which nothing was applied is what the database and its holds want."""
    return row["status"] in ("held", "converged", "healed") or row["status"].startswith("in_sync")


def headline(row: dict[str, t.Any]) -> str:
    """Why a tenant failed, in one line; the table has the rest."""
    return clean_lines(row["message"]).split("\n", maxsplit=1)[0] or row["status"]


def headlines(rows: list[dict[str, t.Any]], statuses: t.Collection[str]) -> dict[str, str]:
    """By host why it is in one of these statuses. What is in no row of the database fails the node that has it."""
    found: dict[str, str] = {}
    for row in rows:
        if row["status"] in statuses:
            extra = row["status"] == "extra"
            host, line = (row["node"], f"{row['tenant']}: {headline(row)}") if extra else (row["tenant"], headline(row))
            found[host] = f"{found[host]}; {line}" if host in found else line
    return found


def clean_lines(text: t.Any) -> str:
    """Like :func:`clean`, but lines stay lines."""
    return "\n".join(clean(line) for line in str(text).split("\n"))


def summary(rows: list[dict[str, t.Any]]) -> str:
    """One line: how many tenants ended how."""
    counts = collections.Counter(row["status"] for row in rows)
    return ", ".join(f"{count} {status}" for status, count in sorted(counts.items())) or "no tenants"


def rows(
    verdicts: list[dict[str, t.Any]], outcomes: dict[str, dict[str, t.Any]], zone_errors: dict[str, str]
) -> list[dict[str, t.Any]]:
    """Join what was planned with what happened.

    :param outcomes: by tenant what its apply ended with; a tenant that had something to do and has none was lost on the
        way (its node went away), which is never taken for success.
    :param zone_errors: by zone why it did not take its records.
    """
    result = []
    for one in verdicts:
        row = planned(one)
        if one["action"] != "none":
            outcome = outcomes.get(one["tenant"])
            row.update(outcome or LOST)
        elif one["records"] and one["zone"] in zone_errors:
            row.update(status="failed", message=f"zone {one['zone']}: {zone_errors[one['zone']]}")
        elif one["records"] and one["status"] in ("pending", "drift", "conflict"):
            row.update(status="healed" if one["operation"] == "heal" else "converged")
        if one["held"] and row["status"] in ("in_sync", "deployed", "converged", "healed", "stopped", "removed"):
            row["status"] = "held"
        result.append(row)
    return result


LOST = {"status": "unreachable", "message": "it was lost while its changes were applied; run again to settle it"}


def planned(verdict: dict[str, t.Any]) -> dict[str, t.Any]:
    """The row of a tenant before anything happened."""
    row = {key: verdict[key] for key in ("tenant", "node", "status", "release", "url")}
    if row["status"] == "in_sync" and verdict["reasons"]:
        row["status"] = f"in_sync ({verdict['reasons'][0]})"  # with what the database wants it to be, such as stopped
    return dict(row, message="; ".join(verdict["reasons"]))


def _s(count: int) -> str:
    return "" if count == 1 else "s"


def log_lines(tenant: str, containers: list[dict[str, t.Any]]) -> list[str]:
    """Log lines of a tenant's containers, each with its container in front."""
    if not containers:
        return [f"{tenant}: no container"]
    width = max(len(one["name"]) for one in containers)
    return [
        f"{one['name']:<{width}} | {clean(line)}" for one in containers for line in one.get("logs") or ["(nothing)"]
    ]


def failure_text(failure: dict[str, t.Any]) -> str:
    """Why an apply failed: the step, its message, and the last log lines of what did not get healthy.

    :param failure: ``step``, ``result`` of the failed module and, when undoing failed too, ``undo``.
    """
    result = failure.get("result") or {}
    message = _message(result)
    if result.get("logs"):
        message = message.partition("; its last log lines: ")[0]  # they follow, one line each
    lines = [f"{failure.get('step', 'a step')}: {message}"]
    for container, log in (result.get("logs") or {}).items():
        lines.append(f"  last lines of {container}:")
        lines += [f"    {line}" for line in log] or ["    (nothing)"]
    if failure.get("undo"):
        lines.append(f"  undoing it failed too: {_message(failure['undo'])}")
    return clean_lines("\n".join(lines))


def _message(result: dict[str, t.Any]) -> str:
    """Message of a failed result; of a loop, those of its failed items."""
    failed = [one for one in result.get("results") or [] if one.get("failed")]
    if failed:
        return "; ".join(str(one.get("msg") or "failed") for one in failed)
    return str(result.get("msg") or "failed")


def history(operations: list[dict[str, t.Any]]) -> list[str]:
    """What was done to tenants, a line for each operation."""
    if not operations:
        return ["Nothing was done yet."]
    header = ["STARTED", "TENANT", "ACTION", "STATUS", "SECONDS", "BY", "OPERATION", "RELEASE"]
    rows = [
        [
            str(one["started_at"])[:19] + "Z" if one["started_at"] else "-",
            one["tenant"],
            one["action"],
            one["status"] + (" (acknowledged)" if one["acknowledged_by"] else ""),
            _seconds(one),
            clean(one["requested_by"]),
            one["id"],
            one["release_id"] or "-",
        ]
        for one in operations
    ]
    lines = columns([header, *rows])
    for position, one in reversed(list(enumerate(operations, start=1))):
        if one["message"]:
            lines.insert(position + 1, f"  {clean_lines(one['message']).splitlines()[0]}")
    return lines


def steps(found: list[dict[str, t.Any]]) -> list[str]:
    """The steps of an operation, a line each."""
    rows = [[str(one["started_at"]), one["name"], one["status"], _seconds(one, 3)] for one in found]
    return columns([["STARTED", "STEP", "STATUS", "SECONDS"], *rows])


def _seconds(one: t.Mapping[str, t.Any], digits: int = 0) -> str:
    if not (one["started_at"] and one["finished_at"]):
        return "-"
    began, ended = (
        datetime.datetime.fromisoformat(one[key].replace("Z", "+00:00")) for key in ("started_at", "finished_at")
    )
    return f"{(ended - began).total_seconds():.{digits}f}"


def columns(rows: list[list[str]]) -> list[str]:
    """Rows of a table, each as a line."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
