# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Last applied against live, field by field."""

from __future__ import annotations

import dataclasses

import pytest

from ansible_collections.tenantry.platform.plugins.module_utils import compare

MANIFEST = {
    "tenant": "acme",
    "projects": {"app": "acme-00000001", "backing": "acme"},
    "services": {
        "web": {"kind": "app", "replicas": 2, "digest": "d-web"},
        "postgres": {"kind": "backing", "replicas": 1, "digest": "d-pg"},
        "migrate": {"kind": "job", "replicas": 1, "digest": "d-job"},
    },
    "networks": [{"name": "acme_default", "internal": False}, {"name": "acme_backing", "internal": True}],
    "volumes": [{"name": "acme_data"}],
    "route": {
        "file": "route.yml",
        "expect": {
            "routers": {"acme-main@file": {"rule": "Host(`a.test`)", "service": "acme-main", "priority": 10}},
            "services": {"acme-web-00000001@docker": 2},
        },
    },
}
FIELDS = {"memory": 64, "env": {"A": "1"}, "labels": {"x": "y"}}
NETWORKS = {
    "acme_default": {"tenant": "acme", "internal": False},
    "acme_backing": {"tenant": "acme", "internal": True},
    "other_default": {"tenant": "other", "internal": False},
}
WEB = compare.LiveContainer(
    "acme-00000001-web-1", "acme", "web", "acme-00000001", "running", "healthy", "1", ("acme_default",), FIELDS
)
WEB2 = dataclasses.replace(WEB, name="acme-00000001-web-2", number="2")
DATABASE = dataclasses.replace(WEB, name="acme-postgres-1", service="postgres", project="acme")
RUNNING = [WEB, WEB2, DATABASE]
EDGE = compare.LiveEdge(
    {"acme-main@file": {"rule": "Host(`a.test`)", "service": "acme-main@file", "priority": 10, "status": "enabled"}},
    {"acme-web-00000001@docker": 2},
)


def with_fields(**changes):
    return dataclasses.replace(WEB, fields={**FIELDS, **changes})


def found(live, state="active"):
    return compare.containers(MANIFEST, state, live, lambda _container: FIELDS)


def texts(findings):
    return [one.describe() for one in findings]


def test_what_is_as_it_was_applied_gives_no_finding():
    assert found(RUNNING) == []
    assert compare.networks(MANIFEST, NETWORKS, ["acme_default", "acme_backing"]) == []
    assert compare.volumes(MANIFEST, {"acme_data", "acme_old"}) == []
    assert compare.strangers(MANIFEST, {"acme_default": RUNNING, "other_default": [WEB]}) == []
    assert compare.edge(MANIFEST, "active", EDGE) == []


@pytest.mark.parametrize(
    ("live", "text"),
    [
        ([WEB, WEB2], "container postgres is missing"),
        ([WEB, DATABASE], "container web: replicas is 1, was applied as 2"),
        ([dataclasses.replace(WEB, state="exited", health="none"), WEB2, DATABASE], "state is exited"),
        ([dataclasses.replace(WEB, state="paused"), WEB2, DATABASE], "state is paused, healthy"),
        ([dataclasses.replace(WEB, health="unhealthy"), WEB2, DATABASE], "state is running, unhealthy"),
        ([with_fields(memory=128), WEB2, DATABASE], "memory is 128, was applied as 64"),
        ([with_fields(env={}), WEB2, DATABASE], "env.A is gone, was applied as 1"),
        ([with_fields(labels={"x": "y", "traefik.enable": "true"}), WEB2, DATABASE], "labels.traefik.enable is true"),
        ([dataclasses.replace(WEB, name="mine"), WEB2, DATABASE], "name is mine, was applied as acme-00000001-web-1"),
        ([*RUNNING, dataclasses.replace(WEB, name="old", project="acme-0000000f")], "container old is not ours"),
        ([*RUNNING, dataclasses.replace(WEB, name="rogue", service="shell")], "container rogue is not ours"),
    ],
)
def test_each_change_of_a_container_is_found_and_nothing_else(live, text):
    findings = texts(found(live))
    assert len(findings) == 1
    assert text in findings[0]


def test_a_finished_job_is_no_finding():
    job = dataclasses.replace(WEB, name="acme-00000001-migrate-1", service="migrate", state="exited", health="none")
    assert found([*RUNNING, job]) == []


def test_a_stopped_tenant_has_no_running_container_and_no_router():
    assert len(found(RUNNING, "stopped")) == 3
    stopped = [dataclasses.replace(one, state="exited", health="none") for one in RUNNING]
    assert found(stopped, "stopped") == []
    assert found([], "stopped") == []
    assert texts(compare.edge(MANIFEST, "stopped", EDGE)) == ["router acme-main@file is not ours to be there"]


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"acme_backing": None}, "network acme_backing is missing"),
        (
            {"acme_backing": {"tenant": "acme", "internal": False}},
            "acme_backing: internal is false, was applied as true",
        ),
        (
            {"acme_default": {"tenant": "other", "internal": False}},
            "acme_default: tenant is other, was applied as acme",
        ),
        ({"acme_more": {"tenant": "acme", "internal": False}}, "network acme_more is not ours to be there"),
    ],
)
def test_each_change_of_a_network_is_found(change, text):
    live = {name: one for name, one in {**NETWORKS, **change}.items() if one}
    own = [name for name, one in live.items() if one["tenant"] == "acme"]
    findings = texts(compare.networks(MANIFEST, live, own))
    assert len(findings) == 1
    assert text in findings[0]


def test_a_volume_that_is_gone_is_found():
    assert texts(compare.volumes(MANIFEST, set())) == ["volume acme_data is missing"]


@pytest.mark.parametrize("tenant", ["", "other"])
def test_anybody_else_on_a_tenants_network_is_found(tenant):
    stranger = dataclasses.replace(WEB, name="spy", tenant=tenant)
    attached = {"acme_default": RUNNING, "acme_backing": [WEB, stranger], "spies": [stranger]}
    assert texts(compare.strangers(MANIFEST, attached)) == [
        "container spy: network acme_backing is attached, was not applied"
    ]


def test_files_and_link_are_compared_with_what_was_written():
    assert texts(compare.files(["compose.yaml"], ["evil.yaml"])) == [
        "file compose.yaml: content is changed or missing, was applied as written",
        "file evil.yaml is not ours to be there",
    ]
    assert compare.link("a", "a") == []
    assert texts(compare.link("a", None)) == ["link current: target is gone, was applied as a"]
    assert texts(compare.link("a", "b")) == ["link current: target is b, was applied as a"]


def test_what_only_annoys_is_a_warning():
    assert [compare.Finding("container", "x", field, 1, 2).severity for field in ("memory", "logging.driver")] == [
        "critical",
        "warning",
    ]


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"rule": "Host(`b.test`)"}, "rule is Host(`b.test`)"),
        ({"service": "other@file"}, "service is other@file"),
        ({"priority": 11}, "priority is 11"),
        ({"status": "disabled"}, "status is disabled"),
    ],
)
def test_each_change_of_a_router_is_found(change, text):
    router = dict(EDGE.routers["acme-main@file"], **change)
    live = compare.LiveEdge({"acme-main@file": router}, EDGE.servers)
    findings = texts(compare.edge(MANIFEST, "active", live))
    assert len(findings) == 1
    assert text in findings[0]


def test_a_proxy_that_forgot_everything_is_found():
    findings = texts(compare.edge(MANIFEST, "active", compare.LiveEdge({}, {})))
    assert findings == [
        "router acme-main@file is missing",
        "upstream acme-web-00000001@docker: servers is 0, was applied as 2",
    ]


@pytest.mark.parametrize(
    ("status", "health"),
    [
        ("Up 2 minutes (healthy)", "healthy"),
        ("Up 3 seconds (health: starting)", "starting"),
        ("Up 2 hours (unhealthy)", "unhealthy"),
        ("Up 2 hours", "none"),
        ("Exited (0) 3 seconds ago", "none"),
    ],
)
def test_health_is_read_from_the_list_of_the_engine(status, health):
    assert compare.health_of(status) == health


def test_somebody_elses_router_for_a_tenants_hostname_is_found():
    thief = {"rule": "Host(`x.test`) || Host(`a.test`)", "priority": 100000, "status": "enabled"}
    live = compare.LiveEdge.of(
        {**EDGE.routers, "thief@file": thief, "other@file": {"rule": "Host(`b.test`)"}}, EDGE.servers
    )
    assert texts(compare.edge(MANIFEST, "active", live)) == ["router thief@file is not ours to be there"]
    assert compare.edge(MANIFEST, "active", compare.LiveEdge.of(EDGE.routers, EDGE.servers)) == []
