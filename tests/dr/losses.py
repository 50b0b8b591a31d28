# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a restored database lacks of what its clients were told is kept, and how old that is."""

from __future__ import annotations

import dataclasses
import typing as t


@dataclasses.dataclass(frozen=True)
class Write:
    """One row as its client knows it.

    :ivar title: no other row of the tenant has it.
    :ivar sent: when the client began to ask for it, seconds since 1970.
    :ivar answered: when it was told that the row is kept; None when nobody told it, so that it may be there or not.
    :ivar id: of the row, by that answer.
    """

    title: str
    sent: float
    answered: float | None = None
    id: int | None = None


@dataclasses.dataclass(frozen=True)
class Row:
    """One row as the database has it."""

    id: int
    title: str
    body: str


@dataclasses.dataclass(frozen=True)
class Comparison:
    """A log of clients against the rows that came back.

    :ivar kept: writes whose rows came back.
    :ivar missing: acknowledged writes whose rows did not, in the order of their answers.
    :ivar wrong: what is not a loss of the newest, but damage: rows that nobody wrote, that are not what was written,
        or that are missing though a later one is there.
    """

    kept: tuple[Write, ...]
    missing: tuple[Write, ...]
    wrong: tuple[str, ...]

    def seconds_lost(self, killed: float) -> float:
        """How far back the loss reaches: age of the oldest missing write at that moment, 0 without any.

        Everything that was acknowledged earlier is there.
        """
        ages = [killed - one.answered for one in self.missing if one.answered is not None]
        return max([0.0, *ages])


def compare(log: t.Iterable[Write], rows: t.Iterable[Row]) -> Comparison:
    """Row for row."""
    written = {one.title: one for one in log}
    found: dict[str, Row] = {}
    wrong = []
    for row in rows:
        write = written.get(row.title)
        if write is None:
            wrong.append(f"row {row.id} ({row.title}) was written by nobody")
        elif row.title in found:
            wrong.append(f"row {row.id} ({row.title}) is there twice")
        elif row.body != row.title or write.id not in (None, row.id):
            wrong.append(f"row {row.id} ({row.title}) is not what was written as row {write.id}")
        found[row.title] = row
    kept = tuple(one for one in written.values() if one.title in found)
    missing = sorted(
        (one for one in written.values() if one.title not in found and one.answered is not None), key=_when
    )
    newest = max((one.sent for one in kept), default=0.0)
    # Who was answered before another one asked was committed before it.
    wrong += [f"{one.title} is missing, and a later row is there" for one in missing if _when(one) < newest]
    return Comparison(kept, tuple(missing), tuple(wrong))


def _when(write: Write) -> float:
    return write.answered or 0.0


def lost_entries(stored: t.Mapping[str, str], restored: t.Mapping[str, str], later: t.Collection[str]) -> list[str]:
    """What is wrong with entries that are backed up at certain times: keys of a cache, files.

    :param stored: name and content of what was there when the backup was made.
    :param later: names that came after it; they may be lost.
    """
    found = [f"{name} is missing" for name in stored if name not in restored]
    found += [f"{name} is not what it was" for name in stored if name in restored and restored[name] != stored[name]]
    return found + [f"{name} was written by nobody" for name in restored if name not in stored and name not in later]
