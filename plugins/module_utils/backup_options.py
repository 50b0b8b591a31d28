# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options that the modules of backups share, and the driver that they ask for."""

from __future__ import annotations

import dataclasses
import typing as t

from . import backup_files, backup_pgbackrest_conf, backup_server
from .backup_driver import Driver
from .backup_dump import DumpDriver, Dumper
from .backup_mariadb_dump import MariadbDump
from .backup_pg_dump import PgDump
from .backup_pgbackrest import PgBackRest
from .backup_pgbackrest_conf import Cluster
from .backup_redis import Redis
from .backup_repository import REPOSITORY_ARGUMENT, Repository, from_options, part
from .backup_restic import Restic
from .backup_server import Account, Server
from .backup_spool import DEFAULT_ROOT, Spool
from .backup_store import DIRECTORY, DirectoryStore, ResticStore, Store
from .engine import Engine
from .engine_containers import Container
from .errors import TenantryError
from .polling import Deadline
from .redaction import Redactor

PGBACKREST, PG_DUMP, MARIADB_DUMP, REDIS, RESTIC = ENGINES = (
    "pgbackrest",
    "pg_dump",
    "mariadb_dump",
    "redis",
    "restic",
)
DUMPERS: dict[str, Dumper] = {PG_DUMP: PgDump(), MARIADB_DUMP: MariadbDump(), REDIS: Redis()}
#: As whom images let a tool in by itself.
USERS = {PGBACKREST: "postgres", PG_DUMP: "postgres", MARIADB_DUMP: "root", REDIS: "default", RESTIC: "root"}

#: Of all three modules; documented in doc_fragments/backup.py.
COMMON_ARGUMENTS: dict[str, t.Any] = {
    "tenant": {"type": "str", "required": True},
    "service": {"type": "str", "required": True},
    "engine": {"type": "str", "choices": list(ENGINES), "required": True},
    "repositories": REPOSITORY_ARGUMENT,
    "directory": {"type": "path"},
    "database": {
        "type": "dict",
        "options": {
            "name": {"type": "str"},
            "user": {"type": "str"},
            "password": {"type": "str", "no_log": True},
            "password_file": {"type": "str", "no_log": False},
        },
    },
    "spool": {"type": "path", "default": DEFAULT_ROOT},
    "timeout": {"type": "int", "default": 3600},
}
#: Of those that look into a running service.
SERVICE_ARGUMENTS: dict[str, t.Any] = {
    **COMMON_ARGUMENTS,
    "project_name": {"type": "str"},
    "run_as": {"type": "str", "default": ""},
}


@dataclasses.dataclass(frozen=True)
class Request:
    """What a task asks for, of one service of one tenant.

    :ivar share: how much of the stored data a verification reads.
    """

    engine: Engine
    tenant: str
    service: str
    tool: str
    repositories: tuple[Repository, ...]
    directory: str
    account: Account
    spool: Spool
    project: str | None = None
    run_as: str = ""
    kind: str = "full"
    volumes: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    share: str = "100%"

    @classmethod
    def from_params(cls, engine: Engine, params: t.Mapping[str, t.Any]) -> Request:
        """:raises TenantryError: kind ``invalid``."""
        tenant, service = part(params["tenant"], "tenant"), part(params["service"], "service")
        tool = params["engine"]
        request = cls(
            engine,
            tenant,
            service,
            tool,
            from_options(params["repositories"]),
            params["directory"] or "",
            Account.from_option(params["database"], USERS[tool]),
            Spool(params["spool"], tenant, service),
            params.get("project_name"),
            params.get("run_as") or "",
            params.get("kind") or "full",
            tuple(params.get("volumes") or ()),
            tuple(params.get("paths") or ()),
            params.get("read_data_subset") or "100%",
        )
        if request.directory and tool not in DUMPERS:
            raise TenantryError(
                f"directory holds dumps, and {tool} makes none: take repositories, or one of {', '.join(DUMPERS)}",
                "invalid",
            )
        if any(one.name == DIRECTORY for one in request.repositories):
            raise TenantryError(f"no repository may be called {DIRECTORY}: rename it", "invalid")
        if params.get("state") != "absent" and not request.repositories and not request.directory:
            raise TenantryError("there is nowhere to keep a backup: name repositories, or a directory", "invalid")
        return request

    def driver(self) -> Driver:
        """The way to back up that the engine's name means."""
        if self.tool == PGBACKREST:
            names = tuple(one.name for one in self.repositories)
            places = tuple(backup_pgbackrest_conf.place(one, self.tenant, self.service) for one in self.repositories)
            stanza = Cluster(self.tenant, self.service).stanza
            return PgBackRest(self.server, stanza, names, self.kind, places)
        if self.tool == RESTIC:
            return backup_files.FilesDriver(self.sources, self.service, self.restic_stores(), self.share)
        return DumpDriver(DUMPERS[self.tool], self.server, self.spool, self.stores(), self.directory, self.share)

    def server(self, deadline: Deadline) -> Server:
        """The running container of the service."""
        container = backup_server.find(self.engine, self.tenant, self.service, self.project)
        return self.server_in(container, deadline)

    def server_in(self, container: Container, deadline: Deadline) -> Server:
        """The server in a container, with the password that the container knows, where only its file was named."""
        server = Server(
            self.engine,
            container,
            self.tenant,
            self.service,
            self.account,
            self.spool.mark,
            Redactor([*self.secrets, self.account.password]),
            self.run_as,
        )
        return backup_server.with_password(server, deadline)

    @property
    def label(self) -> str:
        return f"service {self.service} of tenant {self.tenant}"

    @property
    def secrets(self) -> list[str]:
        """What must appear in no message."""
        derived = [one.passphrase_of(self.tenant, self.service) for one in self.repositories]
        return [secret for one in self.repositories for secret in one.secrets] + derived

    def sources(self) -> list[backup_files.Source]:
        return backup_files.sources(self.engine, self.tenant, self.service, self.project, self.volumes, self.paths)

    def stores(self) -> tuple[Store, ...]:
        """Where files of this engine are."""
        identity = (self.tenant, self.service, self.tool)
        local: tuple[Store, ...] = (DirectoryStore(self.directory, *identity),) if self.directory else ()
        return (*local, *self.restic_stores())

    def restic_stores(self) -> tuple[ResticStore, ...]:
        return tuple(
            ResticStore(Restic(one, self.tenant, self.service, self.spool.cache_path, self.spool.mark), self.tool)
            for one in self.repositories
        )
