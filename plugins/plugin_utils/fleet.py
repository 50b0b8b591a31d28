# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hosts of a play as tenants, nodes and quarantined ones, and the facts that plays hand to each other."""

from __future__ import annotations

import dataclasses
import json
import typing as t

EVERYBODY = "tenants:nodes:quarantined"  # the hosts of a run
OUTCOME = "tenantry_outcome"  # fact on a tenant: how its apply ended


@dataclasses.dataclass
class Fleet:
    """What a run covers."""

    specs: dict[str, dict[str, t.Any]] = dataclasses.field(default_factory=dict)
    policies: dict[str, dict[str, t.Any]] = dataclasses.field(default_factory=dict)
    invalid: dict[str, list[dict[str, str]]] = dataclasses.field(default_factory=dict)
    nodes: list[str] = dataclasses.field(default_factory=list)

    @property
    def readers(self) -> dict[str, list[str]]:
        """One host of each node to read it through, with the tenants to read there.

        A tenant's connection is its node's, so that ``--limit`` to a tenant still reaches the node.
        """
        by_node: dict[str, list[str]] = {node: [] for node in self.nodes}
        for name, spec in self.specs.items():
            by_node.setdefault(spec["node"], []).append(name)
        return {(names[0] if names else node): names for node, names in sorted(by_node.items())}


def sort_hosts(task_vars: dict[str, t.Any], hosts: t.Iterable[str]) -> Fleet:
    """Sort hosts by what the inventory plugin said of them."""
    hostvars = task_vars["hostvars"]
    fleet = Fleet()
    for host in hosts:
        variables = _written(hostvars, host)
        if "tenantry_invalid" in variables:
            fleet.invalid[host] = variables["tenantry_invalid"]
        elif "tenant" in variables:
            fleet.specs[host] = variables["tenant"]
            fleet.policies[host] = variables.get("tenant_policies") or {}
        elif "node" in variables:
            fleet.nodes.append(host)
    return fleet


def _written(hostvars: t.Any, host: str) -> t.Mapping[str, t.Any]:
    """The variables that the inventory wrote at a host itself, as it wrote them.

    Whatever else may be said of a host is no specification, and takes ansible 0.3 ms a host to put together.
    """
    inventory = getattr(hostvars, "_inventory", None)
    variables: t.Mapping[str, t.Any] = inventory.get_host(host).vars if inventory else hostvars.raw_get(host)
    return variables


def localhost_fact(task_vars: dict[str, t.Any], name: str, default: t.Any) -> t.Any:
    """A fact that an earlier play left on localhost."""
    return _facts(task_vars, "localhost").get(name, default)


def packed(verdicts: t.Iterable[t.Mapping[str, t.Any]]) -> str:
    """Verdicts or outcomes of all tenants as one fact.

    Ansible walks through every value of every fact whenever somebody reads one, and a text is a single value.
    """
    return json.dumps(list(verdicts), ensure_ascii=False)


def planned(task_vars: dict[str, t.Any]) -> dict[str, dict[str, t.Any]]:
    """The plan's verdicts by tenant; none before there is a plan."""
    found = json.loads(str.__str__(localhost_fact(task_vars, "tenantry_plan", "[]")))
    return {one["tenant"]: one for one in found}


def outcomes(task_vars: dict[str, t.Any]) -> list[dict[str, t.Any]] | None:
    """How every tenant of the run ended; None before that is known."""
    rows = localhost_fact(task_vars, "tenantry_rows", None)
    return None if rows is None else t.cast("list[dict[str, t.Any]]", json.loads(str.__str__(rows)))


def host_fact(task_vars: dict[str, t.Any], host: str, name: str) -> t.Any:
    """A fact of any host of the inventory, None where there is none."""
    return _facts(task_vars, host).get(name)


def registered(task_vars: dict[str, t.Any], host: str, name: str) -> t.Any:
    """A registered result of any host of the inventory, None where there is none."""
    return task_vars["hostvars"].raw_get(host).get(name)


def by_node(task_vars: dict[str, t.Any], covered: Fleet, name: str) -> dict[str, t.Any]:
    """What the readers registered under a name, by node; None where a reader registered nothing."""
    found = {}
    for reader in localhost_fact(task_vars, "tenantry_readers", []):
        node = covered.specs[reader]["node"] if reader in covered.specs else reader
        found[node] = registered(task_vars, reader, name)
    return found


def by_item(task_vars: dict[str, t.Any], name: str) -> dict[str, dict[str, t.Any]]:
    """Results of a loop that ran once, on one of the readers, by its item; none where it did not run."""
    for reader in localhost_fact(task_vars, "tenantry_readers", []):
        looped = registered(task_vars, reader, name)
        if looped and looped.get("results") is not None:
            return {str(one["item"]): one for one in looped["results"]}
    return {}


def _facts(task_vars: dict[str, t.Any], host: str) -> dict[str, t.Any]:
    hostvars = task_vars["hostvars"]
    if host not in hostvars:
        return {}  # a tenant that a node has and no row names is no host
    # Facts are read by their own name: injecting them as variables is on its way out of ansible-core. And where they
    # lie: putting together all variables of a host copies every fact.
    cache = getattr(getattr(hostvars, "_variable_manager", None), "_fact_cache", None)
    if cache is None:
        return hostvars.raw_get(host).get("ansible_facts") or {}
    try:
        return cache.get(host) or {}
    except KeyError:  # since ansible-core 2.19 it is the cache plugin itself, which says so where there is nothing
        return {}


def requested_by(task_vars: dict[str, t.Any]) -> str:
    """Who asked for this run: a variable, AWX's user, or the login name.

    Never templated: a web UI hands on what its users call themselves.
    """
    import getpass

    for name in ("tenantry_requested_by", "awx_user_name", "tower_user_name"):
        if task_vars.get(name):
            return str(task_vars[name])
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def request(task_vars: dict[str, t.Any]) -> str:
    """Id of the request that this run carries out, from the variable ``operation_id``; empty where there is none."""
    return str.__str__(task_vars.get("operation_id") or "")
