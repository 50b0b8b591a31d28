# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tools of backups as processes: with an end in time, and found again by the next run when a module was killed.

A process that outlives its module, on the node or in a container, would go on holding locks of a repository and of a
database. Each carries a mark in its environment, which its children inherit.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shutil
import signal
import subprocess
import typing as t

from .engine_containers import clean_lines
from .errors import TenantryError
from .lock import process_start
from .polling import Deadline, wait_until
from .redaction import Redactor

MARK = "TENANTRY_BACKUP"
END_SECONDS = 10
#: Lines of a tool's error output that messages hold.
SAID_LINES = 4
#: What a tool may know of the module's environment. None of RESTIC_*, AWS_* and PG*: a value of a login shell would
#: decide which repository is written.
PASSED_ON = ("HOME", "TMPDIR", "HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy")
#: A login over SSH without a shell profile often lacks some of them.
SEARCH_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclasses.dataclass(frozen=True)
class Mark:
    """What the processes of this run on one service of a tenant have in their environment."""

    tenant: str
    service: str

    @property
    def value(self) -> str:
        return "\t".join((self.tenant, self.service, str(os.getpid()), str(process_start(os.getpid()))))

    def end_left(self) -> list[int]:
        """End what runs whose module is gone left; returns process ids."""
        return _end(self._is_left)

    def end_own(self) -> list[int]:
        """End what this run started and still runs."""
        return _end(lambda pid: _mark_of(pid) == self.value)

    def _is_left(self, pid: int) -> bool:
        parts = _mark_of(pid).split("\t")
        if len(parts) != 4 or parts[:2] != [self.tenant, self.service] or not parts[2].isdigit():
            return False
        return str(process_start(int(parts[2]))) != parts[3]


@dataclasses.dataclass(frozen=True)
class Ended:
    """How a tool ended.

    :ivar tool: how messages call it.
    :ivar stdout: what it wrote, unless that went elsewhere.
    """

    tool: str
    code: int
    stdout: bytes
    stderr: bytes

    @property
    def text(self) -> str:
        return self.stdout.decode("utf-8", "replace")

    def said(self, redactor: Redactor) -> str:
        """The first and last lines of its error output, or of its output where that is empty."""
        for output in (self.stderr, self.stdout):
            lines = [line.strip() for line in clean_lines(output) if line.strip() and "HINT:" not in line]
            if len(lines) > SAID_LINES:
                lines = [*lines[: SAID_LINES // 2], *lines[-SAID_LINES // 2 :]]
            if lines:
                return redactor.text(" | ".join(lines))
        return "nothing"


def run(
    argv: t.Sequence[str],
    mark: Mark,
    deadline: Deadline,
    environment: t.Mapping[str, str] | None = None,
    cwd: str | None = None,
) -> Ended:
    """Run a tool of the node to its end.

    :raises TenantryError: kinds ``tool_missing``, ``backup_timeout``.
    """
    program = shutil.which(argv[0], path=SEARCH_PATH)
    if program is None:
        raise TenantryError(
            f"there is no {argv[0]} on this node: install it (Debian: apt install {argv[0]})", "tool_missing"
        )
    kept = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    ours = {"PATH": SEARCH_PATH, "LC_ALL": "C.UTF-8", MARK: mark.value}
    # Not run_command: that ends nothing in time, and utils know no AnsibleModule.
    process = subprocess.Popen(  # pylint: disable=ansible-bad-function
        [program, *argv[1:]],
        cwd=cwd,
        env={**kept, **ours, **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        stdout, stderr = process.communicate(timeout=deadline.remaining())
    except subprocess.TimeoutExpired as error:
        raise too_slow(argv[0], deadline) from error
    finally:
        if process.returncode is None:
            mark.end_own()
            process.communicate()
    return Ended(argv[0], process.returncode, stdout, stderr)


def too_slow(tool: str, deadline: Deadline) -> TenantryError:
    return TenantryError(
        f"{tool} did not end within {deadline.seconds:.0f} s and was ended: see that the repository answers, or raise "
        "the timeout",
        "backup_timeout",
    )


def _end(is_meant: t.Callable[[int], bool]) -> list[int]:
    found = {pid: process_start(pid) for pid in _processes() if is_meant(pid)}

    def left() -> list[int]:
        return [pid for pid, start in found.items() if _works(pid, start)]

    for number in (signal.SIGTERM, signal.SIGKILL):
        for pid in left():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, number)
        if wait_until(lambda: not left() or None, Deadline(END_SECONDS)):
            break
    return list(found)


def _works(pid: int, start: int) -> bool:
    """Whether a process is still there. One that exits loses its environment first, and its locks later."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stream:
            fields = stream.read().rsplit(b")", 1)[1].split()
    except (OSError, IndexError):
        return False
    return fields[0] not in (b"Z", b"X") and int(fields[19]) == start


def _processes() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit() and int(name) != os.getpid()]


def _mark_of(pid: int) -> str:
    """Empty for a process that is gone, a zombie, somebody else's, or not marked."""
    try:
        with open(f"/proc/{pid}/environ", "rb") as stream:
            variables = stream.read().split(b"\0")
    except OSError:
        return ""
    prefix = f"{MARK}=".encode()
    return next((one[len(prefix) :].decode("utf-8", "replace") for one in variables if one.startswith(prefix)), "")
