# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ordered allow and deny rules as the one list of ranges that Traefik's ipAllowList understands.

ipAllowList knows no deny, and a deny by rule answers 404 and sees the TCP peer only. So the complement is computed.
"""

from __future__ import annotations

import ipaddress
import re
import typing as t

from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError

_Network = t.Union[ipaddress.IPv4Network, ipaddress.IPv6Network]
_Range = tuple[int, int]
_CIDR = re.compile(r"[0-9A-Fa-f.:]+(?:/[0-9]{1,3})?")
_BITS = {4: 32, 6: 128}
_MAPPED = ipaddress.IPv6Network("::ffff:0:0/96")


def effective_ranges(access: t.Sequence[t.Mapping[str, t.Any]]) -> list[str] | None:
    """The clients that ordered rules let in, as few CIDRs as possible: IPv4 first, each family ascending.

    The first rule that holds a client's address decides. A client that no rule holds is denied when the list has an
    allow, and allowed when it has denies alone.

    :param access: ``{"action": "allow"|"deny", "cidr": ...}`` in their order; a bare address is one host.
    :returns: None without any rule (everyone); an empty list when nobody is let in.
    :raises TenantryError: kind ``invalid`` for a rule that is none.
    """
    if not access:
        return None
    rules = [(_action(rule), _network(rule)) for rule in access]
    open_end = not any(allowed for allowed, network in rules)
    result: list[str] = []
    for version, bits in _BITS.items():
        family = [
            (allowed, int(network.network_address), int(network.broadcast_address))
            for allowed, network in rules
            if network.version == version
        ]
        for first, last in _allowed(family, open_end, (1 << bits) - 1):
            result.extend(str(network) for network in _summary(version, first, last))
    return result


def _action(rule: t.Mapping[str, t.Any]) -> bool:
    if rule["action"] not in ("allow", "deny"):
        raise TenantryError(
            f"access rule action {rule['action']!r} is unknown: use allow or deny", "invalid", value=rule["action"]
        )
    return bool(rule["action"] == "allow")


def _network(rule: t.Mapping[str, t.Any]) -> _Network:
    cidr = rule["cidr"]
    try:
        if not isinstance(cidr, str) or not _CIDR.fullmatch(cidr):
            raise ValueError("not an address or CIDR")
        network = ipaddress.ip_network(str.__str__(cidr), strict=False)
    except ValueError as exc:
        raise TenantryError(
            f"access rule {cidr!r} is no IPv4 or IPv6 range: {exc}; write it like 203.0.113.0/24", "invalid", value=cidr
        ) from exc
    if isinstance(network, ipaddress.IPv6Network) and network.subnet_of(_MAPPED):
        # Go shows such a client as IPv4, and reads such a range as one of IPv4.
        return ipaddress.IPv4Network((int(network.network_address) & 0xFFFFFFFF, network.prefixlen - 96))
    return network


def _allowed(rules: list[tuple[bool, int, int]], open_end: bool, highest: int) -> list[_Range]:
    """Maximal runs of allowed addresses. Between two neighbouring edges of rules one decision holds."""
    edges = sorted({0, highest + 1, *(first for _a, first, _l in rules), *(last + 1 for _a, _f, last in rules)})
    runs: list[_Range] = []
    for start, end in zip(edges, edges[1:]):
        if not next((allowed for allowed, first, last in rules if first <= start <= last), open_end):
            continue
        if runs and runs[-1][1] + 1 == start:
            runs[-1] = (runs[-1][0], end - 1)
        else:
            runs.append((start, end - 1))
    return runs


def _summary(version: int, first: int, last: int) -> t.Iterator[_Network]:
    if version == 4:
        yield from ipaddress.summarize_address_range(ipaddress.IPv4Address(first), ipaddress.IPv4Address(last))
        return
    for network in ipaddress.summarize_address_range(ipaddress.IPv6Address(first), ipaddress.IPv6Address(last)):
        # A complement may end in a piece of ::ffff:0:0/96; Go would read it as IPv4 and let IPv4 clients in.
        if not network.subnet_of(_MAPPED):
            yield network
