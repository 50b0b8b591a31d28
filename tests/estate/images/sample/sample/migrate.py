# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``sample migrate [up|down|status] [--target VERSION]``: plain SQL migrations.

``up`` applies what is missing (up to the target), ``down`` undoes everything after the target, ``status`` prints JSON.
Files are ``<version>_<name>.up.sql`` and, where a step can be undone, ``.down.sql``, in ``MIGRATIONS``.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import pathlib
import time
import typing as t

import psycopg2
import psycopg2.extensions

from sample import database, settings

LOCK = 7_210_415
CREATE_TABLE = """
CREATE TABLE IF NOT EXISTS schema_version (
    version text PRIMARY KEY,
    name text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
)
"""


def _files(kind: str) -> dict[str, pathlib.Path]:
    """Version -> file, in order."""
    directory = pathlib.Path(settings.text("MIGRATIONS", str(pathlib.Path(__file__).parent / "migrations")))
    paths = sorted(directory.glob(f"*.{kind}.sql"))
    return {path.name.split("_", 1)[0]: path for path in paths}


def _applied(connection: psycopg2.extensions.connection) -> list[str]:
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('schema_version') IS NOT NULL")
        if not cursor.fetchone()[0]:
            return []
        cursor.execute("SELECT version FROM schema_version ORDER BY version")
        return [row[0] for row in cursor.fetchall()]


@contextlib.contextmanager
def _locked(seconds: float) -> t.Iterator[None]:
    """Hold the advisory lock. Polled from an idle connection of its own: a session that blocks on the lock
    would deadlock with a CREATE INDEX CONCURRENTLY of its holder."""
    connection = database.connect()
    connection.autocommit = True
    deadline = time.monotonic() + seconds
    try:
        with connection.cursor() as cursor:
            while True:
                cursor.execute("SELECT pg_try_advisory_lock(%s)", (LOCK,))
                if cursor.fetchone()[0]:
                    break
                if time.monotonic() > deadline:
                    raise SystemExit(f"sample: another migration held the lock for {seconds:g} s: try again later")
                time.sleep(0.2)
        yield
    finally:
        connection.close()


def _run(connection: psycopg2.extensions.connection, path: pathlib.Path, record: str, values: tuple[str, ...]) -> None:
    """One file and its line in the version table, in one transaction."""
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '5s'")
            cursor.execute(path.read_text(encoding="utf-8"))
            cursor.execute(record, values)
    except psycopg2.Error as error:
        raise SystemExit(f"sample: migration {path.name} failed and was rolled back: {error}".rstrip()) from None


def up(connection: psycopg2.extensions.connection, target: str | None) -> int:
    """Apply what is missing; gives how many."""
    with connection, connection.cursor() as cursor:
        cursor.execute(CREATE_TABLE)
    applied = set(_applied(connection))
    count = 0
    for version, path in _files("up").items():
        if version in applied or (target is not None and version > target):
            continue
        name = path.name.split("_", 1)[1][: -len(".up.sql")]
        _run(connection, path, "INSERT INTO schema_version (version, name) VALUES (%s, %s)", (version, name))
        settings.say(f"applied migration {path.name}")
        count += 1
    return count


def down(connection: psycopg2.extensions.connection, target: str) -> int:
    """Undo everything after the target, newest first; gives how many. Nothing is undone when one step cannot be."""
    files = _files("down")
    undo = [version for version in reversed(_applied(connection)) if version > target]
    missing = [version for version in undo if version not in files]
    if missing:
        raise SystemExit(f"sample: no .down.sql for migration {', '.join(missing)}: nothing was undone")
    for version in undo:
        _run(connection, files[version], "DELETE FROM schema_version WHERE version = %s", (version,))
        settings.say(f"undid migration {version}")
    return len(undo)


def status(connection: psycopg2.extensions.connection) -> dict[str, list[str]]:
    """Versions that are applied, that wait, and that are applied but unknown to this image."""
    known, applied = list(_files("up")), _applied(connection)
    return {
        "applied": applied,
        "pending": [version for version in known if version not in applied],
        "unknown": [version for version in applied if version not in known],
    }


def main(arguments: list[str]) -> int:
    """Run one command against the database; gives the exit code."""
    parser = argparse.ArgumentParser(prog="sample migrate")
    parser.add_argument("command", nargs="?", choices=("up", "down", "status"), default="up")
    parser.add_argument("--target")
    chosen = parser.parse_args(arguments)
    if chosen.command == "down" and chosen.target is None:
        parser.error("down needs --target, the version to keep (0 undoes everything)")
    if not database.configured():
        raise SystemExit("sample: cannot migrate: DATABASE_HOST is not set")
    try:
        with contextlib.closing(database.connect()) as connection:
            if chosen.command == "status":
                print(json.dumps(status(connection)))
                return 0
            with _locked(settings.number("MIGRATION_LOCK_SECONDS", 60)):
                count = down(connection, chosen.target) if chosen.command == "down" else up(connection, chosen.target)
    except psycopg2.Error as error:
        raise SystemExit(f"sample: cannot migrate: {error}".rstrip()) from None
    if count == 0:
        settings.say("nothing to migrate")
    return 0
