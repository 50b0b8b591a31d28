# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The links of containers, each by itself: when it is broken, and what mends it."""

from __future__ import annotations

import pytest

from ansible_collections.tenantry.platform.tests.unit.plugins.plugin_utils.diagnosis.cases import (
    RELEASE,
    Patient,
    finding,
)

DEPLOY = "ansible-playbook tenantry.platform.deploy --limit acme"
RESTART = "ansible-playbook tenantry.platform.restart --limit acme"


@pytest.fixture(name="patient")
def make_patient():
    return Patient()


def seen(link):
    """Everything that a link tells, as one text."""
    return "\n".join([link.text, *link.evidence])


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
    link = patient.link("container")
    assert (link.status, link.text, link.command) == ("broken", patient.live["error"], DEPLOY)


def test_a_container_that_no_release_names_is_shown(patient):
    stranger = finding("container", "acme-old-1", "presence", None, "running", text="acme-old-1 is not ours")
    patient.found(stranger, finding("container", "x", "memory", None, 1, text="edited"))
    link = patient.link("container")
    assert (link.status, link.evidence) == ("ok", ["acme-old-1 is not ours"])


def test_replicas_are_counted_and_a_missing_health_check_is_told(patient):
    patient.probe["services"]["web"]["replicas"] = 2
    patient.probe["containers"].append(dict(patient.web, name="acme-1f0c9a2e-web-2"))
    assert patient.link("container").text == f"web (2) of release {RELEASE}"
    assert patient.link("health").text == "web (2): healthy"
    for one in patient.probe["containers"]:
        one["health"] = "none"
    assert patient.link("health").text == "web (2): running, without a health check"


def test_what_a_health_check_said_before_a_container_ended_is_no_evidence(patient):
    patient.web.update(state="exited", health_output=["fine"])
    assert "fine" not in seen(patient.link("container"))
    assert patient.link("health").status == "broken"


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
    patient.verdict["findings"][0]["service"] = "postgres"
    assert patient.link("health").command == RESTART


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
    found = patient.link(link)
    assert (found.status, found.command) == ("unknown", "ansible-playbook tenantry.platform.doctor --limit acme")


def test_a_backing_service_that_stands_still_is_started_by_a_deploy(patient):
    patient.postgres.update(state="exited", exit_code=0)
    assert (patient.link("database").status, patient.link("database").command) == ("broken", DEPLOY)


def test_an_unhealthy_backing_service_is_restarted_by_itself(patient):
    patient.postgres.update(health="unhealthy")
    assert patient.link("database").status == "broken"
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


def test_a_backing_service_that_crashes_over_and_over_is_mended_by_no_command(patient):
    patient.postgres.update(state="restarting", exit_code=1, logs=["no space left"])
    link = patient.link("database")
    assert (link.status, link.command) == ("broken", "")
    assert "no space left" in seen(link)
    assert "its log says why" in link.advice


def test_a_database_that_waits_for_the_first_deploy_is_told_from_none(patient):
    patient.probe.update(release=None, services={}, containers=[])
    patient.live["current"] = None
    assert patient.link("database").text == "no release of it was ever deployed"
    patient.spec["services"].pop()
    assert patient.link("database").text == "it has no backing service"
