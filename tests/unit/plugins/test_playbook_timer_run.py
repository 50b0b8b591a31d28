# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The script of role playbook_timer that says how a run ended, as systemd calls it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[3] / "roles" / "playbook_timer" / "files" / "playbook_timer_run.py"
REPORT = '# TYPE tenantry_drift_ignored gauge\ntenantry_drift_ignored{fleet="eu"} 0\n'


class Watch:
    """Directories of a service, and the two calls around its check."""

    def __init__(self, root):
        self.runtime, self.reports, self.textfile = root / "run", root / "reports", root / "textfile"
        for directory in (self.runtime, self.reports, self.textfile):
            directory.mkdir()
        self.report = self.reports / "tenantry_drift.prom"
        self.arguments = [f"--report={self.report}"]

    def call(self, moment, **environment):
        """One call, with what systemd says about the check."""
        command = [sys.executable, str(SCRIPT), moment, "--metric=tenantry_drift", "--label=fleet=eu"]
        return subprocess.run(
            [*command, f"--textfile={self.textfile}/tenantry_drift_eu", *self.arguments],
            env={"RUNTIME_DIRECTORY": str(self.runtime), **environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )

    def end(self, result, code, status):
        """The end of a check; the metrics of the run by name."""
        ran = self.call("end", SERVICE_RESULT=result, EXIT_CODE=code, EXIT_STATUS=status)
        assert ran.returncode == 0, ran.stderr
        return self.metrics()

    def metrics(self):
        """By name without what is common to all."""
        lines = (self.textfile / "tenantry_drift_eu_run.prom").read_text().splitlines()
        samples = [line.split(" ") for line in lines if line[0] != "#"]
        return {
            name.removeprefix("tenantry_drift_run_").removesuffix('{fleet="eu"}'): float(value)
            for name, value in samples
        }


@pytest.fixture
def watch(tmp_path):
    return Watch(tmp_path)


@pytest.mark.parametrize(
    ("result", "code", "status", "expected"),
    [
        ("success", "exited", "0", 0),
        ("success", "exited", "2", 2),
        ("success", "exited", "4", 4),
        ("exit-code", "exited", "1", 1),
        ("signal", "killed", "KILL", 137),
        ("oom-kill", "killed", "KILL", 137),
        ("core-dump", "dumped", "SEGV", 139),
        ("timeout", "killed", "TERM", 124),
        ("timeout", "exited", "99", 124),
        ("resources", "", "", 255),
    ],
)
def test_how_a_run_ended_is_one_number_as_a_shell_gives_it(watch, result, code, status, expected):
    assert watch.call("begin").returncode == 0
    assert watch.end(result, code, status)["exit_code"] == expected


def test_when_it_ended_and_how_long_it_took_is_told(watch):
    assert watch.call("begin").returncode == 0
    before = os.stat(watch.runtime / "started").st_mtime
    told = watch.end("success", "exited", "0")
    assert set(told) == {"exit_code", "timestamp_seconds", "duration_seconds", "reported"}
    assert 0 <= told["timestamp_seconds"] - int(before) < 30
    assert 0 < told["duration_seconds"] < 30


def test_a_run_whose_beginning_is_lost_has_no_duration(watch):
    assert set(watch.end("success", "exited", "0")) == {"exit_code", "timestamp_seconds", "reported"}
    (watch.runtime / "started").write_text("rubbish")
    assert set(watch.end("success", "exited", "0")) == {"exit_code", "timestamp_seconds", "reported"}


def test_a_run_that_has_none_to_write_is_asked_for_no_report(watch):
    watch.arguments = []
    watch.call("begin")
    assert set(watch.end("success", "exited", "0")) == {"exit_code", "timestamp_seconds", "duration_seconds"}
    assert [path.name for path in watch.textfile.iterdir()] == ["tenantry_drift_eu_run.prom"]


def test_labels_are_quoted(watch):
    watch.arguments = ['--label=playbook=a"b\\c']
    assert watch.call("end").returncode == 0
    assert '{fleet="eu",playbook="a\\"b\\\\c"} 255' in (watch.textfile / "tenantry_drift_eu_run.prom").read_text()


def test_a_run_that_wrote_no_report_says_so_though_it_ended_well(watch):
    watch.report.write_text(REPORT)
    os.utime(watch.report, (1, 1))
    watch.call("begin")
    assert watch.end("success", "exited", "2")["reported"] == 0
    watch.call("begin")
    watch.report.write_text(REPORT)
    assert watch.end("success", "exited", "2")["reported"] == 1
    watch.report.unlink()
    assert watch.end("success", "exited", "2")["reported"] == 0


def test_what_the_check_found_is_published_for_everybody_to_read(watch):
    watch.report.write_text(REPORT)
    watch.report.chmod(0o600)
    watch.end("success", "exited", "2")
    published = watch.textfile / "tenantry_drift_eu.prom"
    assert published.read_text() == REPORT
    assert [path.stat().st_mode & 0o777 for path in sorted(watch.textfile.iterdir())] == [0o644, 0o644]
    assert sorted(path.name for path in watch.textfile.iterdir()) == [
        "tenantry_drift_eu.prom",
        "tenantry_drift_eu_run.prom",
    ]


def test_without_a_report_the_run_is_told_and_the_last_report_stays(watch):
    watch.report.write_text(REPORT)
    watch.end("success", "exited", "0")
    watch.report.unlink()
    assert watch.end("exit-code", "exited", "1")["exit_code"] == 1
    assert (watch.textfile / "tenantry_drift_eu.prom").read_text() == REPORT


@pytest.mark.parametrize("kind", ["link", "pipe", "directory", "second name"])
def test_root_publishes_no_file_that_the_user_put_in_place_of_the_report(watch, tmp_path, kind):
    secret = tmp_path / "shadow"
    secret.write_text("root:secret")
    make = {
        "link": lambda: watch.report.symlink_to(secret),
        "pipe": lambda: os.mkfifo(watch.report),
        "directory": watch.report.mkdir,
        "second name": lambda: os.link(secret, watch.report),
    }
    make[kind]()
    ran = watch.call("end", SERVICE_RESULT="success", EXIT_CODE="exited", EXIT_STATUS="0")
    assert ran.returncode != 0
    assert watch.metrics()["exit_code"] == 0
    assert [path.name for path in watch.textfile.iterdir()] == ["tenantry_drift_eu_run.prom"]


def test_a_directory_that_is_not_there_fails_the_unit_loudly(watch):
    watch.textfile.rmdir()
    ran = watch.call("end", SERVICE_RESULT="success", EXIT_CODE="exited", EXIT_STATUS="0")
    assert ran.returncode != 0
    assert str(watch.textfile) in ran.stderr
