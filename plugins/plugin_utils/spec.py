# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Specs: what the tenant database wants of each tenant, validated and normalized.

Rows come from views and from databases that enforce no types, so every rule of the schema is checked here again, and
many that a schema cannot express. A row that breaks one quarantines its tenant and nobody else.
"""

from __future__ import annotations

import dataclasses
import datetime
import sys
import typing as t

from ansible_collections.tenantry.platform.plugins.plugin_utils import database_queries as queries
from ansible_collections.tenantry.platform.plugins.plugin_utils import database_schema as schema
from ansible_collections.tenantry.platform.plugins.plugin_utils import database_url
from ansible_collections.tenantry.platform.plugins.plugin_utils import spec_models as models
from ansible_collections.tenantry.platform.plugins.plugin_utils import spec_overrides as overrides
from ansible_collections.tenantry.platform.plugins.plugin_utils import spec_places as places
from ansible_collections.tenantry.platform.plugins.plugin_utils import spec_rules as rules
from ansible_collections.tenantry.platform.plugins.plugin_utils.database_queries import Row, Rows
from ansible_collections.tenantry.platform.plugins.plugin_utils.render import serialize
from ansible_collections.tenantry.platform.plugins.plugin_utils.spec_groups import Groups
from ansible_collections.tenantry.platform.plugins.plugin_utils.spec_hostnames import Hostnames, hostname_or_none
from ansible_collections.tenantry.platform.plugins.plugin_utils.spec_policies import (
    hooks,
    ignore_rules,
    migrations,
    policies,
)
from ansible_collections.tenantry.platform.plugins.plugin_utils.spec_repositories import Repositories
from ansible_collections.tenantry.platform.plugins.plugin_utils.spec_routes import routes
from ansible_collections.tenantry.platform.plugins.plugin_utils.spec_services import Services

SCHEMA = 1
# What changes when it changes: files of a release, routes, records.
RENDERED = (
    "name",
    "zone",
    "subdomain",
    "addresses",
    "ttl",
    "services",
    "routes",
    "secrets",
    "generations",
    "backups",
)

Problem = models.Problem
Spec = dict[str, t.Any]


@dataclasses.dataclass
class Limits:
    """What the operator allows the database to say.

    :param registries: where images may come from.
    :param references: beginnings of references to secrets.
    """

    registries: places.Registries = dataclasses.field(default_factory=places.Registries)
    references: t.Sequence[str] = places.REFERENCES


@dataclasses.dataclass
class Fleet:
    """Everything that the inventory needs.

    ``invalid`` has by inventory host the fields and reasons; a row whose name cannot be a host's stands there under one
    that says its kind and id. ``groups`` has by tenant the names of its groups.
    """

    specs: dict[str, Spec] = dataclasses.field(default_factory=dict)
    policies: dict[str, dict[str, t.Any]] = dataclasses.field(default_factory=dict)
    groups: dict[str, list[str]] = dataclasses.field(default_factory=dict)
    nodes: dict[str, dict[str, t.Any]] = dataclasses.field(default_factory=dict)
    zones: dict[str, dict[str, t.Any]] = dataclasses.field(default_factory=dict)
    repositories: dict[str, dict[str, t.Any]] = dataclasses.field(default_factory=dict)
    invalid: dict[str, list[dict[str, str]]] = dataclasses.field(default_factory=dict)
    known: list[str] = dataclasses.field(default_factory=list)


def digest(spec: t.Mapping[str, t.Any]) -> str:
    """Identity of what a spec renders to: ``sha256:`` and 64 hexadecimal digits."""
    return serialize.digest({key: spec[key] for key in RENDERED})


def build(rows: Rows, limits: Limits | None = None, now: datetime.datetime | None = None) -> Fleet:
    """Specs of all tenants that were read.

    :param now: when overrides are judged as expired; the present by default.
    :raises TenantryError: ``missing_library``.
    """
    if models.PYDANTIC_ERROR is not None:
        raise database_url.missing("pydantic", models.PYDANTIC_ERROR)
    if places.idna is None:
        raise database_url.missing("idna", ImportError("No module named 'idna'"))
    return _Builder(rows, limits or Limits(), now or datetime.datetime.now(datetime.timezone.utc)).build()


class _Builder:
    """Builds one fleet."""

    def __init__(self, rows: Rows, limits: Limits, now: datetime.datetime) -> None:
        self.rows = rows
        self.now = now
        self.limits = limits
        self.fleet = Fleet()
        self.groups = Groups()
        self.bad_nodes: set[t.Any] = set()
        self.bad_zones: dict[t.Any, str] = {}
        self.stacks: dict[str, models.Stack] = {}
        self.bad_stacks: dict[t.Any, str] = {}
        self.default_node = queries.default_node(rows)
        self.default_zone = hostname_or_none(queries.default_zone(rows))

    def build(self) -> Fleet:
        self._nodes()
        self._zones()
        self._stacks()
        self.hostnames = self._claims()
        self.ignored = self._ignored()
        self.services = Services(self.rows, self._registries())
        self.repositories = Repositories(self.rows.repositories, self.limits.references)
        self.fleet.repositories = self.repositories.usable
        self.fleet.known = [row["name"] for row in self.rows.known if isinstance(row["name"], str)]
        for row in self.rows.tenants:
            self._tenant(row)
        return self.fleet

    def _registries(self) -> places.Registries:
        """An operator's default registry is trusted, one that the database names is not."""
        ours = self.limits.registries
        if ours.default is not None:
            return places.Registries(ours.default, {*ours.listed, ours.default}, ours.only_listed)
        return places.Registries(self.rows.settings.get("default_registry"), ours.listed, ours.only_listed)

    def _quarantine(self, kind: str, row: Row, problems: list[Problem]) -> None:
        host = row["name"]
        try:
            rules.unreserved_name(host)
        except ValueError:
            host = None
        if host is None or host in self.fleet.specs or host in self.fleet.nodes or host in self.fleet.invalid:
            # In digits only: ids of views may be anything.
            number = row["id"] if isinstance(row["id"], int) else len(self.fleet.invalid)
            host = f"quarantined-{kind}-{number}"
        self.fleet.invalid[host] = [{"field": field, "reason": reason} for field, reason in problems]

    # -- what tenants refer to -------------------------------------------------------------------------------------

    def _nodes(self) -> None:
        for row in self.rows.nodes:
            model, problems = models.validate(models.Node, row)
            if model is not None and model.name in self.fleet.nodes:
                problems.append(("name", f"node {model.name} is there twice"))
            if model is not None and not problems and (problem := self.groups.claim("node", model.name)):
                problems.append(("name", problem))
            if model is None or problems:
                self.bad_nodes.add(row["name"])
                self._quarantine("node", row, problems)
                continue
            self.fleet.nodes[model.name] = _node(model)

    def _zones(self) -> None:
        for row in self.rows.zones:
            model, problems = models.validate(models.Zone, row)
            if model is not None:
                nameserver = model.nameserver or self.default_node
                if nameserver not in self.fleet.nodes:
                    problems.append(
                        ("nameserver", f"{rules.shown(nameserver)} is no node" if nameserver else "is missing")
                    )
                if problem := self.groups.claim("zone", model.name):
                    problems.append(("name", problem))
                if model.name in self.fleet.zones:
                    problems.append(("name", "is there twice"))
            if model is None or problems:
                name = hostname_or_none(row["name"])
                self.bad_zones[name] = "; ".join(f"{field}: {reason}" for field, reason in problems)
                continue
            self.fleet.zones[model.name] = {"nameserver": nameserver, "ttl": model.ttl}

    def _stacks(self) -> None:
        for row in self.rows.stacks:
            model, problems = models.validate(models.Stack, row)
            if model is None:
                self.bad_stacks[row["name"]] = "; ".join(f"{field}: {reason}" for field, reason in problems)
            else:
                self.stacks[model.name] = model

    def _ignored(self) -> list[dict[str, t.Any]]:
        """Rules for everybody. A bad one is reported for itself: it must not quarantine the fleet."""
        problems: list[Problem] = []
        found = ignore_rules(self.rows, None, problems)
        if problems:
            self._quarantine("ignore-rules", {"name": None, "id": 0}, problems)
        return found

    def _claims(self) -> Hostnames:
        names = Hostnames({*self.fleet.zones, *(zone for zone in self.bad_zones if zone)})
        for row in self.rows.known:
            state = self._state_override(row["name"]) or row["state"]
            try:
                tenant = rules.unreserved_name(row["name"])
            except ValueError:
                continue
            if state == "removed":
                continue
            zone = hostname_or_none(row["zone"]) if row["zone"] is not None else self.default_zone
            own = hostname_or_none(f"{row['subdomain'] or tenant}.{zone}") if zone else None
            if own:
                names.claim(tenant, own)
            for route in self.rows.owned["routes"].get(("tenant", tenant), ()):
                hostname = hostname_or_none(route["hostname"]) if route["hostname"] is not None else None
                if hostname and route["enabled"] not in (0, False):
                    names.claim(tenant, hostname)
        return names

    def _state_override(self, tenant: t.Any) -> t.Any:
        given = self.rows.overrides.get(tenant)
        if not given:
            return None
        found, _problems = overrides.current(given, self.now)
        return found["state"]["value"] if "state" in found else None

    # -- tenants ---------------------------------------------------------------------------------------------------

    def _tenant(self, row: Row) -> None:
        model, problems = models.validate(models.Tenant, row)
        # A tenant without a usable name has nothing that could be found by it.
        name = model.name if model else row["name"] if not any(problem[0] == "name" for problem in problems) else None
        if name in self.fleet.nodes or name in self.bad_nodes:
            problems.append(("name", f"a node is called {name} too: names of hosts are unique"))
        if name in self.fleet.specs or name in self.fleet.invalid:
            problems.append(("name", f"tenant {name} is there twice: the first one keeps the name"))
        if model is None or problems:
            problems += self._rest(name, row) if name is not None else []
            self._quarantine("tenant", row, problems)
            return
        spec = self._spec(model, problems)
        policy = policies(self.rows, spec, model.stack, self.ignored, self.repositories, problems)
        groups = self._tenant_groups(spec, problems)
        if problems:
            self._quarantine("tenant", row, problems)
            return
        spec["backups"] = self.repositories.archived(model.name, policy["backups"])
        self.fleet.specs[model.name] = spec
        self.fleet.policies[model.name] = policy
        self.fleet.groups[model.name] = groups

    def _rest(self, name: str, row: Row) -> list[Problem]:
        """What else is wrong with a tenant whose own row is, so that it can be corrected at once."""
        stack = row["stack"] if row["stack"] in self.stacks else None
        problems: list[Problem] = []
        services, wrong = self.services.of(name, stack, "unknown")
        problems += wrong
        _routes, wrong = routes(self.rows, name, stack, services, None, self.hostnames)
        # Services that could not be made are missing on purpose.
        return problems or wrong

    def _spec(self, model: models.Tenant, problems: list[Problem]) -> Spec:
        stack = self._stack(model, problems)
        node, zone = self._node(model, problems), self._zone(model, problems)
        found = self._overridden(model, problems)
        own_version = model.pinned_version or model.version or (stack.version if stack else None)
        version = found["version"]["value"] if "version" in found else own_version
        state = found["state"]["value"] if "state" in found else model.state
        subdomain = model.subdomain or model.name
        own = hostname_or_none(f"{subdomain}.{zone}") if zone else None
        if zone and own is None:
            problems.append(("subdomain", f"{subdomain}.{zone} is no hostname"))
        versions = overrides.service_versions(found)
        services, wrong = self.services.of(model.name, stack.name if stack else None, version, versions)
        problems += wrong
        names = None if state == "removed" else self.hostnames
        if not wrong:
            its_routes, wrong = routes(self.rows, model.name, stack.name if stack else None, services, own, names)
            problems += wrong
        else:
            its_routes = []
        if not services and not wrong and state != "removed":
            problems.append(("services", "there is none: add a row to services, or name a stack"))
        secrets = self._secrets(model.name, stack.name if stack else None, services, problems)
        volumes = {volume["name"] for service in services for volume in service["volumes"]}
        generations = overrides.generations(found)
        for name, generation in generations.items():
            if f"{name}-{generation}" in volumes:
                problems.append((f"overrides.volume.{name}", f"a volume is called {name}-{generation} already"))
        where = self.fleet.nodes.get(node or "", {"addresses": []})
        return {
            "schema": SCHEMA,
            "name": model.name,
            "display_name": model.display_name or model.name,
            "state": state,
            "node": node,
            "zone": zone,
            "subdomain": subdomain,
            "tier": model.tier,
            "ring": model.ring,
            "strategy": model.strategy,
            "version": version,
            "pinned_version": model.pinned_version,
            "maintenance": {"window": model.maintenance_window, "timezone": model.maintenance_timezone},
            "addresses": list(where["addresses"]),
            "ttl": self.fleet.zones.get(zone or "", {"ttl": 0})["ttl"],
            "services": services,
            "routes": its_routes,
            "secrets": secrets,
            "migrations": migrations(self.rows, model.name, stack.name if stack else None, services, problems),
            "hooks": hooks(self.rows, model.name, stack.name if stack else None, services, problems),
            "release": found["release"]["value"] if "release" in found else None,
            "closed": "maintenance" in found,
            "held": [
                overrides.held(row, {"state": model.state, "version": own_version}.get(field))
                for field, row in sorted(found.items())
                if not field.startswith(schema.VOLUME_GENERATION)
            ],
            "generations": dict(sorted(generations.items())),
        }

    def _stack(self, model: models.Tenant, problems: list[Problem]) -> models.Stack | None:
        if model.stack is None:
            return None
        if model.stack not in self.stacks:
            why = self.bad_stacks.get(model.stack)
            problems.append(
                ("stack", f"{model.stack} is invalid: {why}" if why else f"there is no stack {model.stack}")
            )
        return self.stacks.get(model.stack)

    def _node(self, model: models.Tenant, problems: list[Problem]) -> str | None:
        node = model.node or self.default_node
        if node is None:
            problems.append(("node", "is missing, and there is neither one single node nor a setting default_node"))
        elif node in self.bad_nodes:
            problems.append(("node", f"node {rules.shown(node)} is invalid"))
        elif node not in self.fleet.nodes:
            problems.append(("node", f"there is no node {rules.shown(node)}"))
        return node

    def _zone(self, model: models.Tenant, problems: list[Problem]) -> str | None:
        zone = model.zone or self.default_zone
        if zone is None:
            problems.append(("zone", "is missing, and there is neither one single zone nor a setting default_zone"))
        elif zone in self.bad_zones:
            problems.append(("zone", f"zone {zone} is invalid: {self.bad_zones[zone]}"))
        elif zone not in self.fleet.zones:
            problems.append(("zone", f"there is no zone {zone}"))
        return zone

    def _overridden(self, model: models.Tenant, problems: list[Problem]) -> dict[str, overrides.Row]:
        """By field the override that counts."""
        given = self.rows.overrides.get(model.name)
        if not given:
            return {}
        found, wrong = overrides.current(given, self.now)
        problems += wrong
        return found

    def _secrets(
        self, tenant: str, stack: str | None, services: list[dict[str, t.Any]], problems: list[Problem]
    ) -> list[dict[str, t.Any]]:
        given: dict[t.Any, Row] = {}
        for owner in ([("stack", stack)] if stack else []) + [("tenant", tenant)]:
            given.update({row["name"]: row for row in self.rows.owned["secrets"].get(owner, ())})
        result = []
        for name, row in given.items():
            field = f"secrets.{rules.segment(name)}"
            try:
                result.append(self._secret(tenant, row))
            except ValueError as error:
                problems.append((field, str(error)))
        for service in services:
            for name in service["secrets"]:
                if name not in given:
                    problems.append((f"services.{service['name']}.secrets", f"there is no secret {name}"))
        return sorted(result, key=lambda secret: secret["name"])

    def _secret(self, tenant: str, row: Row) -> dict[str, t.Any]:
        name, vault, reference = rules.part(row["name"]), row["vault"], row["reference"]
        if (vault is None) == (reference is None):
            raise ValueError("needs either vault text or a reference")
        return {
            "name": name,
            "vault": None if vault is None else places.vault(vault),
            "reference": None if reference is None else places.reference(reference, tenant, self.limits.references),
        }

    def _tenant_groups(self, spec: Spec, problems: list[Problem]) -> list[str]:
        groups = []
        for kind in ("node", "tier", "ring", "state", "zone"):
            if spec[kind] is None:
                continue
            if problem := self.groups.claim(kind, str(spec[kind])):
                problems.append((kind, problem))
            groups.append(self.groups.name(kind, str(spec[kind])))
        return groups


def _node(model: models.Node) -> dict[str, t.Any]:
    local = model.connection == "local"
    return {
        "name": model.name,
        "address": model.address or ("127.0.0.1" if local else model.name),
        "connection": model.connection,
        "user": model.ssh_user,
        "port": model.ssh_port,
        # Discovery picks broken shims; a local node runs what runs this.
        "python_interpreter": model.python_interpreter or (sys.executable if local else "/usr/bin/python3"),
        "ipv4": model.ipv4,
        "ipv6": model.ipv6,
        "max_parallel": model.max_parallel,
        "addresses": [address for address in (model.ipv4, model.ipv6) if address is not None],
    }
