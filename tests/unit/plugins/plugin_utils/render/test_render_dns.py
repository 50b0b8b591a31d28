# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Record sets of a tenant's hostnames."""

from __future__ import annotations

import typing as t

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.tenantry.platform.plugins.plugin_utils.render.dns import record_sets
from ansible_collections.tenantry.platform.tests.unit.plugins.plugin_utils.render.builders import route, spec

LABEL = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?", fullmatch=True)
HOSTNAME = st.one_of(
    LABEL.map(lambda label: f"{label}.demo.test"), LABEL.map(lambda label: f"{label}.xdemo.test"), st.just("demo.test")
)
ADDRESS = st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)).map(str)


def hostnames(*names: str, **changes: t.Any) -> dict[str, t.Any]:
    return spec(routes=[route(f"r{index}", hostname=name) for index, name in enumerate(names)], **changes)


def test_a_hostname_gets_one_set_for_each_family_of_addresses() -> None:
    assert record_sets(hostnames("acme.demo.test")) == [
        {"name": "acme.demo.test.", "type": "A", "ttl": 300, "value": ["192.0.2.10"]},
        {"name": "acme.demo.test.", "type": "AAAA", "ttl": 300, "value": ["2001:db8::10"]},
    ]


def test_two_routes_of_one_hostname_share_its_sets() -> None:
    assert len(record_sets(hostnames("acme.demo.test", "acme.demo.test", addresses=["192.0.2.10"]))) == 1


def test_a_hostname_outside_of_the_zone_gets_none_however_alike_it_looks() -> None:
    assert record_sets(hostnames("www.acme.example", "acmedemo.test", "demo.test.example")) == []


def test_the_zone_itself_can_be_a_hostname() -> None:
    assert [one["name"] for one in record_sets(hostnames("demo.test", addresses=["192.0.2.10"]))] == ["demo.test."]


def test_addresses_stand_in_their_shortest_form_and_order_without_doubles() -> None:
    addresses = ["2001:0DB8:0::2", "192.0.2.10", "192.0.2.9", "2001:db8::1", "2001:db8::2"]
    assert [one["value"] for one in record_sets(hostnames("acme.demo.test", addresses=addresses))] == [
        ["192.0.2.9", "192.0.2.10"],
        ["2001:db8::1", "2001:db8::2"],
    ]


def test_a_node_without_addresses_and_a_tenant_without_routes_have_no_sets() -> None:
    assert record_sets(hostnames("acme.demo.test", addresses=[])) == []
    assert record_sets(spec(routes=[])) == []


@given(st.lists(HOSTNAME, max_size=5), st.lists(ADDRESS, max_size=5), st.randoms())
def test_order_of_routes_and_addresses_does_not_matter(names: list[str], addresses: list[str], random: t.Any) -> None:
    one = record_sets(hostnames(*names, addresses=addresses))
    random.shuffle(names)
    random.shuffle(addresses)
    assert record_sets(hostnames(*names, addresses=addresses)) == one


@given(st.lists(HOSTNAME, max_size=5), st.lists(ADDRESS, max_size=5))
def test_every_set_lies_in_the_zone_and_no_two_share_name_and_type(names: list[str], addresses: list[str]) -> None:
    sets = record_sets(hostnames(*names, addresses=addresses))
    assert all(f".{one['name']}".endswith(".demo.test.") and one["value"] for one in sets)
    keys = [(one["name"], one["type"]) for one in sets]
    assert keys == sorted(set(keys))
