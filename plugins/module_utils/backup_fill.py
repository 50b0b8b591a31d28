# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a volume is filled from a backup, by kind of server."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import secrets
import shutil
import typing as t

from . import backup_pg_dump, backup_redis, durable
from .backup_driver import Backup, Choice, Driver
from .backup_mariadb_dump import MariadbDump
from .backup_options import MARIADB_DUMP, PG_DUMP, PGBACKREST, REDIS, RESTIC, Request
from .backup_pg_dump import PgDump
from .backup_pgbackrest import SEGMENT_BYTES, PgBackRest
from .backup_pgbackrest_conf import CONFIGURATION_PATH, Cluster, mounts, render
from .backup_scratch import Scratch
from .backup_server import Server
from .backup_snapshot import Snapshot
from .backup_store import Store
from .engine_containers import Container
from .errors import TenantryError
from .polling import Deadline, Pause, wait_until

#: Where images of a kind have their data by themselves.
DATA_PATHS = {
    PGBACKREST: "/var/lib/postgresql/data",
    PG_DUMP: "/var/lib/postgresql/data",
    MARIADB_DUMP: "/var/lib/mysql",
    REDIS: "/data",
    RESTIC: "",
}
SECRET_PATH = "/run/secrets/tenantry-restore"  # noqa: S105  a path, and no secret
#: Settings that a restore of pgBackRest leaves, and that the service shall not go on with.
_RECOVERY_SETTINGS = (
    "archive_mode",
    "restore_command",
    "recovery_target",
    "recovery_target_time",
    "recovery_target_action",
    "recovery_target_timeline",
)
#: How PostgreSQL says that its archive ends before the target.
_SHORT = "recovery ended before configured recovery target was reached"
_LAST_REPLAYED = (
    """select to_char(pg_last_xact_replay_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')"""
)


@dataclasses.dataclass
class Fill:
    """One restore into one volume.

    :ivar path: where the volume's files lie on the node.
    :ivar command: words of the server; None for the image's own.
    :ivar pick: chooses among the backups of a driver.
    """

    request: Request
    scratch: Scratch
    path: str
    choice: Choice
    command: list[str] | None
    pick: t.Callable[[Driver], Backup]
    deadline: Deadline


class Filled(t.NamedTuple):
    """What came of it.

    :ivar restored_to: the last moment that is in it, ISO 8601, UTC.
    :ivar facts: what the server that opened it says.
    :ivar target_reached: False when what was archived ends before the target.
    """

    backup: Backup
    restored_to: str
    facts: dict[str, t.Any]
    target_reached: bool = True


def from_pgbackrest(fill: Fill) -> Filled:
    """The cluster as pgBackRest restores it, replayed and promoted by a server of its own."""
    request, scratch, deadline = fill.request, fill.scratch, fill.deadline
    account = request.account
    cluster = Cluster(request.tenant, request.service, scratch.data_path, user=account.user, database=account.name)
    binds = _configuration(fill, cluster)
    # It ends by itself when this module is killed.
    with scratch.running(["sleep", str(int(deadline.remaining()) + 1)], [], {}, binds) as container:
        server = request.server_in(container, deadline)
        driver = PgBackRest(lambda _deadline: server, cluster.stanza, tuple(one.name for one in request.repositories))
        backup = fill.pick(driver)
        driver.restore(backup, fill.choice, deadline)
    # Archiving would write the new past over what the running service archives.
    command = [*(fill.command or ["postgres"]), "-c", "archive_mode=off"]
    reached = True
    try:
        replayed, facts, segment_bytes = _replayed(fill, command, binds)
    except TenantryError as error:
        if _SHORT not in error.message:
            raise
        # No transaction ended after the target, or none that was archived. All there are came before it.
        reached = False
        replayed, facts, segment_bytes = _replayed(fill, [*command, "-c", "recovery_target_time="], binds)
    if not (fill.choice.target_time and reached):
        driver.require_replayed(backup, _history(fill), segment_bytes)
    _announce_history(fill)
    return Filled(backup, replayed or backup.finished_at, facts, reached)


def _replayed(fill: Fill, command: t.Sequence[str], binds: t.Mapping[str, str]) -> tuple[str, dict[str, t.Any], int]:
    """Have a server replay what the volume's recovery settings say.

    :returns: its last moment, what there is, and the bytes of a WAL segment.
    """
    scratch, deadline = fill.scratch, fill.deadline
    with scratch.running(None, command, {}, binds) as container:
        server = fill.request.server_in(container, deadline)
        _wait(scratch, container, lambda: backup_pg_dump.is_primary(server, deadline), deadline)
        replayed = backup_pg_dump.query(server, _LAST_REPLAYED, deadline)
        facts = backup_pg_dump.contents(server, deadline)
        segment_bytes = int(backup_pg_dump.query(server, SEGMENT_BYTES, deadline))
        for setting in _RECOVERY_SETTINGS:
            backup_pg_dump.query(server, f"alter system reset {setting}", deadline)
        scratch.stopped(container, deadline)
    return replayed, facts, segment_bytes


def _history(fill: Fill) -> str:
    """Where the timeline came from that the replay began: the newest in the volume."""
    directory = os.path.join(fill.path, "pg_wal")
    newest = max((name for name in os.listdir(directory) if name.endswith(".history")), default="")
    if not newest:
        return ""
    with open(os.path.join(directory, newest), encoding="utf-8") as stream:
        return stream.read()


def _announce_history(fill: Fill) -> None:
    """Have the service archive where its new timeline begins, which the server did not that replayed.

    Else the next restore would give its timeline the same number, and WAL of the two could not be told apart.
    """
    uid, gid = fill.scratch.owner()
    status = os.path.join(fill.path, "pg_wal", "archive_status")
    for name in os.listdir(os.path.join(fill.path, "pg_wal")):
        path = os.path.join(status, name)
        if name.endswith(".history") and not os.path.exists(f"{path}.done"):
            durable.write_new(f"{path}.ready", b"", 0o600)
            os.chown(f"{path}.ready", uid, gid)


def from_pg_dump(fill: Fill) -> Filled:
    """A fresh cluster, made by the image itself, with the roles and the database of the dump."""
    account = fill.request.account
    environment = {
        "POSTGRES_USER": account.user,
        "POSTGRES_DB": account.name,
        "POSTGRES_PASSWORD_FILE": SECRET_PATH,
    }
    backup, snapshot = _fetched(fill)
    # The server that an image starts only to make the cluster listens at its socket alone.
    with _server(fill, environment, ["pg_isready", "--quiet", "--host=127.0.0.1"], fill.command) as server:
        facts = PgDump().load(server, snapshot, fill.deadline)
    return Filled(backup, backup.started_at, facts)


def from_mariadb_dump(fill: Fill) -> Filled:
    """A fresh server, made by the image itself, with the database and the accounts of the dump."""
    environment = {"MARIADB_DATABASE": fill.request.account.name, "MARIADB_ROOT_PASSWORD_FILE": SECRET_PATH}
    backup, snapshot = _fetched(fill)
    ready = ["mariadb-admin", "--protocol=tcp", "--host=127.0.0.1", "ping"]
    with _server(fill, environment, ready, fill.command) as server:
        facts = MariadbDump().load(server, snapshot, fill.deadline)
    return Filled(backup, backup.started_at, facts)


def from_redis(fill: Fill) -> Filled:
    """The dump as the server loads it, and an append-only file that the server made of it.

    A server with an append-only file reads that alone: it would begin empty beside the dump.
    """
    backup, snapshot = _fetched(fill)
    uid, gid = fill.scratch.owner()
    target = os.path.join(fill.path, backup_redis.DUMP)
    shutil.copyfile(snapshot.file(backup_redis.DUMP), target)
    os.chmod(target, 0o600)
    os.chown(target, uid, gid)
    command = [*(fill.command or ["redis-server"]), "--appendonly", "no"]
    with _server(fill, {}, ["redis-cli", "ping"], command) as server:
        facts = backup_redis.Redis().append_only(server, fill.deadline)
    return Filled(backup, backup.started_at, facts)


def from_restic(fill: Fill) -> Filled:
    """The files as they were stored. A volume comes back as a whole, with the owner and mode of its root."""
    stores = fill.request.restic_stores()
    backup = fill.pick(fill.request.driver())
    store = next(one for one in stores if one.name == backup.repository)
    if backup.source.startswith("/"):
        store.fetch(backup, fill.path, fill.deadline)
    elif store.fetch(backup, os.path.dirname(fill.path), fill.deadline) != fill.path:
        raise TenantryError(
            f"backup {backup.label} of {backup.source} is not one of a plain local volume: choose another one",
            "backup_damaged",
        )
    return Filled(backup, backup.finished_at, {})


FILLERS: dict[str, t.Callable[[Fill], Filled]] = {
    PGBACKREST: from_pgbackrest,
    PG_DUMP: from_pg_dump,
    MARIADB_DUMP: from_mariadb_dump,
    REDIS: from_redis,
    RESTIC: from_restic,
}


def _configuration(fill: Fill, cluster: Cluster) -> dict[str, str]:
    """The configuration of pgBackRest, and what it names, as binds."""
    repositories = fill.request.repositories
    uid, _gid = fill.scratch.owner()
    path = os.path.join(fill.request.spool.work_path, "pgbackrest.conf")
    durable.write_new(path, render(cluster, repositories).encode(), 0o400, uid)
    # What is not there is a repository that is away: another one may do.
    found = {one: one for one, _writing in mounts(repositories, cluster.tenant, cluster.service) if os.path.exists(one)}
    return {path: CONFIGURATION_PATH, **found}


def _fetched(fill: Fill) -> tuple[Backup, Snapshot]:
    """The chosen snapshot on this node, with every byte as it was written."""
    backup = fill.pick(fill.request.driver())
    return backup, fetched(fill.request, backup, fill.deadline)


def fetched(request: Request, backup: Backup, deadline: Deadline) -> Snapshot:
    """A dump on this node, with every byte as it was written."""
    store: Store = next(one for one in request.stores() if one.name == backup.repository)
    snapshot = Snapshot.read(store.fetch(backup, os.path.join(request.spool.work_path, "fetched"), deadline))
    snapshot.require_whole()
    return snapshot


@contextlib.contextmanager
def _server(
    fill: Fill, environment: t.Mapping[str, str], ready: t.Sequence[str], command: t.Sequence[str] | None
) -> t.Iterator[Server]:
    """A server on the new volume, stopped in order after the block."""
    uid, _gid = fill.scratch.owner()
    path = os.path.join(fill.request.spool.work_path, "password")
    # For a server that an image makes. The accounts of the dump bring their own.
    password = fill.request.account.password or secrets.token_urlsafe(24)
    durable.write_new(path, password.encode(), 0o400, uid)
    with fill.scratch.running(None, command, environment, {path: SECRET_PATH}) as container:
        server = fill.request.server_in(container, fill.deadline)
        _wait(fill.scratch, container, lambda: server.run(ready, fill.deadline).code == 0, fill.deadline)
        yield server
        fill.scratch.stopped(container, fill.deadline)


def _wait(scratch: Scratch, container: Container, is_so: t.Callable[[], bool], deadline: Deadline) -> None:
    """Until the server says so.

    :raises TenantryError: kind ``restore_failed`` when it ended, ``backup_timeout``.
    """

    def look() -> bool | None:
        try:
            return is_so() or None
        except TenantryError:
            scratch.require_running(container)
            raise
        finally:
            scratch.require_running(container)

    if wait_until(look, deadline, Pause(0.2, 2)) is None:
        raise TenantryError(
            f"the server that restores volume {scratch.volume} was not ready within {deadline.seconds:.0f} s; it said: "
            f"{scratch.said(container)}",
            "backup_timeout",
        )
