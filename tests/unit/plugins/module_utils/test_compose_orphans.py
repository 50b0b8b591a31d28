# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compose processes of a module that was killed, and only those, are ended."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from ansible_collections.tenantry.platform.plugins.module_utils import compose_orphans

HOST = "unix:///somewhere.sock"


def running(process: subprocess.Popen) -> bool:
    return process.poll() is None


def sleeper(value: str) -> subprocess.Popen:
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], env={compose_orphans.MARK: value})
    # Between fork and exec it still has the environment of this process.
    for _try in range(200):
        with open(f"/proc/{process.pid}/environ", "rb") as stream:
            if stream.read().startswith(compose_orphans.MARK.encode()):
                return process
        time.sleep(0.01)
    raise AssertionError("the process did not start")


@pytest.fixture(name="dead_owner")
def fixture_dead_owner() -> str:
    """The mark of a process that has ended."""
    code = (
        "import sys; sys.path[:0] = sys.argv[2:]; "
        "from ansible_collections.tenantry.platform.plugins.module_utils import compose_orphans; "
        "print(compose_orphans.mark(sys.argv[1], 'acme'))"
    )
    done = subprocess.run([sys.executable, "-c", code, HOST, *sys.path], capture_output=True, text=True, check=True)
    return done.stdout.rstrip("\n")


def test_what_a_dead_module_left_is_ended(dead_owner) -> None:
    orphan = sleeper(dead_owner)
    try:
        found = compose_orphans.end(HOST, "acme")
        assert orphan.wait(timeout=10) != 0
        assert found == [orphan.pid]
    finally:
        orphan.kill()


@pytest.mark.parametrize(("host", "project"), [(HOST, "bcme"), ("unix:///else.sock", "acme")])
def test_another_project_and_another_engine_are_left_alone(dead_owner, host, project) -> None:
    other = sleeper(dead_owner)
    try:
        assert compose_orphans.end(host, project) == []
        assert running(other)
    finally:
        other.kill()
        other.wait()


def test_what_a_live_module_waits_for_is_left_alone() -> None:
    ours = sleeper(compose_orphans.mark(HOST, "acme"))
    try:
        assert compose_orphans.end(HOST, "acme") == []
        assert running(ours)
    finally:
        ours.kill()
        ours.wait()


def test_a_reused_process_id_is_not_the_owner() -> None:
    host, project, pid, start = compose_orphans.mark(HOST, "acme").split("\t")
    reused = sleeper("\t".join((host, project, pid, str(int(start) - 1))))
    try:
        assert compose_orphans.end(HOST, "acme") == [reused.pid]
    finally:
        reused.kill()
        reused.wait()
