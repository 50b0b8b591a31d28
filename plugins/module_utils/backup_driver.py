# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What backups are, and what every way to make them offers: :class:`Driver`."""

from __future__ import annotations

import dataclasses
import typing as t

from .polling import Deadline

FULL, INCREMENTAL, DIFFERENTIAL = "full", "incremental", "differential"
#: Of a dump or a set of files: it needs no other one.
SNAPSHOT = "snapshot"
#: Whether the roles or accounts of a server are part of its dump: without them no fresh server can be filled.
REQUIRED, AVAILABLE = ACCOUNTS = ("required", "available")


@dataclasses.dataclass(frozen=True)
class Backup:
    """One backup as a repository has it.

    :ivar kind: ``full``, ``incremental``, ``differential`` or ``snapshot``.
    :ivar started_at: ISO 8601, UTC.
    :ivar finished_at: what it holds is not newer than that.
    :ivar bytes: what it takes in the repository.
    :ivar source_bytes: what was read for it.
    :ivar source: the volume or path that it is of; empty where it is the whole service.
    :ivar error: why nothing should be restored from it; empty when it is whole.
    :ivar id: what the tool calls it, where that is not the label.
    """

    label: str
    engine: str
    kind: str
    repository: str
    started_at: str
    finished_at: str
    bytes: int
    source_bytes: int
    source: str = ""
    error: str = ""
    id: str = ""

    def summary(self) -> dict[str, t.Any]:
        """For module results."""
        return dataclasses.asdict(self)


@dataclasses.dataclass(frozen=True)
class Finding:
    """What is wrong with a repository or a backup in it."""

    repository: str
    label: str
    problem: str

    def __str__(self) -> str:
        return (
            f"{self.repository}: {self.label}: {self.problem}" if self.label else f"{self.repository}: {self.problem}"
        )


@dataclasses.dataclass(frozen=True)
class Keep:
    """What a pruning leaves.

    :ivar days: whole backups that are not older stay.
    :ivar last: so many of the newest whole ones stay, however old they are; at least one.
    """

    days: int
    last: int


@dataclasses.dataclass(frozen=True)
class Choice:
    """Which backup to restore.

    :ivar label: exactly this one; empty for the newest.
    :ivar target_time: ISO 8601 with its offset from UTC: nothing newer than that.
    :ivar source: of backups of several volumes or paths, those of this one.
    """

    label: str = ""
    target_time: str = ""
    source: str = ""


class Driver(t.Protocol):
    """One way to back up one service. Every repository is asked by itself, so that one that fails hides no other.

    What a driver raises is a TenantryError.
    """

    @property
    def repositories(self) -> tuple[str, ...]:
        """Names, in order."""

    def check(self, deadline: Deadline) -> None:
        """See that everything a backup needs is there; changes nothing."""

    def prepare(self, deadline: Deadline) -> None:
        """Once, before :meth:`make`."""

    def make(self, repository: str, deadline: Deadline) -> list[Backup]:
        """Make a backup; returns what there is now that was not before."""

    def finish(self) -> None:
        """Once, after :meth:`make`, however it ended."""

    def backups(self, repository: str, deadline: Deadline) -> list[Backup]:
        """What a repository really has, oldest first."""

    def verify(self, repository: str, deadline: Deadline) -> list[Finding]:
        """Read what a repository has, and say what is wrong with it."""

    def prune(self, repository: str, keep: Keep, deadline: Deadline, check_mode: bool) -> list[str]:
        """Remove what need not be kept; returns the labels."""


def newest_first(backups: t.Iterable[Backup]) -> list[Backup]:
    return sorted(backups, key=lambda one: one.finished_at, reverse=True)
