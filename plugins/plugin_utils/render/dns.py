# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The RRsets that a tenant's hostnames need in the zone its spec names."""

from __future__ import annotations

import ipaddress
import typing as t


def record_sets(spec: t.Mapping[str, t.Any]) -> list[dict[str, t.Any]]:
    """A and AAAA sets of every routed hostname inside the zone of ``spec``, sorted by name and type.

    Hostnames outside of the zone belong to the tenant's own name server and get none.

    :returns: ``{"name": "acme.demo.test.", "type": "A", "ttl": 300, "value": ["192.0.2.10"]}``, TTL in seconds.
    """
    zone = str.__str__(spec["zone"]).rstrip(".")
    by_type: dict[str, list[str]] = {}
    for address in sorted({ipaddress.ip_address(str.__str__(one)) for one in spec["addresses"]}, key=_address_order):
        by_type.setdefault("A" if address.version == 4 else "AAAA", []).append(str(address))
    hostnames = sorted({str.__str__(route["hostname"]) for route in spec["routes"]})
    return [
        {"name": f"{hostname}.", "type": kind, "ttl": spec["ttl"], "value": list(values)}
        for hostname in hostnames
        if hostname == zone or hostname.endswith(f".{zone}")
        for kind, values in sorted(by_type.items())
    ]


def _address_order(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> tuple[int, int]:
    return address.version, int(address)
