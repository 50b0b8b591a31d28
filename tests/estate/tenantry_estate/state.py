# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the estate remembers: one JSON file that tests and the demo read, and the lock that serializes commands."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pathlib
import typing as t

from tenantry_estate.shell import say

ROOT = pathlib.Path(__file__).resolve().parents[3]
# Elsewhere for an installed copy of the collection, which nobody writes into.
BUILD = pathlib.Path(os.environ.get("TENANTRY_ESTATE_STATE") or ROOT / "build" / "estate")


class State:
    """``estate.json``: keys ``registry``, ``engine`` and ``images``, as the README of this room says."""

    def __init__(self, directory: pathlib.Path = BUILD) -> None:
        self.directory = directory
        self.path = directory / "estate.json"
        self.data: dict[str, t.Any] = {"registry": None, "engine": {}, "images": {}}
        with contextlib.suppress(FileNotFoundError, ValueError):
            self.data.update(json.loads(self.path.read_text(encoding="utf-8")))

    def save(self) -> None:
        """Write the file if it would change; readers never see half of it."""
        content = json.dumps(self.data, indent=1, sort_keys=True) + "\n"
        with contextlib.suppress(FileNotFoundError):
            if self.path.read_text(encoding="utf-8") == content:
                return
        self.directory.mkdir(parents=True, exist_ok=True)
        temporary = self.path.with_suffix(f".{os.getpid()}.tmp")
        temporary.write_text(content, encoding="utf-8")
        temporary.replace(self.path)


@contextlib.contextmanager
def lock(directory: pathlib.Path = BUILD) -> t.Iterator[None]:
    """One estate command at a time in one checkout; waits for the other one."""
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / "lock").open("a", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"another estate command holds {file.name}, waiting for it")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
