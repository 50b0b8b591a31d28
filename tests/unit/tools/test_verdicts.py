# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stages of `make test` must not call anything passed that did not run."""

from __future__ import annotations

from pathlib import Path

import pytest

TOOLS = Path(__file__).resolve().parents[2] / "tools"


@pytest.fixture(autouse=True)
def tools(monkeypatch: pytest.MonkeyPatch) -> None:
    """The scripts import each other by their bare names."""
    monkeypatch.syspath_prepend(str(TOOLS))


def write(path: Path, *cases: str) -> Path:
    """A junit file with these test cases."""
    path.write_text(f"<testsuites><testsuite>{''.join(cases)}</testsuite></testsuites>", encoding="utf-8")
    return path


def test_passed_failed_and_skipped_unit_tests_are_told_apart(tmp_path: Path) -> None:
    import stage

    good = '<testcase classname="tests.a" name="b"/>'
    bad = '<testcase classname="tests.a" name="c"><failure/></testcase>'
    skipped = '<testcase classname="tests.a" name="d"><skipped/></testcase>'
    verdict = stage.junit([write(tmp_path / "a.xml", good, bad), write(tmp_path / "b.xml", skipped)])
    assert (verdict.passed, verdict.failed, verdict.problems) == (1, 2, ())


def test_a_sanity_test_that_found_no_file_of_its_kind_is_not_counted(tmp_path: Path) -> None:
    import stage

    cases = (
        '<testcase classname="sanity" name="pslint"><skipped/></testcase>',
        '<testcase classname="sanity" name="pep8"/>',
    )
    verdict = stage.junit([write(tmp_path / "a.xml", *cases)])
    assert (verdict.passed, verdict.failed) == (1, 0)


def test_a_run_without_any_test_is_a_problem(tmp_path: Path) -> None:
    import stage

    assert stage.junit([]).problems == ("no test ran",)
    assert stage.junit([write(tmp_path / "a.xml")]).problems == ("no test ran",)


NODE = "node1                      : ok=50   changed=0    unreachable=0    failed=0"
LOCALHOST = "localhost                  : ok=50   changed=0    unreachable=0    failed=0"
TESTS = "============= 12 passed in 3.21s ============="


def molecule(*steps: tuple[str, str]) -> list[str]:
    """Output of molecule: what each step printed, and that it was successful."""
    return [line for step, words in steps for line in (words, f"INFO     [default > {step}] Executed: Successful")]


def test_a_scenario_passes_when_every_step_had_hosts_and_testinfra_tests_passed() -> None:
    import scenario

    verdict = scenario.judge(molecule(("converge", NODE), ("idempotence", NODE), ("verify", TESTS)))
    assert (verdict.passed, verdict.failed, verdict.problems) == (12, 0, ())


def test_a_scenario_that_reached_no_host_is_a_problem_although_molecule_says_successful() -> None:
    import scenario

    lines = molecule(("converge", "skipping: no hosts matched"), ("idempotence", LOCALHOST), ("verify", TESTS))
    assert scenario.judge(lines).problems == ("step converge reached no host", "step idempotence reached no host")


def test_a_scenario_without_idempotence_or_tests_is_a_problem() -> None:
    import scenario

    verdict = scenario.judge(molecule(("converge", NODE), ("verify", "no tests ran")))
    assert verdict.problems == ("step idempotence did not end well", "pytest ran no test")


def test_failed_and_skipped_testinfra_tests_are_counted() -> None:
    import scenario

    verdict = scenario.judge(["=== 1 failed, 11 passed, 1 skipped in 3.21s ==="])
    assert (verdict.passed, verdict.failed) == (11, 2)


RUNNING = ["Running one integration test role", "Running two integration test role"]


def test_an_integration_target_passes_when_it_ran_and_is_not_listed_as_failed() -> None:
    import integration

    listed = "FATAL: The 1 integration test(s) listed below (out of 2) failed. See error output above for details:"
    verdict = integration.judge(["one", "two"])([*RUNNING, listed, "two"])
    assert (verdict.passed, verdict.failed, verdict.problems) == (1, 1, ())


def test_an_integration_target_that_never_started_did_not_pass() -> None:
    import integration

    verdict = integration.judge(["one", "two"])(RUNNING[:1])
    assert (verdict.passed, verdict.failed, verdict.problems) == (1, 1, ("never started: two",))
