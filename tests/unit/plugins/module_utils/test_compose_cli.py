# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Docker Compose as a process: its words, its environment, its end. A script stands where the docker command would."""

from __future__ import annotations

import os
import stat
import time

import pytest

from ansible_collections.tenantry.platform.plugins.module_utils import compose_cli
from ansible_collections.tenantry.platform.plugins.module_utils.compose_cli import Compose
from ansible_collections.tenantry.platform.plugins.module_utils.engine import Engine
from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.module_utils.redaction import Redactor

VERSION_WORKS = 'if [ "$2" = version ]; then exit 0; fi\n'


@pytest.fixture(name="docker")
def fixture_docker(tmp_path, monkeypatch):
    """Puts a shell script where the docker command is looked for first."""

    def write(script: str) -> None:
        path = tmp_path / "bin" / "docker"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}", encoding="utf-8")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", str(path.parent), prepend=os.pathsep)

    return write


@pytest.fixture(name="compose")
def fixture_compose(tmp_path) -> Compose:
    engine = Engine(None, "unix:///somewhere.sock")
    return Compose(engine, "acme-1f0c9a2e", str(tmp_path), ("compose.yaml",), ("job",), Redactor(["hunter22"]))


def gone(path) -> bool:
    """Whether the process whose id stands in the file ends within two seconds; nobody may have collected it yet."""
    pid = int(path.read_text(encoding="utf-8"))
    for _try in range(40):
        try:
            with open(f"/proc/{pid}/stat", encoding="utf-8") as stream:
                if stream.read().rsplit(")", 1)[1].split()[0] == "Z":
                    return True
        except (FileNotFoundError, ProcessLookupError):
            return True
        time.sleep(0.05)
    return False


def test_the_command_line_names_project_directory_files_and_profiles(docker, compose, tmp_path) -> None:
    docker(VERSION_WORKS + 'shift; printf "%s\\n" "$@"')
    words = compose.run("up", "--detach", "web service", timeout=10).stdout.decode().splitlines()
    assert words == [
        "--ansi",
        "never",
        "--progress",
        "plain",
        "--env-file",
        "/dev/null",
        "--project-name",
        "acme-1f0c9a2e",
        "--project-directory",
        str(tmp_path),
        "--file",
        str(tmp_path / "compose.yaml"),
        "--profile",
        "job",
        "up",
        "--detach",
        "web service",
    ]


def test_compose_sees_no_variable_that_files_could_take_up(docker, compose, monkeypatch) -> None:
    monkeypatch.setenv("COMPOSE_PROFILES", "all")
    monkeypatch.setenv("DB_PASSWORD", "hunter22")
    monkeypatch.setenv("DOCKER_HOST", "tcp://elsewhere:2375")
    docker(VERSION_WORKS + "/usr/bin/env")
    seen = dict(line.split("=", 1) for line in compose.run("config", timeout=10).stdout.decode().splitlines())
    assert "COMPOSE_PROFILES" not in seen
    assert "DB_PASSWORD" not in seen
    assert seen["DOCKER_HOST"] == "unix:///somewhere.sock"


def test_a_failure_carries_the_last_words_without_secrets(docker, compose) -> None:
    docker(VERSION_WORKS + 'echo " Container x  Starting" >&2; echo "dial hunter22 refused" >&2; exit 14')
    with pytest.raises(TenantryError) as caught:
        compose.run("up", timeout=10)
    assert caught.value.error_kind == "compose_failed"
    assert caught.value.message.endswith("ended with code 14 and said: dial ******** refused")
    assert caught.value.details["rc"] == 14
    assert caught.value.details["stderr_tail"] == [" Container x  Starting", "dial ******** refused"]


def test_a_docker_without_the_plugin_says_that_compose_is_missing(docker, compose) -> None:
    docker('echo "unknown flag: --ansi" >&2; exit 125')
    with pytest.raises(TenantryError, match="Docker Compose v2 is missing") as caught:
        compose.run("up", timeout=10)
    assert caught.value.error_kind == "compose_missing"


def test_a_command_that_does_not_end_is_stopped_with_its_children(docker, compose, tmp_path) -> None:
    docker(VERSION_WORKS + f"sleep 60 & echo $! > {tmp_path}/pid; wait")
    with pytest.raises(TenantryError, match=r"did not end within 0\.5 s") as caught:
        compose.run("up", timeout=0.5)
    assert caught.value.error_kind == "compose_timeout"
    assert gone(tmp_path / "pid")


def test_a_command_that_is_deaf_to_the_stop_signal_is_killed(docker, compose, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(compose_cli, "TERMINATE_SECONDS", 0.2)
    docker(VERSION_WORKS + f"trap '' TERM; echo $$ > {tmp_path}/pid; sleep 60; sleep 60")
    with pytest.raises(TenantryError):
        compose.run("up", timeout=0.5)
    assert gone(tmp_path / "pid")


def test_a_watcher_that_raises_stops_the_command(docker, compose, tmp_path) -> None:
    docker(VERSION_WORKS + f"echo $$ > {tmp_path}/pid; exec sleep 60")

    def watch() -> None:
        raise TenantryError("web crashed", "unhealthy")

    began = time.monotonic()
    with pytest.raises(TenantryError, match="web crashed"):
        compose.run("up", timeout=60, watch=watch)
    assert time.monotonic() - began < 10
    assert gone(tmp_path / "pid")


def test_much_output_on_both_streams_does_not_block(docker, compose) -> None:
    docker(VERSION_WORKS + "head -c 300000 /dev/zero; head -c 300000 /dev/zero >&2")
    done = compose.run("up", timeout=20)
    assert (len(done.stdout), len(done.stderr)) == (300000, 300000)
