# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine: used where one answers, installed and started where none does.

What starts and stops engines runs in a machine of its own: two engines on one would share its bridge and firewall.
"""

from __future__ import annotations

import json
import os
import pathlib
import subprocess

import pytest
from conftest import Workshop, docker
from tenantry_estate import engine
from tenantry_estate.registry import NETWORK
from tenantry_estate.shell import EstateError
from tenantry_estate.state import State

NO_SUCH_PROCESS = 4_194_305  # above the largest pid that Linux gives
CAPABILITIES = ("SYS_ADMIN", "NET_ADMIN", "NET_RAW", "SYS_PTRACE", "MKNOD", "SYS_NICE", "DAC_READ_SEARCH")
CHECKOUT = "/srv/checkout"
ESTATE = pathlib.Path(__file__).parent


class Machine:
    """A bare Debian machine with the sources of the estate, and a user who may use sudo."""

    def __init__(self, workshop: Workshop) -> None:
        options = (
            f"--network={NETWORK}",
            "--init",
            "--tmpfs=/run",
            *(f"--security-opt={what}=unconfined" for what in ("seccomp", "apparmor", "systempaths")),
            *(f"--cap-add={name}" for name in CAPABILITIES),
        )
        self.name = workshop.run("machine", "machine:bookworm", options=options)
        docker("exec", self.name, "install", "-d", "-o", "admin", CHECKOUT, f"{CHECKOUT}/tests")
        docker("cp", str(ESTATE), f"{self.name}:{CHECKOUT}/tests/estate")

    def run(self, *command: str, user: str = "root") -> subprocess.CompletedProcess[str]:
        """A command in the machine."""
        argv = ["docker", "exec", f"--user={user}", f"--workdir={CHECKOUT}", self.name, *command]
        return subprocess.run(argv, capture_output=True, text=True, check=False)

    def estate(self, command: str) -> str:
        """An estate command as a user without privileges but with sudo; it must succeed. Gives what it said."""
        done = self.run("python3", "tests/estate/estate.py", command, user="admin")
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def state(self) -> dict[str, object]:
        """The machine's state file, its part about the engine."""
        return json.loads(self.run("cat", "build/estate/estate.json").stdout)["engine"]


def test_a_bare_machine_gets_an_engine_and_loses_it_again(workshop: Workshop) -> None:
    machine = Machine(workshop)

    said = machine.estate("engine")
    assert "installing docker.io" in said
    assert "starting dockerd --default-address-pool base=10.128.0.0/9,size=27" in said
    assert str(engine.LOG) in said
    assert "installing docker compose from Debian trixie" in said
    assert machine.state()["started"] is True
    pools = machine.run("docker", "info", "--format={{json .DefaultAddressPools}}", user="admin")
    assert json.loads(pools.stdout) == [{"Base": "10.128.0.0/9", "Size": 27}]
    assert machine.run("docker", "compose", "version", "--short").stdout.startswith("2.26.1")
    assert machine.run("sh", "-c", "grep -rh trixie /etc/apt; true").stdout == ""

    assert machine.estate("engine") == ""

    machine.run("pkill", "-KILL", "dockerd")
    machine.run("sh", "-c", f"while pgrep -x dockerd; do sleep 0.1; done; echo {NO_SUCH_PROCESS} >{engine.PIDFILE}")
    said = machine.estate("engine")
    assert f"removing {engine.PIDFILE}" in said
    assert "starting dockerd" in said

    assert "stopping the Docker engine" in machine.estate("down")
    assert machine.run("docker", "info").returncode != 0
    assert machine.estate("down") == ""


def test_an_engine_that_cannot_start_says_why(workshop: Workshop) -> None:
    machine = Machine(workshop)
    machine.run("sh", "-c", f"mkdir -p /etc/docker; echo '{{\"no-such-option\": 1}}' >{engine.CONFIGURATION}")
    done = machine.run("python3", "tests/estate/estate.py", "engine")
    assert done.returncode == 1
    assert f"dockerd does not answer; the end of its log {engine.LOG}" in done.stderr
    assert "no-such-option" in done.stderr


@pytest.mark.usefixtures("images")
def test_an_engine_that_ran_before_is_not_stopped(tmp_path: pathlib.Path) -> None:
    state = State(tmp_path)
    engine.ensure(state)
    assert state.data["engine"]["started"] is False
    engine.stop(state)
    assert engine.answers()


def test_an_engine_that_somebody_named_is_not_replaced_by_another(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    with pytest.raises(EstateError, match=r"no Docker engine answers at DOCKER_HOST=unix://.*none\.sock"):
        engine.ensure(State(tmp_path))


@pytest.mark.parametrize("content", [str(NO_SUCH_PROCESS), "", "no number", "1"])
def test_a_pid_file_without_a_dockerd_is_removed(tmp_path: pathlib.Path, content: str) -> None:
    pidfile = tmp_path / "docker.pid"
    pidfile.write_text(content, encoding="ascii")
    assert engine.remove_stale_pidfile(pidfile) is None
    assert not pidfile.exists()


def test_a_process_counts_as_alive_only_under_its_own_name() -> None:
    name = pathlib.Path(f"/proc/{os.getpid()}/comm").read_text(encoding="utf-8").strip()
    assert engine.alive(os.getpid(), name)
    assert not engine.alive(os.getpid(), "dockerd")
    assert not engine.alive(None)


def test_pools_of_the_engines_own_configuration_win(tmp_path: pathlib.Path) -> None:
    configuration = tmp_path / "daemon.json"
    assert engine.pool_flags(configuration) == ["--default-address-pool", engine.POOL]
    configuration.write_text('{"log-driver": "json-file"}', encoding="utf-8")
    assert engine.pool_flags(configuration) == ["--default-address-pool", engine.POOL]
    configuration.write_text('{"default-address-pools": [{"base": "10.0.0.0/8", "size": 24}]}', encoding="utf-8")
    assert engine.pool_flags(configuration) == []
