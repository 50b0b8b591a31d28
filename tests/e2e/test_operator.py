# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rest of an operator's day: stop, start, restart, mend, look, remove."""

from __future__ import annotations

import demo_check
import pytest
from conftest import CORES

NAME = "e2e-day"


@pytest.fixture(scope="module")
def tenant(fleet):
    """A tenant that serves."""
    fleet.add(NAME)
    assert fleet.play("deploy", "--limit", NAME).code == 0
    return NAME


@pytest.mark.parametrize("core", CORES)
def test_a_stopped_tenant_stays_stopped_through_a_plain_deploy_and_is_shown_as_held(fleet, tenant, core):
    name = tenant
    assert fleet.play("stop", "--limit", name, "-e", "reason=unpaid", core=core).code == 0
    assert fleet.version(name) in ("0", "404")
    run = fleet.play("deploy", core=core)
    assert run.code == 0
    assert "held: state=stopped" in run.text
    assert "unpaid" in run.text
    assert fleet.version(name) in ("0", "404")
    assert fleet.play("start", "--limit", name, core=core).code == 0
    assert fleet.version(name) == f"{name} 1.0.0"


def test_stop_without_a_limit_is_refused(fleet):
    run = fleet.play("stop")
    assert run.code != 0
    assert "would reach every tenant" in run.text
    assert fleet.version(NAME) == "e2e-day 1.0.0"


def test_restart_renews_the_containers_as_a_new_release(fleet):
    before, release = fleet.containers(NAME), fleet.current(NAME)
    assert fleet.play("restart", "--limit", NAME).code == 0
    assert fleet.version(NAME) == "e2e-day 1.0.0"
    assert fleet.current(NAME) > release
    assert not set(before.values()) & set(fleet.containers(NAME).values())


def test_a_container_that_was_killed_is_brought_back(fleet):
    victim = next(iter(fleet.containers(NAME)))
    demo_check.docker("kill", victim)
    run = fleet.play("status")
    assert NAME in run.text
    assert "drift" in run.text
    assert fleet.play("deploy").code == 0
    assert fleet.version(NAME) == "e2e-day 1.0.0"


def test_logs_prints_the_last_lines_of_each_container(fleet):
    run = fleet.play("logs", "--limit", NAME)
    assert run.code == 0
    assert " | " in run.text


def test_one_invalid_row_is_quarantined_and_everyone_else_is_served(fleet):
    fleet.add("e2e-invalid", subdomain="www")
    fleet.add("e2e-fine")
    run = fleet.play("deploy")
    assert run.code != 0
    assert "e2e-invalid" in run.text
    assert "subdomain" in run.text
    assert fleet.version("e2e-fine") == "e2e-fine 1.0.0"
    fleet.sql("DELETE FROM tenants WHERE name = 'e2e-invalid'")
    assert fleet.play("deploy").code == 0


def test_a_rollout_goes_ring_by_ring_and_stops_when_too_many_fail(fleet):
    rings = {"e2e-ring-canary": 0, "e2e-ring-early": 1, "e2e-ring-late": 2}
    for name, ring in rings.items():
        fleet.add(name, ring=ring, version="1.0.0")
    rollout = ("deploy", "--limit", "e2e-ring-*", "-e", "rollout_max_failures=0")
    assert fleet.play(*rollout).code == 0
    for name in rings:
        version = "broken" if name == "e2e-ring-early" else "1.1.0"
        fleet.sql("UPDATE tenants SET version = ? WHERE name = ?", version, name)

    checked = fleet.play(*rollout, "--check")
    assert "Rollout: ring 0: 1, ring 1: 1, ring 2: 1; stops after more than 0 failed" in checked.text
    run = fleet.play(*rollout)
    assert run.code == 2
    assert {name: fleet.version(name) for name in rings} == {
        "e2e-ring-canary": "e2e-ring-canary 1.1.0",
        "e2e-ring-early": "e2e-ring-early 1.0.0",
        "e2e-ring-late": "e2e-ring-late 1.0.0",
    }
    assert "1 tenant waits: the rollout stopped, because more than 0 failed: e2e-ring-early" in run.text

    # With more patience it goes on where it was.
    run = fleet.play(*rollout[:-1], "rollout_max_failures=1", core="oldest")
    assert run.code == 2
    assert fleet.version("e2e-ring-late") == "e2e-ring-late 1.1.0"
    fleet.sql("UPDATE tenants SET version = '1.1.0' WHERE name = 'e2e-ring-early'")
    assert fleet.play(*rollout).code == 0
    refused = fleet.play(*rollout[:-1], "rollout_max_failures=-1")
    assert "write 0 to stop at the first failure" in refused.text


def test_removal_must_be_confirmed_and_stays_removed(fleet):
    refused = fleet.play("remove", "--limit", "e2e-fine")
    assert refused.code != 0
    assert "-e remove_confirm=e2e-fine" in refused.text
    assert fleet.version("e2e-fine") == "e2e-fine 1.0.0"
    assert fleet.play("remove", "--limit", "e2e-fine", "-e", "remove_confirm=e2e-fine").code == 0
    assert fleet.version("e2e-fine") in ("0", "404")
    assert fleet.containers("e2e-fine") == {}
    assert fleet.asker.dig("e2e-fine.demo.test") == []
    assert fleet.play("deploy").code == 0
    assert fleet.containers("e2e-fine") == {}


def test_volumes_stay_until_their_removal_is_asked_for(fleet):
    name = fleet.add("e2e-data")
    fleet.sql("INSERT INTO services (tenant, name) VALUES (?, 'web')", name)
    fleet.sql("INSERT INTO service_volumes (tenant, service, name, path) VALUES (?, 'web', 'data', '/data')", name)
    assert fleet.play("deploy", "--limit", name).code == 0
    confirmed = ["--limit", name, "-e", f"remove_confirm={name}"]
    assert fleet.play("remove", *confirmed).code == 0
    assert volumes(name) == [f"{name}_data"]
    again = fleet.play("remove", *confirmed, "-e", "remove_volumes=true")
    assert again.code == 0
    assert "volumes still there" in again.text
    assert volumes(name) == []


def volumes(name):
    """Names of the tenant's volumes on the engine."""
    return demo_check.docker("volume", "ls", "-q", "--filter", f"label=tenantry.tenant={name}").split()
