# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs that are killed, and runs that meet: one whole release serves, and the next plain run settles the rest."""

from __future__ import annotations

import os
import random

import pytest
from conftest import kill, wait_for

NAME = "e2e-killed"
# Steps of a deploy before, at and after the moments that users see.
STEPS = ["pull", "release", "app", "route", "activate", "retire"]
# The names of the tests say which.
WANTED = os.environ.get("TENANTRY_KILL_AT") or random.choice(STEPS)
EVENTS = ["pre_switch", "post_deploy"]


@pytest.fixture(scope="module")
def tenant(fleet):
    """A tenant that serves."""
    fleet.add(NAME)
    assert fleet.play("deploy", "--limit", NAME).code == 0
    return NAME


def began(fleet, step):
    """Whether the running operation reached ``step``."""
    journal = fleet.journal(NAME)
    return not journal.get("ended_at") and step in [one["step"] for one in journal.get("steps", [])]


def next_version(fleet):
    """Another version than the one that serves, wanted from now on; both."""
    before = fleet.version(NAME).split()[-1]
    after = "1.1.0" if before == "1.0.0" else "1.0.0"
    fleet.sql("UPDATE tenants SET version = ? WHERE name = ?", after, NAME)
    return before, after


@pytest.mark.parametrize("step", STEPS if WANTED == "all" else [WANTED])
def test_after_a_kill_one_whole_release_serves_and_the_next_run_converges(fleet, tenant, step):
    before, after = next_version(fleet)
    process = fleet.start("deploy", "--limit", tenant)
    try:
        wait_for(lambda: began(fleet, step) or process.poll() is not None)
        assert process.poll() is None
    finally:
        kill(process)
    assert fleet.version(tenant) in (f"{tenant} {before}", f"{tenant} {after}")
    run = fleet.play("deploy", "--limit", tenant)
    assert run.code == 0
    assert fleet.version(tenant) == f"{tenant} {after}"
    projects = {one.rsplit("-", 2)[0] for one in fleet.containers(tenant)}
    assert projects == {f"{tenant}-{fleet.current(tenant).rsplit('-', 1)[1]}"}
    assert fleet.play("deploy", "--limit", tenant).text.count("Nothing is to be done") == 1


@pytest.mark.parametrize("event", EVENTS if WANTED == "all" else [random.choice(EVENTS)])
def test_a_hook_whose_run_was_killed_is_ended_by_the_next_run(fleet, event):
    name = fleet.add(f"e2e-orphan-{event.replace('_', '-')}")
    assert fleet.play("deploy", "--limit", name).code == 0
    fleet.sql("INSERT INTO services (tenant, name) VALUES (?, 'web')", name)
    insert = "INSERT INTO hooks (tenant, name, event, service, command) VALUES (?, 'slow', ?, 'web', ?)"
    fleet.sql(insert, name, event, '["sleep", "600"]')
    fleet.sql("UPDATE tenants SET version = '1.1.0' WHERE name = ?", name)
    process = fleet.start("deploy", "--limit", name)
    try:
        # Started, so that it is the engine's and nobody's child.
        wait_for(lambda: [one for one, how in fleet.containers(name).items() if "hook" in one and " 0001-" not in how])
    finally:
        kill(process)
    assert [one for one in fleet.containers(name) if "hook" in one]
    if event == "pre_switch":  # it would wait again; after the switch, a settled release is not deployed again
        fleet.sql("DELETE FROM hooks WHERE tenant = ?", name)
    assert fleet.play("deploy", "--limit", name).code == 0
    assert not [one for one in fleet.containers(name) if "hook" in one]
    assert fleet.version(name) == f"{name} 1.1.0"
    assert fleet.play("deploy", "--limit", name).text.count("Nothing is to be done") == 1


def test_of_two_runs_at_once_one_is_refused_with_the_name_of_the_holder(fleet, tenant):
    _before, after = next_version(fleet)
    process = fleet.start("deploy", "--limit", tenant, "-e", "tenantry_requested_by=ann")
    wait_for(lambda: began(fleet, "pull"))
    run = fleet.play("deploy", "--limit", tenant, "-e", "tenantry_requested_by=bob")
    assert process.wait() == 0
    assert run.code != 0
    assert "ann on" in run.text
    assert fleet.version(tenant) == f"{tenant} {after}"
