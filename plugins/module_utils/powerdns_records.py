# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read record sets of a zone, and bring wanted ones about in as few writes as they need."""

from __future__ import annotations

import collections
import json
import re
import typing as t
from dataclasses import dataclass

from ansible_collections.tenantry.platform.plugins.module_utils import powerdns_name, powerdns_txt, powerdns_wanted
from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.module_utils.powerdns import PowerDns
from ansible_collections.tenantry.platform.plugins.module_utils.powerdns_plan import Change, Plan, Policy, make_plan
from ansible_collections.tenantry.platform.plugins.module_utils.powerdns_rrset import Key, RecordSet, all_from_api

# A read of one name costs a tenth to a half of a read of a large zone; beyond this many the zone is read as a whole.
SINGLE_READS = 20
# Asked for one name, 4.7 and 4.9 leave out records that are disabled (PowerDNS issue 11473): an RRset that is only
# half seen would be written back without the other half. 5.1.5 was seen to return them.
FILTER_COMPLETE_SINCE = (5, 1)
EDITING_SINCE = {4: (4, 9, 12), 5: (5, 0, 2)}
ESCAPES_BROKEN_SINCE = (5, 1)
# "RRset www.example.com. IN A: ..." and "Record www.example.com./A '...': ..."; the rest differs between versions.
NAMED_RECORD_SET = re.compile(r"\b(?:rrset|record) (\S+?)(?: in |/)([a-z0-9]+)")


@dataclass(frozen=True)
class Reading:
    """Record sets as the server held them at one moment. ``exists`` tells an empty zone from none."""

    exists: bool
    serial: int | None
    sets: dict[Key, RecordSet]


def read_zone(
    client: PowerDns, zone: str, transformation: powerdns_txt.Transformation = "unquoted"
) -> list[dict[str, t.Any]] | None:
    """All record sets of a zone, normalized, with owners, sorted by name and type; None when there is no such zone.

    One request. Each set is a dict of ``name``, ``type``, ``ttl``, ``value`` (sorted list), ``disabled``,
    ``disabled_value``, ``owner``, ``owners`` and ``comments``.
    """
    reading = read(client, _zone_name(zone))
    return [reading.sets[key].as_dict(transformation) for key in sorted(reading.sets)] if reading.exists else None


def read(client: PowerDns, zone: str, names: t.Collection[str] | None = None) -> Reading:
    """Sets of a zone: all of them, or at least those of some names.

    :param zone: absolute name.
    :param names: absolute names; None for the whole zone.
    """
    if names is None:
        return _reading(client.zone(zone))
    if not names:
        return _reading(client.zone(zone, rrsets=False))
    if len(names) > SINGLE_READS or client.version() < FILTER_COMPLETE_SINCE:
        return _reading(client.zone(zone), names)
    sets: dict[Key, RecordSet] = {}
    serial = None
    for name in names:
        found = client.zone(zone, name)
        if found is None:
            return _reading(None)
        serial = found["serial"]
        sets.update(all_from_api(found, [name]))
    return Reading(True, serial, sets)


def _reading(zone: dict[str, t.Any] | None, names: t.Collection[str] | None = None) -> Reading:
    if zone is None:
        return Reading(False, None, {})
    return Reading(True, zone["serial"], all_from_api(zone, names) if "rrsets" in zone else {})


def record_info(client: PowerDns, params: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """What powerdns_record_info returns."""
    zone = _zone_name(params["zone"])
    name = None
    if params["record"] is not None or params["prefix"] is not None:
        try:
            name = powerdns_name.record_name(zone, params["record"], params["prefix"])
        except ValueError as exc:
            raise TenantryError(str(exc), _kind(exc)) from exc
    reading = read(client, zone, None if name is None else [name])
    found = [
        one
        for key, one in sorted(reading.sets.items())
        if name in (None, key[0])
        and params["type"] in (None, key[1])
        and (params["owner"] is None or params["owner"] in one.owners)
    ]
    return {
        "changed": False,
        "zone": zone,
        "zone_exists": reading.exists,
        "serial": reading.serial,
        "record_sets": [one.as_dict(params["txt_transformation"]) for one in found],
        "api_calls": client.api_calls,
    }


def ensure_record_set(client: PowerDns, params: t.Mapping[str, t.Any], check_mode: bool) -> dict[str, t.Any]:
    """What powerdns_record does: :func:`ensure_record_sets` for one."""
    whole = {"prune": False, "prune_owners": [], "prune_scope": [], "max_prune": None, "ownership": "comment"}
    return ensure_record_sets(
        client, {**params, **whole, "batch_bytes": 1_000_000, "record_sets": [params]}, check_mode
    )


def ensure_record_sets(client: PowerDns, params: t.Mapping[str, t.Any], check_mode: bool) -> dict[str, t.Any]:
    """Make record sets of one zone present or absent: read, compare, write what differs, read back.

    :raises TenantryError: see the modules' documentation; what was and was not written stands in its details.
    """
    zone = _zone_name(params["zone"])
    policy = _policy(params, zone)
    owner = None if policy.by_scope else params["owner"]
    wanted = powerdns_wanted.parse(params["record_sets"], zone, owner, params["txt_transformation"])
    if policy.by_scope and any(one.owner for one in wanted):
        raise TenantryError("ownership=scope writes no owners: leave owner out of the record sets", "invalid")
    first = reading = read(client, zone, None if policy.prune else _names(wanted))
    if not reading.exists and (params["zone_required"] or any(one.present for one in wanted)):
        raise TenantryError(
            f"zone {zone} does not exist on {client.base}: create it with powerdns_zone",
            "zone_missing",
            status=404,
            url=client.base,
            zone=zone,
        )
    plan = first_plan = make_plan(wanted, reading.sets, policy)
    _check_escapes(client, plan)
    if plan.changes and not check_mode:
        for attempt in range(client.retries + 1):
            _write(client, zone, plan.changes, params["batch_bytes"])
            reading = read(client, zone, _names(plan.changes))
            missed = [change for change in plan.changes if not change.holds_in(reading.sets.get(change.key))]
            if not missed:
                break
            # Somebody else wrote the same set between our read and our write; with solo=false both can be right.
            if attempt == client.retries or not all(change.partial for change in missed):
                raise _mismatch(zone, missed, reading)
            again = [change.wanted for change in missed if change.wanted]
            plan = make_plan(again, reading.sets, Policy(zone, adopt=policy.adopt))
            if not plan.changes:
                break
        if params["notify"]:
            client.notify(zone)
    return _result(client, zone, first_plan, first, reading, params["txt_transformation"], check_mode)


def _policy(params: t.Mapping[str, t.Any], zone: str) -> Policy:
    by_scope = params["ownership"] == "scope"
    owners = [params["owner"], *(params["prune_owners"] or [])]
    try:
        scope = tuple(powerdns_name.record_name(zone, name) for name in params["prune_scope"] or [])
        checked = frozenset(owner for owner in owners if powerdns_wanted.checked_owner(owner))
    except ValueError as exc:
        raise TenantryError(f"prune_scope or owner for zone {zone}: {exc}", _kind(exc)) from exc
    if by_scope and not scope:
        raise TenantryError("ownership=scope needs prune_scope: it says which names are yours", "invalid")
    if params["prune"] and not by_scope and not checked:
        raise TenantryError("prune needs owner: only record sets that carry it are pruned", "invalid")
    return Policy(
        zone=zone,
        owners=checked,
        scope=scope or (zone,),
        by_scope=by_scope,
        adopt=params["adopt"],
        prune=params["prune"],
        max_prune=params["max_prune"],
    )


def _write(client: PowerDns, zone: str, changes: t.Sequence[Change], batch_bytes: int) -> None:
    can_edit = any(change.editable for change in changes) and _knows_editing(client)
    queue = collections.deque((batch, True) for batch in _batches(changes, can_edit, batch_bytes))
    applied: list[str] = []
    while queue:
        batch, may_halve = queue.popleft()
        entries = [entry for change in batch for entry in change.entries(can_edit)]
        # PowerDNS looks at the entries one by one: a CNAME can only take the place of an A that went before it.
        entries.sort(key=lambda entry: entry["changetype"] != "DELETE")
        try:
            client.patch(zone, entries)
        except TenantryError as exc:
            halves = _halves(batch) if exc.error_kind == "too_large" and may_halve else []
            if halves:
                queue.extendleft((half, False) for half in reversed(halves))
                continue
            pending = [change.label for change in [*batch, *(change for rest, _may in queue for change in rest)]]
            raise _explained(exc, batch, zone, applied, pending) from exc
        applied.extend(change.label for change in batch)


def _batches(changes: t.Sequence[Change], can_edit: bool, batch_bytes: int) -> list[list[Change]]:
    """Changes cut into bodies of at most so many bytes. All of one name stay together: they may need each other."""
    by_name: dict[str, list[Change]] = {}
    for change in changes:
        by_name.setdefault(change.key[0], []).append(change)
    batches: list[list[Change]] = []
    size = 0
    for group in by_name.values():
        entries = [entry for change in group for entry in change.entries(can_edit)]
        group_size = sum(len(json.dumps(entry, separators=(",", ":"))) + 1 for entry in entries)
        if not batches or size + group_size > batch_bytes:
            batches.append([])
            size = len('{"rrsets":[]}')
        batches[-1].extend(group)
        size += group_size
    return batches


def _halves(batch: list[Change]) -> list[list[Change]]:
    """Two batches out of one, cut between two names; nothing when all of it is one name."""
    names = [change.key[0] for change in batch]
    cuts = [i for i in range(1, len(batch)) if names[i] != names[i - 1]]
    if not cuts:
        return []
    cut = min(cuts, key=lambda position: abs(position - len(batch) / 2))
    return [batch[:cut], batch[cut:]]


def _knows_editing(client: PowerDns) -> bool:
    version = client.version()
    since = EDITING_SINCE.get(version[0] if version else 0)
    return version >= since if since else version[:1] > (5,)


def _check_escapes(client: PowerDns, plan: Plan) -> None:
    """PowerDNS 5.1 drops backslashes: ``a\\b`` would be served as ``ab``. Better no record than a wrong one."""
    risky = [
        change.label
        for change in plan.changes
        if change.after
        and any(powerdns_txt.escapes_printable(value.stored or value.content) for value in change.after.values)
    ]
    if not risky:
        return
    version = client.version()
    if version >= ESCAPES_BROKEN_SINCE or version[:1] == (0,):
        raise TenantryError(
            f"{', '.join(risky[:5])} holds a double quote or a backslash, and PowerDNS {client.server()['version']} "
            "corrupts these: nothing was written; write the record without them, or use a server before 5.1",
            "invalid",
            record_sets=risky,
            version=client.server()["version"],
        )


def _explained(
    exc: TenantryError, batch: list[Change], zone: str, applied: list[str], pending: list[str]
) -> TenantryError:
    """The failure of one PATCH, with the record set its text names and the state the zone is left in."""
    text = str(exc.details.get("api_error") or "").lower()
    found = NAMED_RECORD_SET.search(text)
    pair = found.groups() if found else None
    named = next((change.label for change in batch if pair == (change.key[0], change.key[1].lower())), None)
    kind, hint = exc.error_kind, ""
    if kind == "invalid" and "backend" in text and "comments" in text:
        kind = "comments_unsupported"
        hint = (
            "; without comments there are no owners: use ownership=scope with prune_scope, or no owner and no comment"
        )
    elif kind in ("unreachable", "server_error"):
        hint = "; whether the last batch was written is unknown: run again"
    written = f"; {len(applied)} record sets of earlier batches were written" if applied else ""
    return TenantryError(
        f"zone {zone}: {exc.message}{hint}{written}",
        kind,
        **{**exc.details, "applied": applied, "pending": pending, "record_set": named},
    )


def _mismatch(zone: str, missed: list[Change], reading: Reading) -> TenantryError:
    differences = []
    for change in missed:
        stored = reading.sets.get(change.key)
        differences.append(
            {
                "record_set": change.label,
                "expected": change.after.as_dict("quoted") if change.after else None,
                "found": stored.as_dict("quoted") if stored else None,
            }
        )
    labels = ", ".join(change.label for change in missed[:5])
    return TenantryError(
        f"zone {zone}: the server took the change and holds something else for {labels}: "
        "somebody else changed it at the same time, or the server stores it in another form (see differences); "
        "run again",
        "verify_failed",
        differences=differences,
    )


def _result(
    client: PowerDns,
    zone: str,
    plan: Plan,
    before: Reading,
    after: Reading,
    transformation: powerdns_txt.Transformation,
    check_mode: bool,
) -> dict[str, t.Any]:
    labels = [change.label for change in plan.changes]
    result = [_stored_or(one, after, check_mode).as_dict(transformation) for one in plan.result]
    return {
        "changed": bool(plan.changes),
        "zone": zone,
        "changes": plan.labels(),
        "record_sets": result,
        "serial_before": before.serial,
        "serial_after": after.serial,
        "applied": [] if check_mode else labels,
        "pending": labels if check_mode else [],
        "api_calls": client.api_calls,
        "warnings": plan.warnings,
        "diff": {
            "before_header": f"zone {zone}",
            "after_header": f"zone {zone}",
            "before": {c.label: c.before.as_dict(transformation) for c in plan.changes if c.before},
            "after": {
                c.label: _stored_or(c.after, after, check_mode).as_dict(transformation) for c in plan.changes if c.after
            },
        },
    }


def _stored_or(one: RecordSet, reading: Reading, check_mode: bool) -> RecordSet:
    """What the server really holds where that was read back; another writer may have added values beside ours."""
    return one if check_mode else reading.sets.get(one.key, one)


def _names(items: t.Iterable[t.Any]) -> list[str]:
    return sorted({item.key[0] for item in items})


def _zone_name(zone: str) -> str:
    try:
        return powerdns_name.zone_name(zone)
    except ValueError as exc:
        raise TenantryError(f"zone: {exc}", "invalid") from exc


def _kind(exc: ValueError) -> str:
    return "out_of_zone" if isinstance(exc, powerdns_name.OutOfZoneError) else "invalid"
