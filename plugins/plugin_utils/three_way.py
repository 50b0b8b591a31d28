# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Desired (D), last applied (L) and live (V) values of a tenant's fields, and what to call their differences.

The node's reader compares L with V, and gives L itself where the spec's digest says that D is another. No input, no
output.
"""

from __future__ import annotations

import dataclasses
import hashlib
import typing as t

from ansible_collections.tenantry.platform.plugins.module_utils import container_fields
from ansible_collections.tenantry.platform.plugins.module_utils.compare import Finding
from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.module_utils.stack_project import unescape
from ansible_collections.tenantry.platform.plugins.plugin_utils.render import compose, traefik

Spec = t.Mapping[str, t.Any]
#: Worst first. What a tenant's findings make its status.
CLASSES = ("conflict", "drift", "missing", "extra", "pending")
STATUS_OF = {"conflict": "conflict", "drift": "drift", "missing": "drift", "extra": "drift", "pending": "pending"}
#: Follows from the other fields.
_DERIVED = f"labels.{compose.DIGEST_LABEL}"
_UNKNOWN = object()


@dataclasses.dataclass(frozen=True)
class Fields:
    """The fields of one tenant that the database decides: of services and of routers, by name."""

    services: dict[str, dict[str, t.Any]]
    routers: dict[str, dict[str, t.Any]]
    replicas: dict[str, int]

    @classmethod
    def desired(cls, spec: Spec, live: t.Mapping[str, t.Any]) -> Fields:
        """What the spec wants, rendered as if it were the current release, so that only what differs differs.

        :param live: of a tenant, from the node's reader, with ``last``.
        """
        release, last = live["current"], live["last"]
        refs = {
            one["name"]: last["services"][one["name"]]["image"]
            if live["images"].get(one["name"]) == one["image"] and one["name"] in last["services"]
            else one["image"]
            for one in spec["services"]
        }
        services = {}
        for project in (compose.app_project(spec, release, refs), compose.backing_project(spec, refs)):
            plain = unescape(project or {})
            for name in plain.get("services") or {}:
                fields = container_fields.of_project(plain, name, "", {}) or {}
                services[name] = container_fields.hidden(fields, release)
        expect = traefik.expectations(spec, release)
        replicas = {one["name"]: int(one["replicas"]) for one in spec["services"]}
        return cls(services, expect["routers"], replicas)

    @classmethod
    def last(cls, last: t.Mapping[str, t.Any]) -> Fields:
        """What was applied, as the node's reader tells it."""
        return cls(last["services"], last["routers"], last["replicas"])

    def value(self, finding: t.Mapping[str, t.Any]) -> t.Any:
        """The value of a finding's field; a mark of its own for what the database does not decide."""
        if finding["kind"] == "router":
            return _of(self.routers, finding["name"], finding["field"], "enabled")
        if finding["kind"] == "container" and finding["service"]:
            if finding["field"] == "replicas":
                return self.replicas.get(finding["service"])
            if finding["field"] in ("state", "name"):
                return _UNKNOWN
            return _of(self.services, finding["service"], finding["field"], "running")
        return _UNKNOWN


def _of(things: dict[str, dict[str, t.Any]], name: str, field: str, present: str) -> t.Any:
    thing = things.get(name)
    if field == "presence":
        return None if thing is None else present
    if thing is None:
        return None
    whole, _dot, key = field.partition(".")
    if key:
        return (thing.get(whole) or {}).get(key)
    return thing.get(whole, _UNKNOWN)


def findings(spec: Spec, digest: str, live: t.Mapping[str, t.Any]) -> list[dict[str, t.Any]]:
    """Everything that differs between the three, classed.

    :param digest: of the spec.
    :param live: of a tenant, from the node's reader.
    :returns: per finding ``id``, ``kind``, ``name``, ``field``, ``service``, ``class``, ``severity``, ``last``,
        ``desired``, ``live``, ``sensitive``, ``text`` and ``ignored_by``.
    """
    desired = None if live["spec_digest"] == digest else _desired(spec, live)
    if desired is None:
        return [_finding(spec, one, one["last"]) for one in live["findings"]]
    last = Fields.last(live["last"])
    found = []
    for one in live["findings"]:
        value = desired.value(one)
        found.append(_finding(spec, one, one["last"] if value is _UNKNOWN else value))
    drifted = {(one["kind"], one["service"] or one["name"], one["field"]) for one in live["findings"]}
    return found + [
        _finding(spec, one, value)
        for one, value in _changes(last, desired)
        if (one["kind"], one["service"] or one["name"], one["field"]) not in drifted
    ]


def _desired(spec: Spec, live: t.Mapping[str, t.Any]) -> Fields | None:
    """What the spec wants; None for one that cannot be rendered, which fails its own deploy and nobody else's plan."""
    try:
        return Fields.desired(spec, live)
    except TenantryError:
        return None


def _changes(last: Fields, desired: Fields) -> t.Iterator[tuple[dict[str, t.Any], t.Any]]:
    """What the database wants otherwise than it was applied."""
    for kind, before, after in (
        ("container", last.services, desired.services),
        ("router", last.routers, desired.routers),
    ):
        for name in sorted({*before, *after}):
            if name not in after:
                yield _change(kind, name, "presence", "present"), None
            elif name not in before:
                yield _change(kind, name, "presence", None), "present"
            else:
                for field, old, new in container_fields.differences(before[name], after[name]):
                    if field != _DERIVED:
                        yield _change(kind, name, field, old), new
    for name, count in sorted(desired.replicas.items()):
        if last.replicas.get(name, count) != count:
            yield _change("container", name, "replicas", last.replicas[name]), count


def _change(kind: str, name: str, field: str, last: t.Any) -> dict[str, t.Any]:
    return Finding(kind, name, field, last, last, name if kind == "container" else "").as_dict()


def _finding(spec: Spec, one: t.Mapping[str, t.Any], desired: t.Any) -> dict[str, t.Any]:
    name = classify(one["field"], one["last"], desired, one["live"])
    text = one["text"]
    if name == "pending":
        text = f"{one['kind']} {one['name']}: {one['field']} {_shown(one['last'])} → {_shown(desired)}"
    elif name == "conflict":
        text = f"{text}, and the database wants {_shown(desired)}"
    return {
        "id": _id(spec["name"], one),
        "kind": one["kind"],
        "name": one["name"],
        "field": one["field"],
        "service": one["service"],
        "class": name,
        "severity": "info" if name == "pending" else one["severity"],
        "last": one["last"],
        "desired": desired,
        "live": one["live"],
        "sensitive": one["field"].partition(".")[0] in container_fields.SENSITIVE,
        "text": text,
        "ignored_by": None,
    }


def classify(field: str, last: t.Any, desired: t.Any, live: t.Any) -> str:
    """What a difference is called.

    L=D≠V is drift (``missing`` and ``extra`` for whole things), V=L≠D is pending, and so is V=D≠L: somebody did by hand
    what the database wants, and the next release records it. All three different is a conflict.
    """
    if live in (last, desired) and last != desired:
        return "pending"
    if last != desired:
        return "conflict"
    if field == "presence":
        return "missing" if live is None else "extra"
    return "drift"


def status(found: t.Iterable[t.Mapping[str, t.Any]]) -> str:
    """The status that findings make, ignored ones aside."""
    classes = {one["class"] for one in found if not one["ignored_by"]}
    return next((STATUS_OF[name] for name in CLASSES if name in classes), "in_sync")


def _shown(value: t.Any) -> str:
    if value is None:
        return "nothing"
    text = str(value)
    return text if len(text) <= 40 else f"{text[:39]}…"


def _id(tenant: str, one: t.Mapping[str, t.Any]) -> str:
    """The same for the same field of the same thing in every run."""
    key = "\0".join((tenant, one["kind"], one["name"], one["field"]))
    return hashlib.sha256(key.encode()).hexdigest()[:16]


def record_finding(tenant: str, name: str, last: t.Any, desired: t.Any, live: t.Any) -> dict[str, t.Any]:
    """A record set, whole: ttl and values as one text, None where there is none."""
    field = "presence" if None in (last, desired, live) else "value"
    return _finding({"name": tenant}, Finding("record", name, field, last, live).as_dict(), desired)
