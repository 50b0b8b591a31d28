# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is watched while a run goes on: the journal of the tenant, for the moment to strike, and what its users get."""

from __future__ import annotations

import json
import subprocess
import threading
import time
import typing as t
from pathlib import Path

#: A step may be over in a few milliseconds.
LOOK_SECONDS = 0.001
#: Between two requests of the prober.
ASK_SECONDS = 0.1


class Journal:
    """The journal of a tenant on its node."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> dict[str, t.Any]:
        """What it says; empty when there is none."""
        try:
            return json.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}

    def steps(self) -> list[str]:
        """Steps of the last operation, each once, in their order."""
        return list(dict.fromkeys(one["step"] for one in self.read().get("steps", [])))

    def reached(self, step: str, before: str | None, process: subprocess.Popen[str]) -> bool:
        """Wait until another operation than ``before`` begins a step; False when the run ends without it."""
        seen = (0, 0)
        while True:
            ended = process.poll() is not None
            try:
                stat = self.path.stat()
            except OSError:
                stat = None
            if stat and (stat.st_mtime_ns, stat.st_ino) != seen:
                seen = (stat.st_mtime_ns, stat.st_ino)
                journal = self.read()
                begun = [one["step"] for one in journal.get("steps", [])]
                if journal.get("operation") != before and step in begun:
                    return True
            if ended:
                return False
            time.sleep(LOOK_SECONDS)


class Prober:
    """Somebody who uses the tenant all the time.

    :param ask: one request; its status.
    """

    def __init__(self, ask: t.Callable[[], int]) -> None:
        self.ask = ask
        self.answers: list[tuple[float, int]] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._go_on, daemon=True)

    def __enter__(self) -> Prober:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stop.set()
        self._thread.join()

    def _go_on(self) -> None:
        while not self._stop.wait(ASK_SECONDS):
            began = time.time()
            self.answers.append((began, self.ask()))

    @property
    def lost(self) -> list[str]:
        """When and how requests failed."""
        return [
            f"{status} at {time.strftime('%H:%M:%S', time.gmtime(began))}"
            for began, status in self.answers
            if status != 200
        ]
