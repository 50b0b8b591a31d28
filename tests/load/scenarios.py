# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which scenarios there are, and whether what was done to a tenant ended as it must."""

from __future__ import annotations

import dataclasses
import datetime
import statistics
import typing as t

FIRST, NEXT, BROKEN = "1.0.0", "1.1.0", "broken"
REPLICAS = (1, 3)
# The step after which users get the new release.
SWITCH = "route"
DONE = "done"


class ScenarioError(Exception):
    """A scenario did not go as it must, or what it needs is not built yet; what it counted is no proof."""


@dataclasses.dataclass(frozen=True)
class Move:
    """One thing that is done to a tenant, again and again.

    :ivar figure: what is lost counts in ``lost_requests_<figure>``.
    :ivar playbook: of the collection.
    :ivar version: what it asks for; empty for the other one of ``FIRST`` and ``NEXT``.
    :ivar switches: whether users get the new release meanwhile.
    :ivar fails: whether it must fail, and leave the old version serving.
    """

    figure: str
    playbook: str
    version: str = ""
    switches: bool = True
    fails: bool = False

    def target(self, serving: str) -> str:
        """The version that it asks for."""
        return self.version or (FIRST if serving == NEXT else NEXT)

    def serves(self, serving: str) -> str:
        """The version that must answer afterwards."""
        return serving if self.fails else self.target(serving)


@dataclasses.dataclass(frozen=True)
class Scenario:
    """Moves under load, on a tenant for each of ``REPLICAS``.

    :ivar rounds: how often the moves are made, over all tenants.
    :ivar hook: a hook after the switch that fails.
    """

    name: str
    strategy: str
    rounds: int
    moves: tuple[Move, ...]
    hook: bool = False

    def tenants(self) -> dict[str, int]:
        """Name and replicas of each."""
        return {f"load-{self.name.replace('_', '-')}-{replicas}": replicas for replicas in REPLICAS}


SCENARIOS = {
    one.name: one
    for one in (
        Scenario("blue_green", "blue_green", 30, (Move("blue_green", "upgrade"), Move("rollback", "rollback"))),
        Scenario("canary", "canary", 10, (Move("canary", "upgrade"),)),
        Scenario("rolling", "rolling", 10, (Move("rolling", "upgrade"),)),
        Scenario(
            "failed_health",
            "blue_green",
            10,
            (Move("failed_health", "upgrade", BROKEN, switches=False, fails=True),),
        ),
        Scenario("failed_hook", "blue_green", 10, (Move("failed_hook", "upgrade", fails=True),), hook=True),
    )
}


def chosen(names: str) -> list[Scenario]:
    """The scenarios of a list such as ``blue_green,failed_health``; all without one.

    :raises ScenarioError: for a name that there is not.
    """
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    unknown = sorted(set(wanted) - set(SCENARIOS))
    if unknown:
        raise ScenarioError(f"SCENARIOS names {', '.join(unknown)}; there are {', '.join(SCENARIOS)}")
    return [one for name, one in SCENARIOS.items() if not wanted or name in wanted]


def scale_of(text: str) -> float:
    """How many of the rounds are made, from ``LOAD_ROUNDS``.

    :raises ScenarioError: when it is no number above 0.
    """
    try:
        scale = float(text or 1)
    except ValueError:
        scale = 0.0
    if not 0 < scale < 1000:
        raise ScenarioError(f"LOAD_ROUNDS={text} is no number above 0, such as 0.1 for a tenth of the rounds")
    return scale


def rounds_each(rounds: int, scale: float) -> int:
    """How often each tenant gets the moves, at least once."""
    return max(1, round(rounds * scale / len(REPLICAS)))


# -- the ledger ----------------------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Step:
    """A row of ``operation_steps``; a time is None when the step never ended."""

    name: str
    status: str
    began: datetime.datetime | None
    ended: datetime.datetime | None


@dataclasses.dataclass(frozen=True)
class Operation:
    """A row of ``operations`` with its steps."""

    id: str
    status: str
    steps: tuple[Step, ...]

    @property
    def switch(self) -> Step | None:
        """The step that switched users to the new release; putting the old one back after a failure is none."""
        for step in self.steps:
            if step.status != DONE:
                return None
            if step.name == SWITCH:
                return step
        return None

    @property
    def seconds_to_switch(self) -> float | None:
        """From the begin of the first step to the end of the switch."""
        switch, began = self.switch, self.steps[0].began if self.steps else None
        if switch is None or switch.ended is None or began is None:
            return None
        return (switch.ended - began).total_seconds()


def moment(text: str | None) -> datetime.datetime | None:
    """A time of the database: ISO 8601 in UTC, with or without a fraction and a zone."""
    if not text:
        return None
    parsed = datetime.datetime.fromisoformat(text)
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=datetime.timezone.utc)


def judge(move: Move, serving: str, code: int, operation: Operation | None, answers: t.Collection[str]) -> str:
    """What is wrong with how a move ended, or an empty string.

    :param serving: the version that answered before.
    :param code: exit code of the playbook.
    :param operation: what the ledger says of it; None when it has nothing new about the tenant.
    :param answers: what users were given afterwards, each once.
    """
    wanted = move.serves(serving)
    if operation is None:
        return f"it ended with {code} and the ledger has no operation of it: nothing was tried"
    if move.fails != bool(code):
        return "it must fail, and ended with 0" if move.fails else f"it ended with {code}"
    status = "failure" if move.fails else "success"
    if operation.status != status:
        return f"the ledger says {operation.status} instead of {status}"
    if (operation.switch is not None) != move.switches:
        steps = ", ".join(f"{one.name} {one.status}" for one in operation.steps)
        reason = "it must fail before the switch" if not move.switches else "it never switched"
        return f"{reason}; its steps: {steps}"
    if set(answers) != {wanted}:
        return f"users get {', '.join(sorted(answers))} instead of {wanted}"
    return ""


def switch_ratio(switches: t.Mapping[int, t.Sequence[float]], bare: t.Mapping[int, t.Sequence[float]]) -> float | None:
    """Seconds to the switch as a multiple of a bare start of the same services: the worse one of all replica counts."""
    ratios = [
        statistics.median(switches[one]) / statistics.median(bare[one])
        for one in switches
        if switches[one] and bare.get(one)
    ]
    return max(ratios) if ratios else None
