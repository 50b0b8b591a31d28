# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which backups go: a rule on lists, the same for every tool."""

from __future__ import annotations

import datetime
import itertools
import re
import typing as t

from .backup_driver import FULL, Backup, Keep, newest_first

#: An unfinished backup of a killed run goes after a day: until then another node may still be making it.
UNFINISHED_DAYS = 1

_FRACTION = re.compile(r"\.(\d+)")


def moment(text: str) -> datetime.datetime:
    """A time of ISO 8601 with its offset from UTC.

    :raises ValueError: also when it names no offset.
    """
    # Python 3.9 reads neither Z nor fractions of other lengths than 3 and 6; restic writes nine digits.
    whole = _FRACTION.sub(lambda found: f".{found.group(1)[:6]:0<6}", text.strip().replace("Z", "+00:00"))
    found = datetime.datetime.fromisoformat(whole)
    if found.tzinfo is None:
        raise ValueError(f"{text!r} names no offset from UTC")
    return found


def expired(backups: t.Iterable[Backup], keep: Keep, now: datetime.datetime) -> list[Backup]:
    """Those that need not be kept, of each source by itself. The newest whole one is never among them."""
    found: list[Backup] = []
    for _source, group in itertools.groupby(sorted(backups, key=lambda one: one.source), key=lambda one: one.source):
        rank = 0
        for backup in newest_first(group):
            if backup.error:
                if _age(backup, now) > UNFINISHED_DAYS:
                    found.append(backup)
                continue
            if rank >= max(1, keep.last) and _age(backup, now) > keep.days:
                found.append(backup)
            rank += 1
    return found


def fulls_to_keep(backups: t.Iterable[Backup], keep: Keep, now: datetime.datetime) -> int:
    """How many of the newest full backups must stay, so that every moment of the last days can be restored.

    For a tool that can return to any moment since a full backup: the newest one that is older than the days counts in.
    """
    fulls = [one for one in newest_first(backups) if one.kind == FULL]
    whole = 0
    for number, backup in enumerate(fulls, 1):
        whole += not backup.error
        if whole >= max(1, keep.last) and _age(backup, now) >= keep.days and not backup.error:
            return number
    return len(fulls)


def _age(backup: Backup, now: datetime.datetime) -> float:
    """In days."""
    return (now - moment(backup.finished_at)).total_seconds() / 86400
