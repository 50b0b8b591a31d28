# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A tenant's routes for Traefik: labels of containers, the file of the file provider, and what the API must then show.

Containers carry invariant labels: labels cannot change while a container runs, and one that differs between two
releases makes Traefik drop both. Routers, weights and access lists stand in the tenant's file. Routes by labels alone
carry it all on the containers, under names that a release shares with no other.
"""

from __future__ import annotations

import math
import re
import typing as t

from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.plugin_utils.render import names
from ansible_collections.tenantry.platform.plugins.plugin_utils.render.access import effective_ranges

__all__ = [
    "container_labels",
    "effective_ranges",
    "expectations",
    "full_labels",
    "label_set",
    "route_file",
    "rule",
]

Spec = t.Mapping[str, t.Any]
Service = t.Mapping[str, t.Any]
Route = t.Mapping[str, t.Any]

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"(?=.{{1,253}}\Z)(?:{_LABEL}\.)+(?![0-9]+\Z){_LABEL}")
_PREFIX = re.compile(r"/[A-Za-z0-9._~@/-]{0,1023}")
_LOWEST_PRIORITY = 1000
# No client has this address. An empty list would disable the router, which answers 404 instead of 403.
_NOBODY = ["255.255.255.255/32"]


def rule(hostname: str, path_prefix: str) -> str:
    """The rule of a router, each part proven to be no more than what it says.

    :raises TenantryError: kind ``invalid`` for a part that could widen the rule or be read as a template.
    """
    if not isinstance(hostname, str) or not _HOST.fullmatch(hostname):
        raise TenantryError(
            f"{hostname!r} is no hostname for a route: lower case, IDNA-encoded, no wildcard, no trailing dot",
            "invalid",
            value=str(hostname),
        )
    if (
        not isinstance(path_prefix, str)
        or not _PREFIX.fullmatch(path_prefix)
        or "//" in path_prefix
        or {".", ".."} & set(path_prefix.split("/"))
    ):
        raise TenantryError(
            f"{path_prefix!r} is no path prefix for a route: start with /, use letters, digits and ._~@-/, "
            "no //, . or .. in it",
            "invalid",
            value=str(path_prefix),
        )
    if path_prefix == "/":
        return f"Host(`{hostname}`)"
    return f"Host(`{hostname}`) && PathPrefix(`{path_prefix}`)"


def container_labels(spec: Spec, service: Service, release: str) -> dict[str, str]:
    """Traefik's labels of one service's containers; none for a service that no route leads to.

    :param service: a service of ``spec``.
    :raises TenantryError: kind ``invalid``.
    """
    by_file = [route for route in _routes_to(spec, service) if route["via"] == "file"]
    labels = full_labels(spec, service, release)
    if not by_file:
        return labels
    name = f"traefik.http.services.{names.edge_service(spec['name'], service['name'], release)}.loadbalancer"
    labels.update(_invariant(spec))
    labels[f"{name}.server.port"] = str(_port(service))
    if any(route["sticky"] for route in by_file):
        # The cookie of the route chooses the release, this one the replica.
        secure = all(route["tls"] for route in by_file if route["sticky"])
        labels.update(_sticky_labels(name, names.edge(spec["name"], service["name"]), secure))
    return dict(sorted(labels.items()))


def label_set(spec: Spec, service: str, release: str, via: str) -> dict[str, t.Any]:
    """Labels of a service by its name, in a spec that somebody else put together, and what they lead to.

    :param via: ``spec``: each route goes its own way; ``labels``: all by labels, for an edge without a file provider.
    :returns: ``labels`` as ``container_labels``, and ``expect`` as ``expectations``.
    :raises TenantryError: kind ``invalid``, also for a spec that lacks something.
    """
    try:
        if via == "labels":
            spec = {**spec, "routes": [{**route, "via": via} for route in spec["routes"]]}
        services = {one["name"]: one for one in spec["services"]}
        if service not in services:
            raise TenantryError(
                f"tenant {spec['name']} has no service {service!r}: name one of {', '.join(sorted(services))}",
                "invalid",
            )
        labels = container_labels(spec, services[service], release)
        return {"labels": labels, "expect": expectations(spec, release)}
    except (KeyError, TypeError, AttributeError) as error:
        raise TenantryError(
            f"this is no spec of a tenant ({type(error).__name__}: {error}): pass the variable tenant that the "
            "inventory plugin tenantry.platform.tenants gives, with all its keys",
            "invalid",
        ) from error


def full_labels(spec: Spec, service: Service, release: str) -> dict[str, str]:
    """Labels that make the routes by labels alone: router, rule, access list, TLS and this service's weight.

    The containers of all backends of a route carry the same labels but for port and weight, which Traefik merges into
    one service. A weight counts per container there, so that of a service is divided by its replicas.

    :raises TenantryError: kind ``invalid``.
    """
    labels: dict[str, str] = {}
    for route in _routes_to(spec, service):
        if route["via"] == "labels":
            labels.update(_route_labels(spec, route, service, release))
    if labels:
        labels.update(_invariant(spec))
    return dict(sorted(labels.items()))


def route_file(spec: Spec, release: str) -> dict[str, t.Any] | None:
    """Dynamic configuration of the tenant for Traefik's file provider; None without a route by file.

    :raises TenantryError: kind ``invalid``.
    """
    routers: dict[str, t.Any] = {}
    services: dict[str, t.Any] = {}
    middlewares: dict[str, t.Any] = {}
    for route in _routes(spec, "file"):
        name = names.edge(spec["name"], route["name"])
        routers[name] = {
            "rule": rule(route["hostname"], route["path_prefix"]),
            "priority": _priority(route),
            "entryPoints": [_entry_point(route)],
            "service": name,
        }
        if route["tls"]:
            routers[name]["tls"] = {}
        weighted: dict[str, t.Any] = {
            "services": [
                {"name": f"{names.edge_service(spec['name'], service['name'], release)}@docker", "weight": weight}
                for service, weight in _backends(spec, route)
            ]
        }
        if route["sticky"]:
            weighted["sticky"] = {"cookie": {"name": name, "secure": bool(route["tls"]), "httpOnly": True}}
        services[name] = {"weighted": weighted}
        ranges = effective_ranges(route["access"])
        if ranges is not None:
            middlewares[name] = {"ipAllowList": {"sourceRange": ranges or list(_NOBODY)}}
            routers[name]["middlewares"] = [name]
    if not routers:
        return None
    http: dict[str, t.Any] = {"routers": routers, "services": services}
    if middlewares:
        http["middlewares"] = middlewares
    return {"http": http}


def expectations(spec: Spec, release: str) -> dict[str, t.Any]:
    """What Traefik's API shows once it has taken all routes of a release.

    :returns: ``routers``: by ``<name>@<provider>`` rule, service and priority; ``services``: by ``<name>@docker`` the
        number of servers.
    :raises TenantryError: kind ``invalid``.
    """
    routers: dict[str, t.Any] = {}
    services: dict[str, int] = {}
    for route in _routes(spec, "file"):
        name = names.edge(spec["name"], route["name"])
        routers[f"{name}@file"] = _expected_router(route, name)
        for service, _weight in _backends(spec, route):
            docker = names.edge_service(spec["name"], service["name"], release)
            services[f"{docker}@docker"] = int(service["replicas"])
    for route in _routes(spec, "labels"):
        name = names.edge_labels(spec["name"], route["name"], release)
        routers[f"{name}@docker"] = _expected_router(route, name)
        services[f"{name}@docker"] = sum(int(service["replicas"]) for service, _weight in _backends(spec, route))
    return {"routers": routers, "services": services}


def _expected_router(route: Route, service: str) -> dict[str, t.Any]:
    return {
        "rule": rule(route["hostname"], route["path_prefix"]),
        "service": service,
        "priority": _priority(route),
    }


def _invariant(spec: Spec) -> dict[str, str]:
    return {
        "tenantry.managed": "true",
        "traefik.docker.network": names.default_network(spec["name"]),
        "traefik.enable": "true",
    }


def _route_labels(spec: Spec, route: Route, service: Service, release: str) -> dict[str, str]:
    name = names.edge_labels(spec["name"], route["name"], release)
    router, balancer = f"traefik.http.routers.{name}", f"traefik.http.services.{name}.loadbalancer"
    labels = {
        f"{router}.rule": rule(route["hostname"], route["path_prefix"]),
        f"{router}.priority": str(_priority(route)),
        f"{router}.entrypoints": _entry_point(route),
        f"{router}.service": name,
        f"{balancer}.server.port": str(_port(service)),
        f"{balancer}.server.weight": str(_server_weights(spec, route)[service["name"]]),
    }
    if route["tls"]:
        labels[f"{router}.tls"] = "true"
    if route["sticky"]:
        labels.update(_sticky_labels(balancer, names.edge(spec["name"], route["name"]), bool(route["tls"])))
    ranges = effective_ranges(route["access"])
    if ranges is not None:
        labels[f"{router}.middlewares"] = name
        labels[f"traefik.http.middlewares.{name}.ipallowlist.sourcerange"] = ",".join(ranges or _NOBODY)
    return labels


def _sticky_labels(balancer: str, cookie: str, secure: bool) -> dict[str, str]:
    return {
        f"{balancer}.sticky.cookie.name": f"{cookie}-server",
        f"{balancer}.sticky.cookie.secure": "true" if secure else "false",
        f"{balancer}.sticky.cookie.httponly": "true",
    }


def _server_weights(spec: Spec, route: Route) -> dict[str, int]:
    """By service name the weight of each of its containers, so that the services share as the route says."""
    backends = _backends(spec, route)
    common = math.lcm(*(int(service["replicas"]) for service, _weight in backends))
    weights = {service["name"]: weight * common // int(service["replicas"]) for service, weight in backends}
    divisor = math.gcd(*weights.values())
    return {name: weight // divisor for name, weight in weights.items()}


def _routes(spec: Spec, via: str) -> list[Route]:
    return sorted((route for route in spec["routes"] if route["via"] == via), key=lambda route: str(route["name"]))


def _routes_to(spec: Spec, service: Service) -> list[Route]:
    return [
        route
        for route in sorted(spec["routes"], key=lambda route: str(route["name"]))
        if any(backend["name"] == service["name"] for backend, _weight in _backends(spec, route))
    ]


def _backends(spec: Spec, route: Route) -> list[tuple[Service, int]]:
    """Services of a route that get requests, by name. One of weight 0 would break the route when its container goes."""
    services = {service["name"]: service for service in spec["services"]}
    chosen: dict[str, int] = {}
    for backend in route["backends"]:
        service = services.get(backend["service"])
        if service is None or service["kind"] != "app":
            raise _refusal(spec, route, f"it leads to {backend['service']!r}, which is no app service of the tenant")
        if backend["service"] in chosen:
            raise _refusal(spec, route, f"it names {backend['service']!r} twice")
        weight = backend["weight"]
        if isinstance(weight, bool) or not isinstance(weight, int) or weight < 0:
            raise _refusal(spec, route, f"weight {weight!r} of {backend['service']} is no whole number from 0")
        if int(service["replicas"]) < 1:
            raise _refusal(spec, route, f"{backend['service']} has no replica")
        _port(service)
        chosen[backend["service"]] = int(weight)
    result = [(services[name], weight) for name, weight in sorted(chosen.items()) if weight]
    if not result:
        raise _refusal(spec, route, "no backend of it has a weight above 0")
    return result


def _port(service: Service) -> int:
    port = service["port"]
    if isinstance(port, bool) or not isinstance(port, int) or not 1 <= port <= 65535:
        raise TenantryError(
            f"service {service['name']} has a route but port {port!r}: give it a port from 1 to 65535",
            "invalid",
            service=str(service["name"]),
        )
    return int(port)


def _priority(route: Route) -> int:
    """A longer prefix wins over a shorter one, whatever the length of the hostnames."""
    return _LOWEST_PRIORITY + len(route["path_prefix"]) - 1


def url(route: Route) -> str:
    """Where a route answers."""
    return f"{'https' if route['tls'] else 'http'}://{route['hostname']}{route['path_prefix']}"


def _entry_point(route: Route) -> str:
    return "websecure" if route["tls"] else "web"


def _refusal(spec: Spec, route: Route, why: str) -> TenantryError:
    return TenantryError(
        f"route {route['name']} of tenant {spec['name']}: {why}; correct the row", "invalid", route=str(route["name"])
    )
