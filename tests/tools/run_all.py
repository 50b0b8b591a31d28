# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``make test``: every stage; a failed one does not keep the others from being seen.

What reads files and what talks to servers run side by side: the second mostly waits. What a stage says stands in
``build/reports/stages``; here come the results of its checks, all of it when it failed, and how the failed checks
ended once more above the table. Standard library only, like what it imports: it starts before the virtual environments
exist. The last line is ``N passed, N failed``: tests where a stage can name them, else checks.
"""

from __future__ import annotations

import concurrent.futures
import json
import os
import subprocess
import sys
import threading
import time
import typing as t

from environments import ROOT
from places import REPORTS
from stage import ENDING

STAGES = REPORTS / "stages"
FIRST, SERVERS = "venv", "estate"
# The scenario and the faults have engines of their own, in machines of their own.
READING = ("lint", "units", "build", "sanity", "systemd", "molecule", "faults-slice")
TALKING = ("integration", "e2e")
COMMANDS = {"estate": [sys.executable, str(ROOT / "tests" / "estate" / "estate.py"), "up"]}

_printing = threading.Lock()


def say(text: str) -> None:
    """Whole lines, one stage at a time."""
    with _printing:
        print(text, flush=True)


def run(stage: str) -> dict[str, t.Any]:
    """One stage through its make target, as a person would call it."""
    report, log = STAGES / f"{stage}.json", STAGES / f"{stage}.log"
    report.unlink(missing_ok=True)
    say(f"=== {stage} begins")
    began = time.monotonic()
    command = COMMANDS.get(stage) or ["make", "--no-print-directory", stage]
    with log.open("wb") as stream:
        code = subprocess.run(
            command,
            cwd=ROOT,
            env={**os.environ, "TENANTRY_ALL_STAGES": "yes"},
            stdout=stream,
            stderr=subprocess.STDOUT,
            check=False,
        ).returncode
    seconds = time.monotonic() - began
    counts: dict[str, t.Any] = {"passed": 0 if code else 1, "failed": 0, "notes": [], "checks": []}
    if report.is_file():
        counts = json.loads(report.read_text(encoding="utf-8"))
    # A stage that died has no true report; one that ended badly without naming a failed test failed as a whole.
    failed = max(counts["failed"], 1 if code else 0)
    words = log.read_text(encoding="utf-8", errors="replace").rstrip()
    line = "=" * 100
    if failed:
        say(f"\n{line}\n=== {stage}\n{line}\n{words}")
    else:
        say("".join(f"    {check['title']}: {check['passed']} passed\n" for check in counts["checks"]).rstrip("\n"))
    say(f"=== {stage}: {'FAILED' if failed else 'ok'} in {seconds:.0f} s")
    endings = {check["title"]: check["ending"] for check in counts["checks"] if check["failed"]}
    if failed and not endings:
        endings = {"died": words.splitlines()[-ENDING:]}
    return {
        "stage": stage,
        "passed": counts["passed"],
        "failed": failed,
        "seconds": seconds,
        "notes": counts["notes"],
        "endings": endings,
    }


def run_each(stages: t.Sequence[str]) -> list[dict[str, t.Any]]:
    """One lane. Without servers the stages that need them still run, and say what is missing."""
    return [run(stage) for stage in stages]


def main() -> int:
    """Run all, print the table and the sum."""
    began = time.monotonic()
    STAGES.mkdir(parents=True, exist_ok=True)
    results = [run(FIRST)]
    if not results[0]["failed"]:
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            for lane in [pool.submit(run_each, stages) for stages in (READING, (SERVERS, *TALKING))]:
                results += lane.result()
    for result in results:
        for title, ending in result["endings"].items():
            print(f"\n--- how {result['stage']} ended: {title}", *ending, sep="\n")
    print(f"\n{'stage':<14}{'passed':>8}{'failed':>8}{'seconds':>9}", flush=True)
    for result in results:
        print(f"{result['stage']:<14}{result['passed']:>8}{result['failed']:>8}{result['seconds']:>9.0f}")
    print(f"{'in all':<41}{time.monotonic() - began:>6.0f}")
    for result in results:
        for note in result["notes"]:
            print(f"NOTE: {result['stage']}: {note}")
    passed, failed = (sum(result[key] for result in results) for key in ("passed", "failed"))
    print(f"{passed} passed, {failed} failed", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
