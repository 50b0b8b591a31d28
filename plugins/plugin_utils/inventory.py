# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From inventory options to hosts, groups and variables, without Ansible's own objects."""

from __future__ import annotations

import contextlib
import dataclasses
import gc
import hashlib
import json
import typing as t

from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.plugin_utils import database, database_url, holding, spec
from ansible_collections.tenantry.platform.plugins.plugin_utils import database_queries as queries
from ansible_collections.tenantry.platform.plugins.plugin_utils import spec_places as places


def plain(value: t.Any) -> t.Any:
    """A value without the marks that ansible puts on strings: drivers and pickles take exact types."""
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, t.Mapping):
        return {plain(key): plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    if value is None or isinstance(value, (bool, int, float)):
        return value
    # Vault-encrypted values of ansible-core before 2.19 decrypt when they are turned into text.
    return str.__str__(str(value))


@contextlib.contextmanager
def collector_paused() -> t.Iterator[None]:
    """Without the garbage collector: it would walk through millions of objects again and again, all of which stay."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@dataclasses.dataclass
class Source:
    """Where the fleet is read from, and what may stand there.

    ``public`` is the variable ``tenantry_database``: what :func:`database.connect` needs, without password.
    """

    public: dict[str, str]
    filters: list[queries.Filter]
    limits: spec.Limits

    @classmethod
    def of(cls, options: t.Mapping[str, t.Any], directory: str) -> Source:
        """From the options of the inventory plugin.

        :param directory: what a relative SQLite path is relative to.
        :raises TenantryError: ``database_url``, ``invalid_option``, ``missing_library``.
        """
        if not options["database"]:
            raise TenantryError("inventory option database is missing, and so is TENANTRY_DATABASE", "database_url")
        url = database_url.parse(options["database"], directory)
        database_url.remember_password(url, options["password"] or url.password)
        public = {
            "url": database_url.public(url),
            "schema": options["schema"] or "",
            "prefix": options["prefix"] or "",
        }
        registries = places.Registries(
            options["registry"] or None, options["registries"] or (), bool(options["registries_only"])
        )
        filters = [queries.Filter.of(one) for one in options["where"] or ()]
        return cls(public, filters, spec.Limits(registries, tuple(options["secret_references"])))

    def identity(self) -> str:
        """Sources of the same rows under the same rules have the same."""
        rules = self.limits.registries
        parts: list[t.Any] = [
            self.public,
            [dataclasses.astuple(one) for one in self.filters],
            list(self.limits.references),
        ]
        parts.append([rules.default, sorted(rules.listed), rules.only_listed])
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]

    def read(self) -> Content:
        """Read and validate.

        :raises TenantryError: what :func:`database.connect` raises.
        """
        rows = queries.read(database.connect(self.public), self.filters)
        pretended = holding.with_pretended(rows.overrides)
        return Content(spec.build(rows, self.limits), pretended)


@dataclasses.dataclass
class Host:
    """A host of the inventory."""

    name: str
    groups: list[str]
    variables: dict[str, t.Any]
    valid: bool = True


@dataclasses.dataclass
class Content:
    """A fleet as hosts and groups.

    :ivar pretended: whether it has holds that check mode did not write, and so is nothing for a cache.
    """

    fleet: spec.Fleet
    pretended: bool = False

    @classmethod
    def of(cls, stored: t.Mapping[str, t.Any]) -> Content:
        """From what :meth:`as_dict` gave to a cache."""
        return cls(spec.Fleet(**stored))

    def as_dict(self) -> dict[str, t.Any]:
        """For a cache: plain data."""
        return {field.name: getattr(self.fleet, field.name) for field in dataclasses.fields(self.fleet)}

    @property
    def invalid(self) -> bool:
        """Whether anything is in quarantine."""
        return bool(self.fleet.invalid)

    def warnings(self) -> list[str]:
        """A line for each host in quarantine."""
        return [
            f"{host} is in quarantine: " + "; ".join(f"{one['field']}: {one['reason']}" for one in problems)
            for host, problems in self.fleet.invalid.items()
        ]

    def group_vars(self, public: dict[str, str]) -> dict[str, dict[str, t.Any]]:
        """Groups that are there even when empty, and those with variables.

        Connections stand at the group that a node shares with its tenants, where group_vars can add to them.
        """
        result: dict[str, dict[str, t.Any]] = {
            "all": {
                "tenantry_database": public,
                "tenantry_known": self.fleet.known,
                "tenantry_zones": self.fleet.zones,
                "tenantry_repositories": self.fleet.repositories,
            },
            "tenants": {},
            "nodes": {},
            "nameservers": {},
            "quarantined": {},
        }
        for name, node in self.fleet.nodes.items():
            result[_group(name)] = _connection(node)
        return result

    def hosts(self) -> t.Iterator[Host]:
        """Nodes, tenants, and what is in quarantine."""
        fleet = self.fleet
        nameservers = {zone["nameserver"] for zone in fleet.zones.values()}
        for name, node in fleet.nodes.items():
            groups = ["nodes", _group(name), *(["nameservers"] if name in nameservers else [])]
            yield Host(name, groups, {"node": node})
        for name, one in fleet.specs.items():
            yield Host(name, ["tenants", *fleet.groups[name]], {"tenant": one, "tenant_policies": fleet.policies[name]})
        for name, problems in fleet.invalid.items():
            yield Host(name, ["quarantined"], {"tenantry_invalid": problems}, valid=False)


def _group(node: str) -> str:
    return "node_" + node.replace("-", "_")


def _connection(node: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    values = {
        "ansible_host": node["address"],
        "ansible_connection": node["connection"],
        "ansible_user": node["user"],
        "ansible_port": node["port"],
        "ansible_python_interpreter": node["python_interpreter"],
        # One round trip for each task instead of four. Only a sudo with requiretty cannot have it.
        "ansible_pipelining": True if node["connection"] == "ssh" else None,
    }
    return {name: value for name, value in values.items() if value is not None}
