# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Redis by ``redis-cli --rdb``: what a replica would be given."""

from __future__ import annotations

import re
import typing as t

from .backup_server import Server
from .backup_snapshot import Draft
from .errors import TenantryError
from .polling import Deadline, wait_until

DUMP = "dump.rdb"
_REWRITE = "aof_last_bgrewrite_status"


class Redis:
    """The tools of Redis in the container of the server."""

    engine = "redis"

    def check(self, server: Server, deadline: Deadline) -> dict[str, t.Any]:
        """See that the server answers."""
        return {"server_version": info(server, "server", "redis_version", deadline)}

    def size(self, server: Server, deadline: Deadline) -> int:
        """What its keys take in memory."""
        return int(info(server, "memory", "used_memory_dataset", deadline))

    def dump(self, server: Server, draft: Draft, accounts: str, deadline: Deadline) -> None:
        del accounts  # they are in its configuration
        with draft.writing(DUMP) as write:
            server.must([*cli(server), "--rdb", "-"], deadline, environment=environment(server), sink=write)

    def prove(self, server: Server, draft: Draft, deadline: Deadline) -> None:
        """Read all of it, to its checksum."""
        with open(draft.file(DUMP), "rb") as stream:
            ended = server.run(["redis-check-rdb", "/dev/stdin"], deadline, source=stream)
        if ended.code != 0 or "RDB looks OK" not in ended.text:
            raise server.failure(ended, "dump_torn")

    def append_only(self, server: Server, deadline: Deadline) -> dict[str, t.Any]:
        """Have a server that loaded a dump write its append-only file, too."""
        keys = int(ask(server, ["DBSIZE"], deadline))
        ask(server, ["CONFIG", "SET", "appendonly", "yes"], deadline)

        def written() -> bool | None:
            busy = info(server, "persistence", "aof_rewrite_in_progress", deadline) != "0"
            waits = info(server, "persistence", "aof_rewrite_scheduled", deadline) != "0"
            return None if busy or waits else True

        if wait_until(written, deadline) is None or info(server, "persistence", _REWRITE, deadline) != "ok":
            raise TenantryError(
                f"redis of service {server.service} of tenant {server.tenant} did not write its append-only file: see "
                "that the node has room",
                "restore_failed",
            )
        return {"keys": keys}


def environment(server: Server) -> dict[str, str]:
    return {"REDISCLI_AUTH": server.account.password} if server.account.password else {}


def cli(server: Server) -> list[str]:
    """The command line, as the account's user."""
    named = ["--user", server.account.user] if server.account.user != "default" else []
    return ["redis-cli", "--no-auth-warning", *named]


def ask(server: Server, words: t.Sequence[str], deadline: Deadline) -> str:
    """What a command answers; redis-cli ends with 0 on most errors, so that its words count."""
    ended = server.must([*cli(server), "--raw", *words], deadline, environment=environment(server))
    text = ended.text.strip()
    if re.match(r"(ERR|NOAUTH|WRONGPASS|NOPERM|LOADING|MISCONF|READONLY)\b", text):
        raise TenantryError(
            f"redis of service {server.service} of tenant {server.tenant} answers {words[0]} with: "
            f"{server.redactor.text(text)}",
            "backup_failed",
        )
    return text


def info(server: Server, section: str, name: str, deadline: Deadline) -> str:
    """One field of INFO."""
    text = ask(server, ["INFO", section], deadline)
    fields = dict(line.partition(":")[::2] for line in text.splitlines())
    return fields.get(name, "").strip()
