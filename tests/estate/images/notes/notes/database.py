# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The application's PostgreSQL database."""

from __future__ import annotations

import os
import pathlib
import typing as t

import sqlalchemy as sa

COLUMNS = sa.text(
    "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass('notes') AND attnum > 0 AND NOT attisdropped"
)


def engine() -> sa.Engine:
    """Connects on first use, as ``DATABASE_*`` say; what libpq reads, such as ``PGOPTIONS``, reaches the server too."""
    password = os.environ.get("DATABASE_PASSWORD_FILE")
    user = os.environ.get("DATABASE_USER") or "app"
    url = sa.URL.create(
        "postgresql+psycopg",
        host=os.environ.get("DATABASE_HOST") or "127.0.0.1",
        port=int(os.environ.get("DATABASE_PORT") or 5432),
        username=user,
        password=pathlib.Path(password).read_text(encoding="utf-8").rstrip("\n") if password else None,
        database=os.environ.get("DATABASE_NAME") or user,
    )
    return sa.create_engine(url, pool_pre_ping=True, connect_args={"connect_timeout": 3, "application_name": "notes"})


class Notes:
    """Reads and writes with every schema there is: a column that is missing is left out, a renamed one written twice.

    That is what lets two neighbouring versions serve at once, before and after a migration.
    """

    def __init__(self) -> None:
        self._engine = engine()

    def add(self, title: str, writer: str) -> int:
        """Keep one note; gives its id."""
        return self._with_columns(lambda connection, columns: self._insert(connection, columns, title, writer))

    def latest(self) -> dict[str, t.Any]:
        """How many there are, and the last ten."""
        return self._with_columns(self._select)

    def _with_columns(self, work: t.Callable[[sa.Connection, list[str]], t.Any]) -> t.Any:
        for last in (False, True):
            try:
                with self._engine.begin() as connection:
                    return work(connection, list(connection.scalars(COLUMNS)))
            except sa.exc.ProgrammingError:
                # A migration dropped a column between the two statements: the second look knows.
                if last:
                    raise
        return None

    @staticmethod
    def _insert(connection: sa.Connection, columns: list[str], title: str, writer: str) -> int:
        values = {"title": title, "body": title, "author": writer, "writer": writer}
        table = sa.table("notes", *(sa.column(name) for name in ("id", *values)))
        present = {name: value for name, value in values.items() if name in columns}
        return connection.execute(sa.insert(table).values(present).returning(table.c.id)).scalar_one()

    @staticmethod
    def _select(connection: sa.Connection, columns: list[str]) -> dict[str, t.Any]:
        table = sa.table("notes", *(sa.column(name) for name in columns or ["id"]))
        shown = [table.c[name] for name in ("id", "title", "author", "writer") if name in table.c]
        rows = connection.execute(sa.select(*shown).order_by(table.c.id.desc()).limit(10)).mappings()
        count = connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
        return {"count": count, "columns": columns, "latest": [dict(row) for row in rows]}
