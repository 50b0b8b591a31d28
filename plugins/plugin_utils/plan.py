# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Desired, last applied and live states of tenants, and what follows from them. No input or output."""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

from ansible_collections.tenantry.platform.plugins.plugin_utils import (
    healing,
    ignoring,
    operating,
    spec_overrides,
    three_way,
)
from ansible_collections.tenantry.platform.plugins.plugin_utils.render import traefik

# What a tenant needs, by the spec's state. `converge` replays the current release: it starts, mends and settles;
# `rollback` makes an earlier one serve again; `promote` and `abort` end the wait of a canary.
ACTIONS = ("none", "deploy", "converge", "rollback", "promote", "abort", "stop", "remove")
# So late that every ignore rule with an end is over.
_LATEST = datetime.datetime.max.replace(tzinfo=datetime.timezone.utc)


@dataclasses.dataclass
class Verdict:
    """What plan says about one tenant."""

    tenant: str
    node: str
    status: str
    action: str = "none"
    operation: str = ""  # what the ledger and people call it: the action, or what was requested
    target: str | None = None  # of a rollback the release that is to serve, of a canary the one that waits
    generations: dict[str, str | None] = dataclasses.field(default_factory=dict)  # those that the target has otherwise
    source_digest: str = ""  # of the spec that was applied last
    target_digest: str = ""  # of the spec that is wanted
    same_images: bool = False  # whether a new release keeps the digests of the last one
    # Of a deploy: digests of the backing services that run as they must, by name; a release with the same has them.
    backing: dict[str, str] = dataclasses.field(default_factory=dict)
    accepted: list[dict[str, str]] = dataclasses.field(default_factory=list)  # what an apply leaves as it is
    reasons: list[str] = dataclasses.field(default_factory=list)
    held: list[str] = dataclasses.field(default_factory=list)
    release: str | None = None
    url: str = ""
    zone: str = ""
    ring: int = 0
    records: int = 0  # record sets to write or remove
    findings: list[dict[str, t.Any]] = dataclasses.field(default_factory=list)

    def as_dict(self) -> dict[str, t.Any]:
        """For facts and reports."""
        return dataclasses.asdict(self)


@dataclasses.dataclass(frozen=True)
class Wishes:
    """What a run is asked beside making tenants equal to the database.

    :ivar request: ``deploy``, ``restart`` to renew the containers of tenants that are in sync, ``upgrade``, which is
        not tried again where it failed, ``rollback`` to make earlier releases serve, ``promote`` or ``abort`` for
        canaries that wait, or ``heal`` to bring drifted tenants back to their last applied release and do nothing else.
    :ivar remove_volumes: whether a removed tenant must have no volumes either.
    :ivar acknowledge: whether an upgrade that failed is tried again.
    :ivar ignore_rules: differences that the tenant's operators accept.
    :ivar now: the time.
    :ivar limits: what may be healed.
    :ivar max_failures: how many tenants may fail before a rollout by rings stops; None applies all at once.
    :ivar heals: when the tenant was healed, of the last 24 hours, oldest first.
    :ivar failed: of the tenant; by digests of the specs that were applied before and wanted, which deploy failed.
    """

    request: str = "deploy"
    remove_volumes: bool = False
    acknowledge: bool = False
    ignore_rules: t.Sequence[dict[str, t.Any]] = ()
    now: datetime.datetime = _LATEST
    limits: healing.Limits = dataclasses.field(default_factory=healing.Limits)
    max_failures: int | None = None
    heals: t.Sequence[datetime.datetime] = ()
    failed: t.Mapping[tuple[str, str], str] = dataclasses.field(default_factory=dict)


def quarantined(tenant: str, invalid: list[dict[str, str]]) -> Verdict:
    """A tenant whose rows failed validation."""
    return Verdict(tenant, "", "invalid", reasons=[f"{one['field']}: {one['reason']}" for one in invalid])


def unknown_to_database(tenant: str, node: str) -> Verdict:
    """A tenant that a node has and the database does not. Never touched: its row may only be hidden or lost."""
    reason = f"on node {node}, and not in the tenant database: add its row, as removed to have it removed"
    return Verdict(tenant, node, "extra", reasons=[reason])


def file_of_nobody(name: str, node: str, why_broken: str) -> Verdict:
    """A file among the routes of a node that is no tenant's: it may route anything, and a broken one stops all."""
    if why_broken:
        reason = f"on node {node}, among the routes: {why_broken}, so the proxy takes no change: repair it or remove it"
    else:
        reason = f"on node {node}, among the routes, and no tenant's: remove it, or begin its name with 00-"
    return Verdict(name, node, "extra", reasons=[reason])


def unreachable(spec: dict[str, t.Any], why: str) -> Verdict:
    """A tenant whose node did not answer."""
    return Verdict(spec["name"], spec["node"], "unreachable", reasons=[why], held=_held(spec))


def judge(
    spec: dict[str, t.Any],
    digest: str,
    node: dict[str, t.Any],
    dns: DnsPlan,
    wishes: Wishes = Wishes(),
) -> Verdict:
    """Compare a tenant's spec with what its node's reader found.

    :param digest: digest of the spec.
    :param node: result of M(tenantry.platform.node_info).
    :param dns: what is wrong with the tenant's records.
    """
    live = node["tenants"].get(spec["name"], {})
    verdict = Verdict(
        spec["name"],
        spec["node"],
        "in_sync",
        held=_held(spec),
        release=live.get("current"),
        url=_url(spec),
        zone=spec["zone"],
        ring=spec["ring"],
        source_digest=live.get("spec_digest") or "",
        target_digest=digest,
    )
    if live.get("replay"):
        # What is to serve is a release, and nothing that the database wants otherwise.
        verdict.target = live["replay"]["release"]
        verdict.generations = _other_generations(spec, live["replay"].get("generations") or {})
        digest = live.get("spec_digest") or digest
    blocked = _blocked(spec, node, dns)
    if blocked:
        verdict.status, verdict.reasons = blocked[0], [blocked[1]]
        return verdict
    if live.get("current"):
        verdict.findings = three_way.findings(spec, digest, live)
    verdict.findings += dns.findings
    ignoring.ignore(spec["name"], verdict.findings, wishes.ignore_rules, spec_overrides.written(wishes.now) or "")
    dns.keep(lambda one: not one["ignored_by"])
    verdict.accepted = [
        {key: one[key] for key in ("kind", "name", "field")}
        for one in verdict.findings
        if one["ignored_by"] and one["kind"] in ("container", "network")
    ]
    waits = live.get("canary") and spec["state"] == "active" and not live.get("interrupted")
    if waits or wishes.request in ("promote", "abort"):
        _judge_canary(verdict, live.get("canary") if waits else None, dns, wishes.request)
    elif spec["state"] == "removed":
        _judge_removed(verdict, live, dns, wishes.remove_volumes)
    elif spec["state"] in ("stopped", "suspended"):
        _judge_stopped(verdict, spec, live, dns)
    else:
        _judge_active(verdict, spec, digest, live, dns, wishes.request)
    if wishes.request == "heal":
        _only_heal(verdict, spec, live, digest, dns, wishes)
    elif wishes.request == "upgrade":
        _judge_upgrade(verdict, wishes)
    verdict.operation = verdict.operation or verdict.action
    verdict.records = len(dns.present) + len(dns.absent)
    if verdict.status == "in_sync" and verdict.held:
        verdict.status = "held"
    return verdict


def accepted(verdict: dict[str, t.Any], rules: t.Sequence[ignoring.Rule]) -> dict[str, t.Any]:
    """A verdict in which what the rules accept is ignored."""
    findings = [dict(one) for one in verdict["findings"]]
    ignoring.ignore(verdict["tenant"], findings, rules, "")
    result = dict(verdict, findings=findings)
    if verdict["status"] == "drift" and findings and three_way.status(findings) == "in_sync":
        result.update(status="in_sync", action="none", operation="", reasons=[], records=0)
    return result


def _only_heal(
    verdict: Verdict, spec: dict[str, t.Any], live: dict[str, t.Any], digest: str, dns: DnsPlan, wishes: Wishes
) -> None:
    """Leave of a verdict what brings the tenant back to its last applied release."""
    wrong = _wrong_findings(verdict)
    why = ""
    if verdict.status in ("drift", "conflict"):
        why = healing.refusal(spec, wrong, wishes.limits, wishes.heals, wishes.now)
        if live.get("error"):
            why = "its release cannot be read: deploy"
        elif not why and live.get("spec_digest") != digest and verdict.action == "deploy":
            # Nothing new may be made of what the database wants, because that is not what was applied.
            verdict.action = _mending_in_place(wrong)
            why = "" if _replayable(wrong) else "its release was edited, and the database wants another: deploy"
    if why:
        verdict.reasons.append(f"not healed: {why}")
    if why or verdict.status != "drift":
        verdict.action = "none"
        dns.keep(lambda _one: False)
    dns.keep(lambda one: one["class"] != "pending")
    verdict.operation = "heal"


def _blocked(spec: dict[str, t.Any], node: dict[str, t.Any], dns: DnsPlan) -> tuple[str, str] | None:
    """Why nothing may be said or done about the tenant: something could not be read, or is somebody else's."""
    if node.get("engine_error"):
        return "unknown", node["engine_error"]
    live = node["tenants"].get(spec["name"], {})
    if live.get("lock") and not (operating.is_dead_here(live["lock"]) and not live["lock"]["manual"]):
        return "unknown", f"an operation runs: {live['lock']['text']}"
    if node.get("edge_error") and (spec["routes"] or live.get("current")):
        return "unknown", node["edge_error"]
    if dns.error:
        return "unknown", dns.error
    if dns.conflict:
        return "conflict", dns.conflict
    return None


def _judge_removed(verdict: Verdict, live: dict[str, t.Any], dns: DnsPlan, remove_volumes: bool) -> None:
    there = {
        "release": live.get("present"),
        "records": dns.absent,
        "volumes": remove_volumes and live.get("volumes"),
    }
    left = [what for what, is_there in there.items() if is_there]
    if left:
        # Records go in one batch for the fleet.
        verdict.status, verdict.action = "pending", ("none" if left == ["records"] else "remove")
        verdict.reasons = [f"removed in the database, {' and '.join(left)} still there"]
    if live.get("interrupted"):
        verdict.status, verdict.action = "pending", "remove"
        verdict.reasons.append(f"settle interrupted operation {live['interrupted']}")
    verdict.url = ""


def _judge_stopped(verdict: Verdict, spec: dict[str, t.Any], live: dict[str, t.Any], dns: DnsPlan) -> None:
    wrong = _wrong(verdict)
    up = live.get("running") or live.get("routed")
    if live.get("current") and live.get("state") in ("active", "closed", "canary"):
        verdict.status, verdict.action, verdict.reasons = "pending", "stop", [f"{spec['state']} in the database"]
    elif live.get("interrupted"):
        verdict.status, verdict.action = "pending", "stop"
        verdict.reasons = [f"settle interrupted operation {live['interrupted']}"]
    elif live.get("current") and up:
        verdict.status, verdict.action = "drift", "stop"
        verdict.reasons = wrong or [f"{spec['state']}, and somebody started it"]
    else:
        # What was edited meanwhile is mended when it starts again.
        verdict.status = "drift" if wrong else "pending" if dns.present or dns.absent else "in_sync"
        verdict.reasons = wrong or dns.reasons or [spec["state"]]
    verdict.url = ""


def _judge_active(
    verdict: Verdict, spec: dict[str, t.Any], digest: str, live: dict[str, t.Any], dns: DnsPlan, request: str
) -> None:
    current = live.get("current")
    if live.get("replay"):
        _judge_replay(verdict, spec, live, dns, request)
        return
    status = three_way.status(verdict.findings)
    waiting = [one["text"] for one in verdict.findings if one["class"] == "pending"]
    wrong = _wrong(verdict)
    if live.get("error"):
        verdict.status, verdict.action, verdict.reasons = "drift", "deploy", [live["error"]]
    elif current is None:
        verdict.status, verdict.action, verdict.reasons = "pending", "deploy", ["first release"]
    elif live["spec_digest"] != digest:
        verdict.status, verdict.action = ("pending" if status == "in_sync" else status), "deploy"
        verdict.reasons = (_image_changes(spec, live.get("images", {})) or waiting or ["configuration changed"]) + wrong
        if live.get("state") == "active" and not live.get("interrupted"):
            verdict.backing = _backing_in_place(verdict.findings, live["last"]["backing"])
    elif request == "restart" and live.get("state") in ("active", "closed"):
        # Also when there is something to settle or to mend: a new release does both.
        verdict.status, verdict.action, verdict.reasons = "pending", "deploy", ["restart requested"]
    elif _judge_unfinished(verdict, spec, live):
        pass
    elif status != "in_sync":
        verdict.status, verdict.action = status, _mending(spec, verdict.findings)
        verdict.reasons, verdict.same_images = wrong or dns.reasons, True


def _backing_in_place(findings: t.Iterable[dict[str, t.Any]], applied: dict[str, str]) -> dict[str, str]:
    """The backing services that were applied, where all of them are there as they must be; else none."""
    touched = any(one["kind"] in ("network", "volume") or one["service"] in applied for one in findings)
    return {} if touched else applied


def _judge_unfinished(verdict: Verdict, spec: dict[str, t.Any], live: dict[str, t.Any]) -> bool:
    """Whether the wanted release is applied and only has to be finished, started, closed or opened."""
    wanted = "closed" if spec["closed"] else "active"
    if live.get("interrupted"):
        verdict.status, verdict.action = "pending", "converge"
        verdict.reasons = [f"settle interrupted operation {live['interrupted']}"]
    elif live.get("state") != wanted:
        verdict.status, verdict.action = "pending", "converge"
        start = "maintenance ends" if live.get("state") == "closed" else "start"
        verdict.reasons = ["maintenance" if spec["closed"] else start]
    return verdict.action == "converge"


def _judge_replay(verdict: Verdict, spec: dict[str, t.Any], live: dict[str, t.Any], dns: DnsPlan, request: str) -> None:
    """A tenant of which an earlier release is to serve, because that was requested or is held."""
    replay, current = live["replay"], live.get("current")
    if verdict.target is None:
        verdict.status = "refused" if request == "rollback" else "conflict"
        verdict.reasons = [
            replay["why"] + ("" if request == "rollback" else ": name another release, or release the hold")
        ]
        dns.keep(lambda _one: False)
    elif verdict.target != current:
        verdict.status, verdict.action = "pending", "rollback"
        verdict.reasons = [
            f"back to {verdict.target}",
            *_replay_changes(live.get("images") or {}, replay["images"]),
            *_generation_changes(spec["generations"], verdict.generations),
        ]
    elif not _judge_unfinished(verdict, spec, live):
        # In place: nothing new is made of a release that was left once.
        verdict.status = three_way.status(verdict.findings)
        verdict.action = _mending_in_place(_wrong_findings(verdict))
        verdict.reasons = _wrong(verdict) or dns.reasons


def _replay_changes(now: t.Mapping[str, str], then: t.Mapping[str, str]) -> list[str]:
    return [
        f"{name} {_tag(now[name])} → {_tag(image)}"
        for name, image in sorted(then.items())
        if now.get(name, image) != image
    ]


def _other_generations(spec: dict[str, t.Any], then: t.Mapping[str, str | None]) -> dict[str, str | None]:
    """By volume which generation a release has that is not the one which the database names."""
    now = spec["generations"]
    return {volume: one for volume, one in sorted(then.items()) if now.get(volume) != one}


def _generation_changes(now: t.Mapping[str, str], then: t.Mapping[str, str | None]) -> list[str]:
    first = "its first data"
    return [f"volume {name} {now.get(name) or first} → {one or first}" for name, one in then.items()]


def _judge_canary(verdict: Verdict, canary: dict[str, t.Any] | None, dns: DnsPlan, request: str) -> None:
    """A tenant of which two releases serve until somebody decides between them: nothing else is done to it."""
    dns.keep(lambda _one: False)
    if canary is None:
        verdict.status, verdict.reasons = "refused", ["no canary waits here"]
        return
    told = f"a canary waits: {canary['release']} gets {canary['weight']} % of the requests"
    if request in ("promote", "abort"):
        verdict.status, verdict.action, verdict.target = "pending", request, canary["release"]
        verdict.reasons = [told]
    else:
        verdict.status = "refused" if request in ("upgrade", "rollback", "restart") else "held"
        verdict.reasons = [f"{told}; promote or abort it first"]


def _judge_upgrade(verdict: Verdict, wishes: Wishes) -> None:
    """What failed once is not tried again on the same tenant until somebody acknowledges it."""
    if verdict.action != "deploy":
        return
    verdict.operation = "upgrade"
    failed = wishes.failed.get((verdict.source_digest, verdict.target_digest))
    if failed:
        verdict.status, verdict.action = "refused", "none"
        verdict.reasons = [f"this failed before ({failed}): mend the cause, then say -e acknowledge=true"]


def judge_restore(verdict: Verdict, spec: dict[str, t.Any], unfilled: str, dns: DnsPlan) -> None:
    """Switch only to volumes that were filled: a tenant for which that failed is left as it is.

    :param unfilled: why no volumes were filled for it; empty when they were.
    """
    if unfilled:
        verdict.status, verdict.action, verdict.operation, verdict.reasons = "failed", "none", "none", [unfilled]
        verdict.records = 0
        dns.keep(lambda _one: False)
    elif verdict.action == "deploy":
        verdict.operation = "restore"
    elif verdict.status == "held" and spec["state"] == "active":
        verdict.status = "refused"


def _wrong_findings(verdict: Verdict) -> list[dict[str, t.Any]]:
    """What differs and does not only wait for a deploy."""
    return [one for one in verdict.findings if one["class"] != "pending" and not one["ignored_by"]]


def _wrong(verdict: Verdict) -> list[str]:
    """The same in words."""
    return [one["text"] for one in _wrong_findings(verdict)]


# What a converge puts right in a container without making a new one.
_IN_PLACE = ("presence", "state", "replicas", "name", "networks")


def _mending(spec: dict[str, t.Any], findings: list[dict[str, t.Any]]) -> str:
    """The action that mends what differs.

    A new release where an edited container of an app goes on serving meanwhile; none for records, which are mended in
    one batch for the fleet, and for containers of others, which are not ours to touch.
    """
    counted = [one for one in findings if not one["ignored_by"]]
    apps = {service["name"] for service in spec["services"] if service["kind"] == "app"}
    edited = any(
        one["kind"] == "container" and one["service"] in apps and one["field"] not in _IN_PLACE for one in counted
    )
    return "deploy" if edited or not _replayable(counted) else _mending_in_place(counted)


def _mending_in_place(findings: t.Iterable[dict[str, t.Any]]) -> str:
    return "converge" if any(one["kind"] != "record" and not _foreign(one) for one in findings) else "none"


def _replayable(findings: t.Iterable[dict[str, t.Any]]) -> bool:
    """Whether the release itself is whole. The file at the proxy is a copy of one of it, and is put back."""
    return not any(one["kind"] == "file" and not one["name"].startswith("/") for one in findings)


def _foreign(finding: dict[str, t.Any]) -> bool:
    """A container of somebody else on one of the tenant's networks, or a router for one of its hostnames."""
    if finding["kind"] == "router":
        return finding["class"] == "extra"
    return finding["kind"] == "container" and finding["field"].startswith("network ")


def _image_changes(spec: dict[str, t.Any], images: dict[str, str]) -> list[str]:
    reasons = []
    for service in spec["services"]:
        before = images.get(service["name"])
        if before is None:
            reasons.append(f"{service['name']} is new")
        elif before != service["image"]:
            reasons.append(f"{service['name']} {_tag(before)} → {_tag(service['image'])}")
    names = {service["name"] for service in spec["services"]}
    return reasons + [f"{name} goes" for name in sorted(set(images) - names)]


def _tag(image: str) -> str:
    """Tag of an image, or the start of its digest."""
    if "@" in image:
        return image.rsplit("@", 1)[1][:19]
    last = image.rsplit("/", 1)[-1]
    return last.rsplit(":", 1)[1] if ":" in last else "latest"


def _held(spec: dict[str, t.Any]) -> list[str]:
    return [f"{one['field']}={one['value']} by {one['by']}: {one['reason']}" for one in spec["held"]]


def _url(spec: dict[str, t.Any]) -> str:
    """The URL that a person would open first."""
    for route in spec["routes"]:
        if route["path_prefix"] == "/" or len(spec["routes"]) == 1:
            return traefik.url(route)
    return ""


# -- names ---------------------------------------------------------------------------------------------------------


@dataclasses.dataclass
class DnsPlan:
    """Records of one tenant: what to write before the tenants are applied, and what to remove after."""

    present: list[dict[str, t.Any]] = dataclasses.field(default_factory=list)
    absent: list[dict[str, t.Any]] = dataclasses.field(default_factory=list)
    findings: list[dict[str, t.Any]] = dataclasses.field(default_factory=list)
    error: str = ""
    conflict: str = ""

    def keep(self, wanted: t.Callable[[dict[str, t.Any]], bool]) -> None:
        """Write and remove only the records whose finding is wanted."""
        names = {one["name"] for one in self.findings if wanted(one)}
        for which in ("present", "absent"):
            setattr(self, which, [one for one in getattr(self, which) if f"{one['record']} {one['type']}" in names])

    @property
    def reasons(self) -> list[str]:
        """A few words for each record."""
        return [f"record {one['record']} {one['type']} to write" for one in self.present] + [
            f"record {one['record']} {one['type']} to remove" for one in self.absent
        ]


def plan_records(
    spec: dict[str, t.Any],
    owner: str,
    desired: list[dict[str, t.Any]],
    applied: list[dict[str, t.Any]],
    live: list[dict[str, t.Any]],
) -> DnsPlan:
    """Compare a tenant's record sets with those of its zone.

    :param desired: normalized record sets of name, type, ttl, value; none for a removed tenant.
    :param applied: those of the current release.
    :param live: normalized record sets of the zone, with owner.
    """
    plan = DnsPlan()
    there = {(one["name"], one["type"]): one for one in live}
    wanted = {} if spec["state"] == "removed" else {(one["name"], one["type"]): one for one in desired}
    before = {(one["name"], one["type"]): one for one in applied}
    for key, one in sorted(wanted.items()):
        found = there.get(key)
        if found and found.get("owner") != owner:
            holder = found.get("owner") or "nobody we know"
            plan.conflict = f"record {key[0]} {key[1]} belongs to {holder}: remove it, or give the tenant another name"
            return plan
        if _shown(found) != _shown(one):
            plan.present.append(_item(one, owner))
    gone = [one for key, one in sorted(there.items()) if one.get("owner") == owner and key not in wanted]
    plan.absent = [{"record": one["name"], "type": one["type"], "owner": owner} for one in gone]
    for key in [(one["record"], one["type"]) for one in plan.present + plan.absent]:
        values = [_shown(records.get(key)) for records in (before, wanted, there)]
        plan.findings.append(three_way.record_finding(spec["name"], f"{key[0]} {key[1]}", *values))
    names = {name for name, _type in wanted}
    for key, one in sorted(there.items()):
        if key[0] in names and key not in wanted and one.get("owner") != owner:
            # Somebody else's beside ours, such as an AAAA: it leads users elsewhere, and is not ours to remove.
            beside = three_way.record_finding(spec["name"], f"{key[0]} {key[1]}", None, None, _shown(one))
            plan.findings.append(beside)
    return plan


def _shown(record: dict[str, t.Any] | None) -> str | None:
    """A record set as one text; None where there is none."""
    if record is None:
        return None
    disabled = " (disabled)" if record.get("disabled") else ""
    return f"{record['ttl']} {' '.join(sorted(record['value']))}{disabled}"


def _item(record: dict[str, t.Any], owner: str) -> dict[str, t.Any]:
    """A record set as M(tenantry.platform.powerdns_records) takes it."""
    return {
        "record": record["name"],
        "type": record["type"],
        "ttl": record["ttl"],
        "value": list(record["value"]),
        "owner": owner,
    }
