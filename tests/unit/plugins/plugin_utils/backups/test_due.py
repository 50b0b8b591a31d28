# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When backups are due."""

from __future__ import annotations

import datetime

import pytest

from ansible_collections.tenantry.platform.plugins.plugin_utils.backups import due

NONE = datetime.timedelta()
CLUSTER = {"engine": "pgbackrest", "schedule": "0 3 * * *", "incremental_schedule": "0 * * * *"}
FILES = {"engine": "restic", "schedule": "0 3 * * *", "incremental_schedule": None}


def at(text):
    return datetime.datetime.fromisoformat(f"2026-11-{text}").replace(tzinfo=datetime.timezone.utc)


def known(complete, newest=None, **failures):
    return due.Known(at(complete), at(newest or complete), **failures)


@pytest.mark.parametrize(
    ("policy", "has", "now", "kind"),
    [
        (FILES, due.NOTHING, "22T12:00", "snapshot"),
        (CLUSTER, due.NOTHING, "22T12:00", "full"),
        (FILES, known("22T03:05"), "23T02:59", None),
        (FILES, known("22T03:05"), "23T03:00", "snapshot"),
        # One by hand in the evening does not take the place of that of the night.
        (FILES, known("22T22:00"), "23T03:00", "snapshot"),
        (CLUSTER, known("22T03:05"), "22T03:59", None),
        (CLUSTER, known("22T03:05"), "22T04:00", "incremental"),
        (CLUSTER, known("22T03:05", "22T04:01"), "22T04:59", None),
        (CLUSTER, known("22T03:05", "23T02:01"), "23T03:00", "full"),
        # It began before the moment: what it has is older.
        (CLUSTER, known("22T02:59"), "22T03:00", "full"),
    ],
)
def test_a_backup_is_due_when_a_moment_of_its_schedule_came_after_the_last_one_began(policy, has, now, kind):
    assert due.due(policy, has, NONE, at(now)) == kind


def test_a_schedule_that_never_comes_is_never_due_again():
    policy = {**FILES, "schedule": "0 0 31 2 *"}
    assert due.due(policy, known("22T03:05"), NONE, at("30T03:05")) is None


def test_tenants_are_late_by_times_of_their_own_that_stay():
    late = [due.jitter(f"t{number}", "main", 1800) for number in range(200)]
    assert late == [due.jitter(f"t{number}", "main", 1800) for number in range(200)]
    assert all(NONE <= one <= datetime.timedelta(seconds=1800) for one in late)
    assert len(set(late)) > 150
    assert due.jitter("acme", "main", 0) == NONE


def test_what_is_late_is_due_by_so_much_later_and_only_once():
    late = datetime.timedelta(minutes=20)
    assert due.due(FILES, known("22T03:25"), late, at("23T03:19")) is None
    assert due.due(FILES, known("22T03:25"), late, at("23T03:20")) == "snapshot"
    assert due.due(FILES, known("23T03:20"), late, at("23T03:30")) is None


def test_after_failures_it_is_tried_again_later_and_later():
    has = [known("22T03:05", failures=count, failed_at=at("23T03:00")) for count in (1, 3, 30)]
    assert [due.due(FILES, one, NONE, at("23T03:04")) for one in has] == [None, None, None]
    assert [due.due(FILES, one, NONE, at("23T03:05")) for one in has] == ["snapshot", None, None]
    assert [due.due(FILES, one, NONE, at("23T03:20")) for one in has] == ["snapshot", "snapshot", None]
    assert [due.due(FILES, one, NONE, at("23T05:00")) for one in has] == ["snapshot"] * 3
    assert due.due(FILES, due.Known(failures=1, failed_at=at("22T03:00")), NONE, at("22T03:04")) is None


def test_it_is_known_since_when_each_kind_is_due():
    assert due.since(CLUSTER, known("22T03:05", "22T06:01"), datetime.timedelta(minutes=3)) == {
        "full": at("23T03:03"),
        "incremental": at("22T06:03"),
    }
    assert due.since(CLUSTER, due.NOTHING, NONE) == {}
