# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Data that is lost and comes back, backups that are tried before they are needed, and upgrades before they are made."""

from __future__ import annotations

import dataclasses
import datetime
import re
import shutil
import subprocess
import sys
import threading
import time
import typing as t
from pathlib import Path

import demo
import demo_check
import pytest
from conftest import ROOT, STATE, Fleet, forget, wait_for
from test_migrations import READY, SERVE
from test_upgrade import holds, operations

NAME, NEXT = "e2e-vault", "e2e-next"
BACKUPS = STATE / "backups"
DATA = f"{NAME}_data"


@pytest.fixture(scope="module")
def estate(fleet: Fleet) -> t.Iterator[Fleet]:
    """Two tenants with an application and a PostgreSQL of their own, backed up into a directory of the node."""
    subprocess.run([sys.executable, str(ROOT / "tests" / "estate" / "estate.py"), "up", "notes"], check=True)
    BACKUPS.mkdir(mode=0o711)
    vault = re.search(r"\$ANSIBLE_VAULT;[^']*", (demo.INVENTORY / "seed.sql").read_text(encoding="utf-8"))
    assert vault
    repository = "INSERT INTO repositories (name, kind, path, passphrase) VALUES ('local', 'posix', ?, ?)"
    fleet.sql(repository, str(BACKUPS), vault.group())
    for name in (NAME, NEXT):
        add(fleet, name, vault.group())
    assert fleet.play("deploy", "--limit", f"{NAME},{NEXT}").code == 0
    yield fleet
    forget(fleet, [NAME, NEXT])
    fleet.sql("DELETE FROM repositories")
    for name in (NAME, NEXT):
        shutil.rmtree(Path("/var/lib/tenantry/backup") / name, ignore_errors=True)


def add(fleet: Fleet, name: str, vault: str) -> None:
    """A tenant that runs notes on PostgreSQL."""
    fleet.add(name, version="1.0.0")
    fleet.sql("INSERT INTO secrets (tenant, name, vault) VALUES (?, 'password', ?)", name, vault)
    fleet.sql(
        "INSERT INTO services (tenant, name, kind, image, port, memory, health_type, health_command, health_interval,"
        " health_start_period, run_as, tmpfs, database) VALUES (?, 'server', 'backing', 'tenantry/postgres:15', 5432,"
        " '256m', 'command', ?, 2, 60, '999:999', '[\"/tmp\", \"/run/postgresql\"]', 'postgresql')",
        name,
        READY,
    )
    fleet.sql(
        "INSERT INTO services (tenant, name, image, command, run_as) VALUES (?, 'web', 'tenantry/notes', ?, '10002')",
        name,
        SERVE,
    )
    data = "INSERT INTO service_volumes (tenant, service, name, path) VALUES (?, 'server', 'data', ?)"
    fleet.sql(data, name, "/var/lib/postgresql/data")
    for service in ("server", "web"):
        fleet.sql("INSERT INTO service_secrets (tenant, service, secret) VALUES (?, ?, 'password')", name, service)
    for service, variable, value in (
        ("server", "POSTGRES_USER", "app"),
        ("server", "POSTGRES_PASSWORD_FILE", "/run/secrets/password"),
        ("web", "DATABASE_HOST", "server"),
        ("web", "DATABASE_USER", "app"),
        ("web", "DATABASE_PASSWORD_FILE", "/run/secrets/password"),
    ):
        variables = "INSERT INTO service_environment (tenant, service, name, value) VALUES (?, ?, ?, ?)"
        fleet.sql(variables, name, service, variable, value)
    fleet.sql("INSERT INTO service_dependencies (tenant, service, depends_on) VALUES (?, 'web', 'server')", name)
    fleet.sql("INSERT INTO migrations (tenant, service, driver) VALUES (?, 'web', 'alembic')", name)
    fleet.sql(
        "INSERT INTO backup_policies (tenant, service, row_check) VALUES (?, 'server', 'SELECT count(*) FROM notes')",
        name,
    )


def database(statement: str, name: str = NAME) -> list[str]:
    words = ["exec", f"{name}-server-1", "psql", "-X", "-A", "-t", "-U", "app", "-c", statement]
    return demo_check.docker(*words).split()


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


def backed_up(estate: Fleet, *names: str) -> None:
    run = estate.play(str(ROOT / "tests" / "e2e" / "back_up.yml"), "--limit", ",".join(names))
    assert run.code == 0


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
    """A backup, then writes under load until a table is dropped; ``log`` is what clients saw."""
    wait_for(lambda: estate.asker.https(f"{NAME}.{demo.ZONE}", "/notes")[0] == 200)
    estate.asker.https(f"{NEXT}.{demo.ZONE}", "/notes", body="of-the-neighbour")
    backed_up(estate, NAME, NEXT)
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
    assert titles(NEXT) == {"of-the-neighbour"}


def test_a_plain_deploy_and_an_upgrade_stay_with_the_restored_data(estate, written):
    before = titles()
    assert "Nothing is to be done" in estate.play("deploy", "--limit", NAME).text
    assert estate.play("deploy", "--limit", NAME, "-e", "release_holds=true").code == 0
    assert titles() == before
