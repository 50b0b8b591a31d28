# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which images we pulled onto a node, so that nothing else is ever removed: ``<root>/.images.json``.

Images carry no label of ours. Operations of several tenants pull at the same time, so every change is made under
``flock`` of a guard file that is never unlinked.
"""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import fcntl
import os
import time
import typing as t

from . import durable
from .errors import TenantryError
from .lock import process_start

SCHEMA = 1


@dataclasses.dataclass
class Entries:
    """What the file holds.

    :ivar images: by reference (``repository@digest``): when it was pulled, and when it was needed last, both in seconds
        since 1970.
    :ivar pulling: by reference: bytes that a pull which goes on is about to take, and the process that pulls.
    """

    images: dict[str, dict[str, int]] = dataclasses.field(default_factory=dict)
    pulling: dict[str, dict[str, int]] = dataclasses.field(default_factory=dict)

    def need(self, refs: t.Iterable[str]) -> None:
        """Note that images are needed now; those that we did not pull stay unknown."""
        now = int(time.time())
        for ref in refs:
            if ref in self.images:
                self.images[ref]["needed_at"] = now

    def begin(self, sizes: t.Mapping[str, int]) -> None:
        """Note that this process pulls images, before it does: a pull that is killed stays known.

        :param sizes: bytes that each takes on the disk.
        """
        now, pid = int(time.time()), os.getpid()
        for ref, size in sizes.items():
            new = ref not in self.images
            self.images.setdefault(ref, {"pulled_at": now, "needed_at": now})["needed_at"] = now
            if not self.being_pulled(ref):
                self.pulling[ref] = {"bytes": size, "pid": pid, "start": process_start(pid), "new": int(new)}

    def pulled(self, ref: str) -> None:
        """Note that this process pulled an image."""
        now = int(time.time())
        self.images[ref] = {"pulled_at": now, "needed_at": now}
        self._mine(ref)

    def not_pulled(self, ref: str) -> None:
        """Note that this process did not: what somebody pulls by hand after that is not ours."""
        if self._mine(ref).get("new"):
            self.images.pop(ref, None)

    def _mine(self, ref: str) -> dict[str, int]:
        """Take out what this process said of a pull; empty when it was another one's."""
        return self.pulling.pop(ref) if self.pulling.get(ref, {}).get("pid") == os.getpid() else {}

    def being_pulled(self, ref: str) -> bool:
        """Whether a process that lives pulls an image."""
        one = self.pulling.get(ref)
        return one is not None and process_start(one["pid"]) == one["start"] != 0

    def promised(self) -> int:
        """Bytes that pulls which go on may still take. Those of killed processes are forgotten."""
        self.pulling = {ref: one for ref, one in self.pulling.items() if self.being_pulled(ref)}
        return sum(one["bytes"] for one in self.pulling.values())

    def idle(self, ref: str, now: float) -> float:
        """Seconds since an image was needed last; none for one that is being pulled."""
        return 0.0 if self.being_pulled(ref) else now - self.images[ref]["needed_at"]


class ImageRecord:
    """The file of one node.

    :param root: directory that holds the tenants.
    """

    def __init__(self, root: str) -> None:
        self.root = root
        self.path = os.path.join(root, ".images.json")
        self._guard = os.path.join(root, ".images.guard")

    def read(self) -> Entries:
        """What it holds; nothing when there is none.

        :raises TenantryError: kind ``corrupt``.
        """
        data = durable.read_json(self.path)
        if data is None:
            return Entries()
        try:
            return Entries(dict(data["images"]), dict(data.get("pulling") or {}))
        except (TypeError, KeyError, ValueError) as error:
            raise TenantryError(
                f"{self.path} is not a record of images: remove it, and what was pulled until now stays on the node",
                "corrupt",
                path=self.path,
            ) from error

    @contextlib.contextmanager
    def changing(self) -> t.Iterator[Entries]:
        """Change what it holds while nobody else does; written at the end, also after an error.

        :raises TenantryError: kinds ``not_a_node``, ``disk_full``, ``corrupt``.
        """
        try:
            descriptor = os.open(self._guard, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except FileNotFoundError as error:
            raise TenantryError(
                f"{self.root} does not exist: this machine is not a node yet; run tenantry.platform.nodes first",
                "not_a_node",
                path=self.root,
            ) from error
        except OSError as error:
            durable.raise_if_full(error, self._guard)
            raise
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            entries = self.read()
            before = copy.deepcopy(entries)
            try:
                yield entries
            finally:
                if entries != before:
                    durable.replace_json(
                        self.path, {"schema": SCHEMA, "images": entries.images, "pulling": entries.pulling}
                    )
        finally:
            os.close(descriptor)
