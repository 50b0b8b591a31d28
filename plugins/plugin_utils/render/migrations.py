# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Migrations of a tenant as one-off services that are given their command when they are run."""

from __future__ import annotations

import typing as t

from ansible_collections.tenantry.platform.plugins.plugin_utils import databases
from ansible_collections.tenantry.platform.plugins.plugin_utils.render import compose, names

Spec = t.Mapping[str, t.Any]


def project(spec: Spec, release: str, images: t.Mapping[str, str]) -> dict[str, t.Any] | None:
    """Compose project ``<tenant>-<release8>`` of nothing but the migrations.

    :param images: by service name the image reference with digest.
    :returns: None for a tenant without migrations.
    :raises TenantryError: kind ``invalid``.
    """
    wanted = {_service(one): (str(one["service"]), ()) for one in spec["migrations"]}
    return compose.one_off_project(spec, release, images, wanted)


def listed(spec: Spec) -> list[dict[str, t.Any]]:
    """The migrations for the manifest, in their order: options of the module ``migration`` by name."""
    return [_listed(spec, one) for one in spec["migrations"]]


def _listed(spec: Spec, migration: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    services = {service["name"]: service for service in spec["services"]}
    database = None
    if migration["database"] is not None:
        project_name = names.backing_project(spec["name"])
        database = {"project_name": project_name, **databases.entered(services[migration["database"]])}
    return {
        "name": str.__str__(migration["name"]),
        "driver": str.__str__(migration["driver"]),
        "service": _service(migration),
        "kind": str.__str__(migration["kind"]),
        **{
            name: [str.__str__(word) for word in migration[name] or ()]
            for name in ("command", "status_command", "rollback_command")
        },
        "timeout": int(migration["timeout"]),
        "lock_timeout": int(migration["lock_timeout"]),
        "database": database,
    }


def _service(migration: t.Mapping[str, t.Any]) -> str:
    return f"migrate-{migration['name']}"
