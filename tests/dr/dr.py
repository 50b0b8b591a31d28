# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``make dr``: a node is destroyed under load, and its tenants come back from object storage.

What is lost of what they acknowledged, and how long a recovery takes. ``DR_MEGABYTES=50`` measures that time with less
data than 1000 MB, 0 not at all; ``DR_ROUNDS=0`` leaves out the disasters. Everything that it made is gone afterwards.
"""

from __future__ import annotations

import contextlib
import math
import os
import random
import signal
import subprocess
import sys
import time
import typing as t
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "tools"))

import demo  # noqa: E402  # found through the line above
import figures  # noqa: E402
import hosts  # noqa: E402
import machine  # noqa: E402
from disaster import Disasters  # noqa: E402
from environments import BUILD  # noqa: E402
from figures import Figure  # noqa: E402
from ground import Ground  # noqa: E402
from recovery_time import RecoveryTime  # noqa: E402
from rehearsed import Disaster, figures_of, figures_of_time, table  # noqa: E402

STATE = BUILD / "dr"
MEGABYTES, ROUNDS, TIMINGS = 1000, 2, 3
# A segment that is not full is archived after 30 s: twice that, and the kill at any moment of the next time.
LOAD_SECONDS, ANY_MOMENT = 60.0, 30.0

began = time.monotonic()


def say(text: str) -> None:
    """A line of progress."""
    print(f"{time.monotonic() - began:6.0f} s  {text}", flush=True)


def setting(name: str, usual: float) -> float:
    """A number from the environment.

    :raises ValueError: when it is none, or below 0.
    """
    given = os.environ.get(name) or str(usual)
    value = float(given)
    if not 0 <= value < math.inf:
        raise ValueError(f"{name}={given}: say how many, 0 for none")
    return value


@contextlib.contextmanager
def told() -> t.Iterator[None]:
    """Go on after what went wrong: it has no figure then, and what was measured is worth telling all the same."""
    try:
        yield
    except (RuntimeError, OSError, subprocess.SubprocessError) as error:
        print(f"dr: {error}", file=sys.stderr)


def run(ground: Ground, rounds: int, megabytes: float) -> list[Figure]:
    """Measure everything."""
    say("object storage and the first node")
    ground.prepare()
    found: list[Figure] = []
    if rounds:
        struck: list[Disaster] = []
        with told():
            disasters = Disasters(ground, LOAD_SECONDS + random.uniform(0, ANY_MOMENT), say)
            disasters.begin()
            for _turn in range(rounds):
                struck.append(disasters.strike())
        print(f"\n{table(struck)}\n", flush=True)
        found += figures_of(struck if len(struck) == rounds else ())
    if megabytes:
        recovery = RecoveryTime(ground, say)
        with told():
            recovery.begin(megabytes)
            for _turn in range(TIMINGS):
                recovery.measure()
        found += figures_of_time(recovery.platform, recovery.bare, recovery.megabytes)
    return found


def stop(number: int, _frame: object) -> None:
    """End as on Ctrl-C, so that what was made is taken away; once, because that takes a while."""
    signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt(signal.Signals(number).name)


def main() -> int:
    """Rehearse, take away, tell."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    try:
        rounds, megabytes = int(setting("DR_ROUNDS", ROUNDS)), setting("DR_MEGABYTES", MEGABYTES)
    except ValueError as error:
        print(f"dr: {error}", file=sys.stderr)
        return 2
    ground = Ground(STATE)
    try:
        found = run(ground, rounds, megabytes)
    except (RuntimeError, subprocess.SubprocessError, demo.DemoError, machine.MachineError) as error:
        print(f"dr: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("dr: interrupted", file=sys.stderr)
        return 1
    finally:
        say("removing what was made")
        with told():
            hosts.remove_all()
    return figures.finish("dr", found)


if __name__ == "__main__":
    sys.exit(main())
