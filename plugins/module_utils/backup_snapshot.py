# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A snapshot: a directory with the dump of one service, which has its name only when the dump was proven whole.

``SNAPSHOT.json`` in it is written last, with the size and digest of every file.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import os
import re
import shutil
import time
import typing as t

from . import durable
from .backup_driver import SNAPSHOT, Backup
from .backup_spool import no_room, private
from .errors import TenantryError
from .journal import instant

MANIFEST = "SNAPSHOT.json"
PARTIAL = ".partial"
BLOCK = 1 << 20

LABEL = re.compile(r"\d{8}T\d{6}\.\d{3}Z-[a-z0-9_-]+")


def new_label(service: str, engine: str) -> str:
    """Sorts by time; no two are the same, because a service has one run at a time."""
    time.sleep(0.001)
    now = time.time()
    moment = time.strftime("%Y%m%dT%H%M%S", time.gmtime(now))
    return f"{moment}.{int(now * 1000) % 1000:03d}Z-{service}-{engine}"


@dataclasses.dataclass(frozen=True)
class Snapshot:
    """A finished snapshot.

    :ivar files: name to size and SHA-256.
    :ivar facts: what the server said of itself.
    """

    path: str
    tenant: str
    service: str
    engine: str
    started_at: str
    finished_at: str
    files: t.Mapping[str, t.Mapping[str, t.Any]]
    facts: t.Mapping[str, t.Any]

    @classmethod
    def read(cls, path: str) -> Snapshot:
        """The snapshot in a directory.

        :raises TenantryError: kinds ``snapshot_missing``, ``corrupt``.
        """
        data = durable.read_json(os.path.join(path, MANIFEST))
        if data is None:
            raise TenantryError(
                f"{path} holds no finished snapshot ({MANIFEST} is missing): choose another one", "snapshot_missing"
            )
        try:
            return cls(path=path, **{field: data[field] for field in _FIELDS})
        except (KeyError, TypeError) as error:
            raise TenantryError(
                f"{path}/{MANIFEST} does not say what the snapshot is (no {error}): choose another one", "corrupt"
            ) from error

    @property
    def label(self) -> str:
        return os.path.basename(self.path)

    @property
    def bytes(self) -> int:
        return sum(int(one["bytes"]) for one in self.files.values())

    def file(self, name: str) -> str:
        return os.path.join(self.path, name)

    def problems(self) -> list[str]:
        """Read every file; says what is not as it was written."""
        found = []
        for name, wanted in self.files.items():
            try:
                have = _digest(self.file(name))
            except OSError as error:
                found.append(f"{name} cannot be read ({error.strerror})")
                continue
            if have != dict(wanted):
                found.append(f"{name} is not as it was written: it has {have['bytes']} bytes and another digest")
        return found

    def require_whole(self) -> None:
        """:raises TenantryError: kind ``backup_damaged``."""
        problems = self.problems()
        if problems:
            raise TenantryError(
                f"snapshot {self.path} is damaged: {'; '.join(problems)}; choose another one", "backup_damaged"
            )

    def require_accounts(self, name: str) -> None:
        """:raises TenantryError: kind ``accounts_missing``."""
        if name not in self.files:
            raise TenantryError(
                f"snapshot {self.path} is of a database alone, because its user may not read the roles or accounts of "
                "the server: no fresh server can be filled from it; load it into the one that it came from (state="
                "loaded), or choose another backup",
                "accounts_missing",
            )

    def backup(self, repository: str) -> Backup:
        """As an entry of a list."""
        size = self.bytes
        return Backup(self.label, self.engine, SNAPSHOT, repository, self.started_at, self.finished_at, size, size)


_FIELDS = tuple(field.name for field in dataclasses.fields(Snapshot) if field.name != "path")


class Draft:
    """A snapshot in the making: ``<label>.partial`` beside what it will be."""

    def __init__(self, directory: str, tenant: str, service: str, engine: str) -> None:
        self.directory = directory
        self.identity = {"tenant": tenant, "service": service, "engine": engine}
        self.label = new_label(service, engine)
        self.path = os.path.join(directory, self.label + PARTIAL)
        self.started = time.time()
        self.files: dict[str, dict[str, t.Any]] = {}
        self.facts: dict[str, t.Any] = {}

    def __enter__(self) -> Draft:
        remove_partial(self.directory, self.identity["service"], self.identity["engine"])
        try:
            private(self.path)
        except OSError as error:
            raise no_room(self.path, error) from error
        return self

    def __exit__(self, *_error: object) -> None:
        shutil.rmtree(self.path, ignore_errors=True)

    def file(self, name: str) -> str:
        return os.path.join(self.path, name)

    @contextlib.contextmanager
    def writing(self, name: str) -> t.Iterator[t.Callable[[bytes], None]]:
        """Write one file part by part.

        :raises TenantryError: kind ``disk_full``.
        """
        path, digest, size = self.file(name), hashlib.sha256(), 0

        def write(data: bytes) -> None:
            nonlocal size
            digest.update(data)
            size += len(data)
            view = memoryview(data)
            try:
                while view:
                    view = view[os.write(descriptor, view) :]
            except OSError as error:
                raise no_room(path, error) from error

        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        try:
            yield write
            try:
                os.fsync(descriptor)
            except OSError as error:
                raise no_room(path, error) from error
        finally:
            os.close(descriptor)
        self.files[name] = {"bytes": size, "sha256": digest.hexdigest()}

    def finish(self) -> Snapshot:
        """Give it its name: whoever calls this has read the files and found them whole."""
        finished = os.path.join(self.directory, self.label)
        manifest = {
            **self.identity,
            "schema": 1,
            "started_at": instant(self.started),
            "finished_at": instant(),
            "files": self.files,
            "facts": self.facts,
        }
        durable.replace_json(self.file(MANIFEST), manifest)
        os.rename(self.path, finished)
        durable.fsync_directory(self.directory)
        return Snapshot.read(finished)


def read_all(directory: str, tenant: str, service: str, engine: str) -> list[Snapshot]:
    """The finished snapshots of one service in a directory, oldest first."""
    try:
        names = sorted(os.listdir(directory))
    except FileNotFoundError:
        return []
    found = []
    for name in names:
        if LABEL.fullmatch(name):
            with contextlib.suppress(TenantryError):  # not finished, or of somebody else
                found.append(Snapshot.read(os.path.join(directory, name)))
    return [one for one in found if (one.tenant, one.service, one.engine) == (tenant, service, engine)]


def remove_partial(directory: str, service: str, engine: str) -> None:
    """Remove what killed runs left unfinished: the caller is the only run on this service."""
    pattern = re.compile(rf"\d{{8}}T\d{{6}}\.\d{{3}}Z-{re.escape(service)}-{re.escape(engine)}{re.escape(PARTIAL)}")
    for name in os.listdir(directory) if os.path.isdir(directory) else ():
        if pattern.fullmatch(name):
            shutil.rmtree(os.path.join(directory, name), ignore_errors=True)


def _digest(path: str) -> dict[str, t.Any]:
    digest, size = hashlib.sha256(), 0
    with open(path, "rb") as stream:
        for block in iter(lambda: stream.read(BLOCK), b""):
            digest.update(block)
            size += len(block)
    return {"bytes": size, "sha256": digest.hexdigest()}
