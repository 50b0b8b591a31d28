# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Routes of a tenant and who may use them, as entries of the spec."""

from __future__ import annotations

import typing as t

from ansible_collections.tenantry.platform.plugins.plugin_utils import spec_models as models
from ansible_collections.tenantry.platform.plugins.plugin_utils import spec_places as places
from ansible_collections.tenantry.platform.plugins.plugin_utils import spec_rules as rules
from ansible_collections.tenantry.platform.plugins.plugin_utils.database_queries import Row, Rows
from ansible_collections.tenantry.platform.plugins.plugin_utils.spec_hostnames import Hostnames
from ansible_collections.tenantry.platform.plugins.plugin_utils.spec_services import Problem

Service = t.Mapping[str, t.Any]
Owners = list[tuple[str, t.Any]]


def routes(
    rows: Rows,
    tenant: str,
    stack: str | None,
    services: t.Sequence[Service],
    own_hostname: str | None,
    names: Hostnames | None,
) -> tuple[list[dict[str, t.Any]], list[Problem]]:
    """Routes by name, and what is wrong: ``routes.main.hostname`` and why.

    A route of the tenant takes the place of the stack's route of that name. Without any, the first app service with a
    port is reached at the tenant's own hostname.

    :param own_hostname: ``<subdomain>.<zone>``; None when it could not be had, which is told elsewhere.
    :param names: who owns which hostname; None for a tenant that is to go, which holds no name.
    """
    problems: list[Problem] = []
    found = _rows(rows, tenant, stack)
    routable = {service["name"]: service for service in services if service["kind"] == "app" and service["port"]}
    first = "web" if "web" in routable else min(routable, default=None)
    if not found:
        found = {"main": (("tenant", tenant), {"name": "main"})} if first is not None else {}
    access = _Access(rows, tenant, stack, problems)
    result = []
    for name, (owner, row) in found.items():
        field = f"routes.{rules.segment(name)}"
        model, wrong = models.validate(models.Route, row)
        problems += [(f"{field}.{column}", reason) for column, reason in wrong]
        if model is None or not model.enabled:
            continue
        backends = _backends(rows, owner, model, first, routable, field, problems)
        hostname = model.hostname or own_hostname
        if names is not None and hostname is not None and (refusal := names.refusal(tenant, hostname)):
            # A hostname that follows from the subdomain is corrected there, whichever routes stand on it.
            problem = ("subdomain" if model.hostname is None else f"{field}.hostname", refusal)
            if problem not in problems:
                problems.append(problem)
        result.append(
            {
                "name": model.name,
                "hostname": hostname,
                "path_prefix": model.path_prefix,
                "tls": model.tls,
                "sticky": model.sticky,
                "via": model.via,
                "backends": backends,
                "access": access.of(model.name, [backend["service"] for backend in backends]),
            }
        )
    access.check_places(set(found), {service["name"] for service in services})
    _check_pairs(result, problems)
    return sorted(result, key=lambda route: route["name"]), problems


def _owners(tenant: str, stack: str | None) -> Owners:
    return [("tenant", tenant)] + ([("stack", stack)] if stack is not None else [])


def _rows(rows: Rows, tenant: str, stack: str | None) -> dict[t.Any, tuple[tuple[str, t.Any], Row]]:
    found: dict[t.Any, tuple[tuple[str, t.Any], Row]] = {}
    for owner in reversed(_owners(tenant, stack)):
        for row in rows.owned["routes"].get(owner, ()):
            found[row["name"]] = (owner, row)
    return found


def _backends(
    rows: Rows,
    owner: tuple[str, t.Any],
    route: models.Route,
    first: str | None,
    routable: t.Mapping[str, Service],
    field: str,
    problems: list[Problem],
) -> list[dict[str, t.Any]]:
    given = [row for row in rows.owned["route_backends"].get(owner, ()) if row["route"] == route.name]
    if given and route.service is not None:
        problems.append((f"{field}.service", "is given, and rows of route_backends too: use one of them"))
    if not given:
        service = route.service or first
        if service is None:
            problems.append((f"{field}.service", "is missing, and there is no app service with a port"))
            return []
        given = [{"service": service}]
    result = []
    for row in given:
        model, wrong = models.validate(models.Backend, row)
        problems += [(f"{field}.backends.{rules.segment(row['service'])}.{column}", reason) for column, reason in wrong]
        if model is None:
            continue
        if model.service not in routable:
            problems.append((f"{field}.backends", f"{model.service} is no app service with a port"))
        result.append({"service": model.service, "weight": model.weight})
    return sorted(result, key=lambda backend: backend["service"])


def _check_pairs(result: list[dict[str, t.Any]], problems: list[Problem]) -> None:
    """One hostname and path lead to one place."""
    seen: dict[tuple[t.Any, str], str] = {}
    for route in result:
        pair = (route["hostname"], route["path_prefix"])
        if pair in seen:
            problems.append(
                (f"routes.{route['name']}.path_prefix", f"route {seen[pair]} has the same hostname and path prefix")
            )
        seen[pair] = route["name"]


class _Access:
    """Ordered rules: those of a route, then those of its services, then those of the whole tenant."""

    def __init__(self, rows: Rows, tenant: str, stack: str | None, problems: list[Problem]) -> None:
        self.by_place: dict[tuple[str, t.Any], list[dict[str, str]]] = {}
        self.problems = problems
        for owner in _owners(tenant, stack):
            given = rows.owned["access_rules"].get(owner, ())
            for row in sorted(given, key=_position):
                self._add(row)

    def _add(self, row: Row) -> None:
        place = _place(row)
        field = "access_rules" + (f".{rules.segment(place[1])}" if place[0] else "")
        if row["position"] is not None and not isinstance(row["position"], int):
            self.problems.append((f"{field}.position", "is no whole number"))
        model, wrong = models.validate(models.AccessRule, row)
        self.problems += [(f"{field}.{column}", reason) for column, reason in wrong]
        if model is None:
            return
        if model.action == "allow" and places.is_everyone(model.cidr) and not model.everyone:
            self.problems.append(
                (f"{field}.cidr", f"{model.cidr} allows everyone: if that is meant, set everyone to true")
            )
        self.by_place.setdefault(place, []).append({"action": model.action, "cidr": model.cidr})

    def of(self, route: str, services: list[str]) -> list[dict[str, str]]:
        """The rules of a route, first match first."""
        wanted = [("route", route), *(("service", service) for service in services), ("", None)]
        return [dict(rule) for place in wanted for rule in self.by_place.get(place, ())]

    def check_places(self, found: set[t.Any], services: set[str]) -> None:
        """A rule for something that does not exist would protect nothing in silence."""
        for kind, name in self.by_place:
            if kind and name not in (found if kind == "route" else services):
                self.problems.append((f"access_rules.{rules.segment(name)}", f"there is no {kind} of that name"))


def _place(row: Row) -> tuple[str, t.Any]:
    if row["route"] is not None:
        return "route", row["route"]
    return ("service", row["service"]) if row["service"] is not None else ("", None)


def _position(row: Row) -> tuple[int, t.Any]:
    return row["position"] if isinstance(row["position"], int) else 0, row["id"]
