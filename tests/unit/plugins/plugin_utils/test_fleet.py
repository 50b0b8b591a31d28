# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hosts of a play as tenants, nodes and quarantined ones."""

from __future__ import annotations

import types
import typing as t

from ansible_collections.tenantry.platform.plugins.plugin_utils import fleet

HOSTS = {
    "acme": {"tenant": {"name": "acme", "node": "node1"}},
    "globex": {"tenant": {"name": "globex", "node": "node1"}},
    "initech": {"tenant": {"name": "initech", "node": "node2"}},
    "bad": {"tenantry_invalid": [{"field": "image", "reason": "no"}]},
    "node1": {"node": {"name": "node1"}},
    "node3": {"node": {"name": "node3"}},
    "localhost": {"ansible_facts": {"tenantry_plan": '[{"tenant": "acme"}]'}},
    "stranger": {},
}


class HostVars(dict):
    """As much of ansible's HostVars as is used."""

    raw_get = dict.__getitem__


VARIABLES = {"hostvars": HostVars(HOSTS)}


def test_hosts_are_told_apart_by_what_the_inventory_said_of_them():
    covered = fleet.sort_hosts(VARIABLES, ["acme", "bad", "node1", "stranger"])
    assert list(covered.specs) == ["acme"]
    assert list(covered.invalid) == ["bad"]
    assert covered.nodes == ["node1"]


def test_each_node_is_read_once_through_one_of_its_tenants():
    covered = fleet.sort_hosts(VARIABLES, ["acme", "globex", "initech", "node1", "node3"])
    assert covered.readers == {"acme": ["acme", "globex"], "initech": ["initech"], "node3": []}


def test_a_limit_to_one_tenant_still_reaches_its_node():
    assert fleet.sort_hosts(VARIABLES, ["globex"]).readers == {"globex": ["globex"]}


def test_facts_are_read_by_their_own_name():
    assert fleet.planned(VARIABLES) == {"acme": {"tenant": "acme"}}
    assert fleet.planned({"hostvars": HostVars({})}) == {}
    assert fleet.outcomes(VARIABLES) is None
    assert fleet.localhost_fact(VARIABLES, "tenantry_rows", None) is None
    assert fleet.host_fact(VARIABLES, "acme", "tenantry_outcome") is None
    assert fleet.host_fact(VARIABLES, "in-no-row", "tenantry_outcome") is None


def test_facts_are_read_where_they_lie_without_putting_together_all_variables():
    class Manager:
        _fact_cache: t.ClassVar = {"localhost": {"tenantry_plan": fleet.packed([{"tenant": "acme", "text": "ä"}])}}

    class Ansibles(HostVars):
        _variable_manager = Manager()
        raw_get = None

    variables = {"hostvars": Ansibles(HOSTS)}
    assert fleet.planned(variables) == {"acme": {"tenant": "acme", "text": "ä"}}
    assert fleet.host_fact(variables, "acme", "tenantry_outcome") is None
    # A cache plugin itself, as newer ansible-core has it.
    Ansibles._variable_manager._fact_cache = types.SimpleNamespace(get={}.__getitem__)
    assert fleet.planned(variables) == {}


def test_the_requester_is_a_variable_before_it_is_the_login():
    assert fleet.requested_by({"tenantry_requested_by": "ann", "awx_user_name": "bob"}) == "ann"
    assert fleet.requested_by({"awx_user_name": "bob"}) == "bob"
    assert fleet.requested_by({})
