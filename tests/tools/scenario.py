# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``make molecule``: the scenario below extensions/molecule, guarded against passing with nothing done.

Molecule that finds no platform matches no host in any step and reports success. So the scenario runs from the root of
the collection, where molecule finds it, and its output must show that hosts did something and tests ran.
"""

from __future__ import annotations

import re
import sys

import estate_access
from machine import need
from places import SERVERS
from stage import Stage, Verdict, pytest_summaries
from tree import copy

SCENARIO = "default"
STEP_DONE = re.compile(rf"\[{SCENARIO} > (\w+)\] Executed: Successful")
RECAP = re.compile(r"^(\S+)\s+: ok=([1-9]\d*)\s")
# In these steps plays must have reached a machine; `verify` is looked at by its tests.
ON_HOSTS = ("converge", "idempotence")
# What the scenario calls on this machine.
COMMANDS = {"ssh": "openssh-client", "ssh-keygen": "openssh-client", "openssl": "openssl"}


def hosts_by_step(lines: list[str]) -> dict[str, set[str]]:
    """For each step that ended well, the hosts on which a task succeeded."""
    steps: dict[str, set[str]] = {}
    hosts: set[str] = set()
    for line in lines:
        if found := RECAP.search(line):
            hosts.add(found.group(1))
        if found := STEP_DONE.search(line):
            steps[found.group(1)] = hosts
            hosts = set()
    return steps


def judge(lines: list[str]) -> Verdict:
    """Counts the testinfra tests, and wants to see hosts in each step."""
    tests = pytest_summaries(lines)
    steps = hosts_by_step(lines)
    problems = [f"step {step} did not end well" for step in (*ON_HOSTS, "verify") if step not in steps]
    problems += [f"step {step} reached no host" for step in ON_HOSTS if not steps.get(step, {"?"}) - {"localhost"}]
    return Verdict(tests.passed, tests.failed, (*problems, *tests.problems))


def main() -> int:
    """Bring up the estate, run the scenario."""
    stage = Stage("molecule")
    if estate_access.up(stage) is None:
        return stage.finish()
    collection = copy(SERVERS)
    if not (collection / "extensions" / "molecule" / SCENARIO / "molecule.yml").is_file():
        stage.call("scenario", lambda: [f"extensions/molecule/{SCENARIO}/molecule.yml is not there"])
        return stage.finish()
    need(COMMANDS)
    environment = SERVERS.environment(PY_COLORS="0", ANSIBLE_FORCE_COLOR="0")
    command = [SERVERS.tool("molecule"), "test", "--scenario-name", SCENARIO]
    stage.check(f"scenario {SCENARIO}", command, collection, environment, judge)
    return stage.finish()


if __name__ == "__main__":
    sys.exit(main())
