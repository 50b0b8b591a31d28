# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make a zone present with the wanted settings, or absent when nothing of anybody is lost by it."""

from __future__ import annotations

import typing as t
from dataclasses import asdict, dataclass, replace

from ansible_collections.tenantry.platform.plugins.module_utils import powerdns_name, powerdns_wanted
from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.module_utils.powerdns import PowerDns
from ansible_collections.tenantry.platform.plugins.module_utils.powerdns_rrset import RecordSet, Value, all_from_api

SOA_TIMES = {"refresh": 10800, "retry": 3600, "expire": 604800, "minimum": 3600}
SOA_NAMES = ("mname", "rname")
DEFAULT_TTL = 3600
# Written through fields of the zone, and refused by the metadata part of the API.
FIELDS_IN_METADATA = ("API-RECTIFY", "SOA-EDIT-API")


@dataclass(frozen=True)
class Zone:
    """Settings of a zone.

    :param nameservers: names of the apex NS set, sorted.
    :param soa: mname, rname and the four times in seconds; not the serial, which belongs to the server.
    :param metadata: kind to sorted values.
    """

    kind: str = "Native"
    masters: tuple[str, ...] = ()
    account: str = ""
    soa_edit_api: str = "DEFAULT"
    dnssec: bool = False
    api_rectify: bool = False
    nameservers: tuple[str, ...] = ()
    soa: t.Mapping[str, t.Any] | None = None
    metadata: t.Mapping[str, tuple[str, ...]] | None = None

    def as_dict(self) -> dict[str, t.Any]:
        """As the module returns it."""
        data = {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}
        data["metadata"] = {kind: list(values) for kind, values in sorted((self.metadata or {}).items())}
        return data


@dataclass(frozen=True)
class Live:
    """A zone as the server holds it."""

    zone: Zone
    serial: int
    sets: dict[tuple[str, str], RecordSet]


def ensure_zone(client: PowerDns, params: t.Mapping[str, t.Any], check_mode: bool) -> dict[str, t.Any]:
    """What the module powerdns_zone does.

    :raises TenantryError: ``invalid``, ``not_empty``, ``verify_failed`` and what the client raises.
    """
    try:
        name = powerdns_name.zone_name(params["zone"])
        asked = _asked(params)
        owner = powerdns_wanted.checked_owner(params["owner"])
    except ValueError as exc:
        raise TenantryError(f"zone {params['zone']}: {exc}", "invalid") from exc
    live = _read(client, name, asked)
    if params["state"] == "absent":
        return _ensure_absent(client, name, live, owner, params["force"], check_mode)
    wanted = _wanted(name, asked, live.zone if live else None)
    after = live
    if not check_mode and (live is None or live.zone != wanted):
        if live is None:
            _create(client, name, wanted)
        after = _read(client, name, asked)
        if after is None:
            raise TenantryError(f"zone {name} is gone right after it was created: somebody deleted it", "verify_failed")
        if after.zone != wanted:
            _update(client, name, after, wanted)
            after = _read(client, name, asked)
        if after is None or after.zone != wanted:
            raise TenantryError(
                f"zone {name}: the server took the settings and holds others: "
                "somebody else changed them at the same time, or the server does not support one of them; run again",
                "verify_failed",
                expected=wanted.as_dict(),
                found=after.zone.as_dict() if after else None,
            )
    return _result(client, name, live, wanted, after)


def _ensure_absent(
    client: PowerDns, name: str, live: Live | None, owner: str | None, force: bool, check_mode: bool
) -> dict[str, t.Any]:
    if live is None:
        return _result(client, name, None, None, None)
    apex = {(name, "SOA"), (name, "NS")}
    foreign = [one.label for key, one in sorted(live.sets.items()) if key not in apex and one.owners != (owner,)]
    if foreign and not force:
        whose = f"that {owner} does not own" if owner else "besides SOA and NS"
        named = ", ".join(foreign[:10]) + (f" and {len(foreign) - 10} more" if len(foreign) > 10 else "")
        raise TenantryError(
            f"zone {name} holds record sets {whose}: {named}; remove them first, or delete everything with force=true",
            "not_empty",
            record_sets=foreign,
        )
    if not check_mode:
        client.delete_zone(name)
    return _result(client, name, live, None, live if check_mode else None)


def _asked(params: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The given options, normalized; options that were left out are not in it.

    :raises ValueError: one of them makes no sense.
    """
    asked = {
        key: params[key]
        for key in ("kind", "account", "soa_edit_api", "dnssec", "api_rectify")
        if params[key] is not None
    }
    if params["masters"] is not None:
        asked["masters"] = tuple(sorted(params["masters"]))
    if params["nameservers"] is not None:
        if not params["nameservers"]:
            raise ValueError("nameservers is empty, and a zone needs at least one")
        asked["nameservers"] = tuple(sorted({powerdns_name.target(server) for server in params["nameservers"]}))
    if params["soa"] is not None:
        asked["soa"] = _asked_soa(params["soa"])
    if params["metadata"] is not None:
        asked["metadata"] = {str(kind): _texts(kind, values) for kind, values in params["metadata"].items()}
        taken = sorted(kind for kind in asked["metadata"] if kind.upper() in FIELDS_IN_METADATA)
        if taken:
            raise ValueError(f"metadata {', '.join(taken)} has an option of its own")
    if asked.get("dnssec"):
        # Without it every change of a record leaves a signed zone with wrong denials of existence.
        asked.setdefault("api_rectify", True)
    if asked.get("kind") == "Slave" and ("nameservers" in asked or "soa" in asked):
        raise ValueError("a zone of kind Slave gets its records from its masters: leave out nameservers and soa")
    return asked


def _asked_soa(given: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    soa: dict[str, t.Any] = {key: value for key, value in given.items() if value is not None}
    for key in SOA_NAMES:
        if key in soa:
            soa[key] = powerdns_name.target(soa[key])
    for key in SOA_TIMES:
        if not 0 <= soa.get(key, 0) <= powerdns_wanted.LARGEST_TTL:
            raise ValueError(f"soa {key} {soa[key]} is not from 0 to {powerdns_wanted.LARGEST_TTL} seconds")
    return soa


def _texts(kind: t.Any, values: t.Any) -> tuple[str, ...]:
    texts = values if isinstance(values, list) else [values]
    for text in texts:
        if not isinstance(text, (str, int)):
            raise ValueError(f"metadata {kind} is not a string or a list of strings")
    return tuple(sorted(str(text) for text in texts))


def _wanted(name: str, asked: dict[str, t.Any], live: Zone | None) -> Zone:
    """The settings that the zone should have: what is asked for, else what it has, else the defaults of a new zone."""
    soa = asked.get("soa")
    metadata = {kind: values for kind, values in asked.get("metadata", {}).items() if values}
    if live is not None:
        merged = {**asked, "metadata": metadata}
        merged["soa"] = live.soa if soa is None or live.soa is None else {**live.soa, **soa}
        return replace(live, **merged)
    zone = replace(Zone(), **{**asked, "metadata": metadata, "soa": None})
    if zone.kind == "Slave":
        return zone
    if not zone.nameservers:
        raise TenantryError(f"zone {name} does not exist, and to create it nameservers must be given", "invalid")
    # The server would name itself "a.misconfigured.dns.server.invalid" here.
    return replace(zone, soa={"mname": zone.nameservers[0], "rname": f"hostmaster.{name}", **SOA_TIMES, **(soa or {})})


def _read(client: PowerDns, name: str, asked: dict[str, t.Any]) -> Live | None:
    data = client.zone(name)
    if data is None:
        return None
    sets = all_from_api(data)
    servers = sets.get((name, "NS"))
    soa = sets.get((name, "SOA"))
    metadata = {}
    if asked.get("metadata"):
        found = client.metadata(name)
        metadata = {kind: tuple(sorted(found[kind])) for kind in asked["metadata"] if found.get(kind)}
    zone = Zone(
        kind=data["kind"],
        masters=tuple(sorted(data["masters"])),
        account=data["account"],
        soa_edit_api=data["soa_edit_api"],
        dnssec=data["dnssec"],
        api_rectify=data["api_rectify"],
        nameservers=tuple(sorted(value.content for value in servers.values)) if servers else (),
        soa=_parsed_soa(soa) if soa else None,
        metadata=metadata,
    )
    return Live(zone, data["serial"], sets)


def _soa_fields(soa: RecordSet) -> list[str]:
    return next(iter(soa.values)).content.split()


def _parsed_soa(soa: RecordSet) -> dict[str, t.Any]:
    mname, rname, _serial, *times = _soa_fields(soa)
    return {"mname": mname.lower(), "rname": rname.lower(), **dict(zip(SOA_TIMES, map(int, times)))}


def _soa_text(soa: t.Mapping[str, t.Any], serial: str) -> str:
    return " ".join([soa["mname"], soa["rname"], serial, *(str(soa[key]) for key in SOA_TIMES)])


def _create(client: PowerDns, name: str, wanted: Zone) -> None:
    fields: dict[str, t.Any] = {
        "name": name,
        "kind": wanted.kind,
        "nameservers": list(wanted.nameservers),
        "soa_edit_api": wanted.soa_edit_api,
        "account": wanted.account,
        "masters": list(wanted.masters),
    }
    if wanted.soa:
        record = {"content": _soa_text(wanted.soa, "1"), "disabled": False}
        fields["rrsets"] = [{"name": name, "type": "SOA", "ttl": DEFAULT_TTL, "records": [record]}]
    # DNSSEC and metadata come afterwards: a refused dnssec=true here leaves a zone behind (measured on 4.7 to 5.1).
    client.create_zone(fields)
    # Who asked for a name of it a moment ago would get "refused" for as long as the packet cache lives.
    client.flush_cache(name)


def _update(client: PowerDns, name: str, live: Live, wanted: Zone) -> None:
    now = live.zone
    fields = {
        key: getattr(wanted, key)
        for key in ("kind", "masters", "account", "soa_edit_api", "dnssec", "api_rectify")
        if getattr(wanted, key) != getattr(now, key)
    }
    if "masters" in fields:
        fields["masters"] = list(fields["masters"])
    if fields:
        client.update_zone(name, fields)
        if "dnssec" in fields:
            # Signed answers, or answers without signatures, would be served for as long as the packet cache lives.
            client.flush_cache(name)
    entries = []
    if wanted.soa and wanted.soa != now.soa:
        old = live.sets.get((name, "SOA"))
        # The stored serial goes along, or the zone would start again at 1 and secondaries would ignore it.
        text = _soa_text(wanted.soa, _soa_fields(old)[2] if old else "1")
        entries.append(RecordSet(name, "SOA", old.ttl if old else DEFAULT_TTL, frozenset([Value(text)])))
    if wanted.nameservers != now.nameservers:
        old = live.sets.get((name, "NS"))
        entries.append(
            RecordSet(
                name, "NS", old.ttl if old else DEFAULT_TTL, frozenset(Value(server) for server in wanted.nameservers)
            )
        )
    if entries:
        # Without comments in it an entry leaves the stored ones alone.
        client.patch(name, [entry.replacement(None) for entry in entries])
    held = now.metadata or {}
    for kind in sorted({*(wanted.metadata or {}), *held}):
        values = (wanted.metadata or {}).get(kind, ())
        if values != held.get(kind, ()):
            client.set_metadata(name, kind, list(values))


def _result(
    client: PowerDns, name: str, live: Live | None, wanted: Zone | None, after: Live | None
) -> dict[str, t.Any]:
    before_dict = live.zone.as_dict() if live else {}
    after_dict = wanted.as_dict() if wanted else {}
    return {
        "changed": before_dict != after_dict,
        "zone": name,
        "exists": wanted is not None,
        "properties": after_dict,
        "serial_before": live.serial if live else None,
        "serial_after": after.serial if after else None,
        "api_calls": client.api_calls,
        "diff": {
            "before_header": f"zone {name}",
            "after_header": f"zone {name}",
            "before": before_dict,
            "after": after_dict,
        },
    }
