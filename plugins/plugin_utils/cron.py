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
    """What each field names, in order.

    :ivar either: whether one of day of the month and day of the week is enough.
    """

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: tuple[int, ...]
    months: tuple[int, ...]
    weekdays: tuple[int, ...]
    either: bool

    def on(self, day: datetime.date) -> bool:
        """Whether it has moments on a day."""
        if day.month not in self.months:
            return False
        weekday = day.isoweekday()
        found = (day.day in self.days, weekday in self.weekdays or weekday % 7 in self.weekdays)
        return any(found) if self.either else all(found)

    def moments(self, day: datetime.date) -> t.Iterator[datetime.datetime]:
        """Of such a day, the earliest first."""
        for hour in self.hours:
            for minute in self.minutes:
                yield datetime.datetime(day.year, day.month, day.day, hour, minute, tzinfo=datetime.timezone.utc)


def following(schedule: str, after: datetime.datetime) -> datetime.datetime | None:
    """The first moment after ``after``; None when there will never be one.

    :raises ValueError: for what is no schedule.
    """
    parsed = _parsed(schedule)
    day = after.astimezone(datetime.timezone.utc).date()
    for _turn in range(_DAYS):
        if parsed.on(day):
            found = next((moment for moment in parsed.moments(day) if moment > after), None)
            if found is not None:
                return found
        day += _DAY
    return None


@functools.lru_cache(maxsize=4096)
def _parsed(schedule: str) -> _Schedule:
    texts = spec_places.schedule(schedule).split(" ")
    fields = [
        tuple(sorted({number for item in text.split(",") for number in spec_places.cron_numbers(item, field)}))
        for field, text in zip(spec_places.CRON, texts)
    ]
    # A star with a step is a star to cron, too.
    either = not texts[2].startswith("*") and not texts[4].startswith("*")
    return _Schedule(fields[0], fields[1], fields[2], fields[3], fields[4], either)
