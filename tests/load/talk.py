# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A user with an open WebSocket, who says something once a second and expects it back."""

from __future__ import annotations

import asyncio
import contextlib
import time

from exchange import LostError, Server, kind_of
from tally import Failure, Tally
from ws_client import COME_BACK, ClosedError, WebSocket

PATH = "/ws"
MESSAGE_SECONDS = 1.0
# A server that refuses is not asked again at once.
REFUSED_SECONDS = 1.0


class Talk:
    """One conversation, over as many connections as it takes.

    A server may go away when it says so; then the user comes back at once and says again what was not echoed yet.
    Everything else that ends a connection is a failure.

    :param patience: seconds until a handshake or an echo has failed.
    """

    def __init__(self, server: Server, hostname: str, name: str, patience: float) -> None:
        self.server = server
        self.hostname = hostname
        self.name = name
        self.patience = patience
        self.number = 0
        self.said: float | None = None  # when the message was said first that has no echo yet

    async def run(self, tenant: str, tally: Tally, stopping: asyncio.Event) -> None:
        """Until ``stopping`` is set."""
        while not stopping.is_set():
            failure = None
            try:
                await self._connected(tally, stopping)
            except ClosedError as error:
                if error.code not in COME_BACK:
                    what = "aborted" if error.code is None else f"closed with {error.code}"
                    failure = Failure(f"websocket {what}", tenant, PATH, time.monotonic(), str(error))
            except Exception as error:  # whatever it is, the user did not get what he expected
                kind = error.kind if isinstance(error, LostError) else kind_of(error)
                failure = Failure(f"websocket {kind}", tenant, PATH, time.monotonic(), str(error)[:200])
            if failure is None:
                continue
            tally.fail(failure)
            self.said = None
            await pause(REFUSED_SECONDS, stopping)

    async def _connected(self, tally: Tally, stopping: asyncio.Event) -> None:
        try:
            socket = await asyncio.wait_for(WebSocket.open(self.server, self.hostname, PATH), self.patience)
        except Exception as error:
            kind = error.kind if isinstance(error, LostError) else kind_of(error)
            raise LostError(f"not opened: {kind}", str(error)) from error
        try:
            while not stopping.is_set():
                await self._say(socket)
                tally.count("messages", time.monotonic())
            with contextlib.suppress(Exception):
                await asyncio.wait_for(socket.leave(), self.patience)
        finally:
            socket.close()

    async def _say(self, socket: WebSocket) -> None:
        """A message and its echo, then silence until it is time for the next one."""
        text = f"{self.name} {self.number}"
        began = time.monotonic()
        self.said = self.said or began
        await socket.send(text)
        try:
            echo = await asyncio.wait_for(socket.receive(), max(0.0, self.said + self.patience - began))
        except asyncio.TimeoutError:
            raise LostError("no echo", text) from None
        if echo != text:
            raise LostError("wrong echo", f"{text!r} came back as {echo[:80]!r}")
        self.said = None
        self.number += 1
        with contextlib.suppress(asyncio.TimeoutError):
            unasked = await asyncio.wait_for(socket.receive(), max(0.0, began + MESSAGE_SECONDS - time.monotonic()))
            raise LostError("wrong echo", f"nobody said {unasked[:80]!r}")


async def pause(seconds: float, stopping: asyncio.Event) -> None:
    """Sleep, but not over the end."""
    if seconds <= 0:
        await asyncio.sleep(0)
        return
    with contextlib.suppress(asyncio.TimeoutError):
        await asyncio.wait_for(stopping.wait(), seconds)
