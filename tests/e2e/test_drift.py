# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What somebody does to a fleet behind our back: each is found, classed right, nothing else is, and a deploy mends it.

Every tenant gets one change, so that one run has to tell them all apart.
"""

from __future__ import annotations

import json
import os
import typing as t
import urllib.request

import demo
import demo_check
import pytest
from conftest import forget, wait_for

docker = demo_check.docker
Found = set[tuple[str, str, str]]  # kind, field, class


def web(name: str) -> str:
    """The container of a tenant's app service."""
    return docker("ps", "-aq", "--filter", f"label=tenantry.tenant={name}", "--filter", "label=tenantry.service=web")


def cache(name: str) -> str:
    """The container of a tenant's backing service."""
    return f"{name}-cache-1"


def recreate(container: str, **changes: t.Any) -> None:
    """Make a container anew with another configuration, under its name and with its labels, as a person would."""
    import docker as sdk

    api = sdk.APIClient(version="auto")
    was = api.inspect_container(container)
    networks = {name: {"Aliases": one["Aliases"]} for name, one in was["NetworkSettings"]["Networks"].items()}
    first = next(iter(networks))
    config = {**was["Config"], "HostConfig": {**was["HostConfig"], "NetworkMode": first}}
    for key, value in changes.items():
        place = config if key in config else config["HostConfig"]
        place[key] = {**place[key], **value} if isinstance(value, dict) else value
    config["NetworkingConfig"] = {"EndpointsConfig": {first: networks.pop(first)}}
    api.remove_container(container, force=True)
    made = api.create_container_from_config(config, was["Name"].lstrip("/"))["Id"]
    for name, one in networks.items():
        api.connect_container_to_network(made, name, aliases=one["Aliases"])
    api.start(made)
    # What has just started is not healthy yet, which would be a finding of its own.
    wait_for(lambda: api.inspect_container(made)["State"]["Health"]["Status"] == "healthy")


def record(name: str, change: dict[str, t.Any]) -> None:
    """Edit the address of a tenant's name on the name server."""
    key = (demo.STATE / "nameserver" / "api-key").read_text(encoding="ascii").strip()
    url = f"http://127.0.0.1:{demo.choose_ports()['dns_api']}/api/v1/servers/localhost/zones/{demo.ZONE}."
    data = {"rrsets": [{"name": f"{name}.{demo.ZONE}.", "type": "A", **change}]}
    headers = {"X-API-Key": key, "Content-Type": "application/json"}
    request = urllib.request.Request(url, json.dumps(data).encode(), headers, method="PATCH")  # our own
    urllib.request.urlopen(request).close()  # noqa: S310


def add_record(name: str, change: dict[str, t.Any]) -> None:
    """Put an AAAA beside a tenant's address."""
    record(name, {"type": "AAAA", **change})


def edit_route(name: str) -> None:
    """Change the priority of a tenant's router in the proxy's file."""
    path = demo.STATE / "edge" / "dynamic" / f"{name}.yml"
    content = json.loads(path.read_text(encoding="utf-8"))
    content["http"]["routers"][f"{name}-main"]["priority"] = 7
    path.write_text(json.dumps(content), encoding="utf-8")


def start_another(name: str) -> None:
    """A container of nobody's making with a tenant's labels, on its network."""
    image = docker("inspect", "--format", "{{.Config.Image}}", web(name))
    labels = ("--label", "tenantry.managed=true", "--label", f"tenantry.tenant={name}")
    docker("run", "-d", "--name", f"{name}-more", *labels, "--network", f"{name}_default", image)


def write(path: t.Any) -> None:
    path.write_text("edited\n", encoding="utf-8")


UNSERVED: Found = {("upstream", "servers", "drift")}

# By tenant: what is done to it, and what must be found.
CHANGES: dict[str, tuple[t.Callable[[t.Any, str], t.Any], Found]] = {
    "killed": (lambda _fleet, name: docker("kill", web(name)), {("container", "state", "drift")} | UNSERVED),
    "stopped": (lambda _fleet, name: docker("stop", "-t", "1", cache(name)), {("container", "state", "drift")}),
    "paused": (lambda _fleet, name: docker("pause", cache(name)), {("container", "state", "drift")}),
    "gone": (lambda _fleet, name: docker("rm", "-f", web(name)), {("container", "presence", "missing")} | UNSERVED),
    "renamed": (lambda _fleet, name: docker("rename", web(name), f"{name}-mine"), {("container", "name", "drift")}),
    "grown": (
        lambda _fleet, name: docker("update", "--memory", "256m", "--memory-swap", "256m", web(name)),
        {("container", "memory", "drift"), ("container", "memory_swap", "drift")},
    ),
    "env": (
        lambda _fleet, name: recreate(cache(name), Env=["EVIL=1", "TENANTRY_TENANT=x", "TENANTRY_SERVICE=cache"]),
        {("container", "env.EVIL", "drift"), ("container", "env.TENANTRY_TENANT", "drift")},
    ),
    "label": (
        lambda _fleet, name: recreate(cache(name), Labels={"traefik.enable": "true"}),
        {("container", "labels.traefik.enable", "drift")},
    ),
    "power": (
        lambda _fleet, name: recreate(cache(name), Privileged=True, CapDrop=[], PidMode="host"),
        {
            ("container", "privileged", "drift"),
            ("container", "cap_drop", "drift"),
            ("container", "namespaces.pid", "drift"),
            ("container", "security_opt", "drift"),  # the engine adds label=disable to what is privileged
        },
    ),
    "socket": (
        lambda _fleet, name: recreate(cache(name), Binds=["/var/run/docker.sock:/docker.sock"]),
        {("container", "mounts./docker.sock", "drift")},
    ),
    "detached": (
        lambda _fleet, name: docker("network", "disconnect", f"{name}_backing", cache(name)),
        {("container", "networks", "drift")},
    ),
    "networks": (
        lambda _fleet, name: docker(
            "network",
            "create",
            "--label",
            "tenantry.managed=true",
            "--label",
            f"tenantry.tenant={name}",
            f"{name}_more",
        ),
        {("network", "presence", "extra")},
    ),
    "edited": (
        lambda fleet, name: write(fleet.tenants_root / name / "current" / "records.json"),
        {("file", "content", "drift")},
    ),
    "added": (
        lambda fleet, name: write(fleet.tenants_root / name / "current" / "more.yaml"),
        {("file", "presence", "extra")},
    ),
    "record": (
        lambda _fleet, name: record(
            name,
            {"ttl": 60, "changetype": "REPLACE", "records": [{"content": "192.0.2.66"}], "comments": owner(name)},
        ),
        {("record", "value", "drift")},
    ),
    "norecord": (lambda _fleet, name: record(name, {"changetype": "DELETE"}), {("record", "presence", "missing")}),
    "noroute": (
        lambda _fleet, name: (demo.STATE / "edge" / "dynamic" / f"{name}.yml").unlink(),
        {("file", "content", "drift"), ("router", "presence", "missing")},
    ),
    "rerouted": (
        lambda _fleet, name: edit_route(name),
        {("file", "content", "drift"), ("router", "priority", "drift")},
    ),
    "another": (lambda _fleet, name: start_another(name), {("container", "presence", "extra")}),
    "attached": (
        lambda _fleet, name: docker("network", "connect", "e2e-d-host_default", web(name)),
        {("container", "networks", "drift")},
    ),
    "host": (lambda _fleet, _name: None, {("container", "network e2e-d-host_default", "drift")}),
    "surplus": (
        lambda _fleet, name: add_record(
            name,
            {"ttl": 60, "changetype": "REPLACE", "records": [{"content": "2001:db8::66"}], "comments": owner(name)},
        ),
        {("record", "presence", "extra")},
    ),
    "wanted": (
        lambda fleet, name: fleet.sql("UPDATE tenants SET version = '1.1.0' WHERE name = ?", name),
        {("container", "image", "pending")},
    ),
    "both": (
        lambda fleet, name: (
            fleet.sql("UPDATE services SET memory = '96m' WHERE tenant = ? AND name = 'cache'", name),
            docker("update", "--memory", "256m", "--memory-swap", "256m", cache(name)),
        ),
        {("container", "memory", "conflict"), ("container", "memory_swap", "conflict")},
    ),
    "untouched": (lambda _fleet, _name: None, set()),
}
WITH_CACHE = ("stopped", "paused", "env", "label", "power", "socket", "detached", "both")


def owner(name: str) -> list[dict[str, str]]:
    """The comment by which a record set is ours."""
    return [{"account": f"tenant:{name}", "content": "tenantry"}]


def drift(fleet: t.Any, *arguments: str, **environment: str) -> tuple[t.Any, dict[str, t.Any]]:
    """Run the playbook ``drift``; how it ended, and its report."""
    directory = demo.STATE / "drift"
    directory.mkdir(exist_ok=True)
    (directory / "drift.json").unlink(missing_ok=True)
    settings = {"ANSIBLE_CALLBACKS_ENABLED": "tenantry.platform.drift", "TENANTRY_DRIFT_DIRECTORY": str(directory)}
    run = fleet.play("drift", *arguments, **settings, **environment)
    return run, json.loads((directory / "drift.json").read_text(encoding="utf-8"))


def findings(report: dict[str, t.Any], name: str) -> Found:
    return {
        (one["resource"]["kind"], one["field"], one["class"]) for one in report["findings"] if one["tenant"] == name
    }


@pytest.fixture(scope="module")
def fresh(fleet):
    """One tenant for each change, all deployed and in sync."""
    for change in CHANGES:
        name = fleet.add(f"e2e-d-{change}")
        # So many health checks every two seconds would leave no time for anything else.
        fleet.sql("INSERT INTO services (tenant, name, health_interval) VALUES (?, 'web', 10)", name)
        if change in WITH_CACHE:
            fleet.sql(
                "INSERT INTO services (tenant, name, kind, image, port, memory, health_type, health_command,"
                " health_interval, run_as, tmpfs) VALUES (?, 'cache', 'backing', 'tenantry/redis:7', 6379, '64m',"
                """ 'command', '["redis-cli", "ping"]', 2, '998:998', '["/tmp"]')""",
                name,
            )
            fleet.sql(
                "INSERT INTO service_volumes (tenant, service, name, path) VALUES (?, 'cache', 'cache', '/data')", name
            )
    assert fleet.play("deploy", "--limit", "e2e-d-*").code == 0
    run, report = drift(fleet, "--limit", "e2e-d-*")
    assert run.code == 0
    assert report["findings"] == []
    yield fleet
    # Twenty tenants are too many to check the health of while other tests run.
    forget(fleet, [f"e2e-d-{change}" for change in CHANGES])


def test_each_change_is_found_classed_right_and_mended(fresh):
    for change, (make, _expected) in CHANGES.items():
        make(fresh, f"e2e-d-{change}")
    run, report = drift(fresh, "--limit", "e2e-d-*")
    # A router without a server that is up may be called disabled, by whether the proxy has noticed yet.
    unsure = {("router", "status", "drift")}
    assert {change: findings(report, f"e2e-d-{change}") - unsure for change in CHANGES} == {
        change: expected for change, (_make, expected) in CHANGES.items()
    }
    assert run.code == 2
    assert report["exit"] == 2
    statuses = {name.removeprefix("e2e-d-"): one["status"] for name, one in report["tenants"].items()}
    special = {"wanted": "pending", "both": "conflict", "untouched": "in_sync"}
    assert statuses == {change: special.get(change, "drift") for change in CHANGES}
    assert fresh.play("deploy", "--limit", "e2e-d-*").code == 0
    run, report = drift(fresh, "--limit", "e2e-d-*")
    assert report["findings"] == []
    assert run.code == 0


# What a heal leaves for a deploy: the database wants it otherwise by now.
WAITING = ("wanted", "both")


def test_a_heal_mends_the_same_and_rolls_nothing_out(fresh):
    for change in WAITING:  # settled by the deploy before, with another wish on top
        fresh.sql("UPDATE tenants SET version = '1.0.0' WHERE name = ?", f"e2e-d-{change}")
    assert fresh.play("deploy", "--limit", "e2e-d-wanted:e2e-d-both").code == 0
    releases = {change: fresh.current(f"e2e-d-{change}") for change in CHANGES}
    both = "e2e-d-both"
    fresh.sql("UPDATE services SET memory = '80m' WHERE tenant = ? AND name = 'cache'", both)
    docker("update", "--memory", "200m", "--memory-swap", "200m", cache(both))
    # Newer wishes wait, also where something else is to be healed.
    for change in ("wanted", "killed", "renamed"):
        fresh.sql("UPDATE tenants SET version = '1.1.0' WHERE name = ?", f"e2e-d-{change}")
    for change, (make, _expected) in CHANGES.items():
        if change not in WAITING:
            make(fresh, f"e2e-d-{change}")

    checked = fresh.play("heal", "--limit", "e2e-d-*", "--check")
    assert checked.code == 2
    healed = fresh.play("heal", "--limit", "e2e-d-*")
    assert healed.code == 2  # for the conflict
    run, report = drift(fresh, "--limit", "e2e-d-*")
    statuses = {name.removeprefix("e2e-d-"): one["status"] for name, one in report["tenants"].items()}
    special = {"both": "conflict", "wanted": "pending", "killed": "pending", "renamed": "pending"}
    assert statuses == {change: special.get(change, "in_sync") for change in CHANGES}
    assert run.code == 2
    for change in ("wanted", "both", "killed", "renamed", "stopped", "noroute", "untouched"):
        assert fresh.current(f"e2e-d-{change}") == releases[change], change
    assert fresh.version("e2e-d-killed") == "e2e-d-killed 1.0.0"
    assert "a person decides" in healed.text

    # Who breaks it again at once is left alone for a while.
    docker("kill", web("e2e-d-killed"))
    again = fresh.play("heal", "--limit", "e2e-d-killed")
    assert again.code == 2
    assert "it was healed once in 24 hours" in again.text
    assert fresh.play("heal", "--limit", "e2e-d-killed", "-e", "heal_backoff=0").code == 0
    assert fresh.play("deploy", "--limit", "e2e-d-*").code == 0


def test_a_moved_link_is_put_back_without_a_new_release(fresh):
    name = "e2e-d-killed"
    release, older = fresh.current(name), sorted(os.listdir(fresh.tenants_root / name / "releases"))[0]
    assert older != release
    link = fresh.tenants_root / name / "current"
    for target in (f"releases/{older}", "releases/nowhere"):
        link.unlink()
        os.symlink(target, link)
        run, report = drift(fresh, "--limit", name)
        assert (run.code, findings(report, name)) == (2, {("link", "target", "drift")})
        assert fresh.play("heal", "--limit", name, "-e", "heal_backoff=0").code == 0
        assert fresh.current(name) == release


def test_a_lost_volume_is_not_healed(fresh):
    name = "e2e-d-stopped"
    docker("rm", "-f", cache(name))
    docker("volume", "rm", f"{name}_cache")
    healed = fresh.play("heal", "--limit", name, "-e", "heal_backoff=0")
    assert healed.code == 2
    assert "restore it, or deploy to begin with an empty one" in healed.text
    assert docker("volume", "ls", "-q", "--filter", f"name={name}_cache") == ""
    assert fresh.play("deploy", "--limit", name).code == 0


def test_a_baseline_accepts_what_differs_and_tells_of_the_next_change(fresh, tmp_path):
    name, path = "e2e-d-untouched", tmp_path / "ignore.yml"
    docker("update", "--memory", "256m", "--memory-swap", "256m", web(name))
    run, _report = drift(fresh, "--limit", name, "-e", f"baseline_file={path}")
    assert run.code == 0
    run, report = drift(fresh, "--limit", name, "-e", f"ignore_file={path}")
    assert (run.code, report["findings"]) == (0, [])
    # What is accepted stays when something else is mended in place.
    web_before = web(name)
    (demo.STATE / "edge" / "dynamic" / f"{name}.yml").unlink()
    assert fresh.play("heal", "--limit", name, "-e", f"ignore_file={path}", "-e", "heal_backoff=0").code == 0
    assert web(name) == web_before
    docker("update", "--memory", "300m", "--memory-swap", "300m", web(name))
    run, report = drift(fresh, "--limit", name, "-e", f"ignore_file={path}")
    assert (run.code, findings(report, name)) == (
        2,
        {("container", "memory", "drift"), ("container", "memory_swap", "drift")},
    )
    wrong = fresh.play("drift", "--limit", name, "-e", f"ignore_file={tmp_path}/none.yml")
    assert wrong.code == 2
    assert "No such file" in wrong.text
    assert fresh.play("deploy", "--limit", name).code == 0


def test_what_a_rule_ignores_is_shown_apart_and_left_alone(fresh):
    name = "e2e-d-untouched"
    docker("update", "--memory", "256m", "--memory-swap", "256m", web(name))
    fresh.sql(
        "INSERT INTO ignore_rules (tenant, kind, resource, field, reason)"
        " VALUES (?, 'container', '*', 'memory*', 'a test')",
        name,
    )
    try:
        run, report = drift(fresh, "--limit", name)
        assert run.code == 0
        assert report["findings"] == []
        assert {one["field"] for one in report["ignored"]} == {"memory", "memory_swap"}
        before = fresh.containers(name)
        assert fresh.play("deploy", "--limit", name).code == 0
        assert fresh.containers(name) == before
    finally:
        fresh.sql("DELETE FROM ignore_rules WHERE tenant = ?", name)
    assert fresh.play("deploy", "--limit", name).code == 0


def test_what_cannot_be_read_is_incomplete_and_never_in_sync(fresh, tmp_path):
    run, report = drift(fresh, "--limit", "e2e-d-untouched", DOCKER_HOST=f"unix://{tmp_path}/no.sock")
    assert run.code == 4
    assert report["complete"] is False
    assert report["tenants"]["e2e-d-untouched"]["status"] == "unknown"


def test_a_stranger_on_a_tenants_network_is_found_and_not_touched(fresh):
    name = "e2e-d-untouched"
    image = docker("inspect", "--format", "{{.Config.Image}}", web(name))
    stranger = docker("create", "--network", f"{name}_default", "--label", "somebody=else", image)
    try:
        run, report = drift(fresh, "--limit", name)
        assert run.code == 2
        assert findings(report, name) == {("container", f"network {name}_default", "drift")}
        fresh.play("deploy", "--limit", name)
        assert docker("inspect", "--format", "{{.State.Status}}", stranger) == "created"
    finally:
        docker("rm", "-f", stranger)


def test_a_router_that_takes_a_tenants_hostname_is_found(fresh):
    name = "e2e-d-untouched"
    rule = f"Host(`{name}.{demo.ZONE}`)"
    thief = {"rule": rule, "priority": 100000, "service": "noop@internal", "entryPoints": ["websecure"], "tls": {}}
    path = demo.STATE / "edge" / "dynamic" / "zz-thief.yml"
    path.write_text(json.dumps({"http": {"routers": {"thief": thief}}}), encoding="utf-8")
    try:
        wait_for(lambda: fresh.version(name) != f"{name} 1.0.0")
        run, report = drift(fresh, "--limit", name)
    finally:
        path.unlink()
    assert run.code == 2
    assert findings(report, name) == {("router", "presence", "extra")}
    wait_for(lambda: fresh.version(name) == f"{name} 1.0.0")


def test_a_link_that_leads_nowhere_is_drift_and_mended(fresh):
    name = "e2e-d-untouched"
    link = fresh.tenants_root / name / "current"
    link.unlink()
    os.symlink("releases/nowhere", link)
    run, report = drift(fresh, "--limit", name)
    assert run.code == 2
    assert report["tenants"][name]["status"] == "drift"
    assert fresh.play("deploy", "--limit", name).code == 0
    assert fresh.version(name) == f"{name} 1.0.0"


def test_a_record_of_somebody_else_at_a_tenants_name_is_found_and_left(fresh):
    name = "e2e-d-untouched"
    add_record(name, {"ttl": 60, "changetype": "REPLACE", "records": [{"content": "2001:db8::66"}]})
    try:
        for run, report in (drift(fresh, "--limit", name), (fresh.play("deploy", "--limit", name), None)):
            assert run.code == (2 if report else 0)
            if report:
                assert findings(report, name) == {("record", "presence", "extra")}
        assert drift(fresh, "--limit", name)[0].code == 2
    finally:
        add_record(name, {"changetype": "DELETE"})
    assert drift(fresh, "--limit", name)[0].code == 0


def restart_proxy(fleet: t.Any) -> None:
    """Start the proxy again and wait until it answers."""
    docker("restart", "tenantry-edge-traefik-1")
    api = f"http://127.0.0.1:{fleet.ports['edge_api']}/api/version"

    def answers() -> bool:
        try:
            urllib.request.urlopen(api, timeout=1).close()
        except OSError:
            return False
        return True

    wait_for(answers)


def test_a_broken_file_and_a_restart_of_the_proxy_are_found_and_mended(fresh):
    name = "e2e-d-untouched"
    directory = demo.STATE / "edge" / "dynamic"
    lost, edited = {("router", "presence", "missing")}, {("file", "content", "drift")}
    (directory / f"{name}.yml").write_text("not: [closed\n", encoding="utf-8")
    run, report = drift(fresh, "--limit", "e2e-d-*")
    assert {change: findings(report, f"e2e-d-{change}") for change in CHANGES} == {
        change: edited if change == "untouched" else set() for change in CHANGES
    }
    # The old routes served until then; now all are lost.
    restart_proxy(fresh)
    assert fresh.version("e2e-d-host") == "404"
    run, report = drift(fresh, "--limit", "e2e-d-*")
    assert {change: findings(report, f"e2e-d-{change}") for change in CHANGES} == {
        change: edited | lost if change == "untouched" else lost for change in CHANGES
    }
    assert fresh.play("heal", "--limit", "e2e-d-*", "-e", "heal_backoff=0").code == 0
    assert drift(fresh, "--limit", "e2e-d-*")[0].code == 0
    assert fresh.version("e2e-d-host") == "e2e-d-host 1.0.0"

    # The same by a file that is nobody's.
    (directory / "zz-broken.yml").write_text("not: [closed\n", encoding="utf-8")
    restart_proxy(fresh)
    run, report = drift(fresh)
    assert run.code == 2
    assert report["tenants"]["zz-broken.yml"]["status"] == "extra"
    healed = fresh.play("heal", "--limit", "e2e-d-*", "-e", "heal_backoff=0")
    assert healed.code == 0
    assert not (directory / "zz-broken.yml").exists()
    assert drift(fresh, "--limit", "e2e-d-*")[0].code == 0


def test_what_no_row_names_is_extra_and_left_alone(fresh):
    # The demo's own tenants stand on the same node, and in another database.
    before = docker("ps", "-q", "--filter", "label=tenantry.tenant=acme")
    run, report = drift(fresh)
    assert run.code == 2
    assert report["tenants"]["acme"]["status"] == "extra"
    assert fresh.play("deploy").code == 0
    assert docker("ps", "-q", "--filter", "label=tenantry.tenant=acme") == before
    _run, limited = drift(fresh, "--limit", "e2e-d-untouched")
    assert list(limited["tenants"]) == ["e2e-d-untouched"]
