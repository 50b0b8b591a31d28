# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Data that is lost and comes back, backups and upgrades that are tried before anybody depends on them."""

from __future__ import annotations

import dataclasses
import datetime
import json
import re
import shutil
import subprocess
import sys
import threading
import time
import typing as t
from pathlib import Path

import databases
import demo
import demo_check
import pytest
from conftest import ROOT, STATE, Fleet, forget, kill, wait_for
from test_upgrade import holds, operations

NAME, NEXT = "e2e-vault", "e2e-next"
BACKUPS = STATE / "backups"
DATA = f"{NAME}_data"


@pytest.fixture(scope="module")
def estate(fleet: Fleet) -> t.Iterator[Fleet]:
    """Two tenants with an application and a PostgreSQL of their own, backed up into a directory of the node."""
    subprocess.run([sys.executable, str(ROOT / "tests" / "estate" / "estate.py"), "up", "notes"], check=True)
    BACKUPS.mkdir(mode=0o711)
    repository = "INSERT INTO repositories (name, kind, path, passphrase) VALUES ('local', 'posix', ?, ?)"
    fleet.sql(repository, str(BACKUPS), databases.secret())
    for name in (NAME, NEXT):
        add(fleet, name)
    assert fleet.play("deploy", "--limit", f"{NAME},{NEXT}").code == 0
    for name in (NAME, NEXT):
        note(fleet, name, f"first-of-{name}")
    backed_up(fleet, NAME, NEXT)
    yield fleet
    forget(fleet, [NAME, NEXT])
    fleet.sql("DELETE FROM repositories")
    for name in (NAME, NEXT):
        shutil.rmtree(Path("/var/lib/tenantry/backup") / name, ignore_errors=True)


def add(fleet: Fleet, name: str) -> None:
    """A tenant that runs notes on PostgreSQL, and is backed up."""
    databases.add_notes(fleet, name)
    fleet.sql(
        "INSERT INTO backup_policies (tenant, service, row_check) VALUES (?, 'server', 'SELECT count(*) FROM notes')",
        name,
    )


def database(statement: str, name: str = NAME) -> list[str]:
    return databases.query(name, statement).split()


def titles(name: str = NAME) -> set[str]:
    return set(database("SELECT title FROM notes", name))


def volumes(label: str = f"tenantry.tenant={NAME}") -> set[str]:
    return set(demo_check.docker("volume", "ls", "-q", "--filter", f"label={label}").split())


def copies() -> list[str]:
    """Everything on the engine that belongs to a copy."""
    found = []
    for kind in ("container", "volume", "network"):
        listing = ["ls", "-aq"] if kind == "container" else ["ls", "-q"]
        found += demo_check.docker(kind, *listing, "--filter", "label=tenantry.purpose=rehearsal").split()
    return found


def note(estate: Fleet, name: str, title: str) -> None:
    """One note that a client knows to be kept."""
    assert wait_for(lambda: estate.asker.https(f"{name}.{demo.ZONE}", "/notes", body=title)[0] == 200)


def backed_up(estate: Fleet, *names: str) -> None:
    """A backup by each policy of these tenants, and in the ledger."""
    made_in = ["-e", f"made_in={STATE}"]
    assert estate.play(str(ROOT / "tests" / "e2e" / "back_up.yml"), "--limit", ",".join(names), *made_in).code == 0
    columns = ("label", "kind", "repository", "started_at", "finished_at", "engine")
    for name in names:
        for made in json.loads((STATE / f"{name}.json").read_text(encoding="utf-8")):
            estate.sql(
                f"INSERT INTO backups (tenant, service, policy, status, {', '.join(columns)})"  # noqa: S608  our own
                " VALUES (?, 'server', 'main', 'success', ?, ?, ?, ?, ?, ?)",
                name,
                *(made[column] for column in columns),
            )


def archives(name: str = NAME) -> bool:
    """Whether what a server wrote until now arrives in its repositories."""
    segment = database("SELECT pg_walfile_name(pg_switch_wal())", name)[0]
    ready = f"SELECT count(*) FROM pg_ls_archive_statusdir() WHERE name = '{segment}.ready'"  # noqa: S608
    return bool(wait_for(lambda: database(ready, name) == ["0"]))


def drills(estate: Fleet, name: str) -> list[t.Any]:
    told = "SELECT drill_status, drill_seconds FROM backups WHERE tenant = ? AND drill_at IS NOT NULL ORDER BY drill_at"
    return estate.sql(told, name)


def moment(seconds: float) -> str:
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).isoformat(timespec="milliseconds")


@dataclasses.dataclass(frozen=True)
class Write:
    """What a client knows of one note."""

    title: str
    sent: float
    answered: float
    status: int


class Writer(threading.Thread):
    """Somebody who writes all the time, and notes what was acknowledged."""

    def __init__(self, estate: Fleet, name: str = NAME) -> None:
        super().__init__(daemon=True)
        self.estate, self.tenant = estate, name
        self.log: list[Write] = []
        self.dropped = 0.0
        self.done = threading.Event()

    def run(self) -> None:
        while not self.done.is_set():
            title, sent = f"note-{len(self.log)}", time.time()
            status, _body = self.estate.asker.https(f"{self.tenant}.{demo.ZONE}", "/notes", body=title)
            self.log.append(Write(title, sent, time.time(), status))

    def end(self) -> None:
        self.done.set()
        self.join()

    def acknowledged(self, until: float) -> set[str]:
        return {one.title for one in self.log if one.status == 200 and one.answered <= until}

    def begun(self, after: float) -> set[str]:
        return {one.title for one in self.log if one.sent > after}


@pytest.fixture(scope="module")
def written(estate: Fleet) -> Writer:
    """Writes under load until a table is dropped; ``log`` is what clients saw."""
    writer = Writer(estate)
    writer.start()
    wait_for(lambda: len(writer.acknowledged(time.time())) > 100)
    writer.dropped = time.time()
    database("DROP TABLE notes")
    wait_for(lambda: [one for one in writer.log if one.status != 200])
    writer.end()
    return writer


def test_a_table_that_was_dropped_comes_back_as_it_was_just_before(estate, written):
    neighbour, before = estate.containers(NEXT), volumes()
    when = written.dropped
    run = estate.play("restore", "--limit", NAME, "-e", "restore_service=server", "-e", f"restore_time={moment(when)}")
    assert run.code == 0
    assert f"{NAME}  restored" in re.sub(" +", "  ", run.text)
    found = titles()
    assert written.acknowledged(when) - found == set()
    assert written.begun(when) & found == set()
    assert estate.asker.https(f"{NAME}.{demo.ZONE}", "/notes")[0] == 200
    made = volumes() - before
    assert len(made) == 1
    assert [one[0] for one in holds(estate, NAME)] == ["volume.data"]
    assert operations(estate, NAME)[-2:] == [("fill", "success"), ("restore", "success")]
    assert estate.containers(NEXT) == neighbour
    assert titles(NEXT) == {f"first-of-{NEXT}"}


def test_no_deploy_goes_back_to_the_data_from_before(estate, written):
    assert written.log
    before = titles()
    assert "Nothing is to be done" in estate.play("deploy", "--limit", NAME).text
    assert estate.play("deploy", "--limit", NAME, "-e", "release_holds=true").code == 0
    assert titles() == before


def test_a_rollback_brings_the_data_back_that_was_there_before(estate):
    assert estate.play("rollback", "--limit", NAME).code == 0
    assert database("SELECT to_regclass('notes') IS NULL") == ["t"]
    assert estate.asker.https(f"{NAME}.{demo.ZONE}", "/notes")[0] == 503
    assert len(volumes()) == 2


def test_a_second_restore_begins_a_timeline_of_its_own_and_its_wal_is_archived(estate, written):
    """Its number would be that of the first restore, had nobody archived where that one began."""
    when = moment(written.dropped)
    asked = ["-e", "restore_service=server", "-e", f"restore_time={when}"]
    assert estate.play("restore", "--limit", NAME, *asked, core="oldest").code == 0
    assert written.acknowledged(written.dropped) - titles() == set()
    assert database("SELECT timeline_id FROM pg_control_checkpoint()") == ["3"]
    assert archives()


def test_what_was_written_after_a_restore_can_be_restored_too(estate):
    note(estate, NAME, "after-the-restore")
    when = time.time()
    time.sleep(0.01)
    database("DELETE FROM notes")
    run = estate.play("restore", "--limit", NAME, "-e", f"restore_time={moment(when)}")
    assert run.code == 0
    assert "after-the-restore" in titles()


def test_confirming_removes_the_data_from_before_and_the_releases_that_need_it(estate):
    before, kept = volumes(), titles()
    checked = estate.play("confirm", "--limit", NAME, "--check")
    assert (checked.code, volumes()) == (0, before)
    assert f"{NAME}: would remove {DATA}, " in checked.text
    run = estate.play("confirm", "--limit", NAME)
    assert run.code == 0
    assert len(volumes()) == 1
    assert titles() == kept
    assert estate.play("rollback", "--limit", NAME).code != 0
    assert titles() == kept


def test_a_restore_that_fails_leaves_the_old_release_and_no_volume_behind(estate):
    before, kept, held, release = volumes(), titles(), holds(estate, NAME), estate.current(NAME)
    hook = "INSERT INTO hooks (tenant, service, name, event, command) VALUES (?, 'web', 'no', 'pre_switch', ?)"
    estate.sql(hook, NAME, json.dumps(["false"]))
    run = estate.play("restore", "--limit", NAME)
    estate.sql("DELETE FROM hooks WHERE tenant = ?", NAME)
    assert run.code != 0
    assert "hook" in run.text
    assert (volumes(), titles(), holds(estate, NAME), estate.current(NAME)) == (before, kept, held, release)
    assert operations(estate, NAME)[-2:] == [("fill", "success"), ("restore", "failure")]


def test_a_moment_from_before_the_first_backup_is_refused_and_changes_nothing(estate):
    before, kept, held, release = volumes(), estate.containers(NAME), holds(estate, NAME), estate.current(NAME)
    run = estate.play("restore", "--limit", f"{NAME},{NEXT}", "-e", "restore_time=2020-01-01T00:00:00Z")
    assert run.code != 0
    assert "there is no whole backup of service server of tenant e2e-vault from before 2020-01-01" in run.text
    assert (volumes(), estate.containers(NAME), holds(estate, NAME), estate.current(NAME)) == (
        before,
        kept,
        held,
        release,
    )


def test_check_mode_says_what_would_be_restored_and_does_nothing(estate):
    before, kept, held = volumes(), estate.containers(NAME), holds(estate, NAME)
    run = estate.play("restore", "--limit", NAME, "--check")
    assert run.code == 0
    assert re.search(r"e2e-vault: server by pgbackrest from local into volume e2e-vault_data-r\d{8}t\d{6}", run.text)
    assert "1 to restore" in run.text
    assert (volumes(), estate.containers(NAME), holds(estate, NAME)) == (before, kept, held)


def test_a_restore_that_is_killed_while_it_fills_is_settled_by_the_next_run(estate):
    before, kept, release = volumes(), titles(), estate.current(NAME)
    filling = ["ps", "-aq", "--filter", "label=tenantry.restore", "--filter", f"label=tenantry.tenant={NAME}"]
    run = estate.start("restore", "--limit", NAME)
    wait_for(lambda: run.poll() is not None or demo_check.docker(*filling).split(), 120)
    assert run.poll() is None
    kill(run)
    assert estate.play("deploy", "--limit", NAME).code == 0
    assert demo_check.docker(*filling).split() == []
    assert (volumes(), titles(), estate.current(NAME)) == (before, kept, release)
    assert [one[0] for one in holds(estate, NAME)] == ["volume.data"]


def test_a_drill_restores_reads_and_starts_everything_and_leaves_nothing(estate):
    before, neighbours = estate.containers(NAME), estate.containers(NEXT)
    run = estate.play("drill", "--limit", f"{NAME},{NEXT}")
    assert run.code == 0
    assert re.search(rf"{NAME} +passed +[0-9.]+ +server .* of local +4 passed", run.text)
    assert (estate.containers(NAME), estate.containers(NEXT)) == (before, neighbours)
    assert copies() == []
    for name in (NAME, NEXT):
        ((status, seconds),) = drills(estate, name)[-1:]
        assert status == "success"
        assert 0 < seconds < 120
    assert "in_sync" in estate.play("status", "--limit", NAME).text


def test_a_share_of_the_fleet_is_those_that_were_drilled_longest_ago(estate):
    estate.sql("UPDATE backups SET drill_at = '2026-01-01 00:00:00' WHERE tenant = ? AND drill_at IS NOT NULL", NEXT)
    run = estate.play("drill", "-e", "drill_share=10%", "--check")
    assert run.code == 0
    assert f"{NEXT}: server by pgbackrest" in run.text
    assert f"{NAME}: server" not in run.text


def test_a_row_check_that_does_not_hold_fails_the_drill(estate):
    check = "UPDATE backup_policies SET row_check = ? WHERE tenant = ?"
    estate.sql(check, "SELECT count(*) FROM notes WHERE title = 'never written'", NAME)
    run = estate.play("drill", "--limit", NAME)
    estate.sql(check, "SELECT count(*) FROM notes", NAME)
    assert run.code != 0
    assert "row_check: it answers '0'" in run.text
    assert copies() == []
    assert drills(estate, NAME)[-1][0] == "failure"


def test_a_drill_that_is_killed_leaves_nothing_that_the_next_one_does_not_remove(estate):
    run = estate.start("drill", "--limit", NEXT)
    wait_for(lambda: run.poll() is not None or copies(), 120)
    assert run.poll() is None
    kill(run)
    assert "extra" not in estate.play("status", "--limit", f"{NAME},{NEXT}").text
    assert estate.play("drill", "--limit", NEXT).code == 0
    assert copies() == []


def test_a_drill_finds_a_backup_that_is_damaged(estate):
    stanza = BACKUPS / NEXT / "server" / "pgbackrest" / "backup" / f"{NEXT}-server"
    newest = max(one for one in stanza.iterdir() if re.fullmatch(r"[0-9]{8}-[0-9]{6}F.*", one.name))
    largest = max((one for one in newest.rglob("*") if one.is_file()), key=lambda one: one.stat().st_size)
    whole = largest.read_bytes()
    before = estate.containers(NEXT)
    largest.write_bytes(whole[:1000] + bytes([whole[1000] ^ 255]) + whole[1001:])
    run = estate.play("drill", "--limit", f"{NAME},{NEXT}", core="oldest")
    largest.write_bytes(whole)
    assert run.code != 0
    assert re.search(rf"{NAME} +passed", run.text)
    assert re.search(rf"{NEXT} +failed", run.text)
    assert (estate.containers(NEXT), copies()) == (before, [])
    assert drills(estate, NEXT)[-1][0] == "failure"


def test_a_rehearsal_names_who_would_fail_and_why_before_anybody_is_touched(estate):
    """The column of the migration is there already, in the database of one tenant alone."""
    database("ALTER TABLE notes ADD COLUMN writer text", NEXT)
    backed_up(estate, NEXT)
    estate.sql("UPDATE migrations SET kind = 'expand' WHERE tenant IN (?, ?)", NAME, NEXT)
    before = {name: (estate.containers(name), estate.current(name), holds(estate, name)) for name in (NAME, NEXT)}
    run = estate.play("rehearse", "--limit", f"{NAME},{NEXT}", "-e", "release_version=1.1.0")
    assert run.code != 0
    assert re.search(rf"{NAME} +would_succeed", run.text)
    assert re.search(rf"{NEXT} +would_fail", run.text)
    assert 'column "writer" of relation "notes" already exists' in run.text
    after = {name: (estate.containers(name), estate.current(name), holds(estate, name)) for name in (NAME, NEXT)}
    assert after == before
    assert copies() == []
    assert database("SELECT version_num FROM alembic_version") == ["3f2a9c51d7e0"]


def test_a_tenant_of_which_a_node_has_nothing_is_there_again_with_its_data(estate):
    demo.remove_tenants([NEXT])
    shutil.rmtree(estate.tenants_root / NEXT)
    shutil.rmtree(Path("/var/lib/tenantry/backup") / NEXT)
    (demo.STATE / "edge" / "dynamic" / f"{NEXT}.yml").unlink()
    assert volumes(f"tenantry.tenant={NEXT}") == set()
    run = estate.play("restore", "--limit", NEXT)
    assert run.code == 0
    assert "first release" in run.text
    assert f"first-of-{NEXT}" in titles(NEXT)
    assert estate.asker.https(f"{NEXT}.{demo.ZONE}", "/notes")[0] == 200
    assert archives(NEXT)
