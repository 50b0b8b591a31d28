# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The server's side of RFC 6455, as much of it as an echo needs: whole text messages, ping and pong, close."""

from __future__ import annotations

import base64
import hashlib
import select
import socket
import struct
import threading
import time
import typing as t

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TEXT, CLOSE, PING, PONG = 0x1, 0x8, 0x9, 0xA
GOING_AWAY, PROTOCOL_ERROR, UNSUPPORTED, TOO_LARGE = 1001, 1002, 1003, 1009
LARGEST_MESSAGE = 65_536
# A client that does not close or does not read holds up a shutdown for so long, and no longer.
CLOSE_SECONDS = 5.0
POLL_SECONDS = 0.1


class CloseError(Exception):
    """The connection has to end.

    :ivar code: what to say to the client.
    """

    def __init__(self, code: int) -> None:
        super().__init__(f"close {code}")
        self.code = code


class Frame(t.NamedTuple):
    """One frame of a client, unmasked."""

    opcode: int
    payload: bytes


def accept(key: str) -> str:
    """What proves to a client that its handshake was understood."""
    digest = hashlib.sha1((key + GUID).encode("ascii", "replace")).digest()  # noqa: S324  # the protocol says so
    return base64.b64encode(digest).decode()


def is_handshake(method: str, headers: t.Mapping[str, str]) -> bool:
    """Whether a request asks for this protocol, in the only version that there is."""
    return (
        method == "GET"
        and (headers.get("Upgrade") or "").lower() == "websocket"
        and "upgrade" in (headers.get("Connection") or "").lower()
        and headers.get("Sec-WebSocket-Version") == "13"
        and bool(headers.get("Sec-WebSocket-Key"))
    )


def frame(opcode: int, payload: bytes) -> bytes:
    """A whole message as a server sends it: in one frame, unmasked."""
    size = len(payload)
    if size < 126:
        return struct.pack("!BB", 0x80 | opcode, size) + payload
    if size < 65_536:
        return struct.pack("!BBH", 0x80 | opcode, 126, size) + payload
    return struct.pack("!BBQ", 0x80 | opcode, 127, size) + payload


def split(data: bytes) -> tuple[Frame | None, bytes]:
    """The first frame of what arrived, when it is whole, and the rest.

    :raises CloseError: when no client may send this, or when it is more than an echo needs.
    """
    if len(data) < 2:
        return None, data
    first, second = data[0], data[1]
    if not second & 0x80 or first & 0x70:
        raise CloseError(PROTOCOL_ERROR)
    opcode, size, at = first & 0x0F, second & 0x7F, 2
    if opcode >= CLOSE and (size > 125 or not first & 0x80):
        raise CloseError(PROTOCOL_ERROR)
    if opcode not in (TEXT, CLOSE, PING, PONG) or not first & 0x80:
        raise CloseError(UNSUPPORTED)
    if size >= 126:
        width, form = (2, "!H") if size == 126 else (8, "!Q")
        if len(data) < at + width:
            return None, data
        size, at = struct.unpack_from(form, data, at)[0], at + width
    if size > LARGEST_MESSAGE:
        raise CloseError(TOO_LARGE)
    end = at + 4 + size
    if len(data) < end:
        return None, data
    mask = data[at : at + 4]
    payload = bytes(byte ^ mask[i % 4] for i, byte in enumerate(data[at + 4 : end]))
    return Frame(opcode, payload), data[end:]


class Echo:
    """One open connection: every text message comes back as it was.

    :param leaving: set when the server goes away; the client is then told so, and may open another connection.
    """

    def __init__(self, connection: socket.socket, leaving: threading.Event) -> None:
        self.connection = connection
        self.leaving = leaving
        self.data = b""

    def run(self) -> None:
        """Until either side closes.

        :raises OSError: when the client goes without a word.
        """
        self.connection.settimeout(CLOSE_SECONDS)
        try:
            while not self.leaving.is_set():
                for one in self._arrived(POLL_SECONDS):
                    if one.opcode == CLOSE:
                        self._send(CLOSE, one.payload[:2])
                        return
                    if one.opcode != PONG:
                        self._send(TEXT if one.opcode == TEXT else PONG, one.payload)
            self._close(GOING_AWAY)
        except CloseError as error:
            self._close(error.code)

    def _arrived(self, seconds: float) -> t.Iterator[Frame]:
        readable, _writable, _failed = select.select([self.connection], [], [], seconds)
        if not readable:
            return
        received = self.connection.recv(65_536)
        if not received:
            raise ConnectionResetError("the client ended the connection without a close frame")
        self.data += received
        while True:
            one, self.data = split(self.data)
            if one is None:
                return
            yield one

    def _close(self, code: int) -> None:
        """Say why, and wait for the client to say the same: ending at once might cut off what is on its way."""
        self._send(CLOSE, struct.pack("!H", code))
        deadline = time.monotonic() + CLOSE_SECONDS
        try:
            while time.monotonic() < deadline:
                if any(one.opcode == CLOSE for one in self._arrived(POLL_SECONDS)):
                    return
        except CloseError:
            return

    def _send(self, opcode: int, payload: bytes) -> None:
        self.connection.sendall(frame(opcode, payload))
