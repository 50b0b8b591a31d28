# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Routes as labels, as a file, and as what the API has to show."""

from __future__ import annotations

import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.plugin_utils.render import serialize, traefik
from ansible_collections.tenantry.platform.tests.unit.plugins.plugin_utils.render import builders
from ansible_collections.tenantry.platform.tests.unit.plugins.plugin_utils.render.builders import (
    NEXT_RELEASE,
    RELEASE,
    route,
    service,
    spec,
)

LABEL = st.from_regex(r"[a-z]([a-z0-9-]{0,10}[a-z0-9])?", fullmatch=True)
NAME = st.from_regex(r"[a-z]([a-z0-9]|-(?=[a-z0-9])){0,8}", fullmatch=True)
HOSTNAME = st.lists(LABEL, min_size=1, max_size=3).map(lambda labels: ".".join([*labels, "test"]))
PREFIX = st.lists(st.from_regex(r"[A-Za-z0-9_~-]{1,6}", fullmatch=True), max_size=3).map(
    lambda parts: "/" + "/".join(parts)
)
CIDR = st.builds(lambda address, length: f"{address}/{length}", st.ip_addresses(v=4), st.integers(8, 32))
RULES = st.lists(st.fixed_dictionaries({"action": st.sampled_from(["allow", "deny"]), "cidr": CIDR}), max_size=3)


@st.composite
def specs(draw: st.DrawFn, via: str | None = None) -> dict[str, t.Any]:
    names = draw(st.lists(NAME, min_size=1, max_size=3, unique=True))
    services = [
        service(name, port=draw(st.integers(1, 65535)), replicas=draw(st.integers(1, 4))) for name in sorted(names)
    ]
    routes = [
        route(
            name,
            hostname=draw(HOSTNAME),
            path_prefix=draw(PREFIX),
            tls=draw(st.booleans()),
            sticky=draw(st.booleans()),
            via=via or draw(st.sampled_from(["file", "labels"])),
            access=draw(RULES),
            backends=[
                {"service": chosen, "weight": draw(st.integers(1, 100))}
                for chosen in draw(st.lists(st.sampled_from(names), min_size=1, unique=True))
            ],
        )
        for name in draw(st.lists(NAME, max_size=3, unique=True))
    ]
    return spec(draw(NAME), services=services, routes=routes)


def labels_of(of: dict[str, t.Any], name: str, release: str = RELEASE) -> dict[str, str]:
    return traefik.container_labels(of, next(one for one in of["services"] if one["name"] == name), release)


def only_route(**changes: t.Any) -> dict[str, t.Any]:
    return spec(routes=[route(**changes)])


# -- rules ---------------------------------------------------------------------------------------------------------


def test_a_rule_of_the_whole_host_names_the_host_alone() -> None:
    assert traefik.rule("acme.demo.test", "/") == "Host(`acme.demo.test`)"


def test_a_rule_with_a_prefix_joins_both() -> None:
    assert traefik.rule("acme.demo.test", "/api/v1") == "Host(`acme.demo.test`) && PathPrefix(`/api/v1`)"


@pytest.mark.parametrize(
    "hostname",
    [
        "a.test`) || Host(`victim.example.test",
        "victim.test`) || PathPrefix(`/",
        "*",
        "*.example.test",
        '{{ env "SECRET" }}.test',
        "acme.demo.test.",
        "Acme.demo.test",
        "bücher.test",
        "acme",
        "-a.test",
        "a..test",
        "a b.test",
        "a.test\n",
        "acme.test:80",
        "192.0.2.1",
        "[::1]",
        "",
        "a" * 64 + ".test",
        ".".join(["a" * 60] * 5),
        None,
    ],
)
def test_a_hostname_that_could_widen_a_rule_is_refused(hostname: t.Any) -> None:
    with pytest.raises(TenantryError) as refused:
        traefik.rule(hostname, "/")
    assert refused.value.error_kind == "invalid"


@pytest.mark.parametrize(
    "prefix",
    [
        "",
        "api",
        "/a`) || Host(`victim.test",
        "/{{ env `X` }}",
        "/a/../b",
        "/./a",
        "//a",
        "/a b",
        "/a\n",
        "/ä",
        "/*",
        "/a?b",
        None,
    ],
)
def test_a_prefix_that_could_widen_a_rule_is_refused(prefix: t.Any) -> None:
    with pytest.raises(TenantryError) as refused:
        traefik.rule("acme.demo.test", prefix)
    assert refused.value.error_kind == "invalid"


@given(st.text(), st.text())
def test_a_rule_holds_two_matchers_at_most_and_no_template(hostname: str, prefix: str) -> None:
    try:
        rule = traefik.rule(hostname, f"/{prefix}")
    except TenantryError:
        return
    assert rule.count("`") in (2, 4)
    assert "{" not in rule
    assert "|" not in rule


# -- the file ------------------------------------------------------------------------------------------------------


def test_a_route_by_file_weighs_the_services_of_its_release() -> None:
    assert traefik.route_file(only_route(), RELEASE) == {
        "http": {
            "routers": {
                "acme-main": {
                    "rule": "Host(`acme.demo.test`)",
                    "priority": 1000,
                    "entryPoints": ["websecure"],
                    "service": "acme-main",
                    "tls": {},
                }
            },
            "services": {"acme-main": {"weighted": {"services": [{"name": "acme-web-1f0c9a2e@docker", "weight": 1}]}}},
        }
    }


def test_a_route_without_tls_listens_on_the_plain_entry_point() -> None:
    router = traefik.route_file(only_route(tls=False), RELEASE)["http"]["routers"]["acme-main"]
    assert router["entryPoints"] == ["web"]
    assert "tls" not in router


def test_visitors_of_a_sticky_route_keep_release_and_replica() -> None:
    of = only_route(sticky=True)
    assert traefik.route_file(of, RELEASE)["http"]["services"]["acme-main"]["weighted"]["sticky"] == {
        "cookie": {"name": "acme-main", "secure": True, "httpOnly": True}
    }
    balancer = "traefik.http.services.acme-web-1f0c9a2e.loadbalancer.sticky.cookie"
    labels = labels_of(of, "web")
    assert (labels[f"{balancer}.name"], labels[f"{balancer}.secure"], labels[f"{balancer}.httponly"]) == (
        "acme-web-server",
        "true",
        "true",
    )


def test_the_cookie_of_a_route_without_tls_is_sent_without_it() -> None:
    of = only_route(sticky=True, tls=False)
    cookie = traefik.route_file(of, RELEASE)["http"]["services"]["acme-main"]["weighted"]["sticky"]["cookie"]
    assert cookie["secure"] is False
    assert labels_of(of, "web")["traefik.http.services.acme-web-1f0c9a2e.loadbalancer.sticky.cookie.secure"] == "false"


def test_access_rules_become_one_list_of_ranges() -> None:
    http = traefik.route_file(only_route(access=[{"action": "allow", "cidr": "10.0.0.0/8"}]), RELEASE)["http"]
    assert http["middlewares"] == {"acme-main": {"ipAllowList": {"sourceRange": ["10.0.0.0/8"]}}}
    assert http["routers"]["acme-main"]["middlewares"] == ["acme-main"]


def test_rules_that_let_nobody_in_still_make_a_list_that_traefik_takes() -> None:
    access = [{"action": "deny", "cidr": "0.0.0.0/0"}, {"action": "deny", "cidr": "::/0"}]
    http = traefik.route_file(only_route(access=access), RELEASE)["http"]
    assert http["middlewares"]["acme-main"]["ipAllowList"]["sourceRange"] == ["255.255.255.255/32"]


def test_a_backend_of_weight_0_is_left_out_of_the_file() -> None:
    backends = [{"service": "api", "weight": 0}, {"service": "web", "weight": 5}]
    of = spec(services=[service("api"), service("web")], routes=[route(backends=backends)])
    services = traefik.route_file(of, RELEASE)["http"]["services"]["acme-main"]["weighted"]["services"]
    assert services == [{"name": "acme-web-1f0c9a2e@docker", "weight": 5}]
    assert labels_of(of, "api") == {}


@given(specs(via="file"))
def test_a_longer_prefix_has_the_higher_priority(of: dict[str, t.Any]) -> None:
    routers = (traefik.route_file(of, RELEASE) or {"http": {"routers": {}}})["http"]["routers"]
    by_name = {
        name: routers[f"{of['name']}{'--' if '-' in name else '-'}{name}"]
        for name in (one["name"] for one in of["routes"])
    }
    for one in of["routes"]:
        for other in of["routes"]:
            if len(one["path_prefix"]) > len(other["path_prefix"]):
                assert by_name[one["name"]]["priority"] > by_name[other["name"]]["priority"]


@given(specs())
def test_no_route_file_holds_a_template(of: dict[str, t.Any]) -> None:
    assert "{{" not in serialize.dump(traefik.route_file(of, RELEASE))


@given(specs())
def test_every_name_in_a_route_file_begins_with_the_tenant(of: dict[str, t.Any]) -> None:
    http = (traefik.route_file(of, RELEASE) or {"http": {}})["http"]
    found = [name for kind in http.values() for name in kind]
    found += [one["name"] for one in http.get("services", {}).values() for one in one["weighted"]["services"]]
    assert all(name.startswith(f"{of['name']}-") for name in found)


@given(specs(), st.randoms())
def test_the_order_of_rows_changes_nothing(of: dict[str, t.Any], random: t.Any) -> None:
    before = [serialize.dump(traefik.route_file(of, RELEASE)), traefik.expectations(of, RELEASE)]
    before += [labels_of(of, one["name"]) for one in sorted(of["services"], key=lambda one: one["name"])]
    for rows in (of["services"], of["routes"], *(one["backends"] for one in of["routes"])):
        random.shuffle(rows)
    after = [serialize.dump(traefik.route_file(of, RELEASE)), traefik.expectations(of, RELEASE)]
    after += [labels_of(of, one["name"]) for one in sorted(of["services"], key=lambda one: one["name"])]
    assert after == before


@given(NAME, NAME, NAME, NAME)
def test_no_two_tenants_share_a_name_at_the_edge(tenant: str, name: str, other_tenant: str, other: str) -> None:
    def names_of(of_tenant: str, of_route: str) -> set[str]:
        of = spec(of_tenant, routes=[route(of_route)])
        return set(traefik.route_file(of, RELEASE)["http"]["routers"])

    assert (names_of(tenant, name) == names_of(other_tenant, other)) == ((tenant, name) == (other_tenant, other))


def test_a_hyphen_does_not_move_from_a_tenant_to_its_route() -> None:
    one, other = spec("a-b", routes=[route("c")]), spec("a", routes=[route("b-c")])
    assert list(traefik.route_file(one, RELEASE)["http"]["routers"]) == ["a-b-c"]
    assert list(traefik.route_file(other, RELEASE)["http"]["routers"]) == ["a--b-c"]


# -- labels --------------------------------------------------------------------------------------------------------


def test_a_container_behind_a_route_by_file_carries_what_never_changes() -> None:
    assert labels_of(only_route(), "web") == {
        "tenantry.managed": "true",
        "traefik.docker.network": "acme_default",
        "traefik.enable": "true",
        "traefik.http.services.acme-web-1f0c9a2e.loadbalancer.server.port": "8080",
    }


def test_a_service_that_no_route_leads_to_is_unknown_to_the_edge() -> None:
    assert labels_of(spec(services=[service("api"), service("web")]), "api") == {}


def test_labels_alone_carry_rule_access_tls_and_weight() -> None:
    labels = labels_of(builders.by_labels(), "green")
    name = "echo-1f0c9a2e-main"
    assert labels == {
        "tenantry.managed": "true",
        "traefik.docker.network": "echo_default",
        "traefik.enable": "true",
        f"traefik.http.middlewares.{name}.ipallowlist.sourcerange": labels[
            f"traefik.http.middlewares.{name}.ipallowlist.sourcerange"
        ],
        f"traefik.http.routers.{name}.entrypoints": "websecure",
        f"traefik.http.routers.{name}.middlewares": name,
        f"traefik.http.routers.{name}.priority": "1000",
        f"traefik.http.routers.{name}.rule": "Host(`echo.demo.test`)",
        f"traefik.http.routers.{name}.service": name,
        f"traefik.http.routers.{name}.tls": "true",
        f"traefik.http.services.{name}.loadbalancer.server.port": "9090",
        f"traefik.http.services.{name}.loadbalancer.server.weight": "2",
    }
    assert labels[f"traefik.http.middlewares.{name}.ipallowlist.sourcerange"].startswith("0.0.0.0/1,128.0.0.0/2,")


def test_half_and_half_holds_with_two_containers_on_one_side() -> None:
    weight = "traefik.http.services.echo-1f0c9a2e-main.loadbalancer.server.weight"
    of = builders.by_labels()
    assert [labels_of(of, name)[weight] for name in ("blue", "green")] == ["1", "2"]


@given(specs(via="labels"))
def test_containers_share_as_the_weights_of_their_services_say(of: dict[str, t.Any]) -> None:
    replicas = {one["name"]: one["replicas"] for one in of["services"]}
    for one in of["routes"]:
        name = f"{of['name']}-1f0c9a2e-{one['name']}"
        key = f"traefik.http.services.{name}.loadbalancer.server.weight"
        share = {b["service"]: int(labels_of(of, b["service"])[key]) * replicas[b["service"]] for b in one["backends"]}
        whole, wanted = sum(share.values()), sum(b["weight"] for b in one["backends"])
        assert all(share[b["service"]] * wanted == b["weight"] * whole for b in one["backends"])


@given(specs())
def test_containers_differ_only_in_what_traefik_merges(of: dict[str, t.Any]) -> None:
    """Two definitions of one name that differ elsewhere make Traefik drop both."""
    seen: dict[str, str] = {}
    for one in of["services"]:
        for key, value in labels_of(of, one["name"]).items():
            if not key.endswith((".server.port", ".server.weight")):
                assert seen.setdefault(key, value) == value


@given(specs(), st.data())
def test_two_releases_share_no_name_on_containers(of: dict[str, t.Any], data: st.DataObject) -> None:
    name = data.draw(st.sampled_from([one["name"] for one in of["services"]]))

    def named(release: str) -> set[str]:
        return {key for key in labels_of(of, name, release) if key.startswith("traefik.http.")}

    assert not named(RELEASE) & named(NEXT_RELEASE)


@given(specs())
def test_a_router_by_labels_is_not_named_like_a_service_of_a_route_by_file(of: dict[str, t.Any]) -> None:
    def services(via: str) -> set[str]:
        some = {**of, "routes": [one for one in of["routes"] if one["via"] == via]}
        return set(traefik.expectations(some, RELEASE)["services"])

    assert not services("file") & services("labels")


def test_a_route_and_a_service_of_one_name_stay_apart() -> None:
    of = spec(
        services=[service("api"), service("web")],
        routes=[
            route("main"),
            route(
                "web",
                via="labels",
                hostname="b.demo.test",
                backends=[{"service": "api", "weight": 1}, {"service": "web", "weight": 1}],
            ),
        ],
    )
    assert traefik.expectations(of, RELEASE)["services"] == {
        "acme-1f0c9a2e-web@docker": 2,
        "acme-web-1f0c9a2e@docker": 1,
    }


# -- what the API has to show --------------------------------------------------------------------------------------


def test_the_api_has_to_show_routers_and_as_many_servers_as_replicas() -> None:
    assert traefik.expectations(builders.two_replicas(), RELEASE) == {
        "routers": {"bolt-main@file": {"rule": "Host(`bolt.demo.test`)", "service": "bolt-main", "priority": 1000}},
        "services": {"bolt-web-1f0c9a2e@docker": 2},
    }


def test_a_route_by_labels_has_the_servers_of_all_its_backends() -> None:
    assert traefik.expectations(builders.by_labels(), RELEASE)["services"] == {"echo-1f0c9a2e-main@docker": 3}
    assert traefik.route_file(builders.by_labels(), RELEASE) is None


@given(specs())
def test_expectation_file_and_labels_tell_the_same(of: dict[str, t.Any]) -> None:
    expected = traefik.expectations(of, RELEASE)
    http = (traefik.route_file(of, RELEASE) or {"http": {"routers": {}, "services": {}}})["http"]
    for name, router in http["routers"].items():
        wanted = expected["routers"][f"{name}@file"]
        assert {key: router[key] for key in wanted} == wanted
    used = {one["name"] for service_ in http["services"].values() for one in service_["weighted"]["services"]}
    assert used <= set(expected["services"])
    labels = [labels_of(of, one["name"]) for one in of["services"]]
    for name in (key.removesuffix("@docker") for key in expected["services"]):
        count = sum(
            one["replicas"]
            for one, own in zip(of["services"], labels)
            if f"traefik.http.services.{name}.loadbalancer.server.port" in own
        )
        assert count == expected["services"][f"{name}@docker"]


# -- refusals ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"backends": []}, "no backend"),
        ({"backends": [{"service": "web", "weight": 0}]}, "no backend"),
        ({"backends": [{"service": "nobody", "weight": 1}]}, "no app service"),
        ({"backends": [{"service": "db", "weight": 1}]}, "no app service"),
        ({"backends": [{"service": "worker", "weight": 1}]}, "port None"),
        ({"backends": [{"service": "web", "weight": -1}]}, "weight -1"),
        ({"backends": [{"service": "web", "weight": True}]}, "weight True"),
        ({"backends": [{"service": "web", "weight": 1}, {"service": "web", "weight": 2}]}, "twice"),
        ({"name": "a.b"}, "route or service name"),
        ({"name": "a`"}, "route or service name"),
    ],
)
def test_a_route_that_leads_nowhere_is_refused(changes: dict[str, t.Any], why: str) -> None:
    services = [service("db", "backing"), service("web"), service("worker", port=None)]
    of = spec(services=services, routes=[route(**changes)])
    with pytest.raises(TenantryError, match=why) as refused:
        traefik.route_file(of, RELEASE)
    assert refused.value.error_kind == "invalid"


@pytest.mark.parametrize("name", ["Acme", "a--b", "-a", "a-", "a_b", "a.b", "a/b", "a\n", "", "1a", "a" * 33])
def test_a_tenant_name_that_could_be_another_ones_is_refused(name: str) -> None:
    with pytest.raises(TenantryError, match="no tenant name"):
        traefik.route_file(spec(name), RELEASE)


@pytest.mark.parametrize("release", ["", "latest", "1f0c9a2e", RELEASE + "\n", RELEASE.upper(), "../" + RELEASE])
def test_a_release_that_is_none_is_refused(release: str) -> None:
    with pytest.raises(TenantryError, match="no release id"):
        traefik.route_file(spec(), release)
