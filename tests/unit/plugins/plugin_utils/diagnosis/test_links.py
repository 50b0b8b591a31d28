# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each link by itself: when it is broken, and what mends it."""

from __future__ import annotations

import pytest

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
    assert (link.status, link.command) == ("unknown", NAMESERVER)


def test_a_name_server_whose_node_does_not_answer_is_unknown(patient):
    patient.zone_error, patient.answers, patient.unasked = "zone demo.test: no route", [], "no route to host"
    assert patient.link("dns").status == "unknown"
    assert patient.link("dns").command == "ansible ns1 -m ansible.builtin.ping"


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
    assert "container edge-traefik-1 is exited" in seen(link)
    assert "entry point websecure at 127.0.0.1:443: Connection refused" in seen(link)


def test_an_api_that_does_not_answer_is_a_broken_edge_though_requests_arrive(patient):
    patient.edge.update(version=None, error="Traefik's API does not answer")
    assert patient.link("edge").status == "broken"
    assert patient.link("route").status == "ok"


def test_an_entry_point_that_takes_no_connection_is_a_broken_edge(patient):
    patient.edge["entry_points"][1]["error"] = "Connection refused"
    assert patient.link("edge").status == "broken"
    assert "websecure" in seen(patient.link("edge"))


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
    assert link.status == "broken"
    assert "nothing of the platform mends" in link.advice
    assert link.command == "ansible-playbook tenantry.platform.logs --limit acme"


def test_a_certificate_that_clients_refuse_breaks_the_route(patient):
    patient.probe["request"]["certificate"]["problem"] = "expired on 2026-11-20T00:00:00Z"
    link = patient.link("route")
    assert (link.status, link.command) == ("broken", EDGE)
    assert "its certificate expired on 2026-11-20" in link.text
    assert "subject commonName=demo.test" in seen(link)


# -- container, health, database ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "command", "words"),
    [
        (
            {"state": "exited", "exit_code": 137, "finished": "2026-11-21T04:18:33.1Z"},
            DEPLOY,
            "exit code 137, since 2026-",
        ),
        ({"state": "paused"}, DEPLOY, "is paused"),
        ({"state": "created", "error": "port is taken"}, DEPLOY, "is created (port is taken)"),
        ({"state": "restarting", "exit_code": 1, "logs": ["no such table"]}, RESTART, "| no such table"),
        ({"state": "exited", "exit_code": 137, "oom_killed": True}, DEPLOY, "used more memory than it may"),
    ],
)
def test_a_container_that_does_not_run_is_told_how_it_ended(patient, changes, command, words):
    patient.web.update(changes)
    link = patient.link("container")
    assert (link.status, link.command) == ("broken", command)
    assert words in seen(link)


def test_what_used_too_much_memory_needs_more_before_it_is_deployed(patient):
    patient.web.update(state="exited", oom_killed=True)
    assert "raise that" in patient.link("container").advice


def test_a_container_that_is_gone_is_told_with_its_service(patient):
    patient.probe["containers"] = [patient.postgres]
    link = patient.link("container")
    assert (link.status, link.text, link.command) == ("broken", "web: no container of 1 is there", DEPLOY)


def test_containers_of_another_release_are_no_containers_of_the_current_one(patient):
    patient.web["project"] = "acme-00000000"
    assert patient.link("container").status == "broken"


def test_a_tenant_that_was_never_deployed_is_deployed(patient):
    patient.probe.update(release=None, services={}, containers=[])
    patient.live.update(current=None, routed=False)
    patient.request(404, of_proxy=True)
    assert (patient.link("container").text, patient.link("container").command) == (
        "no release of it was ever deployed",
        DEPLOY,
    )
    assert patient.link("route").because == "container"


def test_a_release_that_cannot_be_read_is_deployed_again(patient):
    patient.live["error"] = "current points nowhere: somebody moved it"
    assert patient.link("container").text == "current points nowhere: somebody moved it"


def test_an_unhealthy_container_is_replaced_and_its_last_words_are_told(patient):
    patient.web.update(health="unhealthy", health_output=["503", "busy"], logs=["out of handles"], restarts=2)
    link = patient.link("health")
    assert (link.status, link.command, link.because) == ("broken", RESTART, "")
    assert "health check of acme-1f0c9a2e-web-1: 503 / busy" in seen(link)
    assert "acme-1f0c9a2e-web-1 | out of handles" in seen(link)
    assert "restarted 2 times" in seen(link)


def test_an_unhealthy_container_that_somebody_edited_is_put_back_by_a_deploy(patient):
    patient.web["health"] = "unhealthy"
    patient.found(finding("container", "acme-1f0c9a2e-web-1", "env.PORT", None, "9", service="web"))
    assert patient.link("health").command == DEPLOY


def test_a_healthy_container_that_takes_no_connection_is_not_well(patient):
    patient.web["reached"]["error"] = "Connection refused"
    link = patient.link("health")
    assert link.status == "broken"
    assert "takes no connection at 172.18.0.2:8080: Connection refused" in link.text


@pytest.mark.parametrize(("service", "link"), [("web", "health"), ("postgres", "database")])
def test_what_started_a_moment_ago_is_neither_well_nor_broken(patient, service, link):
    one = getattr(patient, service)
    one["health"] = "starting"
    one["reached"] = {"address": "172.18.0.2", "port": 8080, "error": "Connection refused"}
    assert patient.link(link).status == "unknown"


def test_a_backing_service_that_stands_still_is_started_by_a_deploy(patient):
    patient.postgres.update(state="exited", exit_code=0)
    assert (patient.link("database").status, patient.link("database").command) == ("broken", DEPLOY)


def test_an_unhealthy_backing_service_is_restarted_by_itself(patient):
    patient.postgres.update(health="unhealthy")
    assert patient.link("database").command == (
        "ansible acme -m ansible.builtin.command -a 'docker restart acme-postgres-1'"
    )


def test_a_backing_service_off_the_tenants_network_is_put_back_by_a_deploy(patient):
    patient.postgres["networks"] = {}
    link = patient.link("database")
    assert (link.status, link.command) == ("broken", DEPLOY)
    assert "is not on network acme_backing" in link.text


def test_a_backing_service_that_takes_no_connection_is_not_reachable(patient):
    patient.postgres["reached"] = {"address": "172.19.0.3", "port": 5432, "error": "no answer within 5 s"}
    assert "takes no connection at 172.19.0.3:5432" in patient.link("database").text


def test_a_tenant_without_a_backing_service_has_no_database(patient):
    patient.spec["services"].pop()
    patient.probe["services"].pop("postgres")
    assert patient.link("database").status == "none"
