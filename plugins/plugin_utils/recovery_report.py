# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What restores, drills and rehearsals tell a person. Pure text."""

from __future__ import annotations

import collections
import typing as t

from ansible_collections.tenantry.platform.plugins.plugin_utils import recovery, report

#: A tenant with one of these makes a run end non-zero.
FAILED = ("failed", "would_fail", "invalid", "unreachable")
_VERBS = {
    recovery.RESTORE: "Restore",
    recovery.DRILL: "Drill",
    recovery.REHEARSAL: "Rehearsal",
    recovery.CONFIRM: "Confirm restores",
}


def plan_lines(
    orders: t.Mapping[str, t.Mapping[str, t.Any]], wanted: recovery.Wanted, check_mode: bool = False
) -> list[str]:
    """What will happen, a line for each volume, and why nothing can for some."""
    count = len(orders)
    until = f" to {wanted.time}" if wanted.time else f" to {wanted.label}" if wanted.label else ""
    head = f"{_VERBS[wanted.purpose]}{until}: {count} tenant{'' if count == 1 else 's'}"
    lines = [head + (" (check mode: nothing is changed)" if check_mode else "")]
    for tenant, order in orders.items():
        if order["error"]:
            lines.append(f"  {tenant}: not: {report.clean(order['error'])}")
        for one in order["items"]:
            where = wanted.repository or ", ".join(one["repositories"])
            lines.append(
                f"  {tenant}: {one['service']} by {one['engine']} from {where} into volume {one['volume_name']}"
            )
    return lines


def table(rows: t.Sequence[t.Mapping[str, t.Any]], check_mode: bool = False) -> list[str]:
    """The end of a drill or a rehearsal: tenant, status, how long a recovery takes, what was restored; then why not."""
    cells = [["TENANT", "STATUS", "SECONDS", "RESTORED", "CHECKS"]]
    cells += [
        [
            row["tenant"],
            row["status"],
            "-" if row["seconds"] is None else f"{row['seconds']:.1f}",
            ", ".join(f"{one['service']} {one['label']} of {one['repository']}" for one in row["restored"]) or "-",
            _checks(row["checks"]),
        ]
        for row in rows
    ]
    widths = [max(len(line[column]) for line in cells) for column in range(len(cells[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in cells]
    for row in rows:
        if row["message"]:
            lines += ["", f"{row['tenant']}: {report.clean_lines(row['message'])}"]
        if row["removed"]:
            lines += ["", f"{row['tenant']}: {'would remove' if check_mode else 'removed'} {', '.join(row['removed'])}"]
        lines += [line for text in row["warnings"] for line in ("", f"{row['tenant']}: warning: {report.clean(text)}")]
    return lines


def _checks(checks: t.Sequence[t.Mapping[str, t.Any]]) -> str:
    counts = collections.Counter(one["status"] for one in checks)
    return ", ".join(f"{counts[name]} {name}" for name in ("passed", "failed", "absent") if counts[name]) or "-"


def failed(rows: t.Sequence[t.Mapping[str, t.Any]]) -> dict[str, str]:
    """By tenant why it failed, in one line."""
    return {row["tenant"]: report.headline(dict(row)) for row in rows if row["status"] in FAILED}


def summary(rows: t.Sequence[t.Mapping[str, t.Any]]) -> str:
    """One line: how many tenants fared how, and how long the slowest recovery took."""
    counts = collections.Counter(row["status"] for row in rows)
    times = [row["seconds"] for row in rows if row["seconds"] is not None]
    slowest = f"; the slowest recovery took {max(times):.1f} s" if times else ""
    return (", ".join(f"{count} {status}" for status, count in sorted(counts.items())) or "no tenants") + slowest
