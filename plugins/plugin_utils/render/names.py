# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of what a tenant has on an engine and at its edge, each made in one place and checked again here.

A tenant name holds no ``--``. That alone keeps two tenants' edge names apart: tenant ``a-b`` with route ``c`` is
``a-b-c``, tenant ``a`` with route ``b-c`` is ``a--b-c``. With a single hyphen in both, the tenant whose file sorts
first would take over the other's route in silence. It keeps copies of tenants apart, too: ``acme--drill`` can be no
tenant's name, and only :func:`copy_name` makes it one that things are named by.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError

_TENANT = re.compile(r"(?!.*--)[a-z](?:[a-z0-9-]{0,30}[a-z0-9])?")
_PART = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?")
_GENERATION = re.compile(r"[a-z0-9]{1,32}")
_RELEASE = re.compile(r"[0-9]{8}T[0-9]{6}Z-([0-9a-f]{8})")

#: What a copy of a tenant may be for.
PURPOSES = ("drill", "rehearsal")


class CopyName(str):
    """The name of a copy of a tenant, for a drill or a rehearsal."""


def copy_name(tenant: str, purpose: str) -> CopyName:
    """What the copy of a tenant is called.

    :raises TenantryError: kind ``invalid``.
    """
    if purpose not in PURPOSES:
        raise TenantryError(f"a copy is for {' or '.join(PURPOSES)}, and not for {purpose!r}", "invalid")
    return CopyName(f"{tenant_name(tenant)}--{purpose}")


def named(spec: t.Mapping[str, t.Any]) -> t.Mapping[str, t.Any]:
    """A spec that may be a copy's, with a name that is taken for one.

    :raises TenantryError: kind ``invalid`` when it is called otherwise.
    """
    copy = spec.get("copied_from")
    if not copy:
        return spec
    name = copy_name(copy["tenant"], copy["purpose"])
    if spec["name"] != name:
        raise TenantryError(f"the copy {name} is called {spec['name']!r}", "invalid", value=spec["name"])
    return {**spec, "name": name}


def tenant_name(name: str) -> str:
    """``name``, if it is one of a tenant or was made one of a copy.

    :raises TenantryError: kind ``invalid``.
    """
    if not isinstance(name, CopyName) and not _TENANT.fullmatch(name):
        raise TenantryError(f"{name!r} is no tenant name: it has to match {_TENANT.pattern}", "invalid", value=name)
    return name


def part_name(name: str, what: str) -> str:
    """``name``, if a service, route, volume or secret (``what`` says which) may be called so.

    :raises TenantryError: kind ``invalid``.
    """
    if not _PART.fullmatch(name):
        raise TenantryError(f"{name!r} is no {what} name: it has to match {_PART.pattern}", "invalid", value=name)
    return name


def release8(release: str) -> str:
    """The eight random hexadecimal digits at the end of a release id.

    :raises TenantryError: kind ``invalid``.
    """
    found = _RELEASE.fullmatch(release)
    if not found:
        raise TenantryError(
            f"{release!r} is no release id: it has to look like 20261121T041833Z-1f0c9a2e", "invalid", value=release
        )
    return found.group(1)


def app_project(tenant: str, release: str) -> str:
    """Compose project of the app and job services of one release."""
    return f"{tenant_name(tenant)}-{release8(release)}"


def backing_project(tenant: str) -> str:
    """Compose project of the backing services, the same for every release."""
    return tenant_name(tenant)


def default_network(tenant: str) -> str:
    """Engine name of the bridge network of app and job services."""
    return f"{tenant_name(tenant)}_default"


def backing_network(tenant: str) -> str:
    """Engine name of the internal network that backing services live on."""
    return f"{tenant_name(tenant)}_backing"


def backup_network(tenant: str) -> str:
    """Engine name of the network through which a database reaches its repositories, and nothing of the tenant is."""
    return f"{tenant_name(tenant)}_backup"


def volume(tenant: str, name: str, generation: str | None = None) -> str:
    """Engine name of a tenant's volume.

    :param generation: of the data in it, once it is not the first: a restore fills a volume of its own.
    :raises TenantryError: kind ``invalid``.
    """
    first = f"{tenant_name(tenant)}_{part_name(name, 'volume')}"
    if generation is None:
        return first
    if not _GENERATION.fullmatch(generation):
        raise TenantryError(
            f"{generation!r} is no generation of a volume: it has to match {_GENERATION.pattern}",
            "invalid",
            value=generation,
        )
    return f"{first}-{generation}"


def edge(tenant: str, part: str) -> str:
    """Name of a tenant's router, service or middleware in a file of Traefik's file provider.

    :raises TenantryError: kind ``invalid``, also for a copy: nobody is led to one.
    """
    if isinstance(tenant, CopyName):
        raise TenantryError(f"copy {tenant} is routed: take its routes away", "invalid", value=str(tenant))
    return f"{tenant_name(tenant)}{'--' if '-' in part_name(part, 'route or service') else '-'}{part}"


def edge_service(tenant: str, service: str, release: str) -> str:
    """Name of the Traefik service that the containers of one app service of one release are."""
    return f"{edge(tenant, service)}-{release8(release)}"


def edge_labels(tenant: str, route: str, release: str) -> str:
    """Name of router, service and middleware of a route by labels. No service of the release is called so."""
    return f"{app_project(tenant, release)}-{part_name(route, 'route')}"
