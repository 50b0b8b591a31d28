# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``make test``: every stage, cheap ones first; a failed stage does not keep the others from being seen.

Standard library only, like what it imports: it starts before the virtual environments exist. The last line is
``N passed, N failed``: tests where a stage can name them, else checks.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
import typing as t

from environments import ROOT
from places import REPORTS

# Building images is mostly waiting for packages: it goes on beside the stages that read files.
ESTATE = ROOT / "tests" / "estate" / "estate.py"
NEEDS_ESTATE = "integration"
STAGES = ("venv", "lint", "units", "build", "sanity", "integration", "molecule", "e2e")


def run(stage: str) -> dict[str, t.Any]:
    """One stage through its make target, as a person would call it."""
    print(f"\n{'=' * 100}\n=== {stage}\n{'=' * 100}", flush=True)
    report = REPORTS / "stages" / f"{stage}.json"
    report.unlink(missing_ok=True)
    began = time.monotonic()
    code = subprocess.run(["make", "--no-print-directory", stage], cwd=ROOT, check=False).returncode
    seconds = time.monotonic() - began
    counts: dict[str, t.Any] = {"passed": 0 if code else 1, "failed": 0, "notes": []}
    if report.is_file():
        counts = json.loads(report.read_text(encoding="utf-8"))
    # A stage that died has no true report; one that ended badly without naming a failed test failed as a whole.
    failed = max(counts["failed"], 1 if code else 0)
    print(f"=== {stage}: {'ok' if not failed else 'FAILED'} in {seconds:.0f} s", flush=True)
    return {"stage": stage, "passed": counts["passed"], "failed": failed, "seconds": seconds, "notes": counts["notes"]}


def begin() -> subprocess.Popen[bytes]:
    """Start to bring up the estate; what it says goes to a file."""
    REPORTS.mkdir(parents=True, exist_ok=True)
    with (REPORTS / "estate-up.log").open("wb") as log:
        return subprocess.Popen([sys.executable, str(ESTATE), "up"], cwd=ROOT, stdout=log, stderr=subprocess.STDOUT)


def finish(estate: subprocess.Popen[bytes]) -> None:
    """Wait for the estate and show what it said. Whether it is up is a check of the stages that need it."""
    estate.wait()
    print((REPORTS / "estate-up.log").read_text(encoding="utf-8", errors="replace"), end="", flush=True)


def main() -> int:
    """Run all, print the table and the sum."""
    began = time.monotonic()
    results = []
    estate = None
    for stage in STAGES:
        if stage == NEEDS_ESTATE and estate:
            finish(estate)
        results.append(run(stage))
        if stage == "venv" and results[-1]["failed"]:
            break
        estate = estate or begin()
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
