# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who asks, whether a holder is dead, and what the end of an operation is called."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from ansible_collections.tenantry.platform.plugins.module_utils.lock import process_start
from ansible_collections.tenantry.platform.plugins.plugin_utils import operating, report

RELEASE = "20261121T041833Z-00000001"


def test_a_holder_that_lives_here_is_not_dead():
    assert not operating.is_dead_here(operating.holder("ann"))


def test_a_holder_that_ran_here_and_is_gone_is_dead():
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        gone = dict(
            operating.holder("ann"), controller_pid=process.pid, controller_pid_start=process_start(process.pid)
        )
        assert not operating.is_dead_here(gone)
        process.kill()
    assert operating.is_dead_here(gone)


def test_a_reused_pid_is_not_the_old_process():
    start = process_start(os.getpid())
    assert operating.is_dead_here(dict(operating.holder("ann"), controller_pid_start=start + 1))


def test_of_another_controller_or_boot_nothing_is_known():
    assert not operating.is_dead_here(dict(operating.holder("ann"), controller_boot="other", controller_pid=1))
    assert not operating.is_dead_here({})


def test_containers_of_one_machine_are_different_controllers():
    boot, _space, namespace = operating.boot_id().partition(" ")
    assert namespace.startswith("pid:[")
    assert not operating.is_dead_here(
        dict(operating.holder("ann"), controller_boot=f"{boot} pid:[1]", controller_pid=1)
    )


@pytest.mark.parametrize("kind", operating.REFUSED)
def test_a_request_that_is_not_carried_out_is_refused_and_says_why(kind):
    outcome = operating.not_begun({"step": "Begin", "result": {"msg": "too late", "error_kind": kind}})
    assert outcome == {"status": "refused", "message": "too late", "error_kind": kind}
    assert outcome["status"] in report.FAILED


def test_what_never_had_its_lock_says_nothing_about_what_serves():
    outcome = operating.not_begun({"step": "Begin", "result": {"msg": "bob has it", "error_kind": "locked"}})
    assert outcome == {"status": "failed", "message": "Begin: bob has it", "error_kind": "locked"}


def test_a_request_that_was_carried_out_before_is_no_failure():
    assert operating.done_already("before")["status"] not in (*report.FAILED, "waiting")


@pytest.mark.parametrize(
    ("failure", "lost"),
    [
        ({"result": {"error_kind": "lease_lost"}}, True),
        ({"result": {"results": [{"item": 1}, {"error_kind": "lease_lost"}]}}, True),
        ({"result": {"error_kind": "unhealthy"}, "undo": {"error_kind": "lease_lost"}}, True),
        ({"result": {"error_kind": "unhealthy"}}, False),
        ({}, False),
    ],
)
def test_a_lost_lease_is_seen_in_a_step_and_in_its_undoing(failure, lost):
    assert operating.lost_lease(failure) is lost


def test_a_success_is_named_after_its_action():
    outcome = operating.outcome("converge", "success", None, RELEASE)
    assert (outcome["status"], outcome["release"], outcome["message"]) == ("converged", RELEASE, "")


def test_a_rescued_failure_says_which_release_serves():
    failure = {"step": "Start", "result": {"msg": "web is unhealthy", "error_kind": "unhealthy"}}
    outcome = operating.outcome("deploy", "failure", failure, RELEASE)
    assert outcome["status"] in report.FAILED
    assert outcome["error_kind"] == "unhealthy"
    assert outcome["message"] == f"Start: web is unhealthy\n  release {RELEASE} serves as before"


def test_a_failed_first_release_says_that_nothing_serves():
    outcome = operating.outcome("deploy", "failure", {"step": "a", "result": {"msg": "b"}}, None)
    assert "no release serves: there was none before" in outcome["message"]


def test_a_failure_that_could_not_be_undone_is_fatal_and_says_what_to_do():
    failure = {"step": "a", "result": {"msg": "b"}, "undo": {"msg": "c"}}
    outcome = operating.outcome("deploy", "fatal", failure, RELEASE)
    assert outcome["status"] == "fatal"
    assert "undoing it failed too: c" in outcome["message"]
    assert "run again" in outcome["message"]


def test_a_loop_failed_as_its_first_failed_item():
    items = [{"failed": False}, {"failed": True, "error_kind": "hook_failed"}, {"failed": True, "error_kind": "other"}]
    assert operating.error_kind({"failed": True, "results": items}) == "hook_failed"
    assert operating.error_kind({"failed": True, "error_kind": "unhealthy"}) == "unhealthy"
    assert operating.error_kind({"failed": True}) is None


def test_a_failure_names_the_snapshots_from_before_it_and_how_to_have_them_back():
    label = "20261122T010203.004Z-postgres-pg_dump"
    assert operating.kept_snapshots("acme", []) == ""
    text = operating.kept_snapshots("acme", [{"service": "postgres", "label": label}])
    assert text.startswith("\n  service postgres as it was before its migrations is kept as snapshot " + label)
    assert text.endswith(f"ansible-playbook tenantry.platform.load_snapshot --limit acme -e snapshot_label={label}")
