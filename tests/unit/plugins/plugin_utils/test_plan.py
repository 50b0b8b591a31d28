# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What follows from desired, last applied and live states."""

from __future__ import annotations

import pytest

from ansible_collections.tenantry.platform.plugins.plugin_utils import operating, three_way
from ansible_collections.tenantry.platform.plugins.plugin_utils.plan import (
    DnsPlan,
    Wishes,
    file_of_nobody,
    judge,
    plan_records,
    quarantined,
    unknown_to_database,
)

SPEC = {
    "name": "acme",
    "node": "node1",
    "zone": "demo.test",
    "ring": 0,
    "state": "active",
    "services": [
        {"name": "web", "kind": "app", "image": "reg/app:1.1"},
        {"name": "db", "kind": "backing", "image": "pg:15"},
    ],
    "routes": [{"hostname": "acme.demo.test", "path_prefix": "/", "tls": True}],
    "held": [],
    "closed": False,
    "generations": {},
    "maintenance": {"window": "sat,sun 22:00-04:00", "timezone": "UTC"},
}
LIVE = {
    "current": "20261121T041833Z-00000001",
    "spec_digest": "sha256:one",
    "images": {"web": "reg/app:1.1", "db": "pg:15"},
    "last": {"backing": {"db": "sha256:db"}},
    "state": "active",
    "findings": [],
    "present": True,
    "running": True,
    "routed": True,
    "lock": None,
    "interrupted": "",
}
LOCK = {"text": "bob on control", "manual": False, "controller_boot": "another", "interrupted": "deploy 01"}
FINDING = {
    "kind": "container",
    "service": "web",
    "name": "web",
    "field": "presence",
    "class": "missing",
    "text": "container web is missing",
    "ignored_by": None,
}
EDITED = dict(FINDING, kind="file", field="content", text="edited", **{"class": "drift"})
STRANGER = dict(FINDING, service="", field="network acme_default", text="spy", **{"class": "extra"})
RECORD = {"name": "acme.demo.test.", "type": "A", "ttl": 300, "value": ["192.0.2.1"], "disabled": False}


@pytest.fixture(autouse=True)
def compared(monkeypatch):
    """The comparison itself has tests of its own."""
    monkeypatch.setattr(three_way, "findings", lambda _spec, _digest, live: list(live["findings"]))


def verdict(live=None, spec=None, dns=None, request="deploy", digest="sha256:one", wishes=None, **node):
    tenants = {"acme": dict(LIVE, **(live or {}))}
    live_node = {"tenants": tenants, **node}
    return judge(dict(SPEC, **(spec or {})), digest, live_node, dns or DnsPlan(), wishes or Wishes(request))


def test_what_is_as_wanted_needs_nothing():
    one = verdict()
    assert (one.status, one.action, one.url) == ("in_sync", "none", "https://acme.demo.test/")


@pytest.mark.parametrize(
    ("live", "spec", "digest", "status", "action", "reason"),
    [
        ({"current": None}, {}, "sha256:one", "pending", "deploy", "first release"),
        ({"images": {"web": "reg/app:1.0", "db": "pg:15"}}, {}, "sha256:two", "pending", "deploy", "web 1.0 → 1.1"),
        (
            {"images": {"web": "reg/app:1.1", "db": "pg:15", "api": "x"}},
            {},
            "sha256:two",
            "pending",
            "deploy",
            "api goes",
        ),
        ({}, {}, "sha256:two", "pending", "deploy", "configuration changed"),
        ({"findings": [FINDING]}, {}, "sha256:one", "drift", "converge", "container web is missing"),
        ({"findings": [EDITED]}, {}, "sha256:one", "drift", "deploy", "edited"),
        ({"findings": [dict(FINDING, field="memory")]}, {}, "sha256:one", "drift", "deploy", "web"),
        ({"findings": [dict(FINDING, field="memory", service="db")]}, {}, "sha256:one", "drift", "converge", "web"),
        ({"findings": [STRANGER]}, {}, "sha256:one", "drift", "none", "spy"),
        ({"findings": [dict(STRANGER, kind="router", field="presence")]}, {}, "sha256:one", "drift", "none", "spy"),
        ({"findings": [dict(EDITED, **{"class": "conflict"})]}, {}, "sha256:two", "conflict", "deploy", "edited"),
        ({"findings": [dict(FINDING, **{"class": "pending"})]}, {}, "sha256:two", "pending", "deploy", "container web"),
        ({"error": "current is moved"}, {}, "sha256:one", "drift", "deploy", "current is moved"),
        ({"interrupted": "deploy 01"}, {}, "sha256:one", "pending", "converge", "settle"),
        ({"state": "stopped"}, {}, "sha256:one", "pending", "converge", "start"),
        ({}, {"state": "stopped"}, "sha256:one", "pending", "stop", "stopped"),
        ({}, {"state": "suspended"}, "sha256:one", "pending", "stop", "suspended"),
        ({}, {"state": "removed"}, "sha256:one", "pending", "remove", "still there"),
    ],
)
def test_each_difference_leads_to_its_action(live, spec, digest, status, action, reason):
    one = verdict(live, spec, digest=digest)
    assert (one.status, one.action) == (status, action)
    assert reason in "; ".join(one.reasons)


@pytest.mark.parametrize(
    ("live", "in_place"),
    [
        ({}, {"db": "sha256:db"}),
        ({"findings": [dict(FINDING, **{"class": "pending"})]}, {"db": "sha256:db"}),
        ({"findings": [dict(FINDING, service="db")]}, {}),
        ({"findings": [dict(FINDING, service="db", **{"class": "pending"})]}, {}),
        ({"findings": [dict(FINDING, service="", kind="volume")]}, {}),
        ({"findings": [STRANGER]}, {"db": "sha256:db"}),
        ({"state": "closed"}, {}),
        ({"interrupted": "deploy 01"}, {}),
        ({"current": None}, {}),
    ],
)
def test_backing_services_are_in_place_where_nothing_of_them_differs(live, in_place):
    one = verdict(live, digest="sha256:two")
    assert (one.action, one.backing) == ("deploy", in_place)


@pytest.mark.parametrize(
    ("live", "spec"),
    [
        ({"running": False, "routed": False, "state": "stopped"}, {"state": "stopped"}),
        ({"current": None, "running": False, "routed": False, "state": None}, {"state": "stopped"}),
        ({"current": None, "present": False}, {"state": "removed"}),
    ],
)
def test_stopped_and_removed_tenants_stay_so(live, spec):
    one = verdict(live, spec)
    assert (one.status, one.action) == ("in_sync", "none")


@pytest.mark.parametrize(
    ("node", "dns", "live", "status"),
    [
        ({"engine_error": "no engine"}, None, {}, "unknown"),
        ({"edge_error": "no proxy"}, None, {}, "unknown"),
        ({}, DnsPlan(error="no name server"), {}, "unknown"),
        ({}, DnsPlan(conflict="record belongs to tenant:other"), {}, "conflict"),
        ({}, None, {"lock": LOCK}, "unknown"),
    ],
)
@pytest.mark.parametrize("state", ["active", "stopped", "removed"])
def test_what_cannot_be_read_is_never_in_sync_and_never_touched(node, dns, live, status, state):
    one = verdict(dict(live, findings=[FINDING]), {"state": state}, dns, digest="sha256:two", **node)
    assert (one.status, one.action) == (status, "none")


def test_a_held_tenant_says_by_whom_and_why():
    hold = {"field": "state", "value": "stopped", "reason": "unpaid", "by": "ann"}
    one = verdict({"running": False, "routed": False, "state": "stopped"}, {"state": "stopped", "held": [hold]})
    assert (one.status, one.action) == ("held", "none")
    assert one.held == ["state=stopped by ann: unpaid"]


def test_restart_renews_a_tenant_that_is_in_sync():
    assert verdict(request="restart").action == "deploy"


def test_quarantined_tenant_names_field_and_reason():
    one = quarantined("bad", [{"field": "services.web.image", "reason": "no such thing"}])
    assert (one.status, one.action, one.reasons) == ("invalid", "none", ["services.web.image: no such thing"])


def records(live, state="active", applied=(RECORD,)):
    return plan_records(dict(SPEC, state=state), "tenant:acme", [RECORD], list(applied), live)


def test_equal_records_are_not_written():
    plan = records([dict(RECORD, owner="tenant:acme")])
    assert (plan.present, plan.absent, plan.conflict, plan.findings) == ([], [], "", [])


@pytest.mark.parametrize("change", [{"ttl": 60}, {"value": ["192.0.2.9"]}, {"disabled": True}])
def test_changed_records_are_written_again(change):
    plan = records([dict(RECORD, owner="tenant:acme", **change)])
    assert [one["record"] for one in plan.present] == ["acme.demo.test."]
    assert plan.present[0]["owner"] == "tenant:acme"
    assert [one["class"] for one in plan.findings] == ["drift"]


def test_a_record_that_was_never_there_is_pending_and_one_that_was_is_missing():
    assert [one["class"] for one in records([], applied=()).findings] == ["pending"]
    assert [one["class"] for one in records([]).findings] == ["missing"]


def test_records_of_names_that_are_not_routed_any_more_go():
    plan = records([dict(RECORD, owner="tenant:acme"), dict(RECORD, name="old.demo.test.", owner="tenant:acme")])
    assert [one["record"] for one in plan.absent] == ["old.demo.test."]


def test_records_of_others_are_left_alone_and_never_taken_over():
    assert "belongs to tenant:other" in records([dict(RECORD, owner="tenant:other")]).conflict
    assert "nobody we know" in records([dict(RECORD, owner=None)]).conflict
    plan = records([dict(RECORD, owner="tenant:acme"), dict(RECORD, name="x.demo.test.", owner="tenant:other")])
    assert plan.absent == []


def test_records_of_others_at_a_tenants_name_are_found_and_not_removed():
    aaaa = dict(RECORD, type="AAAA", value=["2001:db8::66"], owner=None)
    plan = records([dict(RECORD, owner="tenant:acme"), aaaa])
    assert [(one["name"], one["class"]) for one in plan.findings] == [("acme.demo.test. AAAA", "extra")]
    assert (plan.present, plan.absent) == ([], [])
    one = verdict(dns=plan)
    assert (one.status, one.action, one.records) == ("drift", "none", 0)


def test_a_removed_tenant_loses_its_records():
    plan = records([dict(RECORD, owner="tenant:acme")], state="removed")
    assert [one["record"] for one in plan.absent] == ["acme.demo.test."]


def test_records_that_are_left_of_a_removed_tenant_need_no_operation():
    gone = {"current": None, "present": False}
    plan = records([dict(RECORD, owner="tenant:acme")], state="removed")
    one = verdict(gone, {"state": "removed"}, plan)
    assert (one.status, one.action, one.records) == ("pending", "none", 1)
    assert verdict({}, {"state": "removed"}, plan).action == "remove"


def test_a_removal_that_was_interrupted_is_settled_though_only_its_records_are_left():
    gone = {"current": None, "present": False, "interrupted": "remove 01"}
    one = verdict(gone, {"state": "removed"}, records([dict(RECORD, owner="tenant:acme")], state="removed"))
    assert (one.status, one.action) == ("pending", "remove")
    assert one.reasons == ["removed in the database, records still there", "settle interrupted operation remove 01"]


def test_volumes_of_a_removed_tenant_stay_until_they_are_asked_for():
    gone = {"current": None, "present": False, "volumes": True}
    assert verdict(gone, {"state": "removed"}).action == "none"
    one = verdict(gone, {"state": "removed"}, wishes=Wishes(remove_volumes=True))
    assert (one.status, one.action) == ("pending", "remove")
    assert one.reasons == ["removed in the database, volumes still there"]


def test_an_interrupted_removal_is_ended():
    one = verdict({"current": None, "present": False, "interrupted": "remove 01"}, {"state": "removed"})
    assert (one.status, one.action) == ("pending", "remove")


def test_what_a_killed_run_of_this_controller_still_does_is_waited_for_and_settled():
    gone = {"controller_boot": operating.boot_id(), "controller_pid": 999999999, "controller_pid_start": 1}
    one = verdict({"lock": dict(LOCK, **gone), "interrupted": "deploy 01"})
    assert (one.status, one.action, one.reasons) == ("pending", "converge", ["settle interrupted operation deploy 01"])
    assert verdict({"lock": dict(LOCK, manual=True, **gone), "interrupted": "deploy 01"}).status == "unknown"


def test_what_is_in_no_row_is_extra_and_never_touched():
    one = unknown_to_database("gone", "node1")
    assert (one.status, one.action, one.node) == ("extra", "none", "node1")
    assert "add its row" in one.reasons[0]


def test_what_was_edited_of_a_stopped_tenant_is_told_and_left_until_it_starts():
    stopped = {"running": False, "routed": False, "state": "stopped"}
    one = verdict({**stopped, "findings": [EDITED]}, {"state": "stopped"})
    assert (one.status, one.action, one.reasons) == ("drift", "none", ["edited"])
    waiting = dict(EDITED, **{"class": "pending"})
    assert verdict({**stopped, "findings": [waiting]}, {"state": "stopped"}).status == "in_sync"


def test_a_file_of_nobody_among_the_routes_is_extra_and_a_broken_one_says_what_it_does():
    one = file_of_nobody("mine.yml", "node1", "")
    assert (one.status, one.action, one.node) == ("extra", "none", "node1")
    assert "no tenant's" in one.reasons[0]
    assert "takes no change" in file_of_nobody("mine.yml", "node1", "mine.yml is not valid YAML").reasons[0]


# -- releases that serve again -------------------------------------------------------------------------------------

OLDER = "20261120T041833Z-00000000"


def replayed(release=OLDER, why="", **live):
    return {"replay": {"release": release, "why": why, "records": [], "images": {"web": "reg/app:1.0"}}, **live}


def test_a_rollback_goes_to_the_release_that_the_node_chose():
    one = verdict(replayed(), request="rollback")
    assert (one.status, one.action, one.operation, one.target) == ("pending", "rollback", "rollback", OLDER)
    assert one.reasons == [f"back to {OLDER}", "web 1.1 → 1.0"]


def test_a_rollback_names_the_data_that_it_goes_back_to():
    live = replayed()
    live["replay"]["generations"] = {"data": None, "files": "r1", "same": "r2"}
    one = verdict(live, {"generations": {"data": "r3", "same": "r2", "other": "r4"}}, request="rollback")
    assert one.generations == {"data": None, "files": "r1"}
    assert one.reasons[-2:] == ["volume data r3 → its first data", "volume files its first data → r1"]


def test_a_rollback_to_nothing_is_refused_and_says_why():
    one = verdict(replayed(None, "no good release served before"), request="rollback", digest="sha256:two")
    assert (one.status, one.action, one.target) == ("refused", "none", None)
    assert one.reasons == ["no good release served before"]


def test_a_held_release_is_put_back_by_a_plain_deploy():
    one = verdict(replayed(), digest="sha256:two")
    assert (one.status, one.action, one.target) == ("pending", "rollback", OLDER)


def test_a_held_release_that_is_gone_is_a_conflict_until_somebody_decides():
    one = verdict(replayed(None, "release x is not there"))
    assert (one.status, one.action) == ("conflict", "none")
    assert one.reasons == ["release x is not there: name another release, or release the hold"]


def test_a_held_release_that_serves_is_held_whatever_the_database_wants():
    held = {"held": [{"field": "release", "value": LIVE["current"], "by": "ann", "reason": "slow"}]}
    one = verdict(replayed(LIVE["current"]), held, digest="sha256:two")
    assert (one.status, one.action) == ("held", "none")


@pytest.mark.parametrize(
    ("live", "status", "action"),
    [
        ({"findings": [FINDING]}, "drift", "converge"),
        ({"findings": [STRANGER]}, "drift", "none"),
        ({"interrupted": "rollback 01"}, "pending", "converge"),
        ({"state": "stopped"}, "pending", "converge"),
    ],
)
def test_of_a_held_release_nothing_new_is_made(live, status, action):
    one = verdict(replayed(LIVE["current"], **live), digest="sha256:two")
    assert (one.status, one.action) == (status, action)


def test_a_stopped_tenant_stays_stopped_and_remembers_its_release():
    one = verdict(replayed(state="stopped", running=False, routed=False), {"state": "stopped"}, request="rollback")
    assert (one.action, one.target) == ("none", OLDER)


# -- upgrades ------------------------------------------------------------------------------------------------------


def test_an_upgrade_is_a_deploy_by_another_name():
    one = verdict(digest="sha256:two", request="upgrade")
    assert (one.action, one.operation) == ("deploy", "upgrade")
    assert (one.source_digest, one.target_digest) == ("sha256:one", "sha256:two")


def test_an_upgrade_that_failed_is_refused_until_it_is_acknowledged():
    failed = {("sha256:one", "sha256:two"): "upgrade 01 of today, unhealthy"}
    one = verdict(digest="sha256:two", wishes=Wishes("upgrade", failed=failed))
    assert (one.status, one.action) == ("refused", "none")
    assert "upgrade 01 of today" in one.reasons[0]
    assert verdict(digest="sha256:three", wishes=Wishes("upgrade", failed=failed)).action == "deploy"
    assert verdict(digest="sha256:two", wishes=Wishes("deploy", failed=failed)).action == "deploy"


# -- maintenance ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "closed", "action", "reason"),
    [
        ("active", True, "converge", ["maintenance"]),
        ("closed", False, "converge", ["maintenance ends"]),
        ("closed", True, "none", []),
        ("stopped", True, "converge", ["maintenance"]),
    ],
)
def test_a_closed_tenant_is_opened_and_an_open_one_closed(state, closed, action, reason):
    one = verdict({"state": state}, {"closed": closed})
    assert (one.action, one.reasons) == (action, reason)


def test_a_closed_tenant_can_be_deployed_stopped_and_restarted():
    assert verdict({"state": "closed"}, {"closed": True}, digest="sha256:two").action == "deploy"
    assert verdict({"state": "closed"}, {"closed": True, "state": "stopped"}).action == "stop"
    assert verdict({"state": "closed"}, {"closed": True}, request="restart").action == "deploy"


# -- canaries that wait --------------------------------------------------------------------------------------------

NEWER = "20261122T041833Z-00000002"
WAITS = {"state": "canary", "canary": {"release": NEWER, "weight": 10}}


@pytest.mark.parametrize(
    ("request_", "status", "action"),
    [
        ("deploy", "held", "none"),
        ("heal", "held", "none"),
        ("upgrade", "refused", "none"),
        ("rollback", "refused", "none"),
        ("restart", "refused", "none"),
        ("promote", "pending", "promote"),
        ("abort", "pending", "abort"),
    ],
)
def test_a_canary_that_waits_is_left_alone_until_somebody_decides(request_, status, action):
    one = verdict({**WAITS, "findings": [FINDING]}, request=request_, digest="sha256:two")
    assert (one.status, one.action) == (status, action)
    assert f"a canary waits: {NEWER} gets 10 % of the requests" in one.reasons[0]


@pytest.mark.parametrize("request_", ["promote", "abort"])
def test_where_no_canary_waits_nothing_is_promoted_or_aborted(request_):
    one = verdict(request=request_, digest="sha256:two")
    assert (one.status, one.action, one.reasons) == ("refused", "none", ["no canary waits here"])


def test_a_tenant_with_a_canary_can_be_stopped_and_settled():
    assert verdict(WAITS, {"state": "stopped"}).action == "stop"
    one = verdict({**WAITS, "interrupted": "upgrade 01"})
    assert (one.action, one.reasons) == ("converge", ["settle interrupted operation upgrade 01"])
