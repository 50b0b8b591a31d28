# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Dumps of one server, proven whole and then stored: one driver for everything that a server writes as a stream."""

from __future__ import annotations

import dataclasses
import os
import typing as t

from . import disk_space
from .backup_driver import REQUIRED, Backup, Finding, Keep
from .backup_load import Loader, loader
from .backup_server import Server
from .backup_snapshot import Draft, Snapshot
from .backup_spool import Spool
from .backup_store import Source, Store
from .disk_space import Filesystem, Floor
from .errors import TenantryError
from .polling import Deadline


class Dumper(t.Protocol):
    """What a kind of server needs to be dumped, and to be filled with a dump."""

    @property
    def engine(self) -> str:
        """Name of the engine."""

    def check(self, server: Server, deadline: Deadline) -> dict[str, t.Any]:
        """See that the server answers to what it was given; returns what it says of itself."""

    def size(self, server: Server, deadline: Deadline) -> int:
        """How many bytes a dump may take; an estimate."""

    def dump(self, server: Server, draft: Draft, accounts: str, deadline: Deadline) -> None:
        """Write the files of a snapshot.

        :param accounts: one of ``required``, ``available``.
        """

    def prove(self, server: Server, draft: Draft, deadline: Deadline) -> None:
        """Read every file to its end.

        :raises TenantryError: kind ``dump_torn``.
        """


@dataclasses.dataclass(frozen=True)
class Terms:
    """On what terms a dump is made.

    :ivar accounts: one of ``required``, ``available``.
    :ivar floor: what must stay free on the disk; None to look at nothing.
    :ivar fallback: whether it is to be loaded back into the server when what comes next fails.
    :ivar quiet_wait: seconds that transactions of others then have to end by themselves.
    """

    accounts: str = REQUIRED
    floor: Floor | None = None
    fallback: bool = False
    quiet_wait: float = 0


@dataclasses.dataclass
class DumpDriver:
    """The dumps of one service.

    :ivar find: finds the running server; where there is none, what was stored can still be listed.
    :ivar directory: where snapshots stay as files; empty when they only pass through the spool.
    :ivar share: how much of the stored data a verification reads.
    """

    dumper: Dumper
    find: t.Callable[[Deadline], Server]
    spool: Spool
    stores: tuple[Store, ...]
    directory: str = ""
    share: str = "100%"
    terms: Terms = dataclasses.field(default_factory=Terms)
    snapshot: Snapshot | None = None

    @property
    def repositories(self) -> tuple[str, ...]:
        return tuple(store.name for store in self.stores)

    def check(self, deadline: Deadline) -> None:
        server = self.find(deadline)
        self.dumper.check(server, deadline)
        self._require_room(server, deadline)
        if self.terms.fallback:
            self._loader.require(server, deadline)

    def prepare(self, deadline: Deadline) -> None:
        server = self.find(deadline)
        facts = {**self.dumper.check(server, deadline), "image": server.container.image}
        self._require_room(server, deadline)
        if self.terms.fallback:
            self._loader.require(server, deadline)
            facts["ended_sessions"] = self._loader.quiet(server, self.terms.quiet_wait, deadline)
        with Draft(self._target, server.tenant, server.service, self.dumper.engine) as draft:
            draft.facts.update(facts)
            self.dumper.dump(server, draft, self.terms.accounts, deadline)
            self.dumper.prove(server, draft, deadline)
            self.snapshot = draft.finish()

    def make(self, repository: str, deadline: Deadline) -> list[Backup]:
        if self.snapshot is None:
            raise TenantryError(f"no dump to store in {repository}: prepare() comes first", "backup_failed")
        source = Source("dump", "", self.snapshot.path)
        return [self._store(repository).save(source, self.snapshot.label, self.snapshot.started_at, deadline)]

    def finish(self) -> None:
        """What lies in the spool goes with the run."""

    def backups(self, repository: str, deadline: Deadline) -> list[Backup]:
        return self._store(repository).backups(deadline)

    def verify(self, repository: str, deadline: Deadline) -> list[Finding]:
        return self._store(repository).verify(self.share, deadline)

    def prune(self, repository: str, keep: Keep, deadline: Deadline, check_mode: bool) -> list[str]:
        return self._store(repository).prune(keep, deadline, check_mode)

    @property
    def _loader(self) -> Loader:
        return loader(self.dumper.engine)

    @property
    def _target(self) -> str:
        return self.directory or self.spool.work_path

    def _require_room(self, server: Server, deadline: Deadline) -> None:
        """:raises TenantryError: kind ``disk_full_ahead``."""
        place = _filesystem(self._target)
        if self.terms.floor is None or place is None:
            return
        purpose = f"a dump of service {server.service} of tenant {server.tenant}"
        size = self.dumper.size(server, deadline)
        if self.terms.fallback:
            purpose += ", with loading it back,"
            size += self._loader.room(server, deadline)
        disk_space.require(place, self.terms.floor, purpose, size, untouched="nothing was dumped")

    def _store(self, name: str) -> Store:
        return next(store for store in self.stores if store.name == name)


def _filesystem(path: str) -> Filesystem | None:
    """Where a directory is, or will be when it is made."""
    while not os.path.isdir(path) and os.path.dirname(path) != path:
        path = os.path.dirname(path)
    return Filesystem.read(path)
