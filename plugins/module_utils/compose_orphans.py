# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compose processes that outlive a killed module: found by a mark in their environment, and ended.

Two runs of compose on one project get in each other's way ("the container name is already in use"), and an ``up`` that
goes on by itself makes again what the next run removes.
"""

from __future__ import annotations

import contextlib
import os
import signal

from .lock import process_start
from .polling import Deadline, wait_until

#: Engine, project, and the process that waits for compose: its id and start, so that a reused id is told apart.
MARK = "TENANTRY_COMPOSE"
END_SECONDS = 10


def mark(host: str, project: str) -> str:
    """The value of the variable ``MARK`` for a compose process that this process starts."""
    return "\t".join((host, project, str(os.getpid()), str(process_start(os.getpid()))))


def end(host: str, project: str) -> list[int]:
    """End the compose processes of a project whose module is gone.

    :returns: their ids. What another module still waits for is left alone: that is for the lock to decide.
    """
    found = [pid for pid in _processes() if _is_orphan(pid, host, project)]
    for number in (signal.SIGTERM, signal.SIGKILL):
        for pid in found:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, number)
        if wait_until(lambda: not any(_is_orphan(pid, host, project) for pid in found) or None, Deadline(END_SECONDS)):
            break
    return found


def _processes() -> list[int]:
    try:
        return [int(name) for name in os.listdir("/proc") if name.isdigit()]
    except OSError:
        return []


def _is_orphan(pid: int, host: str, project: str) -> bool:
    try:
        with open(f"/proc/{pid}/environ", "rb") as stream:
            variables = stream.read().split(b"\0")
    except OSError:
        # gone, or another user's
        return False
    prefix = f"{MARK}=".encode()
    value = next((one[len(prefix) :].decode("utf-8", "replace") for one in variables if one.startswith(prefix)), "")
    parts = value.split("\t")
    if len(parts) != 4 or parts[:2] != [host, project] or not parts[2].isdigit():
        return False
    return str(process_start(int(parts[2]))) != parts[3]
