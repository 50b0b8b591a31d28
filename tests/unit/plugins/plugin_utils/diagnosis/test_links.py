# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Row, names, proxy and route, each by itself: when it is broken, and what mends it."""

from __future__ import annotations

import pytest

from ansible_collections.tenantry.platform.plugins.plugin_utils.diagnosis import route, row
from ansible_collections.tenantry.platform.tests.unit.plugins.plugin_utils.diagnosis import cases
from ansible_collections.tenantry.platform.tests.unit.plugins.plugin_utils.diagnosis.cases import (
    RECORD,
    RELEASE,
    Patient,
    answer,
    finding,
)

DEPLOY = "ansible-playbook tenantry.platform.deploy --limit acme"
RESTART = "ansible-playbook tenantry.platform.restart --limit acme"
EDGE = "ansible-playbook tenantry.platform.nodes --limit node1"
NAMESERVER = "ansible-playbook tenantry.platform.nodes --limit ns1"


@pytest.fixture(name="patient")
def make_patient():
    return Patient()


def seen(link):
    """Everything that a link tells, as one text."""
    return "\n".join([link.text, *link.evidence])


# -- row ---------------------------------------------------------------------------------------------------------------


def test_a_row_tells_release_holds_and_what_waits_for_a_deploy(patient):
    patient.verdict.update(status="pending", reasons=["web 1.0 → 1.1"], held=["version=1.1 by ann: canary"])
    link = patient.link("row")
    assert (link.status, link.text) == ("ok", f"active, release {RELEASE}")
    assert link.evidence == ["held: version=1.1 by ann: canary", "waits for a deploy: web 1.0 → 1.1"]


def test_a_held_tenant_is_not_broken_and_the_row_tells_who_why_and_what_starts_it(patient):
    patient.spec.update(state="stopped", held=[{"field": "state", "by": "ann", "was": "active"}])
    patient.verdict["held"] = ["state=stopped by ann: unpaid"]
    patient.probe.update(containers=[], request=None)
    patient.live["routed"] = False
    link = patient.link("row")
    assert link.status == "ok"
    assert "held stopped by ann, active in its row" in link.text
    assert link.evidence == ["held: state=stopped by ann: unpaid"]
    assert link.command == "ansible-playbook tenantry.platform.start --limit acme"


def test_a_closed_tenant_is_not_broken_and_the_row_tells_what_opens_it(patient):
    patient.spec["closed"] = True
    patient.request(503, of_proxy=True)
    link = patient.link("row")
    assert (link.status, link.text) == ("ok", "closed for maintenance on purpose")
    assert link.command == "ansible-playbook tenantry.platform.maintenance --limit acme -e maintenance=off"
    route = patient.link("route")
    assert (route.status, route.text) == ("ok", "https://acme.demo.test/: 503, closed for maintenance")


def test_an_operation_that_runs_is_named_with_its_holder(patient):
    patient.verdict["status"] = "unknown"
    patient.live["lock"] = {"text": "ann on ctl (deploy, operation 01ABC, since …)", "manual": False}
    link = patient.link("row")
    assert (link.status, link.blocks) == ("unknown", True)
    assert "ann on ctl (deploy" in link.text
    assert link.command == "ansible-playbook tenantry.platform.doctor --limit acme"


def test_a_lock_whose_holder_is_dead_is_no_operation(patient):
    patient.live.update(lock={"text": "ann", "manual": False}, interrupted="deploy 01ABC")
    link = patient.link("row")
    assert link.status == "ok"
    assert "deploy 01ABC began and never ended" in seen(link)


def test_a_lock_by_hand_is_asked_about_and_not_waited_for(patient):
    patient.verdict["status"] = "unknown"
    patient.live["lock"] = {"text": "ann", "manual": False}
    assert patient.link("row").advice.startswith("wait until it ended")
    patient.live["lock"]["manual"] = True
    assert "locked it by hand" in patient.link("row").advice


def test_a_tenant_that_never_was_waits_for_nothing_but_its_first_deploy(patient):
    patient.verdict.update(status="pending", reasons=["first release"])
    patient.live["current"] = patient.probe["release"] = None
    assert patient.link("row").evidence == []


@pytest.mark.parametrize("field", ["services.web", "cache.web.image", "services.we b.image"])
def test_a_field_that_is_no_column_of_one_row_has_no_place(field):
    assert row.place("acme", "tenant", field) == ""


# -- dns ---------------------------------------------------------------------------------------------------------------


def test_a_record_that_is_missing_is_named_and_deployed_again(patient):
    patient.records, patient.answers = [], [answer(rcode="NXDOMAIN", value=[])]
    link = patient.link("dns")
    assert (link.status, link.command) == ("broken", DEPLOY)
    assert "acme.demo.test. A is missing" in link.text
    assert "the server says NXDOMAIN, the database wants 192.0.2.10" in seen(link)


def test_a_record_of_somebody_else_is_mended_by_no_command(patient):
    patient.records = [dict(RECORD, owner="tenant:other")]
    link = patient.link("dns")
    assert (link.status, link.command, link.blocks) == ("broken", "", True)
    assert "belongs to tenant:other" in link.text


def test_a_name_server_that_is_dead_is_started_before_anything_else(patient):
    patient.zone_error, patient.answers = "zone demo.test: refused", [answer(rcode="", value=[], error="refused")]
    link = patient.link("dns")
    assert (link.status, link.command, link.blocks) == ("broken", NAMESERVER, True)
    assert "acme.demo.test. A: refused" in seen(link)


def test_a_zone_that_cannot_be_read_beside_right_answers_is_unknown(patient):
    patient.zone_error = "zone demo.test: 401"
    link = patient.link("dns")
    assert (link.status, link.command, link.blocks) == ("unknown", NAMESERVER, True)


def test_a_name_server_whose_node_does_not_answer_is_unknown(patient):
    patient.zone_error, patient.answers, patient.unasked = "zone demo.test: no route", [], "no route to host"
    link = patient.link("dns")
    assert (link.status, link.command, link.blocks) == ("unknown", "ansible ns1 -m ansible.builtin.ping", True)


@pytest.mark.parametrize(
    ("wrong", "command", "words"),
    [
        ({"value": ["192.0.2.66"]}, "", "the server says 192.0.2.66"),
        ({"rcode": "REFUSED", "value": []}, "", "the server says REFUSED"),
        ({"authoritative": False}, "", "does not speak for the zone"),
        ({"rcode": "", "value": [], "error": "no answer in time"}, NAMESERVER, "no answer in time"),
    ],
)
def test_a_zone_that_is_right_does_not_hide_what_the_server_says(patient, wrong, command, words):
    patient.answers = [answer(**wrong)]
    link = patient.link("dns")
    assert (link.status, link.command) == ("broken", command)
    assert words in seen(link)


def test_a_tenant_without_a_name_in_its_zone_has_no_dns(patient):
    patient.desired = patient.records = patient.answers = []
    assert patient.link("dns").status == "none"


def test_a_record_that_is_left_over_breaks_nothing(patient):
    patient.records.append(
        {"name": "old.demo.test.", "type": "A", "ttl": 1, "value": ["192.0.2.1"], "owner": cases.OWNER}
    )
    link = patient.link("dns")
    assert link.status == "ok"
    assert "old.demo.test." in seen(link)


# -- edge --------------------------------------------------------------------------------------------------------------


def test_a_proxy_that_does_not_run_is_told_by_its_container_and_started_by_nodes(patient):
    patient.edge_is_dead()
    link = patient.link("edge")
    assert (link.status, link.command, link.blocks) == ("broken", EDGE, True)
    assert link.text == "Traefik on node node1 does not run"
    assert "container edge-traefik-1 is exited" in seen(link)
    assert "entry point websecure at 127.0.0.1:443: Connection refused" in seen(link)


def test_an_api_that_does_not_answer_is_a_broken_edge_though_requests_arrive(patient):
    patient.edge.update(version=None, error="Traefik's API does not answer")
    link = patient.link("edge")
    assert (link.status, link.text, link.blocks) == ("broken", "Traefik's API does not answer", True)
    assert patient.link("route").status == "ok"


def test_an_entry_point_that_takes_no_connection_is_a_broken_edge(patient):
    patient.edge["entry_points"][1]["error"] = "Connection refused"
    link = patient.link("edge")
    assert (link.status, link.command, link.blocks) == ("broken", EDGE, True)
    assert "websecure" in seen(link)


def test_a_tenant_without_routes_needs_no_proxy(patient):
    patient.spec["routes"] = []
    assert {one.name for one in patient.walk().links if one.status == "none"} == {"edge", "route"}


# -- route -------------------------------------------------------------------------------------------------------------


def test_a_route_file_that_is_gone_is_written_again_by_a_deploy(patient):
    patient.found(
        finding("file", cases.ROUTE_FILE, "content", "1f0c", None),
        finding("router", "acme-main@file", "presence", "enabled", None),
    )
    patient.request(404, of_proxy=True)
    link = patient.link("route")
    assert (link.status, link.command, link.because) == ("broken", DEPLOY, "")
    assert "404, the proxy has no route for it" in seen(link)


def test_a_404_of_an_app_in_the_words_of_the_proxy_is_an_answer(patient):
    patient.request(404, of_proxy=True)
    assert patient.link("route").status == "ok"


def test_what_a_rule_ignores_and_what_waits_for_a_deploy_break_no_route(patient):
    router = ("router", "acme-main@file", "rule", "Host(`a`)", "Host(`b`)")
    patient.found(finding(*router, ignored_by={"reason": "x", "until": None}), finding(*router, **{"class": "pending"}))
    assert patient.link("route").status == "ok"


def test_a_router_of_somebody_else_is_named_and_no_command_takes_it_away(patient):
    patient.found(finding("router", "thief@file", "presence", None, "Host(`acme.demo.test`)"))
    link = patient.link("route")
    assert (link.status, link.command) == ("broken", "")
    assert "router thief@file takes a hostname of it" in link.text


def test_a_client_that_the_access_rules_deny_is_answered_by_them(patient):
    patient.spec["routes"][0]["access"] = [{"action": "allow", "cidr": "198.51.100.0/24"}]
    patient.request(403, of_proxy=True)
    link = patient.link("route")
    assert link.status == "ok"
    assert "do not let 127.0.0.1 in (allow 198.51.100.0/24)" in link.text


def test_a_403_of_the_app_is_not_blamed_on_rules_that_let_the_client_in(patient):
    patient.spec["routes"][0]["access"] = [{"action": "allow", "cidr": "127.0.0.0/8"}]
    patient.request(403)
    assert "access rules" not in patient.link("route").text


def test_a_proxy_that_gives_up_though_all_is_healthy_is_mended_by_new_containers(patient):
    patient.request(502, of_proxy=True)
    link = patient.link("route")
    assert (link.status, link.command, link.because) == ("broken", RESTART, "")


def test_an_error_of_the_app_itself_is_mended_by_nobody_here(patient):
    patient.request(500)
    link = patient.link("route")
    assert (link.status, link.command) == ("broken", "")
    assert link.advice.endswith("its log may tell more: ansible-playbook tenantry.platform.logs --limit acme")


def test_a_certificate_that_clients_refuse_breaks_the_route(patient):
    patient.probe["request"]["certificate"]["problem"] = "expired on 2026-11-20T00:00:00Z"
    link = patient.link("route")
    assert (link.status, link.command) == ("broken", EDGE)
    assert "its certificate expired on 2026-11-20" in link.text
    assert "subject commonName=demo.test" in seen(link)


def test_a_route_behind_a_dead_proxy_is_broken_and_one_that_nobody_asked_is_unknown(patient):
    patient.edge_is_dead()
    assert patient.link("route").status == "broken"
    patient.probe["request"] = None
    assert patient.link("route").status == "unknown"


def test_too_few_servers_are_told_though_a_request_arrives(patient):
    patient.found(finding("upstream", "acme-web@docker", "servers", 2, 1))
    link = patient.link("route")
    assert (link.status, link.command) == ("broken", RESTART)
    assert "servers is 1, was applied as 2" in link.text
    patient.request(503, of_proxy=True)
    assert patient.link("route").text == "https://acme.demo.test/: 503, the proxy gives up"
    assert "servers is 1" in patient.link("route").evidence[0]


def test_the_root_of_a_tenant_is_opened_before_a_path_below_it(patient):
    (main,) = patient.spec["routes"]
    patient.spec["routes"] = [dict(main, path_prefix="/api"), dict(main, tls=False)]
    assert route.url(patient.spec) == "http://acme.demo.test/"
    assert route.url({"routes": patient.spec["routes"][:1]}) == "https://acme.demo.test/api"
    assert route.url({"routes": []}) == ""
