# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a killed restic, pgBackRest or restore leaves: nothing that counts, and nothing in the way of the next run."""

from __future__ import annotations

import pathlib
import typing as t

from node import Node, command, until

PGBACKREST: dict[str, t.Any] = {"engine": "pgbackrest"}


def test_a_killed_restic_leaves_no_backup_and_a_lock_that_is_in_nobodys_way(node: Node) -> None:
    large = node.root / "large"
    large.mkdir()
    command("sh", "-c", f"head -c 60000000 /dev/urandom >{large}/random")
    files: dict[str, t.Any] = {"service": "files", "engine": "restic"}
    before = node.labels(**files)
    locks = pathlib.Path(node.local[0]["path"]) / node.tenant / "files" / "restic" / "locks"
    module = node.start(**files, paths=[str(large)])
    until("restic holds its lock", lambda: locks.is_dir() and any(locks.iterdir()), pause=0.002)
    node.kill("restic")
    result = module.result()
    assert result["error_kind"] == "repository_error", result
    assert node.labels(**files) == before
    assert any(locks.iterdir()), "it took its lock with it: this proves nothing"
    made = node.done(**files, paths=[str(large)])
    assert node.labels(**files) == [*before, *made["labels"]]
    assert node.done(**files, state="verified")["findings"] == []
    removed = node.done(**files, state="pruned", retention_days=0, keep_last=1)["removed"]
    assert removed.get("local", []) == before


def test_the_next_run_ends_a_restic_whose_module_was_killed(node: Node) -> None:
    module = node.start(service="redis", engine="restic")
    left = until("restic runs", lambda: node.tools("restic"), pause=0.005)
    module.kill()
    made = node.done(service="redis", engine="restic")
    assert not set(left) & set(node.tools("restic"))
    assert made["labels"][0] in node.labels(service="redis", engine="restic")


def test_a_killed_module_leaves_a_pgbackrest_that_the_next_run_ends_and_no_crashed_server(node: Node) -> None:
    node.done(**PGBACKREST)
    before = node.labels(**PGBACKREST)
    module = node.start(**PGBACKREST)
    until("pgbackrest works", lambda: len(node.tools("pgbackrest")) > 2, pause=0.005)
    left = node.tools("pgbackrest")
    module.kill()
    assert node.tools("pgbackrest"), "it went with its module"
    made = node.done(**PGBACKREST)
    assert not set(left) & set(node.tools("pgbackrest"))
    assert set(node.labels(**PGBACKREST)) == {*before, *made["labels"]}
    assert node.done(**PGBACKREST, state="verified")["findings"] == []
    assert not node.crashed()


def test_a_killed_pgbackrest_is_an_error_and_its_helpers_crash_no_server(node: Node) -> None:
    before = node.labels(**PGBACKREST)
    module = node.start(**PGBACKREST)
    until("pgbackrest works", lambda: len(node.tools("pgbackrest")) > 2, pause=0.005)
    node.kill("pgbackrest")
    result = module.result()
    assert result["error_kind"] == "backup_failed", result
    assert node.labels(**PGBACKREST) == before
    assert not node.crashed()
    assert node.done(**PGBACKREST, kind="incremental")["labels"]


def test_a_database_that_is_its_own_first_process_is_refused(node: Node) -> None:
    name, label = f"{node.tenant}-bare", f"tenantry.tenant={node.tenant}"
    labels = [f"--label={label}", "--label=tenantry.managed=true", "--label=tenantry.service=bare"]
    secret = f"--volume={node.root}/password:/run/secrets/password:ro"
    environment = ["--env=POSTGRES_USER=app", "--env=POSTGRES_PASSWORD_FILE=/run/secrets/password"]
    command("docker", "run", "--detach", f"--name={name}", *labels, secret, *environment, node.images["postgres"])
    try:
        until("it answers", lambda: command("docker", "exec", name, "pg_isready", check=False).endswith("connections"))
        result = node.refused(**PGBACKREST, service="bare")
        assert result["error_kind"] == "no_init", result
    finally:
        command("docker", "rm", "--force", "--volumes", name)


def test_a_killed_restore_is_begun_anew_and_leaves_no_container(node: Node) -> None:
    volume = f"{node.tenant}_killed"
    snapshots = {"repositories": [], "directory": str(node.snapshots)}
    label = node.done(**snapshots)["labels"][0]
    wanted = {**snapshots, "volume": volume, "image": node.images["postgres"], "label": label}
    module = node.start("restore", **wanted)
    until("pg_restore runs", lambda: node.tools("pg_restore"), pause=0.005)
    module.kill()
    assert containers(volume)
    restored = node.done("restore", **wanted)
    assert restored["changed"]
    assert restored["facts"]["tables"] >= 1
    assert containers(volume) == []
    assert not node.done("restore", **wanted)["changed"]
    assert node.done("restore", volume=volume, state="absent")["changed"]


def test_a_restore_that_was_killed_before_it_began_to_fill_is_begun_anew(node: Node) -> None:
    volume = f"{node.tenant}_killed"
    wanted = {**PGBACKREST, "volume": volume, "image": node.images["postgres"]}
    module = node.start("restore", **wanted)
    until("there is a container", lambda: containers(volume), pause=0.005)
    module.kill()
    restored = node.done("restore", **wanted)
    assert restored["changed"]
    assert containers(volume) == []
    assert node.done("restore", volume=volume, state="absent")["changed"]


def containers(volume: str) -> list[str]:
    """Those that fill a volume."""
    return command("docker", "ps", "--all", "--quiet", f"--filter=label=tenantry.restore={volume}").split()
