# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``make load``: requests that tenants lose while they are upgraded, rolled back, and fail to be upgraded.

``SCENARIOS=blue_green,failed_health`` chooses, ``LOAD_ROUNDS=0.1`` makes a tenth of the rounds, ``PEERS=1`` does the
same to plain compose projects. Load only against 127.0.0.1. Everything that it made is gone afterwards.
"""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import signal
import sys
import time
import typing as t
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "tools"))

import demo  # noqa: E402  # found through the line above
import figures  # noqa: E402
import leftovers  # noqa: E402
import machine  # noqa: E402
import summary  # noqa: E402
from environments import BUILD  # noqa: E402
from events import Event  # noqa: E402
from generator import Generator  # noqa: E402
from hosting import Hosting  # noqa: E402
from peers import WAYS, Peer  # noqa: E402
from scenarios import (  # noqa: E402
    FIRST,
    REPLICAS,
    SCENARIOS,
    Move,
    Scenario,
    ScenarioError,
    chosen,
    judge,
    rounds_each,
    scale_of,
    switch_ratio,
)
from summary import Outcome  # noqa: E402

Action = t.Callable[[], None]

STATE = BUILD / "load"
PAGE = ROOT / "docs" / "performance.md"
PEER_ROUNDS = 10
# Bare starts of each tenant's services, spread over the upgrades that they are compared with.
BARE_STARTS = 5
# Before the first event, between two, and after the last: what fails is then found beside what it is due to.
PAUSE_SECONDS = 2.0

began = time.monotonic()


def say(text: str) -> None:
    """A line of progress."""
    print(f"{time.monotonic() - began:6.0f} s  {text}", flush=True)


class Measurement:
    """Scenarios, one after the other, and what came of them.

    :param scale: of the rounds.
    """

    def __init__(self, hosting: Hosting, scale: float) -> None:
        self.hosting = hosting
        self.scale = scale
        self.outcomes: list[Outcome] = []
        self.switches: dict[int, list[float]] = {replicas: [] for replicas in REPLICAS}
        self.bare: dict[int, list[float]] = {replicas: [] for replicas in REPLICAS}

    def under_load(
        self,
        outcome: Outcome,
        tenants: t.Collection[str],
        first: Action,
        rounds: t.Callable[[Outcome, Generator], None],
        last: Action,
    ) -> None:
        """Make rounds under load.

        :param first: makes the tenants.
        :param rounds: what is measured; what is wrong with it is the problem of the outcome.
        :param last: removes the tenants, whatever happened to them.
        """
        self.outcomes.append(outcome)
        say(f"{outcome.scenario}: starting {' and '.join(tenants)}")
        hostnames = {name: f"{name}.{demo.ZONE}" for name in tenants}
        with problem_of(outcome):
            first()
            with Generator(STATE, self.hosting.ports["https"], demo.PKI / "ca.crt", hostnames) as generator:
                time.sleep(PAUSE_SECONDS)
                with problem_of(outcome):
                    rounds(outcome, generator)
                outcome.tally = generator.stop()
        with problem_of(outcome):
            last()
        if outcome.is_proof and outcome.tally:
            total = outcome.tally.total("requests")
            say(f"{outcome.scenario}: {total} requests, {len(outcome.tally.failures)} failures")
        else:
            say(f"{outcome.scenario}: NO PROOF: {outcome.why_not()}")

    # -- the platform ----------------------------------------------------------------------------------------------

    def scenario(self, scenario: Scenario) -> None:
        """One scenario, from its first row to its last container."""
        self.under_load(
            Outcome(scenario.name, tuple(move.figure for move in scenario.moves)),
            scenario.tenants(),
            functools.partial(self.hosting.host, scenario),
            functools.partial(self._rounds, scenario),
            functools.partial(self.hosting.dismiss, scenario),
        )

    def _rounds(self, scenario: Scenario, outcome: Outcome, generator: Generator) -> None:
        serving = dict.fromkeys(scenario.tenants(), FIRST)
        for turn in range(rounds_each(scenario.rounds, self.scale)):
            for tenant, replicas in scenario.tenants().items():
                for move in scenario.moves:
                    serving[tenant] = self._move(move, tenant, serving[tenant], outcome, generator)
                    self._note_switch(move, tenant, replicas)
                if scenario.name == "blue_green" and turn < BARE_STARTS:
                    self.bare[replicas].append(self.hosting.start_bare(tenant))
                    say(f"the same services by docker compose alone: {self.bare[replicas][-1]:.1f} s")

    def _move(self, move: Move, tenant: str, serving: str, outcome: Outcome, generator: Generator) -> str:
        """Make one move; the version that serves then.

        :raises ScenarioError: when it did not end as it must.
        """
        before = self.hosting.operation(tenant)
        number = 1 + sum(event.name == move.figure for event in outcome.events)
        begin = time.monotonic()
        done = self.hosting.move(move, tenant, serving)
        event = Event(move.figure, number, tenant, begin, time.monotonic())
        outcome.events.append(event)
        operation = self.hosting.operation(tenant)
        fresh = operation if operation and (before is None or operation.id != before.id) else None
        wrong = judge(move, serving, done.code, fresh, self.hosting.answers(tenant))
        if wrong:
            raise ScenarioError(f"{event}: {wrong}; the playbook {move.playbook} printed:\n{done.text[-3000:]}")
        generator.check()
        time.sleep(PAUSE_SECONDS)
        say(f"{event}: {event.seconds:.1f} s; lost so far: {generator.progress['failed']}")
        return move.serves(serving)

    def _note_switch(self, move: Move, tenant: str, replicas: int) -> None:
        operation = self.hosting.operation(tenant)
        if move.figure == "blue_green" and operation and operation.seconds_to_switch is not None:
            self.switches[replicas].append(operation.seconds_to_switch)

    # -- what it is compared with ----------------------------------------------------------------------------------

    def peer(self, way: str) -> None:
        """The same load on what people have without the platform."""
        peer = Peer(self.hosting, way)
        rounds = functools.partial(self._peer_rounds, peer)
        self.under_load(Outcome(way, (way,), has_goal=False), peer.projects, peer.start, rounds, peer.stop)

    def _peer_rounds(self, peer: Peer, outcome: Outcome, generator: Generator) -> None:
        for _turn in range(rounds_each(PEER_ROUNDS, self.scale)):
            for name in peer.projects:
                begin = time.monotonic()
                peer.upgrade(name)
                event = Event(peer.way, len(outcome.events) + 1, name, begin, time.monotonic())
                outcome.events.append(event)
                peer.settle(name)
                generator.check()
                time.sleep(PAUSE_SECONDS)
                say(f"{event}: {event.seconds:.1f} s; lost so far: {generator.progress['failed']}")


@contextlib.contextmanager
def problem_of(outcome: Outcome) -> t.Iterator[None]:
    """Remember of a scenario the first thing that went wrong, and go on."""
    try:
        yield
    except ScenarioError as error:
        outcome.problem = outcome.problem or str(error)


def write_page(table: str) -> None:
    """Put the table of a whole run into the documentation."""
    PAGE.write_text(summary.rewritten(PAGE.read_text(encoding="utf-8"), table), encoding="utf-8")
    say(f"wrote {PAGE.relative_to(ROOT)}")


def stop(number: int, _frame: object) -> None:
    """End as on Ctrl-C, so that what was made is taken away; once, because that takes a while."""
    signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt(signal.Signals(number).name)


def main() -> int:
    """Measure, take away, tell."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    try:
        scenarios, scale = chosen(os.environ.get("SCENARIOS", "")), scale_of(os.environ.get("LOAD_ROUNDS", ""))
    except ScenarioError as error:
        print(f"load: {error}", file=sys.stderr)
        return 2
    shutil.rmtree(STATE, ignore_errors=True)
    STATE.mkdir(parents=True)
    hosting = Hosting(STATE)
    measurement = Measurement(hosting, scale)
    try:
        hosting.prepare()
        for scenario in scenarios:
            measurement.scenario(scenario)
        for way in WAYS if os.environ.get("PEERS") == "1" else ():
            measurement.peer(way)
    except (ScenarioError, demo.DemoError, machine.MachineError) as error:
        print(f"load: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("load: interrupted", file=sys.stderr)
        return 1
    finally:
        say("removing what was made")
        try:
            hosting.remove()
        except leftovers.LeftoversError as error:  # what was measured is worth telling all the same
            print(f"load: {error}", file=sys.stderr)
    outcomes = measurement.outcomes
    print(f"\n{summary.text(outcomes)}", flush=True)
    found = summary.figures(outcomes, switch_ratio(measurement.switches, measurement.bare))
    if len(scenarios) == len(SCENARIOS) and scale >= 1:
        write_page(summary.markdown(outcomes, found, os.cpu_count() or 0))
    else:
        say(f"{PAGE.relative_to(ROOT)} stays as it is: this was a part of the whole")
    return figures.finish("load", found)


if __name__ == "__main__":
    sys.exit(main())
