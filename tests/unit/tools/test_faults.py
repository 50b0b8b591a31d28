# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which cases `make faults` takes, and what it makes of what it finds."""

from __future__ import annotations

import json
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[2]
STEPS = {"deploy": ["pull", "app", "route"], "stop": ["route"]}


@pytest.fixture(autouse=True)
def tools(monkeypatch: pytest.MonkeyPatch) -> None:
    """The scripts import each other by their bare names."""
    monkeypatch.syspath_prepend(str(TESTS / "tools"))
    monkeypatch.syspath_prepend(str(TESTS / "faults"))


def cases() -> list[t.Any]:
    from matrix import matrix

    return matrix(STEPS, ["module", "disk"], ["disk"])


def test_every_fault_meets_every_step_of_every_move_and_what_lasts_the_begin_too():
    names = [case.name for case in cases()]
    assert len(names) == len(set(names)) == 2 * 4 + 2
    assert {name for name in names if name.endswith(":module")} == {
        "deploy:pull:module",
        "deploy:app:module",
        "deploy:route:module",
        "stop:route:module",
    }
    assert {name for name in names if ":begin:" in name} == {"deploy:begin:disk", "stop:begin:disk"}


@pytest.mark.parametrize("parts", [1, 2, 3, 7])
def test_shards_are_the_whole_and_share_nothing(parts):
    from matrix import chosen

    found = [case for part in range(1, parts + 1) for case in chosen(cases(), shard=f"{part}/{parts}")]
    assert found == cases()


@pytest.mark.parametrize("shard", ["0/2", "3/2", "x", "1/", ""])
def test_a_shard_that_there_is_not_is_refused(shard):
    from matrix import chosen

    with pytest.raises(ValueError, match="such as 2/4"):
        chosen(cases(), shard=shard)


def test_a_slice_is_the_same_with_the_same_seed_and_another_with_another():
    from matrix import chosen

    slices = [[case.name for case in chosen(cases(), size=4, seed=seed)] for seed in (1, 1, 2, 3, 4)]
    assert slices[0] == slices[1]
    assert all(len(one) == 4 for one in slices)
    assert len({tuple(one) for one in slices}) > 1


def test_cases_are_chosen_by_name():
    from matrix import chosen

    assert {case.name for case in chosen(cases(), "*:route:module,stop:*:disk")} == {
        "deploy:route:module",
        "stop:route:module",
        "stop:begin:disk",
        "stop:route:disk",
    }


def test_of_a_case_the_last_result_counts(tmp_path):
    from matrix import Result, Results

    results = Results(tmp_path / "more" / "results.jsonl")
    assert results.read() == {}
    results.add(Result("a:b:c", ("users get a mix",), 3.0))
    results.add(Result("a:b:c", (), 4.0, "2 processes killed"))
    assert results.read() == {"a:b:c": Result("a:b:c", (), 4.0, "2 processes killed")}


def test_a_footprint_says_what_is_left_and_what_is_missing():
    from proofs import Footprint

    wanted = Footprint(("web running",), ("default",), (), ("192.0.2.1",), ("current",))
    have = Footprint(("web running", "hook exited one-off"), (), (), ("192.0.2.1",), ("current",))
    assert have.differences(wanted) == [
        "containers: hook exited one-off is left",
        "networks: default is missing",
    ]
    assert wanted.differences(wanted) == []


def test_a_step_is_seen_when_another_operation_begins_it(tmp_path):
    from watch import Journal

    journal = Journal(tmp_path / "journal.json")
    process = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE, text=True)
    try:
        journal.path.write_text(json.dumps({"operation": "new", "steps": [{"step": "pull"}]}), encoding="utf-8")
        assert journal.reached("pull", "old", process)
    finally:
        process.communicate("")
    # An ended run begins nothing any more, and an old operation is not meant.
    assert not journal.reached("route", "old", process)
    assert not journal.reached("pull", "new", process)


class Ledger:
    """Operations of a tenant."""

    def __init__(self, *rows: tuple[int, str, str, str, str]) -> None:
        self.rows = rows

    def operations(self, after: int) -> list[tuple[int, str, str, str, str]]:
        return [row for row in self.rows if row[0] > after]


@pytest.mark.parametrize(
    ("statuses", "until", "code", "serves", "said"),
    [
        (["recovered", "success"], 5, -9, "1.0.0", []),
        (["success", "success"], 5, -9, "1.1.0", []),
        (["success"], 4, 2, "1.0.0", []),  # the move never began, the plain run did it
        (["running", "success"], 5, -9, "1.0.0", ["operation 5 (upgrade) is running after a plain run"]),
        (["success", "success"], 5, 0, "1.0.0", ["operation 5 (upgrade) is success, but users got 1.0.0"]),
        (["failure", "success"], 5, 0, "1.0.0", ["is failure and does not say why", "the run ended with 0"]),
    ],
)
def test_the_ledger_is_asked_for_the_truth(statuses, until, code, serves, said):
    from moves import Ends
    from proofs import ledger

    rows = Ledger(*((5 + number, str(number), "upgrade", status, "") for number, status in enumerate(statuses)))
    found = ledger(rows, 4, until, code, Ends("1.0.0", "1.1.0"), serves)
    assert len(found) == len(said)
    assert all(words in one for words, one in zip(said, found))
