# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Traefik says against what it must say. The answers were recorded from Traefik 3.7.15."""

from __future__ import annotations

import copy
import http.server
import json
import threading
import urllib.parse

import pytest

from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.module_utils.traefik_api import ROUTER, TraefikApi, servers_up
from ansible_collections.tenantry.platform.plugins.module_utils.traefik_expect import Expectation

CONTENT = {
    "http": {
        "routers": {
            "acme-main": {
                "rule": "Host(`acme.demo.test`)",
                "priority": 1000,
                "entryPoints": ["websecure", "web"],
                "service": "acme-main",
                "middlewares": ["acme-main-allow"],
                "tls": {},
            }
        },
        "services": {
            "acme-main": {
                "weighted": {
                    "services": [
                        {"name": "acme-web-1f0c9a2e@docker", "weight": 9},
                        {"name": "acme-web-77aa01bc@docker"},
                    ],
                    "sticky": {"cookie": {"name": "s", "secure": True}},
                }
            }
        },
        "middlewares": {"acme-main-allow": {"ipAllowList": {"sourceRange": ["127.0.0.0/8"]}}},
    }
}

LIVE = {
    "version": {"Version": "3.7.15", "Codename": "langres"},
    "http/routers/acme-main@file": {
        "entryPoints": ["web", "websecure"],
        "middlewares": ["acme-main-allow@file"],
        "service": "acme-main",
        "rule": "Host(`acme.demo.test`)",
        "priority": 1000,
        "tls": {"options": "default"},
        "status": "enabled",
        "using": ["web", "websecure"],
        "name": "acme-main@file",
        "provider": "file",
    },
    "http/services/acme-main@file": {
        "weighted": {
            "services": [
                {"name": "acme-web-1f0c9a2e@docker", "weight": 9},
                {"name": "acme-web-77aa01bc@docker", "weight": 1},
            ],
            "sticky": {"cookie": {"name": "s", "secure": True, "path": "/"}},
        },
        "status": "enabled",
    },
    "http/middlewares/acme-main-allow@file": {
        "ipAllowList": {"sourceRange": ["127.0.0.0/8"]},
        "status": "enabled",
    },
    "http/services/acme-web-1f0c9a2e@docker": {
        "loadBalancer": {"servers": [{"url": "http://172.24.0.2:8080"}, {"url": "http://172.24.0.3:8080"}]},
        "serverStatus": {"http://172.24.0.2:8080": "UP", "http://172.24.0.3:8080": "DOWN"},
        "status": "enabled",
    },
    "rawdata": {
        "routers": {"acme-main@file": {"rule": "Host(`acme.demo.test`)", "status": "enabled"}},
        "services": {
            "acme-main@file": {"weighted": {}},
            "acme-web-1f0c9a2e@docker": {"serverStatus": {"http://172.24.0.2:8080": "UP"}},
        },
    },
}


@pytest.fixture(name="live")
def fixture_live():
    """The answers, free to be changed."""
    return copy.deepcopy(LIVE)


@pytest.fixture(name="api")
def fixture_api(live):
    """The API, answering what ``live`` holds."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer = live.get(urllib.parse.unquote(self.path).removeprefix("/api/"))
            body = json.dumps({"message": "not found"} if answer is None else answer).encode()
            self.send_response(404 if answer is None else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments) -> None:
            return None

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    yield TraefikApi(f"http://127.0.0.1:{server.server_port}")
    server.shutdown()
    server.server_close()


@pytest.fixture(name="wanted")
def fixture_wanted() -> Expectation:
    return Expectation.of_content(CONTENT)


def texts(found) -> list[str]:
    return [str(one) for one in found]


def test_what_traefik_shows_as_wanted_differs_in_nothing(api, wanted) -> None:
    expect = {
        "routers": {"acme-main@file": {"service": "acme-main", "rule": "Host(`acme.demo.test`)", "priority": 1000}}
    }
    assert wanted.with_option(expect).mismatches(api) == []


@pytest.mark.parametrize(
    ("path", "field", "value", "words"),
    [
        (
            "http/routers/acme-main@file",
            "rule",
            "Host(`x`)",
            "has rule 'Host(`x`)', must have 'Host(`acme.demo.test`)'",
        ),
        ("http/routers/acme-main@file", "priority", 999, "has priority 999, must have 1000"),
        ("http/routers/acme-main@file", "service", "other", "has service 'other@file', must have 'acme-main@file'"),
        ("http/routers/acme-main@file", "entryPoints", ["web"], "has entryPoints ['web']"),
        ("http/routers/acme-main@file", "middlewares", [], "has middlewares None"),
        ("http/routers/acme-main@file", "tls", None, "has tls None"),
        ("http/middlewares/acme-main-allow@file", "ipAllowList", {"sourceRange": []}, "has sourceRange []"),
    ],
)
def test_one_field_that_traefik_shows_otherwise_is_named(api, wanted, live, path, field, value, words) -> None:
    live[path][field] = value
    found = wanted.mismatches(api)
    assert len(found) == 1
    assert words in str(found[0])
    assert not found[0].refused


@pytest.mark.parametrize(
    "services",
    [
        [{"name": "acme-web-1f0c9a2e@docker", "weight": 9}],
        [{"name": "acme-web-1f0c9a2e@docker", "weight": 1}, {"name": "acme-web-77aa01bc@docker", "weight": 1}],
        [
            {"name": "acme-web-1f0c9a2e@docker", "weight": 9},
            {"name": "acme-web-77aa01bc@docker", "weight": 1},
            {"name": "acme-web-00000000@docker", "weight": 0},
        ],
    ],
)
def test_weights_must_be_exactly_the_wanted_ones(api, wanted, live, services) -> None:
    live["http/services/acme-main@file"]["weighted"]["services"] = services
    assert "has weights" in texts(wanted.mismatches(api))[0]


def test_a_cookie_without_a_name_may_be_called_as_traefik_likes(api, live) -> None:
    content = copy.deepcopy(CONTENT)
    content["http"]["services"]["acme-main"]["weighted"]["sticky"] = {"cookie": {}}
    assert Expectation.of_content(content).mismatches(api) == []
    del live["http/services/acme-main@file"]["weighted"]["sticky"]
    assert Expectation.of_content(content).mismatches(api) == []


def test_a_router_that_traefik_has_and_does_not_serve_is_refused_with_its_reason(api, wanted, live) -> None:
    live["http/routers/acme-main@file"].update(status="disabled", error=['the service "x@docker" does not exist'])
    found = wanted.mismatches(api)
    assert texts(found) == ['router acme-main@file is disabled: the service "x@docker" does not exist']
    assert found[0].refused


def test_an_old_router_that_is_disabled_is_not_yet_a_refusal_of_the_new_one(api, wanted, live) -> None:
    live["http/routers/acme-main@file"].update(status="disabled", rule="Host(`old`)")
    assert not any(one.refused for one in wanted.mismatches(api))


def test_what_traefik_does_not_know_is_not_there(api, wanted, live) -> None:
    del live["http/routers/acme-main@file"]
    assert texts(wanted.mismatches(api)) == ["router acme-main@file is not there"]


def test_servers_are_counted_that_are_up(api) -> None:
    wanted = Expectation().with_option({"services": {"acme-web-1f0c9a2e@docker": 2, "acme-api-1f0c9a2e@docker": 1}})
    assert texts(wanted.missing_servers(api)) == [
        "service acme-api-1f0c9a2e@docker has 0 of 1 servers up",
        "service acme-web-1f0c9a2e@docker has 1 of 2 servers up",
    ]


def test_a_server_without_address_counts_for_nothing() -> None:
    assert servers_up({"serverStatus": {"": "UP", "http://10.0.0.2": "UP", "http://10.0.0.3": "DOWN"}}) == 1
    assert servers_up({}) == servers_up(None) == 0


def test_what_must_go_is_still_there_unless_it_is_kept(api, wanted) -> None:
    assert texts(wanted.still_there(api)) == [
        "router acme-main@file is still there",
        "service acme-main@file is still there",
    ]
    assert wanted.still_there(api, but=wanted) == []


def test_one_read_gives_all_routers_and_the_servers_of_all_services(api) -> None:
    edge = api.read_edge()
    assert edge.routers["acme-main@file"]["status"] == "enabled"
    assert edge.servers == {"acme-main@file": 0, "acme-web-1f0c9a2e@docker": 1}


def test_an_address_may_end_in_api(api) -> None:
    assert TraefikApi(f"{api.url}/api/").require() == "3.7.15"


def test_names_are_quoted_on_their_way(api, live) -> None:
    live["http/routers/a/b c@file"] = {"rule": "x"}
    assert api.read(ROUTER, "a/b c@file") == {"rule": "x"}


def test_something_else_at_the_address_is_no_traefik(api, live) -> None:
    live["version"] = {"hello": "world"}
    with pytest.raises(TenantryError, match="is no Traefik API") as caught:
        api.require()
    assert caught.value.error_kind == "edge_unreachable"


def test_nobody_at_the_address_is_unreachable_whatever_proxy_the_environment_names(monkeypatch) -> None:
    monkeypatch.setenv("http_proxy", "http://proxy.invalid:3128")
    with pytest.raises(TenantryError, match="Connection refused") as caught:
        TraefikApi("http://127.0.0.1:9", timeout=2).require()
    assert caught.value.error_kind == "edge_unreachable"
