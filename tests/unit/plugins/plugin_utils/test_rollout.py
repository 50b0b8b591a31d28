# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rollouts by rings."""

from __future__ import annotations

import pytest

from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.plugin_utils import database_migrate, fleet, ledger, planner, rollout
from ansible_collections.tenantry.platform.tests.unit.plugins.plugin_utils.test_fleet import HostVars


def verdict(tenant, ring=0, action="deploy"):
    return {**dict.fromkeys(planner.ORDER), "tenant": tenant, "ring": ring, "action": action}


def test_a_ring_begins_when_the_one_before_it_has_ended():
    plan = planner.Plan([verdict("a", 3), verdict("b"), verdict("c", 3), verdict("d", action="none")], {}, {})
    facts = plan.facts(check_mode=False, in_rings=True)
    assert (facts["tenantry_apply"], facts["tenantry_rings"]) == (["b", "a", "c"], [1, 2])
    assert [facts["tenantry_orders"][name]["action"] for name in ("b", "a", "c")] == ["deploy"] * 3
    assert plan.facts(check_mode=False)["tenantry_rings"] == []
    assert plan.facts(check_mode=True, in_rings=True)["tenantry_rings"] == []


@pytest.fixture
def run(tmp_path):
    """A run over five tenants, and its ledger."""
    settings = {"url": f"sqlite:///{tmp_path}/tenants.sqlite"}
    database_migrate.upgrade(settings, None)
    names = ["a", "b", "c", "d", "e"]
    facts = {"tenantry_run": {"id": "01", "began": "2020-01-01T00:00:00Z"}, "tenantry_apply": names}
    variables = {
        "hostvars": HostVars({"localhost": {"ansible_facts": facts}}),
        "tenantry_database": settings,
        "ansible_play_hosts_all": names,
        "ansible_play_hosts": names,
    }
    return variables, ledger.Ledger.open(settings)


def fail(book, tenant, status="failure"):
    begun = book.begin(tenant, "deploy", "ann")
    book.finish(begun.id, begun.token, status)


def test_a_rollout_goes_on_until_too_many_failed(run):
    variables, book = run
    assert planner.gate(variables, 0) is None
    fail(book, "a")
    fail(book, "b", "success")
    fail(book, "elsewhere")
    assert planner.gate(variables, 1) is None
    told = planner.gate(variables, 0)
    assert told["status"] == "waiting"
    assert told["message"].startswith("the rollout stopped, because more than 0 failed: a;")
    fail(book, "b", "fatal")
    assert planner.gate(variables, 1)["run"] == "01"


def test_what_was_lost_counts_as_failed(run):
    variables, _book = run
    variables["ansible_play_hosts"] = ["c", "d", "e"]
    assert planner.gate(variables, 2) is None
    assert "a, b" in planner.gate(variables, 1)["message"]


def test_whose_request_was_done_before_is_not_lost(run):
    variables, _book = run
    variables["ansible_play_hosts"] = ["b", "c", "d", "e"]
    outcome = {"ansible_facts": {fleet.OUTCOME: {"run": "01", "status": "done"}}}
    variables["hostvars"] = HostVars({**variables["hostvars"], "a": outcome})
    assert planner.gate(variables, 0) is None


def test_what_failed_in_an_earlier_run_does_not_count(run):
    variables, book = run
    fail(book, "a")
    variables["hostvars"]["localhost"]["ansible_facts"]["tenantry_run"] = {"id": "02", "began": "2100-01-01T00:00:00Z"}
    assert planner.gate(variables, 0) is None


def test_many_failures_are_not_all_named():
    assert "t0, t1, t2, t3, t4 and 3 more" in rollout.stopped([f"t{number}" for number in range(8)], 2)


def test_a_number_below_zero_is_refused():
    with pytest.raises(TenantryError) as caught:
        planner.wishes({"rollout_max_failures": -1})
    assert "rollout_max_failures is -1" in caught.value.message


def test_a_ring_begins_a_while_after_the_one_before_it_has_ended(run):
    variables, book = run
    rings = {"a": 0, "b": 0, "c": 1, "d": 1, "e": 2}
    facts = variables["hostvars"].raw_get("localhost")["ansible_facts"]
    facts["tenantry_orders"] = {name: {"ring": ring} for name, ring in rings.items()}
    assert planner.pause_left(variables, "c", 60) == 0, "nothing ended yet"
    for name in ("a", "b"):
        fail(book, name, "success")
    assert planner.pause_left(variables, "a", 60) == 0
    assert 50 < planner.pause_left(variables, "c", 60) <= 60
    assert planner.pause_left(variables, "c", 0) == 0
