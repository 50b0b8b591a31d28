# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a play's variables to orders about backups, and from their results to the ledger and the report."""

from __future__ import annotations

import dataclasses
import itertools
import typing as t

from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.plugin_utils import fleet, ledger, report, spec_overrides
from ansible_collections.tenantry.platform.plugins.plugin_utils.backups import orders as ordering
from ansible_collections.tenantry.platform.plugins.plugin_utils.backups import outcomes, text
from ansible_collections.tenantry.platform.plugins.plugin_utils.backups.memory import Memory
from ansible_collections.tenantry.platform.plugins.plugin_utils.backups.orders import Wishes
from ansible_collections.tenantry.platform.plugins.plugin_utils.backups.outcomes import Outcome
from ansible_collections.tenantry.platform.plugins.plugin_utils.ledger_backups import Backup, Backups
from ansible_collections.tenantry.platform.plugins.plugin_utils.operation_row import Asked

TaskVars = dict[str, t.Any]
Found = dict[str, t.Any]

#: What an operation is called, by the state that a run brings backups into.
ACTIONS = {ordering.PRESENT: "backup", ordering.VERIFIED: "verify", ordering.PRUNED: "prune"}
#: Fact on a tenant: what came of its orders so far.
OUTCOMES = "tenantry_backup_outcomes"

LOST = "its node went away before this was done; run again"


@dataclasses.dataclass(frozen=True)
class Plan:
    """What a run does.

    :ivar orders: by tenant; none of one for which nothing is to be done.
    :ivar invalid: by tenant in quarantine why.
    """

    orders: dict[str, list[Found]]
    invalid: dict[str, str]
    covered: int
    note: str = ""


def plan(task_vars: TaskVars, wishes: Wishes) -> Plan:
    """Find out what is to be done.

    :raises TenantryError: ``nothing_matches`` when somebody names what no policy has; of the database; of a request
        that is none.
    """
    covered = fleet.sort_hosts(task_vars, task_vars["ansible_play_hosts_all"])
    invalid = {name: _why_invalid(problems) for name, problems in covered.invalid.items()}
    done = _done_already(task_vars, covered, ACTIONS[wishes.state]) if covered.specs else ""
    if done:
        return Plan({}, invalid, len(covered.specs), done)
    policies = {name: one.get("backups") or [] for name, one in covered.policies.items()}
    memory = Memory()
    if wishes.state == ordering.PRESENT and any(policies.values()):
        memory = Memory.of(Backups.open(task_vars["tenantry_database"]), sorted(policies))
    found: dict[str, list[Found]] = {}
    for name in _spread(covered):
        made = ordering.orders(covered.specs[name], policies[name], memory.known(name, policies[name]), wishes)
        if made:
            found[name] = made
    if not found and not wishes.only_due and (wishes.service or wishes.repository):
        raise TenantryError(
            f"no tenant of this run has a backup policy of {_named(wishes)}: see which there are with "
            "tenantry.platform.backups",
            "nothing_matches",
        )
    return Plan(found, invalid, len(covered.specs))


def _named(wishes: Wishes) -> str:
    given = {"service": wishes.service, "repository": wishes.repository}
    return " and ".join(f"{what} {name}" for what, name in given.items() if name)


def _why_invalid(problems: t.Sequence[t.Mapping[str, str]]) -> str:
    return "; ".join(f"{one['field']}: {one['reason']}" for one in problems)


def _spread(covered: fleet.Fleet) -> list[str]:
    """Tenants, those of one node far from each other, so that forks do not all work on the same one."""
    by_node: dict[str, list[str]] = {}
    for name in sorted(covered.specs):
        by_node.setdefault(covered.specs[name]["node"], []).append(name)
    turns = itertools.zip_longest(*(by_node[node] for node in sorted(by_node)))
    return [name for turn in turns for name in turn if name is not None]


def _done_already(task_vars: TaskVars, covered: fleet.Fleet, action: str) -> str:
    """What is said about a request that was carried out before; empty when there is none, or it waits.

    :raises TenantryError: ``unknown_operation``, ``foreign_request``.
    """
    request = fleet.request(task_vars)
    if not request:
        return ""
    book = ledger.Ledger.open(task_vars["tenantry_database"])
    row = book.requested(request)
    if (list(covered.specs), action) != ([row["tenant"]], row["action"]):
        raise TenantryError(
            f"request {request} asks for a {row['action']} of tenant {row['tenant']}: run that playbook, limited to "
            "that tenant",
            "foreign_request",
        )
    refusal = book.refusal(request)
    return refusal.message if refusal is not None else ""


def facts(found: Plan, wishes: Wishes) -> Found:
    """What the next plays read from localhost."""
    return {
        # Every fact of a run is set here first: with a fact cache, those of the last run are still there.
        "tenantry_run": {"id": ledger.new_id(), "began": spec_overrides.written(ledger.now())},
        "tenantry_backup": {"state": wishes.state, "only_due": wishes.only_due, "note": found.note},
        "tenantry_backup_orders": found.orders,
        "tenantry_backup_hosts": list(found.orders),
        "tenantry_backup_invalid": found.invalid,
        "tenantry_failed": {},
    }


def record(
    task_vars: TaskVars, order: Found, result: t.Mapping[str, t.Any], check_mode: bool
) -> tuple[list[Found], str]:
    """Note what came of an order of this host.

    :returns: everything that came of the host's orders so far, and why the ledger does not have it; empty when it has.
    """
    asked, run = _asked(task_vars)
    tenant = str.__str__(task_vars["inventory_hostname"])
    now = ledger.now()
    found = outcomes.outcomes(
        order, result, now, state=asked["state"], only_due=asked["only_due"], check_mode=check_mode
    )
    why = "" if check_mode else _write(task_vars, tenant, asked["state"], found)
    earlier = fleet.host_fact(task_vars, tenant, OUTCOMES) or {}
    before = earlier.get("found") or [] if earlier.get("run") == run["id"] else []
    return [*before, *(one.as_dict() for one in found)], why


def _write(task_vars: TaskVars, tenant: str, state: str, found: t.Sequence[Outcome]) -> str:
    try:
        book = Backups.open(task_vars["tenantry_database"])
        if state == ordering.PRESENT:
            book.record([Backup(**row) for row in outcomes.rows(tenant, found, None)])
        for one in found:
            if one.status == outcomes.DONE[ordering.VERIFIED]:
                began = spec_overrides.moment(one.started_at)
                book.mark_verified(tenant, one.service, one.repository, began)
            elif one.status == outcomes.DONE[ordering.PRUNED] and one.removed:
                book.mark_removed(tenant, one.service, one.repository, one.removed)
    except TenantryError as error:
        # It is in the repositories all the same.
        return f"the ledger does not have what came of {tenant}: {error.message}"
    return ""


def ended(task_vars: TaskVars) -> dict[str, list[Found]]:
    """By tenant what came of its orders; what nobody heard of again was lost on the way."""
    _asked_for, run = _asked(task_vars)
    result = {}
    for tenant, orders in fleet.localhost_fact(task_vars, "tenantry_backup_orders", {}).items():
        fact = fleet.host_fact(task_vars, tenant, OUTCOMES) or {}
        found = list(fact.get("found") or []) if fact.get("run") == run["id"] else []
        known = {(one["service"], one["engine"], one["policy"], one["repository"]) for one in found}
        for order in orders:
            places = [(order["service"], order["engine"], order["policy"], name) for name in order["repositories"]]
            found += [_lost(order, place[3]) for place in places if place not in known]
        result[tenant] = found
    return result


def _lost(order: Found, repository: str) -> Found:
    return Outcome(
        order["service"],
        order["engine"],
        order["policy"],
        order["kind"],
        repository,
        outcomes.UNREACHABLE,
        error_kind=outcomes.UNREACHABLE,
        message=LOST,
    ).as_dict()


def close(task_vars: TaskVars, found: t.Mapping[str, t.Sequence[Found]]) -> list[str]:
    """Write the operations into the ledger: what somebody asked for, and what failed.

    What a timer made and went well is told by the relation backups, row by row.

    :returns: why some are not there.
    """
    asked, run = _asked(task_vars)
    by, request = fleet.requested_by(task_vars), fleet.request(task_vars) or None
    began = spec_overrides.moment(run["began"]) or ledger.now()
    book, problems = None, []
    for tenant, some in found.items():
        failed = [one for one in some if one["status"] in outcomes.BAD]
        if asked["only_due"] and not failed:
            continue
        steps = [
            {
                "step": f"{text.title(one)} in {one['repository']}"[:255],
                "result": one["status"],
                "began_at": one["started_at"] or None,
                "ended_at": one["finished_at"] or None,
            }
            for one in some
        ]
        try:
            book = book or ledger.Ledger.open(task_vars["tenantry_database"])
            book.record(
                Asked(tenant, ACTIONS[asked["state"]], by, None, None, request, {"by": by}),
                "failure" if failed else "success",
                began,
                error_kind=failed[0]["error_kind"] if failed else None,
                message="\n".join(text.reasons(failed)) if failed else None,
                steps=steps,
            )
        except TenantryError as error:
            problems.append(f"the ledger does not have the {ACTIONS[asked['state']]} of {tenant}: {error.message}")
    return problems


def failed(task_vars: TaskVars, found: t.Mapping[str, t.Sequence[Found]]) -> dict[str, str]:
    """By tenant that failed why, in one line; those in quarantine, too."""
    invalid = fleet.localhost_fact(task_vars, "tenantry_backup_invalid", {})
    reasons = {tenant: text.reasons(some, outcomes.BAD) for tenant, some in found.items()}
    lines = {tenant: why[0].split("\n", maxsplit=1)[0] for tenant, why in reasons.items() if why}
    return {**lines, **{tenant: report.clean(f"its rows are refused: {why}") for tenant, why in invalid.items()}}


def _asked(task_vars: TaskVars) -> tuple[Found, Found]:
    return (
        fleet.localhost_fact(task_vars, "tenantry_backup", {}),
        fleet.localhost_fact(task_vars, "tenantry_run", {}),
    )
