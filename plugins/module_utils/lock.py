# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lock of one tenant on its node.

No process lives as long as an operation, so the lock is a file that every step renews. It appears complete in one
``link(2)``. Changes to it happen under ``flock`` of a guard file that is never unlinked: whoever unlinks a locked
file lets two processes hold "the" lock, on two inodes.
"""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import fcntl
import json
import os
import time
import typing as t

from ansible_collections.tenantry.platform.plugins.module_utils import durable
from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError

TTL_SECONDS = 120
POLL_SECONDS = 1.0


@dataclasses.dataclass
class Holder:
    """Who holds the lock, as the lock file says it."""

    operation: str
    tenant: str
    action: str
    by: str
    controller: str  # host name of the controller
    controller_boot: str  # its boot id: a pid means something only within one boot
    controller_pid: int
    controller_pid_start: int  # clock ticks, so that a reused pid is not taken for the old process
    token: int = 0
    acquired_at: float = 0.0
    heartbeat_at: float = 0.0
    ttl: int = TTL_SECONDS
    worker_pid: int = 0  # process on the node that works on a step right now
    worker_start: int = 0
    yields: bool = False  # that process only waits, and ends when it finds the lock taken over
    step: str = ""
    manual: bool = False
    message: str = ""

    @property
    def expired(self) -> bool:
        """True when the holder missed its time; a manual lock never expires."""
        return not self.manual and time.time() > self.heartbeat_at + self.ttl

    @property
    def working(self) -> bool:
        """Whether a process of it works on the node right now."""
        return self.worker_pid != 0 and process_start(self.worker_pid) == self.worker_start != 0

    def describe(self) -> str:
        """One line for a person who waits for the lock."""
        since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.acquired_at))
        text = f"{self.by} on {self.controller} ({self.action}, operation {self.operation}, since {since}"
        return text + (f": {self.message})" if self.message else ")")


def process_start(pid: int) -> int:
    """Start time of a live process in clock ticks since boot; 0 when there is no such process."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stream:
            return int(stream.read().rsplit(b")", 1)[1].split()[19])
    except (OSError, IndexError, ValueError):
        return 0


class TenantLock:
    """The lock file ``<directory>/lock``."""

    def __init__(self, directory: str) -> None:
        self.directory = directory
        self.path = os.path.join(directory, "lock")
        self._guard = os.path.join(directory, "lock.guard")
        self._token = os.path.join(directory, "token")

    @contextlib.contextmanager
    def _guarded(self) -> t.Iterator[None]:
        try:
            descriptor = os.open(self._guard, os.O_RDWR | os.O_CREAT, 0o600)
        except FileNotFoundError as error:
            raise TenantryError(
                f"{self.directory} does not exist: no operation was begun on this tenant, or somebody removed it; "
                "run the deploy again",
                "lock_lost",
            ) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def read(self) -> Holder | None:
        """The holder, or None when nobody holds the lock."""
        data = durable.read_json(self.path)
        if data is None:
            return None
        known = {field.name for field in dataclasses.fields(Holder)}
        return Holder(**{key: value for key, value in data.items() if key in known})

    def acquire(self, holder: Holder, wait: float = 0.0, takeover: int | None = None) -> int:
        """Take the lock and return the fencing token, larger than every earlier one.

        :param wait: seconds to wait for another holder.
        :param takeover: token of a holder that the caller knows to be dead on the controller; it is taken over when
            no process of it works on this node either, or only one that yields.
        :raises TenantryError: ``locked`` with the holder when it could not be had in time.
        """
        deadline = time.monotonic() + wait
        while True:
            with self._guarded():
                present = self.read()
                if present is None or self._may_take_over(present, holder, takeover):
                    return self._take(holder)
            if time.monotonic() >= deadline:
                todo = (
                    f"its step {present.step} works on the node, wait for it to end"
                    if present.working
                    else f"wait for it to end, or if it is dead wait {present.ttl} s after its last sign of life"
                )
                raise TenantryError(
                    f"tenant {holder.tenant} is locked by {present.describe()}: {todo}",
                    "locked",
                    holder=dataclasses.asdict(present),
                )
            time.sleep(min(POLL_SECONDS, max(0.05, deadline - time.monotonic())))

    @staticmethod
    def _may_take_over(present: Holder, holder: Holder, takeover: int | None) -> bool:
        if present.operation == holder.operation:
            return True  # begun twice by the same operation: the second begin renews
        if present.manual:
            return False
        if takeover is not None and takeover == present.token:
            return not present.working or present.yields
        return present.expired and not present.working

    def _take(self, holder: Holder) -> int:
        token = int(durable.read_json(self._token) or 0) + 1
        durable.replace_json(self._token, token)
        now = time.time()
        self._write(dataclasses.replace(holder, token=token, acquired_at=now, heartbeat_at=now))
        return token

    def _write(self, holder: Holder) -> None:
        content = json.dumps(dataclasses.asdict(holder), indent=2, sort_keys=True).encode() + b"\n"
        temporary = durable.temporary_name(self.path)
        durable.write_new(temporary, content, 0o600)
        try:
            os.link(temporary, self.path)
            os.unlink(temporary)
        except OSError as error:
            if error.errno != errno.EEXIST:
                os.unlink(temporary)
                raise
            os.replace(temporary, self.path)  # ours or stale: decided under the guard
        durable.fsync_directory(self.directory)

    def _owned(self, operation: str, token: int) -> Holder:
        present = self.read()
        if present is None or present.operation != operation or present.token != token:
            owner = present.describe() if present else "nobody"
            raise TenantryError(
                f"operation {operation} lost its lock, which is now held by {owner}: "
                "it stopped before writing anything; look at that operation, then run again",
                "lock_lost",
            )
        return present

    def renew(self, operation: str, token: int, step: str = "", working: bool = False) -> None:
        """Say that the operation lives; ``working`` records this process as the one that works on ``step``.

        :raises TenantryError: ``lock_lost`` when the lock is not this operation's any more.
        """
        with self._guarded():
            present = self._owned(operation, token)
            pid = os.getpid() if working else 0
            self._write(
                dataclasses.replace(
                    present,
                    heartbeat_at=time.time(),
                    step=step,
                    worker_pid=pid,
                    worker_start=process_start(pid) if pid else 0,
                    yields=present.yields and pid == present.worker_pid,
                )
            )

    def keep_or_yield(self, operation: str, token: int) -> None:
        """Say that this process only waits from now on, for somebody who may be dead: call it at each look.

        :raises TenantryError: ``lock_lost`` when somebody took the lock over: the process leaves everything to them.
        """
        with self._guarded():
            present = self._owned(operation, token)
            if not present.yields:
                self._write(dataclasses.replace(present, yields=True))

    def release(self, operation: str, token: int) -> bool:
        """Give the lock back; False when it was not ours (any more)."""
        with self._guarded():
            try:
                self._owned(operation, token)
            except TenantryError:
                return False
            os.unlink(self.path)
            durable.fsync_directory(self.directory)
            return True
