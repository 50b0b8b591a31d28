# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tenants as their clients see them: what they wrote, what they were told of it, and what they find afterwards."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import secrets
import tarfile
import threading
import time
import typing as t

import losses
from demo_check import Asker
from hosts import Host
from losses import Write

ZONE = "dr.test"
PATH = "/notes"
KEYS, FILES = 200, 12
FILE_BYTES = (1, 400_000)
FOLDERS = ("", "invoices", "invoices/2026")


@dataclasses.dataclass
class Customer:
    """One tenant, and the memory of its clients, which is on no node.

    :ivar pause: seconds between an answer and the next write.
    :ivar log: of writes to its database.
    :ivar keys, files: of its cache and its volume, with content, when they were backed up; files by their sum.
    :ivar later: names of keys and files that came after that.
    """

    name: str
    pause: float
    log: list[Write] = dataclasses.field(default_factory=list)
    keys: dict[str, str] = dataclasses.field(default_factory=dict)
    files: dict[str, str] = dataclasses.field(default_factory=dict)
    later: set[str] = dataclasses.field(default_factory=set)

    @property
    def hostname(self) -> str:
        return f"{self.name}.{ZONE}"

    def acknowledged(self) -> list[Write]:
        """Writes that are kept, its clients were told."""
        return [one for one in self.log if one.answered is not None]

    def store(self, host: Host, prefix: str) -> tuple[dict[str, str], dict[str, str]]:
        """Put keys into its cache and files onto its volume; what they are."""
        keys = {f"{prefix}-{i}": secrets.token_hex(50) for i in range(KEYS)}
        script = "".join(f"SET {name} {value}\n" for name, value in keys.items())
        host.inside(self.name, "cache", "redis-cli", given=script.encode())
        archive, files = io.BytesIO(), {}
        with tarfile.open(fileobj=archive, mode="w") as tar:
            for i in range(FILES):
                name = "/".join(["."] + [one for one in (FOLDERS[i % len(FOLDERS)], f"{prefix}-{i}") if one])
                content = secrets.token_bytes(FILE_BYTES[0] + i * (FILE_BYTES[1] - FILE_BYTES[0]) // FILES)
                entry = tarfile.TarInfo(name)
                entry.size, entry.mode = len(content), 0o644
                tar.addfile(entry, io.BytesIO(content))
                files[name] = hashlib.sha256(content).hexdigest()
        host.inside(self.name, "web", "tar", "--extract", "--directory=/files", given=archive.getvalue())
        return keys, files

    def wrong(self, host: Host) -> list[str]:
        """What of its cache and its files is not as it was backed up."""
        names = host.inside(self.name, "cache", "redis-cli", "--scan").split()
        script = "".join(f"GET {name}\n" for name in names)
        values = host.inside(self.name, "cache", "redis-cli", given=script.encode()).splitlines() if names else []
        found = losses.lost_entries(self.keys, dict(zip(names, values)), self.later)
        sums = host.inside(self.name, "web", "find", "/files", "-type", "f", "-exec", "sha256sum", "{}", "+")
        pairs = (line.split(maxsplit=1) for line in sums.splitlines())
        return found + losses.lost_entries(
            self.files, {name.replace("/files", ".", 1): sum_ for sum_, name in pairs}, self.later
        )

    def rows(self, host: Host) -> list[losses.Row]:
        """All rows of its database."""
        told = host.psql(self.name, "SELECT json_build_array(id, title, body) FROM notes ORDER BY id")
        return [losses.Row(*json.loads(line)) for line in told.splitlines()]


class Client(threading.Thread):
    """Writes one row after the other through the application, and remembers what it was told.

    :param prefix: of the titles, by which no two clients write the same row.
    """

    def __init__(self, customer: Customer, asker: Asker, prefix: str) -> None:
        super().__init__(daemon=True)
        self.customer = customer
        self.asker = asker
        self.prefix = prefix
        self.done = threading.Event()

    def run(self) -> None:
        number = 0
        while not self.done.wait(self.customer.pause):
            self.customer.log.append(self._write(f"{self.prefix}-{number}"))
            number += 1

    def _write(self, title: str) -> Write:
        sent = time.time()
        status, body = self.asker.https(self.customer.hostname, PATH, body=title)
        answered = time.time()
        if status != 200:
            return Write(title, sent)
        return Write(title, sent, answered, int(json.loads(body)["note"]))


def answers(asker: Asker, customers: t.Iterable[Customer]) -> list[str]:
    """Of which tenants the application answers, with its database."""
    return [one.name for one in customers if asker.https(one.hostname, PATH)[0] == 200]
