# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``make integration``: every target below tests/integration/targets against the real servers of the estate.

``make integration TARGETS="stack traefik_route"`` runs only these. Targets whose aliases say ``slow/…`` run only when
they, or ``slow/``, are named: ``make integration TARGETS=slow/``. Of those whose aliases say ``long/…`` ``make test``
takes one by chance.
"""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
import typing as t

import estate_access
from places import ROOT, SERVERS, Core
from sandbox import environment, prepare_home
from stage import Stage, Verdict, pytest_summaries
from tree import copy

# How many of the targets that take minutes `make test` takes.
LONG = 1
FAILED = re.compile(r"The \d+ integration test\(s\) listed below \(out of \d+\) failed")


def configure(core: Core, estate: dict[str, t.Any]) -> None:
    """Tell the targets where the estate and tools are. JSON is YAML, and quotes whatever needs it."""
    import yaml

    values = {
        "estate_registry": estate["registry"],
        "estate_images": estate["images"],
    }
    path = core.collection / "tests" / "integration" / "integration_config.yml"
    path.write_text("---\n" + yaml.safe_dump(values), encoding="utf-8")


def listed(core: Core, *words: str) -> list[str]:
    """Names of targets: without those that only prepare something for others."""
    command = [core.tool("ansible-test"), "integration", "--list-targets", "--allow-destructive", *words]
    ran = subprocess.run(
        command, cwd=core.collection, env=environment(core), capture_output=True, text=True, check=True
    )
    return ran.stdout.split()


def targets(core: Core, chosen: list[str], stage: Stage) -> list[str]:
    """Names of the targets that will run."""
    if chosen:
        return listed(core, *chosen)
    if not os.environ.get("TENANTRY_ALL_STAGES"):
        return listed(core, "--exclude", "slow/")
    seed = int(os.environ.get("SEED") or random.SystemRandom().randrange(1_000_000))
    taken = sorted(random.Random(seed).sample(listed(core, "long/"), LONG))
    stage.note(f"of the targets that take minutes {', '.join(taken)} ran, by SEED={seed}; make integration runs all")
    return [*listed(core, "--exclude", "slow/", "--exclude", "long/"), *taken]


def judge(names: list[str]) -> t.Callable[[list[str]], Verdict]:
    """Counts targets: those that ansible-test lists as failed, and all others."""

    def verdict(lines: list[str]) -> Verdict:
        started = {name for name in names if any(line.startswith(f"Running {name} integration test") for line in lines)}
        at = next((i for i, line in enumerate(lines) if FAILED.search(line)), len(lines))
        failed = {name for name in names if name in {line.strip() for line in lines[at:]}}
        unstarted = sorted(set(names) - started)
        problems = (f"never started: {', '.join(unstarted)}",) if unstarted else ()
        return Verdict(len(started - failed), len(failed) + len(unstarted), problems)

    return verdict


def test_estate(stage: Stage) -> None:
    """The servers themselves: what the modules are tried against has to behave."""
    arguments = ["-m", "pytest", "-p", "no:cacheprovider", "--verbose", "--no-header", str(ROOT / "tests" / "estate")]
    # What takes long is left to whoever asks for this stage alone: targets that use those servers would fail, too.
    arguments += ["-m", "not long"] if os.environ.get("TENANTRY_ALL_STAGES") else []
    environment = SERVERS.environment(PY_COLORS="0")
    stage.check("the estate", [str(SERVERS.python), *arguments], env=environment, judge=pytest_summaries)


def main() -> int:
    """Bring up the estate, run the targets."""
    stage = Stage("integration")
    estate = estate_access.up(stage, "data")
    if estate is None:
        return stage.finish()
    chosen = sys.argv[1:]
    if not chosen:
        test_estate(stage)
    core = SERVERS
    copy(core)
    prepare_home(core)
    configure(core, estate)
    names = targets(core, chosen, stage)
    if names:
        command = [core.tool("ansible-test"), "integration", "--local", "--allow-destructive", "--continue-on-error"]
        stage.check(
            f"{len(names)} targets on ansible-core {core.version()}",
            [*command, "--color", "no", *names],
            cwd=core.collection,
            env=environment(core),
            judge=judge(names),
        )
    else:
        stage.call("targets", lambda: ["tests/integration/targets holds no target"])
    return stage.finish()


if __name__ == "__main__":
    sys.exit(main())
