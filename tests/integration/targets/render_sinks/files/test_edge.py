# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What rendered routes are in a real Traefik."""

from __future__ import annotations

import collections
import copy
import pathlib
import typing as t

import pytest
from edge import Client, Edge
from engine import NEXT_RELEASE, RELEASE, Tenant, docker, until

from ansible_collections.tenantry.platform.plugins.plugin_utils.render import traefik
from ansible_collections.tenantry.platform.tests.unit.plugins.plugin_utils.render.builders import route, service, spec

DENY_ALL = [{"action": "deny", "cidr": "0.0.0.0/0"}, {"action": "deny", "cidr": "::/0"}]
DENY_ONE = [{"action": "deny", "cidr": "127.0.0.9"}]
ALLOW_SOME = [
    {"action": "deny", "cidr": "127.0.0.8/29"},
    {"action": "allow", "cidr": "127.0.0.0/24"},
    {"action": "deny", "cidr": "127.0.0.0/8"},
]


def app(name: str, **changes: t.Any) -> dict[str, t.Any]:
    return service(
        name,
        image="sample:1.0.0",
        command=["web"],
        environment={"DRAIN_SECONDS": "0", "PORT": str(changes.get("port", 8080))},
        cpus=None,
        health={"type": "http", "path": "/health"},
        **changes,
    )


def wanted(name: str) -> dict[str, t.Any]:
    def at(label: str, **changes: t.Any) -> dict[str, t.Any]:
        return route(label, hostname=f"{label}.{name}.test", **changes)

    blue, green = {"service": "blue", "weight": 1}, {"service": "green", "weight": 1}
    return spec(
        name,
        services=[app("blue", replicas=2), app("green", port=8081)],
        routes=[
            at("access", access=ALLOW_SOME, backends=[green]),
            at("canary", backends=[{**blue, "weight": 3}, green]),
            at(
                "everyone-but",
                access=DENY_ONE,
                backends=[green],
            ),
            at("half", via="labels", backends=[blue, green], access=DENY_ONE),
            at("main", backends=[blue]),
            at(
                "nobody",
                access=DENY_ALL,
                backends=[green],
            ),
            route("prefix", hostname=f"main.{name}.test", path_prefix="/version", backends=[green]),
            at("plain", tls=False, backends=[green]),
            at("sticky", sticky=True, backends=[blue, green]),
            at("sticky-labels", sticky=True, via="labels", backends=[blue, green]),
        ],
    )


@pytest.fixture(name="edge", scope="module")
def edge_fixture(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Edge]:
    edge = Edge(tmp_path_factory.mktemp("edge"))
    try:
        edge.start()
        yield edge
    finally:
        edge.remove()


@pytest.fixture(name="release", scope="module", autouse=True)
def release_fixture(tenant: Tenant, edge: Edge) -> pathlib.Path:
    of = wanted(tenant.name)
    directory = tenant.prepare(of, RELEASE)
    tenant.up(directory)
    edge.route(of, RELEASE)
    edge.shows(of, RELEASE)
    return directory


@pytest.fixture(name="ask")
def ask_fixture(edge: Edge) -> Client:
    return Client(edge)


def name_of(tenant: Tenant, label: str) -> str:
    return f"{label}.{tenant.name}.test"


def shared(answers: collections.Counter[str], first: int, second: int) -> None:
    """Traefik begins a new round whenever anything else on the engine changes its configuration."""
    one, other = (answers[name] for name in sorted(answers))
    assert one + other == first + second
    assert abs(one - first) <= 4, answers


def test_every_router_is_enabled_with_rule_service_and_priority(tenant: Tenant, edge: Edge) -> None:
    edge.shows(tenant.spec, RELEASE)


def test_traefik_says_nothing_wrong_about_the_file(tenant: Tenant, edge: Edge) -> None:
    lines = docker("logs", edge.container).splitlines()
    assert [line for line in lines if tenant.name in line and ("ERR" in line or '"level":"error"' in line)] == []


def test_weighted_services_are_those_of_the_file(tenant: Tenant, edge: Edge) -> None:
    for name, service_ in traefik.route_file(tenant.spec, RELEASE)["http"]["services"].items():
        live = edge.read(f"http/services/{name}@file")
        assert live["weighted"]["services"] == service_["weighted"]["services"]
        assert live["status"] == "enabled"


def test_a_route_by_file_leads_to_all_replicas(tenant: Tenant, ask: Client) -> None:
    shared(ask.who(name_of(tenant, "main"), 40, key="hostname"), 20, 20)


def test_weights_share_the_requests(tenant: Tenant, ask: Client) -> None:
    shared(ask.who(name_of(tenant, "canary"), 40), 30, 10)


def test_labels_alone_share_half_and_half_over_three_containers(tenant: Tenant, edge: Edge, ask: Client) -> None:
    name = f"{tenant.name}-{RELEASE[-8:]}-half@docker"
    servers = edge.read(f"http/services/{name}")["loadBalancer"]["servers"]
    assert sorted(one["url"].rpartition(":")[2] for one in servers) == ["8080", "8080", "8081"]
    shared(ask.who(name_of(tenant, "half"), 40), 20, 20)


def test_labels_alone_carry_the_access_list(tenant: Tenant, edge: Edge) -> None:
    assert Client(edge).get(name_of(tenant, "half"))[0] == 200
    assert Client(edge, "127.0.0.9").get(name_of(tenant, "half"))[0] == 403


@pytest.mark.parametrize(
    ("source", "status"),
    [
        ("127.0.0.1", 200),
        ("127.0.0.7", 200),
        ("127.0.0.8", 403),
        ("127.0.0.15", 403),
        ("127.0.0.16", 200),
        ("127.0.1.1", 403),
    ],
)
def test_access_rules_are_tried_in_their_order(tenant: Tenant, edge: Edge, source: str, status: int) -> None:
    assert Client(edge, source).get(name_of(tenant, "access"))[0] == status


def test_who_is_denied_is_denied_and_everyone_else_comes_in(tenant: Tenant, edge: Edge) -> None:
    assert Client(edge, "127.0.0.9").get(name_of(tenant, "everyone-but"))[0] == 403
    assert Client(edge, "127.0.0.10").get(name_of(tenant, "everyone-but"))[0] == 200


def test_nobody_means_403_and_not_404(tenant: Tenant, ask: Client) -> None:
    assert ask.get(name_of(tenant, "nobody"))[0] == 403


def test_a_longer_prefix_wins(tenant: Tenant, ask: Client) -> None:
    assert ask.get(name_of(tenant, "main"), "/version")[1]["service"] == "green"
    assert ask.get(name_of(tenant, "main"), "/")[1]["service"] == "blue"


def test_a_route_without_tls_answers_on_the_plain_entry_point_alone(tenant: Tenant, ask: Client) -> None:
    assert ask.get(name_of(tenant, "plain"), tls=False)[0] == 200
    assert ask.get(name_of(tenant, "plain"), tls=True)[0] == 404
    assert ask.get(name_of(tenant, "main"), tls=False)[0] == 404


@pytest.mark.parametrize("label", ["sticky", "sticky-labels"])
def test_a_visitor_stays_with_release_and_replica(tenant: Tenant, ask: Client, label: str) -> None:
    for _visitor in range(4):
        _status, first, cookies = ask.get(name_of(tenant, label))
        again = [ask.get(name_of(tenant, label), Cookie=cookies)[1]["hostname"] for _request in range(5)]
        assert again == [first["hostname"]] * 5


def test_two_releases_by_labels_stand_side_by_side(tenant: Tenant, edge: Edge, ask: Client) -> None:
    of = copy.deepcopy(tenant.spec)
    of["routes"] = [{**one, "access": []} for one in of["routes"] if one["via"] == "labels"]
    tenant.up(tenant.prepare(of, NEXT_RELEASE))
    edge.shows(of, NEXT_RELEASE)
    edge.shows(wanted(tenant.name), RELEASE)
    assert ask.get(name_of(tenant, "half"))[0] == 200


def test_a_drained_container_leaves_the_edge_before_it_stops(tenant: Tenant, edge: Edge) -> None:
    name = f"{tenant.name}-blue-{RELEASE[-8:]}@docker"
    one = tenant.containers("label=tenantry.service=blue", f"label=tenantry.release={RELEASE}")[0]
    address = one["NetworkSettings"]["Networks"][f"{tenant.name}_default"]["IPAddress"]
    docker("exec", one["Id"], "touch", "/dev/shm/.tenantry-drain")

    def servers() -> list[str]:
        return [server["url"] for server in edge.read(f"http/services/{name}")["loadBalancer"]["servers"]]

    until("the drained server is gone", lambda: not any(address in url for url in servers()))
    assert len(servers()) == 1
