# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What came of disasters and recoveries, as a table and as figures."""

from __future__ import annotations

import dataclasses
import math
import statistics
import typing as t

from figures import Figure


@dataclasses.dataclass(frozen=True)
class Loss:
    """What a disaster was for one tenant.

    :ivar seconds: how far back what is lost reaches, from the moment of the kill.
    :ivar wrong: what makes it no loss, but damage; empty when all is well.
    """

    tenant: str
    acknowledged: int
    missing: int
    seconds: float
    wrong: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Disaster:
    """One disaster.

    :ivar node_seconds: that it took to make a bare machine a node.
    :ivar restore_seconds: from the start of the playbook to the answers of all tenants.
    """

    losses: tuple[Loss, ...]
    node_seconds: float
    restore_seconds: float


def table(disasters: t.Sequence[Disaster]) -> str:
    """What each disaster was for each tenant."""
    lines = [f"{'disaster':<10}{'tenant':<10}{'acknowledged':>13}{'lost':>7}{'back to':>10}  damage"]
    for number, disaster in enumerate(disasters, 1):
        for one in disaster.losses:
            damage = "; ".join(one.wrong[:3]) or "none"
            counts = f"{one.acknowledged:>13}{one.missing:>7}{one.seconds:>8.1f} s"
            lines.append(f"{number:<10}{one.tenant:<10}{counts}  {damage}")
    return "\n".join(lines)


def figures_of(disasters: t.Sequence[Disaster]) -> list[Figure]:
    """Of the disasters; no numbers without any."""
    losses = [one for disaster in disasters for one in disaster.losses]
    return [
        Figure("rpo_seconds", max([one.seconds for one in losses], default=math.nan), "s", "<= 60"),
        Figure("tenants_damaged", sum(bool(one.wrong) for one in losses) if losses else math.nan, "tenants", "== 0"),
        Figure("commits_acknowledged", sum(one.acknowledged for one in losses), "commits"),
        Figure("commits_lost", sum(one.missing for one in losses), "commits"),
        Figure("bare_machine_to_node", max([one.node_seconds for one in disasters], default=math.nan), "s"),
        Figure("restore_of_all_tenants", max([one.restore_seconds for one in disasters], default=math.nan), "s"),
    ]


def figures_of_time(by_platform: t.Sequence[float], by_bare_tools: t.Sequence[float], megabytes: float) -> list[Figure]:
    """Of the recoveries of one tenant: medians of seconds."""
    platform, bare = (statistics.median(one or [math.nan]) for one in (by_platform, by_bare_tools))
    return [
        Figure("rto_ratio_to_bare_tools", platform / bare, "ratio", "<= 2"),
        Figure("rto_seconds", platform, "s"),
        Figure("rto_seconds_of_bare_tools", bare, "s"),
        Figure("rto_megabytes", megabytes, "MB"),
    ]
