# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One row of the relation operations: what its words mean, whether it lives, and what is said to whom it refuses."""

from __future__ import annotations

import dataclasses
import datetime
import json
import typing as t

from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.plugin_utils import ledger_rows as rows
from ansible_collections.tenantry.platform.plugins.plugin_utils import operating, spec_overrides

WAITING = ("scheduled", "pending")
BEGAN = ("running", "success", "failure", "recovering", "recovered", "fatal")
ENDED = ("success", "failure", "recovered", "fatal", "cancelled")
# They change nothing of a tenant, and hold no lease on it: no deploy waits for them, and no rollout counts them.
APART = ("backup", "verify", "prune")
# They decide nothing about what a tenant is to be: they overtake no request, and no request overtakes them.
BESIDE = ("heal", "converge", "fill", "confirm", *APART)
# What the plan may call the way to what was requested; else only by its own name.
WAYS = {
    "deploy": ("deploy", "converge", "stop", "remove", "rollback"),
    "start": ("deploy", "converge", "rollback"),
    "restart": ("deploy", "converge"),
    "upgrade": ("upgrade", "converge"),
    "rollback": ("rollback", "converge"),
    "restore": ("restore", "converge", "stop"),
}
# Why the node did not let an operation begin that may begin later.
TRANSIENT = ("locked", "unreachable")
# Kinds of errors that tell that the new release is at fault, and not a server, the network or the disk.
BLAMED = (
    "unhealthy",
    "job_failed",
    "hook_failed",
    "migration_failed",
    "migration_timeout",
    "migration_changed",
    "migration_invalid_index",
)
ABANDONED = "abandoned"
NOTHING_TO_DO = "nothing was to be done"
NEVER_TOLD = "its run ended without telling the ledger, and the tenant is as it is wanted"


@dataclasses.dataclass(frozen=True)
class Taken:
    """A lease that was taken over."""

    operation: str
    token: int
    holder: str | None
    heartbeat_at: datetime.datetime


@dataclasses.dataclass(frozen=True)
class Begun:
    """An operation that is recorded as running."""

    id: str
    token: int  # larger than that of every earlier operation on the tenant
    requested: bool = False  # whether somebody else had made the row
    before: Taken | None = None  # whose lease this one has now


@dataclasses.dataclass(frozen=True)
class Asked:
    """Who wants to begin what."""

    tenant: str
    action: str | None  # None: whatever was requested
    by: str
    source: str | None
    target: str | None
    request: str | None
    holder: t.Mapping[str, t.Any]


def abandoned(row: t.Any, present: datetime.datetime) -> bool:
    """Whether nobody works on an operation that has no end: what readers call its status then."""
    return row.status in ("running", "recovering") and expired(row, present)


def expired(row: t.Any, present: datetime.datetime) -> bool:
    """Whether its holder missed its time."""
    beaten = rows.moment(row.heartbeat_at)
    return beaten is None or present > beaten + datetime.timedelta(seconds=row.lease_seconds or 0)


def lives(row: t.Any, present: datetime.datetime) -> bool:
    """Whether its lease keeps others away."""
    return not expired(row, present) and not operating.is_dead_here(holder_of(row))


def holder_of(row: t.Any) -> dict[str, t.Any]:
    """Who has the lease, as :func:`operating.holder` said it; empty where nobody has."""
    try:
        found = json.loads(row.lease_holder or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def locked(row: t.Any) -> TenantryError:
    """What is said to everybody else while it lives."""
    holder = holder_of(row)
    began = spec_overrides.written(rows.moment(row.started_at))
    where = f" on {holder['controller']}" if holder.get("controller") else ""
    return TenantryError(
        f"tenant {row.tenant} is locked by {holder.get('by', row.requested_by)}{where} ({row.action}, operation "
        f"{row.id}, since {began}): wait for it to end, or if it is dead wait {row.lease_seconds} s after its last "
        "sign of life",
        "locked",
        holder={**holder, "operation": row.id, "action": row.action, "token": row.token},
    )


def refuse_foreign(row: t.Any, asked: Asked) -> None:
    """Refuse to carry out what was requested of another tenant, or otherwise.

    :raises TenantryError: ``foreign_request``.
    """
    if row.tenant != asked.tenant:
        raise TenantryError(
            f"request {row.id} is about tenant {row.tenant}, this run is about {asked.tenant}: limit the run to the "
            "tenant of its request",
            "foreign_request",
        )
    if asked.action is not None and asked.action not in (row.action, *WAYS.get(row.action, ())):
        raise TenantryError(
            f"request {row.id} asks to {row.action} tenant {row.tenant}, and this run would {asked.action} it: run the "
            "playbook of the action that was asked for",
            "foreign_request",
        )


def taken(row: t.Any) -> Taken:
    """Its lease, before another operation has it."""
    beaten = t.cast(datetime.datetime, rows.moment(row.heartbeat_at))  # a CHECK keeps it from being NULL
    return Taken(row.id, int(row.token), row.lease_holder, beaten)


def leased(lease: Taken) -> dict[str, t.Any]:
    """Columns of a row that has its lease again."""
    return {
        "status": "running",
        "token": lease.token,
        "lease_holder": lease.holder,
        "heartbeat_at": lease.heartbeat_at,
    }


def steps(operation: str, journal: t.Sequence[t.Mapping[str, t.Any]]) -> list[dict[str, t.Any]]:
    """Rows of operation_steps, from the journal of a node."""
    return [
        {
            "operation": operation,
            "position": number,
            "name": one["step"],
            "status": one["result"] or "interrupted",
            "started_at": rows.time_of(one["began_at"]),
            "finished_at": rows.time_of(one["ended_at"]),
            "detail": one.get("detail"),
        }
        for number, one in enumerate(journal)
    ]


def ended_itself(row: t.Any, token: int) -> bool:
    """Whether the holder of this token said how it ended, and nobody else."""
    return bool(row.token == token and row.status in ENDED and row.error_kind != ABANDONED)


def plain(text: str) -> str:
    """Without the marks that ansible puts on strings: drivers know only str itself."""
    return str.__str__(text)
