# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures with goals: the table that a person reads, and ``build/reports/<target>.json`` that a program reads."""

from __future__ import annotations

import dataclasses
import json
import math
import operator
import typing as t
from pathlib import Path

from places import REPORTS

COMPARISONS: dict[str, t.Callable[[float, float], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "==": operator.eq,
}


@dataclasses.dataclass(frozen=True)
class Figure:
    """One measured value.

    :ivar value: no number (``math.nan``) when it could not be measured; that meets no goal and is null in the report.
    :ivar goal: such as ``<= 2.5``; empty for a value that is only told, and so cannot miss.
    """

    name: str
    value: float
    unit: str
    goal: str = ""

    @property
    def met(self) -> bool:
        """Whether the value is as good as its goal; what is no number never is."""
        if not self.goal:
            return True
        comparison, limit = self.goal.split()
        return COMPARISONS[comparison](self.value, float(limit))

    def as_dict(self) -> dict[str, t.Any]:
        """As the report has it."""
        value = None if math.isnan(self.value) else self.value
        return {**dataclasses.asdict(self), "value": value, "met": self.met}


def table(figures: t.Sequence[Figure]) -> str:
    """One line for each figure."""
    rows = [("figure", "value", "unit", "goal", "met")]
    for one in figures:
        rows.append((one.name, _shown(one.value), one.unit, one.goal, ("yes" if one.met else "NO") if one.goal else ""))
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = []
    for name, value, *words in rows:
        cells = [name.ljust(widths[0]), value.rjust(widths[1]), *(w.ljust(n) for w, n in zip(words, widths[2:]))]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def _shown(value: float) -> str:
    """Three digits that say something."""
    if math.isnan(value):
        return "-"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def finish(target: str, figures: t.Sequence[Figure], reports: Path = REPORTS) -> int:
    """Print the table, write the report, and return the exit code: 1 when a goal is not met."""
    reports.mkdir(parents=True, exist_ok=True)
    report = json.dumps([one.as_dict() for one in figures], indent=1, allow_nan=False)
    (reports / f"{target}.json").write_text(report + "\n", encoding="utf-8")
    print(f"\n{table(figures)}", flush=True)
    missed = [one.name for one in figures if not one.met]
    if missed:
        print(f"{target}: goal not met: {', '.join(missed)}", flush=True)
    return 1 if missed else 0
