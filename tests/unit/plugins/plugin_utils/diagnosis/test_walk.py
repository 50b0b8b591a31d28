# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of several broken links is the cause, and what a person is told of it."""

from __future__ import annotations

import json

import pytest

from ansible_collections.tenantry.platform.plugins.plugin_utils.diagnosis import text
from ansible_collections.tenantry.platform.plugins.plugin_utils.diagnosis.walk import ORDER, Walk
from ansible_collections.tenantry.platform.tests.unit.plugins.plugin_utils.diagnosis import cases
from ansible_collections.tenantry.platform.tests.unit.plugins.plugin_utils.diagnosis.cases import (
    Patient,
    answer,
    finding,
)


@pytest.fixture(name="patient")
def make_patient():
    return Patient()


def roots(patient):
    return [one.name for one in patient.walk().roots]


def because(patient):
    return {one.name: one.because for one in patient.walk().links if one.because}


def test_a_tenant_that_is_well_has_no_cause(patient):
    walk = patient.walk()
    assert [one.name for one in walk.links] == list(ORDER)
    assert (walk.status, walk.cause) == ("ok", None)
    assert set(patient.statuses().values()) == {"ok"}


def test_a_container_that_was_stopped_is_the_cause_of_health_and_route(patient):
    patient.web.update(state="exited", exit_code=137)
    patient.found(
        finding("router", "acme-main@file", "status", "enabled", "disabled"),
        finding("upstream", "acme-web-1f0c9a2e@docker", "servers", 1, 0),
    )
    patient.request(404, of_proxy=True)
    assert roots(patient) == ["container"]
    assert because(patient) == {"health": "container", "route": "container"}


def test_an_unhealthy_container_is_the_cause_of_a_route_without_servers(patient):
    patient.web.update(health="unhealthy")
    patient.request(503, of_proxy=True)
    assert roots(patient) == ["health"]
    assert because(patient) == {"route": "health"}


def test_a_dead_database_is_the_cause_of_what_depends_on_it(patient):
    patient.postgres.update(state="exited")
    patient.web.update(health="unhealthy")
    patient.request(503, of_proxy=True)
    assert roots(patient) == ["database"]
    assert because(patient) == {"health": "database", "route": "health"}


def test_an_error_of_an_app_whose_database_is_dead_follows_from_it(patient):
    patient.postgres.update(state="exited")
    patient.request(500)
    assert roots(patient) == ["database"]
    assert because(patient) == {"route": "database"}


def test_an_app_that_crashes_without_its_database_follows_from_it(patient):
    patient.postgres.update(state="exited")
    patient.web.update(state="restarting", exit_code=1)
    assert roots(patient) == ["database"]


def test_an_app_that_ended_by_itself_without_its_database_follows_from_it(patient):
    patient.postgres.update(state="exited")
    patient.web.update(state="exited", exit_code=1)
    assert roots(patient) == ["database"]


def test_an_app_that_does_not_depend_on_the_database_is_a_cause_of_its_own(patient):
    patient.postgres.update(state="exited")
    patient.web.update(health="unhealthy")
    patient.spec["services"][0]["depends_on"] = []
    assert roots(patient) == ["database", "health"]


def test_an_app_that_somebody_stopped_beside_its_database_is_a_cause_of_its_own(patient):
    patient.postgres.update(state="exited")
    patient.web.update(state="exited", exit_code=0)
    assert roots(patient) == ["database", "container"]


def test_a_dead_proxy_is_mended_before_what_a_deploy_mends(patient):
    patient.edge_is_dead()
    patient.web.update(state="exited")
    assert roots(patient) == ["edge", "container"]
    assert because(patient)["route"] == "edge"


def test_a_dead_name_server_is_mended_before_what_a_deploy_mends(patient):
    patient.zone_error, patient.answers = "zone demo.test: refused", [answer(rcode="", value=[], error="refused")]
    patient.web.update(state="exited")
    assert roots(patient) == ["dns", "container"]


def test_a_record_that_is_missing_comes_after_what_does_not_run(patient):
    patient.records = []
    patient.web.update(state="exited")
    assert roots(patient) == ["container", "dns"]


def test_an_operation_that_runs_may_be_the_cause_of_everything(patient):
    patient.verdict["status"] = "unknown"
    patient.live["lock"] = {"text": "ann", "manual": False}
    patient.web.update(state="exited")
    assert roots(patient) == ["row"]
    assert patient.walk().status == "broken"


def test_an_engine_that_cannot_be_asked_is_unknown_and_so_is_what_it_runs(patient):
    patient.engine_error = "no Docker engine answers"
    statuses = patient.statuses()
    assert {name for name, status in statuses.items() if status == "unknown"} == {"container", "health", "database"}
    assert roots(patient) == ["container"]
    assert patient.walk().cause.command == "ansible-playbook tenantry.platform.nodes --limit node1"


def test_an_engine_that_cannot_be_asked_is_the_cause_of_a_route_that_is_broken(patient):
    patient.engine_error = "no Docker engine answers"
    patient.request(502, of_proxy=True)
    assert roots(patient) == ["container"]
    assert patient.walk().status == "broken"


@pytest.mark.parametrize(("nameserver", "expected"), [("node1", ["container"]), ("ns1", ["container", "dns"])])
def test_an_engine_that_cannot_be_asked_is_the_cause_of_proxy_and_name_server_beside_it(patient, nameserver, expected):
    patient.engine_error, patient.nameserver = "no Docker engine answers", nameserver
    patient.zone_error, patient.answers = "zone demo.test: refused", [answer(rcode="", value=[], error="refused")]
    patient.edge_is_dead()
    assert roots(patient) == expected
    assert because(patient)["edge"] == "container"


def test_what_is_broken_comes_before_an_engine_that_only_cannot_be_asked(patient):
    patient.engine_error = "no Docker engine answers"
    patient.zone_error, patient.answers = "zone demo.test: refused", [answer(rcode="", value=[], error="refused")]
    assert roots(patient) == ["dns", "container"]


def test_two_causes_that_one_command_mends_name_it_once(patient):
    patient.web.update(state="exited")
    patient.records = []
    lines = text.lines([patient.walk()])
    assert sum("tenantry.platform.deploy" in line for line in lines) == 1
    assert "  the same mends it" in lines


def test_of_a_node_that_does_not_answer_nothing_is_called_broken(patient):
    patient.unread = "no route to host"
    walk = patient.walk()
    assert walk.status == "unknown"
    assert roots(patient) == ["edge"]
    assert walk.cause.text == "node node1 could not be asked: no route to host"
    assert walk.cause.command == "ansible node1 -m ansible.builtin.ping"
    assert patient.statuses()["row"] == patient.statuses()["dns"] == "ok"


@pytest.mark.parametrize("state", ["stopped", "suspended", "removed"])
def test_a_tenant_that_must_not_serve_is_not_broken(patient, state):
    patient.spec["state"] = state
    patient.live["routed"] = False
    patient.probe.update(request=None, containers=[] if state == "removed" else [dict(patient.web, state="exited")])
    if state == "removed":
        patient.desired = patient.records = patient.answers = []
    walk = patient.walk()
    assert walk.status == "ok"
    assert {one.name for one in walk.links if one.status == "none"} >= {
        "edge",
        "route",
        "container",
        "health",
        "database",
    }
    assert any(f"{state}, as the database wants it" in line for line in text.lines([walk]))


def test_a_stopped_tenant_that_still_runs_is_broken(patient):
    patient.spec["state"] = "stopped"
    assert roots(patient) == ["container", "route"]
    assert {one.command for one in patient.walk().roots} == {"ansible-playbook tenantry.platform.deploy --limit acme"}


def test_a_row_in_quarantine_ends_the_walk_and_names_column_and_row():
    invalid = [
        {"field": "services.web.image", "reason": "'APP' is no image"},
        {"field": "subdomain", "reason": "www is reserved"},
        {"field": "services.web.environment.'; DROP", "reason": "no"},
    ]
    walk = Walk.quarantined("acme", invalid, "tenant")
    (link,) = walk.links
    assert link.text == "in quarantine: services.web.image: 'APP' is no image"
    assert link.evidence[0] == "subdomain: www is reserved"
    assert (link.status, link.blocks) == ("broken", True)
    assert "services.image where tenant = 'acme' and name = 'web'" in link.advice
    assert "tenants.subdomain where name = 'acme'" in link.advice
    assert "DROP" not in link.advice
    assert link.command == "ansible-playbook tenantry.platform.deploy --limit acme"


def test_a_row_without_a_usable_name_is_found_by_its_id():
    (link,) = Walk.quarantined("quarantined-tenant-7", [{"field": "name", "reason": "no"}], "tenant").links
    assert "tenants.name where id = 7" in link.advice
    assert link.command == "ansible-playbook tenantry.platform.deploy"


def test_a_node_in_quarantine_is_mended_as_a_node():
    (link,) = Walk.quarantined("node9", [{"field": "address", "reason": "no"}], "node").links
    assert "nodes.address where name = 'node9'" in link.advice
    assert link.command == "ansible-playbook tenantry.platform.nodes --limit node9"


def test_what_differs_and_breaks_nothing_is_noted(patient):
    patient.found(
        finding("container", "acme-1f0c9a2e-web-1", "memory", 1, 2, service="web"),
        finding("container", "acme-1f0c9a2e-web-1", "state", "running", "exited", service="web"),
        finding("router", "acme-main@file", "rule", "a", "b", **{"class": "pending"}),
    )
    walk = patient.walk()
    assert walk.status == "ok"
    assert walk.notes == ["container acme-1f0c9a2e-web-1: memory is 2, was applied as 1"]
    assert any("Differs without breaking anything" in line for line in text.lines([walk]))


def test_what_an_engine_that_cannot_be_asked_does_not_show_is_not_noted(patient):
    patient.engine_error = "no Docker engine answers"
    patient.found(finding("network", "acme_default", "presence", "present", None))
    assert patient.walk().notes == []


def test_a_person_reads_the_links_the_cause_the_evidence_and_the_command(patient):
    patient.web.update(state="exited", exit_code=1, logs=["no such table"])
    patient.request(502, of_proxy=True)
    lines = text.lines([patient.walk()])
    assert lines[1] == "acme on node1: container is broken"
    assert [line.split()[0] for line in lines[2:9]] == list(ORDER)
    assert "(because of container)" in lines[5]
    assert lines[9].startswith("  Cause: container: acme-1f0c9a2e-web-1 is exited, exit code 1")
    assert lines[10] == "    acme-1f0c9a2e-web-1 | no such table"
    assert lines[11] == "  Mend it: ansible-playbook tenantry.platform.deploy --limit acme"


def test_no_terminal_obeys_what_a_container_or_a_row_says(patient):
    patient.web.update(state="exited", logs=["\x1b[2Jgone"], error="\x9b31m")
    hostile = [{"field": "x\x1b]0;\x07", "reason": "\u202eevil"}]
    walks = [patient.walk(), Walk.quarantined("quarantined-tenant-1", hostile, "tenant")]
    printed = "".join([*text.lines(walks), *map(text.headline, walks)])
    assert not set("\x1b\x9b\x07\u202e") & set(printed)


def test_a_name_that_is_no_name_cannot_end_a_command():
    (link,) = Walk.quarantined("a; rm -rf /", [{"field": "x", "reason": "no"}], "tenant").links
    assert link.command.endswith("--limit 'a; rm -rf /'")


def test_tenants_are_sorted_into_broken_and_unknown_with_their_cause(patient):
    patient.web.update(state="exited")
    other = Patient()
    other.unread = "no route to host"
    walks = [patient.walk(), other.walk()]
    assert list(text.headlines(walks[:1], "broken")) == ["acme"]
    assert text.headlines(walks[:1], "unknown") == {}
    assert "could not be asked" in text.headlines(walks[1:], "unknown")["acme"]


def test_a_walk_is_data_that_a_program_can_read(patient):
    patient.records = []
    data = json.loads(json.dumps(patient.walk().as_dict()))
    assert (data["status"], data["cause"]) == ("broken", "dns")
    assert data["command"].endswith("deploy --limit acme")
    assert {one["name"]: one["status"] for one in data["links"]}["dns"] == "broken"
    assert data["url"] == "https://acme.demo.test/"


def test_long_evidence_is_cut_on_the_terminal_and_whole_in_the_data(patient):
    patient.web.update(state="exited", logs=[f"line {number}" for number in range(40)])
    walk = patient.walk()
    assert "    (+28 more)" in text.lines([walk])
    assert len(walk.cause.evidence) == 40
    assert cases.RELEASE in str(walk.as_dict())
