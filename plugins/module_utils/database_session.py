# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One open session in a tenant's database, through the client program that stands beside its server.

The database of a tenant is reachable from its own network alone, and nodes have no drivers: the client runs in the
database's container and reads statements from a pipe. When this process dies the engine closes the pipe, the client
ends, and with it every lock that the session held.
"""

from __future__ import annotations

import dataclasses
import json
import socket
import struct
import typing as t
import uuid

from . import engine_containers
from .engine import TENANT_LABEL, Engine
from .engine_containers import COMPOSE_SERVICE_LABEL, PROJECT_LABEL, Container
from .errors import TenantryError
from .polling import Deadline

DATABASE_ARGUMENT: dict[str, t.Any] = {
    "database": {
        "type": "dict",
        "options": {
            "engine": {"type": "str", "choices": ["postgresql", "mariadb"], "required": True},
            "project_name": {"type": "str", "required": True},
            "service": {"type": "str", "required": True},
            "user": {"type": "str", "required": True},
            "name": {"type": "str", "required": True},
            "password_file": {"type": "str"},
        },
    }
}

ANSWER_SECONDS = 60
#: The engine puts this before every piece of output: 1 or 2 for the stream, three empty bytes, and the length.
FRAME = struct.Struct(">BxxxL")
STDERR = 2
PIECE = 65536

# The password goes from its file into the client's environment: neither into a command line nor through this process.
# $1 is its variable, $2 the file; the client follows.
ENTER = 'if [ -n "$2" ]; then export "$1=$(cat "$2")"; fi; shift 2; exec "$@"'


@dataclasses.dataclass(frozen=True)
class Database:
    """Which database of a tenant, and who may enter it.

    :ivar engine: ``postgresql`` or ``mariadb``.
    :ivar project: compose project of its server's container, and its ``service`` there.
    :ivar password_file: file in the server's container; None where its local socket asks for no password.
    """

    engine: str
    project: str
    service: str
    user: str
    name: str
    password_file: str | None = None

    @classmethod
    def from_option(cls, option: t.Mapping[str, t.Any]) -> Database:
        return cls(
            option["engine"],
            option["project_name"],
            option["service"],
            option["user"],
            option["name"],
            option["password_file"],
        )

    @property
    def label(self) -> str:
        return f"database {self.name} of service {self.service} in project {self.project}"

    def container(self, engine: Engine, tenant: str | None) -> Container:
        """The container of its server.

        :raises TenantryError: kinds ``database_down``, ``foreign_object``.
        """
        found = [
            one
            for one in engine_containers.read(
                engine, [f"{PROJECT_LABEL}={self.project}", f"{COMPOSE_SERVICE_LABEL}={self.service}"]
            )
            if not one.one_off
        ]
        strangers = [one.name for one in found if tenant not in (None, one.labels.get(TENANT_LABEL))]
        if strangers:
            raise TenantryError(
                f"{self.label}: container {strangers[0]} is not of tenant {tenant}: see whose it is", "foreign_object"
            )
        running = [one for one in found if one.state == "running"]
        if not running:
            state = f"is {found[0].state}" if found else "does not exist"
            raise TenantryError(
                f"{self.label}: its container {state}: start it (tenantry.platform.stack, or playbook start)",
                "database_down",
            )
        return running[0]


class Client:
    """How one kind of client program is spoken to."""

    variable = ""

    def argv(self, database: Database) -> list[str]:
        """The client and its arguments."""
        raise NotImplementedError

    def framed(self, statement: str, mark: str) -> str:
        """A statement, and what makes the client print ``<mark> <failure>`` after it."""
        raise NotImplementedError

    def as_json(self, columns: t.Sequence[str], query: str) -> str:
        """A query whose answer is one JSON list of objects."""
        raise NotImplementedError

    def literal(self, text: str) -> str:
        """A text without zero bytes, as it stands in a statement."""
        return "'" + text.replace("'", "''") + "'"


class Psql(Client):
    """PostgreSQL's psql."""

    variable = "PGPASSWORD"

    def argv(self, database: Database) -> list[str]:
        words = ["psql", "--no-psqlrc", "--quiet", "--no-align", "--tuples-only", "--no-password"]
        return [*words, "--username", database.user, "--dbname", database.name]

    def framed(self, statement: str, mark: str) -> str:
        failed = f"\\echo :LAST_ERROR_MESSAGE\n\\echo {mark} failed"
        return f"{statement};\n\\if :ERROR\n{failed}\n\\else\n\\echo {mark}\n\\endif\n"

    def as_json(self, columns: t.Sequence[str], query: str) -> str:
        return f"SELECT coalesce(json_agg(found), '[]'::json) FROM ({query}) AS found ({', '.join(columns)})"  # noqa: S608 - ours


class Mariadb(Client):
    """MariaDB's client."""

    variable = "MYSQL_PWD"

    def argv(self, database: Database) -> list[str]:
        words = ["mariadb", "--no-defaults", "--batch", "--raw", "--skip-column-names", "--force", "--unbuffered"]
        return [*words, "--skip-reconnect", "--default-character-set=utf8mb4", f"--user={database.user}", database.name]

    def framed(self, statement: str, mark: str) -> str:
        # Reading the count leaves it as it is. What went wrong stands on standard error.
        return f"{statement};\nSELECT CONCAT('{mark}', IF(@@error_count > 0, ' failed', ''));\n"

    def as_json(self, columns: t.Sequence[str], query: str) -> str:
        pairs = ", ".join(f"'{column}', {column}" for column in columns)
        return f"SELECT COALESCE(JSON_ARRAYAGG(JSON_OBJECT({pairs})), '[]') FROM ({query}) AS found"  # noqa: S608 - ours

    def literal(self, text: str) -> str:
        return super().literal(text.replace("\\", "\\\\"))


CLIENTS: dict[str, Client] = {"postgresql": Psql(), "mariadb": Mariadb()}


class Session:
    """An open session. Use it as a context: leaving ends it, and frees its locks."""

    def __init__(self, engine: Engine, database: Database, container: Container) -> None:
        self.database = database
        self._client = CLIENTS[database.engine]
        self._mark = f"tenantry-{uuid.uuid4().hex}"
        self._stdout, self._stderr, self._pending = b"", b"", b""
        argv = ["sh", "-c", ENTER, "sh", self._client.variable, database.password_file or ""]
        with engine.doing(f"open a session in {database.label}"):
            started = engine.client.exec_create(
                container.id, [*argv, *self._client.argv(database)], stdin=True, stdout=True, stderr=True
            )
            self._stream = engine.client.exec_start(started["Id"], socket=True)
        # A socket over TLS is one itself; over a local socket the SDK wraps it for reading alone.
        self._socket: socket.socket = getattr(self._stream, "_sock", self._stream)

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """End the session; a second time does nothing."""
        self._stream.close()
        self._socket.close()

    def execute(self, statement: str, timeout: float = ANSWER_SECONDS) -> list[str]:
        """Run one statement without a semicolon at its end.

        :param timeout: seconds.
        :returns: the lines that the client printed.
        :raises TenantryError: kinds ``database_error`` (it refused), ``database_down`` (the session is gone).
        """
        lines, failed = self._ask(self._client.framed(statement, self._mark), Deadline(timeout))
        if failed:
            # psql says it on standard output, MariaDB's client on the other.
            said = " ".join([*lines, self._stderr.decode("utf-8", "replace")]).strip()
            raise TenantryError(f"{self.database.label} says: {said}", "database_error")
        return lines

    def rows(self, columns: t.Sequence[str], query: str, timeout: float = ANSWER_SECONDS) -> list[dict[str, t.Any]]:
        """The rows of a query, by name of column.

        :raises TenantryError: as :meth:`execute`.
        """
        text = "\n".join(self.execute(self._client.as_json(columns, query), timeout))
        found: list[dict[str, t.Any]] = json.loads(text)
        return found

    def value(self, expression: str, timeout: float = ANSWER_SECONDS) -> t.Any:
        """The value of one expression.

        :raises TenantryError: as :meth:`execute`.
        """
        return self.rows(("value",), f"SELECT {expression} AS value", timeout)[0]["value"]

    def literal(self, text: str) -> str:
        """A text as a literal of this server's SQL."""
        return self._client.literal(text)

    def _ask(self, text: str, deadline: Deadline) -> tuple[list[str], bool]:
        """What the client printed until the end of the statement, and whether that failed."""
        lines: list[str] = []
        self._stderr = b""
        try:
            self._socket.settimeout(max(deadline.remaining(), 0.001))
            self._socket.sendall(text.encode())
            while True:
                line = self._line(deadline)
                if line in (self._mark, f"{self._mark} failed"):
                    return lines, line != self._mark
                lines.append(line)
        except OSError as error:  # a timeout is one, too
            raise self._gone(str(error) or "no answer in time") from error

    def _line(self, deadline: Deadline) -> str:
        while b"\n" not in self._stdout:
            stream, content = self._frame(deadline)
            if stream == STDERR:
                self._stderr += content
            else:
                self._stdout += content
        line, self._stdout = self._stdout.split(b"\n", 1)
        return line.decode("utf-8", "replace")

    def _frame(self, deadline: Deadline) -> tuple[int, bytes]:
        stream, length = FRAME.unpack(self._exactly(FRAME.size, deadline))
        return stream, self._exactly(length, deadline)

    def _exactly(self, count: int, deadline: Deadline) -> bytes:
        while len(self._pending) < count:
            self._socket.settimeout(max(deadline.remaining(), 0.001))
            piece = self._socket.recv(PIECE)
            if not piece:
                raise self._gone("its client ended")
            self._pending += piece
        found, self._pending = self._pending[:count], self._pending[count:]
        return found

    def _gone(self, why: str) -> TenantryError:
        printed = self._stderr.decode("utf-8", "replace").strip()
        said = f" and said: {printed}" if printed else ""
        return TenantryError(
            f"the session in {self.database.label} broke ({why}){said}: see that the server runs and lets user "
            f"{self.database.user} in, then run again",
            "database_down",
        )


def connect(engine: Engine, database: Database, tenant: str | None) -> Session:
    """Open a session in a database of a tenant.

    :param tenant: whose it must be; None for anybody's.
    :raises TenantryError: kinds ``database_down``, ``foreign_object``, and those of the engine.
    """
    session = Session(engine, database, database.container(engine, tenant))
    try:
        session.execute("SELECT 1")
    except BaseException:
        session.close()
        raise
    return session
