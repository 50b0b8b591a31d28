# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The client's side of RFC 6455, as much of it as a load needs: short text messages, ping and pong, close."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import secrets
import struct
import typing as t

from exchange import Connection, LostError, Server

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TEXT, CLOSE, PING, PONG = 0x1, 0x8, 0x9, 0xA
NORMAL = 1000
# The server goes away, or is started anew: come back.
COME_BACK = (1001, 1012)
# A close frame without a code.
NO_CODE = 1005


class ClosedError(Exception):
    """The server closed.

    :ivar code: None when it went without a close frame.
    """

    def __init__(self, code: int | None) -> None:
        super().__init__(f"closed with {code}" if code else "closed without a close frame")
        self.code = code


def frame(opcode: int, payload: bytes, mask: bytes) -> bytes:
    """A whole message as a client sends it: in one frame, masked."""
    size = len(payload)
    if size < 126:
        head = struct.pack("!BB", 0x80 | opcode, 0x80 | size)
    else:
        head = struct.pack("!BBH", 0x80 | opcode, 0x80 | 126, size)
    return head + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))


def split(data: bytes) -> tuple[int, bytes, bytes] | None:
    """Opcode and payload of the first frame of what arrived, and the rest; None when it is not whole.

    :raises ValueError: for what a server must not send, or what no echo is.
    """
    if len(data) < 2:
        return None
    size, at = data[1], 2
    if size & 0x80 or not data[0] & 0x80 or data[0] & 0x70:
        raise ValueError("a frame that is masked, extended, or not a whole message")
    if size >= 126:
        width, form = (2, "!H") if size == 126 else (8, "!Q")
        if len(data) < at + width:
            return None
        size, at = struct.unpack_from(form, data, at)[0], at + width
    if len(data) < at + size:
        return None
    return data[0] & 0x0F, data[at : at + size], data[at + size :]


class WebSocket:
    """One open connection."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.data = b""

    @classmethod
    async def open(cls, server: Server, hostname: str, path: str) -> WebSocket:
        """Connect and shake hands.

        :raises LostError: when the server does not take it.
        """
        key = base64.b64encode(secrets.token_bytes(16)).decode()
        connection = await Connection.open(server, hostname)
        try:
            answer = await connection.ask(
                "GET",
                path,
                Upgrade="websocket",
                Connection="Upgrade",
                Sec_WebSocket_Version="13",
                Sec_WebSocket_Key=key,
            )
            if answer.status != 101:
                raise LostError(str(answer.status), "instead of a WebSocket")
            expected = base64.b64encode(hashlib.sha1((key + GUID).encode()).digest())  # noqa: S324  # the protocol says so
            if answer.headers.get("sec-websocket-accept", "").encode() != expected:
                raise LostError("malformed", "the handshake was not understood")
        except BaseException:
            connection.close()
            raise
        return cls(connection)

    async def send(self, text: str) -> None:
        """One message."""
        await self._send(TEXT, text.encode())

    async def receive(self) -> str:
        """The next message. Cancelled while nothing arrives, it loses nothing.

        :raises ClosedError: when the server closed; the answer to its close frame is sent.
        """
        while True:
            found = split(self.data)
            if found is None:
                self.data += await self._more()
                continue
            opcode, payload, self.data = found
            if opcode == TEXT:
                return payload.decode()
            if opcode == PING:
                await self._send(PONG, payload)
            if opcode == CLOSE:
                # What the server said counts, also when it does not wait for the answer.
                with contextlib.suppress(OSError):
                    await self._send(CLOSE, payload[:2])
                raise ClosedError(struct.unpack("!H", payload[:2])[0] if len(payload) >= 2 else NO_CODE)

    async def _more(self) -> bytes:
        try:
            arrived: bytes = await self.connection.reader.read(65_536)
        except ConnectionError:
            arrived = b""
        if not arrived:
            raise ClosedError(None)
        return arrived

    async def leave(self) -> None:
        """Close as a client that is done; returns when the server said the same or went."""
        await self._send(CLOSE, struct.pack("!H", NORMAL))
        try:
            while True:
                await self.receive()
        except ClosedError:
            return

    def close(self) -> None:
        """Let go of the connection."""
        self.connection.close()

    async def _send(self, opcode: int, payload: bytes) -> None:
        writer: t.Any = self.connection.writer
        writer.write(frame(opcode, payload, secrets.token_bytes(4)))
        await writer.drain()
