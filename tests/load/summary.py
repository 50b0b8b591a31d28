# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the measurements of all scenarios say: a table for people, figures, and the table of docs/performance.md."""

from __future__ import annotations

import dataclasses
import math
import statistics
import typing as t

from events import Event, around, failures_of, total_of
from figures import Figure
from tally import Tally

LEAST_RATE = 100
MOST_SWITCH_RATIO = 2
BEGIN, END = "<!-- make load writes from here -->", "<!-- to here -->"
HEAD = ("scenario", "events", "median s", "requests", "slow", "messages", "lost", "how")
# What is counted by the second and has a column.
COLUMNS = ("requests", "slow", "messages")
# The columns that hold words.
WORDS = ("scenario", "how")


@dataclasses.dataclass
class Outcome:
    """What came of one scenario.

    :ivar figures: what its events are called, in order.
    :ivar tally: None when the load never ran.
    :ivar problem: why it proves nothing; empty when it does.
    """

    scenario: str
    figures: tuple[str, ...]
    tally: Tally | None = None
    events: list[Event] = dataclasses.field(default_factory=list)
    problem: str = ""
    has_goal: bool = True

    @property
    def is_proof(self) -> bool:
        """Whether what it counted may be believed."""
        return self.tally is not None and not self.problem and not self.tally.starved()

    def why_not(self) -> str:
        """Why it is no proof."""
        if self.problem:
            return self.problem
        return self.tally.starved() if self.tally else "it never ran"

    def lost(self, figure: str) -> float:
        """How much was lost by the events of a name; no number when nothing was proved."""
        if not self.is_proof or self.tally is None or all(event.name != figure for event in self.events):
            return math.nan
        return len(failures_of(figure, self.tally, self.events))


def figures(outcomes: t.Sequence[Outcome], ratio: float | None = None) -> list[Figure]:
    """Every figure of the scenarios that were chosen.

    :param ratio: see ``scenarios.switch_ratio``.
    """
    found = [
        Figure(f"lost_requests_{name}", one.lost(name), "requests", "== 0" if one.has_goal else "")
        for one in outcomes
        for name in one.figures
    ]
    rates = [one.tally.answered_per_second for one in outcomes if one.has_goal and one.is_proof and one.tally]
    found.append(Figure("requests_per_second", min(rates, default=math.nan), "1/s", f">= {LEAST_RATE}"))
    if any("blue_green" in one.figures for one in outcomes):
        value = math.nan if ratio is None else ratio
        found.append(Figure("switch_time_ratio", value, "ratio", f"<= {MOST_SWITCH_RATIO}"))
    return found


def rows(outcomes: t.Sequence[Outcome]) -> list[tuple[str, ...]]:
    """A row for what each kind of event did, under ``HEAD``."""
    found = []
    for one in outcomes:
        for name in one.figures:
            mine = [event for event in one.events if event.name == name]
            median = f"{statistics.median(event.seconds for event in mine):.1f}" if mine else "-"
            counted, lost, how = ["-"] * len(COLUMNS), "-", "no proof"
            if one.tally:
                totals = (total_of(name, what, one.tally, one.events) for what in COLUMNS)
                counted = [str(total) for total in totals]
                kinds: dict[str, int] = {}
                for failure in failures_of(name, one.tally, one.events):
                    kinds[failure.kind] = kinds.get(failure.kind, 0) + 1
                lost = str(sum(kinds.values()))
                how = ", ".join(f"{count} x {kind}" for kind, count in kinds.items())
                how += "" if one.is_proof else " (no proof)"
            found.append((name, str(len(mine)), median, *counted, lost, how.strip()))
    return found


def text(outcomes: t.Sequence[Outcome]) -> str:
    """The table that is printed, and below it why something is no proof and around what something was lost."""
    lines = [HEAD, *rows(outcomes)]
    widths = [max(len(row[i]) for row in lines) for i in range(len(HEAD))]
    shown = []
    for row in lines:
        cells = [
            cell.ljust(width) if name in WORDS else cell.rjust(width) for name, cell, width in zip(HEAD, row, widths)
        ]
        shown.append("  ".join(cells).rstrip())
    for one in outcomes:
        if not one.is_proof:
            shown.append(f"{one.scenario}: no proof: {one.why_not().splitlines()[0]}")
        if one.tally:
            shown += [f"{one.scenario}: lost: {line}" for line in around(one.tally, one.events)]
    return "\n".join(shown)


def markdown(outcomes: t.Sequence[Outcome], found: t.Sequence[Figure], cores: int) -> str:
    """What stands in docs/performance.md."""
    names = ("scenario", "events", "median seconds", "requests", "of them slow", "WebSocket messages", "lost", "how")
    aligned = " | ".join("---" if name in WORDS else "---:" for name in HEAD)
    lines = [f"| {' | '.join(names)} |", f"| {aligned} |"]
    lines += [f"| {' | '.join(row)} |" for row in rows(outcomes)]
    lines += ["", f"On a machine with {cores} cores, which ran load, engine, proxy and playbooks alike.", ""]
    lines += ["| figure | value | goal | met |", "| --- | ---: | --- | --- |"]
    for one in found:
        value = "not measured" if math.isnan(one.value) else f"{one.value:.3g}"
        met = ("yes" if one.met else "no") if one.goal else "-"
        lines.append(f"| `{one.name}` | {value} | {one.goal or '-'} | {met} |")
    return "\n".join(lines)


def rewritten(page: str, table: str) -> str:
    """A page with another table between its markers.

    :raises ValueError: when it has no markers.
    """
    before, begin, rest = page.partition(BEGIN)
    _old, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"the page has no lines {BEGIN} and {END}")
    return f"{before}{BEGIN}\n{table}\n{END}{after}"
