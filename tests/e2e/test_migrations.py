# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Upgrades that change the schema of a real application, while somebody uses it all the time."""

from __future__ import annotations

import subprocess
import sys

import databases
import demo
import pytest
from conftest import ROOT, Fleet, forget, kill, wait_for
from test_upgrade import asked

NAME = "e2e-notes"
FIRST, SECOND, CONTRACT = "3f2a9c51d7e0", "8b61e4f0a2c9", "c07d5e92b413"


@pytest.fixture(scope="module")
def notes(fleet: Fleet) -> Fleet:
    """A tenant that runs an application with Alembic on a PostgreSQL of its own, at its first version."""
    subprocess.run([sys.executable, str(ROOT / "tests" / "estate" / "estate.py"), "up", "notes"], check=True)
    databases.add_notes(fleet, NAME)
    assert fleet.play("deploy", "--limit", NAME).code == 0
    yield fleet
    forget(fleet, [NAME])


def kind(notes: Fleet, value: str) -> None:
    notes.sql("UPDATE migrations SET kind = ? WHERE tenant = ?", value, NAME)


def upgrade(notes: Fleet, version: str, *arguments: str) -> tuple[int, str]:
    run = notes.play("upgrade", "--limit", NAME, "-e", f"release_version={version}", *arguments)
    return run.code, run.text


def database(statement: str) -> list[str]:
    return databases.query(NAME, statement).split()


def snapshots(notes: Fleet) -> list[str]:
    """Labels, oldest first."""
    path = notes.tenants_root / NAME / "shared" / "snapshots"
    return sorted(one.name for one in path.iterdir()) if path.is_dir() else []


def applied() -> list[str]:
    return database("SELECT version FROM tenantry.migration_versions ORDER BY applied_at, version")


def test_the_schema_is_there_before_the_first_request(notes):
    assert database("SELECT version_num FROM alembic_version") == [FIRST]
    assert applied() == [FIRST]
    assert notes.asker.https(f"{NAME}.{demo.ZONE}", "/notes")[0] == 200
    before, kept = notes.containers(NAME), snapshots(notes)
    assert notes.play("deploy", "--limit", NAME).code == 0
    assert notes.play("restart", "--limit", NAME).code == 0
    assert (len(kept), snapshots(notes)) == (1, kept)
    assert notes.containers(NAME).keys() & before.keys() == {f"{NAME}-server-1"}


def test_what_fails_half_way_changes_nothing_and_nobody_notices(notes):
    with asked(notes, NAME) as users:
        code, text = upgrade(notes, "half")
    assert code != 0
    label = snapshots(notes)[-1]
    assert f"is kept as snapshot {label}" in text
    assert f"tenantry.platform.load_snapshot --limit {NAME} -e snapshot_label={label}" in text
    steps = "SELECT s.detail FROM operation_steps s JOIN operations o ON o.id = s.operation WHERE s.name = ?"
    assert (label,) in [tuple(row) for row in notes.sql(f"{steps} AND o.tenant = ?", "snapshot-server", NAME)]
    assert "duplicate key value violates unique constraint" in text
    assert "nothing of it is applied" in text
    assert set(users.answers) == {f"{NAME} 1.0.0"}
    assert applied() == [FIRST]


def test_what_is_declared_reversible_is_undone_with_the_release_that_failed(notes):
    kind(notes, "reversible")
    hook = (
        "INSERT INTO hooks (tenant, service, name, event, command) VALUES (?, 'web', 'no', 'pre_switch', '[\"false\"]')"
    )
    notes.sql(hook, NAME)
    with asked(notes, NAME) as users:
        code, text = upgrade(notes, "1.1.0")
    assert code != 0
    assert "hook" in text
    assert set(users.answers) == {f"{NAME} 1.0.0"}
    assert applied() == [FIRST]
    assert database("SELECT version_num FROM alembic_version") == [FIRST]
    code, text = upgrade(notes, "1.1.0")
    assert (code != 0, "acknowledge" in text) == (True, True)
    notes.sql("DELETE FROM hooks WHERE tenant = ?", NAME)


def test_a_run_that_is_killed_while_it_migrates_is_settled_and_the_next_one_migrates(notes):
    held = [
        "exec",
        f"{NAME}-server-1",
        "psql",
        "-X",
        "-U",
        "app",
        "-c",
        "BEGIN; LOCK TABLE notes; SELECT pg_sleep(900)",
    ]
    holder = subprocess.Popen(["docker", *held], stdout=subprocess.DEVNULL)
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'ALTER TABLE notes%'"
    with asked(notes, NAME) as users:
        run = notes.start("upgrade", "--limit", NAME, "-e", "release_version=1.1.0", "-e", "acknowledge=true")
        wait_for(lambda: run.poll() is not None or database(waiting) == ["1"], 120)
        assert run.poll() is None
        kill(run)
        ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'BEGIN; LOCK TABLE notes%'"
        assert database(ended) == ["t"]
        assert notes.play("deploy", "--limit", NAME).code == 0
    holder.wait()
    assert set(users.answers) == {f"{NAME} 1.0.0", f"{NAME} 1.1.0"}
    assert applied() == [FIRST, SECOND]
    assert notes.play("rollback", "--limit", NAME).code == 0


def test_without_a_snapshot_nothing_is_migrated(notes):
    before = snapshots(notes)
    code, text = upgrade(notes, "1.1.0", "-e", "acknowledge=true", "-e", "tenant_space_floor=99%")
    assert code != 0
    assert "nothing was dumped" in text
    assert (applied(), snapshots(notes)) == ([FIRST], before)
    assert notes.version(NAME) == f"{NAME} 1.0.0"


def test_what_only_adds_is_applied_before_the_switch_and_stays_for_a_rollback(notes):
    kind(notes, "expand")
    with asked(notes, NAME) as users:
        assert upgrade(notes, "1.1.0", "-e", "acknowledge=true")[0] == 0
        assert notes.version(NAME) == f"{NAME} 1.1.0"
        assert notes.play("rollback", "--limit", NAME).code == 0
        assert notes.version(NAME) == f"{NAME} 1.0.0"
        assert upgrade(notes, "1.1.0")[0] == 0
    assert set(users.answers) == {f"{NAME} 1.0.0", f"{NAME} 1.1.0"}
    assert applied() == [FIRST, SECOND]
    assert len(snapshots(notes)) == 3


def test_what_takes_away_needs_a_word_and_comes_after_the_switch_and_nothing_goes_back_behind_it(notes):
    kind(notes, "contract")
    with asked(notes, NAME) as users:
        code, text = upgrade(notes, "2.0.0")
        assert code != 0
        assert f"{CONTRACT} would be applied, and nobody can take that back" in text
        assert applied() == [FIRST, SECOND]
        assert upgrade(notes, "2.0.0", "-e", "migration_validated_version=2.0.0")[0] == 0
        assert applied() == [FIRST, SECOND, CONTRACT]
        run = notes.play("rollback", "--limit", NAME)
        assert run.code != 0
        assert f"the database has {CONTRACT}, which this image does not know" in run.text
        assert notes.version(NAME) == f"{NAME} 2.0.0"
    assert set(users.answers) == {f"{NAME} 1.1.0", f"{NAME} 2.0.0"}
