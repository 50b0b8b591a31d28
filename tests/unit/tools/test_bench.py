# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `make bench` makes of its measurements."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def tools(monkeypatch: pytest.MonkeyPatch) -> None:
    """The scripts import each other by their bare names."""
    monkeypatch.syspath_prepend(str(TESTS / "tools"))
    monkeypatch.syspath_prepend(str(TESTS / "bench"))


def test_one_slow_run_among_several_changes_nothing() -> None:
    import cpu

    assert cpu.Samples((2.0, 9.0, 1.9)).median == 2.0
    assert cpu.Samples((1.0, 2.0)).median == 1.5


def test_what_a_run_costs_without_tenants_is_no_part_of_a_tenant() -> None:
    import cpu

    few, many = cpu.Samples((1.5 + 20 * 0.004,)), cpu.Samples((1.5 + 100 * 0.004,))
    each = cpu.marginal(few, many, 80)
    assert each == pytest.approx(0.004)
    assert cpu.fixed(few, 20, each) == pytest.approx(1.5)


BURN = "import time\nend = time.process_time() + 0.3\nwhile time.process_time() < end: pass\n"


@pytest.fixture
def environment() -> dict[str, str]:
    """That of the test."""
    return dict(os.environ)


@pytest.mark.parametrize("inner", ["subprocess.run", "subprocess.Popen"], ids=["waited for", "left behind"])
def test_the_cpu_of_grandchildren_counts_also_when_nobody_waited_for_them(
    tmp_path: Path, environment: dict[str, str], inner: str
) -> None:
    code = f"import subprocess, sys; {inner}([sys.executable, '-c', {BURN!r}])"
    measured = (
        "import sys; from pathlib import Path; import cpu; cpu.adopt_orphans();"
        f"print(cpu.measure([sys.executable, '-c', {code!r}], {{}}, Path(sys.argv[1]))[0])"
    )
    import subprocess

    # In a process of its own, which then has no other children.
    path = {**environment, "PYTHONPATH": str(TESTS / "bench")}
    done = subprocess.run(
        [sys.executable, "-c", measured, str(tmp_path / "log")], env=path, capture_output=True, text=True, check=True
    )
    assert 0.3 <= float(done.stdout) < 1.5


def test_a_command_that_fails_is_never_a_measurement(tmp_path: Path, environment: dict[str, str]) -> None:
    import cpu

    with pytest.raises(cpu.MeasureError, match=r"ended with 3; it printed .*\nfor this reason"):
        cpu.measure(
            [sys.executable, "-c", "print('for this reason'); raise SystemExit(3)"], environment, tmp_path / "log"
        )


@pytest.mark.parametrize(("core", "package"), [("2.16.14", "ansible==9.*"), ("2.21.5", "ansible==14.*")])
def test_the_obvious_playbook_gets_the_modules_that_belong_to_the_ansible_core(core: str, package: str) -> None:
    import obvious_playbook

    assert obvious_playbook.package_of(core) == package
