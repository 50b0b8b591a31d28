# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Traefik's API must say once it has taken a configuration, and in which points it does not."""

from __future__ import annotations

import dataclasses
import typing as t

from .traefik_api import MIDDLEWARE, ROUTER, SERVICE, Kind, TraefikApi, problems_of, servers_up

FILE = "file"

#: A value that may be whatever Traefik makes it.
ANY = object()


@dataclasses.dataclass(frozen=True)
class Mismatch:
    """One object that is not as it must be.

    ``refused`` tells that Traefik has the wanted definition and does not serve it; waiting rarely helps then.
    """

    kind: Kind
    name: str
    text: str
    refused: bool = False

    def __str__(self) -> str:
        return f"{self.kind.name} {self.name} {self.text}"


@dataclasses.dataclass(frozen=True)
class Expectation:
    """Objects by full name (with provider suffix) and the fields they must have.

    :param upstreams: services by full name, and how many of their servers must at least be up.
    """

    routers: t.Mapping[str, t.Mapping[str, t.Any]] = dataclasses.field(default_factory=dict)
    services: t.Mapping[str, t.Mapping[str, t.Any]] = dataclasses.field(default_factory=dict)
    middlewares: t.Mapping[str, t.Mapping[str, t.Any]] = dataclasses.field(default_factory=dict)
    upstreams: t.Mapping[str, int] = dataclasses.field(default_factory=dict)

    @classmethod
    def of_content(cls, content: t.Mapping[str, t.Any]) -> Expectation:
        """Everything that a file of the file provider defines."""
        http = content.get("http") or {}

        def qualified(kind: Kind) -> dict[str, t.Mapping[str, t.Any]]:
            return {qualify(name, FILE): data or {} for name, data in (http.get(kind.plural) or {}).items()}

        return cls(qualified(ROUTER), qualified(SERVICE), qualified(MIDDLEWARE))

    def with_option(self, expect: t.Mapping[str, t.Any] | None) -> Expectation:
        """Together with what a release's manifest says: ``routers`` with fields, ``services`` with counts."""
        asked = expect or {}
        routers = {name: dict(fields) for name, fields in self.routers.items()}
        for name, fields in (asked.get("routers") or {}).items():
            routers.setdefault(name, {}).update(fields or {})
        upstreams = {name: int(count) for name, count in (asked.get("services") or {}).items()}
        return dataclasses.replace(self, routers=routers, upstreams={**self.upstreams, **upstreams})

    def names(self, kind: Kind) -> set[str]:
        return {ROUTER: set(self.routers), SERVICE: set(self.services), MIDDLEWARE: set(self.middlewares)}[kind]

    def missing_servers(self, api: TraefikApi) -> list[Mismatch]:
        """Upstreams with fewer servers up than they must have."""
        found = []
        for name, count in sorted(self.upstreams.items()):
            up = servers_up(api.read(SERVICE, name))
            if up < count:
                found.append(Mismatch(SERVICE, name, f"has {up} of {count} servers up"))
        return found

    def mismatches(self, api: TraefikApi) -> list[Mismatch]:
        """Everything in which the API differs from this; empty when Traefik serves exactly it."""
        found: list[Mismatch] = []
        for name, wanted in sorted(self.routers.items()):
            found += _compare(api, ROUTER, name, _router_fields(name, wanted), _router_fields)
        for name, wanted in sorted(self.services.items()):
            found += _compare(api, SERVICE, name, _service_fields(name, wanted), _service_fields)
        for name, wanted in sorted(self.middlewares.items()):
            found += _compare(api, MIDDLEWARE, name, _middleware_fields(name, wanted), _middleware_fields)
        return found

    def still_there(self, api: TraefikApi, but: Expectation | None = None) -> list[Mismatch]:
        """Routers and services that Traefik still has, besides those of ``but``."""
        kept = but or Expectation()
        return [
            Mismatch(kind, name, "is still there")
            for kind in (ROUTER, SERVICE)
            for name in sorted(self.names(kind) - kept.names(kind))
            if name.endswith(f"@{FILE}") and api.read(kind, name) is not None
        ]


def qualify(name: t.Any, provider: str) -> str:
    """A name as other providers would write it."""
    text = str(name)
    return text if "@" in text else f"{text}@{provider}"


def provider_of(name: str) -> str:
    return name.rpartition("@")[2] if "@" in name else FILE


def _compare(
    api: TraefikApi,
    kind: Kind,
    name: str,
    wanted: dict[str, t.Any],
    fields: t.Callable[[str, t.Mapping[str, t.Any]], dict[str, t.Any]],
) -> list[Mismatch]:
    data = api.read(kind, name)
    if data is None:
        return [Mismatch(kind, name, "is not there")]
    live = fields(name, data)
    differing = [
        Mismatch(kind, name, f"has {field} {live.get(field)!r}, must have {value!r}")
        for field, value in wanted.items()
        if value is not ANY and live.get(field) != value
    ]
    # Without a status it is a service that nothing uses.
    status = data.get("status", "enabled")
    if status != "enabled":
        why = "; ".join(problems_of(data)) or "Traefik gives no reason"
        differing.append(Mismatch(kind, name, f"is {status}: {why}", refused=not differing))
    return differing


def _router_fields(name: str, data: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The fields of a router that decide what it serves; of a wanted one only those that it names."""
    provider = provider_of(name)
    fields = {key: data[key] for key in ("rule", "priority") if data.get(key) is not None}
    if data.get("service") is not None:
        fields["service"] = qualify(data["service"], provider)
    if data.get("entryPoints"):
        fields["entryPoints"] = sorted(data["entryPoints"])
    if data.get("middlewares"):
        fields["middlewares"] = [qualify(one, provider) for one in data["middlewares"]]
    if data.get("tls") is not None:
        fields["tls"] = True
    return fields


def _service_fields(name: str, data: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    fields: dict[str, t.Any] = {}
    weighted = data.get("weighted")
    if weighted is not None:
        provider = provider_of(name)
        fields["weights"] = {
            qualify(one.get("name"), provider): 1 if one.get("weight") is None else one["weight"]
            for one in weighted.get("services") or []
        }
        cookie = (weighted.get("sticky") or {}).get("cookie")
        fields["sticky"] = None if cookie is None else cookie.get("name") or ANY
    balancer = data.get("loadBalancer")
    if balancer is not None:
        fields["servers"] = sorted(one.get("url", "") for one in balancer.get("servers") or [])
    return fields


def _middleware_fields(_name: str, data: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    ranges = (data.get("ipAllowList") or {}).get("sourceRange")
    return {} if ranges is None else {"sourceRange": list(ranges)}
