# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The three streams of a command in a container, as they come over one connection."""

from __future__ import annotations

import io
import socket
import struct
import threading

import pytest

from ansible_collections.tenantry.platform.plugins.module_utils import backup_exec
from ansible_collections.tenantry.platform.plugins.module_utils.engine import Engine
from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.module_utils.polling import Deadline

ENGINE = Engine(None, "unix:///run/none.sock")


class Response:
    """As much of an answer as keeps bytes that came with its headers."""

    def __init__(self, early: bytes) -> None:
        self.raw = self
        self._fp = self
        self.fp = io.BufferedReader(io.BytesIO(early))  # type: ignore[arg-type]

    def close(self) -> None:
        """Nothing to do."""


class Connection:
    """What the SDK returns of a connection."""

    def __init__(self, sock: socket.socket, response: Response) -> None:
        self._sock = sock
        self._response = response


def frame(kind: int, data: bytes) -> bytes:
    return struct.pack(">BxxxL", kind, len(data)) + data


def frames(sent: bytes, step: int, early: bytes = b"") -> list[tuple[int, bytes]]:
    """What comes of bytes that arrive in parts of ``step``."""
    ours, theirs = socket.socketpair()
    sender = threading.Thread(target=send, args=(theirs, sent, step))
    sender.start()
    joined: list[tuple[int, bytes]] = []
    try:
        with backup_exec._Stream(Connection(ours, Response(early))) as stream:
            for kind, data in stream.frames(ENGINE, "run it", Deadline(30)):
                if joined and joined[-1][0] == kind:
                    joined[-1] = (kind, joined[-1][1] + data)
                else:
                    joined.append((kind, data))
    finally:
        sender.join()
        ours.close()
    return joined


def send(to: socket.socket, data: bytes, step: int) -> None:
    with to:
        for at in range(0, len(data), step):
            to.sendall(data[at : at + step])


@pytest.mark.parametrize("step", [1, 3, 8, 9, 1000])
def test_frames_are_put_together_however_they_arrive(step: int) -> None:
    sent = frame(1, b"some") + frame(2, b"oh") + frame(1, b"more") + frame(1, b"")
    assert frames(sent, step) == [(1, b"some"), (2, b"oh"), (1, b"more")]


@pytest.mark.parametrize("cut", [1, 8, 11])
def test_what_came_together_with_the_headers_is_not_lost(cut: int) -> None:
    sent = frame(1, b"some") + frame(2, b"oh")
    assert frames(sent[cut:], 5, early=sent[:cut]) == [(1, b"some"), (2, b"oh")]


@pytest.mark.parametrize("missing", [1, 3, 5])
def test_a_connection_that_ends_in_the_middle_is_an_error(missing: int) -> None:
    with pytest.raises(TenantryError) as caught:
        frames(frame(1, b"some")[:-missing], 100)
    assert caught.value.error_kind == "engine_unreachable"


def test_a_command_that_says_nothing_has_an_end_in_time() -> None:
    ours, theirs = socket.socketpair()
    with theirs, pytest.raises(TenantryError) as caught, backup_exec._Stream(Connection(ours, Response(b""))) as stream:
        list(stream.frames(ENGINE, "run it", Deadline(0.1)))
    ours.close()
    assert caught.value.error_kind == "backup_timeout"


def test_input_is_sent_while_output_is_read() -> None:
    ours, theirs = socket.socketpair()
    size = 5_000_000

    def echo() -> None:
        with theirs:
            while data := theirs.recv(65536):
                theirs.sendall(frame(1, data))

    command = threading.Thread(target=echo)
    command.start()
    with backup_exec._Stream(Connection(ours, Response(b""))) as stream, stream.fed(io.BytesIO(b"x" * size)):
        received = sum(len(data) for _kind, data in stream.frames(ENGINE, "run it", Deadline(60)))
    command.join()
    ours.close()
    assert received == size


def test_what_nobody_takes_is_kept_only_up_to_a_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backup_exec, "KEPT_BYTES", 10)
    output = backup_exec._Output(None)
    output.take(1, b"12345")
    with pytest.raises(TenantryError):
        output.take(1, b"123456")
    output.take(2, b"e" * (backup_exec.STDERR_BYTES + 5))
    assert len(output.stderr) == backup_exec.STDERR_BYTES
