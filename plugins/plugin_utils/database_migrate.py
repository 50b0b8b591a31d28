# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Making and upgrading the tenant database: Alembic revisions, and a seed for a new one."""

from __future__ import annotations

import dataclasses
import os
import sqlite3
import typing as t

from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.plugin_utils import database as db
from ansible_collections.tenantry.platform.plugins.plugin_utils import database_url, migrations

try:
    import sqlalchemy as sa
    from alembic.operations import Operations
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory
    from sqlalchemy.schema import CreateSchema

    ALEMBIC_ERROR = None
except ImportError as error:
    ALEMBIC_ERROR = error

if t.TYPE_CHECKING:
    from sqlalchemy.engine import Connection


@dataclasses.dataclass
class Upgrade:
    """What was done, or would be in check mode."""

    before: str | None
    after: str
    pending: list[str]
    seeded: bool

    @property
    def changed(self) -> bool:
        return bool(self.pending or self.seeded)


def upgrade(settings: t.Mapping[str, t.Any], seed: str | None = None, check_mode: bool = False) -> Upgrade:
    """Bring a tenant database to the newest schema; make it when there is none.

    :param settings: as for :func:`database.connect`.
    :param seed: path of a file of SQL statements; executed once, when the database is new.
    :raises TenantryError: ``schema_too_new``, ``seed_missing``, ``seed_failed`` (then no table is left either, where
        the database can undo that), and what :func:`database.connect` raises.
    """
    if ALEMBIC_ERROR is not None:
        raise database_url.missing("alembic", ALEMBIC_ERROR)
    statements = _read(seed) if seed else ""
    url = database_url.parse(str.__str__(settings["url"]))
    new_file = url.get_backend_name() == "sqlite" and not os.path.exists(t.cast(str, url.database))
    if new_file and check_mode:
        return Upgrade(None, db.SCHEMA_VERSION, _pending(None), bool(statements))
    if new_file:
        os.makedirs(os.path.dirname(t.cast(str, url.database)), exist_ok=True)
    database = db.connect(settings, create=True)
    before = database.schema_version()
    if before is not None and before > db.SCHEMA_VERSION:
        db.refuse_version(database.name, before)
    pending = _pending(before)
    result = Upgrade(before, db.SCHEMA_VERSION, pending, bool(statements) and before is None)
    if check_mode or not pending:
        return result
    there = _tables(database)
    try:
        with database.writing() as connection:
            _migrate(connection, database)
            if result.seeded:
                _enter_schema(connection, database.schema)
                execute_script(connection, statements, t.cast(str, seed))
    except BaseException:
        if new_file:
            os.unlink(t.cast(str, url.database))
        elif before is None:
            _drop(database, _tables(database) - there)
        raise
    if url.get_backend_name() == "sqlite":
        _write_ahead(t.cast(str, url.database))
    return result


def _tables(database: db.Database) -> set[str]:
    with database.reading() as connection:
        return set(sa.inspect(connection).get_table_names(schema=database.schema))


def _drop(database: db.Database, names: set[str]) -> None:
    """Remove tables of a first revision that did not end: MariaDB and MySQL cannot undo them by themselves."""
    if not names:
        return
    with database.writing() as connection:
        connection.exec_driver_sql("SET FOREIGN_KEY_CHECKS = 0")
        for name in names:
            sa.Table(name, sa.MetaData(), schema=database.schema).drop(connection)


def execute_script(connection: Connection, statements: str, name: str) -> None:
    """Run many statements in the connection's transaction.

    :raises TenantryError: ``seed_failed`` with the driver's words.
    """
    raw: t.Any = connection.connection.dbapi_connection
    try:
        if isinstance(raw, sqlite3.Connection):
            for statement in _sqlite_statements(statements):
                raw.execute(statement)
        else:
            _server_script(raw, statements)
    except Exception as error:
        raise TenantryError(f"seed {name} failed, nothing was written: {error}", "seed_failed", seed=name) from error


def _server_script(raw: t.Any, statements: str) -> None:
    if hasattr(raw, "pgconn"):
        # Without parameters libpq takes many statements at once, and no percent sign is special.
        raw.execute(statements.encode())
        return
    with raw.cursor() as cursor:
        cursor.execute(statements)
        while cursor.nextset():
            pass


def _enter_schema(connection: Connection, schema: str | None) -> None:
    """Names in a seed carry no schema."""
    if schema and connection.dialect.name == "postgresql":
        quoted = connection.dialect.identifier_preparer.quote(schema)
        connection.exec_driver_sql(f"SET LOCAL search_path TO {quoted}, public")


def _sqlite_statements(text: str) -> t.Iterator[str]:
    """Statements one by one: executescript() would commit the transaction that makes the tables."""
    statement = ""
    for line in text.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
    if statement.strip():
        yield statement


def _read(path: str) -> str:
    try:
        with open(os.path.expanduser(path), encoding="utf-8") as stream:
            return stream.read()
    except OSError as error:
        raise TenantryError(
            f"seed {path} cannot be read ({error.strerror}): name a file with SQL statements", "seed_missing", seed=path
        ) from error


def _scripts() -> ScriptDirectory:
    home = os.path.dirname(os.path.abspath(migrations.__file__))
    return ScriptDirectory(home, version_locations=[os.path.join(home, "versions")])


def _pending(before: str | None) -> list[str]:
    revisions = [one.revision for one in _scripts().walk_revisions()]
    return sorted(one for one in revisions if before is None or one > before)


def _migrate(connection: Connection, database: db.Database) -> None:
    scripts = _scripts()
    if database.schema and connection.dialect.name == "postgresql":
        connection.execute(CreateSchema(database.schema, if_not_exists=True))
    context = MigrationContext.configure(
        connection,
        opts={
            "fn": lambda revision, _context: scripts._upgrade_revs("head", revision),
            "version_table": f"{database.prefix}schema_version",
            "version_table_schema": database.schema,
            "tenantry_schema": database.schema,
            "tenantry_prefix": database.prefix,
        },
    )
    with Operations.context(context):
        context.run_migrations()


def _write_ahead(path: str) -> None:
    """Readers do not wait for writers from now on; the setting stays with the file."""
    connection = sqlite3.connect(path, timeout=db.BUSY_TIMEOUT)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
    finally:
        connection.close()
