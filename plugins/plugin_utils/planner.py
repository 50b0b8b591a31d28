# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a play's variables to the plan of its tenants."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import typing as t

from ansible_collections.tenantry.platform.plugins.module_utils import replay
from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.plugin_utils import (
    fleet,
    healing,
    ignoring,
    ledger,
    operating,
    report,
    rollout,
    spec_overrides,
    spec_rules,
)
from ansible_collections.tenantry.platform.plugins.plugin_utils import plan as judging
from ansible_collections.tenantry.platform.plugins.plugin_utils.database_schema import VOLUME_GENERATION
from ansible_collections.tenantry.platform.plugins.plugin_utils.render import dns

REQUESTS = ("deploy", "restart", "upgrade", "rollback", "restore", "promote", "abort", "heal")
# Of a verdict, what the plays that apply it ask for.
ORDER = (
    "ring",
    "action",
    "operation",
    "target",
    "source_digest",
    "target_digest",
    "accepted",
    "same_images",
    "backing",
)
NODE = "tenantry_node_info"  # what the readers of nodes register


@dataclasses.dataclass
class Plan:
    """All verdicts, and the records to write before and remove after."""

    verdicts: list[dict[str, t.Any]]
    records: dict[str, judging.DnsPlan]
    zones: dict[str, str]  # tenant -> zone
    readers: list[str] = dataclasses.field(default_factory=list)  # hosts that read a node

    def facts(self, check_mode: bool, in_rings: bool = False) -> dict[str, t.Any]:
        """What the next plays read from localhost; check mode applies nothing.

        :param in_rings: whether a ring begins only when the one before it has ended.
        """
        busy = [one for one in self.verdicts if one["action"] != "none" and not check_mode]
        busy.sort(key=lambda one: one["ring"])
        return {
            "tenantry_plan": fleet.packed(self.verdicts),
            "tenantry_orders": {one["tenant"]: {key: one[key] for key in ORDER} for one in busy},
            "tenantry_apply": [one["tenant"] for one in busy],
            # Where nothing is applied, nobody can be lost, and the last plays need not go through everybody.
            "tenantry_closing": (not busy and self.readers) or fleet.EVERYBODY,
            # What a rollback holds, so that the next deploy does not undo it, nor a later upgrade bring data back that
            # was left with it.
            "tenantry_holds": {
                one["tenant"]: {"release": one["target"], **_generations(one)}
                for one in self.verdicts
                if one["target"] and one["operation"] not in ("promote", "abort")
            },
            "tenantry_rings": rollout.sizes([one["ring"] for one in busy]) if in_rings else [],
            "tenantry_dns_present": [] if check_mode else self._batches("present"),
            "tenantry_dns_absent": [] if check_mode else self._batches("absent"),
        }

    def _batches(self, which: str) -> list[dict[str, t.Any]]:
        """Record sets by zone: one request a zone, whatever the number of tenants."""
        batches: dict[str, list[dict[str, t.Any]]] = {}
        for tenant, records in self.records.items():
            if not records.error and not records.conflict:
                items = [dict(one, state=which) for one in getattr(records, which)]
                batches.setdefault(self.zones[tenant], []).extend(items)
        return [{"zone": zone, "record_sets": items} for zone, items in sorted(batches.items()) if items]


def _generations(verdict: t.Mapping[str, t.Any]) -> dict[str, str | None]:
    return {f"{VOLUME_GENERATION}{volume}": one for volume, one in verdict["generations"].items()}


def owner(tenant: str) -> str:
    """Owner of a tenant's records, as the account of their comment says it; at most 40 characters."""
    return f"tenant:{tenant}"


def wishes(arguments: t.Mapping[str, t.Any]) -> judging.Wishes:
    """What a run is asked, from the options of M(tenantry.platform.plan).

    :raises TenantryError: ``invalid``, ``ignore_file``.
    """
    maximum = arguments["rollout_max_failures"]
    if maximum is not None and maximum < 0:
        raise TenantryError(f"rollout_max_failures is {maximum}: write 0 to stop at the first failure", "invalid")
    return judging.Wishes(
        request=arguments["request"],
        remove_volumes=arguments["remove_volumes"],
        acknowledge=arguments["acknowledge"],
        ignore_rules=ignoring.read(arguments["ignore_file"]) if arguments["ignore_file"] else (),
        limits=healing.Limits(
            arguments["heal_classes"], arguments["heal_window_classes"], max(0, arguments["heal_backoff"])
        ),
        max_failures=maximum,
    )


def plan(task_vars: dict[str, t.Any], wishes: judging.Wishes) -> Plan:
    """Judge every tenant that the run covers.

    :param wishes: of the run, with ignore rules for all; what is said of single tenants is added here.
    """
    covered = fleet.sort_hosts(task_vars, fleet.localhost_fact(task_vars, "tenantry_covered", []))
    nodes = fleet.by_node(task_vars, covered, NODE)
    zones = zone_reads(task_vars)
    # The digests that the nodes were read with.
    asked = fleet.localhost_fact(task_vars, "tenantry_read", {}).values()
    read = {name: wanted for names in asked for name, wanted in names.items()}
    now = ledger.now()
    heals: dict[str, list[datetime.datetime]] = {}
    if wishes.request == "heal" and covered.specs:
        book = ledger.Ledger.open(task_vars["tenantry_database"])
        heals = book.started("heal", since=now - healing.HORIZON)
    failed: dict[str, dict[tuple[str, str], str]] = {}
    if wishes.request == "upgrade" and covered.specs and not wishes.acknowledge:
        failed = ledger.Ledger.open(task_vars["tenantry_database"]).unacknowledged()
    unfilled: dict[str, str] = fleet.localhost_fact(task_vars, "tenantry_recovery_failed", {})
    verdicts: list[judging.Verdict] = []
    records: dict[str, judging.DnsPlan] = {}
    for name, spec in covered.specs.items():
        node = nodes.get(spec["node"])
        if node is None or "tenants" not in node:
            why = (node or {}).get("msg") or f"node {spec['node']} did not answer"
            verdicts.append(judging.unreachable(spec, str(why)))
            continue
        wanted = read[name]
        records[name] = tenant_records(spec, zones, node["tenants"].get(name) or {}, wanted)
        rules = [*(covered.policies[name].get("ignore_rules") or ()), *wishes.ignore_rules]
        own = dataclasses.replace(
            wishes, ignore_rules=rules, now=now, heals=heals.get(name, ()), failed=failed.get(name, {})
        )
        verdict = judging.judge(spec, wanted, node, records[name], own)
        if wishes.request == "restore":
            judging.judge_restore(verdict, spec, unfilled.get(name, ""), records[name])
        verdicts.append(verdict)
    verdicts += [judging.quarantined(name, invalid) for name, invalid in covered.invalid.items()]
    verdicts += _extra(task_vars, covered, nodes)
    verdicts.sort(key=lambda one: one.tenant)
    return Plan(
        [one.as_dict() for one in verdicts],
        records,
        {name: spec["zone"] for name, spec in covered.specs.items()},
        fleet.localhost_fact(task_vars, "tenantry_readers", []),
    )


def replays(covered: fleet.Fleet, request: str, release: str | None) -> dict[str, dict[str, str]]:
    """By reader, of its tenants the release that is to serve again.

    :param request: of the run.
    :param release: of a rollback; by default the one that served before the current one.
    :raises TenantryError: ``invalid`` for what is no id of a release.
    """
    try:
        release = spec_rules.release(release) if release else None
    except ValueError as error:
        raise TenantryError(f"rollback_release: {error}", "invalid") from None
    found: dict[str, dict[str, str]] = {}
    for reader, names in covered.readers.items():
        if request == "rollback":
            found[reader] = dict.fromkeys(names, release or replay.PREVIOUS)
        else:
            held = {name: covered.specs[name]["release"] for name in names}
            found[reader] = {name: one for name, one in held.items() if one}
    return found


def unread(covered: fleet.Fleet) -> list[dict[str, t.Any]]:
    """The plan as long as nothing was read: what never gets read stays so, and is never taken for being in sync."""
    verdicts = [judging.unreachable(spec, f"node {spec['node']} was not read") for spec in covered.specs.values()]
    verdicts += [judging.quarantined(name, invalid) for name, invalid in covered.invalid.items()]
    return [one.as_dict() for one in sorted(verdicts, key=lambda one: one.tenant)]


def _extra(task_vars: dict[str, t.Any], covered: fleet.Fleet, nodes: dict[str, t.Any]) -> list[judging.Verdict]:
    """What is on the nodes of the run and belongs to no row. Without the list of all rows, nothing is called that."""
    known = task_vars.get("tenantry_known")
    if known is None:
        return []
    found = []
    for node in covered.nodes:
        read = nodes.get(node) or {}
        others = [name for name in read.get("others") or () if name not in known]
        found += [judging.unknown_to_database(name, node) for name in others]
        found += [
            judging.file_of_nobody(name, node, why)
            for name, why in (read.get("edge_files") or {}).items()
            if name.rpartition(".")[0] not in {*known, *others}
        ]
    return found


def zone_reads(task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
    """Reader results by zone, from the loop that read them."""
    read = fleet.by_item(task_vars, "tenantry_zone_info")
    return {zone: {**one, "index": _index(one.get("record_sets") or [])} for zone, one in read.items()}


def _index(record_sets: list[dict[str, t.Any]]) -> dict[tuple[str, str], list[dict[str, t.Any]]]:
    """Record sets by what a tenant asks for, so that a thousand tenants do not walk through a zone a thousand times."""
    index: dict[tuple[str, str], list[dict[str, t.Any]]] = {}
    for one in record_sets:
        for key in (("name", one["name"]), ("owner", one.get("owner") or "")):
            index.setdefault(key, []).append(one)
    return index


def tenant_records(
    spec: dict[str, t.Any], zones: dict[str, t.Any], live: dict[str, t.Any], wanted: str
) -> judging.DnsPlan:
    """What is wrong with the records of a tenant in its zone.

    :param live: of the tenant, from its node's reader.
    :param wanted: digest of the spec.
    """
    replay = live.get("replay") or {}
    desired = replay["records"] if replay.get("release") else dns.record_sets(spec)
    # Of a release with the spec's own digest, what was applied is what is wanted.
    applied = desired if live.get("spec_digest") == wanted else (live.get("last") or {}).get("records") or []
    read = zones.get(spec["zone"])
    if read is None or read.get("failed") or read.get("unreachable") or "record_sets" not in read:
        if not desired:
            return judging.DnsPlan()
        why = (read or {}).get("msg") or "it was not read"
        return judging.DnsPlan(error=f"zone {spec['zone']}: {why}")
    if not read["zone_exists"]:
        if not desired:
            return judging.DnsPlan()
        why = "its name server does not have it: make it with tenantry.platform.nodes"
        return judging.DnsPlan(error=f"zone {spec['zone']}: {why}")
    keys = {("owner", owner(spec["name"])), *(("name", one["name"]) for one in desired)}
    found = [one for key in keys for one in read["index"].get(key, ())]
    return judging.plan_records(spec, owner(spec["name"]), desired, applied, found)


def accept(task_vars: dict[str, t.Any], path: str, check_mode: bool) -> tuple[list[ignoring.Rule], dict[str, t.Any]]:
    """Accept what differs now: write rules into a file, and ignore what they accept from here on.

    :returns: the new rules, and facts for the plays that follow.
    :raises TenantryError: ``ignore_file``.
    """
    plan = fleet.planned(task_vars)
    today = (spec_overrides.written(ledger.now()) or "")[:10]
    rules = ignoring.baseline(plan.values(), f"baseline of {today} by {fleet.requested_by(task_vars)}")
    if rules and not check_mode:
        ignoring.append(path, rules)
    return rules, {"tenantry_plan": fleet.packed(judging.accepted(verdict, rules) for verdict in plan.values())}


# -- after the apply -----------------------------------------------------------------------------------------------


def zone_errors(results: list[dict[str, t.Any]]) -> dict[str, str]:
    """By zone why it did not take its records, from the loop that wrote them."""
    return {
        str(one["item"]["zone"]): str(one.get("msg") or "its name server did not answer")
        for one in results
        if one.get("failed") or one.get("unreachable")
    }


def outcomes(task_vars: dict[str, t.Any], check_mode: bool = False) -> dict[str, t.Any]:
    """How every tenant ended, and the records that may go: those of tenants that did not fail.

    What the ledger did not hear the end of, and the request of the run, end too where nothing was to be done.
    """
    plan = fleet.planned(task_vars)
    errors = fleet.localhost_fact(task_vars, "tenantry_dns_errors", {})
    run = fleet.localhost_fact(task_vars, "tenantry_run", {})
    applied = {}
    for name in fleet.localhost_fact(task_vars, "tenantry_apply", []):
        outcome = fleet.host_fact(task_vars, name, fleet.OUTCOME)
        # With a fact cache, the outcome of an earlier run is still there.
        if outcome and outcome.get("run") == run.get("id"):
            applied[name] = outcome
    _not_reached(task_vars, applied)
    rows = report.rows(list(plan.values()), applied, errors)
    if not check_mode:
        _end_unended(task_vars, plan, rows)
        if fleet.request(task_vars):
            _end_request(task_vars, rows)
    kept = {owner(row["tenant"]) for row in rows if row["status"] in report.FAILED}
    absent = []
    for batch in fleet.localhost_fact(task_vars, "tenantry_dns_absent", []):
        items = [one for one in batch["record_sets"] if one["owner"] not in kept]
        if items:
            absent.append(dict(batch, record_sets=items))
    return {
        "tenantry_rows": fleet.packed(rows),
        "tenantry_dns_absent": absent,
        "tenantry_cleaners": cleaners(task_vars, plan, applied),
    }


RELEASING = ("deploy", "promote", "rollback", "remove")  # actions with which releases come or go


def cleaners(
    task_vars: dict[str, t.Any], plan: t.Mapping[str, dict[str, t.Any]], applied: t.Mapping[str, dict[str, t.Any]]
) -> list[str]:
    """One host of each node on which a release came or went, so that images may have become needless.

    :param plan: verdicts by tenant.
    :param applied: outcomes of this run, by tenant.
    """
    changed = {
        name
        for name, outcome in applied.items()
        if plan[name]["action"] in RELEASING and outcome["status"] not in (*report.FAILED, "waiting")
    }
    read = fleet.localhost_fact(task_vars, "tenantry_read", {})
    return [reader for reader, names in read.items() if not changed.isdisjoint(names)]


def _end_unended(
    task_vars: dict[str, t.Any], plan: t.Mapping[str, dict[str, t.Any]], rows: list[dict[str, t.Any]]
) -> None:
    """End what the ledger takes for running on tenants that are as they are wanted, and nobody works on any more.

    So it is when the tenant database was away at the end of an operation: the node has nothing left to settle.
    """
    busy = fleet.localhost_fact(task_vars, "tenantry_apply", [])
    whole = {row["tenant"]: row for row in rows if row["tenant"] not in busy and report.as_wanted(row)}
    if not whole:
        return
    with contextlib.suppress(TenantryError):  # the next run tells it
        book = ledger.Ledger.open(task_vars["tenantry_database"])
        for one in book.unended(whole):
            made = one.target == plan[one.tenant]["target_digest"]
            book.finish(
                one.id,
                one.token,
                "success" if made else "recovered",
                message=ledger.NEVER_TOLD,
                release=whole[one.tenant]["release"] if made else None,
                spec_digest=one.target if made else None,
            )


def _end_request(task_vars: dict[str, t.Any], rows: list[dict[str, t.Any]]) -> None:
    """End the run's request where the plan found nothing to do for it, or say in the report why it is refused.

    A tenant of which nothing is known leaves its request waiting.
    """
    request, by = fleet.request(task_vars), fleet.requested_by(task_vars)
    busy = fleet.localhost_fact(task_vars, "tenantry_apply", [])
    mine = [row for row in rows if row["tenant"] not in busy]
    try:
        book = ledger.Ledger.open(task_vars["tenantry_database"])
        tenant = book.requested(request)["tenant"]
        if tenant not in [row["tenant"] for row in rows]:
            raise TenantryError(
                f"request {request} is about tenant {tenant}, which is not in this run", "foreign_request"
            )
        mine = [row for row in mine if row["tenant"] == tenant]
        if not mine or mine[0]["status"] in (*report.UNREAD, "failed"):
            return
        begun = book.begin(tenant, None, by, request=request, holder=operating.holder(by))
        if report.as_wanted(mine[0]):
            book.finish(begun.id, begun.token, "success", message=ledger.NOTHING_TO_DO)
        else:
            book.finish(begun.id, begun.token, "cancelled", mine[0]["status"], mine[0]["message"])
    except TenantryError as error:
        told = {"status": "refused" if error.error_kind in operating.REFUSED else "failed", "message": error.message}
        for row in mine:
            row.update(operating.done_already(error.message) if error.error_kind == "done_already" else told)


def _not_reached(task_vars: dict[str, t.Any], applied: dict[str, dict[str, t.Any]]) -> None:
    """A ring that is lost as a whole ends the play: the tenants of later ones were never begun."""
    if not fleet.localhost_fact(task_vars, "tenantry_rings", []):
        return
    for name in fleet.localhost_fact(task_vars, "tenantry_apply", []):
        if name not in applied and fleet.registered(task_vars, name, "tenantry_rollout") is None:
            applied[name] = {"status": "waiting", "message": rollout.LOST}


def pause_left(task_vars: dict[str, t.Any], tenant: str, pause: float) -> float:
    """Seconds until the ring of a tenant may begin, so long after the one before it has ended."""
    orders = fleet.localhost_fact(task_vars, "tenantry_orders", {})
    earlier = [name for name, order in orders.items() if order["ring"] < orders[tenant]["ring"]]
    if not earlier or pause <= 0:
        return 0.0
    run = fleet.localhost_fact(task_vars, "tenantry_run", {})
    book = ledger.Ledger.open(task_vars["tenantry_database"])
    ended = book.last_end(earlier, since=spec_overrides.moment(run["began"]) or ledger.now())
    return 0.0 if ended is None else max(0.0, pause - (ledger.now() - ended).total_seconds())


def gate(task_vars: dict[str, t.Any], max_failures: int) -> dict[str, t.Any] | None:
    """Whether the rollout goes on: None, or the outcome of a tenant that comes after too many failures.

    Failures are those of the ledger since the run began, and the tenants of the play that were lost.
    """
    run = fleet.localhost_fact(task_vars, "tenantry_run", {})
    asked = set(fleet.localhost_fact(task_vars, "tenantry_apply", []))
    lost = set(task_vars["ansible_play_hosts_all"]) - set(task_vars["ansible_play_hosts"])
    # The play is over for one whose request was done before, and that is no loss.
    lost = {name for name in lost if (fleet.host_fact(task_vars, name, fleet.OUTCOME) or {}).get("run") != run["id"]}
    book = ledger.Ledger.open(task_vars["tenantry_database"])
    failed = asked & (lost | set(book.failed(since=spec_overrides.moment(run["began"]) or ledger.now())))
    if len(failed) <= max_failures:
        return None
    return {"status": "waiting", "message": rollout.stopped(failed, max_failures), "run": run["id"]}
