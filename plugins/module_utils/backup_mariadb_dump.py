# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""MariaDB by ``mariadb-dump``: one database, and the accounts of the server."""

from __future__ import annotations

import os
import typing as t

from .backup_server import Server
from .backup_snapshot import Draft, Snapshot
from .errors import TenantryError
from .polling import Deadline

DUMP = "database.sql"
USERS = "users.sql"
_COMPLETE = b"-- Dump completed"
_FOOTER_BYTES = 4096
_TABLES = "select count(*) from information_schema.tables where table_schema = database()"


class MariadbDump:
    """The tools of MariaDB in the container of the server."""

    engine = "mariadb_dump"

    def check(self, server: Server, deadline: Deadline) -> dict[str, t.Any]:
        """See that the database is there."""
        return {"server_version": query(server, "select version()", deadline), "database": server.account.name}

    def dump(self, server: Server, draft: Draft, deadline: Deadline) -> None:
        account = [f"--user={server.account.user}"]
        with draft.writing(USERS) as write:
            # Bytes as they are: the tool compares a name with a literal, which fails where the collation of the server
            # is not that of its character set. And every server has root and mariadb.sys already.
            words = ["--default-character-set=binary", "--insert-ignore", "--system=users"]
            server.must(["mariadb-dump", *account, *words], deadline, environment=environment(server), sink=write)
        with draft.writing(DUMP) as write:
            words = ["--single-transaction", "--quick", "--routines", "--events", "--triggers", "--hex-blob"]
            words += ["--default-character-set=utf8mb4", "--databases", server.account.name]
            server.must(["mariadb-dump", *account, *words], deadline, environment=environment(server), sink=write)

    def prove(self, server: Server, draft: Draft, deadline: Deadline) -> None:
        """A dump as text says in its last line that it is complete; no client parses one without applying it."""
        del deadline
        for name in (USERS, DUMP):
            with open(draft.file(name), "rb") as stream:
                size = stream.seek(0, os.SEEK_END)
                stream.seek(max(0, size - _FOOTER_BYTES))
                complete = _COMPLETE in stream.read()
            if not complete:
                raise TenantryError(
                    f"the dump {name} of service {server.service} of tenant {server.tenant} lacks its last line "
                    f"({_COMPLETE.decode()}): it was cut off; run again",
                    "dump_torn",
                )

    def load(self, server: Server, snapshot: Snapshot, deadline: Deadline) -> dict[str, t.Any]:
        """Fill a fresh server."""
        for name in (DUMP, USERS):
            with open(snapshot.file(name), "rb") as stream:
                words = ["mariadb", f"--user={server.account.user}", "--default-character-set=utf8mb4", "--batch"]
                ended = server.run(words, deadline, environment=environment(server), source=stream)
            if ended.code != 0:
                raise server.failure(ended, "restore_failed")
        return {"tables": int(query(server, _TABLES, deadline))}


def environment(server: Server) -> dict[str, str]:
    return {"MYSQL_PWD": server.account.password} if server.account.password else {}


def query(server: Server, statement: str, deadline: Deadline) -> str:
    """What a statement answers, as text."""
    words = ["mariadb", f"--user={server.account.user}", "--batch", "--skip-column-names", f"--execute={statement}"]
    return server.must([*words, server.account.name], deadline, environment=environment(server)).text.strip()
