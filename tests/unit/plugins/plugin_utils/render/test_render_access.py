# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One list of ranges against rules that are tried one after the other."""

from __future__ import annotations

import ipaddress
import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.plugin_utils.render.access import effective_ranges

Rule = dict[str, str]
Address = t.Union[ipaddress.IPv4Address, ipaddress.IPv6Address]


def seen_by_go(address: Address) -> Address:
    """Traefik shows an IPv4 client of a socket for both families as what it is."""
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return address if mapped is None else mapped


def read_by_go(cidr: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    """``net.ParseCIDR`` and ``IPNet.Contains``: a range inside ::ffff:0:0/96 is one of IPv4."""
    network = ipaddress.ip_network(cidr)
    if isinstance(network, ipaddress.IPv6Network) and network.network_address.ipv4_mapped and network.prefixlen >= 96:
        return ipaddress.ip_network((network.network_address.ipv4_mapped, network.prefixlen - 96))
    return network


def first_match(access: list[Rule], client: Address) -> bool:
    client = seen_by_go(client)
    for rule in access:
        if client in read_by_go(str(ipaddress.ip_network(rule["cidr"], strict=False))):
            return rule["action"] == "allow"
    return not any(rule["action"] == "allow" for rule in access)


def let_in(ranges: list[str] | None, client: Address) -> bool:
    return ranges is None or any(seen_by_go(client) in read_by_go(one) for one in ranges)


def networks(bits: int, base: int) -> st.SearchStrategy[str]:
    """Ranges that often lie in one another: few addresses, every length."""
    kind = ipaddress.IPv4Network if bits == 32 else ipaddress.IPv6Network
    low = st.integers(0, 2**6 - 1)
    address = st.one_of(low.map(lambda n: base + n), st.integers(0, 2**bits - 1), low.map(lambda n: base + (n << 20)))
    return st.builds(lambda n, length: str(kind((n, length), strict=False)), address, st.integers(0, bits))


V4, V6 = networks(32, 0x0A000000), networks(128, 0x20010DB8 << 96)
MAPPED = st.integers(0, 128).map(lambda length: str(ipaddress.IPv6Network(("::ffff:10.0.0.1", length), strict=False)))
RULES = st.lists(
    st.fixed_dictionaries({"action": st.sampled_from(["allow", "deny"]), "cidr": st.one_of(V4, V6, MAPPED)}), max_size=8
)


def edges(access: list[Rule]) -> set[Address]:
    """Both sides of every edge of every rule, where a mistake would be."""
    found: set[Address] = {
        ipaddress.ip_address("0.0.0.0"),
        ipaddress.ip_address("::"),
        ipaddress.ip_address("::ffff:0:0"),
    }
    for rule in access:
        network = ipaddress.ip_network(rule["cidr"])
        kind = type(network.network_address)
        for number in (int(network.network_address), int(network.broadcast_address)):
            found.update(kind(n) for n in (number - 1, number, number + 1) if 0 <= n < 2**network.max_prefixlen)
    return found


@given(RULES, st.lists(st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)), max_size=4))
def test_the_ranges_let_in_whom_the_first_matching_rule_lets_in(access: list[Rule], clients: list[Address]) -> None:
    ranges = effective_ranges(access)
    for client in {*clients, *edges(access)}:
        assert let_in(ranges, client) == first_match(access, client), client


@given(RULES.filter(bool))
def test_no_shorter_list_of_ranges_exists(access: list[Rule]) -> None:
    ranges = effective_ranges(access) or []
    for kind in (ipaddress.IPv4Network, ipaddress.IPv6Network):
        mine = [network for network in map(ipaddress.ip_network, ranges) if isinstance(network, kind)]
        assert list(ipaddress.collapse_addresses(mine)) == mine


@given(RULES)
def test_the_same_rules_give_the_same_list(access: list[Rule]) -> None:
    assert effective_ranges(access) == effective_ranges(tuple(access))


def test_without_a_rule_everyone_comes_in() -> None:
    assert effective_ranges([]) is None


def test_an_allow_list_shuts_out_the_rest_of_both_families() -> None:
    assert effective_ranges([{"action": "allow", "cidr": "10.0.0.0/8"}]) == ["10.0.0.0/8"]


def test_a_deny_list_leaves_everyone_else_of_both_families() -> None:
    assert effective_ranges([{"action": "deny", "cidr": "128.0.0.0/1"}]) == ["0.0.0.0/1", "::/0"]


def test_a_deny_before_an_allow_wins_and_after_it_is_idle() -> None:
    deny, allow = {"action": "deny", "cidr": "10.128.0.0/9"}, {"action": "allow", "cidr": "10.0.0.0/8"}
    assert effective_ranges([deny, allow]) == ["10.0.0.0/9"]
    assert effective_ranges([allow, deny]) == ["10.0.0.0/8"]


def test_nobody_is_an_empty_list_and_not_none() -> None:
    assert effective_ranges([{"action": "deny", "cidr": "0.0.0.0/0"}, {"action": "allow", "cidr": "10.0.0.0/8"}]) == []


def test_a_bare_address_is_one_host() -> None:
    assert effective_ranges([{"action": "allow", "cidr": "192.0.2.1"}]) == ["192.0.2.1/32"]


def test_a_range_written_as_ipv4_in_ipv6_is_one_of_ipv4() -> None:
    assert effective_ranges([{"action": "allow", "cidr": "::ffff:10.0.0.0/104"}]) == ["10.0.0.0/8"]


def test_a_complement_never_holds_a_range_that_traefik_reads_as_all_of_ipv4() -> None:
    ranges = effective_ranges([{"action": "deny", "cidr": "10.0.0.0/8"}, {"action": "deny", "cidr": "::fffe:0:0/96"}])
    assert "::ffff:0:0/96" not in (ranges or [])
    assert not let_in(ranges, ipaddress.ip_address("10.1.1.1"))


def test_a_thousand_rules_take_less_than_a_moment() -> None:
    access = [{"action": "deny", "cidr": f"10.{n // 250}.{n % 250}.0/25"} for n in range(1000)]
    assert len(effective_ranges(access) or []) > 1000


@pytest.mark.parametrize(
    "cidr",
    [
        "",
        "ten",
        "10.0.0.0/33",
        "1.2.3.4,5.6.7.8/0",
        "fe80::1%eth0",
        "1.2.3.4/24`",
        "010.0.0.1",
        "10.0.0.0/8 ",
        167772160,
        None,
    ],
)
def test_what_is_no_range_is_refused(cidr: t.Any) -> None:
    with pytest.raises(TenantryError) as refused:
        effective_ranges([{"action": "allow", "cidr": cidr}])
    assert refused.value.error_kind == "invalid"


def test_an_unknown_action_is_refused() -> None:
    with pytest.raises(TenantryError, match="use allow or deny"):
        effective_ranges([{"action": "Allow", "cidr": "10.0.0.0/8"}])
