# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests shared between two releases, or turned away."""

from __future__ import annotations

import copy

import pytest

from ansible_collections.tenantry.platform.plugins.module_utils import traefik_shift


def router(rule="Host(`acme.demo.test`)", **more):
    return {"rule": rule, "priority": 1000, "entryPoints": ["websecure"], "service": "acme-main", "tls": {}, **more}


def content(release, weights=None, **routers):
    children = [
        {"name": f"acme-{name}-{release}@docker", "weight": weight} for name, weight in (weights or {"web": 1}).items()
    ]
    weighted = {"services": children, "sticky": {"cookie": {"name": "acme-main"}}}
    return {
        "http": {
            "routers": routers or {"acme-main": router()},
            "services": {"acme-main": {"weighted": weighted}},
        }
    }


def weights(data, service="acme-main"):
    return {one["name"]: one["weight"] for one in data["http"]["services"][service]["weighted"]["services"]}


@pytest.mark.parametrize(
    ("own", "other", "expected"),
    [
        (5, 95, {"acme-web-new@docker": 1, "acme-web-old@docker": 19}),
        (50, 50, {"acme-web-new@docker": 1, "acme-web-old@docker": 1}),
        (2, 1, {"acme-web-new@docker": 2, "acme-web-old@docker": 1}),
    ],
)
def test_requests_are_shared_as_the_weights_say(own, other, expected):
    assert weights(traefik_shift.shared(content("new"), content("old"), own, other)) == expected


def test_weights_within_a_release_stay_in_relation():
    new = content("new", {"blue": 1, "green": 3})
    found = weights(traefik_shift.shared(new, content("old", {"web": 7}), 1, 1))
    assert found == {"acme-blue-new@docker": 1, "acme-green-new@docker": 3, "acme-web-old@docker": 4}


def test_until_the_switch_routers_and_cookies_are_those_of_the_old_release():
    old, new = content("old"), content("new", **{"acme-main": router("Host(`new.demo.test`)"), "acme-api": router()})
    old["http"]["middlewares"] = {"acme-main": {"ipAllowList": {"sourceRange": ["192.0.2.0/24"]}}}
    before = copy.deepcopy((old, new))
    found = traefik_shift.shared(new, old, 1, 1)["http"]
    assert found["routers"]["acme-main"]["rule"] == "Host(`acme.demo.test`)"
    assert "acme-api" in found["routers"]
    assert found["middlewares"] == old["http"]["middlewares"]
    assert found["services"]["acme-main"]["weighted"]["sticky"] == {"cookie": {"name": "acme-main"}}
    found["routers"]["acme-main"]["rule"] = "changed"
    assert (old, new) == before


def test_a_closed_route_has_no_server_and_says_when_to_come_again():
    old = content("old", **{"acme-main": router(middlewares=["acme-main"])})
    found = traefik_shift.closed(old, 120)["http"]
    assert found["services"] == {"acme-main": {"loadBalancer": {"servers": []}}}
    assert found["routers"]["acme-main"]["middlewares"] == ["acme-main", "acme-main-closed"]
    headers = {"customResponseHeaders": {"Retry-After": "120", "Cache-Control": "no-store"}}
    assert found["middlewares"] == {"acme-main-closed": {"headers": headers}}
    assert "acme-main-closed" not in old["http"].get("middlewares", {})


def test_a_closed_route_may_show_a_page_of_the_operator():
    found = traefik_shift.closed(content("old"), 120, "http://127.0.0.1:8090")["http"]
    assert found["routers"]["acme-main"]["middlewares"] == ["acme-main-closed", "acme-main-page"]
    assert found["services"]["acme-main-page"]["loadBalancer"]["servers"] == [{"url": "http://127.0.0.1:8090"}]
    page = {"status": ["503"], "service": "acme-main-page", "query": "/{status}.html"}
    assert found["middlewares"]["acme-main-page"] == {"errors": page}
