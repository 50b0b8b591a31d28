# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a play's variables to how the fleet stands with its backups."""

from __future__ import annotations

import datetime
import typing as t

from ansible_collections.tenantry.platform.plugins.plugin_utils import fleet, ledger
from ansible_collections.tenantry.platform.plugins.plugin_utils.backups import status
from ansible_collections.tenantry.platform.plugins.plugin_utils.backups.due import PGBACKREST
from ansible_collections.tenantry.platform.plugins.plugin_utils.backups.memory import Memory
from ansible_collections.tenantry.platform.plugins.plugin_utils.backups.status import Limits, Line
from ansible_collections.tenantry.platform.plugins.plugin_utils.ledger_backups import Backups

TaskVars = dict[str, t.Any]
#: What the readers of nodes register.
WAL = "tenantry_wal_info"


def facts(task_vars: TaskVars) -> dict[str, t.Any]:
    """Which servers are asked about their WAL, and through which host."""
    covered = fleet.sort_hosts(task_vars, task_vars["ansible_play_hosts_all"])
    asked = {}
    for reader, names in covered.readers.items():
        servers = [one for name in names for one in _servers(covered, name)]
        if servers:
            asked[reader] = servers
    return {
        "tenantry_run": {"id": ledger.new_id()},
        "tenantry_covered": [*covered.specs, *covered.invalid],
        "tenantry_readers": list(asked),
        "tenantry_wal": asked,
        "tenantry_failed": {},
    }


def _servers(covered: fleet.Fleet, name: str) -> t.Iterator[dict[str, t.Any]]:
    if covered.specs[name]["state"] != "active":
        return
    for policy in covered.policies[name].get("backups") or []:
        if policy["engine"] == PGBACKREST:
            account = {key: value for key, value in (policy["database"] or {}).items() if value is not None}
            yield {"tenant": name, "service": policy["service"], "run_as": policy["run_as"], **account}


def lines(task_vars: TaskVars, limits: Limits, jitter: int, now: datetime.datetime) -> list[Line]:
    """How every tenant of the run stands.

    :raises TenantryError: of the database.
    """
    covered = fleet.sort_hosts(task_vars, fleet.localhost_fact(task_vars, "tenantry_covered", []))
    everybody = sorted([*covered.specs, *covered.invalid])
    memory = Memory.of(Backups.open(task_vars["tenantry_database"]), everybody) if everybody else Memory()
    wal = _wal(task_vars)
    found: list[Line] = []
    for name in everybody:
        if name in covered.invalid:
            why = "; ".join(f"{one['field']}: {one['reason']}" for one in covered.invalid[name])
            found += [status.invalid(name, row, why) for row in memory.everything(name)]
            continue
        policies = covered.policies[name].get("backups") or []
        tenant = status.Tenant(
            covered.specs[name],
            policies,
            memory.last(name, policies),
            memory.drilled.get(name, {}),
            memory.read.get(name, {}),
            wal.get(name, {}),
        )
        found += status.lines(tenant, limits, jitter, now)
    return found


def kept(task_vars: TaskVars) -> list[dict[str, t.Any]]:
    """Every backup of the tenants of the run that the ledger knows, of those in quarantine, too.

    :raises TenantryError: of the database.
    """
    everybody = sorted(fleet.localhost_fact(task_vars, "tenantry_covered", []))
    return Backups.open(task_vars["tenantry_database"]).kept(everybody) if everybody else []


def _wal(task_vars: TaskVars) -> dict[str, dict[str, dict[str, t.Any]]]:
    """By tenant and service what its server says; where nobody answered, why."""
    found: dict[str, dict[str, dict[str, t.Any]]] = {}
    for reader, asked in fleet.localhost_fact(task_vars, "tenantry_wal", {}).items():
        result = fleet.registered(task_vars, reader, WAL) or {}
        why = {"error": str(result.get("msg") or "its node did not answer")}
        told = {(one["tenant"], one["service"]): one for one in result.get("services") or ()}
        for one in asked:
            place = (one["tenant"], one["service"])
            found.setdefault(place[0], {})[place[1]] = told.get(place, why)
    return found
