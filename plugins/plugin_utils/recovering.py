# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a play's variables to what is restored, drilled or rehearsed of its tenants, and to what came of it."""

from __future__ import annotations

import math
import typing as t

from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.plugin_utils import (
    fleet,
    ledger,
    ledger_rows,
    notes,
    recovery,
    report,
)
from ansible_collections.tenantry.platform.plugins.plugin_utils.ledger_backups import Backups

RECOVERED = "tenant_recovered"  # what the role leaves on a tenant
# Steps of a copy that a restore of the tenant would need, too: their time is what a recovery takes.
_NEEDED = ("pull", "release", "backing", "app", "restore-")

_WELL = {recovery.DRILL: "passed", recovery.REHEARSAL: "would_succeed", recovery.CONFIRM: "confirmed"}


def orders(
    task_vars: dict[str, t.Any], wanted: recovery.Wanted, share: float | None, check_mode: bool
) -> dict[str, t.Any]:
    """Facts for the plays that follow: of each tenant what is to be done, or why nothing can be.

    :param share: of a drill: which part of the tenants, those first that were drilled longest ago; None for all.
    :raises TenantryError: ``invalid``.
    """
    wanted.require_sound()
    covered = fleet.sort_hosts(task_vars, task_vars["ansible_play_hosts_all"])
    kinds = {name: one["kind"] for name, one in (task_vars.get("tenantry_repositories") or {}).items()}
    chosen = [name for name in covered.specs if _concerns(covered.specs[name], wanted)]
    if share is not None:
        chosen = _turn(task_vars, [one for one in chosen if covered.policies[one].get("backups")], share)
    found: dict[str, dict[str, t.Any]] = {}
    for name in sorted(chosen):
        try:
            policies = [] if wanted.purpose == recovery.CONFIRM else covered.policies[name].get("backups") or []
            found[name] = {"items": recovery.items(covered.specs[name], policies, kinds, wanted), "error": ""}
        except TenantryError as error:
            found[name] = {"items": [], "error": error.message}
    for name, wrong in covered.invalid.items():
        found[name] = {"items": [], "error": "; ".join(f"{one['field']}: {one['reason']}" for one in wrong)}
    # What is to be removed, the node can say without doing it.
    does = wanted.purpose == recovery.CONFIRM or not check_mode
    busy = [name for name, one in found.items() if does and not one["error"]]
    run = ledger.new_id()
    notes.write(notes.RECOVERY, run)
    return {
        "tenantry_recovery": {
            "id": run,
            "purpose": wanted.purpose,
            "generation": wanted.generation,
            "time": wanted.time,
            "label": wanted.label,
            "repository": wanted.repository,
        },
        "tenantry_recoveries": found,
        "tenantry_recovering": busy,
        # One of each node, through which what nobody needs there is removed.
        "tenantry_recovery_nodes": sorted({covered.specs[one]["node"]: one for one in busy}.values()),
        "tenantry_recovery_holds": {},
        "tenantry_recovery_failed": {},
        "tenantry_recovery_needless": {},
        "tenantry_failed": {},
    }


def _concerns(spec: t.Mapping[str, t.Any], wanted: recovery.Wanted) -> bool:
    """A removed tenant has nothing to try; what somebody names to restore is restored."""
    return wanted.purpose == recovery.RESTORE or spec["state"] != "removed"


def _turn(task_vars: dict[str, t.Any], names: t.Sequence[str], share: float) -> list[str]:
    """Those whose turn it is: never drilled first, then the longest ago."""
    last: dict[str, str] = {}
    for row in Backups.open(task_vars["tenantry_database"]).drills(sorted(names)):
        last[row["tenant"]] = min(last.get(row["tenant"], row["drill_at"]), row["drill_at"])
    ordered = sorted(names, key=lambda one: (last.get(one, ""), one))
    return ordered[: math.ceil(len(names) * share)]


def holds(task_vars: dict[str, t.Any], check_mode: bool) -> dict[str, t.Any]:
    """After volumes were filled: which generations are to be held, and for whom that failed."""
    found, failed = {}, {}
    generation = fleet.localhost_fact(task_vars, "tenantry_recovery", {}).get("generation")
    for tenant, order in fleet.localhost_fact(task_vars, "tenantry_recoveries", {}).items():
        why = order["error"] or ("" if check_mode else _failure(task_vars, tenant))
        if why:
            failed[tenant] = why
        else:
            found[tenant] = {f"volume.{one['volume']}": generation for one in order["items"]}
    return {"tenantry_recovery_holds": found, "tenantry_recovery_failed": failed}


def switched(task_vars: dict[str, t.Any], tenant: str) -> bool:
    """Whether a release became current that has the volumes that this run filled for a tenant."""
    # With a fact cache, those of an earlier run are still there.
    own = notes.read(notes.RECOVERY) == fleet.localhost_fact(task_vars, "tenantry_recovery", {}).get("id")
    if not own or tenant not in fleet.localhost_fact(task_vars, "tenantry_recovery_holds", {}):
        return False
    before = fleet.planned(task_vars).get(tenant, {}).get("release")
    now = next((one["release"] for one in fleet.outcomes(task_vars) or () if one["tenant"] == tenant), before)
    return bool(now) and now != before


def needless(task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
    """After the apply: of each tenant that did not switch because that failed, the volumes that were filled for it."""
    recoveries = fleet.localhost_fact(task_vars, "tenantry_recoveries", {})
    lost = [
        tenant
        for tenant in report.not_well(fleet.outcomes(task_vars) or [])
        if tenant in fleet.localhost_fact(task_vars, "tenantry_recovery_holds", {}) and not switched(task_vars, tenant)
    ]
    return {"tenantry_recovery_needless": {tenant: recoveries[tenant]["items"] for tenant in lost}}


def _recovered(task_vars: dict[str, t.Any], tenant: str) -> dict[str, t.Any] | None:
    """What the role left on a tenant in this run."""
    found: dict[str, t.Any] | None = fleet.registered(task_vars, tenant, RECOVERED)
    run = fleet.localhost_fact(task_vars, "tenantry_recovery", {}).get("id")
    return found if found and found.get("run") == run else None


def _failure(task_vars: dict[str, t.Any], tenant: str) -> str:
    found = _recovered(task_vars, tenant)
    if found is None:
        return "it was lost on the way; run again"
    return report.failure_text(found["failure"]) if found.get("failure") else ""


# -- drills and rehearsals -----------------------------------------------------------------------------------------


def rows(task_vars: dict[str, t.Any]) -> list[dict[str, t.Any]]:
    """How the copies of a run's tenants fared."""
    found = []
    purpose = fleet.localhost_fact(task_vars, "tenantry_recovery", {}).get("purpose")
    for tenant, order in fleet.localhost_fact(task_vars, "tenantry_recoveries", {}).items():
        done = _recovered(task_vars, tenant) or {}
        why = order["error"] or _failure(task_vars, tenant)
        found.append(
            {
                "tenant": tenant,
                "status": _status(order, done, why, purpose),
                "message": why,
                "seconds": _seconds(done["steps"]) if done.get("steps") and not why else None,
                "restored": [_restored(one) for one in done.get("restored") or ()],
                "checks": [one for each in done.get("checks") or () for one in each.get("checks") or ()],
                "removed": [
                    *(done.get("removed") or {}).get("volumes", ()),
                    *(done.get("removed") or {}).get("releases", ()),
                ],
                "warnings": list(done.get("warnings") or ()),
                "items": order["items"],
            }
        )
    return found


def _status(order: t.Mapping[str, t.Any], done: t.Mapping[str, t.Any], why: str, purpose: str) -> str:
    if not why:
        return _WELL[purpose]
    if order["error"]:
        return "invalid"
    if not done:
        return "unreachable"
    return "would_fail" if purpose == recovery.REHEARSAL else "failed"


def _restored(result: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    item = result.get("item") or {}
    return {
        "service": item.get("service"),
        "volume": item.get("volume"),
        **{key: result.get(key) for key in ("label", "repository", "restored_to", "bytes", "seconds")},
    }


def _seconds(steps: t.Iterable[t.Mapping[str, t.Any]]) -> float:
    """How long what a recovery consists of took, by the journal."""
    total = 0.0
    for one in steps:
        if str(one["step"]).startswith(_NEEDED) and one.get("ended_at"):
            began, ended = (ledger_rows.time_of(str(one[key])) for key in ("began_at", "ended_at"))
            total += (ended - began).total_seconds() if began and ended else 0.0
    return round(total, 1)


def note(task_vars: dict[str, t.Any], found: t.Sequence[t.Mapping[str, t.Any]]) -> None:
    """Record what came of drills at the backups that they were of; of one that was not restored, at the newest."""
    book = Backups.open(task_vars["tenantry_database"])
    for row in found:
        if row["status"] not in ("passed", "failed"):
            continue
        tried = {one["service"]: one for one in row["restored"] if one["label"]}
        untried = {one["service"] for one in row["items"]} - set(tried)
        newest = sorted(book.latest([row["tenant"]]) if untried else (), key=lambda one: str(one["finished_at"]))
        tried.update({one["service"]: one for one in newest if one["service"] in untried})
        good = row["status"] == "passed"
        for service, one in tried.items():
            book.mark_drilled(
                row["tenant"],
                service,
                one["repository"],
                one["label"],
                status="success" if good else "failure",
                seconds=row["seconds"],
                message="" if good else row["message"].splitlines()[0],
            )
