# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``make bench``: what a deploy with nothing to do costs a tenant, against the raw reads and the obvious playbook.

CPU seconds of whole processes, as ratios within one run on one machine. Everything that it made is gone afterwards.
"""

from __future__ import annotations

import shutil
import signal
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "tools"))

import demo  # noqa: E402  # found through the line above
import figures  # noqa: E402
import leftovers  # noqa: E402
import machine  # noqa: E402
import obvious_playbook  # noqa: E402
from cpu import MeasureError, Samples, adopt_orphans, fixed, marginal, measure, repeat  # noqa: E402
from environments import BUILD  # noqa: E402
from figures import Figure  # noqa: E402
from fleet import Fleet  # noqa: E402

STATE = BUILD / "bench"
COLLECTIONS = BUILD / "cache" / "bench-collections"
FEW, MANY = 20, 100
OBVIOUS_FEW, OBVIOUS_MANY = 5, 10
# Short runs differ by a few percent, and the difference of two is what counts.
DEPLOYS, RAW_READS, OBVIOUS_RUNS, EMPTY_PLAYS = 7, 15, 3, 7

began = time.monotonic()


def say(text: str) -> None:
    """A line of progress."""
    print(f"{time.monotonic() - began:6.0f} s  {text}", flush=True)


def measure_obvious(fleet: Fleet) -> float:
    """CPU seconds of a tenant that is as it must be, under the obvious playbook."""
    obvious = obvious_playbook.Obvious(STATE, COLLECTIONS, fleet.registry)
    samples: dict[int, Samples] = {}
    try:
        for count in (OBVIOUS_FEW, OBVIOUS_MANY):
            say(f"the obvious playbook makes {count} tenants")
            obvious.run(count)
            samples[count] = repeat(OBVIOUS_RUNS, obvious.do_nothing, count)
            say(f"the obvious playbook with nothing to do, {count} tenants: {samples[count]}")
    finally:
        obvious.remove()
    return marginal(samples[OBVIOUS_FEW], samples[OBVIOUS_MANY], OBVIOUS_MANY - OBVIOUS_FEW)


def measure_fleet(fleet: Fleet) -> tuple[dict[int, Samples], dict[int, Samples]]:
    """By number of tenants: deploys with nothing to do, and raw reads."""
    deploys, reads = {}, {}
    for count in (FEW, MANY):
        say(f"deploying until there are {count} tenants of 6 containers: this takes a while")
        say(f"deployed within {fleet.grow(count):.0f} s")
        fleet.deploy_nothing(count)
        deploys[count] = repeat(DEPLOYS, fleet.deploy_nothing, count)
        say(f"deploy with nothing to do, {count} tenants: {deploys[count]}")
        reads[count] = repeat(RAW_READS, fleet.read_raw, count)
        say(f"raw reads, {count} tenants: {reads[count]}")
    return deploys, reads


def empty_play() -> Samples:
    """What Ansible costs before it does anything."""
    command = ["ansible-playbook", "-i", "localhost,", str(Path(__file__).parent / "empty.yml")]

    def once() -> float:
        return measure(command, demo.environment(), STATE / "empty.log")[0]

    return repeat(EMPTY_PLAYS, once)


def run(fleet: Fleet) -> list[Figure]:
    """Measure everything."""
    fleet.prepare()
    empty = empty_play()
    say(f"empty play: {empty}")
    obvious = measure_obvious(fleet)
    deploys, reads = measure_fleet(fleet)
    noop = marginal(deploys[FEW], deploys[MANY], MANY - FEW)
    raw = marginal(reads[FEW], reads[MANY], MANY - FEW)
    return [
        Figure("plan_cpu_ratio_to_raw_reads", noop / raw, "ratio", "<= 2.5"),
        Figure("noop_cpu_ratio_to_obvious_playbook", obvious / noop, "ratio", ">= 100"),
        Figure("noop_cpu_per_tenant", noop * 1000, "ms"),
        Figure("raw_reads_cpu_per_tenant", raw * 1000, "ms"),
        Figure("obvious_playbook_cpu_per_tenant", obvious * 1000, "ms"),
        Figure("noop_cpu_fixed", fixed(deploys[FEW], FEW, noop) * 1000, "ms"),
        Figure("empty_play_cpu", empty.median * 1000, "ms"),
    ]


def stop(number: int, _frame: object) -> None:
    """End as on Ctrl-C, so that what was made is taken away; once, because that takes a while."""
    signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt(signal.Signals(number).name)


def main() -> int:
    """Measure, take away, tell."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    adopt_orphans()
    shutil.rmtree(STATE, ignore_errors=True)
    STATE.mkdir(parents=True)
    fleet = Fleet(STATE)
    try:
        obvious_playbook.get_collections(COLLECTIONS)
        found = run(fleet)
    except (MeasureError, demo.DemoError, machine.MachineError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("bench: interrupted", file=sys.stderr)
        return 1
    finally:
        say("removing what was made")
        try:
            fleet.remove()
        except leftovers.LeftoversError as error:  # what was measured is worth telling all the same
            print(f"bench: {error}", file=sys.stderr)
    return figures.finish("bench", found)


if __name__ == "__main__":
    sys.exit(main())
