# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compose projects of a spec. What compose itself makes of them is tried by the integration target render_sinks."""

from __future__ import annotations

import copy
import typing as t

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.plugin_utils.render import compose, hooks, serialize
from ansible_collections.tenantry.platform.tests.unit.plugins.plugin_utils.render import builders
from ansible_collections.tenantry.platform.tests.unit.plugins.plugin_utils.render.builders import (
    NEXT_RELEASE,
    RELEASE,
    images,
    secret,
    service,
    spec,
)

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
NAME = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,20}", fullmatch=True).filter(
    lambda name: not name.startswith("TENANTRY_")
)
KEY = st.from_regex(r"[a-z]{2,5}\.[a-z]{2,5}", fullmatch=True).filter(lambda key: not key.startswith("traefik."))


def app(of: dict[str, t.Any], release: str = RELEASE) -> dict[str, t.Any]:
    project = compose.app_project(of, release, images(of))
    assert project is not None
    return project


def backing(of: dict[str, t.Any]) -> dict[str, t.Any]:
    project = compose.backing_project(of, images(of))
    assert project is not None
    return project


def web(**changes: t.Any) -> dict[str, t.Any]:
    of = spec(services=[service("web", **changes)])
    return t.cast("dict[str, t.Any]", app(of)["services"]["web"])


def read_by_compose(project: dict[str, t.Any]) -> dict[str, t.Any]:
    """Through the file, a YAML reader and compose's interpolation, which knows $$ alone."""

    def interpolated(value: t.Any) -> t.Any:
        if isinstance(value, str):
            assert "$" not in value.replace("$$", "")
            return value.replace("$$", "$")
        if isinstance(value, dict):
            return {key: interpolated(item) for key, item in value.items()}
        return [interpolated(item) for item in value] if isinstance(value, list) else value

    return t.cast("dict[str, t.Any]", interpolated(yaml.safe_load(serialize.dump(project))))


# -- values --------------------------------------------------------------------------------------------------------


@given(st.dictionaries(NAME, TEXT), st.dictionaries(KEY, TEXT), st.lists(TEXT, min_size=1))
def test_values_reach_the_container_byte_for_byte(
    environment: dict[str, str], labels: dict[str, str], command: list[str]
) -> None:
    of = spec(services=[service("web", environment=environment, labels=labels, command=command)])
    live = read_by_compose(app(of))["services"]["web"]
    assert {key: value for key, value in live["environment"].items() if not key.startswith("TENANTRY_")} == environment
    assert {key: live["labels"][key] for key in labels} == labels
    assert live["command"] == command


@given(st.dictionaries(NAME, TEXT))
def test_no_value_becomes_structure(environment: dict[str, str]) -> None:
    plain, filled = (app(spec(services=[service("web", environment=values)])) for values in ({}, environment))
    for project in (plain, filled):
        del project["services"]["web"]["environment"], project["services"]["web"]["labels"]
    assert read_by_compose(filled) == read_by_compose(plain)


@given(st.dictionaries(NAME, TEXT))
def test_the_order_in_the_database_changes_nothing(environment: dict[str, str]) -> None:
    reordered = dict(reversed(list(environment.items())))
    one, other = (spec(services=[service("web", environment=values)]) for values in (environment, reordered))
    assert serialize.dump(app(one)) == serialize.dump(app(other))


def test_rendering_leaves_the_spec_as_it_was() -> None:
    of = builders.six_services()
    before = copy.deepcopy(of)
    app(of)["services"]["web"]["tmpfs"].append("/x")
    backing(of)
    assert of == before


# -- identity ------------------------------------------------------------------------------------------------------


def test_containers_say_whose_they_are() -> None:
    rendered = web()
    assert rendered["environment"] == {
        "TENANTRY_TENANT": "acme",
        "TENANTRY_SERVICE": "web",
        "TENANTRY_RELEASE": RELEASE,
    }
    labels = rendered["labels"]
    assert {key: labels[key] for key in labels if key.startswith("tenantry.") and key != "tenantry.spec_digest"} == {
        "tenantry.managed": "true",
        "tenantry.tenant": "acme",
        "tenantry.service": "web",
        "tenantry.release": RELEASE,
    }


def test_a_backing_service_does_not_know_the_release() -> None:
    of = builders.six_services()
    rendered = serialize.dump(backing(of))
    assert RELEASE not in rendered
    assert "1f0c9a2e" not in rendered
    assert "tenantry.release" not in rendered
    assert "TENANTRY_RELEASE" not in rendered


def test_backing_services_are_the_same_bytes_in_the_next_release() -> None:
    first, second = builders.six_services(), builders.six_services()
    for one in second["services"]:
        if one["kind"] != "backing":
            one["environment"] = {**one["environment"], "NEW": "1"}
    assert app(first) != app(second, NEXT_RELEASE)
    assert serialize.dump(backing(first)) == serialize.dump(backing(second))


def test_the_digest_is_that_of_the_definition_without_it() -> None:
    rendered = web(environment={"A": "$x"})
    found = rendered["labels"].pop("tenantry.spec_digest")
    assert found == serialize.digest(rendered)


@pytest.mark.parametrize(
    "changes",
    [
        {"command": ["other"]},
        {"environment": {"A": "1"}},
        {"labels": {"com.example.team": "x"}},
        {"memory": 1},
        {"replicas": 2},
        {"port": 1},
        {"stop_grace_period": 1},
        {"health": {"retries": 9}},
        {"hardening": {"cap_add": ["NET_BIND_SERVICE"]}},
        {"volumes": [{"name": "data", "path": "/data", "read_only": True}]},
    ],
)
def test_a_changed_definition_has_another_digest(changes: dict[str, t.Any]) -> None:
    assert web(**changes)["labels"]["tenantry.spec_digest"] != web()["labels"]["tenantry.spec_digest"]


def test_digests_of_all_services_can_be_read_back() -> None:
    of = builders.six_services()
    assert set(compose.service_digests(app(of), backing(of), None)) == {one["name"] for one in of["services"]}


# -- projects, networks, volumes -----------------------------------------------------------------------------------


def test_services_are_in_the_project_of_their_kind() -> None:
    of = builders.six_services()
    assert (app(of)["name"], list(app(of)["services"])) == (
        "acme-1f0c9a2e",
        ["api", "migrate", "scheduler", "web", "worker"],
    )
    assert (backing(of)["name"], list(backing(of)["services"])) == ("acme", ["postgres", "redis"])


def test_a_project_without_services_is_none() -> None:
    assert compose.backing_project(spec(), images(spec())) is None
    of = spec(services=[service("db", "backing")], routes=[])
    assert compose.app_project(of, RELEASE, images(of)) is None


def test_only_app_services_are_on_the_network_that_leads_out() -> None:
    of = builders.six_services()
    assert set(app(of)["services"]["web"]["networks"]) == {"default", "backing"}
    assert set(backing(of)["services"]["postgres"]["networks"]) == {"backing"}
    assert app(of)["networks"] == {
        "default": {"name": "acme_default", "external": True},
        "backing": {"name": "acme_backing", "external": True},
    }
    assert [(one["name"], one["internal"]) for one in compose.networks(of)] == [
        ("acme_default", False),
        ("acme_backing", True),
    ]


def test_a_tenant_without_backing_services_needs_one_network() -> None:
    assert [one["name"] for one in compose.networks(spec())] == ["acme_default"]
    assert set(web()["networks"]) == {"default"}


def test_networks_and_volumes_carry_our_labels() -> None:
    of = builders.six_services()
    labels = {"tenantry.managed": "true", "tenantry.tenant": "acme"}
    assert all(one["labels"] == labels for one in compose.networks(of) + compose.volumes(of))


def test_a_volume_of_two_services_is_one() -> None:
    shared = [{"name": "data", "path": "/data", "read_only": False}]
    of = spec(services=[service("api", volumes=shared), service("web", volumes=[{**shared[0], "read_only": True}])])
    assert [one["name"] for one in compose.volumes(of)] == ["acme_data"]
    assert app(of)["volumes"] == {"data": {"name": "acme_data", "external": True}}
    assert app(of)["services"]["web"]["volumes"] == [
        {"type": "volume", "source": "data", "target": "/data", "read_only": True}
    ]


def test_a_generation_of_a_volume_is_another_volume_of_the_engine_that_is_never_made_anew():
    service = builders.service("web", volumes=[{"name": "data", "path": "/data", "read_only": False}])
    of = builders.spec(services=[service], generations={"data": "r1", "gone": "r2"})
    assert app(of)["volumes"] == {"data": {"name": "acme_data-r1", "external": True}}
    assert app(of)["services"]["web"]["volumes"][0]["source"] == "data"
    labels = {"tenantry.managed": "true", "tenantry.tenant": "acme"}
    assert compose.volumes(of) == [{"name": "acme_data-r1", "labels": labels, "restored": True}]
    assert compose.generations(of) == {"data": "r1"}
    assert compose.generations({**of, "generations": {}}) == {"data": None}


def test_no_container_has_a_name_of_its_own_so_that_replicas_can_stand_side_by_side() -> None:
    rendered = web(replicas=3)
    assert rendered["deploy"] == {"replicas": 3}
    assert "container_name" not in rendered


def test_images_are_named_by_digest() -> None:
    assert web()["image"] == f"registry.example/web@sha256:{1:064x}"


# -- order ---------------------------------------------------------------------------------------------------------


def test_an_app_service_waits_for_those_of_its_own_project_alone() -> None:
    of = builders.six_services()
    assert app(of)["services"]["web"]["depends_on"] == {"api": {"condition": "service_healthy"}}
    assert "depends_on" not in app(of)["services"]["api"]


def test_backing_services_wait_for_each_other() -> None:
    of = spec(services=[service("db", "backing"), service("proxy", "backing", depends_on=["db"])], routes=[])
    assert backing(of)["services"]["proxy"]["depends_on"] == {"db": {"condition": "service_healthy"}}


def test_nothing_but_a_job_waits_for_a_job_because_compose_does_not_run_it() -> None:
    jobs = [service("first", "job"), service("second", "job", depends_on=["first", "web"])]
    of = spec(services=[*jobs, service("web", depends_on=["first"])])
    assert "depends_on" not in app(of)["services"]["web"]
    assert app(of)["services"]["second"]["depends_on"] == {
        "first": {"condition": "service_completed_successfully"},
        "web": {"condition": "service_healthy"},
    }


def test_a_job_runs_once_and_only_when_it_is_called() -> None:
    job = app(builders.six_services())["services"]["migrate"]
    assert (job["profiles"], job["restart"]) == (["job"], "no")
    assert "deploy" not in job


# -- hardening -----------------------------------------------------------------------------------------------------


def test_a_container_gets_as_little_as_it_can() -> None:
    rendered = web()
    expected = {
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
        "read_only": True,
        "tmpfs": ["/tmp"],
        "pids_limit": 200,
        "mem_limit": 134217728,
        "memswap_limit": 134217728,
        "cpus": "0.5",
        "user": "10001:10001",
        "restart": "unless-stopped",
        "init": True,
        "logging": {"driver": "json-file", "options": {"max-size": "10m", "max-file": "3"}},
    }
    assert {key: rendered[key] for key in expected} == expected
    assert "cap_add" not in rendered
    assert "privileged" not in rendered
    assert "ports" not in rendered


def test_exceptions_are_what_the_row_says() -> None:
    rendered = web(
        cpus=None,
        memory=None,
        hardening={
            "user": None,
            "read_only": False,
            "cap_add": ["SETUID", "CHOWN"],
            "no_new_privileges": False,
            "pids_limit": None,
            "tmpfs": [],
        },
    )
    assert rendered["cap_add"] == ["CHOWN", "SETUID"]
    assert rendered["cap_drop"] == ["ALL"]
    assert rendered["read_only"] is False
    for absent in ("security_opt", "tmpfs", "user", "pids_limit", "cpus", "mem_limit", "memswap_limit"):
        assert absent not in rendered


def test_swap_may_be_allowed() -> None:
    rendered = web(memory=100, hardening={"memory_swap": 300})
    assert (rendered["mem_limit"], rendered["memswap_limit"]) == (100, 300)


# -- secrets -------------------------------------------------------------------------------------------------------


def test_a_secret_is_mounted_from_the_release_and_never_made_by_the_engine() -> None:
    of = builders.with_secret()
    assert app(of)["services"]["web"]["volumes"] == [
        {
            "type": "bind",
            "source": "./secrets/web/token",
            "target": "/run/secrets/token",
            "read_only": True,
            "bind": {"create_host_path": False},
        }
    ]


def test_the_secret_of_a_backing_service_stays_where_it_is_until_it_changes() -> None:
    def source(vault: str) -> str:
        of = {**builders.with_secret(), "secrets": [secret("token", vault)]}
        return t.cast("str", backing(of)["services"]["cache"]["volumes"][0]["source"])

    assert source("one").startswith("../../shared/secrets/cache/token-")
    assert source("one") == source("one") != source("two")


def test_a_named_user_cannot_own_a_secret() -> None:
    of = spec(services=[service("web", secrets=["token"], hardening={"user": "www-data"})], secrets=[secret("token")])
    with pytest.raises(TenantryError, match="a file belongs to a number"):
        app(of)


def test_a_secret_that_the_tenant_lacks_is_refused() -> None:
    with pytest.raises(TenantryError, match="wants secret 'token'"):
        web(secrets=["token"])


# -- refusals ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"labels": {"traefik.http.routers.web.rule": "x"}}, "namespace"),
        ({"labels": {"TRAEFIK.enable": "x"}}, "namespace"),
        ({"labels": {"tenantry.tenant": "victim"}}, "namespace"),
        ({"labels": {"com.docker.compose.project": "victim"}}, "namespace"),
        ({"labels": {"a": "x\0"}}, "label a"),
        ({"environment": {"TENANTRY_RELEASE": "x"}}, "platform's own"),
        ({"environment": {"A=B": "x"}}, "no possible name"),
        ({"environment": {"": "x"}}, "no possible name"),
        ({"environment": {"A": "x\0"}}, "environment variable A"),
        ({"environment": {"A": 1}}, "environment variable A"),
        ({"command": ["a\0"]}, "command"),
        ({"depends_on": ["nobody"]}, "depends on 'nobody'"),
        ({"volumes": [{"name": "../etc", "path": "/data", "read_only": False}]}, "no volume name"),
        ({"name": "a/b"}, "no service name"),
    ],
)
def test_what_would_reach_beyond_the_tenant_is_refused(changes: dict[str, t.Any], why: str) -> None:
    of = spec(services=[{**service("web"), **changes}], routes=[])
    with pytest.raises(TenantryError, match=why) as refused:
        compose.app_project(of, RELEASE, images(of))
    assert refused.value.error_kind == "invalid"


def test_a_service_without_a_resolved_image_is_refused() -> None:
    with pytest.raises(TenantryError, match="no resolved image"):
        compose.app_project(spec(), RELEASE, {})


# -- hooks ---------------------------------------------------------------------------------------------------------


def test_a_hook_is_its_service_without_a_route() -> None:
    of = builders.with_hooks()
    project = hooks.project(of, RELEASE, images(of))
    assert project is not None
    assert list(project["services"]) == ["hook-warm", "hook-smoke"]
    smoke = project["services"]["hook-smoke"]
    web = app(of)["services"]["web"]
    assert (smoke["entrypoint"], smoke["command"]) == (["app", "$$HOME"], [])
    assert not [label for label in smoke["labels"] if label.startswith("traefik.")]
    assert smoke["labels"]["tenantry.service"] == "hook-smoke"
    for field in ("image", "environment", "networks", "volumes", "cap_drop", "read_only"):
        assert smoke[field] == web[field], field
    assert (smoke["profiles"], smoke["restart"], smoke["healthcheck"]) == (["job"], "no", {"disable": True})
    assert project["name"] == app(of)["name"]


def test_a_tenant_without_hooks_has_no_file_of_them() -> None:
    of = builders.with_secret()
    assert hooks.project(of, RELEASE, images(of)) is None
