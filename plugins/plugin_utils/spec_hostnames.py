# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who owns which hostname of the fleet.

A name belongs to the tenant that was made first. If both tenants of a clash were refused, one row in the database could
take any other tenant off the air.
"""

from __future__ import annotations

import typing as t

from ansible_collections.tenantry.platform.plugins.plugin_utils import spec_places as places
from ansible_collections.tenantry.platform.plugins.plugin_utils import spec_rules as rules


class Hostnames:
    """Claims of all tenants, in the order in which the tenants were made.

    A claim covers the name, everything below it and everything above it, up to the zones of the platform: who owns
    ``shop.example.com`` must not find another tenant at ``example.com``, which could set its cookies.
    """

    def __init__(self, zones: t.Collection[str]) -> None:
        self.zones = frozenset(zones)
        self._reserved = {above for zone in zones for above in (zone, *_above(zone))}
        self._owners: dict[str, str] = {}
        self._below: dict[str, tuple[str, str]] = {}
        self._refusals: dict[tuple[str, str], str] = {}

    def claim(self, tenant: str, hostname: str) -> None:
        """Note that a tenant wants a name; call it tenant by tenant, the first made first."""
        if hostname in self._reserved:
            return
        holder = self._holder(tenant, hostname)
        if holder is not None:
            other, name = holder
            how = "belongs to" if name == hostname else f"touches {name}, which belongs to"
            self._refusals[tenant, hostname] = f"{rules.shown(hostname)} {how} tenant {other}, which was there first"
            return
        self._owners[hostname] = tenant
        for above in _above(hostname):
            self._below.setdefault(above, (tenant, hostname))

    def refusal(self, tenant: str, hostname: str) -> str | None:
        """Why a tenant must not have a name; None when it may."""
        if hostname in self._reserved:
            return f"{rules.shown(hostname)} is or contains a zone of the platform"
        label, _dot, zone = hostname.partition(".")
        if zone in self.zones and (label in rules.RESERVED_NAMES or label.startswith(rules.RESERVED_PREFIXES)):
            return f"{rules.shown(hostname)} is reserved in a zone of the platform"
        return self._refusals.get((tenant, hostname))

    def _holder(self, tenant: str, hostname: str) -> tuple[str, str] | None:
        for name in (hostname, *_above(hostname)):
            owner = self._owners.get(name, tenant)
            if owner != tenant:
                return owner, name
        below = self._below.get(hostname)
        return below if below is not None and below[0] != tenant else None


def _above(hostname: str) -> list[str]:
    """The names that a name is below of, the nearest first."""
    labels = hostname.split(".")
    return [".".join(labels[start:]) for start in range(1, len(labels))]


def hostname_or_none(value: t.Any) -> str | None:
    """A hostname in canonical form; None for what is none. Its own tenant is told elsewhere."""
    try:
        return places.hostname(rules.text(value))
    except ValueError:
        return None
