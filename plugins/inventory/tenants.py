# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Inventory of tenants and nodes from the tenant database."""

from __future__ import annotations

DOCUMENTATION = r"""
name: tenants
short_description: Tenants and nodes from the tenant database
version_added: 0.1.0
author:
  - tenantry.platform contributors (@tenantry)
description:
  - Makes each tenant and each node of the tenant database a host.
  - A tenant's host has its specification in the variable C(tenant), what else the database says about it in
    C(tenant_policies), and the connection of its node. A node's host has its row in the variable C(node).
  - Groups are C(tenants), C(nodes), C(nameservers) and C(quarantined), and by value C(node_), C(tier_), C(ring_),
    C(state_) and C(zone_) with other characters than letters and digits replaced by an underscore. The group of a node
    holds the node and its tenants, and their connection, so that C(group_vars) of that group can add to it. Over SSH
    that has C(ansible_pipelining), which halves the time of a task; where sudo has C(requiretty), set it to false.
  - The group C(all) has the variables C(tenantry_known), the names of all tenants, filtered and invalid ones too,
    C(tenantry_zones), the zones with their name servers, C(tenantry_repositories), the repositories of backups by name
    with their secrets as they are stored, and C(tenantry_database), which actions on the controller use.
  - A tenant with a row that breaks a rule is named in a warning with field and reason, and stays visible as a host of
    the group C(quarantined) with the variable C(tenantry_invalid). Everyone else is served.
  - No string of the database is ever templated.
  - The file name must end with C(tenants.yml) or C(tenants.yaml).
extends_documentation_fragment:
  - tenantry.platform.database
  - constructed
  - inventory_cache
options:
  plugin:
    description: Marks the file as one for this plugin.
    type: str
    required: true
    choices: [tenantry.platform.tenants]
  database:
    description:
      - URL of the tenant database, such as V(sqlite:///tenants.sqlite) or V(postgresql://tenantry@db.example.com/tenantry).
      - A relative SQLite path is relative to the inventory file.
      - The environment variable E(TENANTRY_DATABASE) comes before what the file says, so that one file serves a copy of
        the database too.
    type: str
    env:
      - name: TENANTRY_DATABASE
  password:
    description:
      - Password for O(database). It may be vault-encrypted here. It never becomes a variable.
      - Without it, the driver's own ways work too, such as E(PGPASSWORD) or a password file.
    type: str
    env:
      - name: TENANTRY_DATABASE_PASSWORD
  where:
    description:
      - Conditions on columns of the relation C(tenants), all of which a tenant must meet. The database evaluates them.
      - A tenant that they hide is still in C(tenantry_known), and keeps its hostnames.
    type: list
    elements: dict
    default: []
    suboptions:
      column:
        description: Column to compare, as it is stored; for C(node) and C(zone) the default counts where it is empty.
        type: str
        required: true
        choices: [name, state, stack, node, zone, subdomain, tier, ring, strategy, version, pinned_version]
      operator:
        description: How to compare.
        type: str
        default: eq
        choices: [eq, ne, lt, le, gt, ge, in, not_in, like, is_null, is_not_null]
      value:
        description: A string or number to compare with; a list of them for V(in) and V(not_in).
        type: raw
  on_invalid:
    description:
      - V(quarantine) leaves tenants with invalid rows out and goes on with the others.
      - V(fail) ends the run before anything is done.
    type: str
    choices: [quarantine, fail]
    default: quarantine
  registry:
    description:
      - Registry, with its port, of images that name none. Comes before the setting C(default_registry) of the database.
      - The environment variable E(TENANTRY_REGISTRY) comes before what the file says.
    type: str
    env:
      - name: TENANTRY_REGISTRY
  registries:
    description:
      - Registries on the node itself or on private networks that images may come from. Such registries are refused
        otherwise, so that a row cannot make a node talk to its own network.
    type: list
    elements: str
    default: []
  registries_only:
    description: Whether images may come from O(registry) and O(registries) only.
    type: bool
    default: false
  secret_references:
    description:
      - What references to secrets may begin with, so that a row cannot read other variables or files of the controller.
      - A file path ends with a slash, unless it is one file.
    type: list
    elements: str
    default: ['env:TENANTRY_SECRET_', 'file:/etc/tenantry/secrets/', 'file:/run/tenantry/secrets/']
requirements:
  - pydantic 2
  - idna
"""

EXAMPLES = r"""
# tenants.yml
plugin: tenantry.platform.tenants
database: sqlite:///tenants.sqlite

# The tenants of two nodes that are not removed, from PostgreSQL; the password is in TENANTRY_DATABASE_PASSWORD
---
plugin: tenantry.platform.tenants
database: postgresql://tenantry@db.example.com/tenantry
schema: tenantry
where:
  - column: node
    operator: in
    value: [node1, node2]
  - column: state
    operator: ne
    value: removed
keyed_groups:
  - key: tenant.strategy
    prefix: strategy
"""

import os
import typing as t

from ansible.errors import AnsibleParserError
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable
from ansible.release import __version__ as core_version
from ansible.utils.unsafe_proxy import AnsibleUnsafeText, wrap_var

from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.plugin_utils import inventory as fleet

# Up to ansible-core 2.18 any string of an inventory plugin is a template; since 2.19 none is unless it is marked.
# Lists of the spec whose entries tenants have in common.
SHARED = ("services", "backups")
WRAP = tuple(int(part) for part in core_version.split(".")[:2]) < (2, 19)


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):
    """See DOCUMENTATION."""

    NAME = "tenantry.platform.tenants"

    def verify_file(self, path: str) -> bool:
        """Whether the file is one for this plugin, by its name."""
        return super().verify_file(path) and path.endswith(("tenants.yml", "tenants.yaml"))

    def parse(self, inventory: t.Any, loader: t.Any, path: str, cache: bool = True) -> None:
        """Fill the inventory."""
        super().parse(inventory, loader, path, cache)
        self._read_config_data(path)
        try:
            source = fleet.Source.of(self._values(), os.path.dirname(os.path.abspath(path)))
            with fleet.collector_paused():
                self._populate(source, self._content(source, path, cache))
        except TenantryError as error:
            raise AnsibleParserError(f"{error.message} (error_kind: {error.error_kind})") from error

    def _values(self) -> dict[str, t.Any]:
        """Options as plain values."""
        names = ("database", "password", "schema", "prefix", "where", "registry", "registries", "registries_only")
        values = {name: fleet.plain(self.get_option(name)) for name in (*names, "secret_references")}
        # For ansible an option in the file comes before the environment.
        for name, variable in (("database", "TENANTRY_DATABASE"), ("registry", "TENANTRY_REGISTRY")):
            values[name] = os.environ.get(variable) or values[name]
        return values

    def _content(self, source: fleet.Source, path: str, cache: bool) -> fleet.Content:
        """From the cache, or from the database."""
        if not self.get_option("cache"):
            return source.read()
        key = f"{self.get_cache_key(path)}_{source.identity()}"
        if cache:
            try:
                return fleet.Content.of(fleet.plain(self._cache[key]))
            except KeyError:
                pass
        content = source.read()
        if not content.pretended:
            self._cache[key] = content.as_dict()
        return content

    def _populate(self, source: fleet.Source, content: fleet.Content) -> None:
        if content.invalid and self.get_option("on_invalid") == "fail":
            raise AnsibleParserError("invalid rows in the tenant database:\n" + "\n".join(content.warnings()))
        for warning in content.warnings():
            self.display.warning(warning)
        wrap = _unsafe if WRAP else _same
        shared: dict[int, t.Any] = {}
        for group, variables in content.group_vars(source.public).items():
            self.inventory.add_group(group)
            self.inventory.groups[group].vars.update(wrap(variables))
        composed = any(self.get_option(name) for name in ("compose", "groups", "keyed_groups"))
        for host in content.hosts():
            self.inventory.add_host(host.name)
            for group in host.groups:
                self.inventory.add_group(group)
                self.inventory.add_child(group, host.name)
            # set_variable() copies and marks every leaf, which takes nine tenths of the time of a large inventory.
            variables = _wrapped(host.variables, wrap, shared) if WRAP else host.variables
            self.inventory.hosts[host.name].vars.update(variables)
            if composed and host.valid:
                self._construct(host.name, variables)

    def _construct(self, host: str, variables: dict[str, t.Any]) -> None:
        strict = self.get_option("strict")
        self._set_composite_vars(self.get_option("compose"), variables, host, strict=strict)
        known = {**variables, **self.inventory.hosts[host].vars}
        self._add_host_to_composed_groups(self.get_option("groups"), known, host, strict=strict)
        self._add_host_to_keyed_groups(self.get_option("keyed_groups"), known, host, strict=strict)


def _same(value: t.Any) -> t.Any:
    return value


def _unsafe(value: t.Any) -> t.Any:
    """As wrap_var, for plain data: half of the time of a large inventory. Keys are ours, or were checked."""
    if isinstance(value, str):
        return AnsibleUnsafeText(value)
    if isinstance(value, dict):
        return {key: _unsafe(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_unsafe(one) for one in value]
    return value if value is None or isinstance(value, (int, float)) else wrap_var(value)


def _wrapped(
    variables: dict[str, t.Any], wrap: t.Callable[[t.Any], t.Any], shared: dict[int, t.Any]
) -> dict[str, t.Any]:
    """Variables with every string wrapped; what tenants share is wrapped once."""
    result = {key: wrap(value) for key, value in variables.items() if key != "tenant"}
    spec = variables.get("tenant")
    if spec is not None:
        result["tenant"] = {key: wrap(value) for key, value in spec.items() if key not in SHARED}
        for key in SHARED:
            for one in spec[key]:
                if id(one) not in shared:
                    shared[id(one)] = wrap(one)
            result["tenant"][key] = [shared[id(one)] for one in spec[key]]
    return result
