# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The spec of a tenant as that of a copy of it: the same services, and nothing that anybody outside would notice."""

from __future__ import annotations

import typing as t

from ansible_collections.tenantry.platform.plugins.plugin_utils.render import names

Spec = dict[str, t.Any]

DRILL, REHEARSAL = names.PURPOSES


def copied(spec: t.Mapping[str, t.Any], purpose: str, images: t.Mapping[str, t.Any] | None = None) -> Spec:
    """The spec of a copy.

    A copy has no routes, no records and no hooks, archives nothing, and has volumes of its own. One for a drill runs no
    jobs and no migrations: it is as the data was left.

    :param images: of the release that serves, by service, as its manifest has them: the copy runs these, and has only
        their services. Without them it runs what the spec wants.
    :raises TenantryError: kind ``invalid``.
    """
    tenant = str.__str__(spec["name"])
    services = [one for one in spec["services"] if images is None or one["name"] in images]
    if purpose == DRILL:
        services = [one for one in services if one["kind"] != "job"]
    known = {one["name"] for one in services}
    return {
        **spec,
        "name": str.__str__(names.copy_name(tenant, purpose)),
        "copied_from": {"tenant": tenant, "purpose": purpose},
        "state": "active",
        "strategy": "blue_green",
        "services": [_service(one, known, (images or {}).get(one["name"])) for one in services],
        "routes": [],
        "hooks": [],
        "migrations": list(spec["migrations"]) if purpose == REHEARSAL else [],
        "release": None,
        "closed": False,
        "held": [],
        "generations": {},
        "backups": [],
    }


def _service(service: t.Mapping[str, t.Any], known: set[str], image: t.Mapping[str, t.Any] | None) -> Spec:
    return {
        **service,
        "image": image["name"] if image else service["image"],
        "replicas": min(1, int(service["replicas"])),
        "labels": {},
        "depends_on": [one for one in service["depends_on"] if one in known],
    }
