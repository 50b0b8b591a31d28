# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Dumps loaded back into the running server that they were made of. A load that is killed begins anew the next time."""

from __future__ import annotations

import typing as t

from . import backup_mariadb_dump, backup_pg_dump
from .backup_mariadb_dump import MariadbDump
from .backup_pg_dump import PgDump
from .backup_process import Ended
from .backup_server import Server
from .backup_snapshot import Snapshot
from .errors import TenantryError
from .polling import Deadline, Pause, wait_until

#: How often in a row nobody must be seen in a transaction: between two of them a request looks like nobody.
QUIET_LOOKS = 3
LOOK = (0.3, 0.3)
#: Seconds until a session that was ended is gone.
END_SECONDS = 30
#: What is replaced has this name until what replaces it is complete.
ASIDE = "tenantry_aside"


class Loader(t.Protocol):
    """What a kind of server needs for it."""

    def require(self, server: Server, deadline: Deadline) -> None:
        """See that the account may load a dump of its database.

        :raises TenantryError: kind ``load_refused``.
        """

    def room(self, server: Server, deadline: Deadline) -> int:
        """How many bytes it takes beside what is there."""

    def quiet(self, server: Server, wait: float, deadline: Deadline) -> int:
        """Wait until nobody else is in a transaction; returns how many sessions had to be ended.

        :param wait: seconds that they have to end by themselves.
        :raises TenantryError: kind ``not_quiet`` when there are ever new ones.
        """

    def load(self, server: Server, snapshot: Snapshot, deadline: Deadline) -> dict[str, t.Any]:
        """Have the database of the dump in the place of the one that is there; returns what is in it."""

    def give_up(self, server: Server, check_mode: bool, deadline: Deadline) -> bool:
        """Have the database back that a load was to replace which did not come to its end; whether there is one.

        :raises TenantryError: kind ``load_refused`` where nothing of it is left.
        """


class Postgresql:
    """Loaded beside: the old database has another name until the new one is complete."""

    _SUPERUSER = "select rolsuper from pg_catalog.pg_roles where rolname = current_user"
    # A backup by a timer only reads.
    _BUSY = (
        "from pg_catalog.pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() "
        "and backend_type = 'client backend' and xact_start is not null and application_name <> 'tenantry-backup'"
    )

    def require(self, server: Server, deadline: Deadline) -> None:
        if _administer(server, self._SUPERUSER, deadline) != "t":
            raise _refused(server, "is no superuser")

    def room(self, server: Server, deadline: Deadline) -> int:
        return int(backup_pg_dump.query(server, "select pg_database_size(current_database())", deadline))

    def quiet(self, server: Server, wait: float, deadline: Deadline) -> int:
        def ask(what: str) -> int:
            return int(backup_pg_dump.query(server, f"select {what} {self._BUSY}", deadline))

        return _quiet(
            server, lambda: ask("count(*)"), lambda: ask("count(pg_catalog.pg_terminate_backend(pid))"), wait, deadline
        )

    def load(self, server: Server, snapshot: Snapshot, deadline: Deadline) -> dict[str, t.Any]:
        name = server.account.name
        there = self._databases(server, deadline)
        if ASIDE in there and name in there:
            # A run that was killed had begun to load it.
            self._close(server, name, deadline)
            _administer(server, f'drop database "{name}"', deadline)
        elif name in there:
            self._close(server, name, deadline)
            moved = f'alter database "{name}" rename to "{ASIDE}"; alter database "{ASIDE}" with allow_connections true'
            _administer(server, moved, deadline)
        words = ["pg_restore", "--create", "--exit-on-error", "--no-password"]
        words += [f"--username={server.account.user}", "--dbname=template1"]
        with open(snapshot.file(backup_pg_dump.DUMP), "rb") as stream:
            ended = server.run(words, deadline, environment=backup_pg_dump.environment(server), source=stream)
        _must(server, ended, f"; what it replaces is kept as database {ASIDE}")
        backup_pg_dump.query(server, "analyze", deadline)
        facts = backup_pg_dump.contents(server, deadline)
        self._close(server, ASIDE, deadline)
        _administer(server, f'drop database if exists "{ASIDE}"', deadline)
        return facts

    def give_up(self, server: Server, check_mode: bool, deadline: Deadline) -> bool:
        name = server.account.name
        there = self._databases(server, deadline)
        if ASIDE not in there or check_mode:
            return ASIDE in there
        if name in there:
            self._close(server, name, deadline)
            _administer(server, f'drop database "{name}"', deadline)
        self._close(server, ASIDE, deadline)
        back = f'alter database "{ASIDE}" rename to "{name}"; alter database "{name}" with allow_connections true'
        _administer(server, back, deadline)
        return True

    @staticmethod
    def _databases(server: Server, deadline: Deadline) -> list[str]:
        return _administer(server, "select datname from pg_catalog.pg_database", deadline).splitlines()

    def _close(self, server: Server, name: str, deadline: Deadline) -> None:
        """Nobody is in a database, and nobody comes in any more."""
        if name not in self._databases(server, deadline):
            return
        _administer(server, f'alter database "{name}" with allow_connections false', deadline)
        ended = (
            "select count(pg_catalog.pg_terminate_backend(pid)) from pg_catalog.pg_stat_activity "  # noqa: S608 - a name
            f"where datname = '{name}'"
        )

        def alone() -> bool | None:
            return True if _administer(server, ended, deadline) == "0" else None

        if wait_until(alone, Deadline(min(END_SECONDS, deadline.remaining()))) is None:
            raise _not_quiet(server)


class Mariadb:
    """Loaded in its place: a database cannot be renamed. The dump was read to its last byte before."""

    # Only who may see all processes sees transactions; others see their own statements.
    _TRANSACTIONS = (
        "select trx_mysql_thread_id from information_schema.innodb_trx "
        "where trx_mysql_thread_id not in (0, connection_id())"
    )
    _STATEMENTS = (
        "select id from information_schema.processlist "
        "where db = database() and command <> 'Sleep' and id <> connection_id()"
    )
    _SESSIONS = "select id from information_schema.processlist where db = '{name}' and id <> connection_id()"
    _FOREIGN = (
        "select count(*) from ("
        "select definer from information_schema.routines where routine_schema = database() union all "
        "select definer from information_schema.triggers where trigger_schema = database() union all "
        "select definer from information_schema.views where table_schema = database() union all "
        "select definer from information_schema.events where event_schema = database()"
        ") as found where definer <> current_user()"
    )

    def require(self, server: Server, deadline: Deadline) -> None:
        # The database itself may be gone: a run was killed that loads it.
        there = self._administer(server, f"show databases like '{_escaped(server.account.name)}'", deadline)
        if not there or backup_mariadb_dump.may_read_users(server, deadline):
            return
        if int(backup_mariadb_dump.query(server, self._FOREIGN, deadline)):
            raise _refused(server, "did not define all of its routines, triggers, views and events")

    def room(self, server: Server, deadline: Deadline) -> int:
        del server, deadline
        return 0

    def quiet(self, server: Server, wait: float, deadline: Deadline) -> int:
        sees_all = self._ask(server, self._TRANSACTIONS, deadline).code == 0
        query = self._TRANSACTIONS if sees_all else self._STATEMENTS

        def busy() -> list[str]:
            return backup_mariadb_dump.query(server, query, deadline).split()

        def end() -> int:
            return self._kill(server, busy(), deadline)

        return _quiet(server, lambda: len(busy()), end, wait, deadline)

    def load(self, server: Server, snapshot: Snapshot, deadline: Deadline) -> dict[str, t.Any]:
        name = server.account.name
        sessions = self._administer(server, self._SESSIONS.format(name=name), deadline).split()
        self._kill(server, sessions, deadline)
        self._administer(
            server, f"set session lock_wait_timeout = {END_SECONDS}; drop database if exists `{name}`", deadline
        )
        return MariadbDump().load_data(server, snapshot, deadline)

    def give_up(self, server: Server, check_mode: bool, deadline: Deadline) -> bool:
        del check_mode
        if not self._administer(server, f"show databases like '{_escaped(server.account.name)}'", deadline):
            raise _refused(server, "has no database any more, because one was being loaded in its place")
        return False

    def _kill(self, server: Server, ids: t.Sequence[str], deadline: Deadline) -> int:
        for one in ids:
            self._ask(server, f"kill {int(one)}", deadline)  # it may be gone by itself
        return len(ids)

    def _administer(self, server: Server, statement: str, deadline: Deadline) -> str:
        ended = self._ask(server, statement, deadline)
        _must(server, ended)
        return ended.text.strip()

    @staticmethod
    def _ask(server: Server, statement: str, deadline: Deadline) -> Ended:
        words = ["mariadb", f"--user={server.account.user}", "--batch", "--skip-column-names"]
        return server.run(
            [*words, f"--execute={statement}"], deadline, environment=backup_mariadb_dump.environment(server)
        )


_LOADERS: dict[str, Loader] = {PgDump.engine: Postgresql(), MariadbDump.engine: Mariadb()}


def loader(engine: str) -> Loader:
    """The way to load dumps of an engine.

    :raises TenantryError: kind ``invalid``.
    """
    found = _LOADERS.get(engine)
    if found is None:
        raise TenantryError(
            f"what {engine} makes is not loaded into a running server: restore it into a new volume (state=present), "
            f"or take one of {', '.join(_LOADERS)}",
            "invalid",
        )
    return found


def _quiet(server: Server, busy: t.Callable[[], int], end: t.Callable[[], int], wait: float, deadline: Deadline) -> int:
    def is_quiet(seconds: float) -> bool:
        looks = 0

        def look() -> bool | None:
            nonlocal looks
            looks = 0 if busy() else looks + 1
            return True if looks >= QUIET_LOOKS else None

        return wait_until(look, Deadline(min(seconds, deadline.remaining())), Pause(*LOOK)) is not None

    if is_quiet(wait):
        return 0
    ended = end()
    if not is_quiet(END_SECONDS):
        raise _not_quiet(server)
    return ended


def _administer(server: Server, statement: str, deadline: Deadline) -> str:
    """What a statement answers that is not asked in the database itself, which may be gone."""
    words = [*backup_pg_dump.psql(server, "template1"), "--set=ON_ERROR_STOP=1", f"--command={statement}"]
    ended = server.run(words, deadline, environment=backup_pg_dump.environment(server))
    _must(server, ended)
    return ended.text.strip()


def _must(server: Server, ended: Ended, more: str = "") -> None:
    if ended.code != 0:
        error = server.failure(ended, "restore_failed")
        raise TenantryError(error.message + more, error.error_kind, **error.details)


def _refused(server: Server, why: str) -> TenantryError:
    return TenantryError(
        f"user {server.account.user} of service {server.service} of tenant {server.tenant} {why}, so that a dump of "
        f"database {server.account.name} could not be loaded back: name a user who may",
        "load_refused",
    )


def _not_quiet(server: Server) -> TenantryError:
    return TenantryError(
        f"there are ever new sessions in database {server.account.name} of service {server.service} of tenant "
        f"{server.tenant}: find out who opens them, and run again when they are ended",
        "not_quiet",
    )


def _escaped(name: str) -> str:
    """A name as the pattern that matches it alone."""
    return name.replace("_", "\\_")
