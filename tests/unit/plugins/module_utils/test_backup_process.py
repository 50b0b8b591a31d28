# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tools as processes: they end in time, and none outlives its module for long."""

from __future__ import annotations

import os
import pathlib
import signal
import subprocess
import sys

import pytest

from ansible_collections.tenantry.platform.plugins.module_utils import backup_process
from ansible_collections.tenantry.platform.plugins.module_utils.backup_process import MARK, Mark
from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.module_utils.polling import Deadline, wait_until
from ansible_collections.tenantry.platform.plugins.module_utils.redaction import Redactor

ACME = Mark("acme", "postgres")
ROOT = pathlib.Path(backup_process.__file__).parents[5]
#: A module that works on a service, with a tool that has a child.
MODULE = """
from ansible_collections.tenantry.platform.plugins.module_utils import backup_process as b
from ansible_collections.tenantry.platform.plugins.module_utils.polling import Deadline
b.run(["sh", "-c", "sleep 300 & echo $! >{pids}; echo $$ >>{pids}; wait"], b.Mark("acme", "{service}"), Deadline(300))
"""


def killed_module(directory: pathlib.Path, service: str) -> list[int]:
    """Ids of the processes that a killed module left."""
    pids = directory / service
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    module = subprocess.Popen([sys.executable, "-c", MODULE.format(pids=pids, service=service)], env=environment)

    def written() -> list[int] | None:
        found = pids.read_text().split() if pids.exists() else []
        return [int(pid) for pid in found] if len(found) == 2 else None

    found = wait_until(written, Deadline(30))
    module.kill()
    module.wait()
    assert found
    return found


def lives(pid: int) -> bool:
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_what_a_tool_writes_and_its_code_come_back() -> None:
    ended = backup_process.run(["sh", "-c", "echo out; echo hunter2 failed >&2; exit 3"], ACME, Deadline(30))
    assert (ended.code, ended.text) == (3, "out\n")
    assert ended.said(Redactor(["hunter2"])) == "******** failed"


def test_a_tool_sees_no_address_of_the_login_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESTIC_REPOSITORY", "/elsewhere")
    monkeypatch.setenv("AWS_PROFILE", "mine")
    ended = backup_process.run(["env"], ACME, Deadline(30), {"RESTIC_PASSWORD": "x"})
    names = {line.partition("=")[0] for line in ended.text.splitlines()}
    assert "RESTIC_PASSWORD" in names
    assert not names & {"RESTIC_REPOSITORY", "AWS_PROFILE"}


def test_a_tool_that_hangs_is_ended_with_its_children(tmp_path: pathlib.Path) -> None:
    pids = tmp_path / "pids"
    with pytest.raises(TenantryError) as caught:
        backup_process.run(["sh", "-c", f"sleep 300 & echo $! >{pids}; wait"], ACME, Deadline(1))
    assert caught.value.error_kind == "backup_timeout"
    assert not lives(int(pids.read_text()))


def test_a_tool_that_is_not_there_is_named() -> None:
    with pytest.raises(TenantryError, match="apt install no-such-tool") as caught:
        backup_process.run(["no-such-tool"], ACME, Deadline(1))
    assert caught.value.error_kind == "tool_missing"


def test_the_next_run_ends_what_a_killed_one_left_of_the_same_service_alone(tmp_path: pathlib.Path) -> None:
    ours, others = killed_module(tmp_path, "postgres"), killed_module(tmp_path, "redis")
    try:
        assert sorted(ACME.end_left()) == sorted(ours)
        assert not any(map(lives, ours))
        assert all(map(lives, others))
    finally:
        Mark("acme", "redis").end_left()
    assert not any(map(lives, others))


def test_what_a_live_module_works_with_is_left_alone() -> None:
    with subprocess.Popen(["sleep", "300"], env={**os.environ, MARK: ACME.value}) as process:
        try:
            assert ACME.end_left() == []
            assert process.poll() is None
            assert ACME.end_own() == [process.pid]
            assert process.wait(30) == -signal.SIGTERM
        finally:
            process.kill()


def test_what_ignores_the_request_to_end_is_killed(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backup_process, "END_SECONDS", 0.5)
    ready = tmp_path / "ready"
    command = ["sh", "-c", f"trap '' TERM; touch {ready}; while :; do sleep 0.1; done"]
    with subprocess.Popen(command, env={**os.environ, MARK: ACME.value}) as process:
        assert wait_until(lambda: ready.exists() or None, Deadline(30))
        ACME.end_own()
        assert process.wait(30) == -signal.SIGKILL
