# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When the next backup of a policy is due. Pure: the ledger says what there is, the caller what time it is."""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import typing as t

from ansible_collections.tenantry.platform.plugins.module_utils.backup_driver import FULL, INCREMENTAL, SNAPSHOT
from ansible_collections.tenantry.platform.plugins.plugin_utils import cron

PGBACKREST = "pgbackrest"
JITTER = 1800
#: Of a repeated failure: it is tried again after 5, 10, 20 minutes and so on, and every two hours in the end.
_FIRST_PAUSE = datetime.timedelta(minutes=5)
_LONGEST_PAUSE = datetime.timedelta(hours=2)

Policy = t.Mapping[str, t.Any]


@dataclasses.dataclass(frozen=True)
class Known:
    """What the ledger has of one policy in one repository.

    :ivar complete: when the last one began that needs no other one; None without any.
    :ivar newest: when the last one began.
    :ivar failures: how many failed since then.
    :ivar failed_at: when the last of those ended.
    """

    complete: datetime.datetime | None = None
    newest: datetime.datetime | None = None
    failures: int = 0
    failed_at: datetime.datetime | None = None


NOTHING = Known()


def jitter(tenant: str, policy: str, most: int) -> datetime.timedelta:
    """How long after each moment of its schedule a policy is due: always the same, and another one for each tenant."""
    digest = hashlib.sha256(f"{tenant}\0{policy}".encode()).digest()
    return datetime.timedelta(seconds=int.from_bytes(digest[:8], "big") % (most + 1))


def kinds(policy: Policy) -> list[tuple[str, str]]:
    """What a policy makes, and by which schedule, the more complete first."""
    if policy["engine"] != PGBACKREST:
        return [(SNAPSHOT, policy["schedule"])]
    return [(FULL, policy["schedule"]), (INCREMENTAL, policy["incremental_schedule"])]


def since(policy: Policy, known: Known, late: datetime.timedelta) -> dict[str, datetime.datetime]:
    """By kind, since when or from when on it is due. Empty when there is no backup at all: then it is due at once.

    :param late: of :func:`jitter`.
    """
    found = {}
    for kind, schedule in kinds(policy):
        last = known.newest if kind == INCREMENTAL else known.complete
        if last is None:
            return {}
        moment = cron.following(schedule, last - late)
        if moment is not None:
            found[kind] = moment + late
    return found


def due(policy: Policy, known: Known, late: datetime.timedelta, now: datetime.datetime) -> str | None:
    """Which kind is to be made now; None when nothing is due, or it failed a moment ago."""
    if known.failed_at is not None and now < known.failed_at + pause(known.failures):
        return None
    moments = since(policy, known, late)
    if not moments and (known.complete is None or known.newest is None):
        return kinds(policy)[0][0]
    return next((kind for kind, moment in moments.items() if moment <= now), None)


def pause(failures: int) -> datetime.timedelta:
    """How long after so many failures in a row the next one waits."""
    return min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** min(max(0, failures - 1), 10))
