# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each path of the HTTP server answers."""

from __future__ import annotations

import json
import math
import socket
import time
import typing as t
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlsplit

from sample import database, jobs, settings, websocket

if t.TYPE_CHECKING:
    from sample.server import Server

LARGEST_BODY = 1_048_576
LONGEST_WAIT = 60.0


class Handler(BaseHTTPRequestHandler):
    """JSON answers with keep-alive."""

    protocol_version = "HTTP/1.1"
    # Longer than a proxy keeps an idle connection (Traefik: 90 s), so that it is never this side that closes one
    # while a request is on its way.
    timeout = 120
    # One packet an answer: headers and body apart would meet delayed acknowledgements.
    wbufsize = -1
    disable_nagle_algorithm = True
    server: Server

    def handle_one_request(self) -> None:
        """As in the base class, but a request counts as in flight from its first line to its last byte."""
        try:
            self.raw_requestline = self.rfile.readline(65537)
        except (socket.timeout, ConnectionError):
            self.raw_requestline = b""
        if not self.raw_requestline:
            self.close_connection = True
            return
        self.server.request_started()
        try:
            if self.parse_request():
                self._answer()
            self.wfile.flush()
        except (socket.timeout, ConnectionError):
            self.close_connection = True
        finally:
            self.server.request_finished()

    def _answer(self) -> None:
        url = urlsplit(self.path)
        name = "/" + url.path.rpartition("/")[2]  # also behind a path prefix, which the proxy passes on
        body = self._body()
        if body is None:
            self._send(411, {"error": "a body needs a Content-Length of at most 1 MiB"})
            self.close_connection = True
            return
        if name == "/ws":
            self._websocket()
            return
        route: t.Callable[..., tuple[int, dict[str, t.Any]]] | None = {
            "/": self._identity,
            "/version": self._identity,
            "/health": self._health,
            "/slow": self._slow,
            "/db": self._database,
            "/queue": self._queue,
            "/headers": self._headers,
        }.get(name)
        if route is None:
            self._send(404, {"error": f"no such path: {url.path}"})
            return
        status, answer = route(parse_qs(url.query), body)
        self._send(status, answer)

    def _body(self) -> bytes | None:
        """The whole body, so that the next request of this connection starts where it should; None when refused."""
        length = self.headers.get("Content-Length") or "0"
        if "Transfer-Encoding" in self.headers or not length.isdigit() or int(length) > LARGEST_BODY:
            return None
        return self.rfile.read(int(length))

    def _send(self, status: int, answer: dict[str, t.Any]) -> None:
        content = json.dumps(answer).encode() + b"\n"
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("X-Version", settings.text("SAMPLE_VERSION"))
        self.send_header("X-Release", settings.text("TENANTRY_RELEASE", "-"))
        if self.server.draining.is_set():
            # So that a proxy's idle connections go away before the server does.
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _websocket(self) -> None:
        if not websocket.is_handshake(self.command, self.headers):
            self._send(400, {"error": "this path speaks WebSocket, version 13"})
            return
        self.close_connection = True
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.send_header("Sec-WebSocket-Accept", websocket.accept(self.headers["Sec-WebSocket-Key"]))
        self.send_header("X-Version", settings.text("SAMPLE_VERSION"))
        self.send_header("X-Release", settings.text("TENANTRY_RELEASE", "-"))
        self.end_headers()
        self.wfile.flush()
        websocket.Echo(self.connection, self.server.leaving).run()

    def _identity(self, _query: dict[str, list[str]], _body: bytes) -> tuple[int, dict[str, t.Any]]:
        return 200, settings.identity()

    def _health(self, _query: dict[str, list[str]], _body: bytes) -> tuple[int, dict[str, t.Any]]:
        if self.server.broken:
            settings.say("error: health check answered 500: this release is broken on purpose")
            return 500, {"status": "broken", "error": "this release is broken on purpose"}
        if self.server.draining.is_set():
            return 503, {"status": "draining"}
        return 200, {"status": "ok"}

    def _slow(self, query: dict[str, list[str]], _body: bytes) -> tuple[int, dict[str, t.Any]]:
        try:
            seconds = float(query.get("seconds", ["2.5"])[0])
        except ValueError:
            seconds = math.nan
        if not 0 <= seconds <= LONGEST_WAIT:
            return 400, {"error": f"seconds must be a number from 0 to {LONGEST_WAIT:g}"}
        time.sleep(seconds)
        return 200, {**settings.identity(), "slept": seconds}

    def _database(self, _query: dict[str, list[str]], body: bytes) -> tuple[int, dict[str, t.Any]]:
        if not database.configured():
            return 404, {"error": "this service has no database: DATABASE_HOST is not set"}
        try:
            if self.command == "POST":
                return 200, {"note": database.write(body.decode("utf-8", "replace"))}
            return 200, database.read()
        except database.Error as error:
            settings.say(f"error: database: {error}".rstrip())
            return 503, {"error": f"database: {error}".rstrip()}

    def _queue(self, _query: dict[str, list[str]], _body: bytes) -> tuple[int, dict[str, t.Any]]:
        if not settings.text("REDIS_HOST"):
            return 404, {"error": "this service has no queue: REDIS_HOST is not set"}
        try:
            with jobs.connect() as client:
                if self.command == "POST":
                    return 200, {"job": jobs.put(client, "web")}
                return 200, jobs.counts(client)
        except jobs.Error as error:
            settings.say(f"error: queue: {error}")
            return 503, {"error": f"queue: {error}"}

    def _headers(self, _query: dict[str, list[str]], _body: bytes) -> tuple[int, dict[str, t.Any]]:
        return 200, {
            "remote": self.client_address[0],
            "x_forwarded_for": self.headers.get("X-Forwarded-For"),
            "headers": dict(self.headers.items()),
        }

    def log_message(self, format: str, *args: t.Any) -> None:  # noqa: A002 - the name is the base class's
        """Under load a line per request would fill the disk: only when asked for."""
        if settings.text("ACCESS_LOG"):
            settings.say(f"{self.address_string()} {format % args}")
