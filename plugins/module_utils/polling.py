# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting for something to become true: jittered, growing pauses and one deadline, never a blind sleep."""

from __future__ import annotations

import random
import time
import typing as t

T = t.TypeVar("T")


class Deadline:
    """A moment on the monotonic clock.

    :param seconds: from now.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = float(seconds)
        self._end = time.monotonic() + self.seconds

    def remaining(self) -> float:
        """Seconds left, never negative."""
        return max(0.0, self._end - time.monotonic())

    def passed(self) -> bool:
        return self.remaining() == 0.0


class Pause:
    """Sleeps that grow from ``shortest`` to ``longest`` seconds, each varied by 30 percent.

    The jitter keeps many tenants that wait for the same engine or proxy from asking in step.
    """

    def __init__(self, shortest: float = 0.1, longest: float = 1.0) -> None:
        self.shortest = shortest
        self.longest = longest
        self._next = shortest

    def sleep(self, deadline: Deadline) -> None:
        """Sleep once, not beyond ``deadline``."""
        time.sleep(min(self._next * random.uniform(0.7, 1.3), deadline.remaining()))
        self._next = min(self._next * 1.5, self.longest)


def wait_until(probe: t.Callable[[], T | None], deadline: Deadline, pause: Pause | None = None) -> T | None:
    """Call ``probe`` until it returns something other than None, at least once.

    :returns: what the probe returned, or None when the deadline passed. What the probe raises passes through.
    """
    pause = pause or Pause()
    while True:
        found = probe()
        if found is not None or deadline.passed():
            return found
        pause.sleep(deadline)
