# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hooks of a tenant as one-off services, in a compose file of their own: nothing but the tenant's role starts them."""

from __future__ import annotations

import typing as t

from ansible_collections.tenantry.platform.plugins.plugin_utils.render import compose

Spec = t.Mapping[str, t.Any]


def project(spec: Spec, release: str, images: t.Mapping[str, str]) -> dict[str, t.Any] | None:
    """Compose project ``<tenant>-<release8>`` of nothing but the hooks.

    :param images: by service name the image reference with digest.
    :returns: None for a tenant without hooks.
    :raises TenantryError: kind ``invalid``.
    """
    wanted = {_service(hook): (str(hook["service"]), hook["command"]) for hook in spec["hooks"]}
    return compose.one_off_project(spec, release, images, wanted)


def listed(spec: Spec) -> list[dict[str, t.Any]]:
    """The hooks for the manifest, in their order: ``name``, ``event``, ``service`` of the project, ``timeout``."""
    return [
        {
            "name": str.__str__(hook["name"]),
            "event": str.__str__(hook["event"]),
            "service": _service(hook),
            "timeout": int(hook["timeout"]),
        }
        for hook in spec["hooks"]
    ]


def _service(hook: t.Mapping[str, t.Any]) -> str:
    return f"hook-{hook['name']}"
