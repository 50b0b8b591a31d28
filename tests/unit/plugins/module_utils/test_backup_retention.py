# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which backups go."""

from __future__ import annotations

import datetime

import pytest

from ansible_collections.tenantry.platform.plugins.module_utils.backup_driver import FULL, INCREMENTAL, Backup, Keep
from ansible_collections.tenantry.platform.plugins.module_utils.backup_retention import (
    expired,
    fulls_to_keep,
    moment,
)

NOW = datetime.datetime(2026, 11, 22, tzinfo=datetime.timezone.utc)


def backup(age: float, error: str = "", source: str = "", kind: str = FULL) -> Backup:
    at = (NOW - datetime.timedelta(days=age)).isoformat()
    return Backup(f"{age}", "restic", kind, "local", at, at, 1, 1, source, error)


def labels(*ages: float, days: int = 30, last: int = 1) -> list[str]:
    return [one.label for one in expired([backup(age) for age in ages], Keep(days, last), NOW)]


def test_what_is_older_than_the_days_goes_and_the_rest_stays() -> None:
    assert labels(1, 29, 31, 90) == ["31", "90"]


def test_the_newest_stays_however_old_it_is() -> None:
    assert labels(400, 500) == ["500"]
    assert labels(400, 500, last=0) == ["500"]


def test_so_many_of_the_newest_stay_however_old_they_are() -> None:
    assert labels(40, 50, 60, 70, last=3) == ["70"]


def test_a_backup_that_is_not_whole_never_stands_in_for_one_that_is() -> None:
    found = expired([backup(0.1, "torn"), backup(40), backup(50)], Keep(30, 1), NOW)
    assert [one.label for one in found] == ["50"]


def test_what_was_never_finished_goes_after_a_day() -> None:
    found = expired([backup(0.5, "torn"), backup(2, "torn"), backup(1)], Keep(30, 1), NOW)
    assert [one.label for one in found] == ["2"]


def test_each_source_keeps_its_own_newest() -> None:
    found = expired([backup(40, source="a"), backup(50, source="b"), backup(60, source="a")], Keep(30, 1), NOW)
    assert [one.label for one in found] == ["60"]


def test_the_full_backup_that_the_oldest_moment_needs_stays() -> None:
    fulls = [backup(age) for age in (5, 20, 35, 50)]
    assert fulls_to_keep(fulls, Keep(30, 1), NOW) == 3
    assert fulls_to_keep(fulls, Keep(10, 1), NOW) == 2
    assert fulls_to_keep(fulls, Keep(10, 4), NOW) == 4
    assert fulls_to_keep(fulls, Keep(90, 1), NOW) == 4


def test_only_full_backups_count_and_only_whole_ones_are_enough() -> None:
    found = [backup(1, kind=INCREMENTAL), backup(31, "bad pages"), backup(40), backup(50)]
    assert fulls_to_keep(found, Keep(30, 1), NOW) == 2


def test_a_time_without_an_offset_is_no_time() -> None:
    assert moment("2026-11-22T01:02:03Z") == moment("2026-11-22 02:02:03+01:00")
    assert moment("2026-11-22T01:02:03.5Z").microsecond == 500_000
    assert moment("2026-11-22T01:02:03.123456789+01:00").microsecond == 123_456
    for text in ("2026-11-22T01:02:03", "yesterday", ""):
        with pytest.raises(ValueError):
            moment(text)
