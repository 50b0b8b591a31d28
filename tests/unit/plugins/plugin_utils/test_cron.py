# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Moments of cron schedules."""

from __future__ import annotations

import datetime

import pytest

from ansible_collections.tenantry.platform.plugins.plugin_utils import cron

UTC = datetime.timezone.utc


def at(text):
    return datetime.datetime.fromisoformat(text).replace(tzinfo=UTC)


# 2026-11-22 is a Sunday.
@pytest.mark.parametrize(
    ("schedule", "after", "following"),
    [
        ("0 3 * * *", "2026-11-22T03:00:00", "2026-11-23T03:00"),
        ("0 3 * * *", "2026-11-22T02:59:59", "2026-11-22T03:00"),
        ("0 * * * *", "2026-11-22T23:00:30", "2026-11-23T00:00"),
        ("*/15 * * * *", "2026-11-22T04:44:00", "2026-11-22T04:45"),
        ("5/20 * * * *", "2026-11-22T04:26:00", "2026-11-22T04:45"),
        ("30 1,13 * * *", "2026-11-22T03:00:00", "2026-11-22T13:30"),
        ("0 4 * * 0", "2026-11-22T03:00:00", "2026-11-22T04:00"),
        ("0 4 * * 7", "2026-11-22T03:00:00", "2026-11-22T04:00"),
        ("0 4 * * 5-7", "2026-11-22T03:00:00", "2026-11-22T04:00"),
        ("0 4 * * FRI-sat", "2026-11-22T03:00:00", "2026-11-27T04:00"),
        ("0 0 1 jan *", "2026-11-22T03:00:00", "2027-01-01T00:00"),
        ("0 0 29 2 *", "2026-11-22T03:00:00", "2028-02-29T00:00"),
        ("0 0 29 2 *", "2098-11-22T03:00:00", "2104-02-29T00:00"),
        # Either day counts when both are named, and a star with a step is a star.
        ("0 0 13 * 5", "2026-11-22T03:00:00", "2026-11-27T00:00"),
        ("0 0 13 * 5", "2026-12-12T03:00:00", "2026-12-13T00:00"),
        ("0 0 */2 * 5", "2026-11-22T03:00:00", "2026-11-27T00:00"),
        ("0 0 */2 * 5", "2026-11-28T03:00:00", "2026-12-11T00:00"),
    ],
)
def test_the_moment_that_follows(schedule, after, following):
    assert cron.following(schedule, at(after)) == at(following)


def test_a_schedule_without_moments_has_none():
    assert cron.following("0 0 31 2 *", at("2026-11-22")) is None


def test_a_time_elsewhere_is_the_moment_that_it_is():
    elsewhere = at("2026-11-22T02:59").astimezone(datetime.timezone(datetime.timedelta(hours=9)))
    assert cron.following("0 3 * * *", elsewhere) == at("2026-11-22T03:00")


def test_what_is_no_schedule_is_refused():
    with pytest.raises(ValueError, match="is no schedule"):
        cron.following("daily", at("2026-11-22"))
