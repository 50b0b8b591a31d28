# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run about backups tells a person. Pure text."""

from __future__ import annotations

import collections
import typing as t

from ansible_collections.tenantry.platform.plugins.module_utils import disk_space
from ansible_collections.tenantry.platform.plugins.plugin_utils import report
from ansible_collections.tenantry.platform.plugins.plugin_utils.backups import outcomes, status
from ansible_collections.tenantry.platform.plugins.plugin_utils.backups.orders import PRESENT, PRUNED, VERIFIED

Orders = t.Mapping[str, t.Sequence[t.Mapping[str, t.Any]]]
#: An outcome as a fact.
Found = t.Mapping[str, t.Any]

_VERBS = {PRESENT: "to make", VERIFIED: "to verify", PRUNED: "to prune"}


def plan_lines(orders: Orders, state: str, covered: int, check_mode: bool) -> list[str]:
    """What will be done: a headline, and a line for each tenant."""
    count = sum(len(one) for one in orders.values())
    tenants = f"{len(orders)} of {covered} tenant{'' if covered == 1 else 's'}"
    head = f"Backups: {count} {_VERBS[state]}, of {tenants}" if count else f"Backups: nothing {_VERBS[state]}"
    lines = [head + (" (check mode: nothing is stored)" if check_mode else "")]
    width = max((len(name) for name in orders), default=0)
    return lines + [f"  {name:<{width}}  {'; '.join(map(_order, some))}" for name, some in orders.items()]


def _order(one: Found) -> str:
    return f"{title(one)} in {', '.join(one['repositories'])}"


def title(one: Found) -> str:
    """What an order is about: service, engine, and what it makes."""
    return report.clean(" ".join(filter(None, (one["service"], one["engine"], _kind(one)))))


def _kind(one: Found) -> str:
    return "" if one["kind"] == "snapshot" else str(one["kind"])


def line(tenant: str, found: t.Sequence[Found]) -> str:
    """How an order ended, for somebody who watches."""
    parts = [f"{one['repository']} {_detail(one)}" for one in found]
    return f"{tenant}: {title(found[0])}: {', '.join(parts)}"


def _detail(one: Found) -> str:
    if one["status"] == outcomes.DONE[PRESENT]:
        return f"{_size(one['source_bytes'])} in {one['seconds']:.1f} s, {_size(one['bytes'])} stored"
    if one["status"] == outcomes.DONE[PRUNED]:
        return f"{len(one['removed'])} removed"
    return str(one["status"])


def table(found: t.Mapping[str, t.Sequence[Found]]) -> list[str]:
    """The end of a run: a line for each repository of each order, then why, where something is wrong."""
    header = ["TENANT", "SERVICE", "BACKUP", "REPOSITORY", "STATUS", "SIZE", "STORED", "SECONDS", "LABEL"]
    cells = [
        [
            tenant,
            report.clean(one["service"]),
            " ".join(filter(None, (one["engine"], _kind(one)))),
            report.clean(one["repository"]),
            one["status"] + (f" ({len(one['removed'])})" if one["removed"] else ""),
            _size(one["source_bytes"]),
            _size(one["bytes"]),
            f"{one['seconds']:.1f}",
            one["label"] or "-",
        ]
        for tenant, some in found.items()
        for one in some
    ]
    lines = report.columns([header, *cells]) if cells else []
    for tenant, some in found.items():
        lines += [text for why in reasons(some) for text in ("", f"{tenant}: {why}")]
    return lines


def reasons(found: t.Iterable[Found], statuses: t.Collection[str] = (*outcomes.BAD, outcomes.WAITING)) -> list[str]:
    """Why something is not as it was to be, once for what several repositories have alike."""
    groups: dict[tuple[str, str], list[str]] = {}
    for one in found:
        if one["status"] in statuses:
            groups.setdefault((title(one), report.clean_lines(one["message"])), []).append(str(one["repository"]))
    return [f"{what} in {', '.join(names)}: {why}" for (what, why), names in groups.items()]


def summary(found: t.Iterable[Found]) -> str:
    """One line: how many ended how, and how much was read."""
    everything = list(found)
    counts = collections.Counter(one["status"] for one in everything)
    text = ", ".join(f"{count} {name}" for name, count in sorted(counts.items())) or "nothing was to be done"
    stored = sum(one["bytes"] or 0 for one in everything)
    return f"{text}; {_size(stored)} stored" if stored else text


def _size(size: int | None) -> str:
    return "-" if size is None else disk_space.text(size)


def kept_table(found: t.Sequence[t.Mapping[str, t.Any]]) -> list[str]:
    """Every backup that the ledger knows, a line each."""
    header = ["TENANT", "SERVICE", "REPOSITORY", "LABEL", "KIND", "FINISHED", "SIZE", "STORED", "VERIFIED", "DRILL"]
    cells = [
        [
            one["tenant"],
            report.clean(one["service"]),
            report.clean(one["repository"]),
            one["label"],
            one["kind"],
            _moment(one["finished_at"]),
            _size(one["source_bytes"]),
            _size(one["bytes"]),
            _moment(one["verified_at"]),
            one["drill_status"] or "-",
        ]
        for one in found
    ]
    return report.columns([header, *cells])


def _moment(text: str | None) -> str:
    """To the second."""
    return f"{text[:19]}Z" if text else "-"


def status_table(found: t.Sequence[status.Line]) -> list[str]:
    """How old what there is is: a line for each repository of each policy."""
    header = ["TENANT", "SERVICE", "ENGINE", "REPOSITORY", "STATUS", "LAST", "AGE", "SIZE", "VERIFIED", "WAL", "READY"]
    header += ["DRILL", "RTO"]
    cells = [
        [
            one.tenant,
            report.clean(one.service),
            one.engine,
            report.clean(one.repository),
            one.status,
            one.label or "-",
            _age(one.age),
            _size(one.bytes),
            _age(one.verified_age),
            _age(one.wal_age),
            "-" if one.wal_ready is None else str(one.wal_ready),
            "-" if one.drill_age is None else f"{_age(one.drill_age)} {one.drill_status}",
            "-" if one.rto is None else f"{one.rto:.0f} s",
        ]
        for one in found
    ]
    lines = report.columns([header, *cells]) if cells else []
    width = max((len(one.tenant) for one in found), default=0)
    told = dict.fromkeys((one.tenant, report.clean_lines(one.message)) for one in found if one.message)
    return lines + ([""] if told else []) + [f"{tenant:<{width}}  {why}" for tenant, why in told]


def status_summary(found: t.Sequence[status.Line]) -> str:
    """One line: how many are in which status."""
    counts = collections.Counter(one.status for one in found)
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items())) or "no policy asks for a backup"


def _age(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(0.0, seconds):.0f} s"
