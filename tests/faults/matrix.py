# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which cases there are, which of them this run takes, and what came of those that earlier runs took."""

from __future__ import annotations

import dataclasses
import fnmatch
import json
import random
import typing as t
from pathlib import Path

#: A fault that strikes before the run begins, where it lasts.
BEGIN = "begin"


@dataclasses.dataclass(frozen=True)
class Case:
    """One fault at one step of one move.

    :ivar step: as the journal calls it, or ``begin``.
    """

    move: str
    step: str
    fault: str

    @property
    def name(self) -> str:
        return f"{self.move}:{self.step}:{self.fault}"


def matrix(steps: t.Mapping[str, t.Sequence[str]], strikes: t.Sequence[str], lasting: t.Collection[str]) -> list[Case]:
    """Every fault at every step of every move.

    Neighbours are moves that follow each other in a tenant's life, so that most find the tenant as they need it.

    :param steps: of each move, from the journal of an undisturbed one.
    :param strikes: names of the faults.
    :param lasting: of those that last until the end of the run, which strike before it too.
    """
    cases = []
    longest = max(len(of_move) for of_move in steps.values())
    for fault in strikes:
        if fault in lasting:
            cases += [Case(move, BEGIN, fault) for move in steps]
        for turn in range(longest):
            cases += [Case(move, of_move[turn], fault) for move, of_move in steps.items() if turn < len(of_move)]
    return cases


def chosen(cases: t.Sequence[Case], pattern: str = "*", shard: str = "1/1", size: int = 0, seed: int = 0) -> list[Case]:
    """The cases of one run.

    :param pattern: of names, as a shell has it; several with commas.
    :param shard: ``2/4`` is the second of four parts.
    :param size: how many at random; 0 for all.
    :raises ValueError: for a shard that there is not.
    """
    wanted = [one for one in cases if any(fnmatch.fnmatchcase(one.name, part) for part in pattern.split(","))]
    number, _slash, parts = shard.partition("/")
    if not (number.isdigit() and parts.isdigit() and 1 <= int(number) <= int(parts)):
        raise ValueError(f"SHARD={shard}: say which part of how many, such as 2/4")
    # Whole stretches, for the sake of the neighbours.
    first, last = (len(wanted) * one // int(parts) for one in (int(number) - 1, int(number)))
    part = wanted[first:last]
    if not size or size >= len(part):
        return part
    taken = set(random.Random(seed).sample(range(len(part)), size))
    return [case for position, case in enumerate(part) if position in taken]


@dataclasses.dataclass(frozen=True)
class Result:
    """What came of a case; without problems it passed."""

    case: str
    problems: tuple[str, ...]
    seconds: float
    told: str = ""


class Results:
    """A file with a line for each case that ended, so that a matrix can go on where it was."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> dict[str, Result]:
        """The last result of each case."""
        if not self.path.exists():
            return {}
        lines = self.path.read_text(encoding="utf-8").splitlines()
        found = [json.loads(line) for line in lines]
        return {one["case"]: Result(one["case"], tuple(one["problems"]), one["seconds"], one["told"]) for one in found}

    def add(self, result: Result) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(dataclasses.asdict(result)) + "\n")
