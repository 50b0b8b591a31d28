# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PostgreSQL by ``pg_dump``: one database, and the roles that own what is in it."""

from __future__ import annotations

import typing as t

from .backup_driver import REQUIRED
from .backup_server import Server
from .backup_snapshot import Draft, Snapshot
from .errors import TenantryError
from .polling import Deadline

DUMP = "database.pgdump"
ROLES = "roles.sql"
#: pg_dump waits for locks as long as it takes; a migration that holds one would hold the backup, too.
LOCK_WAIT_MILLISECONDS = 60_000

#: The last words of a dump as text. A torn one has all others.
_COMPLETE = b"-- PostgreSQL database cluster dump complete"
_MAY_READ_ROLES = "select pg_catalog.has_table_privilege('pg_catalog.pg_authid', 'select')"
#: Without indexes, which are made anew from a dump.
_TABLE_BYTES = (
    "select coalesce(sum(pg_catalog.pg_table_size(c.oid)), 0) from pg_catalog.pg_class as c "
    "join pg_catalog.pg_namespace as n on n.oid = c.relnamespace where c.relkind in ('r', 'm') "
    "and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')"
)
_TABLES = "select count(*) from pg_catalog.pg_tables where schemaname not in ('pg_catalog', 'information_schema')"


class PgDump:
    """The tools of PostgreSQL in the container of the server."""

    engine = "pg_dump"

    def check(self, server: Server, deadline: Deadline) -> dict[str, t.Any]:
        """See that the database is there."""
        return {"server_version": query(server, "show server_version", deadline), "database": server.account.name}

    def size(self, server: Server, deadline: Deadline) -> int:
        """What its tables take: a dump is compressed."""
        return int(query(server, _TABLE_BYTES, deadline))

    def dump(self, server: Server, draft: Draft, accounts: str, deadline: Deadline) -> None:
        if accounts == REQUIRED or query(server, _MAY_READ_ROLES, deadline) == "t":
            with draft.writing(ROLES) as write:
                words = ["pg_dumpall", "--roles-only", "--no-password", f"--username={server.account.user}"]
                words += [f"--database={server.account.name}"]
                server.must(words, deadline, environment=environment(server), sink=write)
        with draft.writing(DUMP) as write:
            words = ["pg_dump", "--format=custom", "--no-password", f"--lock-wait-timeout={LOCK_WAIT_MILLISECONDS}"]
            words += [f"--username={server.account.user}", f"--dbname={server.account.name}"]
            server.must(words, deadline, environment=environment(server), sink=write)

    def prove(self, server: Server, draft: Draft, deadline: Deadline) -> None:
        """Read all of it: ``pg_restore --list`` finds nothing wrong with a dump that was cut off."""
        with open(draft.file(DUMP), "rb") as stream:
            ended = server.run(["pg_restore", "--file=/dev/null"], deadline, source=stream)
        if ended.code != 0:
            raise server.failure(ended, "dump_torn")
        if ROLES not in draft.files:
            return
        with open(draft.file(ROLES), "rb") as stream:
            text = stream.read()
        if _COMPLETE not in text:
            raise TenantryError(
                f"the dump of the roles of service {server.service} of tenant {server.tenant} lacks its last line: it "
                "was cut off; run again",
                "dump_torn",
            )

    def load(self, server: Server, snapshot: Snapshot, deadline: Deadline) -> dict[str, t.Any]:
        """Fill a fresh server.

        :raises TenantryError: kinds ``accounts_missing``, ``restore_failed``.
        """
        snapshot.require_accounts(ROLES)
        with open(snapshot.file(ROLES), "rb") as stream:
            ended = server.run(psql(server, "template1"), deadline, environment=environment(server), source=stream)
        errors = [line for line in ended.stderr.decode("utf-8", "replace").splitlines() if "ERROR:" in line]
        # The server made the role of its own user itself.
        if ended.code != 0 or any("already exists" not in line for line in errors):
            raise server.failure(ended, "restore_failed")
        words = ["pg_restore", "--create", "--clean", "--if-exists", "--exit-on-error", "--no-password"]
        words += [f"--username={server.account.user}", "--dbname=template1"]
        with open(snapshot.file(DUMP), "rb") as stream:
            ended = server.run(words, deadline, environment=environment(server), source=stream)
        if ended.code != 0:
            raise server.failure(ended, "restore_failed")
        query(server, "analyze", deadline)
        return contents(server, deadline)


def environment(server: Server) -> dict[str, str]:
    found = {"PGCONNECT_TIMEOUT": "10", "PGAPPNAME": "tenantry-backup"}
    return {**found, "PGPASSWORD": server.account.password} if server.account.password else found


def psql(server: Server, database: str) -> list[str]:
    words = ["psql", "--no-psqlrc", "--no-align", "--tuples-only", "--quiet", "--no-password"]
    return [*words, f"--username={server.account.user}", f"--dbname={database}"]


def query(server: Server, statement: str, deadline: Deadline) -> str:
    """What a statement answers, as text."""
    words = [*psql(server, server.account.name), "--set=ON_ERROR_STOP=1", f"--command={statement}"]
    return server.must(words, deadline, environment=environment(server)).text.strip()


def contents(server: Server, deadline: Deadline) -> dict[str, t.Any]:
    """How much there is in the database."""
    return {
        "tables": int(query(server, _TABLES, deadline)),
        "database_bytes": int(query(server, "select pg_database_size(current_database())", deadline)),
    }


def is_primary(server: Server, deadline: Deadline) -> bool:
    """Whether it takes statements, and replays nothing any more."""
    words = [*psql(server, server.account.name), "--command=select pg_is_in_recovery()"]
    ended = server.run(words, deadline, environment=environment(server))
    return ended.code == 0 and ended.text.strip() == "f"
