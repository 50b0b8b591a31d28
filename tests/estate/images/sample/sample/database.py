# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The application's PostgreSQL database."""

from __future__ import annotations

import psycopg2
import psycopg2.extensions

from sample import settings

Error = psycopg2.Error


def configured() -> bool:
    """Whether this tenant has a database at all."""
    return bool(settings.text("DATABASE_HOST"))


def connect() -> psycopg2.extensions.connection:
    """A new connection; ``psycopg2.Error`` when the server does not answer within 3 s or refuses."""
    return psycopg2.connect(
        host=settings.text("DATABASE_HOST"),
        port=int(settings.number("DATABASE_PORT", 5432)),
        user=settings.text("DATABASE_USER", "app"),
        dbname=settings.text("DATABASE_NAME", settings.text("DATABASE_USER", "app")),
        password=settings.secret("DATABASE_PASSWORD"),
        connect_timeout=3,
        application_name="sample",
    )


def read() -> dict[str, object]:
    """What the database says about itself: its name, the applied migrations and the number of notes."""
    connection = connect()
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute("SELECT current_database(), current_user, to_regclass('schema_version') IS NOT NULL")
            name, user, migrated = cursor.fetchone()
            versions, notes = [], None
            if migrated:
                cursor.execute("SELECT version FROM schema_version ORDER BY version")
                versions = [row[0] for row in cursor.fetchall()]
            cursor.execute("SELECT to_regclass('notes') IS NOT NULL")
            if cursor.fetchone()[0]:
                cursor.execute("SELECT count(*) FROM notes")
                notes = cursor.fetchone()[0]
            return {"database": name, "user": user, "migrations": versions, "notes": notes}
    finally:
        connection.close()


def write(text: str) -> int:
    """Keep one note; gives its id."""
    connection = connect()
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute("INSERT INTO notes (body) VALUES (%s) RETURNING id", (text,))
            return cursor.fetchone()[0]
    finally:
        connection.close()
