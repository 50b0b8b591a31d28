# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A database server that runs in a container, and the tools that its image brings."""

from __future__ import annotations

import dataclasses
import re
import typing as t

from . import backup_exec, engine_containers
from .backup_process import Ended, Mark
from .engine import Engine
from .engine_containers import Container, label_filters
from .errors import TenantryError
from .polling import Deadline
from .redaction import Redactor

#: A tool takes a name with an equals sign in it, or with ``://``, for a connection to somewhere else.
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_$.-]{0,62}")


@dataclasses.dataclass(frozen=True)
class Account:
    """As whom a tool talks to a server.

    :ivar name: of the database.
    :ivar password: empty where the server asks for none, as it does by its socket in most images.
    :ivar password_file: where the container has the password, when the module was not told it.
    """

    name: str
    user: str
    password: str = dataclasses.field(default="", repr=False)
    password_file: str = ""

    @classmethod
    def from_option(cls, option: t.Mapping[str, t.Any] | None, user: str) -> Account:
        """:param user: the one that images of this kind have by themselves."""
        given = {key: value or "" for key, value in (option or {}).items()}
        account = cls(
            given.get("name") or given.get("user") or user,
            given.get("user") or user,
            given.get("password", ""),
            given.get("password_file", ""),
        )
        for field in ("name", "user"):
            value = getattr(account, field)
            if not _NAME.fullmatch(value):
                raise TenantryError(
                    f"database {field} {value!r} does not match {_NAME.pattern}: such a name could be taken for an "
                    "address; rename it",
                    "invalid",
                )
        return account


@dataclasses.dataclass(frozen=True)
class Server:
    """A running container of a service.

    :ivar run_as: user of the tools in the container; empty for the container's own.
    """

    engine: Engine
    container: Container
    tenant: str
    service: str
    account: Account
    mark: Mark
    redactor: Redactor
    run_as: str = ""

    def run(
        self,
        argv: t.Sequence[str],
        deadline: Deadline,
        *,
        environment: t.Mapping[str, str] | None = None,
        source: t.BinaryIO | None = None,
        sink: backup_exec.Sink | None = None,
    ) -> Ended:
        """Run a tool in the container, however it ends."""
        return backup_exec.run(
            self.engine,
            self.container,
            argv,
            self.mark,
            deadline,
            environment=environment,
            user=self.run_as,
            source=source,
            sink=sink,
        )

    def must(self, argv: t.Sequence[str], deadline: Deadline, **streams: t.Any) -> Ended:
        """The same for what has to end well.

        :raises TenantryError: kind ``backup_failed``.
        """
        ended = self.run(argv, deadline, **streams)
        if ended.code != 0:
            raise self.failure(ended)
        return ended

    def failure(self, ended: Ended, kind: str = "backup_failed") -> TenantryError:
        return TenantryError(
            f"{ended.tool} of service {self.service} of tenant {self.tenant} ended with code {ended.code} and said: "
            f"{ended.said(self.redactor)}",
            kind,
            rc=ended.code,
        )


def find(engine: Engine, tenant: str, service: str, project: str | None) -> Container:
    """The one running container of a backing service.

    :raises TenantryError: kinds ``container_missing``, ``invalid`` when there are several.
    """
    found = [
        one
        for one in engine_containers.read(engine, label_filters(tenant=tenant, project=project))
        if one.service == service and not one.one_off
    ]
    running = [one for one in found if one.state == "running"]
    if not running:
        states = ", ".join(f"{one.name} is {one.state}" for one in found) or "there is no container of it"
        raise TenantryError(
            f"service {service} of tenant {tenant} does not run on this node ({states}): start it, then run again",
            "container_missing",
        )
    if len(running) > 1:
        raise TenantryError(
            f"service {service} of tenant {tenant} runs in {len(running)} containers "
            f"({', '.join(one.name for one in running)}): name their project (project_name)",
            "invalid",
        )
    return running[0]


def with_password(server: Server, deadline: Deadline) -> Server:
    """The same server with the password that its container has in a file, where the account names that file alone."""
    account = server.account
    if account.password or not account.password_file:
        return server
    password = server.must(["cat", account.password_file], deadline).text.rstrip("\r\n")
    return dataclasses.replace(
        server,
        account=dataclasses.replace(account, password=password),
        redactor=Redactor([password]),
    )
