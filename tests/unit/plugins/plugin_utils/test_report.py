# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run tells a person."""

from __future__ import annotations

from ansible_collections.tenantry.platform.plugins.plugin_utils import report


def verdict(tenant="acme", **changes):
    start = {
        "tenant": tenant,
        "node": "node1",
        "status": "in_sync",
        "action": "none",
        "reasons": [],
        "held": [],
        "release": "20261121T041833Z-00000001",
        "url": f"https://{tenant}.demo.test/",
        "zone": "demo.test",
        "ring": 0,
        "records": 0,
    }
    return {"operation": changes.get("action", "none"), **start, **changes}


def test_a_fleet_in_sync_is_two_lines_whatever_its_size():
    lines = report.plan_lines([verdict(f"t{number}") for number in range(50)])
    assert lines == ["Plan: 50 tenants on 1 node: 50 in sync", "Nothing is to be done on the nodes."]


def test_each_tenant_with_something_to_do_has_its_line():
    lines = report.plan_lines(
        [
            verdict("acme", status="pending", action="deploy", reasons=["web 1.0 → 1.1"]),
            verdict("bad", node="", status="invalid", reasons=["image: 'APP' is no image"]),
            verdict("idle", status="held", held=["state=stopped by ann: unpaid"]),
            verdict("other"),
        ]
    )
    assert lines[0] == "Plan: 4 tenants on 1 node: 1 in sync, 1 to deploy, 1 held, 1 invalid"
    assert lines[1] == "  acme  deploy     web 1.0 → 1.1"
    assert lines[2] == "  bad   invalid    image: 'APP' is no image"
    assert lines[3] == "  idle  held       held: state=stopped by ann: unpaid"


def test_what_many_tenants_have_in_common_is_one_line():
    names = [f"t{number}" for number in range(6)]
    lines = report.plan_lines([verdict(name, status="unknown", reasons=["no engine"]) for name in names])
    assert lines[1] == f"  6 tenants  unknown    no engine: {', '.join(names)}"


def test_long_lists_of_reasons_are_cut():
    line = report.plan_lines([verdict(status="drift", action="converge", reasons=list("abcde"))])[1]
    assert line.endswith("a; b; c; (+2 more)")


def test_text_from_outside_moves_no_cursor():
    line = report.plan_lines([verdict(status="drift", action="converge", reasons=["\x1b[2J\r\nx\u202e"])])[1]
    assert line.isprintable()


def test_a_tenant_that_was_lost_on_the_way_is_never_a_success():
    rows = report.rows([verdict(status="pending", action="deploy")], {}, {})
    assert rows[0]["status"] == "unreachable"
    assert rows[0]["status"] in report.FAILED


def test_outcomes_replace_what_was_planned():
    outcome = {"status": "deployed", "release": "20261121T051833Z-00000002", "message": ""}
    row = report.rows([verdict(status="pending", action="deploy")], {"acme": outcome}, {})[0]
    assert (row["status"], row["release"]) == ("deployed", "20261121T051833Z-00000002")


def test_held_tenants_stay_visible_after_an_apply():
    outcome = {"status": "stopped", "release": None, "message": ""}
    held = verdict(status="pending", action="stop", held=["state=stopped by ann: unpaid"])
    assert report.rows([held], {"acme": outcome}, {})[0]["status"] == "held"


def test_a_zone_that_refused_records_fails_its_tenants():
    row = report.rows([verdict(status="drift", records=1)], {}, {"demo.test": "401 Unauthorized"})[0]
    assert (row["status"], row["message"]) == ("failed", "zone demo.test: 401 Unauthorized")


def test_the_table_names_tenant_status_release_and_url_and_says_why_one_failed():
    rows = report.rows(
        [verdict("acme"), verdict("bad", status="invalid", release=None, url="", reasons=["image: no"])], {}, {}
    )
    assert report.table(rows) == [
        "TENANT  STATUS   RELEASE                    URL",
        "acme    in_sync  20261121T041833Z-00000001  https://acme.demo.test/",
        "bad     invalid  -                          -",
        "",
        "bad: image: no",
    ]
    assert report.summary(rows) == "1 in_sync, 1 invalid"


def test_a_failure_shows_the_last_lines_of_what_did_not_get_healthy():
    text = report.failure_text(
        {"step": "Start", "result": {"msg": "web is unhealthy", "logs": {"acme-web-1": ["boom", "\x1b[31mred"]}}}
    )
    assert text.split("\n") == [
        "Start: web is unhealthy",
        "  last lines of acme-web-1:",
        "    boom",
        "    \ufffd[31mred",
    ]


def test_a_failed_loop_names_its_failed_items():
    failure = {
        "step": "Jobs",
        "result": {"msg": "One or more items failed", "results": [{"failed": True, "msg": "no table"}, {}]},
    }
    assert report.failure_text(failure) == "Jobs: no table"


def test_an_undo_that_failed_is_said_too():
    text = report.failure_text({"step": "Route", "result": {"msg": "a"}, "undo": {"msg": "b"}})
    assert "undoing it failed too: b" in text


def test_what_no_row_names_fails_the_node_that_has_it():
    rows = report.rows(
        [
            verdict("gone", status="extra", node="node1", reasons=["not in the database"]),
            verdict("lost", status="extra", node="node1", reasons=["not in the database"]),
            verdict("acme", status="drift", reasons=["web is missing"]),
        ],
        {},
        {},
    )
    assert report.headlines(rows, ("extra", "drift")) == {
        "node1": "gone: not in the database; lost: not in the database",
        "acme": "web is missing",
    }
    assert report.headlines(rows, ("invalid",)) == {}


def test_a_rollout_says_its_rings_before_it_begins():
    busy = [verdict(f"t{ring}{number}", action="deploy", ring=ring) for ring in (5, 0) for number in range(ring + 1)]
    lines = report.plan_lines([*busy, verdict(ring=9)], rollout_max_failures=2)
    assert lines[-1] == "Rollout: ring 0: 1, ring 5: 6; stops after more than 2 failed"


def test_those_that_wait_are_told_in_one_line():
    rows = [{"tenant": "a", "status": "failed", "release": None, "url": "", "message": "no image"}]
    rows += [{**rows[0], "tenant": name, "status": "waiting", "message": "the rollout stopped"} for name in "bc"]
    assert report.table(rows)[-3:] == ["a: no image", "", "2 tenants wait: the rollout stopped"]
    assert report.table(rows[:2])[-1] == "1 tenant waits: the rollout stopped"


# -- history -------------------------------------------------------------------------------------------------------


def operation(**changes):
    return {
        "id": "01JD6Z8V7K3T5Q9W2X4Y6Z8A0B",
        "tenant": "acme",
        "action": "upgrade",
        "status": "success",
        "requested_by": "ann",
        "started_at": "2026-11-21T04:18:33.000Z",
        "finished_at": "2026-11-21T04:18:45.400Z",
        "release_id": "20261121T041833Z-1f0c9a2e",
        "message": None,
        "acknowledged_by": None,
        **changes,
    }


def test_the_history_is_a_line_for_each_operation_and_why_it_failed():
    failed = operation(status="failure", message="app: unhealthy\n  more", acknowledged_by="bob", finished_at=None)
    lines = report.history([operation(), failed])
    assert lines[0].split() == ["STARTED", "TENANT", "ACTION", "STATUS", "SECONDS", "BY", "OPERATION", "RELEASE"]
    assert lines[1].split()[:5] == ["2026-11-21T04:18:33Z", "acme", "upgrade", "success", "12"]
    assert "failure (acknowledged)" in lines[2]
    assert lines[3] == "  app: unhealthy"
    assert report.history([]) == ["Nothing was done yet."]


def test_what_waits_has_not_started():
    lines = report.history([operation(status="pending", started_at=None, finished_at=None, release_id=None)])
    assert lines[1].split() == ["-", "acme", "upgrade", "pending", "-", "ann", "01JD6Z8V7K3T5Q9W2X4Y6Z8A0B", "-"]


def test_what_a_person_is_called_cannot_drive_a_terminal():
    assert "\x1b" not in "".join(report.history([operation(requested_by="a\x1b[2J", message="\x1b[2J")]))


def test_steps_have_the_time_that_each_took():
    step = {
        "name": "app",
        "status": "done",
        "started_at": "2026-11-21T04:18:33.100Z",
        "finished_at": "2026-11-21T04:18:34.350Z",
    }
    assert report.steps([step])[1].split() == ["2026-11-21T04:18:33.100Z", "app", "done", "1.250"]
    lines = report.steps([step, {**step, "detail": "some\tdetail"}])
    assert lines[0].endswith("DETAIL")
    assert lines[2].endswith("1.250    some\ufffddetail")


def test_warnings_stand_under_the_table():
    row = {"tenant": "a", "node": "n", "status": "deployed", "release": None, "url": "", "message": ""}
    assert report.table([{**row, "warnings": ["hook x failed"]}])[-1] == "a: warning: hook x failed"
