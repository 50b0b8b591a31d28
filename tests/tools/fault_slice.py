# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``make faults-slice``: a few cases of ``make faults``, at random, other ones each time."""

from __future__ import annotations

import os
import re
import sys

import estate_access
from machine import privileged
from places import NEWEST, ROOT
from stage import Stage, Verdict

CASES = 3
CASE = re.compile(r" s  \d+/\d+ \S+: (ok|FAILED) ")
SEED = re.compile(r"SEED=\d+")


def main() -> int:
    """Take them, and say which."""
    stage = Stage("faults-slice")
    if estate_access.up(stage) is None:
        return stage.finish()
    seeds: list[str] = []

    def judge(lines: list[str]) -> Verdict:
        found = [match.group(1) for match in map(CASE.search, lines) if match]
        seeds.extend(match.group() for match in map(SEED.search, lines) if match)
        return Verdict(found.count("ok"), found.count("FAILED"), () if found else ("no case was taken",))

    settings = {"SLICE": str(CASES), "FRESH": "1", "SEED": os.environ.get("SEED", "")}
    given = NEWEST.environment(**settings)
    words = [f"{name}={given[name]}" for name in (*settings, "PATH", "ANSIBLE_COLLECTIONS_PATH", "LC_ALL")]
    command = privileged(["env", *words, str(NEWEST.python), str(ROOT / "tests" / "faults" / "faults.py")])
    if command is None:
        stage.call(
            "faults", lambda: ["it kills processes of a container: run it as root, or have sudo without a password"]
        )
        return stage.finish()
    stage.check("faults", command, env=given, judge=judge)
    stage.note(f"the same cases again: make faults SLICE={CASES} FRESH=1 {' '.join(seeds)}")
    return stage.finish()


if __name__ == "__main__":
    sys.exit(main())
