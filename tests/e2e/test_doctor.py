# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every link of the way to a tenant is broken for real: the doctor names it, and the command that it names mends it."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import typing as t

import demo
import demo_check
import pytest
from conftest import CORES, forget, wait_for
from test_drift import cache, record, web

docker = demo_check.docker
NAME = "e2e-doc"
OK = {
    "row": "ok",
    "dns": "ok",
    "edge": "ok",
    "route": "ok",
    "container": "ok",
    "health": "ok",
    "database": "ok",
}


def add_cache(fleet, name: str) -> None:
    """A backing service, on which the app depends."""
    fleet.sql(
        "INSERT INTO services (tenant, name, kind, image, port, memory, health_type, health_command,"
        " health_interval, run_as, tmpfs) VALUES (?, 'cache', 'backing', 'tenantry/redis:7', 6379, '64m',"
        """ 'command', '["redis-cli", "ping"]', 2, '998:998', '["/tmp"]')""",
        name,
    )
    fleet.sql("INSERT INTO service_volumes (tenant, service, name, path) VALUES (?, 'cache', 'cache', '/data')", name)
    fleet.sql("INSERT INTO services (tenant, name) VALUES (?, 'web')", name)
    fleet.sql("INSERT INTO service_dependencies (tenant, service, depends_on) VALUES (?, 'web', 'cache')", name)


@pytest.fixture(scope="module")
def tenant(fleet):
    """A tenant with an app and a backing service, every link of which is ok."""
    fleet.add(NAME)
    add_cache(fleet, NAME)
    assert fleet.play("deploy", "--limit", NAME).code == 0
    wait_for(lambda: fleet.version(NAME) == f"{NAME} 1.0.0")
    yield fleet
    forget(fleet, [NAME])


class Walk(t.NamedTuple):
    """What the playbook ``doctor`` said of one tenant."""

    code: int
    text: str
    data: dict[str, t.Any]

    @property
    def statuses(self) -> dict[str, str]:
        return {one["name"]: one["status"] for one in self.data["links"]}

    def link(self, name: str) -> dict[str, t.Any]:
        return next(one for one in self.data["links"] if one["name"] == name)

    @property
    def broken(self) -> set[str]:
        return {name for name, status in self.statuses.items() if status != "ok"}


def doctor(fleet, *arguments: str, name: str = NAME, core: str = "newest", **environment: str) -> Walk:
    """Run it, so that the task's result is printed too."""
    settings = {"ANSIBLE_DISPLAY_OK_HOSTS": "true", **environment}
    run = fleet.play("doctor", "--limit", name, "-v", *arguments, core=core, **settings)
    return Walk(run.code, run.text, result(run.text)[name])


def result(text: str) -> dict[str, dict[str, t.Any]]:
    """The walks by tenant, from the task's result as -v prints it."""
    found = re.search(r"^ok: \[\S+ -> localhost\] => (\{.*\"links\": .*\})$", text, re.MULTILINE)
    assert found is not None
    return {one["tenant"]: one for one in json.loads(found.group(1))["tenants"]}


def mend(fleet, walk: Walk) -> None:
    """Type the command that the walk names, and nothing else."""
    command = walk.data["command"]
    assert f"Mend it: {command}" in walk.text
    done = subprocess.run(
        shlex.split(command), env=fleet.settings("newest"), capture_output=True, text=True, timeout=300, check=False
    )
    print("$", command, "->", done.returncode, done.stdout, done.stderr)
    assert done.returncode == 0


def is_well(fleet) -> bool:
    """Whether its users are served, and the doctor sees nothing."""
    wait_for(lambda: fleet.version(NAME) == f"{NAME} 1.0.0")
    walk = doctor(fleet)
    return (walk.code, walk.statuses) == (0, OK)


def state(container: str, template: str) -> str:
    return docker("inspect", "--format", "{{" + template + "}}", container)


def hang(container: str) -> None:
    """Let a container's process stand still, and wait until its health check notices."""
    # Process 1 is the engine's init, which hands signals on.
    first = "min(int(one) for one in os.listdir('/proc') if one.isdigit() and one != '1')"
    docker("exec", container, "python3", "-c", f"import os, signal; os.kill({first}, signal.SIGSTOP)")
    wait_for(lambda: state(container, ".State.Health.Status") == "unhealthy", 120)


@pytest.mark.parametrize("core", CORES)
@pytest.mark.parametrize("check", [[], ["--check"]])
def test_a_tenant_that_is_well_is_called_so(tenant, core, check):
    before = tenant.containers()
    walk = doctor(tenant, *check, core=core)
    assert (walk.code, walk.statuses) == (0, OK)
    assert f"{NAME} on local: every link is ok" in walk.text
    assert "changed=0" in walk.text
    assert tenant.containers() == before


def test_a_stopped_container_is_the_cause_and_a_deploy_mends_it(tenant):
    docker("stop", "-t", "1", web(NAME))
    walk = doctor(tenant)
    assert (walk.code, walk.data["cause"]) == (2, "container")
    assert walk.broken == {"container", "health", "route"}
    assert {walk.link(one)["because"] for one in ("health", "route")} == {"container"}
    assert "is exited, exit code" in walk.link("container")["text"]
    mend(tenant, walk)
    assert is_well(tenant)


def test_a_route_file_that_is_gone_is_the_cause_and_a_deploy_mends_it(tenant):
    (demo.STATE / "edge" / "dynamic" / f"{NAME}.yml").unlink()
    wait_for(lambda: tenant.version(NAME) == "404")
    walk = doctor(tenant)
    assert (walk.code, walk.data["cause"], walk.broken) == (2, "route", {"route"})
    assert "404, the proxy has no route for it" in walk.link("route")["evidence"][-1]
    mend(tenant, walk)
    assert is_well(tenant)


def test_a_record_that_is_gone_is_the_cause_and_a_deploy_mends_it(tenant):
    record(NAME, {"changetype": "DELETE"})
    walk = doctor(tenant)
    assert (walk.code, walk.data["cause"], walk.broken) == (2, "dns", {"dns"})
    assert "the server says NXDOMAIN" in walk.link("dns")["evidence"][-1]
    mend(tenant, walk)
    assert is_well(tenant)


def test_a_stopped_backing_service_is_the_cause_and_a_deploy_mends_it(tenant):
    docker("stop", "-t", "1", cache(NAME))
    walk = doctor(tenant)
    assert (walk.code, walk.data["cause"]) == (2, "database")
    assert f"{cache(NAME)} is exited" in walk.link("database")["text"]
    mend(tenant, walk)
    assert is_well(tenant)


def test_a_backing_service_off_its_network_is_the_cause_and_a_deploy_mends_it(tenant):
    docker("network", "disconnect", f"{NAME}_backing", cache(NAME))
    walk = doctor(tenant)
    assert (walk.code, walk.data["cause"]) == (2, "database")
    assert f"is not on network {NAME}_backing" in walk.link("database")["text"]
    mend(tenant, walk)
    assert is_well(tenant)


def test_an_unhealthy_backing_service_is_the_cause_and_its_restart_mends_it(tenant):
    hang(cache(NAME))
    walk = doctor(tenant)
    assert (walk.code, walk.data["cause"]) == (2, "database")
    assert walk.link("database")["text"] == f"{cache(NAME)} is unhealthy"
    mend(tenant, walk)
    wait_for(lambda: state(cache(NAME), ".State.Health.Status") == "healthy")
    assert is_well(tenant)


def test_an_unhealthy_container_is_the_cause_and_a_restart_mends_it(tenant):
    hang(web(NAME))
    walk = doctor(tenant)
    assert (walk.code, walk.data["cause"]) == (2, "health")
    assert walk.broken == {"health", "route"}
    assert walk.link("route")["because"] == "health"
    assert any("health check of" in one for one in walk.link("health")["evidence"])
    mend(tenant, walk)
    assert is_well(tenant)


def test_a_dead_proxy_is_the_cause_and_nodes_starts_it(tenant):
    docker("stop", "-t", "1", "tenantry-edge-traefik-1")
    try:
        walk = doctor(tenant)
        assert (walk.code, walk.data["cause"], walk.broken) == (2, "edge", {"edge", "route"})
        assert "container tenantry-edge-traefik-1 is exited" in "\n".join(walk.link("edge")["evidence"])
        mend(tenant, walk)
        assert is_well(tenant)
    finally:
        docker("start", "tenantry-edge-traefik-1")


def test_a_dead_name_server_is_the_cause_and_nodes_starts_it(tenant):
    docker("stop", "-t", "1", "tenantry-nameserver-powerdns-1")
    try:
        walk = doctor(tenant)
        assert (walk.code, walk.data["cause"], walk.broken) == (2, "dns", {"dns"})
        mend(tenant, walk)
        assert is_well(tenant)
    finally:
        docker("start", "tenantry-nameserver-powerdns-1")


@pytest.mark.parametrize("core", CORES)
def test_a_row_in_quarantine_is_named_with_its_field_and_what_serves_is_left_alone(tenant, core):
    before = tenant.containers()
    tenant.sql("UPDATE tenants SET subdomain = 'www' WHERE name = ?", NAME)
    try:
        walk = doctor(tenant, core=core)
    finally:
        tenant.sql("UPDATE tenants SET subdomain = NULL WHERE name = ?", NAME)
    assert (walk.code, walk.data["cause"], list(walk.statuses)) == (2, "row", ["row"])
    assert f"correct tenants.subdomain where name = '{NAME}'" in walk.text
    assert tenant.containers() == before
    assert is_well(tenant)


def test_a_held_tenant_is_not_broken_and_start_serves_it_again(tenant):
    assert tenant.play("stop", "--limit", NAME, "-e", "reason=unpaid").code == 0
    walk = doctor(tenant)
    assert walk.code == 0
    assert set(walk.statuses.values()) == {"ok", "none"}
    assert "unpaid" in walk.text
    command = walk.link("row")["command"]
    assert f"To serve it again: {command}" in walk.text
    assert tenant.play(command.split()[1].rpartition(".")[2], *command.split()[2:]).code == 0
    assert is_well(tenant)


def test_what_cannot_be_asked_is_incomplete_and_not_broken(tenant, tmp_path):
    walk = doctor(tenant, DOCKER_HOST=f"unix://{tmp_path}/no.sock")
    assert (walk.code, walk.data["status"], walk.data["cause"]) == (4, "unknown", "container")
    assert {name for name, status in walk.statuses.items() if status == "unknown"} == {
        "container",
        "health",
        "database",
    }
    assert walk.statuses["route"] == "ok"


def test_a_tenant_that_was_never_deployed_is_deployed(tenant):
    name = tenant.add("e2e-doc-new")
    walk = doctor(tenant, name=name)
    assert (walk.code, walk.data["cause"]) == (2, "container")
    assert walk.link("container")["text"] == "no release of it was ever deployed"
    mend(tenant, walk)
    assert doctor(tenant, name=name).code == 0
    forget(tenant, [name])


def stopped_worker(fleet) -> int:
    """Stop the process that works on the tenant right now; its id, or 0 when there is none."""
    lock = fleet.tenants_root / NAME / ".deploy" / "lock"
    try:
        worker = json.loads(lock.read_text(encoding="utf-8"))["worker_pid"]
        if worker:
            os.kill(worker, signal.SIGSTOP)
    except (FileNotFoundError, ProcessLookupError, ValueError):
        return 0
    return worker


def test_an_operation_that_runs_is_named_with_its_holder(tenant):
    run = tenant.start("restart", "--limit", NAME)
    worker = 0
    try:
        worker = wait_for(lambda: stopped_worker(tenant))
        walk = doctor(tenant)
        assert (walk.data["cause"], walk.statuses["row"]) == ("row", "unknown")
        assert "an operation runs: " in walk.link("row")["text"]
        assert "(deploy, operation " in walk.link("row")["text"]
    finally:
        if worker:
            os.kill(worker, signal.SIGCONT)
        assert run.wait(timeout=300) == 0
    assert is_well(tenant)


def test_a_fleet_that_was_not_named_is_refused(tenant):
    for number in range(6):
        tenant.sql("INSERT INTO tenants (name, stack, state) VALUES (?, 'tiny', 'stopped')", f"e2e-doc-{number}")
    try:
        run = tenant.play("doctor")
        assert run.code == 2
        assert "name those that do not work with --limit" in run.text
        nobody = tenant.play("doctor", "--limit", "local")
        assert nobody.code == 2
        assert "--limit names none" in nobody.text
    finally:
        tenant.sql("DELETE FROM tenants WHERE name LIKE 'e2e-doc-%'")
