# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Last applied against live, field by field."""

from __future__ import annotations

import dataclasses

import pytest

from ansible_collections.tenantry.platform.plugins.module_utils import compare

MANIFEST = {
    "projects": {"app": "acme-00000001", "backing": "acme"},
    "services": {
        "web": {"kind": "app", "replicas": 2, "digest": "d-web"},
        "postgres": {"kind": "backing", "replicas": 1, "digest": "d-pg"},
        "migrate": {"kind": "job", "replicas": 1, "digest": "d-job"},
    },
    "networks": [{"name": "acme_default"}, {"name": "acme_backing"}],
    "route": {
        "file": "route.yml",
        "expect": {
            "routers": {"acme-main@file": {"rule": "Host(`a.test`)", "service": "acme-main", "priority": 10}},
            "services": {"acme-web-00000001@docker": 2},
        },
    },
}
WEB = compare.LiveContainer("acme-00000001-web-1", "web", "acme-00000001", "d-web", "running", "healthy")
WEB2 = dataclasses.replace(WEB, name="acme-00000001-web-2")
DATABASE = compare.LiveContainer("acme-postgres-1", "postgres", "acme", "d-pg", "running", "healthy")
RUNNING = [WEB, WEB2, DATABASE]
EDGE = compare.LiveEdge(
    {"acme-main@file": {"rule": "Host(`a.test`)", "service": "acme-main@file", "priority": 10, "status": "enabled"}},
    {"acme-web-00000001@docker": 2},
)


def texts(findings):
    return [one.describe() for one in findings]


def test_what_is_as_it_was_applied_gives_no_finding():
    assert compare.containers(MANIFEST, "active", RUNNING) == []
    assert compare.networks(MANIFEST, {"acme_default", "acme_backing", "other_default"}) == []
    assert compare.edge(MANIFEST, "active", EDGE) == []


@pytest.mark.parametrize(
    ("live", "text"),
    [
        ([WEB, WEB2], "container postgres is missing"),
        ([WEB, DATABASE], "container web: replicas is 1, was applied as 2"),
        ([dataclasses.replace(WEB, state="exited", health="none"), WEB2, DATABASE], "state is exited"),
        ([dataclasses.replace(WEB, state="paused"), WEB2, DATABASE], "state is paused, healthy"),
        ([dataclasses.replace(WEB, health="unhealthy"), WEB2, DATABASE], "state is running, unhealthy"),
        ([dataclasses.replace(WEB, digest="edited"), WEB2, DATABASE], "digest is edited, was applied as d-web"),
        ([*RUNNING, dataclasses.replace(WEB, name="old", project="acme-0000000f")], "container old is not ours"),
        ([*RUNNING, dataclasses.replace(WEB, name="rogue", service="shell")], "container rogue is not ours"),
    ],
)
def test_each_change_of_a_container_is_found_and_nothing_else(live, text):
    findings = texts(compare.containers(MANIFEST, "active", live))
    assert len(findings) == 1
    assert text in findings[0]


def test_a_finished_job_is_no_finding():
    job = compare.LiveContainer("acme-00000001-migrate-1", "migrate", "acme-00000001", "d-job", "exited", "none")
    assert compare.containers(MANIFEST, "active", [*RUNNING, job]) == []


def test_a_stopped_tenant_has_no_running_container_and_no_router():
    assert len(compare.containers(MANIFEST, "stopped", RUNNING)) == 3
    stopped = [dataclasses.replace(one, state="exited", health="none") for one in RUNNING]
    assert compare.containers(MANIFEST, "stopped", stopped) == []
    assert compare.containers(MANIFEST, "stopped", []) == []
    assert texts(compare.edge(MANIFEST, "stopped", EDGE)) == ["router acme-main@file is not ours to be there"]


def test_a_network_that_is_gone_is_found():
    assert texts(compare.networks(MANIFEST, {"acme_default"})) == ["network acme_backing is missing"]


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
