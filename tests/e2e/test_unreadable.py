# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What cannot be read is never called in sync, never removed, and never healed."""

from __future__ import annotations

import json
import time
import typing as t

import demo
import demo_check
import pytest
from conftest import forget, kill, wait_for

NAMES = ("e2e-u-stays", "e2e-u-goes")
LIMIT = ("--limit", "e2e-u-*")


@pytest.fixture(scope="module")
def served(fleet):
    """A tenant that shall stay and one that shall go, while something does not answer."""
    for name in NAMES:
        fleet.add(name)
    assert fleet.play("deploy", *LIMIT).code == 0
    yield fleet
    forget(fleet, list(NAMES))


def drift(fleet: t.Any, *arguments: str, **environment: str) -> tuple[t.Any, dict[str, t.Any]]:
    """Run the playbook ``drift``; how it ended, and its report."""
    path = demo.STATE / "drift-unread.json"
    path.unlink(missing_ok=True)
    settings = {"ANSIBLE_CALLBACKS_ENABLED": "tenantry.platform.drift", "TENANTRY_DRIFT_JSON": str(path)}
    run = fleet.play("drift", *LIMIT, *arguments, **settings, **environment)
    return run, json.loads(path.read_text(encoding="utf-8"))


def nothing_happens(fleet: t.Any, status: str, **environment: str) -> None:
    """No run changes a container, and none says that all is well."""
    before = fleet.containers()
    run, report = drift(fleet, **environment)
    assert run.code == 4
    assert report["complete"] is False
    assert {one["status"] for one in report["tenants"].values()} == {status}
    assert fleet.play("heal", *LIMIT, **environment).code == 4
    fleet.sql("UPDATE tenants SET state = 'removed' WHERE name = 'e2e-u-goes'")
    try:
        run = fleet.play("deploy", *LIMIT, **environment)
        assert run.code not in (0, None)
        assert status in run.text
    finally:
        fleet.sql("UPDATE tenants SET state = 'active' WHERE name = 'e2e-u-goes'")
    assert fleet.containers() == before


@pytest.mark.parametrize("server", ["tenantry-edge-traefik-1", "tenantry-nameserver-powerdns-1"])
def test_a_dead_proxy_or_name_server(served, server):
    demo_check.docker("stop", "-t", "1", server)
    try:
        nothing_happens(served, "unknown")
    finally:
        demo_check.docker("start", server)
        wait_for(lambda: drift(served)[0].code == 0)


def test_an_engine_that_does_not_answer(served, tmp_path):
    nothing_happens(served, "unknown", DOCKER_HOST=f"unix://{tmp_path}/no.sock")


def test_a_node_that_does_not_answer(served):
    served.sql("UPDATE nodes SET connection = 'ssh', address = '127.0.0.1', ssh_port = 1 WHERE name = 'local'")
    try:
        nothing_happens(served, "unreachable")
    finally:
        served.sql("UPDATE nodes SET connection = 'local', ssh_port = NULL WHERE name = 'local'")


def test_a_run_that_is_killed_says_nothing(served):
    path = demo.STATE / "drift-killed.json"
    settings = {"ANSIBLE_CALLBACKS_ENABLED": "tenantry.platform.drift", "TENANTRY_DRIFT_JSON": str(path)}
    before = served.containers()
    served.environment.update(settings)
    try:
        process = served.start("drift", *LIMIT)
        time.sleep(2)
        assert process.poll() is None
        kill(process)
    finally:
        for name in settings:
            served.environment.pop(name)
    assert not path.exists()
    assert served.containers() == before
