# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A SQLite database as one file: copied by its own backup API while others write, read, and then stored by restic."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shutil
import sqlite3
import time
import typing as t
import urllib.parse

from . import backup
from .backup_driver import Backup, Finding, Keep, newest_first
from .backup_repository import REPOSITORY_ARGUMENT, Repository, from_options
from .backup_restic import Restic
from .backup_snapshot import Draft, Snapshot
from .backup_spool import DEFAULT_ROOT, Spool, no_room, private
from .backup_store import ResticStore, Source
from .errors import TenantryError
from .polling import Deadline

ENGINE = "sqlite"
#: In the place of a tenant's name. No tenant can be called so.
OWNER = "tenantry_database"
_FILE = "database.sqlite"
#: Pages that are copied before writers have their turn.
_PAGES = 1000

_REQUIRED_REPOSITORIES = {
    **{name: value for name, value in REPOSITORY_ARGUMENT.items() if name != "default"},
    "required": True,
}

SQLITE_ARGUMENTS: dict[str, t.Any] = {
    "path": {"type": "path", "required": True},
    "name": {"type": "str", "default": "database"},
    "state": {"type": "str", "choices": ["present", "verified", "pruned", "restored"], "default": "present"},
    "repositories": _REQUIRED_REPOSITORIES,
    "label": {"type": "str", "default": ""},
    "read_data_subset": {"type": "str", "default": "100%"},
    "retention_days": {"type": "int", "default": 30},
    "keep_last": {"type": "int", "default": 3},
    "spool": {"type": "path", "default": DEFAULT_ROOT},
    "timeout": {"type": "int", "default": 3600},
    "wait": {"type": "int", "default": 0},
}


@dataclasses.dataclass(frozen=True)
class File:
    """A database, and where its backups are kept.

    :ivar name: of its place in each repository.
    """

    path: str
    name: str
    repositories: tuple[Repository, ...]
    spool: Spool
    share: str

    tool = ENGINE

    @property
    def label(self) -> str:
        return f"database {self.path}"

    def driver(self) -> SqliteDriver:
        stores = tuple(
            ResticStore(Restic(one, OWNER, self.name, self.spool.cache_path, self.spool.mark), ENGINE)
            for one in self.repositories
        )
        return SqliteDriver(self.path, self.name, self.spool, stores, self.share)


@dataclasses.dataclass
class SqliteDriver:
    """The backups of one database."""

    path: str
    name: str
    spool: Spool
    stores: tuple[ResticStore, ...]
    share: str = "100%"
    snapshot: Snapshot | None = None

    @property
    def repositories(self) -> tuple[str, ...]:
        return tuple(store.name for store in self.stores)

    def check(self, deadline: Deadline) -> None:
        del deadline
        with _opened(self.path) as connection:
            connection.execute("PRAGMA schema_version").fetchone()

    def prepare(self, deadline: Deadline) -> None:
        with Draft(self.spool.work_path, OWNER, self.name, ENGINE) as draft:
            copy = draft.file(_FILE + "-copy")
            with _opened(self.path) as source:
                _copy(source, copy, deadline)
            draft.facts.update(intact(copy))
            with draft.writing(_FILE) as write, open(copy, "rb") as stream:
                for block in iter(lambda: stream.read(1 << 20), b""):
                    write(block)
            os.unlink(copy)
            self.snapshot = draft.finish()

    def make(self, repository: str, deadline: Deadline) -> list[Backup]:
        if self.snapshot is None:
            raise TenantryError(f"no copy to store in {repository}: prepare() comes first", "backup_failed")
        source = Source("dump", "", self.snapshot.path)
        return [self.store(repository).save(source, self.snapshot.label, self.snapshot.started_at, deadline)]

    def finish(self) -> None:
        """What lies in the spool goes with the run."""

    def backups(self, repository: str, deadline: Deadline) -> list[Backup]:
        return self.store(repository).backups(deadline)

    def verify(self, repository: str, deadline: Deadline) -> list[Finding]:
        return self.store(repository).verify(self.share, deadline)

    def prune(self, repository: str, keep: Keep, deadline: Deadline, check_mode: bool) -> list[str]:
        return self.store(repository).prune(keep, deadline, check_mode)

    def store(self, name: str) -> ResticStore:
        return next(store for store in self.stores if store.name == name)


def run(params: t.Mapping[str, t.Any], check_mode: bool) -> dict[str, t.Any]:
    """Bring the backups of a database into ``params["state"]``, or the database back; returns a module result.

    :raises TenantryError: as :func:`backup.run`, and kinds ``exists``, ``backup_missing`` of a restore.
    """
    spool = Spool(params["spool"], OWNER, params["name"])
    file = File(params["path"], params["name"], from_options(params["repositories"]), spool, params["read_data_subset"])
    if params["state"] != "restored":
        return backup.work(file, file.driver(), params, check_mode)
    if os.path.exists(file.path):
        raise TenantryError(
            f"{file.path} exists, and a restore writes over nothing: move it away, or name another path", "exists"
        )
    if check_mode:
        return {"changed": True, "msg": f"{file.path} would be restored"}
    with spool.held(params["wait"]):
        return _restored(file, params["label"], Deadline(params["timeout"]))


def _restored(file: File, label: str, deadline: Deadline) -> dict[str, t.Any]:
    """From the first repository that has what is wanted."""
    driver, reasons = file.driver(), []
    for name in driver.repositories:
        try:
            found = [one for one in driver.backups(name, deadline) if not one.error and label in ("", one.label)]
            if not found:
                reasons.append(f"{name} has none")
                continue
            chosen = newest_first(found)[0]
            target = private(os.path.join(file.spool.work_path, "restored"))
            snapshot = Snapshot.read(driver.store(name).fetch(chosen, target, deadline))
            snapshot.require_whole()
            facts = intact(snapshot.file(_FILE))
            _put(snapshot.file(_FILE), file.path)
        except TenantryError as error:
            reasons.append(f"{name}: {error.message}")
            continue
        message = f"{file.path} is restored from {chosen.label} of {name}, with {facts['tables']} tables"
        return {"changed": True, "msg": message, "labels": [chosen.label], "repository": name, "facts": facts}
    what = f"backup {label}" if label else "backup"
    raise TenantryError(f"no {what} of {file.label} could be restored: {'; '.join(reasons)}", "backup_missing")


def _put(source: str, path: str) -> None:
    """Have a file there as a whole, and for its owner alone."""
    temporary = f"{path}.restoring"
    try:
        with open(source, "rb") as stream, open(temporary, "wb", opener=_private) as target:
            shutil.copyfileobj(stream, target)
            target.flush()
            os.fsync(target.fileno())
        os.rename(temporary, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise no_room(path, error) from error


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


@contextlib.contextmanager
def _opened(path: str) -> t.Iterator[sqlite3.Connection]:
    """The database, to be read. A file that is not there is not made.

    :raises TenantryError: kinds ``path_missing``, ``source_unreadable``.
    """
    if not os.path.isfile(path):
        raise TenantryError(f"there is no file {path} on this machine: correct path", "path_missing")
    # Not as immutable: it is written meanwhile.
    with (
        _told(path),
        contextlib.closing(
            sqlite3.connect(f"file:{urllib.parse.quote(path)}?mode=rw", uri=True, timeout=30)
        ) as connection,
    ):
        yield connection


@contextlib.contextmanager
def _told(path: str) -> t.Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise TenantryError(f"{path} cannot be read as a SQLite database: {error}", "source_unreadable") from error


def _copy(source: sqlite3.Connection, path: str, deadline: Deadline) -> None:
    def step(_status: int, _remaining: int, _total: int) -> None:
        if deadline.passed():
            raise TenantryError(f"the copy of a database took longer than {deadline.seconds:.0f} s", "backup_timeout")

    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    with contextlib.closing(sqlite3.connect(path)) as target:
        source.backup(target, pages=_PAGES, progress=step)
        # One file, whatever the source's mode is.
        target.execute("PRAGMA journal_mode=DELETE")


def intact(path: str) -> dict[str, t.Any]:
    """Read a database as a whole, and say what is in it.

    :raises TenantryError: kind ``dump_torn``.
    """
    began = time.monotonic()
    with _told(path), contextlib.closing(sqlite3.connect(path)) as connection:
        found = [str(row[0]) for row in connection.execute("PRAGMA integrity_check")]
        tables = connection.execute("SELECT count(*) FROM sqlite_master WHERE type = 'table'").fetchone()[0]
    if found != ["ok"]:
        raise TenantryError(
            f"the copy of a database is not whole: {'; '.join(found[:3])}; look at the database itself with PRAGMA "
            "integrity_check",
            "dump_torn",
        )
    return {"tables": int(tables), "checked_in": round(time.monotonic() - began, 3)}
