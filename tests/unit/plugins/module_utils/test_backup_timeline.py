# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Of several pasts, the one that somebody had."""

from __future__ import annotations

import json

from ansible_collections.tenantry.platform.plugins.module_utils import backup_timeline
from ansible_collections.tenantry.platform.plugins.module_utils.backup_timeline import Branch

HISTORY = "1\t0/5000148\tbefore 2026-11-22 01:02:03.0+00\n\n2\t0/7000000\tno recovery target specified\n"


def segment(timeline: int, number: int, version: str = "15-1") -> str:
    return f"{version}/{timeline:08X}00000000/{timeline:08X}00000000{number:08X}-{'a' * 40}.zst"


# A service on its first timeline, restored (2), rolled back (1 again), and restored once more (3).
ARCHIVE = {
    segment(1, 3): 100.0,
    segment(1, 4): 200.0,
    segment(2, 4): 300.0,
    "15-1/00000002.history": 300.0,
    segment(2, 5): 400.0,
    segment(1, 5): 500.0,
    segment(3, 5): 600.0,
    "15-1/00000003.history": 600.0,
}


def timeline(at: float | None) -> str:
    return backup_timeline.serving(ARCHIVE, at)[0]


def test_a_moment_is_on_the_timeline_that_was_archived_next() -> None:
    assert [timeline(at) for at in (50, 150.9, 250, 399, 450, 550)] == [f"{one:08X}" for one in (1, 1, 2, 2, 1, 3)]


def test_the_newest_moment_is_on_the_timeline_that_was_archived_last() -> None:
    assert timeline(None) == timeline(10_000) == "00000003"


def test_its_history_lies_beside_its_wal() -> None:
    assert backup_timeline.serving(ARCHIVE, 250)[1] == "15-1/00000002.history"


def test_an_archive_without_wal_has_no_timeline() -> None:
    assert backup_timeline.serving({"archive.info": 1.0, "15-1/00000002.history": 2.0}, None) == ("", "")


def test_a_backup_is_of_use_when_it_ended_before_the_timelines_parted() -> None:
    branch = Branch("00000003", backup_timeline.parents(HISTORY))
    assert branch.number == "3"
    assert branch.holds("00000003", 10**18)
    assert branch.holds("00000001", backup_timeline.position("0/5000148"))
    assert not branch.holds("00000001", backup_timeline.position("0/5000149"))
    assert branch.holds("00000002", backup_timeline.position("0/6FFFFFF"))
    assert not branch.holds("00000004", 0)


def test_the_last_segment_of_a_timeline_is_the_one_to_replay_to() -> None:
    partial = f"15-1/0000000100000000/000000010000000000000006.partial-{'a' * 40}.zst"
    assert backup_timeline.newest([*ARCHIVE, partial], "00000001") == "000000010000000000000005"
    assert backup_timeline.newest(ARCHIVE, "00000009") == ""


def test_a_replay_that_ended_before_the_last_segment_lacks_something() -> None:
    size = 16 * 2**20
    branch = Branch("00000002", {}, "000000020000000100000003")
    for position, lacks in {"0/FF000000": True, "1/2FFFFFF": True, "1/3000028": False, "1/4000000": False}.items():
        assert branch.lacks(f"2\t{position}\tno recovery target specified\n", size) is lacks
    # It ended before the timeline began.
    assert branch.lacks("1\t1/4000000\tno recovery target specified\n", size)
    assert not Branch("00000002", {}).lacks("", size)


def test_positions_have_two_halves() -> None:
    assert backup_timeline.position("A/10") == 10 * 2**32 + 16


def test_only_files_are_listed() -> None:
    listed = {".": {"type": "path"}, "15-1": {"type": "path"}, "archive.info": {"type": "file", "size": 1, "time": 7}}
    assert backup_timeline.archived(json.dumps(listed)) == {"archive.info": 7.0}
    assert backup_timeline.archived("") == {}
