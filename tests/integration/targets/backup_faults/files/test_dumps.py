# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a dump leaves that is killed, cut off, too slow or too large: never something that looks like a backup."""

from __future__ import annotations

import os
import pathlib
import signal
import subprocess

import pytest
from node import Node, command, until

from ansible_collections.tenantry.platform.plugins.module_utils import backup_server
from ansible_collections.tenantry.platform.plugins.module_utils.backup_driver import REQUIRED
from ansible_collections.tenantry.platform.plugins.module_utils.backup_options import Request
from ansible_collections.tenantry.platform.plugins.module_utils.backup_pg_dump import DUMP, ROLES, PgDump
from ansible_collections.tenantry.platform.plugins.module_utils.backup_server import Server
from ansible_collections.tenantry.platform.plugins.module_utils.backup_snapshot import Draft
from ansible_collections.tenantry.platform.plugins.module_utils.engine import connect
from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.module_utils.polling import Deadline


def test_a_killed_module_leaves_no_backup_and_the_next_run_ends_its_dump(node: Node) -> None:
    snapshots = {"repositories": [], "directory": str(node.snapshots)}
    with node.locked():
        module = node.start(**snapshots)
        left = until("pg_dump runs", lambda: node.tools("pg_dump"))
        module.kill()
        assert node.tools("pg_dump") == left, "the dump went with its module"
        assert [path.suffix for path in node.snapshots.iterdir()] == [".partial"]
        assert node.labels(**snapshots) == []
    made = node.done(**snapshots)
    assert node.labels(**snapshots) == made["labels"]
    assert sorted(path.name for path in node.snapshots.iterdir()) == made["labels"]
    assert not node.tools("pg_dump")


def test_the_next_run_ends_a_dump_that_still_waits(node: Node) -> None:
    with node.locked():
        module = node.start()
        left = until("pg_dump runs", lambda: node.tools("pg_dump"))
        module.kill()
        result = node.refused(timeout=3)
        assert result["error_kind"] == "backup_timeout", result
        assert not set(left) & set(node.tools("pg_dump"))
    assert node.spooled() == []


def test_a_dump_that_waits_for_a_lock_ends_in_time(node: Node) -> None:
    with node.locked():
        result = node.refused(timeout=2)
        assert result["error_kind"] == "backup_timeout", result
        assert not node.tools("pg_dump")
    assert node.spooled() == []


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_dump_that_is_killed_is_an_error(node: Node, number: int) -> None:
    before = node.labels()
    with node.locked():
        module = node.start()
        node.kill("pg_dump", number)
        result = module.result()
    assert result["error_kind"] == "backup_failed", result
    assert node.labels() == before
    assert node.spooled() == []


def test_a_dump_that_was_cut_off_is_found_though_its_list_can_be_read(node: Node, tmp_path: pathlib.Path) -> None:
    node.psql("create table if not exists many as select i, repeat(md5(i::text), 20) from generate_series(1, 20000) i")
    server = running(node)
    deadline = Deadline(60)
    with Draft(str(tmp_path), node.tenant, "postgres", "pg_dump") as draft:
        PgDump().dump(server, draft, REQUIRED, deadline)
        PgDump().prove(server, draft, deadline)
        os.truncate(draft.file(DUMP), os.path.getsize(draft.file(DUMP)) - 1000)
        with open(draft.file(DUMP), "rb") as stream:
            listed = ["docker", "exec", "--interactive", node.postgres, "pg_restore", "--list"]
            assert subprocess.run(listed, stdin=stream, stdout=subprocess.DEVNULL, check=False).returncode == 0
        with pytest.raises(TenantryError) as caught:
            PgDump().prove(server, draft, deadline)
        assert caught.value.error_kind == "dump_torn"


def test_roles_that_were_cut_off_are_found(node: Node, tmp_path: pathlib.Path) -> None:
    server = running(node)
    with Draft(str(tmp_path), node.tenant, "postgres", "pg_dump") as draft:
        PgDump().dump(server, draft, REQUIRED, Deadline(60))
        os.truncate(draft.file(ROLES), os.path.getsize(draft.file(ROLES)) // 2)
        with pytest.raises(TenantryError) as caught:
            PgDump().prove(server, draft, Deadline(60))
        assert caught.value.error_kind == "dump_torn"


def test_a_full_disk_fails_the_dump_and_leaves_nothing(node: Node) -> None:
    volume, keeper = f"{node.tenant}_small", f"{node.tenant}-small"
    label = f"tenantry.tenant={node.tenant}"
    small = ["--driver=local", "--opt=type=tmpfs", "--opt=device=tmpfs", "--opt=o=size=300k", f"--label={label}"]
    command("docker", "volume", "create", *small, volume)
    image = node.images["redis"]
    command(
        "docker",
        "run",
        "--detach",
        f"--name={keeper}",
        f"--label={label}",
        f"--volume={volume}:/data",
        image,
        "sleep",
        "600",
    )
    try:
        spool = command("docker", "volume", "inspect", "--format={{.Mountpoint}}", volume)
        before = node.labels()
        result = node.refused(spool=spool)
        assert result["error_kind"] == "disk_full", result
        assert not [path for path in pathlib.Path(spool).rglob("*") if path.is_file() and path.name != "lock"]
        assert node.labels() == before
        assert not node.tools("pg_dump")
    finally:
        command("docker", "rm", "--force", "--volumes", keeper)
        command("docker", "volume", "rm", volume)


def test_two_runs_at_once_are_one_and_a_clear_refusal_or_one_after_the_other(node: Node) -> None:
    with node.locked():
        first = node.start()
        until("pg_dump runs", lambda: node.tools("pg_dump"))
        result = node.refused()
        assert result["error_kind"] == "backup_running", result
        assert len(node.tools("pg_dump")) == 1
        patient = node.start(wait=60)
    labels = [*first.result()["labels"], *patient.result()["labels"]]
    assert len(set(labels)) == 2
    assert set(labels) <= set(node.labels())


def test_no_secret_is_in_the_arguments_of_a_process(node: Node) -> None:
    secrets = [one["passphrase"] for one in node.local] + ["hunter22"]
    seen: set[str] = set()
    module = node.start(service="redis", engine="redis", database={"password_file": "/run/secrets/password"})
    while module._process.poll() is None:
        for name in ("redis-cli", "restic", "cat"):
            for pid in node.tools(name):
                try:
                    seen.add(pathlib.Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " "))
                except OSError:
                    continue
    assert "error_kind" not in module.result()
    assert any("restic" in line for line in seen)
    assert not [line for line in seen for secret in secrets if secret in line]


def running(node: Node) -> Server:
    """The database as drivers see it."""
    defaults = {"project_name": None, "run_as": "", "directory": None}
    request = Request.from_params(connect(), {**defaults, **node.options})
    return request.server_in(backup_server.find(request.engine, node.tenant, "postgres", None), Deadline(60))
