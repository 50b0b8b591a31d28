# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP/1.1 over connections that are kept, and nothing that hides a failure.

A library for clients sends a request again when a kept connection turns out to be closed, which is what users want and
what a proof of no lost request cannot have.
"""

from __future__ import annotations

import asyncio
import dataclasses
import ssl
import typing as t

LARGEST_HEAD = 65_536


class LostError(Exception):
    """What was asked for did not come as it must.

    :ivar kind: see ``Failure``.
    """

    def __init__(self, kind: str, detail: str = "") -> None:
        super().__init__(f"{kind}: {detail}" if detail else kind)
        self.kind = kind
        self.detail = detail


@dataclasses.dataclass(frozen=True)
class Server:
    """Where every name is reached, whatever a name server says.

    :ivar tls: None for plain http.
    """

    address: str
    port: int
    tls: ssl.SSLContext | None


class Answer(t.NamedTuple):
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes


def kind_of(error: BaseException) -> str:
    """A word for what went wrong on a connection."""
    kinds: tuple[tuple[t.Any, str], ...] = (
        (asyncio.TimeoutError, "timeout"),
        (TimeoutError, "timeout"),
        (ConnectionRefusedError, "refused"),
        (ssl.SSLError, "tls"),
        (ConnectionError, "reset"),
        (asyncio.IncompleteReadError, "closed"),
        (OSError, "network"),
    )
    return next((kind for one, kind in kinds if isinstance(error, one)), "malformed")


class Connection:
    """One connection to a name, one request at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, hostname: str) -> None:
        self.reader = reader
        self.writer = writer
        self.hostname = hostname
        self.usable = True

    @classmethod
    async def open(cls, server: Server, hostname: str) -> Connection:
        """Connect, and say which name is meant before anything else."""
        named = hostname if server.tls else None
        reader, writer = await asyncio.open_connection(
            server.address, server.port, ssl=server.tls, server_hostname=named, limit=LARGEST_HEAD
        )
        return cls(reader, writer, hostname)

    @property
    def is_open(self) -> bool:
        """False when the server closed it while nothing was under way, which every server may."""
        return self.usable and not self.reader.at_eof() and not self.writer.is_closing()

    def close(self) -> None:
        """Without waiting for the other side."""
        self.usable = False
        self.writer.close()

    async def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> Answer:
        """One request and its whole answer.

        :param headers: underscores stand for dashes.
        :raises Exception: what ``kind_of`` has a word for.
        """
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self.hostname}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        if method == "POST":
            lines.append(f"Content-Length: {len(body)}")
        self.writer.write("\r\n".join([*lines, "", ""]).encode("ascii") + body)
        await self.writer.drain()
        status, received = await self._head()
        content = await self._body(status, received)
        if received.get("connection", "").lower() == "close" or headers.get("Connection", "").lower() == "close":
            self.close()
        return Answer(status, received, content)

    async def _head(self) -> tuple[int, dict[str, str]]:
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.rstrip("\r\n").split("\r\n")
        version, status, *_reason = first.split(" ")
        if not version.startswith("HTTP/1."):
            raise ValueError(f"no HTTP/1 answer: {first[:80]}")
        pairs = (line.partition(":") for line in lines)
        return int(status), {name.strip().lower(): value.strip() for name, _colon, value in pairs}

    async def _body(self, status: int, headers: t.Mapping[str, str]) -> bytes:
        if status in (101, 204, 304):
            return b""
        if headers.get("transfer-encoding", "").lower() == "chunked":
            return await self._chunks()
        if "content-length" not in headers:
            raise ValueError("an answer that does not say how long it is")
        return await self.reader.readexactly(int(headers["content-length"]))

    async def _chunks(self) -> bytes:
        parts: list[bytes] = []
        while True:
            size = int((await self.reader.readuntil(b"\r\n")).split(b";")[0], 16)
            part = await self.reader.readexactly(size + 2)
            if not size:
                return b"".join(parts)
            parts.append(part[:-2])


class Pool:
    """Kept connections to one name.

    :param idle_seconds: drop one that nobody used for longer: a proxy closes idle connections too, and then a request
        and its end could meet half-way.
    """

    def __init__(self, server: Server, hostname: str, idle_seconds: float = 30.0) -> None:
        self.server = server
        self.hostname = hostname
        self.idle_seconds = idle_seconds
        self._idle: list[tuple[float, Connection]] = []

    async def take(self) -> Connection:
        """The one that was used last, else a new one."""
        now = asyncio.get_running_loop().time()
        while self._idle:
            since, connection = self._idle.pop()
            if connection.is_open and now - since < self.idle_seconds:
                return connection
            connection.close()
        return await Connection.open(self.server, self.hostname)

    def give(self, connection: Connection) -> None:
        """Keep it for the next request."""
        if connection.is_open:
            self._idle.append((asyncio.get_running_loop().time(), connection))

    def close(self) -> None:
        """Drop all."""
        for _since, connection in self._idle:
            connection.close()
        self._idle.clear()
