# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role backup on a controller with a real systemd, as its life goes: in the order of this file."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from controller import LOG, TEXTFILES, USER

UNITS = Path("/etc/systemd/system")
JOBS = ("backup", "status", "verify", "prune", "drill", "database")
REPORTS = Path("/var/lib/tenantry/backup-status/eu-west")
SCRIPT = Path("/usr/local/lib/tenantry/playbook-timer-run")


def unit(job, kind="service"):
    return f"tenantry-backup-{job}-eu-west.{kind}"


def timers(controller, *arguments, **changes):
    """Run the role; its output."""
    changes.setdefault("backup_database_repositories", ["disk"])
    return controller.set_up("backup_timers", controller.settings("backup", **changes), *arguments)


def changed(said):
    return "changed=0" not in said


def ran(controller, job):
    """Let systemd run a job once; what it told of its end."""
    controller.need("systemctl", "start", unit(job))
    name = f'tenantry_backup_run_exit_code{{fleet="eu-west",playbook="{job if job != "status" else "backups"}"}}'
    return controller.metrics()[name]


@pytest.mark.long
def test_a_check_of_the_role_changes_nothing(controller):
    assert changed(timers(controller, "--check", "--diff"))
    assert not controller.exists(UNITS / unit("backup"))


def test_every_timer_runs_and_a_second_run_of_the_role_changes_nothing(controller):
    assert changed(timers(controller))
    for job in JOBS:
        assert controller.need("systemctl", "is-active", unit(job, "timer")).strip() == "active"
        assert controller.need("systemctl", "is-enabled", unit(job, "timer")).strip() == "enabled"
    assert not changed(timers(controller))


def test_systemd_understands_every_line_of_the_units(controller):
    paths = [UNITS / unit(job, kind) for job in JOBS for kind in ("service", "timer")]
    verified = controller.run("systemd-analyze", "verify", *paths)
    ours = [line for line in verified.stderr.splitlines() if "tenantry-" in line and "man page" not in line.lower()]
    assert (verified.returncode, ours) == (0, [])


def test_secrets_are_roots_and_on_no_command_line(controller):
    for job in JOBS:
        file = f"/etc/tenantry/backup-{job}-eu-west.env"
        assert controller.need("stat", "--format=%U %a", file).strip() == "root 600"
        assert "pass word" not in controller.need("cat", UNITS / unit(job))


def test_what_is_due_is_made_and_how_it_stands_is_told_to_prometheus(controller):
    assert ran(controller, "backup") == 0, controller.need("cat", LOG)
    assert "Backups: nothing to make" in controller.need("cat", LOG)
    assert ran(controller, "status") == 0, controller.need("cat", LOG)
    metrics = controller.metrics()
    assert metrics['tenantry_backup_run_reported{fleet="eu-west",playbook="backups"}'] == 1
    assert metrics['tenantry_backup_check_timestamp_seconds{fleet="eu-west"}'] > 0
    assert metrics['tenantry_backup_tenants{fleet="eu-west",status="stale"}'] == 0
    shown = controller.need("stat", "--format=%U", REPORTS / "tenantry_backup.prom", REPORTS)
    assert shown.split() == [USER, USER]
    text = controller.need("sh", "-c", f"cat {TEXTFILES}/tenantry_backup*.prom")
    checked = [os.environ["TENANTRY_PROMTOOL"], "check", "metrics"]
    done = subprocess.run(checked, input=text, capture_output=True, text=True, check=False)
    # Several runs tell the same of themselves, each in a file of its own.
    assert [
        line for line in (done.stdout + done.stderr).splitlines() if "HELP" not in line and "TYPE" not in line
    ] == []


@pytest.mark.long
def test_a_time_that_systemd_does_not_know_is_refused_by_the_name_of_its_variable(controller):
    with pytest.raises(AssertionError) as refused:
        timers(controller, backup_prune_on_calendar="now and then")
    assert "backup_prune_on_calendar is" in str(refused.value)


@pytest.mark.long
def test_a_job_without_a_time_goes_and_the_others_stay(controller):
    assert changed(timers(controller, backup_drill_on_calendar=""))
    assert not controller.exists(UNITS / unit("drill"))
    assert controller.need("systemctl", "is-active", unit("backup", "timer")).strip() == "active"
    assert controller.exists(REPORTS / "tenantry_backup.prom")


def test_absent_removes_all_and_absent_again_changes_nothing(controller):
    assert changed(timers(controller, backup_state="absent"))
    for job in JOBS:
        assert not controller.exists(UNITS / unit(job))
        assert not controller.exists(UNITS / "timers.target.wants" / unit(job, "timer"))
        assert not controller.exists(TEXTFILES / f"tenantry_backup_{job}_eu-west_run.prom")
        assert not controller.exists(Path(f"/etc/tenantry/backup-{job}-eu-west.env"))
    assert not controller.exists(REPORTS)
    assert not controller.exists(SCRIPT)
    assert not changed(timers(controller, backup_state="absent"))
