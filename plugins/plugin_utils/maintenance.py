# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Maintenance windows of tenants, as specs have them."""

from __future__ import annotations

import datetime
import zoneinfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def is_open(window: str | None, timezone: str, now: datetime.datetime) -> bool:
    """Whether a tenant may be worked on now.

    :param window: such as ``sat,sun 22:00-04:00``, validated; a tenant without one may be worked on at any time. One
        that ends before it begins goes on into the next day, and one that ends when it begins lasts a whole day.
    :param timezone: IANA name; the window's times are read on its clocks.
    :param now: aware of its own time zone.
    """
    if window is None:
        return True
    days, _blank, hours = window.partition(" ")
    begin, end = (datetime.time.fromisoformat(text) for text in hours.split("-"))
    local = now.astimezone(zoneinfo.ZoneInfo(timezone))
    time, today = local.time().replace(tzinfo=None), local.weekday()
    on = _weekdays(days)
    if begin < end:
        return today in on and begin <= time < end
    return (today in on and time >= begin) or ((today - 1) % 7 in on and time < end)


def _weekdays(text: str) -> set[int]:
    """``daily``, ``sat,sun`` or ``fri-mon`` as weekdays, Monday is 0."""
    if text == "daily":
        return set(range(7))
    found = set()
    for part in text.split(","):
        first, _dash, last = part.partition("-")
        begin = DAYS.index(first)
        length = (DAYS.index(last or first) - begin) % 7
        found |= {(begin + step) % 7 for step in range(length + 1)}
    return found
