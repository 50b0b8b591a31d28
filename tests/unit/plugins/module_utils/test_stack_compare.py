# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Services against live containers, their order, and when one of them will not recover."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.tenantry.platform.plugins.module_utils.engine_containers import Container
from ansible_collections.tenantry.platform.plugins.module_utils.stack_compare import (
    differences,
    is_of,
    state_of,
    wanted_state,
    waves,
)
from ansible_collections.tenantry.platform.plugins.module_utils.stack_project import Service
from ansible_collections.tenantry.platform.plugins.module_utils.stack_wait import crash

NETWORK = "acme_default"


def container(name: str = "web-1", service: str = "web", digest: str = "d1", needs: str = "", **changes) -> Container:
    labels = {
        "tenantry.managed": "true",
        "tenantry.spec_digest": digest,
        "com.docker.compose.service": service,
        "com.docker.compose.depends_on": needs,
        "com.docker.compose.oneoff": "False",
    }
    data = {
        "Id": f"id-{name}",
        "Name": f"/{name}",
        "Image": "sha256:1",
        "Config": {"Labels": labels, "Image": "app@sha256:1"},
        "State": {"Status": "running", "StartedAt": "2026-11-21T07:00:00Z"},
        "NetworkSettings": {"Networks": {NETWORK: {"IPAddress": "10.0.0.2"}}},
    }
    return dataclasses.replace(Container.from_inspect(data), **changes)


def service(name: str = "web", **changes) -> Service:
    wanted = Service(
        name=name,
        image="app@sha256:1",
        replicas=1,
        labels={"tenantry.spec_digest": "d1"},
        depends_on=(),
        networks=frozenset({NETWORK}),
        profiles=frozenset(),
    )
    return dataclasses.replace(wanted, **changes)


def fields(found) -> list[tuple[str, str | None, str]]:
    return [(one.service, one.container, one.field) for one in found]


def test_what_is_as_wanted_differs_in_nothing() -> None:
    assert differences({"web": service()}, [container()], {"app@sha256:1": "sha256:1"}, {"web"}) == []
    assert state_of(["web"], [container()]) == wanted_state({"web": service()})


@pytest.mark.parametrize(
    ("live", "wanted", "field"),
    [
        (container(digest="d0"), service(), "spec_digest"),
        (container(image="app:1"), service(), "image"),
        (container(image_id="sha256:0"), service(), "image_id"),
        (container(networks={}), service(), "networks"),
        (container(networks={NETWORK: "", "bcme_default": ""}), service(), "networks"),
        (container(state="paused"), service(), "state"),
        (container(state="exited"), service(), "state"),
        (container(), service(config_hash="abc"), "config_hash"),
    ],
)
def test_one_field_that_differs_is_named(live: Container, wanted: Service, field: str) -> None:
    found = differences({"web": wanted}, [live], {"app@sha256:1": "sha256:1"}, {"web"})
    assert fields(found) == [("web", "web-1", field)]


def test_a_name_that_compose_was_killed_before_it_gave_differs() -> None:
    left = container("0123456789ab_acme-web-1")
    left = dataclasses.replace(left, labels={**left.labels, "com.docker.compose.project": "acme"})
    assert left.unfinished_name_of == "acme-web-1"
    assert fields(differences({"web": service()}, [left], {}, None)) == [("web", left.name, "name")]
    assert container("0123456789ab_web-1").unfinished_name_of is None


def test_networks_of_another_container_and_an_image_that_is_not_there_are_not_compared() -> None:
    wanted = {"web": service(networks=None)}
    assert differences(wanted, [container(networks={"x": ""})], {"app@sha256:1": None}, None) == []


def test_missing_and_surplus_containers_are_counted() -> None:
    assert fields(differences({"web": service(replicas=2)}, [container()], {}, None)) == [("web", None, "count")]
    two = [container(), container("web-2")]
    assert fields(differences({"web": service()}, two, {}, None)) == [("web", None, "count")]


def test_a_run_of_a_job_is_no_replica_and_no_orphan_of_a_known_service() -> None:
    run = container("web-run-1", state="exited")
    run = dataclasses.replace(run, labels={**run.labels, "com.docker.compose.oneoff": "True"})
    assert differences({"web": service()}, [container(), run], {}, {"web"}) == []


def test_a_container_of_a_service_that_no_file_has_is_an_orphan_unless_orphans_may_stay() -> None:
    stray = container("old-1", "old")
    assert fields(differences({}, [stray], {}, {"web"})) == [("old", "old-1", "orphan")]
    assert differences({}, [stray], {}, None) == []


def test_a_container_belongs_to_a_definition_by_digest_or_by_composes_hash() -> None:
    assert is_of(service(), container())
    assert not is_of(service(), container(digest="d2"))
    assert not is_of(service(config_hash="abc"), container())


def test_containers_follow_what_they_depend_on() -> None:
    made = [
        container("web-1", "web", needs="api:service_healthy:false"),
        container("web-2", "web", needs="api:service_healthy:false"),
        container("api-1", "api", needs="db:service_healthy:false,gone:service_started:false"),
        container("db-1", "db"),
    ]
    assert [[one.name for one in wave] for wave in waves(made)] == [["db-1"], ["api-1"], ["web-1", "web-2"]]


@given(st.dictionaries(st.sampled_from("abcdef"), st.sets(st.sampled_from("abcdef")), max_size=6))
def test_every_container_is_in_one_wave_whatever_the_dependencies(graph: dict[str, set[str]]) -> None:
    made = [container(f"{name}-1", name, needs=",".join(sorted(needs))) for name, needs in graph.items()]
    ordered = [one.name for wave in waves(made) for one in wave]
    assert sorted(ordered) == sorted(one.name for one in made)


NEW = {"started": "2026-11-21T08:00:00Z"}


@pytest.mark.parametrize(
    ("now", "before", "verdict"),
    [
        (container(**NEW), None, None),
        (container(state="created", started=""), None, None),
        (container(state="exited", exit_code=7, **NEW), None, "ended with code 7"),
        (container(state="exited", exit_code=137, oom_killed=True, **NEW), None, "more memory than it may"),
        (container(state="exited"), container(state="exited"), None),
        (container(state="exited"), container(), "ended with code 0"),
        (container(state="exited", **NEW), container(state="exited"), "ended with code 0"),
        (container(restarts=3, **NEW), None, None),
        (container(restarts=4, **NEW), None, "restarts over and over"),
        (container(restarts=24, **NEW), container(restarts=21), None),
        (container(restarts=25, **NEW), container(restarts=21), "restarts over and over"),
        (container(restarts=4, **NEW), container(restarts=21), "restarts over and over"),
        (container(state="restarting", health="unhealthy", restarts=1, **NEW), None, None),
        (container(health="unhealthy", **NEW), None, "is unhealthy"),
        (container(health="unhealthy"), container(health="unhealthy"), None),
        (container(health="unhealthy"), container(health="healthy"), "is unhealthy"),
    ],
)
def test_a_crash_is_told_from_what_was_wrong_before(
    now: Container, before: Container | None, verdict: str | None
) -> None:
    found = crash(now, before)
    assert (found is None) if verdict is None else (verdict in (found or ""))
