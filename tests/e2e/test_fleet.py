# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an operator does with a fleet, from the database to the user's answer."""

from __future__ import annotations

import json
import os
import random

import pytest
from conftest import CORES


def test_one_new_row_and_one_plain_deploy_make_a_tenant_that_answers(fleet):
    fleet.add("e2e-one")
    run = fleet.play("deploy")
    assert run.code == 0
    assert "e2e-one" in run.text
    assert fleet.version("e2e-one") == "e2e-one 1.0.0"


def test_a_second_deploy_has_nothing_to_do_and_touches_no_container(fleet):
    before = fleet.containers()
    run = fleet.play("deploy")
    assert run.code == 0
    assert "Nothing is to be done on the nodes." in run.text
    assert "changed=0" in run.text
    assert fleet.containers() == before


@pytest.mark.parametrize("core", CORES)
def test_a_version_change_with_a_limit_changes_only_that_tenant(fleet, core):
    one, two = fleet.add(f"e2e-{core}"), "e2e-one"
    assert fleet.play("deploy", core=core).code == 0
    other = fleet.containers(two)
    fleet.sql("UPDATE tenants SET version = '1.1.0' WHERE name = ?", one)
    run = fleet.play("deploy", "--limit", one, core=core)
    assert run.code == 0
    assert "web 1.0.0 → 1.1.0" in run.text
    assert fleet.version(one) == f"{one} 1.1.0"
    assert fleet.version(two) == f"{two} 1.0.0"
    assert fleet.containers(two) == other


def test_check_mode_says_what_would_happen_and_changes_nothing(fleet):
    fleet.add("e2e-checked")
    before = fleet.containers()
    run = fleet.play("deploy", "--check")
    assert run.code == 0
    assert "e2e-checked  deploy" in run.text
    assert fleet.containers() == before
    assert not (fleet.tenants_root / "e2e-checked").exists()
    fleet.sql("DELETE FROM tenants WHERE name = 'e2e-checked'")


# A minute and a half each: one by chance, its name says which, and both where every kill is tried.
@pytest.mark.parametrize("core", CORES if os.environ.get("TENANTRY_KILL_AT") == "all" else [random.choice(list(CORES))])
def test_an_image_that_never_gets_healthy_leaves_the_old_release_serving(fleet, core):
    name = fleet.add(f"e2e-sick-{core}")
    assert fleet.play("deploy", "--limit", name, core=core).code == 0
    release, containers = fleet.current(name), fleet.containers(name)
    fleet.sql("UPDATE tenants SET version = 'broken' WHERE name = ?", name)
    run = fleet.play("deploy", core=core)
    assert run.code != 0
    assert f"release {release} serves as before" in run.text
    assert "last lines of" in run.text
    assert fleet.version(name) == f"{name} 1.0.0"
    assert fleet.current(name) == release
    assert fleet.containers(name) == containers
    assert fleet.version("e2e-one") == "e2e-one 1.0.0"
    fleet.sql("UPDATE tenants SET version = '1.1.0' WHERE name = ?", name)
    assert fleet.play("deploy", "--limit", name, core=core).code == 0
    assert fleet.version(name) == f"{name} 1.1.0"


def test_a_first_release_that_never_gets_healthy_leaves_nothing_running(fleet):
    name = fleet.add("e2e-stillborn", version="broken")
    run = fleet.play("deploy", "--limit", name)
    assert run.code != 0
    assert "no release serves: there was none before" in run.text
    assert fleet.containers(name) == {}
    fleet.sql("DELETE FROM tenants WHERE name = ?", name)


def test_a_route_that_the_proxy_refuses_leaves_the_old_release_serving(fleet):
    name = "e2e-one"
    release = fleet.current(name)
    neighbour = fleet.tenants_root.parent / "edge" / "dynamic" / "zz-broken.yml"
    # Only the proxy sees what is wrong with it, and takes no file of the directory any more.
    router = {"rule": "Host(`x.demo.test`)", "service": "noop@internal", "priority": "high"}
    neighbour.write_text(json.dumps({"http": {"routers": {"x": router}}}), encoding="utf-8")
    try:
        fleet.sql("UPDATE tenants SET version = '2.0.0' WHERE name = ?", name)
        run = fleet.play("deploy", "--limit", name)
        assert run.code != 0
        assert "Traefik did not take the route file" in run.text
        assert fleet.current(name) == release
        assert fleet.version(name) == f"{name} 1.0.0"
        # What everybody sees to be broken is moved out of the way, and kept.
        neighbour.write_text("http: {routers: {x: {nonsense", encoding="utf-8")
        run = fleet.play("deploy", "--limit", name)
        assert run.code == 0
        assert "zz-broken.yml was broken, so that Traefik took no change" in run.text
        assert not neighbour.exists()
    finally:
        neighbour.unlink(missing_ok=True)
    assert fleet.version(name) == f"{name} 2.0.0"


def test_a_route_without_tls_is_served_and_the_others_are_redirected(fleet):
    name = fleet.add("e2e-plain")
    fleet.sql("INSERT INTO routes (tenant, name, tls) VALUES (?, 'main', 0)", name)
    assert fleet.play("deploy", "--limit", name).code == 0
    assert fleet.asker.redirect(f"{name}.demo.test", "/version") == "200 "
    assert fleet.asker.redirect("e2e-one.demo.test", "/version").startswith("301 https://e2e-one.demo.test")
