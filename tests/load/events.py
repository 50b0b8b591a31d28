# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What happened to tenants while they were under load, and which failures belong to it."""

from __future__ import annotations

import bisect
import collections
import dataclasses
import typing as t

from tally import Failure, Tally


@dataclasses.dataclass(frozen=True)
class Event:
    """Something that was done to a tenant.

    :ivar name: what is counted together, such as ``blue_green``.
    :ivar begin: on the monotonic clock, as ``end``.
    """

    name: str
    number: int
    tenant: str
    begin: float
    end: float

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self.end - self.begin

    def __str__(self) -> str:
        return f"{self.name} {self.number} ({self.tenant})"


def latest(events: t.Sequence[Event], at: float) -> Event | None:
    """The event that began last before a moment; before the first one, that.

    What goes wrong after an event's end is its doing too, so every moment belongs to an event.

    :param events: in the order in which they began.
    """
    if not events:
        return None
    return events[max(0, bisect.bisect_right([one.begin for one in events], at) - 1)]


def failures_of(name: str, tally: Tally, events: t.Sequence[Event]) -> list[Failure]:
    """What failed because of the events of a name."""
    return [one for one in tally.failures if (event := latest(events, one.at)) and event.name == name]


def total_of(name: str, what: str, tally: Tally, events: t.Sequence[Event]) -> int:
    """How much was counted from the begin of each event of a name to the begin of the next event."""
    total = 0
    for second, count in enumerate(tally.series[what]):
        event = latest(events, tally.began + second)
        total += count if event and event.name == name else 0
    return total


def around(tally: Tally, events: t.Sequence[Event]) -> list[str]:
    """A line for each event that something failed around: what, how often, of whom, when."""
    groups: dict[tuple[int, str, str], list[float]] = collections.defaultdict(list)
    for failure in tally.failures:
        event = latest(events, failure.at)
        if event is None:
            groups[-1, failure.kind, failure.tenant].append(failure.at - tally.began)
        else:
            groups[events.index(event), failure.kind, failure.tenant].append(failure.at - event.begin)
    lines = []
    for (index, kind, tenant), times in sorted(groups.items()):
        event = events[index] if index >= 0 else None
        where = f"{event}, which took {event.seconds:.1f} s" if event else "no event"
        whose = "" if event and event.tenant == tenant else f" of {tenant}"
        lines.append(f"{len(times)} x {kind}{whose}, {min(times):.1f} to {max(times):.1f} s after the begin of {where}")
    return lines
