# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures are judged by their goals, and the report says the same as the table."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

TOOLS = Path(__file__).resolve().parents[2] / "tools"


@pytest.fixture(autouse=True)
def tools(monkeypatch: pytest.MonkeyPatch) -> None:
    """The scripts import each other by their bare names."""
    monkeypatch.syspath_prepend(str(TOOLS))


@pytest.mark.parametrize(
    ("value", "goal", "met"),
    [
        (2.5, "<= 2.5", True),
        (2.51, "<= 2.5", False),
        (100, ">= 100", True),
        (99.9, ">= 100", False),
        (0, "== 0", True),
        (1, "== 0", False),
        (12345, "", True),
        (float("nan"), "<= 2.5", False),
        (float("nan"), ">= 100", False),
    ],
)
def test_a_goal_is_met_up_to_its_limit_and_never_by_what_is_no_number(value: float, goal: str, met: bool) -> None:
    from figures import Figure

    assert Figure("x", value, "ratio", goal).met is met


def test_the_report_lists_every_figure_with_its_goal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from figures import Figure, finish

    code = finish("bench", [Figure("a", 2.0, "ratio", "<= 2.5"), Figure("b", 7.5, "ms")], tmp_path / "reports")
    assert code == 0
    assert json.loads((tmp_path / "reports" / "bench.json").read_text()) == [
        {"name": "a", "value": 2.0, "unit": "ratio", "goal": "<= 2.5", "met": True},
        {"name": "b", "value": 7.5, "unit": "ms", "goal": "", "met": True},
    ]
    assert "not met" not in capsys.readouterr().out


def test_a_goal_that_is_missed_is_named_and_fails_the_target(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from figures import Figure, finish

    assert finish("bench", [Figure("good", 1, "ratio", "<= 2"), Figure("bad", 3, "ratio", "<= 2")], tmp_path) == 1
    printed = capsys.readouterr().out
    assert "bench: goal not met: bad\n" in printed
    assert [line.split()[-1] for line in printed.splitlines() if line.startswith(("good", "bad"))] == ["yes", "NO"]
    assert [one["met"] for one in json.loads((tmp_path / "bench.json").read_text())] == [True, False]


def test_what_could_not_be_measured_is_null_in_the_report_and_misses_its_goal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from figures import Figure, finish

    assert finish("load", [Figure("lost", float("nan"), "requests", "== 0")], tmp_path) == 1
    assert json.loads((tmp_path / "load.json").read_text()) == [
        {"name": "lost", "value": None, "unit": "requests", "goal": "== 0", "met": False}
    ]
    assert "lost        -  requests  == 0  NO\n" in capsys.readouterr().out
