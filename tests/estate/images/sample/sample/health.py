# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``sample health [web|api|worker|scheduler]``: the exit code of a container's health check.

A worker and a scheduler touch a heartbeat file whenever their queue answered; a server is asked over HTTP.
Without a role named, the heartbeat file tells: only workers and schedulers have one.
"""

from __future__ import annotations

import os
import socket
import sys
import time

HEARTBEAT = "/tmp/sample.heartbeat"
STALE_AFTER = 15.0


def beat() -> None:
    """Say that this process is alive and reaches its queue."""
    with open(HEARTBEAT, "w", encoding="utf-8") as file:
        file.write(str(time.time()))


def _heartbeat() -> str | None:
    """What is wrong with the heartbeat, or None."""
    try:
        age = time.time() - os.stat(HEARTBEAT).st_mtime
    except OSError as error:
        return f"no heartbeat: {HEARTBEAT}: {error.strerror}"
    return f"last heartbeat {age:.0f} s ago" if age > STALE_AFTER else None


def _http(port: int) -> str | None:
    """What is wrong with the server, or None. By socket, because http.client costs 50 ms to import."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=3) as connection:
            connection.sendall(b"GET /health HTTP/1.0\r\nHost: localhost\r\n\r\n")
            status = connection.recv(4096).split(b"\r\n", 1)[0].decode("latin-1")
    except OSError as error:
        return f"no answer on port {port}: {error}"
    return None if " 200 " in status else f"answer on port {port}: {status}"


def check(arguments: list[str]) -> int:
    """0 when healthy, else 1 with the reason on standard output."""
    role = arguments[0] if arguments else ("worker" if os.path.exists(HEARTBEAT) else "web")
    if role in ("worker", "scheduler"):
        wrong = _heartbeat()
    elif role in ("web", "api"):
        wrong = _http(int(os.environ.get("PORT") or 8080))
    else:
        print(f"sample: unknown role {role!r}: use web, api, worker or scheduler", file=sys.stderr)
        return 2
    if wrong:
        print(wrong)
        return 1
    return 0
