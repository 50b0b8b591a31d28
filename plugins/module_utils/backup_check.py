# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was restored, read to its end: files without their server, and a server with what it says of itself."""

from __future__ import annotations

import dataclasses
import os
import time
import typing as t

from . import backup_mariadb_dump, backup_pg_dump, backup_redis
from .backup_files import mountpoint
from .backup_fill import DATA_PATHS
from .backup_options import COMMON_ARGUMENTS, ENGINES, MARIADB_DUMP, PG_DUMP, PGBACKREST, REDIS, USERS, Request
from .backup_process import Ended
from .backup_repository import part
from .backup_scratch import Scratch
from .backup_server import Account, Server
from .backup_spool import Spool
from .engine import COPY, MANAGED_LABEL, PURPOSE_LABEL, TENANT_LABEL, Engine
from .errors import TenantryError
from .polling import Deadline

CHECK_ARGUMENTS: dict[str, t.Any] = {
    **{key: COMMON_ARGUMENTS[key] for key in ("tenant", "service", "database", "spool", "timeout")},
    "engine": {"type": "str", "choices": list(ENGINES), "required": True},
    "subject": {"type": "str", "choices": ["volume", "server"], "required": True},
    "project_name": {"type": "str"},
    "run_as": {"type": "str", "default": ""},
    "row_check": {"type": "str"},
    "volume": {"type": "str"},
    "image": {"type": "str"},
    "user": {"type": "str", "default": ""},
    "data_path": {"type": "str"},
}

#: What a check may end with. A tool that is not there, or has nothing to look at, proves nothing and disproves nothing.
PASSED, FAILED, ABSENT = "passed", "failed", "absent"


class Check(t.NamedTuple):
    """One look at what was restored.

    :ivar run: what it found, in words; raises what is wrong.
    """

    name: str
    run: t.Callable[[], str]


class _AbsentError(Exception):
    """There is nothing that could be looked at, or by."""


@dataclasses.dataclass(frozen=True)
class Place:
    """A volume whose server does not run, in a container that has the tools of its image.

    :ivar data_path: where it is in the container.
    :ivar path: where it lies on the node.
    """

    server: Server
    data_path: str
    path: str
    deadline: Deadline


def run(engine: Engine, params: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Look at a volume or a server in every way there is; returns a module result.

    :raises TenantryError: kind ``check_failed``, with all ``checks``, and those of finding the subject.
    """
    tenant, service = part(params["tenant"], "tenant"), part(params["service"], "service")
    request = Request(
        engine,
        tenant,
        service,
        params["engine"],
        (),
        "",
        Account.from_option(params["database"], USERS[params["engine"]]),
        Spool(params["spool"], tenant, service),
        params["project_name"],
        params["run_as"],
    )
    deadline = Deadline(params["timeout"])
    if params["subject"] == "volume":
        done = _look_at_volume(request, params, deadline)
    else:
        makers = SERVER_CHECKS.get(request.tool, ())
        server = request.server(deadline) if makers else None
        done = [_done(maker(t.cast(Server, server), params["row_check"] or "", deadline)) for maker in makers]
    failed = [one for one in done if one["status"] == FAILED]
    if failed:
        said = "; ".join(f"{one['name']}: {one['message']}" for one in failed)
        raise TenantryError(f"{request.label}: what was restored is not sound: {said}", "check_failed", checks=done)
    return {"changed": False, "checks": done}


def _look_at_volume(request: Request, params: t.Mapping[str, t.Any], deadline: Deadline) -> list[dict[str, t.Any]]:
    volume, image = params["volume"], params["image"]
    if not volume or not (image or request.tool not in VOLUME_CHECKS):
        raise TenantryError("subject=volume needs volume, and the image of its server (image)", "invalid")
    path = mountpoint(request.engine, request.tenant, volume)
    if request.tool not in VOLUME_CHECKS:
        return [_done(Check("files", lambda: _files(path)))]
    data_path = params["data_path"] or DATA_PATHS[request.tool]
    labels = {MANAGED_LABEL: "true", TENANT_LABEL: request.tenant, PURPOSE_LABEL: COPY}
    scratch = Scratch(request.engine, labels, volume, image, data_path, "none", params["user"])
    account = dataclasses.replace(request.account, password_file="")
    with request.spool.held(0):
        scratch.remove_left()
        with scratch.running(["sleep", str(int(deadline.remaining()) + 1)], [], {}, {}) as container:
            server = dataclasses.replace(request, account=account).server_in(container, deadline)
            place = Place(server, data_path, path, deadline)
            return [_done(maker(place)) for maker in VOLUME_CHECKS[request.tool]]


def _done(check: Check) -> dict[str, t.Any]:
    began = time.monotonic()
    try:
        status, message = PASSED, check.run()
    except _AbsentError as error:
        status, message = ABSENT, str(error)
    except TenantryError as error:
        # A tool that an image lacks is no reason to doubt its data.
        status, message = (ABSENT if error.error_kind == "tool_missing" else FAILED), error.message
    return {
        "name": check.name,
        "status": status,
        "message": message,
        "seconds": round(time.monotonic() - began, 3),
    }


# -- files without their server ------------------------------------------------------------------------------------


def _files(path: str) -> str:
    count = sum(len(names) for _directory, _names, names in os.walk(path))
    if not count:
        raise TenantryError("there is no file in the volume", "check_failed")
    return f"{count} files"


def _pg_checksums(place: Place) -> Check:
    def look() -> str:
        words = ["pg_checksums", "--check", f"--pgdata={place.data_path}"]
        ended = place.server.run(words, place.deadline)
        if b"checksums are not enabled" in ended.stderr + ended.stdout:
            raise _AbsentError("the cluster was made without checksums")
        _must(place.server, ended)
        return _last_with(ended, "Blocks scanned")

    return Check("pg_checksums", look)


def _redis_files(place: Place) -> Check:
    def look() -> str:
        found = []
        for directory, _names, files in os.walk(place.path):
            inside = os.path.join(place.data_path, os.path.relpath(directory, place.path))
            for name in sorted(files):
                tool = _redis_tool(name)
                if tool:
                    _must(place.server, place.server.run([tool, os.path.join(inside, name)], place.deadline))
                    found.append(name)
        if not found:
            raise TenantryError("there is neither a dump nor an append-only file", "check_failed")
        return ", ".join(found)

    return Check("redis_check", look)


def _redis_tool(name: str) -> str:
    if name.endswith(".rdb"):
        return "redis-check-rdb"
    # The manifest names all parts of an append-only file; before Redis 7 there is one part alone.
    return "redis-check-aof" if name.endswith((".manifest", "appendonly.aof")) else ""


# -- a server that runs --------------------------------------------------------------------------------------------


def _pg_rows(server: Server, statement: str, deadline: Deadline) -> Check:
    return _rows(statement, lambda: backup_pg_dump.query(server, statement, deadline))


def _pg_amcheck(server: Server, _statement: str, deadline: Deadline) -> Check:
    def look() -> str:
        words = ["pg_amcheck", "--all", "--install-missing", "--heapallindexed", "--parent-check", "--no-password"]
        ended = server.run(
            [*words, f"--username={server.account.user}", f"--maintenance-db={server.account.name}"],
            deadline,
            environment=backup_pg_dump.environment(server),
        )
        # What is wrong with a relation it writes as its output.
        _must(server, ended)
        return "every table and index of every database"

    return Check("pg_amcheck", look)


def _pg_read(server: Server, _statement: str, deadline: Deadline) -> Check:
    def look() -> str:
        words = ["pg_dump", "--no-password", "--file=/dev/null", f"--username={server.account.user}"]
        ended = server.run(
            [*words, f"--dbname={server.account.name}"], deadline, environment=backup_pg_dump.environment(server)
        )
        _must(server, ended)
        facts = backup_pg_dump.contents(server, deadline)
        return f"{facts['tables']} tables, {facts['database_bytes']} bytes"

    return Check("pg_dump", look)


def _mariadb_rows(server: Server, statement: str, deadline: Deadline) -> Check:
    return _rows(statement, lambda: backup_mariadb_dump.query(server, statement, deadline))


def _mariadb_check(server: Server, _statement: str, deadline: Deadline) -> Check:
    def look() -> str:
        words = ["mariadb-check", "--check", "--extended", f"--user={server.account.user}"]
        ended = server.run(
            [*words, "--databases", server.account.name],
            deadline,
            environment=backup_mariadb_dump.environment(server),
        )
        _must(server, ended)
        lines = [line for line in ended.text.splitlines() if line.strip()]
        # It ends with 0 whatever it finds.
        wrong = [line for line in lines if not line.rstrip().endswith("OK")]
        if wrong:
            raise TenantryError(f"mariadb-check says: {' | '.join(wrong[:4])}", "check_failed")
        return f"{len(lines)} tables"

    return Check("mariadb_check", look)


def _mariadb_read(server: Server, _statement: str, deadline: Deadline) -> Check:
    def look() -> str:
        words = ["mariadb-dump", "--single-transaction", "--quick", "--result-file=/dev/null"]
        words += [f"--user={server.account.user}", "--databases", server.account.name]
        _must(server, server.run(words, deadline, environment=backup_mariadb_dump.environment(server)))
        return "every row"

    return Check("mariadb_dump", look)


def _redis_rows(server: Server, statement: str, deadline: Deadline) -> Check:
    return _rows(statement, lambda: backup_redis.ask(server, statement.split(), deadline))


def _redis_keys(server: Server, _statement: str, deadline: Deadline) -> Check:
    return Check("keys", lambda: f"{int(backup_redis.ask(server, ['DBSIZE'], deadline))} keys")


def _rows(statement: str, ask: t.Callable[[], str]) -> Check:
    """What the tenant's own statement answers: a number above 0, or true."""

    def look() -> str:
        if not statement:
            raise _AbsentError("the policy has no row_check")
        answer = ask()
        if not _is_true(answer):
            raise TenantryError(f"it answers {answer[:80]!r}, and not t or a number above 0", "check_failed")
        return answer

    return Check("row_check", look)


def _is_true(answer: str) -> bool:
    if answer in ("t", "true"):
        return True
    try:
        return float(answer) > 0
    except ValueError:
        return False


def _must(server: Server, ended: Ended) -> None:
    """:raises TenantryError: kind ``check_failed``, with the last words of a tool that did not end well."""
    if ended.code != 0:
        said = server.redactor.text(
            " | ".join((ended.text + ended.stderr.decode("utf-8", "replace")).splitlines()[-4:])
        )
        raise TenantryError(f"{ended.tool} ended with code {ended.code} and said: {said or 'nothing'}", "check_failed")


def _last_with(ended: Ended, word: str) -> str:
    return next((line.strip() for line in reversed(ended.text.splitlines()) if word in line), "all")


VOLUME_CHECKS: dict[str, tuple[t.Callable[[Place], Check], ...]] = {
    PGBACKREST: (_pg_checksums,),
    PG_DUMP: (_pg_checksums,),
    REDIS: (_redis_files,),
}
SERVER_CHECKS: dict[str, tuple[t.Callable[[Server, str, Deadline], Check], ...]] = {
    PGBACKREST: (_pg_rows, _pg_amcheck, _pg_read),
    PG_DUMP: (_pg_rows, _pg_amcheck, _pg_read),
    MARIADB_DUMP: (_mariadb_rows, _mariadb_check, _mariadb_read),
    REDIS: (_redis_rows, _redis_keys),
}
