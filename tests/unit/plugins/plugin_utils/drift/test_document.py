# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run told, as a document that the published schema agrees with."""

from __future__ import annotations

import pytest

from ansible_collections.tenantry.platform.plugins.plugin_utils.drift import document
from ansible_collections.tenantry.platform.tests.unit.plugins.plugin_utils.drift.drift_runs import (
    FINISHED,
    STARTED,
    checked,
    event,
    finding,
    fleet,
    hostile,
    report,
    row,
    run,
    valid,
    verdict,
)

NOT_JUDGED = ("unreachable", "unknown")


def enforced(planned, ended):
    """A run that applied: these verdicts, and how the tenants ended; None for a run that never said."""
    made = run()
    made.ok(fleet("plan_readers", [verdict(one["tenant"], "unreachable") for one in planned]))
    made.ok(fleet("plan", planned))
    if ended is not None:
        made.ok(event("tenantry.platform.plan_outcomes", {"ansible_facts": {}}))
        made.ok(fleet("report", ended))
    made.end([one["tenant"] for one in planned], {})
    return made


def test_a_fleet_in_sync_is_complete_and_exits_0():
    data = report(checked(verdict("acme"), verdict("globex")))
    assert (data["mode"], data["complete"], data["exit"]) == ("check", True, 0)
    assert {name: one["status"] for name, one in data["tenants"].items()} == {"acme": "in_sync", "globex": "in_sync"}
    assert data["findings"] == data["ignored"] == data["changes"] == data["errors"] == []


def test_a_finding_has_every_field_and_an_id_that_stays():
    first = report(checked(verdict("acme", "drift", finding())))
    again = report(checked(verdict("acme", "drift", finding(live="4g", text="other words"))))
    assert first["findings"][0]["id"] == again["findings"][0]["id"]
    assert first["findings"][0]["resource"] == {"kind": "container", "name": "acme-web-1"}
    assert [first["findings"][0][name] for name in ("last", "desired", "live")] == ["128m", "128m", "2g"]
    assert first["exit"] == 2


def test_ids_differ_by_tenant_resource_field_and_number():
    same, other = finding(), finding(field="cpus")
    data = report(checked(verdict("acme", "drift", same, same, other), verdict("globex", "drift", same)))
    assert len({one["id"] for one in data["findings"]}) == 4


def test_a_finding_that_lacks_what_came_later_is_critical_drift():
    bare = {"kind": "network", "name": "acme_front", "field": "presence", "last": "present", "live": None, "text": "x"}
    one = report(checked(verdict("acme", "drift", bare)))["findings"][0]
    assert (one["class"], one["severity"], one["desired"], one["sensitive"]) == ("drift", "critical", None, False)
    assert one["ignored_by"] is None


def test_ignored_findings_stand_apart_and_count_nowhere():
    known = finding(ignored_by={"reason": "scaled by hand", "until": "2026-12-24"})
    data = report(checked(verdict("acme", "in_sync", known)))
    assert data["findings"] == []
    assert data["ignored"][0]["ignored_by"] == {"reason": "scaled by hand", "until": "2026-12-24"}
    assert data["tenants"]["acme"]["counts"] == {"critical": 0, "warning": 0, "info": 0, "resolved": 0, "ignored": 1}
    assert data["exit"] == 0


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ("in_sync", 0),
        ("pending", 0),
        ("held", 0),
        ("drift", 2),
        ("conflict", 2),
        ("missing", 2),
        ("extra", 2),
        ("invalid", 1),
        ("unreachable", 4),
        ("unknown", 4),
    ],
)
def test_the_exit_code_of_each_status(status, code):
    data = report(checked(verdict("acme", status), verdict("globex")))
    assert data["exit"] == code
    assert data["complete"] == (status not in NOT_JUDGED)


def test_drift_that_hides_behind_a_pending_release_still_counts():
    assert report(checked(verdict("acme", "pending", finding())))["exit"] == 2
    pending = finding(**{"class": "pending"})
    assert report(checked(verdict("acme", "pending", pending)))["exit"] == 0


def test_a_run_that_found_out_who_to_ask_and_never_asked_knows_of_no_tenant_in_sync():
    made = run()
    made.ok(fleet("plan_readers", [verdict("acme", "unreachable"), verdict("globex", "invalid")]))
    data = report(made)
    assert {name: one["status"] for name, one in data["tenants"].items()} == {
        "acme": "unreachable",
        "globex": "invalid",
    }
    assert not data["complete"]


def test_a_second_plan_that_never_came_does_not_keep_the_verdicts_of_the_first():
    made = checked(verdict("acme"))
    made.ok(fleet("plan_readers", [verdict("acme", "unreachable")]))
    data = report(made)
    assert (data["tenants"]["acme"]["status"], data["complete"]) == ("unreachable", False)


def test_how_a_tenant_ended_replaces_what_was_planned():
    data = report(
        enforced(
            [verdict("acme", "drift", finding()), verdict("globex", "drift", finding()), verdict("hooli")],
            [
                row("acme", "converged"),
                row("globex", "failed", "pull: no such image"),
                row("hooli", "in_sync (stopped)"),
            ],
        )
    )
    assert data["mode"] == "enforce"
    tenants = data["tenants"]
    assert {name: (one["planned"], one["status"]) for name, one in tenants.items()} == {
        "acme": ("drift", "converged"),
        "globex": ("drift", "failed"),
        "hooli": ("in_sync", "in_sync"),
    }
    assert tenants["globex"]["message"] == "pull: no such image"
    assert [one["resolved"] for one in data["findings"]] == [True, False]
    assert (data["complete"], data["exit"]) == (True, 1)


def test_an_enforcing_run_that_mended_everything_exits_0():
    assert report(enforced([verdict("acme", "drift", finding())], [row("acme", "converged")]))["exit"] == 0


def test_a_tenant_with_an_override_that_was_mended_has_no_open_finding():
    drifted = verdict("acme", "drift", finding(), held=["version=1.0.3 by ops: 1.1 breaks imports"])
    data = report(enforced([drifted], [row("acme", "held")]))
    assert (data["findings"][0]["resolved"], data["exit"]) == (True, 0)
    info = finding(severity="info")
    data = report(checked(verdict("acme", "held", info, held=["version=1.0.3"])))
    assert (data["findings"][0]["resolved"], data["exit"]) == (False, 0)


def test_a_run_that_planned_and_never_reported_is_not_complete():
    data = report(enforced([verdict("acme", "drift", finding()), verdict("globex")], None))
    assert (data["mode"], data["complete"], data["exit"]) == ("enforce", False, 4)
    assert data["tenants"]["acme"]["status"] == "drift"


def test_a_tenant_that_no_row_names_is_unknown():
    data = report(enforced([verdict("acme", "drift"), verdict("globex")], [row("globex", "in_sync")]))
    assert (data["tenants"]["acme"]["status"], data["complete"]) == ("unknown", False)


def test_a_status_that_nobody_knows_is_unknown():
    assert report(checked(verdict("acme", "splendid")))["tenants"]["acme"]["status"] == "unknown"


def test_a_plan_in_check_mode_needs_no_report_to_be_complete():
    made = run(check=True)
    made.ok(fleet("plan", [verdict("acme")], check_mode=True))
    assert report(made)["complete"]


def test_a_rescued_failure_is_no_error_and_the_last_one_of_a_failed_host_is():
    made = run(check=True)
    made.fail(event("x", {"msg": "rescued"}, host="node1"), ignored=False)
    made.fail(event("x", {"msg": "ignored"}, host="node1"), ignored=True)
    made.fail(event("x", {"msg": "final"}, host="node1"), ignored=False)
    made.fail(event("x", {"msg": "rescued too"}, host="node2"), ignored=False)
    made.end(["node1", "node2"], {"node1": 1})
    data = report(made)
    assert [(one["host"], one["message"]) for one in data["errors"]] == [("node1", "final")]
    assert {name: one["status"] for name, one in data["hosts"].items()} == {"node1": "failed", "node2": "ok"}


def test_a_play_that_fails_tenants_to_set_the_exit_code_is_no_error():
    made = checked(verdict("acme", "drift", finding()))
    made.fail(event("ansible.builtin.fail", {"msg": "acme drifted"}), ignored=False)
    made.end(["acme"], {"acme": 1})
    data = report(made)
    assert (data["errors"], data["exit"], data["complete"]) == ([], 2, True)


def test_a_host_that_did_not_answer_makes_the_report_incomplete():
    made = run(check=True)
    made.lose(event("ping", {"msg": "Connection refused"}, host="node1"))
    made.end(["node1"], {})
    data = report(made)
    assert (data["complete"], data["exit"], data["hosts"]["node1"]["status"]) == (False, 4, "unreachable")


def test_errors_stand_in_the_order_of_their_hosts_whoever_answered_first():
    made = run(check=True)
    for host in ("node2", "node1"):
        made.lose(event("ping", {"msg": "Connection refused"}, host=host))
    made.end(["node1", "node2"], {})
    assert [one["host"] for one in report(made)["errors"]] == ["node1", "node2"]


def test_a_result_that_could_not_be_read_makes_the_report_incomplete():
    made = checked(verdict("acme"))
    made.lost.append("a result could not be read: KeyError: 'tenants'")
    data = report(made)
    assert (data["complete"], data["exit"], data["errors"][0]["kind"]) == (False, 1, "lost")


def test_a_finding_keeps_the_time_when_it_was_first_seen():
    made = checked(verdict("acme", "drift", finding(), finding(field="cpus")))
    before = report(checked(verdict("acme", "drift", finding())))
    before["findings"][0]["first_seen"] = STARTED
    data = valid(document.build(made, FINISHED, document.first_seen(before)))
    assert [one["first_seen"] for one in data["findings"]] == [STARTED, FINISHED]


@pytest.mark.parametrize("earlier", [None, [], "text", {}, {"schema": 2, "findings": [{"id": "x"}]}])
def test_an_earlier_file_that_is_no_report_says_nothing(earlier):
    assert document.first_seen(earlier) == {}


def test_values_that_are_no_json_become_some():
    made = checked(verdict("acme", "drift", finding()))
    made.verdicts["acme"]["findings"][0].update(last=float("nan"), desired={1: (2, {3})}, live=b"\xff\x00")
    one = report(made)["findings"][0]
    assert (one["last"], one["desired"], one["live"]) == ("nan", {"1": [2, [3]]}, "\\xff\x00")


def test_hostile_strings_come_back_byte_for_byte():
    texts = hostile()
    data = report(checked(*(verdict(f"t{i}", "drift", finding(live=text)) for i, text in enumerate(texts))))
    assert {one["tenant"]: one["live"] for one in data["findings"]} == {f"t{i}": one for i, one in enumerate(texts)}


def test_a_run_that_neither_planned_nor_checked_tells_nothing():
    assert not run().tells
    assert run(check=True).tells
    assert checked(verdict("acme")).tells


def test_a_plan_that_serves_a_diagnosis_writes_no_report_and_one_that_follows_does():
    made = checked(verdict("acme"))
    made.ok(fleet("plan", [verdict("acme")]))
    made.ok(event("tenantry.platform.diagnosis_questions", {"changed": False, "ansible_facts": {}}))
    assert not made.tells
    made.ok(fleet("plan", [verdict("acme")]))
    assert made.tells
