# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a fleet stands with its backups: how old the last one of each policy in each repository is. Pure."""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

from ansible_collections.tenantry.platform.plugins.plugin_utils.backups import due
from ansible_collections.tenantry.platform.plugins.plugin_utils.backups.due import PGBACKREST, Known, Policy

OK, STALE, NEVER, LAGGING, UNREAD, IDLE, INVALID = (
    "ok",
    "stale",
    "never",
    "lagging",
    "unread",
    "idle",
    "invalid",
)
#: In these something has to be done.
BAD = (STALE, NEVER, LAGGING, UNREAD, INVALID)
STATUSES = (OK, IDLE, *BAD)

#: Seconds after a backup is due until its lack is told.
GRACE = 7200
#: So many segments that wait to be handed over are more than a busy moment.
READY = 8

Row = t.Mapping[str, t.Any]


@dataclasses.dataclass(frozen=True)
class Limits:
    """When something is told.

    :ivar grace: seconds that a backup may be late.
    :ivar ready: how many segments of WAL may wait.
    """

    grace: int = GRACE
    ready: int = READY


@dataclasses.dataclass(frozen=True)
class Line:
    """One policy in one repository.

    :ivar status: ``ok``; ``stale``: it is due for longer than it may be; ``never``: there is none; ``lagging``: WAL is
        not handed over; ``unread``: nobody could ask the server about its WAL; ``idle``: the tenant does not run, and
        nothing is made of it; ``invalid``: its rows are refused, so that nothing is made of it.
    :ivar age: seconds since the last one began.
    :ivar due_at: when the next one is due, or was.
    :ivar rto: seconds that the last drill took until the service answered.
    :ivar message: what is wrong; empty when nothing is.
    """

    tenant: str
    service: str
    engine: str
    policy: str
    repository: str
    status: str
    message: str = ""
    label: str | None = None
    at: datetime.datetime | None = None
    age: float | None = None
    due_at: datetime.datetime | None = None
    bytes: int | None = None
    failures: int = 0
    verified_at: datetime.datetime | None = None
    verified_age: float | None = None
    wal_age: float | None = None
    wal_ready: int | None = None
    drill_at: datetime.datetime | None = None
    drill_age: float | None = None
    drill_status: str | None = None
    rto: float | None = None


@dataclasses.dataclass(frozen=True)
class Last:
    """What the ledger has of one policy in one repository.

    :ivar row: the newest backup; None without any.
    :ivar why: what the last failure said, when there is none that went well after it.
    """

    known: Known = due.NOTHING
    row: Row | None = None
    why: str = ""


@dataclasses.dataclass(frozen=True)
class Tenant:
    """One tenant, with what was found out about it.

    :ivar last: by policy and repository.
    :ivar drills: by service the newest drill.
    :ivar read: by service and repository when everything there was last read and found whole.
    :ivar wal: by service what its server says, of those that hand over WAL.
    """

    spec: Row
    policies: t.Sequence[Policy]
    last: t.Mapping[tuple[str, str], Last]
    drills: t.Mapping[str, Row]
    read: t.Mapping[tuple[str, str], str]
    wal: t.Mapping[str, Row]


def lines(tenant: Tenant, limits: Limits, jitter: int, now: datetime.datetime) -> list[Line]:
    """Of one tenant."""
    return [
        _line(tenant, policy, repository, limits, jitter, now)
        for policy in tenant.policies
        for repository in policy["repositories"]
    ]


def invalid(tenant: str, row: Row, why: str) -> Line:
    """Of a backup that nobody renews any more, because the rows of its tenant are refused."""
    message = f"its rows are refused, and so nothing is backed up: {why}"
    return Line(
        tenant, row["service"], row["engine"], row["policy"], row["repository"], INVALID, message, label=row["label"]
    )


def _line(tenant: Tenant, policy: Policy, repository: str, limits: Limits, jitter: int, now: datetime.datetime) -> Line:
    name, service = tenant.spec["name"], policy["service"]
    last = tenant.last.get((policy["name"], repository), Last())
    row, drill = last.row or {}, tenant.drills.get(service) or {}
    wal = tenant.wal.get(service) or {} if policy["engine"] == PGBACKREST else {}
    verified = moment(tenant.read.get((service, repository)))
    moments = due.since(policy, last.known, due.jitter(name, policy["name"], jitter))
    line = Line(
        name,
        service,
        policy["engine"],
        policy["name"],
        repository,
        OK,
        label=row.get("label"),
        at=last.known.newest,
        age=_since(last.known.newest, now),
        due_at=min(moments.values(), default=None),
        bytes=row.get("bytes"),
        failures=last.known.failures,
        verified_at=verified,
        verified_age=_since(verified, now),
        wal_age=wal.get("age_seconds"),
        wal_ready=wal.get("ready"),
        drill_at=moment(drill.get("drill_at")),
        drill_age=_since(moment(drill.get("drill_at")), now),
        drill_status=drill.get("drill_status"),
        rto=drill.get("drill_seconds"),
    )
    status, message = _judged(tenant, line, last, wal, limits, now)
    return dataclasses.replace(line, status=status, message=message)


def _judged(
    tenant: Tenant, line: Line, last: Last, wal: Row, limits: Limits, now: datetime.datetime
) -> tuple[str, str]:
    what = f"{line.service} in {line.repository}"
    why = f"; the last try said: {last.why}" if last.why else ""
    if tenant.spec["state"] != "active":
        return IDLE, ""
    if line.at is None or last.known.complete is None:
        return NEVER, f"{what} was never backed up{why}"
    if line.due_at is not None and (now - line.due_at).total_seconds() > limits.grace:
        return STALE, f"{what} is due since {line.due_at:%Y-%m-%dT%H:%MZ}{why}"
    if line.engine == PGBACKREST:
        if "ready" not in wal:
            return UNREAD, f"{line.service} could not be asked about its WAL: {wal.get('error') or 'nobody asked it'}"
        if wal["ready"] > limits.ready:
            return LAGGING, f"{line.service} has {wal['ready']} segments of WAL that were not handed over"
    return OK, ""


def moment(text: t.Any) -> datetime.datetime | None:
    """A time of a row of the ledger."""
    return datetime.datetime.fromisoformat(str(text).replace("Z", "+00:00")) if text else None


def _since(at: datetime.datetime | None, now: datetime.datetime) -> float | None:
    return None if at is None else (now - at).total_seconds()
