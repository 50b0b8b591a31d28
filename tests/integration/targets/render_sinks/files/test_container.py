# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a rendered spec is on a real engine, after compose has read it."""

from __future__ import annotations

import copy
import json
import pathlib
import subprocess
import typing as t

import pytest
from engine import NEXT_RELEASE, RELEASE, Tenant, docker

from ansible_collections.tenantry.platform.tests.unit.plugins.plugin_utils.render.builders import secret, service, spec

pytestmark = pytest.mark.usefixtures("release")

HOSTILE = json.loads((pathlib.Path(__file__).parent / "hostile.json").read_text(encoding="utf-8"))
SECRET = "first line\n{{ second }} $HOME \\ 'x' \"y\" ünï\r\n\x7f"

# Every character that JSON, YAML, compose, an environment or a terminal could treat in a way of its own.
SINGLE = [chr(code) for code in (*range(1, 0x100), 0x2028, 0x2029, 0x202E, 0xD7FF, 0xE000, 0xFEFF, 0xFFFE, 0xFFFF)]
LONGER = [
    *(f"a{character}b" for character in SINGLE),
    "😀\U0010ffff",
    "$$$$x$$",
    "${A}$A$(A)${",
    "%(a)s%s",
    "a" * 100_000,
    "".join(SINGLE),
]
VALUES = {
    f"V{index}": value
    for index, value in enumerate([*(v for vs in HOSTILE.values() for v in vs), "", *SINGLE, *LONGER])
}
LABELS = {f"com.example.{name.lower()}": value for name, value in VALUES.items() if len(value) < 1000}


def wanted(name: str) -> dict[str, t.Any]:
    """A backing service, a web service with the hostile values, a worker, a checked process and a job."""
    return spec(
        name,
        services=[
            service(
                "cache",
                "backing",
                image="redis:7",
                port=6379,
                secrets=["token"],
                volumes=[{"name": "data", "path": "/data", "read_only": False}],
                hardening={"user": "998:998"},
            ),
            service(
                "migrate",
                "job",
                image="sample:1.0.0",
                command=["migrate", *(v for v in VALUES.values() if v)],
                port=None,
            ),
            service(
                "sleeper",
                image="sample:1.0.0",
                command=["web"],
                port=None,
                health={"type": "command", "command": ["test", "-d", "/app"]},
            ),
            service(
                "web",
                image="sample:1.0.0",
                command=["web"],
                depends_on=["cache"],
                environment=VALUES,
                labels=LABELS,
                secrets=["token"],
                health={"type": "http", "path": "/health"},
            ),
            service("worker", image="sample:1.0.0", command=["web"], port=None),
        ],
        routes=[],
        secrets=[secret("token")],
    )


@pytest.fixture(name="release", scope="module")
def release_fixture(tenant: Tenant) -> pathlib.Path:
    directory = tenant.prepare(wanted(tenant.name), RELEASE, token=SECRET)
    tenant.up(directory, "backing.yaml")
    tenant.up(directory)
    return directory


def environment_of(container: dict[str, t.Any]) -> dict[str, str]:
    return dict(line.split("=", 1) for line in container["Config"]["Env"])


def test_compose_reads_every_value_back_byte_for_byte(tenant: Tenant, release: pathlib.Path) -> None:
    read = json.loads(tenant.compose(release, "compose.yaml", "--profile", "*", "config", "--format", "json"))
    web = read["services"]["web"]
    assert {name: web["environment"][name].replace("$$", "$") for name in VALUES} == VALUES
    assert {name: web["labels"][name].replace("$$", "$") for name in LABELS} == LABELS


def test_hostile_values_reach_environment_and_labels_byte_for_byte(tenant: Tenant) -> None:
    web = tenant.healthy("web")
    environment = environment_of(web)
    assert {name: environment.get(name) for name in VALUES} == VALUES
    assert {name: web["Config"]["Labels"].get(name) for name in LABELS} == LABELS


def test_hostile_values_reach_the_process_byte_for_byte(tenant: Tenant) -> None:
    raw = subprocess.run(
        ["docker", "exec", tenant.healthy("web")["Id"], "cat", "/proc/1/environ"], capture_output=True, check=True
    ).stdout
    seen = dict(line.split(b"=", 1) for line in raw.split(b"\0") if line)
    assert {name: seen.get(name.encode(), b"").decode() for name in VALUES} == VALUES


def test_hostile_words_of_a_command_reach_the_container_byte_for_byte(tenant: Tenant, release: pathlib.Path) -> None:
    tenant.compose(release, "compose.yaml", "--profile", "job", "create", "migrate")
    assert tenant.container("migrate", everything=True)["Config"]["Cmd"] == [
        "migrate",
        *(v for v in VALUES.values() if v),
    ]


def test_a_job_does_not_run_by_itself(tenant: Tenant) -> None:
    assert tenant.containers("label=tenantry.service=migrate") == []


def test_a_secret_is_a_file_that_its_reader_alone_can_read(tenant: Tenant) -> None:
    for name in ("web", "cache"):
        container = tenant.healthy(name)
        raw = subprocess.run(
            ["docker", "exec", container["Id"], "cat", "/run/secrets/token"], capture_output=True, check=True
        ).stdout
        assert raw == SECRET.encode()
        owner = container["Config"]["User"].partition(":")[0]
        assert docker("exec", container["Id"], "stat", "-c", "%a %u", "/run/secrets/token").split() == ["400", owner]
        assert SECRET not in json.dumps(container, ensure_ascii=False)


def test_every_kind_of_check_becomes_healthy(tenant: Tenant) -> None:
    for name in ("cache", "sleeper", "web", "worker"):
        assert tenant.healthy(name)["State"]["Health"]["FailingStreak"] == 0


def test_a_container_gets_as_little_as_it_can(tenant: Tenant) -> None:
    for name in ("cache", "web", "worker"):
        host = tenant.container(name)["HostConfig"]
        assert host["CapDrop"] == ["ALL"]
        assert host["CapAdd"] is None
        assert host["SecurityOpt"] == ["no-new-privileges:true"]
        assert host["ReadonlyRootfs"] is True
        assert host["Tmpfs"] == {"/tmp": ""}
        assert host["PidsLimit"] == 200
        assert host["Memory"] == host["MemorySwap"] == 134217728
        assert host["NanoCpus"] == 500_000_000
        assert host["RestartPolicy"]["Name"] == "unless-stopped"
        assert host["Init"] is True
        assert host["LogConfig"] == {"Type": "json-file", "Config": {"max-file": "3", "max-size": "10m"}}
        assert not host["PortBindings"]
        assert host["Privileged"] is False


def test_the_process_has_no_capability_and_can_gain_none(tenant: Tenant) -> None:
    status = docker("exec", tenant.healthy("web")["Id"], "cat", "/proc/1/status")
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert set(fields["CapEff"]) == set(fields["CapBnd"]) == {"0"}
    assert fields["NoNewPrivs"] == "1"
    assert fields["Uid"].split() == ["10001"] * 4


def test_services_find_each_other_by_name(tenant: Tenant) -> None:
    web = tenant.healthy("web")
    networks = {f"{tenant.name}_default", f"{tenant.name}_backing"}
    assert set(web["NetworkSettings"]["Networks"]) == networks
    assert set(tenant.container("cache")["NetworkSettings"]["Networks"]) == {f"{tenant.name}_backing"}
    for name in ("cache", "worker"):
        docker("exec", web["Id"], "getent", "hosts", name)


def test_the_digest_label_is_the_one_in_the_manifest(tenant: Tenant, release: pathlib.Path) -> None:
    rendered = json.loads((release / "compose.yaml").read_text(encoding="utf-8"))
    for name in ("web", "worker"):
        label = tenant.container(name)["Config"]["Labels"]["tenantry.spec_digest"]
        assert label == rendered["services"][name]["labels"]["tenantry.spec_digest"]


def test_an_app_container_that_is_to_be_drained_becomes_unhealthy(tenant: Tenant) -> None:
    web = tenant.healthy("web")
    docker("exec", web["Id"], "touch", "/dev/shm/.tenantry-drain")
    assert tenant.unhealthy("web")["State"]["Health"]["Log"][-1]["Output"] == "draining\n"
    docker("exec", web["Id"], "rm", "/dev/shm/.tenantry-drain")
    tenant.healthy("web")


def test_the_next_release_does_not_touch_what_backs_it(tenant: Tenant, release: pathlib.Path) -> None:
    before, web = tenant.healthy("cache"), tenant.healthy("web")
    changed = copy.deepcopy(tenant.spec)
    changed["services"] = [one for one in changed["services"] if one["kind"] == "backing" or one["name"] == "web"]
    changed["services"][-1]["environment"] = {"NEW": "1"}
    directory = tenant.prepare(changed, NEXT_RELEASE, token=SECRET)
    assert (directory / "backing.yaml").read_bytes() == (release / "backing.yaml").read_bytes()
    tenant.up(directory, "backing.yaml")
    tenant.up(directory)
    after = tenant.container("cache")
    assert (after["Id"], after["State"]["StartedAt"]) == (before["Id"], before["State"]["StartedAt"])
    assert web["Id"] in {one["Id"] for one in tenant.containers("label=tenantry.service=web")}
    assert len(tenant.containers("label=tenantry.service=web")) == 2


def test_a_changed_secret_recreates_what_reads_it(tenant: Tenant) -> None:
    before = tenant.container("cache")
    changed = {**wanted(tenant.name), "secrets": [secret("token", "$ANSIBLE_VAULT;1.1;AES256\n3939")]}
    directory = tenant.prepare(changed, NEXT_RELEASE, token="another")
    tenant.up(directory, "backing.yaml")
    after = tenant.healthy("cache")
    assert after["Id"] != before["Id"]
    assert docker("exec", after["Id"], "cat", "/run/secrets/token") == "another"


def test_a_secret_that_is_not_there_stops_the_start(release: pathlib.Path) -> None:
    (release / "secrets" / "web" / "token").unlink()
    where = ["--project-directory", str(release), "--file", str(release / "compose.yaml")]
    done = subprocess.run(
        ["docker", "compose", *where, "up", "--detach", "--force-recreate", "--no-deps", "web"],
        capture_output=True,
        check=False,
    )
    assert done.returncode != 0
    assert b"token" in done.stderr
    assert not (release / "secrets" / "web" / "token").exists()


def test_a_container_ends_at_the_first_signal(tenant: Tenant) -> None:
    worker = tenant.container("worker")
    docker("stop", "--time", "20", worker["Id"])
    (stopped,) = json.loads(docker("inspect", worker["Id"]))
    assert stopped["State"]["ExitCode"] == 0
