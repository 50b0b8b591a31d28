# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# ruff: noqa: S608 - names of tables are constants here, and values are literals
"""What a migration needs of the database itself: a lock, a record of applied files, a look for what it left broken.

The record stands in the tenant's database and not beside it, so that a restored database brings its own along.
"""

from __future__ import annotations

import dataclasses
import json
import typing as t

from .database_session import Session
from .errors import TenantryError
from .polling import Deadline, wait_until

#: A statement of ours that waits longer behind somebody's lock gives up: all that comes after it would wait, too.
OUR_LOCK_SECONDS = 5
#: In which tools keep what is applied; some make them before they begin.
BOOKS = "('alembic_version', 'django_migrations', 'schema_migrations')"


@dataclasses.dataclass(frozen=True)
class Applied:
    """A migration that was recorded."""

    version: str
    sha256: str | None
    kind: str


@dataclasses.dataclass(frozen=True)
class Begun:
    """The last run that had something to apply.

    :ivar release: for which it was.
    :ivar before: what was applied when it began.
    :ivar invalid: indexes that were invalid then.
    """

    release: str
    before: tuple[str, ...]
    invalid: tuple[str, ...]


class MigrationDatabase:
    """A tenant's database, as far as one named migration of it is concerned.

    :param name: of the migration: one database may have several, by different tools.
    """

    versions = ""
    runs = ""
    setup: tuple[str, ...] = ()
    upsert = ""
    own_tables = ""
    own_columns = ""
    indexes = ""

    def __init__(self, session: Session, name: str) -> None:
        self.session = session
        self.name = name

    def lock(self, seconds: float) -> None:
        """Take the lock of this migration, which the session then holds.

        Asked for again and again: who waits for it inside the server holds a transaction open, and that makes
        ``CREATE INDEX CONCURRENTLY`` of the one who has it a deadlock.

        :raises TenantryError: kind ``migration_locked``.
        """
        if wait_until(lambda: True if self._try_lock() else None, Deadline(seconds)) is None:
            raise TenantryError(
                f"migration {self.name} of {self.session.database.label} is being run by somebody else, who did not "
                f"end within {seconds:g} s: wait for it, then run again",
                "migration_locked",
            )

    def _try_lock(self) -> bool:
        raise NotImplementedError

    def prepare(self) -> None:
        """Make the tables of the record where they are missing."""
        for statement in self.setup:
            self.session.execute(statement)

    def recorded(self) -> dict[str, Applied]:
        """What was applied by us, by version; empty before the first time, when there are no tables yet."""
        if not self._has_record():
            return {}
        rows = self.session.rows(
            ("version", "sha256", "kind"),
            f"SELECT version, sha256, kind FROM {self.versions} WHERE migration = {self.session.literal(self.name)}",
        )
        return {row["version"]: Applied(row["version"], row["sha256"], row["kind"]) for row in rows}

    def _has_record(self) -> bool:
        rows = self.session.rows(
            ("name",),
            f"SELECT table_name AS name FROM information_schema.tables WHERE {self.own_tables}",
        )
        return bool(rows)

    def record(self, versions: t.Iterable[Applied], release: str) -> None:
        """Note that these are applied, with the checksums of their files."""
        for one in versions:
            sha256 = self.session.literal(one.sha256) if one.sha256 else "NULL"
            values = [
                self.session.literal(self.name),
                self.session.literal(one.version),
                sha256,
                self.session.literal(one.kind),
                self.session.literal(release),
            ]
            self.session.execute(
                f"INSERT INTO {self.versions} (migration, version, sha256, kind, release_id) "
                f"VALUES ({', '.join(values)})"
            )

    def forget(self, versions: t.Iterable[str]) -> None:
        """Take versions out of the record that were undone."""
        for version in versions:
            migration, its_version = self.session.literal(self.name), self.session.literal(version)
            self.session.execute(
                f"DELETE FROM {self.versions} WHERE migration = {migration} AND version = {its_version}"
            )

    def begin(self, begun: Begun) -> None:
        """Note where a run begins, before it does anything."""
        values = [
            self.session.literal(self.name),
            self.session.literal(begun.release),
            self.session.literal(json.dumps(begun.before)),
            self.session.literal(json.dumps(begun.invalid, ensure_ascii=False)),
        ]
        self.session.execute(
            f"INSERT INTO {self.runs} (migration, release_id, before_versions, invalid_indexes) "
            f"VALUES ({', '.join(values)}) {self.upsert}"
        )

    def begun(self) -> Begun | None:
        """Where the last run began; None when there never was one."""
        if not self._has_record():
            return None
        rows = self.session.rows(
            ("release_id", "before_versions", "invalid_indexes"),
            "SELECT release_id, before_versions, invalid_indexes "
            f"FROM {self.runs} WHERE migration = {self.session.literal(self.name)}",
        )
        if not rows:
            return None
        before, invalid = (tuple(json.loads(rows[0][column])) for column in ("before_versions", "invalid_indexes"))
        return Begun(rows[0]["release_id"], before, invalid)

    def shape(self) -> set[str]:
        """Columns and indexes, in words: what a migration that failed without a transaction leaves behind differs."""
        rows = self.session.rows(
            ("part",),
            "SELECT concat('column ', table_schema, '.', table_name, '.', column_name, ' ', data_type) AS part "
            f"FROM information_schema.columns WHERE {self.own_columns} UNION ALL {self.indexes}",
        )
        return {row["part"] for row in rows}

    def invalid_indexes(self) -> list[str]:
        """Indexes that the database does not use, because building them failed."""
        raise NotImplementedError

    def drop_index(self, name: str) -> None:
        """Remove an index without holding up anybody."""
        raise NotImplementedError

    def environment(self, given: t.Mapping[str, str], lock: float, statement: float) -> dict[str, str]:
        """Variables that make the tool's own sessions give up instead of holding up others.

        :param given: what the service's environment says.
        :param lock: seconds that a statement may wait for a lock.
        :param statement: seconds that it may work.
        """
        raise NotImplementedError

    def end_blocked(self, addresses: t.Collection[str], seconds: float) -> None:
        """End statements from these addresses that wait longer for a lock, where the server does not do so itself."""
        raise NotImplementedError


class PostgreSQL(MigrationDatabase):
    """A schema of our own: tools that compare a schema with their models look into ``public``."""

    versions = "tenantry.migration_versions"
    runs = "tenantry.migration_runs"
    setup = (
        f"SET lock_timeout = '{OUR_LOCK_SECONDS}s'",
        "SET client_min_messages = warning",
        "CREATE SCHEMA IF NOT EXISTS tenantry",
        f"CREATE TABLE IF NOT EXISTS {versions} (migration text NOT NULL, version text NOT NULL, sha256 text, "
        "kind text NOT NULL, release_id text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now(), "
        "PRIMARY KEY (migration, version))",
        f"CREATE TABLE IF NOT EXISTS {runs} (migration text PRIMARY KEY, release_id text NOT NULL, "
        "before_versions text NOT NULL, invalid_indexes text NOT NULL, "
        "begun_at timestamptz NOT NULL DEFAULT now())",
    )
    upsert = (
        "ON CONFLICT (migration) DO UPDATE SET release_id = excluded.release_id, "
        "before_versions = excluded.before_versions, invalid_indexes = excluded.invalid_indexes, begun_at = now()"
    )

    own_tables = "table_schema = 'tenantry' AND table_name = 'migration_versions'"
    own_columns = f"table_schema NOT IN ('pg_catalog', 'information_schema', 'tenantry') AND table_name NOT IN {BOOKS}"
    indexes = (
        "SELECT concat('index ', schemaname, '.', indexname) FROM pg_indexes "
        f"WHERE schemaname NOT IN ('pg_catalog', 'information_schema', 'tenantry') AND tablename NOT IN {BOOKS}"
    )

    def _try_lock(self) -> bool:
        key = f"hashtext('tenantry.migration'), hashtext({self.session.literal(self.name)})"
        return bool(self.session.value(f"pg_try_advisory_lock({key})"))

    def invalid_indexes(self) -> list[str]:
        # One that is being built looks the same. PostgreSQL 12 and newer says which those are.
        rows = self.session.rows(
            ("name",),
            "SELECT format('%I.%I', n.nspname, c.relname) FROM pg_index AS i "
            "JOIN pg_class AS c ON c.oid = i.indexrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace "
            "WHERE NOT i.indisvalid AND i.indexrelid NOT IN (SELECT index_relid FROM pg_stat_progress_create_index) "
            "ORDER BY 1",
        )
        return [row["name"] for row in rows]

    def drop_index(self, name: str) -> None:
        self.session.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")

    def environment(self, given: t.Mapping[str, str], lock: float, statement: float) -> dict[str, str]:
        options = {"lock_timeout": lock, "statement_timeout": statement}
        words = [f"-c {name}={int(seconds * 1000)}" for name, seconds in options.items()]
        return {"PGOPTIONS": " ".join(filter(None, [given.get("PGOPTIONS", ""), *words]))}

    def end_blocked(self, _addresses: t.Collection[str], _seconds: float) -> None:
        """The server does so itself."""


class MariaDB(MigrationDatabase):
    """There are no schemas within a database: tables with our name."""

    versions = "tenantry_migration_versions"
    runs = "tenantry_migration_runs"
    setup = (
        f"SET SESSION lock_wait_timeout = {OUR_LOCK_SECONDS}",
        "SET SESSION group_concat_max_len = 16777216",
        f"CREATE TABLE IF NOT EXISTS {versions} (migration varchar(64) NOT NULL, version varchar(255) NOT NULL, "
        "sha256 varchar(64), kind varchar(16) NOT NULL, release_id varchar(64) NOT NULL, "
        "applied_at timestamp NOT NULL DEFAULT current_timestamp, PRIMARY KEY (migration, version)) "
        "CHARACTER SET utf8mb4",
        f"CREATE TABLE IF NOT EXISTS {runs} (migration varchar(64) PRIMARY KEY, release_id varchar(64) NOT NULL, "
        "before_versions longtext NOT NULL, invalid_indexes longtext NOT NULL, "
        "begun_at timestamp NOT NULL DEFAULT current_timestamp) CHARACTER SET utf8mb4",
    )
    upsert = (
        "ON DUPLICATE KEY UPDATE release_id = VALUES(release_id), before_versions = VALUES(before_versions), "
        "invalid_indexes = VALUES(invalid_indexes), begun_at = current_timestamp"
    )

    own_tables = "table_schema = DATABASE() AND table_name = 'tenantry_migration_versions'"
    own_columns = f"table_schema = DATABASE() AND table_name NOT LIKE 'tenantry\\_%' AND table_name NOT IN {BOOKS}"
    indexes = (
        "SELECT DISTINCT concat('index ', table_schema, '.', table_name, '.', index_name) "
        f"FROM information_schema.statistics WHERE {own_columns}"
    )

    def _try_lock(self) -> bool:
        key = f"LEFT(CONCAT('tenantry.', DATABASE(), '.', {self.session.literal(self.name)}), 64)"
        return bool(self.session.value(f"GET_LOCK({key}, 0)"))

    def invalid_indexes(self) -> list[str]:
        return []

    def drop_index(self, name: str) -> None:
        raise TenantryError(f"MariaDB leaves no invalid index {name}", "invalid")

    def environment(self, _given: t.Mapping[str, str], _lock: float, _statement: float) -> dict[str, str]:
        return {}

    def end_blocked(self, addresses: t.Collection[str], seconds: float) -> None:
        # No client of MariaDB takes its lock_wait_timeout from the environment, and the server's own is a day.
        rows = self.session.rows(
            ("id", "host"),
            "SELECT id, host FROM information_schema.processlist WHERE state LIKE 'Waiting for table%lock' "
            f"AND time >= {int(seconds)}",
        )
        for row in rows:
            if str(row["host"]).rpartition(":")[0] in addresses:
                self.session.execute(f"KILL QUERY {int(row['id'])}")


DATABASES: dict[str, type[MigrationDatabase]] = {"postgresql": PostgreSQL, "mariadb": MariaDB}
