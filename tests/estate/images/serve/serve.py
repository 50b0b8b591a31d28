# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small HTTP server for a WSGI application: ``python3 -m serve blog.wsgi:application``.

Answers ``/``, ``/version``, ``/health`` and ``/slow?seconds=2.5`` itself and hands everything else to the application.
SIGTERM: ``/health`` turns 503, all else is served for ``DRAIN_SECONDS`` (3); then nothing new is accepted, what is in
flight is finished, and the exit code is 0.
"""

from __future__ import annotations

import importlib
import io
import json
import os
import signal
import sys
import threading
import time
import typing as t
from http.server import ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit
from wsgiref.simple_server import WSGIRequestHandler

LARGEST_BODY = 1_048_576
LONGEST_WAIT = 60.0
FINISH_SECONDS = 60.0
Answer = tuple[str, list[tuple[str, str]], bytes]


class Requests:
    """How many requests are being answered, and for how long there has been none."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open = 0
        self._changed = time.monotonic()

    def __enter__(self) -> None:
        self._add(1)

    def __exit__(self, *_exception: object) -> None:
        self._add(-1)

    def _add(self, number: int) -> None:
        with self._lock:
            self._open += number
            self._changed = time.monotonic()

    def silent_for(self) -> float:
        with self._lock:
            return 0.0 if self._open else time.monotonic() - self._changed


class Server(ThreadingHTTPServer):
    """A thread per connection."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 512

    def __init__(self, application: t.Callable[..., t.Iterable[bytes]], port: int) -> None:
        self.application = application
        self.draining = threading.Event()
        self.requests = Requests()
        self.base_environ: dict[str, t.Any] = {
            "GATEWAY_INTERFACE": "CGI/1.1",
            "SCRIPT_NAME": "",
            "SERVER_NAME": os.uname().nodename,
            "SERVER_PORT": str(port),
        }
        super().__init__(("0.0.0.0", port), Handler)

    def drain(self, seconds: float) -> None:
        """What SIGTERM asks for."""
        self.draining.set()
        time.sleep(seconds)
        self.shutdown()


class Handler(WSGIRequestHandler):
    """Keep-alive, one packet an answer, and a request counts from its first line to its last byte."""

    protocol_version = "HTTP/1.1"
    # Longer than a proxy keeps an idle connection (Traefik: 90 s): it is the proxy that closes one.
    timeout = 120
    wbufsize = -1
    disable_nagle_algorithm = True
    server: Server

    def handle(self) -> None:
        """As a server of HTTP does it; wsgiref's would close after one request."""
        self.close_connection = False
        while not self.close_connection:
            self.handle_one_request()

    def handle_one_request(self) -> None:
        """One request of a connection."""
        self.close_connection = True
        try:
            self.raw_requestline = self.rfile.readline(65537)
            if not self.raw_requestline:
                return
            with self.server.requests:
                if self.parse_request():
                    self._respond(*self._answer())
                self.wfile.flush()
        except (TimeoutError, ConnectionError):
            self.close_connection = True

    def _answer(self) -> Answer:
        length = self.headers.get("Content-Length") or "0"
        if "Transfer-Encoding" in self.headers or not length.isdigit() or int(length) > LARGEST_BODY:
            self.close_connection = True
            return _json("411 Length Required", {"error": "a body needs a Content-Length of at most 1 MiB"})
        body = self.rfile.read(int(length))
        url = urlsplit(self.path)
        # The last part of the path: behind a path prefix, which the proxy passes on, it is the same.
        name = url.path.rpartition("/")[2]
        if name in ("", "version"):
            return _json("200 OK", _identity())
        if name == "health":
            if self.server.draining.is_set():
                return _json("503 Service Unavailable", {"status": "draining"})
            return _json("200 OK", {"status": "ok"})
        if name == "slow":
            return _slow(parse_qs(url.query).get("seconds", ["2.5"])[0])
        return self._ask_application(name, body)

    def _ask_application(self, name: str, body: bytes) -> Answer:
        environ = self.get_environ()
        environ.update(
            {
                "PATH_INFO": f"/{name}",
                "CONTENT_LENGTH": str(len(body)),
                "wsgi.version": (1, 0),
                "wsgi.url_scheme": "http",
                "wsgi.input": io.BytesIO(body),
                "wsgi.errors": sys.stderr,
                "wsgi.multithread": True,
                "wsgi.multiprocess": False,
                "wsgi.run_once": False,
            }
        )
        started: list[t.Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], _exception: object = None) -> None:
            started[:] = [status, headers]

        chunks = self.server.application(environ, start_response)
        try:
            content = b"".join(chunks)
        finally:
            if hasattr(chunks, "close"):
                chunks.close()
        return (*started, content)

    def _respond(self, status: str, headers: list[tuple[str, str]], content: bytes) -> None:
        code, _space, reason = status.partition(" ")
        self.send_response(int(code), reason)
        for name, value in headers:
            if name.lower() not in ("content-length", "connection"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("X-Version", os.environ.get("APP_VERSION", "-"))
        self.send_header("X-Release", os.environ.get("TENANTRY_RELEASE") or "-")
        if self.server.draining.is_set():
            # So that a proxy's idle connections go away before the server does.
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, format: str, *args: t.Any) -> None:  # noqa: A002 - the name is the base class's
        """Under load a line per request would fill the disk."""


def _json(status: str, answer: dict[str, t.Any]) -> Answer:
    return status, [("Content-Type", "application/json")], json.dumps(answer).encode() + b"\n"


def _identity() -> dict[str, str]:
    return {
        "tenant": os.environ.get("TENANTRY_TENANT", ""),
        "service": os.environ.get("TENANTRY_SERVICE", ""),
        "version": os.environ.get("APP_VERSION", ""),
        "release": os.environ.get("TENANTRY_RELEASE", ""),
        "hostname": os.uname().nodename,
    }


def _slow(text: str) -> Answer:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= LONGEST_WAIT:
        return _json("400 Bad Request", {"error": f"seconds must be a number from 0 to {LONGEST_WAIT:g}"})
    time.sleep(seconds)
    return _json("200 OK", {**_identity(), "slept": seconds})


def main(name: str) -> int:
    """Serve until SIGTERM; gives 0."""
    module, _colon, attribute = name.partition(":")
    port = int(os.environ.get("PORT") or 8080)
    server = Server(getattr(importlib.import_module(module), attribute), port)
    seconds = float(os.environ.get("DRAIN_SECONDS") or 3)
    stopper = threading.Thread(target=server.drain, args=(seconds,), daemon=True)

    def on_signal(_number: int, _frame: object) -> None:
        if not stopper.ident:
            stopper.start()

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
    print(f"{name} {os.environ.get('APP_VERSION', '')} on port {port}", flush=True)
    server.serve_forever(poll_interval=0.1)
    server.server_close()
    deadline = time.monotonic() + FINISH_SECONDS
    # A request can stand between being read and being counted: a moment of silence, not one look.
    while server.requests.silent_for() < 0.2 and time.monotonic() < deadline:
        time.sleep(0.02)
    print("stopped", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
