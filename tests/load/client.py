# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A constant load on some tenants, in a process of its own so that nothing else takes its time.

``client.py config.json`` begins at once. It says on standard output what it counted, as lines of JSON, and ends when
its standard input does: whoever started it may die in any way. What it counted then stands in the file that the
configuration names as ``result``.

The rate is constant whatever the servers do (an open loop): a server that hangs gets no fewer requests.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import random
import resource
import signal
import ssl
import sys
import time
import typing as t
from pathlib import Path

from exchange import Connection, LostError, Pool, Server, kind_of
from talk import Talk, pause
from tally import Failure, Tally

# An answer may take so long, besides what was asked for; the echo of a message too.
PATIENCE_SECONDS = 10.0
POST_SHARE = 0.3
RECONNECT_SHARE = 0.1
# Every so manieth request of a tenant is a slow one: at 60 requests a second six are always under way.
SLOW_EVERY = 50
SLOW_SECONDS = (2.0, 8.0)
BODY_BYTES = (1, 4000)
REPORT_SECONDS = 1.0
OPEN_FILES = 8192


@dataclasses.dataclass(frozen=True)
class Tenant:
    """Who must answer, and under which name."""

    name: str
    hostname: str


@dataclasses.dataclass(frozen=True)
class Request:
    """One request as a user sends it."""

    method: str
    path: str
    seconds: float  # that the answer takes because it is asked to
    body: bytes
    reconnect: bool


def answers_for(tenant: str, body: bytes) -> bool:
    """Whether the sample application of this tenant answered."""
    try:
        answer = json.loads(body)
    except ValueError:
        return False
    return isinstance(answer, dict) and answer.get("tenant") == tenant


class Requests:
    """What the users of a tenant ask, in an order that is the same in every run."""

    def __init__(self, seed: str) -> None:
        self.random = random.Random(seed)
        self.number = 0

    def next(self) -> Request:
        """The next one."""
        self.number += 1
        seconds = round(self.random.uniform(*SLOW_SECONDS), 1) if self.number % SLOW_EVERY == 0 else 0.0
        post = self.random.random() < POST_SHARE
        return Request(
            method="POST" if post else "GET",
            path=f"/slow?seconds={seconds}" if seconds else "/version",
            seconds=seconds,
            body=b"x" * self.random.randint(*BODY_BYTES) if post else b"",
            reconnect=self.random.random() < RECONNECT_SHARE,
        )


class Load:
    """Requests and WebSockets for some tenants.

    :param rate: requests per second, over all tenants.
    :param websockets: for each tenant.
    """

    def __init__(self, server: Server, tenants: t.Sequence[Tenant], rate: float, websockets: int) -> None:
        self.server = server
        self.tenants = tenants
        self.rate = rate
        self.websockets = websockets
        self.pools = {one: Pool(server, one.hostname) for one in tenants}
        self.requests = {one: Requests(one.name) for one in tenants}
        self.stopping = asyncio.Event()
        self.tally = Tally(time.monotonic())

    async def run(self) -> Tally:
        """Until ``stopping`` is set and all that was under way has ended."""
        self.tally = Tally(time.monotonic())
        talks = [
            asyncio.create_task(self._talk(tenant, number))
            for tenant in self.tenants
            for number in range(self.websockets)
        ]
        under_way = await self._send_all()
        self.tally.ended = time.monotonic()
        await asyncio.gather(*talks, *under_way)
        for pool in self.pools.values():
            pool.close()
        return self.tally

    async def _talk(self, tenant: Tenant, number: int) -> None:
        talk = Talk(self.server, tenant.hostname, f"{tenant.name} {number}", PATIENCE_SECONDS)
        await talk.run(tenant.name, self.tally, self.stopping)

    async def _send_all(self) -> set[asyncio.Task[None]]:
        """Send each request at its time; the ones without an answer yet."""
        under_way: set[asyncio.Task[None]] = set()
        number = 0
        while not self.stopping.is_set():
            due = self.tally.began + number / self.rate
            await pause(due - time.monotonic(), self.stopping)
            tenant = self.tenants[number % len(self.tenants)]
            now = time.monotonic()
            self.tally.sent(now, now - due)
            task = asyncio.create_task(self._request(tenant, self.requests[tenant].next()))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
            number += 1
        return under_way

    async def _request(self, tenant: Tenant, request: Request) -> None:
        sent = time.monotonic()
        if request.seconds:
            self.tally.count("slow", sent)
        try:
            await asyncio.wait_for(self._ask(tenant, request), request.seconds + PATIENCE_SECONDS)
        except Exception as error:  # whatever it is, the user got no answer
            kind = error.kind if isinstance(error, LostError) else kind_of(error)
            at = sent + request.seconds if kind == "timeout" else time.monotonic()
            self.tally.fail(Failure(kind, tenant.name, f"{request.method} {request.path}", at, str(error)[:200]))

    async def _ask(self, tenant: Tenant, request: Request) -> None:
        pool = self.pools[tenant]
        connection = await (Connection.open(self.server, tenant.hostname) if request.reconnect else pool.take())
        try:
            extra = {"Connection": "close"} if request.reconnect else {}
            answer = await connection.ask(request.method, request.path, request.body, **extra)
        except BaseException:
            connection.close()
            raise
        pool.give(connection)
        if not 200 <= answer.status < 300:
            raise LostError(str(answer.status), answer.body[:100].decode("utf-8", "replace"))
        if not answers_for(tenant.name, answer.body):
            raise LostError("wrong answer", answer.body[:100].decode("utf-8", "replace"))


# -- the process ---------------------------------------------------------------------------------------------------


async def stop_with_stdin(load: Load) -> None:
    """Set ``stopping`` when standard input ends."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while await reader.read(1024):
        pass
    load.stopping.set()


async def tell(load: Load) -> None:
    """A line about what was counted so far, every second."""
    while True:
        await asyncio.sleep(REPORT_SECONDS)
        tally = load.tally
        print(json.dumps({"requests": tally.total("requests"), "failed": len(tally.failures)}), flush=True)


async def drive(configuration: t.Mapping[str, t.Any]) -> Tally:
    """The load that a configuration describes."""
    authority = configuration["authority"]
    tls = ssl.create_default_context(cafile=authority) if authority else None
    load = Load(
        Server(configuration["address"], configuration["port"], tls),
        [Tenant(**one) for one in configuration["tenants"]],
        configuration["rate"],
        configuration["websockets"],
    )
    helpers = [asyncio.create_task(stop_with_stdin(load)), asyncio.create_task(tell(load))]
    tally = await load.run()
    for helper in helpers:
        helper.cancel()
    return tally


def main() -> int:
    """Run one load."""
    configuration = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    # Ctrl-C reaches everything in the foreground; the driver ends this process in its own time.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    tally = asyncio.run(drive(configuration))
    Path(configuration["result"]).write_text(json.dumps(tally.as_dict()) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
