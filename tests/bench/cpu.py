# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CPU seconds of commands, and what follows from them. Wall time says what else a machine does: nobody looks at it."""

from __future__ import annotations

import ctypes
import dataclasses
import os
import resource
import statistics
import subprocess
import time
import typing as t
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36
ORPHAN_SECONDS = 5


class MeasureError(Exception):
    """A command did not do what was to be measured."""


@dataclasses.dataclass(frozen=True)
class Samples:
    """CPU seconds of the same thing, several times."""

    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        """One slow run among several does not count."""
        return statistics.median(self.seconds)

    def __str__(self) -> str:
        values = " ".join(f"{one:.2f}" for one in sorted(self.seconds))
        return f"{self.median:.2f} s CPU (median of {values})"


def marginal(few: Samples, many: Samples, more: int) -> float:
    """CPU seconds of one tenant: what ``more`` tenants add. Whatever a run costs without any is in neither."""
    return (many.median - few.median) / more


def fixed(few: Samples, count: int, each: float) -> float:
    """CPU seconds that a run over ``count`` tenants costs before the first of them."""
    return few.median - count * each


def adopt_orphans() -> None:
    """Become the parent of processes whose parent ended without waiting for them, so that they are counted too."""
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "cannot become the parent of orphans")


def measure(command: t.Sequence[str], environment: dict[str, str], log: Path) -> tuple[float, str]:
    """Run a command to its end: user and system seconds of it and of all that it started, and what it printed.

    The engine, the proxy and the name server are processes of their own and so not in it.

    :raises MeasureError: when it fails.
    """
    before = _spent()
    with log.open("w", encoding="utf-8") as stream:
        done = subprocess.run(
            list(command),
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            check=False,
        )
    _reap()
    spent = _spent() - before
    text = log.read_text(encoding="utf-8", errors="replace")
    if done.returncode:
        raise MeasureError(f"{' '.join(command)} ended with {done.returncode}; it printed ({log}):\n{text[-3000:]}")
    return spent, text


def repeat(times: int, once: t.Callable[..., float], *arguments: t.Any) -> Samples:
    """Measure several times."""
    return Samples(tuple(once(*arguments) for _turn in range(times)))


def _spent() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _reap() -> None:
    """Wait for the orphans."""
    deadline = time.monotonic() + ORPHAN_SECONDS
    while time.monotonic() < deadline:
        try:
            ended, _status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not ended:
            time.sleep(0.05)
    raise MeasureError(f"a process goes on {ORPHAN_SECONDS} s after its command ended: its CPU is not counted")
