# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the application answers: ``/notes``, GET for the latest, POST with a title as the body to add one."""

from __future__ import annotations

import json
import typing as t

import sqlalchemy as sa

from notes.database import Notes

notes = Notes()


def application(environ: dict[str, t.Any], start_response: t.Callable[..., t.Any]) -> list[bytes]:
    """The WSGI application."""
    status, answer = _answer(environ)
    start_response(status, [("Content-Type", "application/json")])
    return [json.dumps(answer).encode() + b"\n"]


def _answer(environ: dict[str, t.Any]) -> tuple[str, dict[str, t.Any]]:
    if environ["PATH_INFO"] != "/notes":
        return "404 Not Found", {"error": f"no such path: {environ['PATH_INFO']}"}
    try:
        if environ["REQUEST_METHOD"] == "POST":
            title = environ["wsgi.input"].read().decode("utf-8", "replace") or "untitled"
            return "200 OK", {"note": notes.add(title, environ.get("HTTP_X_WRITER") or "somebody")}
        return "200 OK", notes.latest()
    except sa.exc.IntegrityError as error:
        return "409 Conflict", {"error": str(error.orig)}
    except sa.exc.DBAPIError as error:
        print(f"error: database: {error.orig}".rstrip(), flush=True)
        return "503 Service Unavailable", {"error": f"database: {error.orig}"}
