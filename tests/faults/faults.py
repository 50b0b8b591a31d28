# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``make faults``: every fault at every step of every move, and what was left of it.

``CASES=upgrade:*:controller`` chooses, ``SHARD=2/4`` takes the second quarter, ``SLICE=6`` takes six of one move at
random (``SEED=7`` the same ones again), ``FRESH=1`` forgets what earlier runs did, ``KEEP=1`` leaves the node for the
next run. What passed is not tried again. The steps come from undisturbed moves, so that a new one is in the matrix as
soon as it is in the role. It needs root.
"""

from __future__ import annotations

import os
import random
import sys
import time
import traceback
import typing as t
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "tools"))

import figures  # noqa: E402  # found through the line above
import machine  # noqa: E402
import proofs  # noqa: E402
from environments import BUILD  # noqa: E402
from matrix import BEGIN, Case, Result, Results, chosen, matrix  # noqa: E402
from moves import MOVES, Ends, Move  # noqa: E402
from node import Node  # noqa: E402
from over_ssh import wait_for  # noqa: E402
from strikes import FAULTS, Scene, restore  # noqa: E402
from tenancy import Tenancy  # noqa: E402
from watch import Prober  # noqa: E402

STATE = BUILD / "faults"
#: What a killed run left working on the node comes to its end within this time.
QUIET_SECONDS = 200.0
SERVERS_SECONDS = 60.0
NOTHING = "Nothing is to be done"
#: Moves whose users must not notice, whatever happens to whoever makes them.
UNNOTICED = ("upgrade", "rollback")

began = time.monotonic()


def say(text: str) -> None:
    """A line of progress."""
    print(f"{time.monotonic() - began:6.0f} s  {text}", flush=True)


class Trial:
    """A tenant on which moves are made, with and without faults.

    :ivar footprints: of each move, before and after an undisturbed one.
    """

    def __init__(self, tenancy: Tenancy) -> None:
        self.tenancy = tenancy
        self.footprints: dict[str, tuple[proofs.Footprint, proofs.Footprint]] = {}

    def rehearse(self, moves: t.Iterable[str]) -> dict[str, list[str]]:
        """Make these moves undisturbed; their steps.

        :raises RuntimeError: when one does not end well.
        """
        steps: dict[str, list[str]] = {}
        for name in moves:
            move = MOVES[name]
            ends = self._prepare(move)
            before = proofs.footprint(self.tenancy)
            after = self.tenancy.last_sequence()
            playbook, *arguments = move.command(ends)
            run = self.tenancy.must(playbook, *arguments)
            # The journal of a tenant that was removed is gone with it; the ledger has the same steps.
            rows = self.tenancy.sql(
                "SELECT s.name FROM operation_steps s JOIN operations o ON o.id = s.operation "
                "WHERE o.sequence > ? ORDER BY o.sequence, s.position",
                after,
            )
            steps[name] = list(dict.fromkeys(row[0] for row in rows))
            problems = proofs.served(self.tenancy, Ends(ends.new, ends.new))
            if problems or not steps[name]:
                raise RuntimeError(f"{name}, undisturbed: {problems or 'no steps'}\n{run.text}")
            self.footprints[name] = (before, proofs.footprint(self.tenancy))
            say(f"{name}: {', '.join(steps[name])}")
        return steps

    def take(self, case: Case) -> Result:
        """One case from its beginning to its proof."""
        started = time.monotonic()
        told = ""
        problems: list[str] = []
        try:
            told, problems = self._take(case)
        except Exception as error:
            problems = [f"the trial itself: {''.join(traceback.format_exception_only(type(error), error)).strip()}"]
        return Result(case.name, tuple(problems), round(time.monotonic() - started, 1), told)

    def _take(self, case: Case) -> tuple[str, list[str]]:
        tenancy, move, fault = self.tenancy, MOVES[case.move], FAULTS[case.fault]
        ends = self._prepare(move)
        after, before = tenancy.last_sequence(), tenancy.journal.read().get("operation")
        scene = Scene(tenancy.node, tenancy.database, tenancy.control)
        playbook, *arguments = move.command(ends)
        told = ""
        with Prober(tenancy.status) as prober:
            try:
                if case.step == BEGIN:
                    told = fault.strike(scene)
                scene.process = tenancy.start(playbook, *arguments)
                if case.step != BEGIN and tenancy.journal.reached(case.step, before, scene.process):
                    told = fault.strike(scene)
                run = tenancy.ended(scene.process)
            finally:
                if told:
                    fault.mend(scene)
            wait_for(lambda: proofs.is_quiet(tenancy), QUIET_SECONDS, "the end of what the run left working")
            wait_for(
                lambda: proofs.servers_answer(tenancy), SERVERS_SECONDS, "an answer of engine, proxy and name server"
            )
            problems = proofs.served(tenancy, ends)
            serves = tenancy.version()
            wanted = ends.new if not move.holds or tenancy.held(move.holds) is not None else ends.old
            until = tenancy.last_sequence()
            plain = tenancy.play("deploy")
        told = told or "the run ended before the step"
        told += f"; the run ended with {run.code}, users got {serves}, wanted was {wanted}"
        self._keep_logs(case, run.text, plain.text)
        if plain.code:
            problems.append(f"the next plain run ended with {plain.code}: {plain.why}")
        again = tenancy.play("deploy")
        if again.code or NOTHING not in again.text:
            problems.append(f"a second plain run ended with {again.code} and found something to do")
            self._keep_logs(case, run.text, plain.text, again.text)
        problems += proofs.converged(tenancy, wanted)
        problems += proofs.ledger(tenancy, after, until, run.code, ends, serves)
        old, new = self.footprints[case.move]
        problems += proofs.footprint(tenancy).differences(new if wanted == ends.new else old)
        if not problems and move.holds != "release":  # what is replayed differs from what would be made new
            tenancy.converged = "active" if wanted else {"remove": "removed"}.get(case.move, "")
        if case.move in UNNOTICED and prober.lost and not fault.loses:
            problems.append(f"users lost {len(prober.lost)} of {len(prober.answers)} requests: {prober.lost[:3]}")
        return told, problems

    def _prepare(self, move: Move) -> Ends:
        ends = move.prepare(self.tenancy)
        self.tenancy.converged = ""
        return ends

    @staticmethod
    def _keep_logs(case: Case, *texts: str) -> None:
        folder = STATE / "logs"
        folder.mkdir(exist_ok=True)
        (folder / f"{case.name}.log").write_text("\n\n########\n\n".join(texts), encoding="utf-8")


def report(cases: t.Sequence[Case], results: t.Mapping[str, Result]) -> int:
    """Table of the faults, what failed, and the figures; the exit code."""
    print(f"\n{'fault':<12}{'cases':>7}{'tried':>7}{'failed':>8}")
    for fault in FAULTS:
        names = [case.name for case in cases if case.fault == fault]
        tried = [results[name] for name in names if name in results]
        if names:
            print(f"{fault:<12}{len(names):>7}{len(tried):>7}{sum(bool(one.problems) for one in tried):>8}")
    tried = [results[case.name] for case in cases if case.name in results]
    for result in tried:
        for problem in result.problems:
            print(f"FAILED  {result.case}: {problem}")
    failed = sum(bool(one.problems) for one in tried)
    found = [
        figures.Figure("fault_cases", len(tried), "cases", f">= {len(cases)}"),
        figures.Figure("fault_cases_failed", failed, "cases", "== 0"),
    ]
    return figures.finish("faults", found)


def main() -> int:
    """Make the node, rehearse, and take the cases."""
    if os.geteuid() != 0:
        print("faults: it kills processes of another machine's container: run it as root", file=sys.stderr)
        return 2
    settings = os.environ.get
    if settings("FRESH"):
        (STATE.parent / "faults-results.jsonl").unlink(missing_ok=True)
    seed = int(settings("SEED") or random.SystemRandom().randrange(1_000_000))
    machine.need({"openssl": "openssl", "ssh": "openssh-client", "dig": "dnsutils", "nsenter": "util-linux"})
    tenancy = Tenancy(STATE, Node())
    results = Results(STATE.parent / "faults-results.jsonl")
    try:
        say("the node")
        tenancy.prepare()
        restore(Scene(tenancy.node, tenancy.database, tenancy.control))
        trial = Trial(tenancy)
        size = int(settings("SLICE") or 0)
        # Each move is rehearsed first, which takes as long as a case.
        moves = [random.Random(seed).choice(list(MOVES))] if size else list(MOVES)
        lasting = [name for name, fault in FAULTS.items() if fault.lasts]
        everything = matrix(trial.rehearse(moves), list(FAULTS), lasting)
        cases = chosen(everything, settings("CASES") or "*", settings("SHARD") or "1/1", size, seed)
        say(f"{len(cases)} of {len(everything)} cases" + (f", by SEED={seed}" if size else ""))
        done = results.read()
        for number, case in enumerate(cases, 1):
            if case.name in done and not done[case.name].problems:
                continue
            result = trial.take(case)
            results.add(result)
            ending = "FAILED" if result.problems else "ok"
            say(f"{number}/{len(cases)} {case.name}: {ending} ({result.seconds:.0f} s, {result.told})")
            for problem in result.problems:
                say(f"    {problem}")
        return report(cases, results.read())
    finally:
        if not settings("KEEP"):
            tenancy.remove()


if __name__ == "__main__":
    sys.exit(main())
