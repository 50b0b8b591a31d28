# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role drift_watch on a controller with a real systemd, as its life goes: in the order of this file."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from controller import HOME, LOG, REPORTS, SECRET, SERVICE, TEXTFILES, USER

from ansible_collections.tenantry.platform.plugins.plugin_utils.render import systemd

UNITS = Path("/etc/systemd/system")
TIMER = "tenantry-drift-eu-west.timer"


def changed(said: str) -> bool:
    return "changed=0" not in said


def test_a_check_of_the_role_changes_nothing(controller):
    assert changed(controller.watch("--check", "--diff"))
    assert not controller.exists(UNITS / SERVICE)
    assert not controller.exists(Path("/etc/tenantry/drift-eu-west.env"))


def test_the_timer_runs_and_a_second_run_of_the_role_changes_nothing(controller):
    assert changed(controller.watch())
    assert controller.need("systemctl", "is-active", TIMER).strip() == "active"
    assert controller.need("systemctl", "is-enabled", TIMER).strip() == "enabled"
    assert not changed(controller.watch())
    assert not changed(controller.watch("--check"))


def test_systemd_understands_every_line_of_the_units(controller):
    ran = controller.run("systemd-analyze", "verify", UNITS / SERVICE, UNITS / TIMER)
    # Its own targets have no documentation, and the manual is no matter of ours.
    ours = [line for line in ran.stderr.splitlines() if "tenantry-drift" in line and "man page" not in line.lower()]
    assert (ran.returncode, ours) == (0, [])


def test_secrets_are_roots_and_on_no_command_line(controller):
    file = "/etc/tenantry/drift-eu-west.env"
    assert controller.need("stat", "--format=%U %a", file).strip() == "root 600"
    assert "pass word" not in controller.need("cat", UNITS / SERVICE)
    assert "pass word" not in controller.watch("--diff", drift_watch_randomized_delay=61)
    controller.watch()


def test_a_check_ends_and_its_metrics_reports_and_end_are_told(controller):
    # 4: an ordinary user may not ask the engine. That is an answer, and the unit has not failed.
    assert controller.check() == "success", controller.need("cat", LOG)
    assert controller.told("exit_code") == 4, controller.need("cat", LOG)
    assert controller.told("reported") == 1, controller.need("cat", LOG)
    assert 0 < controller.told("duration_seconds") < 300
    metrics = controller.metrics()
    assert metrics['tenantry_drift_check_success{fleet="eu-west"}'] == 0
    assert metrics['tenantry_drift_tenants{fleet="eu-west",status="unknown"}'] == 1
    report = json.loads(controller.need("cat", REPORTS / "drift.json"))
    assert (report["fleet"], report["exit"], list(report["tenants"])) == ("eu-west", 4, ["acme"])
    shown = controller.need("stat", "--format=%n %U %a", *(REPORTS / one for one in ("drift.json", "drift.html")))
    assert shown.split() == [str(REPORTS / "drift.json"), USER, "640", str(REPORTS / "drift.html"), USER, "640"]


def test_prometheus_takes_the_metrics_of_check_and_run(controller):
    text = controller.need("sh", "-c", f"cat {TEXTFILES}/*.prom")
    ran = subprocess.run(
        [os.environ["TENANTRY_PROMTOOL"], "check", "metrics"], input=text, capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stdout + ran.stderr) == (0, "")
    assert text.count("# TYPE tenantry_drift_") == 9
    assert controller.need("sh", "-c", f"stat --format='%U %a' {TEXTFILES}/*.prom").split("\n")[:2] == ["root 644"] * 2


def test_an_inventory_that_cannot_be_read_is_told_at_once_and_is_no_empty_fleet(controller):
    before = controller.metrics()['tenantry_drift_check_timestamp_seconds{fleet="eu-west"}']
    environment = {
        **json.loads(controller.settings())["drift_watch_environment"],
        "TENANTRY_DATABASE": "sqlite:////no/file",
    }
    controller.watch(drift_watch_environment=environment)
    assert controller.check() == "exit-code"
    assert controller.told("exit_code") == 1, controller.need("cat", LOG)
    assert controller.told("reported") == 0
    assert controller.metrics()['tenantry_drift_check_timestamp_seconds{fleet="eu-west"}'] == before


@pytest.mark.long
def test_an_inventory_without_tenants_is_no_answer(controller):
    controller.write(HOME / "empty", "localhost ansible_connection=local\n")
    controller.watch(drift_watch_inventories=[f"{HOME}/empty"])
    assert controller.check() == "success"
    assert (controller.told("exit_code"), controller.told("reported")) == (2, 0), controller.need("cat", LOG)


def slow(controller, seconds):
    """A check that takes this long: an inventory that is a program."""
    controller.write(HOME / "slow", f"#!/bin/sh\nsleep {seconds}\necho '{{}}'\n")
    controller.need("chmod", "755", HOME / "slow")
    return [f"{HOME}/slow"]


@pytest.mark.long
def test_a_check_that_takes_too_long_is_ended_and_told(controller):
    controller.watch(drift_watch_inventories=slow(controller, 120), drift_watch_timeout=4)
    assert controller.check() == "timeout"
    assert controller.told("exit_code") == 124
    assert controller.told("reported") == 0
    assert 3 < controller.told("duration_seconds") < 60


def test_a_check_that_is_killed_is_told_and_leaves_no_process(controller):
    controller.watch(drift_watch_inventories=slow(controller, 120))
    controller.run("systemctl", "reset-failed", SERVICE)
    controller.need("systemctl", "start", "--no-block", SERVICE)
    pid = ["systemctl", "show", "--property=MainPID", "--value", SERVICE]
    controller.wait(lambda: controller.need(*pid).strip() != "0", 20, "the check does not start")
    # A second start while one runs is the same run.
    first = controller.need(*pid)
    controller.need("systemctl", "start", "--no-block", SERVICE)
    assert controller.need(*pid) == first
    controller.need("systemctl", "kill", "--kill-who=main", "--signal=KILL", SERVICE)
    controller.wait(lambda: controller.result() == "signal", 70, "the check does not end")
    controller.wait(lambda: controller.told("exit_code") == 137, 20, "its end is not told")
    assert controller.run("pgrep", "--full", f"{HOME}/slow").returncode == 1


@pytest.mark.long
def test_the_sandbox_keeps_a_check_from_writing_anywhere_else(controller):
    places = "/etc/tenantry /usr /var/lib /srv /home/watcher /root /dev /run"
    tried = f"for path in {places}; do touch $path/tenantry-test && echo $path; done"
    controller.write(
        HOME / "curious", f"#!/bin/sh\n{{ {tried}; id -un; }} >{REPORTS}/curious 2>/dev/null\necho '{{}}'\n"
    )
    controller.need("chmod", "755", HOME / "curious")
    controller.watch()
    # Everybody may write there, but for the sandbox.
    controller.need("sh", "-c", "chmod 777 /etc/tenantry /home/watcher /run")
    controller.watch(drift_watch_inventories=[f"{HOME}/curious"])
    controller.check()
    assert controller.need("cat", REPORTS / "curious").split() == [USER]
    controller.need("rm", REPORTS / "curious")


HOSTILE = [
    "%h",
    "$HOME ${HOME}",
    "`id`",
    "'",
    '"',
    '\\" \\n \\',
    "; touch /run/owned",
    "",
    " a  b ",
    "{{ 1 }}",
    "é\u202e",
    "#",
]


@pytest.mark.long
def test_hostile_values_arrive_at_the_command_as_they_are(controller):
    show = "import json, os, sys; json.dump([sys.argv[1:], dict(os.environ)], open(sys.argv[1], 'w'))"
    controller.write(HOME / "show", f"#!/usr/bin/python3\n{show}\n")
    controller.need("chmod", "755", HOME / "show")
    out = "/run/shown"
    named = {f"WORD{i}": value for i, value in enumerate(HOSTILE)}
    service = {
        "Type": "oneshot",
        "Environment": named,
        "EnvironmentFile": "/run/hostile env%file",
        "ReadWritePaths": ["/run"],
        "ExecStart": [str(HOME / "show"), out, *HOSTILE],
    }
    controller.write(
        Path("/run/hostile env%file"), systemd.environment({f"FILE{i}": v for i, v in enumerate([*HOSTILE, SECRET])})
    )
    controller.write(UNITS / "hostile.service", systemd.unit({"Service": service}, "100 % \\"))
    controller.need("systemctl", "daemon-reload")
    controller.need("systemctl", "start", "hostile.service")
    arguments, environment = json.loads(controller.need("cat", out))
    assert arguments == [out, *HOSTILE]
    assert [environment[f"WORD{i}"] for i in range(len(HOSTILE))] == HOSTILE
    assert [environment[f"FILE{i}"] for i in range(len(HOSTILE) + 1)] == [*HOSTILE, SECRET]
    assert not controller.exists(Path("/run/owned"))


@pytest.mark.long
@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"drift_watch_fleet": "../../etc"}, "drift_watch_fleet is"),
        ({"drift_watch_fleet": "a\n"}, "drift_watch_fleet is"),
        ({"drift_watch_user": ""}, "Set drift_watch_user"),
        ({"drift_watch_inventories": []}, "Set drift_watch_user"),
        ({"drift_watch_inventories": ["tenants.yml"]}, "is not absolute"),
        ({"drift_watch_command": "/no/ansible-playbook"}, "install ansible-core"),
        ({"drift_watch_on_calendar": "now and then"}, "drift_watch_on_calendar is"),
        ({"drift_watch_arguments": ["a\n[Service]"]}, "cannot write ExecStart"),
        ({"drift_watch_environment": {"A": "b\nc"}}, "censored"),
    ],
)
def test_what_cannot_work_is_refused_before_a_unit_is_written(controller, changes, why):
    before = controller.need("sh", "-c", f"cat {UNITS}/tenantry-drift-*")
    with pytest.raises(AssertionError) as ran:
        controller.watch(**changes)
    assert why in str(ran.value)
    assert controller.need("sh", "-c", f"cat {UNITS}/tenantry-drift-*") == before


@pytest.mark.long
def test_two_fleets_are_watched_beside_each_other_and_one_goes(controller):
    controller.watch(drift_watch_fleet="us")
    controller.need("sh", "-c", "systemctl start tenantry-drift-us.service")
    assert controller.metrics()['tenantry_drift_run_exit_code{fleet="us"}'] == 4
    controller.watch(drift_watch_fleet="us", drift_watch_state="absent")
    assert not [name for name in controller.metrics() if 'fleet="us"' in name]
    assert controller.need("systemctl", "is-active", TIMER).strip() == "active"
    assert controller.exists(Path("/usr/local/lib/tenantry/playbook-timer-run"))


def test_absent_removes_all_and_absent_again_changes_nothing(controller):
    kept = REPORTS / "somebody elses file"
    controller.write(kept, "x")
    assert changed(controller.watch("--check", drift_watch_state="absent"))
    assert controller.exists(UNITS / SERVICE)
    assert changed(controller.watch(drift_watch_state="absent"))
    for path in (
        UNITS / SERVICE,
        UNITS / TIMER,
        UNITS / "timers.target.wants" / TIMER,
        Path("/etc/tenantry/drift-eu-west.env"),
        Path("/usr/local/lib/tenantry/playbook-timer-run"),
        REPORTS / "drift.json",
        TEXTFILES / "tenantry_drift_eu-west.prom",
        TEXTFILES / "tenantry_drift_eu-west_run.prom",
    ):
        assert not controller.exists(path), path
    assert controller.need("cat", kept) == "x"
    assert not changed(controller.watch(drift_watch_state="absent"))
    controller.need("rm", kept)
    assert changed(controller.watch(drift_watch_state="absent"))
    assert not controller.exists(REPORTS)
