# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Moments of cron schedules."""

from __future__ import annotations

import datetime
import random

import pytest

from ansible_collections.tenantry.platform.plugins.plugin_utils import cron

UTC = datetime.timezone.utc
MINUTE = datetime.timedelta(minutes=1)


def at(text):
    return datetime.datetime.fromisoformat(text).replace(tzinfo=UTC)


# 2026-11-22 is a Sunday.
@pytest.mark.parametrize(
    ("schedule", "now", "last", "following"),
    [
        ("0 3 * * *", "2026-11-22T03:00:00", "2026-11-22T03:00", "2026-11-23T03:00"),
        ("0 3 * * *", "2026-11-22T02:59:59", "2026-11-21T03:00", "2026-11-22T03:00"),
        ("0 * * * *", "2026-11-22T00:00:30", "2026-11-22T00:00", "2026-11-22T01:00"),
        ("*/15 * * * *", "2026-11-22T04:44:00", "2026-11-22T04:30", "2026-11-22T04:45"),
        ("5/20 * * * *", "2026-11-22T04:44:00", "2026-11-22T04:25", "2026-11-22T04:45"),
        ("0 4 * * 0", "2026-11-22T03:00:00", "2026-11-15T04:00", "2026-11-22T04:00"),
        ("0 4 * * 7", "2026-11-22T03:00:00", "2026-11-15T04:00", "2026-11-22T04:00"),
        ("0 4 * * FRI-sat", "2026-11-22T03:00:00", "2026-11-21T04:00", "2026-11-27T04:00"),
        ("0 4 * * 5-7", "2026-11-22T05:00:00", "2026-11-22T04:00", "2026-11-27T04:00"),
        ("0 0 1 jan *", "2026-11-22T03:00:00", "2026-01-01T00:00", "2027-01-01T00:00"),
        ("30 1,13 * * *", "2026-11-22T03:00:00", "2026-11-22T01:30", "2026-11-22T13:30"),
        ("0 0 29 2 *", "2026-11-22T03:00:00", "2024-02-29T00:00", "2028-02-29T00:00"),
        ("0 0 29 2 *", "2098-11-22T03:00:00", "2096-02-29T00:00", "2104-02-29T00:00"),
        # Either day counts when both are named, and a star with a step is a star.
        ("0 0 13 * 5", "2026-11-22T03:00:00", "2026-11-20T00:00", "2026-11-27T00:00"),
        ("0 0 */2 * 5", "2026-11-22T03:00:00", "2026-11-13T00:00", "2026-11-27T00:00"),
    ],
)
def test_the_moments_around_a_time(schedule, now, last, following):
    assert (cron.last(schedule, at(now)), cron.following(schedule, at(now))) == (at(last), at(following))


def test_a_schedule_without_moments_has_none():
    assert (cron.last("0 0 31 2 *", at("2026-11-22")), cron.following("0 0 31 2 *", at("2026-11-22"))) == (None, None)


def test_a_time_elsewhere_is_compared_as_the_moment_that_it_is():
    elsewhere = at("2026-11-22T03:00").astimezone(datetime.timezone(datetime.timedelta(hours=9)))
    assert cron.last("0 3 * * *", elsewhere) == at("2026-11-22T03:00")


def test_what_is_no_schedule_is_refused():
    with pytest.raises(ValueError, match="is no schedule"):
        cron.last("daily", at("2026-11-22"))


def test_no_moment_is_between_the_last_and_the_following_one():
    chance = random.Random(7)
    fields = (("*/7", "3", "10-40/10", "59"), ("*/5", "2", "8-17", "23"), ("*", "*/3", "1-5", "28"))
    fields = (*fields, ("*", "11", "nov,dec"), ("*", "sun", "1-5", "*/2"))
    for _turn in range(60):
        schedule = " ".join(chance.choice(one) for one in fields)
        start = at("2026-11-22") + datetime.timedelta(minutes=chance.randrange(60 * 24 * 60))
        found = cron.following(schedule, start)
        assert found is not None
        assert cron.last(schedule, found) == found
        assert cron.last(schedule, found - MINUTE) == cron.last(schedule, start)
