# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `make dr` makes of the log of clients and the rows that came back."""

from __future__ import annotations

import math
import typing as t
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[2]
KILLED = 1000.0


@pytest.fixture(autouse=True)
def tools(monkeypatch: pytest.MonkeyPatch) -> None:
    """The scripts import each other by their bare names."""
    monkeypatch.syspath_prepend(str(TESTS / "tools"))
    monkeypatch.syspath_prepend(str(TESTS / "dr"))


def log(count: int, unanswered: t.Collection[int] = ()) -> list[t.Any]:
    """One write a second until the kill, each answered within a tenth of a second."""
    from losses import Write

    first = KILLED - count
    return [
        Write(f"note-{i}", first + i, None if i in unanswered else first + i + 0.1, None if i in unanswered else i + 1)
        for i in range(count)
    ]


def rows(*numbers: int) -> list[t.Any]:
    from losses import Row

    return [Row(i + 1, f"note-{i}", f"note-{i}") for i in numbers]


def test_where_everything_came_back_nothing_is_lost():
    from losses import compare

    found = compare(log(100), rows(*range(100)))
    assert (found.missing, found.wrong, found.seconds_lost(KILLED)) == ((), (), 0.0)
    assert len(found.kept) == 100


def test_a_loss_reaches_back_to_the_oldest_write_that_is_missing():
    from losses import compare

    found = compare(log(100), rows(*range(78)))
    assert len(found.missing) == 22
    assert found.wrong == ()
    assert found.seconds_lost(KILLED) == pytest.approx(21.9)


def test_what_was_acknowledged_while_the_node_died_has_no_age():
    from losses import compare

    found = compare(log(3), rows(0, 1))
    assert found.seconds_lost(KILLED - 2) == 0.0


def test_a_write_that_nobody_acknowledged_may_be_there_or_not():
    from losses import compare

    without, there = compare(log(3, [2]), rows(0, 1)), compare(log(3, [2]), rows(0, 1, 2))
    assert (without.missing, without.wrong, len(without.kept)) == ((), (), 2)
    assert (there.missing, there.wrong, len(there.kept)) == ((), (), 3)


def test_a_write_that_is_missing_among_those_that_came_back_is_damage():
    from losses import compare

    found = compare(log(5), rows(0, 1, 3))
    assert found.wrong == ("note-2 is missing, and a later row is there",)
    assert [one.title for one in found.missing] == ["note-2", "note-4"]


def test_writes_under_way_at_the_same_time_may_be_committed_in_any_order():
    from losses import Write, compare

    found = compare([Write("note-0", 1.0, 1.5, 1), Write("note-1", 1.4, 1.6, 2)], rows(1))
    assert (len(found.missing), found.wrong) == (1, ())


def test_rows_that_nobody_wrote_so_are_damage():
    from losses import Row, compare

    stranger, twice = Row(9, "stranger", "stranger"), Row(8, "note-0", "note-0")
    found = compare(
        log(3), [Row(1, "note-0", "note-0"), Row(2, "note-1", "torn"), Row(7, "note-2", "note-2"), stranger, twice]
    )
    assert [one.split(" (")[0] for one in found.wrong] == ["row 2", "row 7", "row 9", "row 8"]


def test_an_empty_database_lost_everything_since_the_first_write():
    from losses import compare

    found = compare(log(100), [])
    assert (found.kept, len(found.missing), found.wrong) == ((), 100, ())
    assert found.seconds_lost(KILLED) == pytest.approx(99.9)


def test_entries_of_a_backup_are_there_as_they_were_and_later_ones_may_be_lost():
    from losses import lost_entries

    stored = {"a": "1", "b": "2"}
    assert lost_entries(stored, {"a": "1", "b": "2", "c": "3"}, ["c", "d"]) == []
    assert lost_entries(stored, {"a": "0", "e": "5"}, ["c"]) == [
        "b is missing",
        "a is not what it was",
        "e was written by nobody",
    ]


def disaster(*seconds: float, wrong: tuple[str, ...] = ()) -> t.Any:
    from rehearsed import Disaster, Loss

    losses = [Loss(f"tenant{i}", 100, int(one), one, wrong) for i, one in enumerate(seconds)]
    return Disaster(tuple(losses), 60.0, 90.0)


def test_the_figure_is_that_of_the_worst_tenant_of_all_disasters():
    from rehearsed import figures_of

    found = {one.name: one for one in figures_of([disaster(3.0, 31.5), disaster(12.0, 0.0)])}
    assert (found["rpo_seconds"].value, found["rpo_seconds"].met) == (31.5, True)
    assert (found["tenants_damaged"].value, found["tenants_damaged"].met) == (0, True)
    assert found["commits_acknowledged"].value == 400


@pytest.mark.parametrize(("disasters", "missed"), [([], 2), ([(61.0, ())], 1), ([(1.0, ("torn",))], 1)])
def test_what_was_not_seen_or_is_damaged_or_too_old_misses_its_goal(disasters, missed):
    from rehearsed import figures_of

    found = figures_of([disaster(seconds, wrong=wrong) for seconds, wrong in disasters])
    assert sum(not one.met for one in found) == missed


def test_a_recovery_is_compared_by_the_medians_and_without_any_misses_its_goal():
    from rehearsed import figures_of_time

    found = {one.name: one for one in figures_of_time([40.0, 30.0, 90.0], [20.0, 21.0, 22.0], 1000)}
    assert (found["rto_ratio_to_bare_tools"].value, found["rto_ratio_to_bare_tools"].met) == (40 / 21, True)
    assert math.isnan(figures_of_time([], [20.0], 1000)[0].value)
    assert not figures_of_time([], [20.0], 1000)[0].met


def test_the_table_tells_of_each_tenant_what_it_lost():
    from rehearsed import table

    lines = table([disaster(31.5), disaster(2.0, wrong=("row 2 is torn",))]).splitlines()
    assert lines[1].split() == ["1", "tenant0", "100", "31", "31.5", "s", "none"]
    assert lines[2].endswith("row 2 is torn")
