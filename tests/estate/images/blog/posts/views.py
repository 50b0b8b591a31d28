# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``/posts``: GET for the latest, POST with a title as the body to add one.

Works with every schema there is: a column that is missing is left out, a renamed one written twice. That is what lets
two neighbouring versions serve at once, before and after a migration.
"""

import typing as t

from django.db import DatabaseError, IntegrityError, ProgrammingError, connection, transaction
from django.http import HttpRequest, JsonResponse

COLUMNS = """
SELECT attname FROM pg_attribute WHERE attrelid = to_regclass('posts_post') AND attnum > 0 AND NOT attisdropped
"""


def posts(request: HttpRequest) -> JsonResponse:
    """The one view."""
    try:
        if request.method == "POST":
            title = request.body.decode("utf-8", "replace") or "untitled"
            writer = request.headers.get("X-Writer") or "somebody"
            return JsonResponse({"post": _with_columns(lambda columns: _insert(columns, title, writer))})
        return JsonResponse(_with_columns(_select))
    except IntegrityError as error:
        return JsonResponse({"error": str(error)}, status=409)
    except DatabaseError as error:
        print(f"error: database: {error}".rstrip(), flush=True)
        return JsonResponse({"error": f"database: {error}"}, status=503)


def _with_columns(work: t.Callable[[list[str]], t.Any]) -> t.Any:
    for last in (False, True):
        try:
            with transaction.atomic():
                return work([name for (name,) in _query(COLUMNS)])
        except ProgrammingError:
            # A migration dropped a column between the two statements: the second look knows.
            if last:
                raise
    return None


def _insert(columns: list[str], title: str, writer: str) -> int:
    values = {"title": title, "body": title, "author": writer, "writer": writer}
    present = {name: value for name, value in values.items() if name in columns} or values
    names, places = ", ".join(present), ", ".join(["%s"] * len(present))
    # The names are our own, the values are arguments.
    insert = f"INSERT INTO posts_post ({names}) VALUES ({places}) RETURNING id"  # noqa: S608
    return _query(insert, *present.values())[0][0]


def _select(columns: list[str]) -> dict[str, t.Any]:
    shown = [name for name in ("id", "title", "author", "writer") if name in columns] or ["id"]
    rows = _query(f"SELECT {', '.join(shown)} FROM posts_post ORDER BY id DESC LIMIT 10")  # noqa: S608
    latest = [dict(zip(shown, row)) for row in rows]
    return {"count": _query("SELECT count(*) FROM posts_post")[0][0], "columns": columns, "latest": latest}


def _query(statement: str, *values: t.Any) -> list[tuple[t.Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()
