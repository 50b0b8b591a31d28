# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTTP server of the roles web and api.

SIGTERM: ``/health`` turns 503, everything else is served for another ``DRAIN_SECONDS``, then the server stops
accepting, says goodbye to open WebSockets, finishes what is in flight and exits 0.
"""

from __future__ import annotations

import signal
import threading
import time
from http.server import ThreadingHTTPServer

from sample import settings
from sample.handler import Handler

FINISH_SECONDS = 60.0


class Server(ThreadingHTTPServer):
    """Threads, one per connection; it knows how many requests are being answered right now."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 512

    def __init__(self, address: tuple[str, int]) -> None:
        self.draining = threading.Event()
        # Set when nothing is accepted any more: open WebSockets end then, instead of holding up the end for ever.
        self.leaving = threading.Event()
        self.broken = settings.text("SAMPLE_VERSION") == "broken"
        self._in_flight = 0
        self._last_change = time.monotonic()
        self._lock = threading.Lock()
        super().__init__(address, Handler)

    def request_started(self) -> None:
        with self._lock:
            self._in_flight += 1
            self._last_change = time.monotonic()

    def request_finished(self) -> None:
        with self._lock:
            self._in_flight -= 1
            self._last_change = time.monotonic()

    def idle_for(self) -> float:
        """Seconds since the last request ended; 0 while one is in flight."""
        with self._lock:
            return 0.0 if self._in_flight else time.monotonic() - self._last_change


def _stop(server: Server) -> None:
    drain = settings.number("DRAIN_SECONDS", 3)
    settings.say(f"SIGTERM: /health says 503, still serving for {drain:g} s")
    server.draining.set()
    time.sleep(drain)
    server.shutdown()


def serve() -> int:
    """Serve until SIGTERM; gives 0."""
    time.sleep(settings.number("START_SECONDS", 0))
    port = int(settings.number("PORT", 8080))
    server = Server(("0.0.0.0", port))
    stopper = threading.Thread(target=_stop, args=(server,), daemon=True)

    def on_signal(_number: int, _frame: object) -> None:
        if not stopper.ident:
            stopper.start()

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
    identity = settings.identity()
    settings.say(
        f"{identity['service'] or 'web'} {identity['version']} of tenant {identity['tenant'] or '-'} on port {port}"
    )
    if server.broken:
        settings.say("error: this release is broken on purpose: /health answers 500 and will never answer 200")
    server.serve_forever(poll_interval=0.1)
    server.server_close()
    # After it, because whoever is told to go away comes back at once and must not arrive here again.
    server.leaving.set()
    deadline = time.monotonic() + FINISH_SECONDS
    # A request can stand between being read and being counted: a moment of silence, not one look.
    while server.idle_for() < 0.2 and time.monotonic() < deadline:
        time.sleep(0.02)
    settings.say("stopped")
    return 0
