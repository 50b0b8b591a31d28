# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Upgrades whose migrations nobody can undo: the new release serves with the new data, or the old one with the old."""

from __future__ import annotations

import os
import random

import demo_check
import pytest
from conftest import Fleet, kill, wait_for
from test_migrations import FIRST, NAME, SECOND, applied, database, kind, notes, snapshots, upgrade
from test_upgrade import asked, holds

__all__ = ["notes"]

#: Steps of an upgrade that fails in the end: it is closed, it migrates, its data are loaded back, it is opened.
STEPS = ["shut", "snapshot-server", "guard", "migrate-main", "app", "load-server", "unguard", "route"]
WANTED = STEPS if os.environ.get("TENANTRY_KILL_AT") == "all" else [random.choice(STEPS)]
OLD = f"{NAME} 1.0.0"


@pytest.fixture(scope="module", autouse=True)
def irreversible(notes: Fleet) -> None:
    """A tenant with a worker, whose next migration nobody can undo, and somebody's words in its database."""
    notes.sql(
        "INSERT INTO services (tenant, name, image, command, run_as, health_type, health_command, health_interval,"
        " stop_grace_period) VALUES (?, 'worker', 'tenantry/notes', '[\"sleep\", \"86400\"]', '10002', 'command',"
        " '[\"true\"]', 2, 2)",
        NAME,
    )
    assert notes.play("deploy", "--limit", NAME).code == 0
    kind(notes, "irreversible")
    database("INSERT INTO notes (title, body, author) VALUES ('from', 'before', 'ann')")
    database("ALTER DATABASE app SET work_mem = '5MB'")


@pytest.fixture
def failing(notes: Fleet):
    """The new release never comes to serve."""
    hook = "INSERT INTO hooks (tenant, service, name, event, command) VALUES (?, 'web', 'no', 'pre_switch', ?)"
    notes.sql(hook, NAME, '["false"]')
    yield
    notes.sql("DELETE FROM hooks WHERE tenant = ?", NAME)


def workers() -> list[str]:
    """States of the workers of all releases."""
    words = ["--filter", f"label=tenantry.tenant={NAME}", "--filter", "label=com.docker.compose.service=worker"]
    return demo_check.docker("ps", "--all", *words, "--format", "{{.State}}").split()


def as_before(notes: Fleet) -> None:
    """The old release serves, with the data and the settings from before, and nothing is left over."""
    assert (notes.version(NAME), workers()) == (OLD, ["running"])
    assert applied() == [FIRST]
    assert database("SELECT title || body FROM notes WHERE author = 'ann'") == ["frombefore"]
    assert database("SHOW work_mem") == ["5MB"]
    assert database("SELECT count(*) FROM pg_database WHERE datname LIKE 'tenantry%'") == ["0"]
    assert not (notes.tenants_root / NAME / ".deploy" / "fallback.json").exists()
    assert not [one for one in notes.containers(NAME) if "-hook-" in one or "-run-" in one]


def steps(notes: Fleet) -> list[str]:
    """Of the last operation on the node."""
    return [one["step"] for one in notes.journal(NAME)["steps"]]


def test_without_a_word_nobody_is_turned_away(notes):
    with asked(notes, NAME) as users:
        code, text = upgrade(notes, "1.1.0")
    assert code != 0
    assert "nobody can take that back" in text
    assert set(users.answers) == {OLD}


def test_what_worked_without_a_transaction_and_failed_is_loaded_back(notes):
    before = snapshots(notes)
    with asked(notes, NAME) as users:
        code, text = upgrade(notes, "half-autocommit", "-e", "migration_validated_version=half-autocommit")
    assert code != 0
    label = snapshots(notes)[-1]
    assert label not in before
    assert f"were applied; snapshot {label} from before it is loaded back" in text
    assert f"has the data of {label} again" in text
    assert "is kept as snapshot" not in text
    assert set(users.answers) == {OLD, "503"}
    assert database("SELECT to_regclass('tags') IS NULL") == ["t"]
    as_before(notes)
    assert notes.play("deploy", "--limit", NAME).text.count("Nothing is to be done") == 1


@pytest.mark.usefixtures("failing")
def test_a_release_that_never_comes_to_serve_leaves_the_data_from_before(notes):
    with asked(notes, NAME) as users:
        words = ["-e", "release_version=1.1.0", "-e", "migration_validated_version=1.1.0"]
        run = notes.play("upgrade", "--limit", NAME, *words, core="oldest")
    assert run.code != 0
    assert "hook" in run.text
    assert set(users.answers) == {OLD, "503"}
    assert "load-server" in steps(notes)
    as_before(notes)


def test_an_operator_has_the_database_back_as_it_was_and_loses_nothing(notes):
    label, body = snapshots(notes)[-1], "SELECT body FROM notes WHERE author = 'ann'"
    database("UPDATE notes SET body = 'afterwards'")
    run = notes.play("load_snapshot", "--limit", NAME, "-e", "snapshot_label=20260101T000000.000Z-server-pg_dump")
    assert (run.code != 0, "there is no whole backup" in run.text) == (True, True)
    with asked(notes, NAME) as users:
        run = notes.play("load_snapshot", "--limit", NAME, "-e", f"snapshot_label={label}")
    assert run.code == 0
    assert set(users.answers) == {OLD, "503"}
    as_before(notes)
    kept = snapshots(notes)[-1]
    assert f"what it was before is kept as snapshot {kept}" in run.text
    assert notes.play("load_snapshot", "--limit", NAME, "-e", f"snapshot_label={kept}").code == 0
    assert database(body) == ["afterwards"]
    database("UPDATE notes SET body = 'before'")
    assert notes.play("deploy", "--limit", NAME).text.count("Nothing is to be done") == 1


@pytest.mark.usefixtures("failing")
@pytest.mark.parametrize("step", WANTED)
def test_a_run_that_is_killed_is_settled_with_the_data_from_before(notes, step):
    words = ["-e", "release_version=1.1.0", "-e", "migration_validated_version=1.1.0", "-e", "acknowledge=true"]
    run = notes.start("upgrade", "--limit", NAME, *words)
    try:
        wait_for(lambda: step in [one["step"] for one in notes.journal(NAME).get("steps", [])][-1:] or run.poll(), 180)
        assert run.poll() is None
    finally:
        kill(run)
    # What must not be seen: the old release in front of what the new one did to its data.
    if step in ("migrate-main", "app", "load-server"):
        assert notes.version(NAME) == "503"
        assert "running" not in workers()
    assert notes.play("deploy", "--limit", NAME, "-e", "release_holds=true").code == 0
    assert holds(notes, NAME) == []
    as_before(notes)
    assert notes.play("deploy", "--limit", NAME).text.count("Nothing is to be done") == 1


@pytest.mark.usefixtures("failing")
def test_what_cannot_be_loaded_back_stays_closed_until_somebody_gives_it_up(notes):
    """The old release must not write into data that it does not know."""
    words = ["-e", "release_version=1.1.0", "-e", "migration_validated_version=1.1.0", "-e", "acknowledge=true"]
    run = notes.start("upgrade", "--limit", NAME, *words)
    wait_for(lambda: "app" in steps(notes)[-1:] or run.poll(), 180)
    label = snapshots(notes)[-1]
    (notes.tenants_root / NAME / "shared" / "snapshots" / label / "database.pgdump").unlink()
    assert run.wait(180) != 0
    run = notes.play("deploy", "--limit", NAME, "-e", "release_holds=true")
    assert run.code != 0
    assert "is damaged: database.pgdump cannot be read" in run.text
    assert notes.version(NAME) == "503"
    assert notes.play("deploy", "--limit", NAME, "-e", f"migration_snapshot_abandoned={label}").code == 0
    assert notes.version(NAME) == OLD
    assert applied() == [FIRST, SECOND]
