# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where finished files go and come from: a repository of restic, or a directory of the node."""

from __future__ import annotations

import datetime
import os
import shutil
import typing as t

from . import backup_snapshot
from .backup_driver import SNAPSHOT, Backup, Finding, Keep
from .backup_restic import Restic, Stored
from .backup_retention import expired
from .errors import TenantryError
from .journal import instant
from .polling import Deadline

#: What a snapshot of restic carries until it was stored as a whole: restic lists also what it could read in part.
UNPROVEN = "state=unproven"
WHOLE = "state=whole"

#: By which results call the directory of the node, beside the names of repositories.
DIRECTORY = "directory"


class Source(t.NamedTuple):
    """What is stored.

    :ivar kind: ``volume``, ``path`` or ``dump``.
    :ivar name: which volume or path; empty for a dump.
    :ivar path: where it lies on the node.
    """

    kind: str
    name: str
    path: str


class Store(t.Protocol):
    """One place for the files of one service, made by one engine."""

    @property
    def name(self) -> str:
        """Of the repository."""

    def save(self, source: Source, label: str, started: str, deadline: Deadline) -> Backup:
        """Store one source."""

    def backups(self, deadline: Deadline) -> list[Backup]:
        """What is stored, oldest first."""

    def verify(self, share: str, deadline: Deadline) -> list[Finding]:
        """Read it."""

    def prune(self, keep: Keep, deadline: Deadline, check_mode: bool) -> list[str]:
        """Remove what need not be kept; returns labels."""

    def fetch(self, backup: Backup, target: str, deadline: Deadline) -> str:
        """Have what was stored on the node, below ``target`` where it is not there already; returns its path."""


class ResticStore:
    """A repository of restic."""

    def __init__(self, restic: Restic, engine: str) -> None:
        self.restic = restic
        self.engine = engine

    @property
    def name(self) -> str:
        return self.restic.repository.name

    def save(self, source: Source, label: str, started: str, deadline: Deadline) -> Backup:
        self.restic.ensure(deadline)
        identity = [f"tenant={self.restic.tenant}", f"service={self.restic.service}", f"engine={self.engine}"]
        own = [f"label={label}", f"kind={source.kind}", f"started={started}"]
        own += [f"volume={source.name}"] if source.kind == "volume" else []
        directory, name = os.path.split(source.path)
        saved = self.restic.save(directory, name, [*identity, *own, UNPROVEN], deadline)
        done = [WHOLE, f"finished={instant()}", f"bytes={saved.bytes}", f"added={saved.added}"]
        self.restic.retag(saved.id, UNPROVEN, done, deadline)
        # As the repository has it now, and not as it was meant.
        return next(one for one in reversed(self.backups(deadline)) if one.label == label and one.source == source.name)

    def backups(self, deadline: Deadline) -> list[Backup]:
        found = [one for one in self.restic.snapshots(deadline) if one.tags.get("engine") == self.engine]
        return [self._backup(one) for one in found]

    def _backup(self, stored: Stored) -> Backup:
        tags = stored.tags
        whole = tags.get("state") == "whole"
        path = stored.paths[0] if tags.get("kind") == "path" and stored.paths else ""
        return Backup(
            label=tags.get("label", stored.id[:8]),
            engine=self.engine,
            kind=SNAPSHOT,
            repository=self.name,
            started_at=tags.get("started", stored.time),
            finished_at=tags.get("finished", tags.get("started", stored.time)),
            bytes=int(tags.get("added", 0)),
            source_bytes=int(tags.get("bytes", 0)),
            source=tags.get("volume", path),
            error="" if whole else "it was never finished",
            id=stored.id,
        )

    def verify(self, share: str, deadline: Deadline) -> list[Finding]:
        if not any(not one.error for one in self.backups(deadline)):
            return [Finding(self.name, "", "it holds no whole backup of this service")]
        return [Finding(self.name, "", problem) for problem in self.restic.check(share, deadline)]

    def prune(self, keep: Keep, deadline: Deadline, check_mode: bool) -> list[str]:
        gone = expired(self.backups(deadline), keep, datetime.datetime.now(datetime.timezone.utc))
        if gone and not check_mode:
            self.restic.forget([one.id for one in gone], deadline)
            self.restic.prune(deadline)
        return [one.label for one in gone]

    def fetch(self, backup: Backup, target: str, deadline: Deadline) -> str:
        self.restic.restore(backup.id, target, deadline)
        names = os.listdir(target)
        if len(names) != 1:
            raise TenantryError(
                f"snapshot {backup.id[:8]} of repository {self.name} holds {len(names)} entries where one directory "
                "was stored: it was not made by this platform; choose another backup",
                "backup_damaged",
            )
        return os.path.join(target, names[0])


class DirectoryStore:
    """A directory of the node, for snapshots that lie there as files, such as one before a migration."""

    name = DIRECTORY

    def __init__(self, path: str, tenant: str, service: str, engine: str) -> None:
        self.path = path
        self.identity = (tenant, service, engine)

    def save(self, source: Source, label: str, started: str, deadline: Deadline) -> Backup:
        del label, started, deadline  # it was made where it stays
        return backup_snapshot.Snapshot.read(source.path).backup(self.name)

    def backups(self, deadline: Deadline) -> list[Backup]:
        del deadline
        return [one.backup(self.name) for one in backup_snapshot.read_all(self.path, *self.identity)]

    def verify(self, share: str, deadline: Deadline) -> list[Finding]:
        del share, deadline
        found = backup_snapshot.read_all(self.path, *self.identity)
        if not found:
            return [Finding(self.name, "", f"{self.path} holds no finished snapshot of this service")]
        return [Finding(self.name, one.label, problem) for one in found for problem in one.problems()]

    def prune(self, keep: Keep, deadline: Deadline, check_mode: bool) -> list[str]:
        gone = expired(self.backups(deadline), keep, datetime.datetime.now(datetime.timezone.utc))
        for one in gone if not check_mode else ():
            # By a rename first: what is removed in part must not look like a snapshot.
            path = os.path.join(self.path, one.label)
            os.rename(path, path + backup_snapshot.PARTIAL)
            shutil.rmtree(path + backup_snapshot.PARTIAL)
        return [one.label for one in gone]

    def fetch(self, backup: Backup, target: str, deadline: Deadline) -> str:
        del target, deadline
        return os.path.join(self.path, backup.label)
