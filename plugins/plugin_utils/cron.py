# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The moments of a cron schedule, in UTC. spec_places.schedule says which texts are one.

As cron has it: when both days are named, a day that is either of them counts.
"""

from __future__ import annotations

import dataclasses
import datetime
import functools
import typing as t

from ansible_collections.tenantry.platform.plugins.plugin_utils import spec_places

# The 29th of February is 8 years away at most; what does not come in that time, such as the 31st, never does.
_DAYS = 366 * 8 + 2
_DAY = datetime.timedelta(days=1)


@dataclasses.dataclass(frozen=True)
class _Schedule:
    """What each field names.

    :ivar either: whether one of day of the month and day of the week is enough.
    """

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either: bool

    def on(self, day: datetime.date) -> bool:
        """Whether it has moments on a day."""
        if day.month not in self.months:
            return False
        found = (day.day in self.days, day.isoweekday() % 7 in self.weekdays)
        return any(found) if self.either else all(found)

    def times(self) -> t.Iterator[datetime.time]:
        """Of such a day, the earliest first."""
        for hour in self.hours:
            for minute in self.minutes:
                yield datetime.time(hour, minute, tzinfo=datetime.timezone.utc)


@functools.lru_cache(maxsize=4096)
def last(schedule: str, now: datetime.datetime) -> datetime.datetime | None:
    """The last moment that is not after ``now``; None when there never was one.

    :raises ValueError: for what is no schedule.
    """
    return _first(schedule, now, -_DAY, lambda moment: moment <= now)


@functools.lru_cache(maxsize=4096)
def following(schedule: str, after: datetime.datetime) -> datetime.datetime | None:
    """The first moment after ``after``; None when there will never be one.

    :raises ValueError: for what is no schedule.
    """
    return _first(schedule, after, _DAY, lambda moment: moment > after)


def _first(
    schedule: str, start: datetime.datetime, step: datetime.timedelta, wanted: t.Callable[[datetime.datetime], bool]
) -> datetime.datetime | None:
    parsed = _parsed(schedule)
    day = start.astimezone(datetime.timezone.utc).date()
    for _turn in range(_DAYS):
        if parsed.on(day):
            moments = [datetime.datetime.combine(day, time) for time in parsed.times()]
            found = next(
                (one for one in (moments if step > datetime.timedelta() else moments[::-1]) if wanted(one)), None
            )
            if found is not None:
                return found
        day += step
    return None


@functools.lru_cache(maxsize=4096)
def _parsed(schedule: str) -> _Schedule:
    fields = [
        [spec_places.cron_numbers(item, field) for item in text.split(",")]
        for field, text in zip(spec_places.CRON, spec_places.schedule(schedule).split(" "))
    ]
    minutes, hours, days, months, weekdays = ({number for item in items for number in item} for items in fields)
    _minute, _hour, day, _month, weekday = schedule.split(" ")
    # A star with a step is a star to cron, too.
    either = not day.startswith("*") and not weekday.startswith("*")
    return _Schedule(
        tuple(sorted(minutes)),
        tuple(sorted(hours)),
        frozenset(days),
        frozenset(months),
        frozenset(number % 7 for number in weekdays),
        either,
    )
