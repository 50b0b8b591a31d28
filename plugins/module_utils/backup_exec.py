# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A command in a running container: streamed both ways with constant memory, with an end in time.

The streams of the SDK have no deadline, cannot be written to, and lose what the engine sends together with the headers
of its answer, because they read beside the buffer that these were read into.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import typing as t

from .backup_process import MARK, Ended, Mark, too_slow
from .engine import Engine
from .engine_containers import Container
from .errors import TenantryError
from .polling import Deadline, wait_until

CHUNK = 256 * 1024
#: How often a read that waits looks at the deadline.
LOOK_SECONDS = 0.5
#: What is kept of an output that nobody takes: more than any list of backups, less than a dump.
KEPT_BYTES = 64 * 1024 * 1024
STDERR_BYTES = 64 * 1024
#: Between the end of its output and the exit code of a command.
EXIT_SECONDS = 30

_HEADER = struct.Struct(">BxxxL")
_STDERR = 2
_NOT_STARTED = (126, 127)

Sink = t.Callable[[bytes], t.Any]


def run(
    engine: Engine,
    container: Container,
    argv: t.Sequence[str],
    mark: Mark,
    deadline: Deadline,
    *,
    environment: t.Mapping[str, str] | None = None,
    user: str = "",
    source: t.BinaryIO | None = None,
    sink: Sink | None = None,
) -> Ended:
    """Run a command to its end.

    :param environment: where secrets go: only the user of the command and root can read it.
    :param source: what the command reads from its standard input.
    :param sink: called with each part of what it writes; without one the output is in the result.
    :raises TenantryError: kinds ``tool_missing``, ``backup_timeout``, those of the engine, and what ``sink`` raises.
    """
    what = f"run {argv[0]} in container {container.name}"
    with engine.doing(what):
        created = engine.client.exec_create(
            container.id,
            list(argv),
            stdin=source is not None,
            environment={**(environment or {}), MARK: mark.value},
            user=user,
        )["Id"]
        stream = _Stream(engine.client.exec_start(created, socket=True))
    output = _Output(sink)
    try:
        with stream, stream.fed(source):
            for kind, data in stream.frames(engine, what, deadline):
                output.take(kind, data)
        code = _exit_code(engine, created, what, deadline)
    except BaseException:
        mark.end_own()
        raise
    if code in _NOT_STARTED:
        raise TenantryError(
            f"container {container.name} has no {argv[0]} that can be run: give the service an image with it",
            "tool_missing",
        )
    return Ended(f"{argv[0]} in container {container.name}", code, bytes(output.stdout), bytes(output.stderr))


class _Output:
    """What a command writes: to whom it belongs, or kept."""

    def __init__(self, sink: Sink | None) -> None:
        self._sink = sink
        self.stdout = bytearray()
        self.stderr = bytearray()

    def take(self, kind: int, data: bytes) -> None:
        if kind == _STDERR:
            self.stderr += data
            del self.stderr[:-STDERR_BYTES]
        elif self._sink is not None:
            self._sink(data)
        elif len(self.stdout) + len(data) <= KEPT_BYTES:
            self.stdout += data
        else:
            raise TenantryError(f"a command wrote more than {KEPT_BYTES} bytes where a list was expected", "invalid")


class _Stream:
    """The connection that the engine turned into the three streams of a command."""

    def __init__(self, raw: t.Any) -> None:
        self._response = getattr(raw, "_response", None)
        self._socket: socket.socket = getattr(raw, "_sock", raw)
        self._early = self._read_ahead()
        self._socket.settimeout(LOOK_SECONDS)
        self._ended = threading.Event()

    def _read_ahead(self) -> bytes:
        """What came together with the headers of the answer and lies in the buffer that these were read from."""
        buffer = getattr(getattr(getattr(self._response, "raw", None), "_fp", None), "fp", None)
        if buffer is None:
            return b""
        self._socket.setblocking(False)
        return buffer.read1(CHUNK) or b""

    def __enter__(self) -> _Stream:
        return self

    def __exit__(self, *_error: object) -> None:
        self._ended.set()
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        if self._response is not None:
            self._response.close()

    def frames(self, engine: Engine, what: str, deadline: Deadline) -> t.Iterator[tuple[int, bytes]]:
        """Which stream, and a part of it, until both ended.

        :raises TenantryError: kinds ``backup_timeout``, ``engine_unreachable``.
        """
        pending, kind, missing = bytearray(self._early), 0, 0
        while True:
            while pending:
                if not missing:
                    if len(pending) < _HEADER.size:
                        break
                    kind, missing = _HEADER.unpack_from(pending)
                    del pending[: _HEADER.size]
                    continue
                data = bytes(pending[:missing])
                del pending[: len(data)]
                missing -= len(data)
                yield kind, data
            received = self._receive(engine, what, deadline)
            if not received:
                break
            pending += received
        if pending or missing:
            raise _broken(engine, what, "it ended in the middle of an answer")

    def _receive(self, engine: Engine, what: str, deadline: Deadline) -> bytes:
        while True:
            try:
                return self._socket.recv(CHUNK)
            except socket.timeout:
                if deadline.passed():
                    raise too_slow(what, deadline) from None
            except OSError as error:
                raise _broken(engine, what, error) from error

    @contextlib.contextmanager
    def fed(self, source: t.BinaryIO | None) -> t.Iterator[None]:
        """Send what ``source`` holds from another thread meanwhile: a command may write before it has read all."""
        if source is None:
            yield
            return
        feeder = threading.Thread(target=self._feed, args=(source,), daemon=True)
        feeder.start()
        try:
            yield
        finally:
            self._ended.set()
            feeder.join()

    def _feed(self, source: t.BinaryIO) -> None:
        # A command that ends early closes its input: its exit code says whether that was right.
        with contextlib.suppress(OSError):
            while not self._ended.is_set():
                data = memoryview(source.read(CHUNK))
                if not data:
                    break
                while data and not self._ended.is_set():
                    with contextlib.suppress(socket.timeout):
                        data = data[self._socket.send(data) :]
            self._socket.shutdown(socket.SHUT_WR)


def _broken(engine: Engine, what: str, why: object) -> TenantryError:
    return TenantryError(
        f"cannot {what}: the connection to the Docker engine at {engine.host} broke ({why}): see that it still runs "
        "(systemctl status docker), then run again",
        "engine_unreachable",
    )


def _exit_code(engine: Engine, created: str, what: str, deadline: Deadline) -> int:
    """By the engine itself: a stream that ended says nothing of how."""

    def ended() -> int | None:
        with engine.doing(what):
            state = engine.client.exec_inspect(created)
        return None if state["Running"] or state["ExitCode"] is None else int(state["ExitCode"])

    code = wait_until(ended, Deadline(min(EXIT_SECONDS, deadline.remaining() + 1)))
    if code is None:
        raise too_slow(what, deadline)
    return code
