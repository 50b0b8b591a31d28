# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections to the tenant database, and whether its schema is the one that this collection knows."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import os
import sqlite3
import typing as t
import urllib.parse

from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.plugin_utils import database_schema, database_url

try:
    import sqlalchemy as sa

    SQLALCHEMY_ERROR = None
except ImportError as error:
    sa = None  # type: ignore[assignment]
    SQLALCHEMY_ERROR = error

if t.TYPE_CHECKING:
    from sqlalchemy.engine import URL, Connection, Engine

# The schema version that this collection reads and writes; also the newest Alembic revision.
SCHEMA_VERSION = "0001"
UPGRADE = "make or upgrade it with ansible-playbook tenantry.platform.database"
# Seconds that a SQLite connection waits for another one to finish writing.
BUSY_TIMEOUT = 30.0


@dataclasses.dataclass
class Database:
    """A tenant database that answers.

    ``schema`` and ``prefix`` say where its relations are, so that a company can offer views of its own tables.
    """

    url: URL
    engine: Engine
    schema: str | None
    prefix: str

    @property
    def name(self) -> str:
        """How messages call it; without password."""
        return database_url.public(self.url)

    def table(self, name: str) -> sa.Table:
        """A relation by its name in docs/tenant-database.md."""
        metadata = database_schema.relations(self.schema, self.prefix)
        return metadata.tables[f"{self.schema}.{self.prefix}{name}" if self.schema else f"{self.prefix}{name}"]

    @contextlib.contextmanager
    def reading(self) -> t.Iterator[Connection]:
        """A transaction that sees one moment of the database, however many queries it makes."""
        with self._explained(), self.engine.connect() as connection:
            if self.engine.dialect.name != "sqlite":
                connection = connection.execution_options(isolation_level="REPEATABLE READ")
            with connection.begin():
                yield connection

    @contextlib.contextmanager
    def writing(self) -> t.Iterator[Connection]:
        """A transaction that writes. On SQLite it owns the file from its begin, so that what it reads stays true."""
        with self._explained(), self.engine.connect() as connection:
            connection = connection.execution_options(tenantry_begin="BEGIN IMMEDIATE")
            with connection.begin():
                yield connection

    def schema_version(self) -> str | None:
        """The version that the database says it has; None when it has no relation ``schema_version``."""
        with self._explained(), self.engine.connect() as connection:
            return read_version(connection, self.schema, self.prefix)

    def check_version(self) -> None:
        """Refuse a schema that this collection was not written for.

        :raises TenantryError: ``schema_too_old`` or ``schema_too_new``.
        """
        refuse_version(self.name, self.schema_version())

    @contextlib.contextmanager
    def _explained(self) -> t.Iterator[None]:
        try:
            yield
        except sa.exc.SQLAlchemyError as error:
            raise explain(self.url, error) from error


def connect(settings: t.Mapping[str, t.Any], directory: str | None = None, create: bool = False) -> Database:
    """Open the tenant database.

    :param settings: the hostvar ``tenantry_database``: ``url``, and ``schema`` and ``prefix`` where there are any.
    :param directory: what a relative SQLite path is relative to.
    :param create: whether a SQLite file may be made. Without it a missing file is an error, never an empty database.
    :raises TenantryError: ``database_missing``, ``database_url``, ``missing_library``, ``schema_too_old``,
        ``schema_too_new``, ``database_unreachable``.
    """
    if SQLALCHEMY_ERROR is not None:
        raise database_url.missing("SQLAlchemy", SQLALCHEMY_ERROR)
    url = database_url.parse(str.__str__(settings["url"]), directory)
    database_url.remember_password(url, url.password)
    try:
        engine = _sqlite(url, create) if url.get_backend_name() == "sqlite" else _server(url, create)
    except ImportError as error:
        raise database_url.missing(url.get_driver_name(), error) from error
    prefix = str.__str__(settings.get("prefix") or "")
    database = Database(url, engine, str.__str__(settings.get("schema") or "") or None, prefix)
    if not create:
        database.check_version()
    return database


def _sqlite(url: URL, create: bool) -> Engine:
    path = t.cast(str, url.database)
    if not create and not os.path.isfile(path):
        raise TenantryError(
            f"tenant database {path} does not exist: {UPGRADE} -e database_url={database_url.public(url)}, or correct "
            "the option database of the inventory",
            "database_missing",
        )
    address = f"file:{urllib.parse.quote(path)}?mode={'rwc' if create else 'rw'}"
    # Text that is no UTF-8 must cost the row it is in, not the whole inventory.
    text = functools.partial(str, encoding="utf-8", errors="surrogateescape")

    def opened() -> sqlite3.Connection:
        connection = sqlite3.connect(address, uri=True, timeout=BUSY_TIMEOUT, isolation_level=None)
        connection.text_factory = text
        connection.execute("PRAGMA foreign_keys = ON")
        return connection

    engine = sa.create_engine("sqlite://", creator=opened, poolclass=sa.pool.NullPool)

    @sa.event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(connection.get_execution_options().get("tenantry_begin", "BEGIN"))

    return engine


def _server(url: URL, create: bool) -> Engine:
    options: dict[str, t.Any] = {"connect_timeout": 10}
    if url.get_backend_name() == "postgresql":
        options["options"] = "-c timezone=UTC"
    else:
        options.update(charset="utf8mb4", init_command="SET time_zone = '+00:00'")
        if create:
            from pymysql.constants import CLIENT

            options["client_flag"] = CLIENT.MULTI_STATEMENTS  # a seed is many statements
    # Forked task workers must not share a connection, so none is kept.
    return sa.create_engine(database_url.with_password(url), poolclass=sa.pool.NullPool, connect_args=options)


def version_relation(schema: str | None, prefix: str) -> sa.Table:
    """Where the schema's version stands. Alembic writes it; views offer it as a constant."""
    column = sa.Column("version_num", sa.String(32), nullable=False)
    return sa.Table(f"{prefix}schema_version", sa.MetaData(), column, schema=schema)


def read_version(connection: Connection, schema: str | None, prefix: str) -> str | None:
    """The only row of ``schema_version``; None when there is no such relation or no row in it."""
    relation = version_relation(schema, prefix)
    inspector = sa.inspect(connection)
    if not (
        inspector.has_table(relation.name, schema=schema) or relation.name in inspector.get_view_names(schema=schema)
    ):
        return None
    row = connection.execute(sa.select(relation.c.version_num)).first()
    return None if row is None else str(row[0])


def refuse_version(name: str, found: str | None) -> None:
    """Compare a version with the one that this collection knows.

    :raises TenantryError: ``schema_too_old`` or ``schema_too_new``.
    """
    if found == SCHEMA_VERSION:
        return
    if found is not None and found > SCHEMA_VERSION:
        raise TenantryError(
            f"tenant database {name} has schema version {found}, this collection knows {SCHEMA_VERSION}: upgrade the "
            "collection on this controller; the database was not changed",
            "schema_too_new",
            found=found,
            known=SCHEMA_VERSION,
        )
    what = f"has schema version {found}" if found is not None else "has no tenantry schema"
    raise TenantryError(
        f"tenant database {name} {what}, this collection needs {SCHEMA_VERSION}: {UPGRADE} -e database_url={name}",
        "schema_too_old",
        found=found,
        known=SCHEMA_VERSION,
    )


def explain(url: URL, error: Exception) -> TenantryError:
    """What a driver's exception means."""
    original = getattr(error, "orig", None) or error
    text = " ".join(str(original).split())[:500]
    name = database_url.public(url)
    if isinstance(error, sa.exc.IntegrityError):
        return TenantryError(f"tenant database {name} refused a row: {text}", "database_constraint")
    if isinstance(original, sqlite3.DatabaseError) and "not a database" in text:
        return TenantryError(f"{name} is no SQLite database: correct the option database", "database_unreadable")
    if _is_busy(original, text):
        return TenantryError(f"tenant database {name} was busy with other writers: {text}; run again", "database_busy")
    if isinstance(error, sa.exc.OperationalError) and _is_connecting(original):
        return TenantryError(
            f"tenant database {name} does not answer: {text}; look whether it runs, and whether user and password "
            f"({database_url.PASSWORD_VARIABLE}) are right",
            "database_unreachable",
        )
    return TenantryError(f"tenant database {name}: {text}", "database_error")


def _is_connecting(original: t.Any) -> bool:
    """Whether the server was not there, let nobody in, or went away."""
    if isinstance(original, sqlite3.Error):
        return True
    state = getattr(original, "sqlstate", None)
    if hasattr(original, "sqlstate"):
        return state is None or state[:2] in ("08", "28", "3D", "57")
    return original.args[:1] in ((1040,), (1044,), (1045,), (1049,), (1698,), (2002,), (2003,), (2006,), (2013,))


def _is_busy(original: t.Any, text: str) -> bool:
    """Whether a statement only met another transaction: a lock, a deadlock, a conflict of versions."""
    if isinstance(original, sqlite3.OperationalError):
        return "locked" in text or "busy" in text
    # PostgreSQL: serialization failure, deadlock, lock not available. MariaDB: lock wait timeout, deadlock.
    return getattr(original, "sqlstate", None) in ("40001", "40P01", "55P03") or original.args[:1] in ((1205,), (1213,))
