# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What plays hand to each other."""

from __future__ import annotations

import json
import types

import pytest

from ansible_collections.tenantry.platform.plugins.plugin_utils import fleet, ledger, plan, planner
from ansible_collections.tenantry.platform.tests.unit.plugins.plugin_utils.test_fleet import HostVars
from ansible_collections.tenantry.platform.tests.unit.plugins.tenant_databases import Tenants

RECORD = {"name": "acme.demo.test.", "type": "A", "ttl": 300, "value": ["192.0.2.1"], "disabled": False}
ZONE = "demo.test"


def verdict(tenant, action="none", status="in_sync"):
    return {**plan.Verdict(tenant, "node1", status, action=action).as_dict(), "zone": ZONE}


def test_the_last_plays_go_through_everybody_only_where_somebody_may_be_lost_on_the_way():
    busy = planner.Plan([verdict("a"), verdict("b", "deploy", "pending")], {}, {}, ["a"])
    assert busy.facts(check_mode=False)["tenantry_closing"] == fleet.EVERYBODY
    assert busy.facts(check_mode=True)["tenantry_closing"] == ["a"]
    assert planner.Plan([verdict("a")], {}, {}, ["a"]).facts(check_mode=False)["tenantry_closing"] == ["a"]
    # Everybody in quarantine, and no node: nobody reads anything, and somebody must still report it.
    assert planner.Plan([verdict("a")], {}, {}, []).facts(check_mode=False)["tenantry_closing"] == fleet.EVERYBODY


@pytest.fixture
def tenants(tmp_path):
    return Tenants.make(tmp_path)


def test_an_outcome_counts_for_a_tenant_that_this_run_applied(tenants):
    facts = {
        "tenantry_plan": fleet.packed([verdict("a", "deploy", "pending"), verdict("b")]),
        "tenantry_apply": ["a"],
        "tenantry_run": {"id": "02"},
    }
    failed = {"ansible_facts": {fleet.OUTCOME: {"run": "02", "status": "failed", "message": "no"}}}
    old = {"ansible_facts": {fleet.OUTCOME: {"run": "01", "status": "failed", "message": "no"}}}
    hosts = {"localhost": {"ansible_facts": facts}, "a": failed, "b": old}
    task_vars = {"hostvars": HostVars(hosts), "tenantry_database": tenants.settings}
    rows = json.loads(planner.outcomes(task_vars)["tenantry_rows"])
    assert [(row["tenant"], row["status"]) for row in rows] == [("a", "failed"), ("b", "in_sync")]
    hosts["a"] = old
    task_vars["hostvars"] = HostVars(hosts)
    rows = json.loads(planner.outcomes(task_vars)["tenantry_rows"])
    assert [row["status"] for row in rows] == ["unreachable", "in_sync"]


@pytest.mark.parametrize(
    ("status", "target", "told"),
    [
        ("in_sync", "sha256:wanted", "success"),
        ("in_sync", "sha256:other", "recovered"),
        ("in_sync (absent)", "sha256:wanted", "success"),
        ("unknown", "sha256:wanted", "running"),
    ],
)
def test_what_never_told_its_end_ends_with_a_plain_run_that_finds_everything_as_wanted(tenants, status, target, told):
    book = ledger.Ledger.open(tenants.settings)
    elsewhere = {"by": "ann", "controller": "elsewhere", "controller_boot": "another"}
    for name in ("acme", "bolt"):
        book.begin(name, "deploy", "ann", target=target, holder=elsewhere)
    silent = "UPDATE operations SET heartbeat_at = '2020-01-01 00:00:00.000000' WHERE tenant = 'acme'"
    tenants.sql(silent)
    known = {"release": "r1", "target_digest": "sha256:wanted"}
    facts = {"tenantry_plan": fleet.packed([{**verdict(name, status=status), **known} for name in ("acme", "bolt")])}
    task_vars = {
        "hostvars": HostVars({"localhost": {"ansible_facts": facts}}),
        "tenantry_database": tenants.settings,
    }
    planner.outcomes(task_vars, check_mode=True)
    assert tenants.sql("SELECT DISTINCT status FROM operations") == [("running",)]
    planner.outcomes(task_vars)
    # The other one lives.
    assert tenants.sql("SELECT status FROM operations ORDER BY tenant") == [(told,), ("running",)]
    applied = tenants.sql("SELECT release_id, spec_digest FROM applied_releases")
    assert applied == ([("r1", "sha256:wanted")] if told == "success" else [])


def test_images_are_cleaned_up_once_on_each_node_on_which_releases_came_or_went():
    actions = {
        "a": "deploy",
        "b": "deploy",
        "c": "converge",
        "d": "remove",
        "e": "deploy",
        "f": "rollback",
        "g": "none",
    }
    statuses = {"a": "deployed", "b": "deployed", "c": "healed", "d": "failed", "e": "waiting", "f": "rolled_back"}
    plan = {name: verdict(name, action, "pending") for name, action in actions.items()}
    facts = {
        "tenantry_read": {
            "a": {"a": "", "b": "", "g": ""},
            "c": {"c": "", "d": "", "e": ""},
            "f": {"f": ""},
            "node9": {},
        },
    }
    hosts = HostVars({"localhost": {"ansible_facts": facts}})
    applied = {name: {"status": status} for name, status in statuses.items()}
    assert planner.cleaners({"hostvars": hosts}, plan, applied) == ["a", "f"]
    assert planner.cleaners({"hostvars": hosts}, plan, {}) == []


@pytest.mark.parametrize(
    ("live", "present", "absent", "conflict"),
    [
        ([{**RECORD, "owner": "tenant:acme"}], [], [], ""),
        ([], ["acme.demo.test."], [], ""),
        ([{**RECORD, "owner": "tenant:acme"}, {**RECORD, "name": "old.", "owner": "tenant:acme"}], [], ["old."], ""),
        ([{**RECORD, "owner": "tenant:other"}], [], [], "belongs to tenant:other"),
        ([{**RECORD, "owner": None}], [], [], "belongs to nobody"),
        ([{**RECORD, "owner": "tenant:acme"}, {**RECORD, "name": "x.", "owner": "tenant:other"}], [], [], ""),
    ],
)
def test_of_a_zone_a_tenant_sees_its_own_names_and_what_it_owns(monkeypatch, live, present, absent, conflict):
    monkeypatch.setattr(planner.dns, "record_sets", lambda _spec: [RECORD])
    read = {"results": [{"item": ZONE, "zone_exists": True, "record_sets": live}]}
    facts = {"tenantry_readers": ["acme"]}
    hosts = HostVars({"localhost": {"ansible_facts": facts}, "acme": {"tenantry_zone_info": read}})
    zones = planner.zone_reads({"hostvars": hosts})
    found = planner.tenant_records({"name": "acme", "zone": ZONE, "state": "active"}, zones, {}, "sha256:one")
    assert [one["record"] for one in found.present] == present
    assert [one["record"] for one in found.absent] == absent
    assert conflict in found.conflict
    assert bool(found.conflict) is bool(conflict)


def test_a_spec_is_what_the_inventory_wrote_and_nothing_that_stands_over_it():
    inventory = types.SimpleNamespace(
        get_host=lambda name: types.SimpleNamespace(vars={"tenant": {"name": name, "node": "node1"}})
    )
    hosts = HostVars({"acme": {"tenant": {"name": "acme", "node": "somewhere-else"}}})
    assert fleet.sort_hosts({"hostvars": hosts}, ["acme"]).specs["acme"]["node"] == "somewhere-else"
    hosts._inventory = inventory
    assert fleet.sort_hosts({"hostvars": hosts}, ["acme"]).specs["acme"]["node"] == "node1"


def test_a_rollback_holds_its_releases_and_a_canary_none():
    release = "20261120T041833Z-00000000"
    made = [
        {**verdict("a", "rollback", "pending"), "target": release, "operation": "rollback"},
        {**verdict("b", "promote", "pending"), "target": release, "operation": "promote"},
        verdict("c"),
    ]
    assert planner.Plan(made, {}, {}).facts(check_mode=False)["tenantry_holds"] == {"a": {"release": release}}


def test_a_rollback_holds_the_generations_of_its_release_too():
    made = [{**verdict("a", "rollback", "pending"), "target": "x", "generations": {"data": None, "files": "r1"}}]
    holds = planner.Plan(made, {}, {}).facts(check_mode=False)["tenantry_holds"]
    assert holds == {"a": {"release": "x", "volume.data": None, "volume.files": "r1"}}
