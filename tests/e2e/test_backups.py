# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups of a tenant with a PostgreSQL, a Redis and files, on a disk and in S3, as timers and operators make them."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import stat
import subprocess
import sys
import threading
import typing as t
from pathlib import Path

import archives
import databases
import demo
import demo_check
import pytest
from conftest import ROOT, STATE, Fleet, forget, kill, wait_for

from ansible_collections.tenantry.platform.plugins.module_utils.backup_repository import Repository

NAME = "e2e-stored"
# Words that nothing else has in it.
DISK_PASSPHRASE, S3_PASSPHRASE = "disk-Vq81-phrase", "s3-Hx52-phrase"
PLACE = STATE / "stored"
DISK = PLACE / "repository"
SPOOL = PLACE / "spool"
DUE = ("-e", "backup_due=true", "-e", "backup_jitter=0")
EVERYTHING = {("server", "pgbackrest"), ("cache", "redis"), ("web", "restic")}
SUCCESSES = "SELECT service, engine, repository, kind FROM backups WHERE status = 'success' AND removed_at IS NULL"


class Kept:
    """The tenant, and where its backups are."""

    def __init__(self, fleet: Fleet, storage: archives.Storage) -> None:
        self.fleet = fleet
        self.storage = storage

    def play(self, playbook: str, *arguments: str) -> tuple[int, str]:
        run = self.fleet.play(playbook, "--limit", NAME, "-e", f"backup_spool={SPOOL}", *arguments)
        return run.code, run.text

    def made(self) -> list[tuple[str, str, str, str]]:
        """What the ledger has as good."""
        return sorted(self.fleet.sql(SUCCESSES))

    def failed(self) -> list[tuple[str, str, str]]:
        """What it has as failed."""
        query = "SELECT service, repository, error_kind FROM backups WHERE status = 'failure' ORDER BY id"
        return self.fleet.sql(query)

    def listed(self) -> dict[int, list[str]]:
        """What pgBackRest itself lists, by the number of the repository."""
        words = ["exec", f"{NAME}-server-1", "pgbackrest", f"--stanza={NAME}-server", "--output=json", "info"]
        found = json.loads(demo_check.docker(*words))[0]["backup"]
        numbers = sorted({one["database"]["repo-key"] for one in found})
        return {n: [one["label"] for one in found if one["database"]["repo-key"] == n] for n in numbers}

    def database(self, statement: str) -> str:
        return databases.query(NAME, statement)

    def cache(self, *words: str) -> str:
        return demo_check.docker("exec", f"{NAME}-cache-1", "redis-cli", *words).strip()

    def letter(self) -> Path:
        """A file of the volume that the application has now."""
        mine = ("--filter", f"label=tenantry.tenant={NAME}", "--filter", "label=com.docker.compose.service=web")
        (web,) = demo_check.docker("ps", "-q", *mine).split()
        mounts = json.loads(demo_check.docker("inspect", web, "--format={{json .Mounts}}"))
        (files,) = (Path(one["Source"]) for one in mounts if one["Destination"] == "/files")
        return files / "letter.txt"

    def restic(self, service: str, *words: str) -> str:
        """restic as the platform calls it, on the repository of the disk."""
        one = Repository("disk", "posix", str(DISK), DISK_PASSPHRASE)
        environment = {
            "PATH": os.environ["PATH"],
            "RESTIC_REPOSITORY": one.place(NAME, service, "restic"),
            "RESTIC_PASSWORD": one.passphrase_of(NAME, service),
        }
        words = ("restic", "--no-cache", *words)
        return subprocess.run(words, env=environment, check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def kept(fleet: Fleet) -> t.Iterator[Kept]:
    """The tenant, deployed, and never backed up."""
    subprocess.run([sys.executable, str(ROOT / "tests" / "estate" / "estate.py"), "up", "data"], check=True)
    DISK.mkdir(parents=True)
    fleet.environment.update(
        TENANTRY_SECRET_DISK=DISK_PASSPHRASE,
        TENANTRY_SECRET_S3=S3_PASSPHRASE,
        TENANTRY_SECRET_ACCESS=archives.ACCESS_KEY,
        TENANTRY_SECRET_SECRET=archives.SECRET_KEY,
    )
    with archives.storage(f"{demo.read_estate()['registry']}/tenantry/s3:4.48", PLACE) as storage:
        wait_for(archives.is_ready)
        describe(fleet, storage)
        made = Kept(fleet, storage)
        assert fleet.play("deploy", "--limit", NAME).code == 0
        wait_for(lambda: made.database("CREATE TABLE goods AS SELECT generate_series(1, 1000) AS id"))
        made.letter().write_text("dear customer", encoding="utf-8")
        yield made
        storage.come_back()
        forget(fleet, [NAME])
    fleet.sql("DELETE FROM repositories")


def describe(fleet: Fleet, storage: archives.Storage) -> None:
    """Rows of the tenant."""
    disk = "INSERT INTO repositories (name, kind, path, passphrase) VALUES ('disk', 'posix', ?, ?)"
    fleet.sql(disk, str(DISK), "env:TENANTRY_SECRET_DISK")
    fleet.sql(
        "INSERT INTO repositories (name, kind, path, endpoint, bucket, ca_file, access_key, secret_key, passphrase)"
        " VALUES ('offsite', 's3', '/fleet', ?, ?, ?, 'env:TENANTRY_SECRET_ACCESS', 'env:TENANTRY_SECRET_SECRET',"
        " 'env:TENANTRY_SECRET_S3')",
        storage.endpoint,
        "backups",
        str(storage.ca_file),
    )
    databases.add_server(fleet, NAME)
    services = (
        "INSERT INTO services (tenant, name, kind, image, command, port, memory, health_type, health_command,"
        " health_interval, health_start_period, run_as, tmpfs, database) VALUES (?, ?, ?, ?, ?, ?, '256m', ?, ?, 2, 60,"
        " ?, ?, ?)"
    )
    fleet.sql(services, NAME, "cache", "backing", "tenantry/redis:7", None, 6379, "tcp", None, "998:998", None, "redis")
    web = ("web", "app", "tenantry/sample", '["web"]', 8080, "tcp", None, "10001:10001", None, None)
    fleet.sql(services, NAME, *web)
    volume = "INSERT INTO service_volumes (tenant, service, name, path) VALUES (?, ?, ?, ?)"
    fleet.sql(volume, NAME, "cache", "cache", "/data")
    fleet.sql(volume, NAME, "web", "files", "/files")
    policy = "INSERT INTO backup_policies (tenant, service, name, repositories, configuration) VALUES (?, ?, ?, ?, ?)"
    fleet.sql(policy, NAME, "server", "database", None, False)
    fleet.sql(policy, NAME, "cache", "cache", '["disk"]', False)
    fleet.sql(policy, NAME, "web", "files", '["disk"]', True)


@contextlib.contextmanager
def watched_processes() -> t.Iterator[set[str]]:
    """The command lines of everything that runs meanwhile."""
    seen: set[str] = set()
    stop = threading.Event()

    def look() -> None:
        while not stop.is_set():
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                with contextlib.suppress(OSError):
                    seen.add(path.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace"))
            stop.wait(0.05)

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        stop.set()
        thread.join()


def secrets() -> list[str]:
    """What nobody else may see, with what is derived from it."""
    derived = [
        Repository("one", "posix", "/", phrase).passphrase_of(NAME, service)
        for phrase in (DISK_PASSPHRASE, S3_PASSPHRASE)
        for service in ("server", "cache", "web")
    ]
    return [DISK_PASSPHRASE, S3_PASSPHRASE, archives.SECRET_KEY, *derived]


def readable_with(places: t.Iterable[Path], words: t.Sequence[str]) -> list[str]:
    """Files that hold one of these words and that others than their owner may read."""
    found = []
    for place in places:
        for path in place.rglob("*"):
            with contextlib.suppress(OSError):
                about = path.lstat()
                if stat.S_ISREG(about.st_mode) and about.st_size < 1 << 22 and about.st_mode & 0o044:
                    text = path.read_bytes()
                    found += [str(path) for word in words if word.encode() in text]
    return found


def leaked(kept: Kept, text: str, seen: t.Iterable[str]) -> list[str]:
    """Secrets in an output or in command lines, and files that tell them to others."""
    own = [STATE / "inventory", kept.fleet.tenants_root / NAME, SPOOL, DISK, Path.home() / ".ansible"]
    said = [word for word in secrets() if word in text or any(word in line for line in seen)]
    return said + readable_with(own, secrets())


def test_what_is_due_is_made_in_every_repository_and_nobody_sees_a_secret(kept):
    with watched_processes() as seen:
        code, text = kept.play("backup", *DUE, "-vvv")
    assert code == 0
    assert {(service, engine) for service, engine, _repository, _kind in kept.made()} == EVERYTHING
    assert [repository for service, _e, repository, _k in kept.made() if service == "server"] == ["disk", "offsite"]
    assert len(kept.listed()) == 2
    assert re.search(r"e2e-stored: server pgbackrest full: disk \d+\.\d MiB in", text)
    assert any("pgbackrest" in line for line in seen)
    assert leaked(kept, text, seen) == []


def test_nothing_is_due_a_moment_later_and_nothing_is_done(kept):
    before = kept.listed()
    code, text = kept.play("backup", *DUE)
    assert code == 0
    assert "Backups: nothing to make" in text
    assert "changed=0" in text
    assert kept.listed() == before


def test_everything_comes_back_from_a_restore_and_in_a_drill_and_nobody_sees_a_secret(kept):
    kept.cache("SET", "colour", "red")
    assert kept.play("backup")[0] == 0
    kept.cache("SET", "colour", "blue")
    kept.letter().write_text("somebody else's", encoding="utf-8")
    with watched_processes() as seen:
        code, text = kept.play("restore", "-vvv")
        drilled, told = kept.play("drill", "-vvv")
    assert (code, drilled) == (0, 0)
    wait_for(lambda: kept.database("SELECT count(*) FROM goods") == "1000")
    assert kept.cache("GET", "colour") == "red"
    assert kept.letter().read_text(encoding="utf-8") == "dear customer"
    assert any("restore" in line and "restic" in line for line in seen)
    assert leaked(kept, text + told, seen) == []


def test_a_check_makes_nothing_and_says_what_it_would(kept):
    before = kept.made()
    code, text = kept.play("backup", "--check", "-e", "backup_service=cache")
    assert code == 0
    assert re.search(r"cache +redis +disk +ready", text)
    assert kept.made() == before


def test_one_repository_that_is_away_takes_no_backup_from_the_other(kept):
    kept.storage.go_away()
    # The server tries the one that is away for a minute and a half before it hands its WAL to the other.
    kept.fleet.patience, usual = 900, kept.fleet.patience
    code, text = kept.play("backup", "-e", "backup_service=server", "-e", "backup_kind=incremental")
    kept.fleet.patience = usual
    kept.storage.come_back()
    assert code == 2
    assert re.search(r"server +pgbackrest incremental +disk +made", text)
    assert re.search(r"server +pgbackrest incremental +offsite +failed", text)
    assert ("server", "pgbackrest", "disk", "incremental") in kept.made()
    assert ("server", "pgbackrest", "offsite", "incremental") not in kept.made()
    assert [(service, repository) for service, repository, _kind in kept.failed()] == [("server", "offsite")]
    history = kept.fleet.play("history", "--limit", NAME).text
    assert re.search(rf"{NAME} +backup +failure", history)


def test_how_old_everything_is_is_told_with_wal_and_as_metrics(kept):
    metrics = STATE / "backup.prom"
    code, text = kept.play("backups", "-e", f"backup_metrics_file={metrics}", "-e", "backup_jitter=0")
    assert code == 0, text
    assert len(re.findall(rf"^{NAME} .* ok ", text, re.MULTILINE)) == 4
    told = metrics.read_text(encoding="utf-8")
    assert f'tenantry_backup_wal_ready{{tenant="{NAME}",service="server"}}' in told
    assert 'tenantry_backup_tenants{status="ok"} 1' in told
    assert metrics.stat().st_mode & 0o777 == 0o644
    code, text = kept.play("backups", "-e", "backup_grace=-7200", "-e", "backup_jitter=0")
    assert code == 2
    assert "is due since" in text


OFFSITE = (
    "-e",
    f"backup_spool={SPOOL}",
    "-e",
    "backup_service=server",
    "-e",
    "backup_repository=offsite",
    "-e",
    "backup_wait=60",
)


def processes() -> str:
    return demo_check.docker("top", f"{NAME}-server-1", "-eo", "pid,args")


@contextlib.contextmanager
def hanging_backup(kept: Kept) -> t.Iterator[subprocess.Popen[str]]:
    """A run whose full backup has begun, and that comes no further; afterwards the object storage answers again."""
    run = kept.fleet.start("backup", "--limit", NAME, *OFFSITE)
    try:
        wait_for(lambda: run.poll() is not None or "--type=full" in processes(), 120)
        kept.storage.hang()
        assert run.poll() is None
        yield run
    finally:
        kept.storage.come_back()


def kill_modules() -> None:
    """Modules outlive their controller: end what works on the service."""
    lock = str(SPOOL / NAME / "server" / "lock")
    for descriptor in Path("/proc").glob("[0-9]*/fd/*"):
        with contextlib.suppress(OSError):
            if os.readlink(descriptor) == lock:
                os.kill(int(descriptor.parts[2]), signal.SIGKILL)


def test_a_run_that_is_killed_leaves_nothing_that_counts_and_the_next_one_makes_it(kept):
    before, listed = kept.made(), kept.listed()
    with hanging_backup(kept) as run:
        kill(run)
        kill_modules()
        assert "--type=full" in processes()
        assert kept.made() == before
        # What it left at work in the container is ended by the next run.
        following = kept.fleet.start("backup", "--limit", NAME, *OFFSITE)
        wait_for(lambda: "--type=full" not in processes(), 120)
    assert following.wait(timeout=300) == 0
    assert len(kept.made()) == len(before) + 1
    assert len(kept.listed()[2]) == len(listed[2]) + 1


def test_a_database_that_goes_away_under_its_backup_makes_it_fail_and_the_next_one_is_made(kept):
    before = kept.made()
    with hanging_backup(kept) as run:
        demo_check.docker("restart", f"{NAME}-server-1")
    assert run.wait(timeout=300) == 2
    assert kept.made() == before
    assert kept.failed()[-1][:2] == ("server", "offsite")
    code, _text = kept.play("backup", *OFFSITE)
    assert code == 0
    assert len(kept.made()) == len(before) + 1


def test_what_is_there_is_read_and_damage_is_told(kept):
    code, text = kept.play("verify")
    assert code == 0, text
    assert kept.fleet.sql("SELECT count(*) FROM backups WHERE status = 'success' AND verified_at IS NULL") == [(0,)]
    pack = next(path for path in (DISK / NAME / "cache" / "restic" / "data").rglob("*") if path.is_file())
    whole = pack.read_bytes()
    pack.chmod(0o600)
    pack.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    code, text = kept.play("verify", "-e", "backup_service=cache")
    pack.write_bytes(whole)
    assert code == 2
    assert re.search(r"cache +redis +disk +failed", text)


def test_pruning_never_takes_the_last_good_one(kept):
    for _turn in range(2):
        assert kept.play("backup", "-e", "backup_service=cache")[0] == 0
    kept.fleet.sql("UPDATE backup_policies SET keep_last = 1 WHERE tenant = ? AND service = 'cache'", NAME)
    snapshots = json.loads(kept.restic("cache", "snapshots", "--json"))
    for number, one in enumerate(snapshots):
        (old,) = [tag for tag in one["tags"] if tag.startswith("finished=")]
        ago = f"finished=2026-01-{number + 1:02d}T03:00:00.000Z"
        kept.restic("cache", "tag", "--remove", old, "--add", ago, one["id"])
    code, text = kept.play("prune", "--check", "-e", "backup_service=cache")
    assert code == 0
    assert len(json.loads(kept.restic("cache", "snapshots", "--json"))) == len(snapshots)
    code, text = kept.play("prune", "-e", "backup_service=cache")
    assert code == 0
    assert re.search(rf"pruned \({len(snapshots) - 1}\)", text)
    (left,) = json.loads(kept.restic("cache", "snapshots", "--json"))
    assert f"finished=2026-01-{len(snapshots):02d}T03:00:00.000Z" in left["tags"]
    there = "SELECT count(*) FROM backups WHERE service = 'cache' AND status = 'success' AND removed_at IS NULL"
    assert kept.fleet.sql(there) == [(1,)]
    code, text = kept.play("prune", "-e", "backup_service=cache")
    assert (code, "changed=0" in text) == (0, True)


def test_a_request_of_a_backup_is_carried_out_once_and_no_deploy_waits_for_it(kept):
    request = "01M80E2EBACKUP000000000001"
    row = (
        "INSERT INTO operations (id, tenant, sequence, action, requested_by)"
        " SELECT ?, ?, COALESCE(MAX(sequence), 0) + 1, 'backup', 'ann' FROM operations WHERE tenant = ?"
    )
    kept.fleet.sql(row, request, NAME, NAME)
    before = kept.made()
    assert kept.play("backup", "-e", f"operation_id={request}", "-e", "backup_service=cache")[0] == 0
    assert kept.fleet.sql("SELECT status FROM operations WHERE id = ?", request) == [("success",)]
    after = kept.made()
    assert len(after) == len(before) + 1
    code, text = kept.play("backup", "-e", f"operation_id={request}", "-e", "backup_service=cache")
    assert code == 0
    assert "it is not carried out again" in text
    assert kept.made() == after


def test_tenants_in_quarantine_are_told_and_take_no_backup_from_others(kept):
    kept.fleet.add("e2e-refused", maintenance_window="now and then")
    run = kept.fleet.play(
        "backup", "--limit", f"{NAME},e2e-refused", "-e", "backup_service=cache", "-e", f"backup_spool={SPOOL}"
    )
    kept.fleet.sql("DELETE FROM tenants WHERE name = 'e2e-refused'")
    assert run.code == 2
    assert "e2e-refused: its rows are refused" in run.text
    assert re.search(r"cache +redis +disk +made", run.text)
