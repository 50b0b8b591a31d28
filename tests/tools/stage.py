# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stage of the test run: named checks, each with a headed line, a result and a duration, counted truly."""

from __future__ import annotations

import dataclasses
import json
import re
import subprocess
import time
import typing as t
from pathlib import Path
from xml.etree import ElementTree

from places import REPORTS, ROOT

# So many last lines of a failed check are shown once more at the end of everything.
ENDING = 40
PYTEST_SUMMARY = re.compile(r"\b\d+ \w+\b.* in [0-9.]+s")
PYTEST_COUNT = re.compile(r"\b(\d+) (passed|failed|errors?|skipped|xfailed|xpassed)\b")


@dataclasses.dataclass(frozen=True)
class Verdict:
    """What a check consists of: tests that passed, tests that failed, and what is wrong besides."""

    passed: int = 0
    failed: int = 0
    problems: tuple[str, ...] = ()


class Stage:
    """Runs checks one after the other, and remembers how each ended."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.began = time.monotonic()
        self.results: list[dict[str, t.Any]] = []
        self.notes: list[str] = []
        self.report = REPORTS / "stages" / f"{name}.json"
        self.report.unlink(missing_ok=True)

    def note(self, message: str) -> None:
        """Something that the reader has to know although nothing failed; repeated at the end."""
        self.notes.append(message)
        print(f"NOTE: {message}", flush=True)

    def check(
        self,
        title: str,
        argv: t.Sequence[str],
        cwd: Path = ROOT,
        env: dict[str, str] | None = None,
        judge: t.Callable[[list[str]], Verdict] | None = None,
    ) -> bool:
        """Run a command whose output everybody may read.

        :param judge: reads the output (or files that the command wrote) and says which tests ran and what is wrong
            although the exit code may be 0; without it the command is one test.
        """
        print(f"\n--- {self.name}: {title}", flush=True)
        began = time.monotonic()
        process = subprocess.Popen(
            list(argv),
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        lines = []
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="", flush=True)
            lines.append(line.rstrip("\n"))
        passed = process.wait() == 0
        verdict = judge(lines) if judge else Verdict()
        for problem in verdict.problems if passed else []:
            print(f"{problem}: this counts as a failure", flush=True)
        self.add(title, passed and not verdict.problems, time.monotonic() - began, verdict, lines)
        return passed and not verdict.problems

    def call(self, title: str, function: t.Callable[[], t.Iterable[str]]) -> bool:
        """Run a check written in Python: every string it yields is a finding."""
        print(f"\n--- {self.name}: {title}", flush=True)
        began = time.monotonic()
        findings = list(function())
        for finding in findings:
            print(finding, flush=True)
        self.add(title, not findings, time.monotonic() - began, lines=findings)
        return not findings

    def add(
        self,
        title: str,
        passed: bool,
        seconds: float,
        verdict: Verdict | None = None,
        lines: t.Sequence[str] = (),
    ) -> None:
        """Note a result, and the last of a failed check's lines; a check that cannot name its tests counts as one."""
        verdict = verdict or Verdict()
        failed = max(verdict.failed, 0 if passed else 1)
        good = verdict.passed if verdict.passed + verdict.failed else int(passed)
        result: dict[str, t.Any] = {"title": title, "passed": good, "failed": failed, "seconds": round(seconds, 1)}
        if failed:
            result["ending"] = list(lines[-ENDING:])
        self.results.append(result)
        print(f"--- {self.name}: {title}: {'ok' if passed else 'FAILED'} ({seconds:.1f} s)", flush=True)

    def finish(self) -> int:
        """Print the sum, write it for ``make test``, and return the exit code."""
        passed = sum(result["passed"] for result in self.results)
        failed = sum(result["failed"] for result in self.results)
        if not self.results:
            failed = 1
            print(f"{self.name}: nothing ran", flush=True)
        seconds = round(time.monotonic() - self.began, 1)
        self.report.parent.mkdir(parents=True, exist_ok=True)
        report = {"passed": passed, "failed": failed, "seconds": seconds, "notes": self.notes, "checks": self.results}
        self.report.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
        for result in self.results:
            if result["failed"]:
                print(f"{self.name}: FAILED: {result['title']}", flush=True)
        for message in self.notes:
            print(f"{self.name}: NOTE: {message}", flush=True)
        print(f"{self.name}: {passed} passed, {failed} failed ({seconds:.0f} s)", flush=True)
        return 1 if failed else 0


def junit(paths: t.Iterable[Path]) -> Verdict:
    """The test cases in junit files.

    A skipped unit test did not pass: this collection has none, and one that appears must be seen. What ansible-test
    sanity skips is not counted at all: it names each kind of check that found no file of its kind.
    """
    passed = failed = 0
    for path in paths:
        for case in ElementTree.parse(path).getroot().iter("testcase"):
            skipped = case.find("skipped") is not None
            if skipped and case.get("classname") == "sanity":
                continue
            bad = skipped or any(case.find(tag) is not None for tag in ("failure", "error"))
            failed += bad
            passed += not bad
    return Verdict(passed, failed, () if passed + failed else ("no test ran",))


def pytest_summaries(lines: t.Iterable[str]) -> Verdict:
    """The sums of every pytest run in an output; what was skipped or expected to fail did not pass."""
    counts = [found for line in lines if PYTEST_SUMMARY.search(line) for found in PYTEST_COUNT.findall(line)]
    passed = sum(int(count) for count, kind in counts if kind == "passed")
    failed = sum(int(count) for count, kind in counts if kind != "passed")
    return Verdict(passed, failed, () if passed + failed else ("pytest ran no test",))
