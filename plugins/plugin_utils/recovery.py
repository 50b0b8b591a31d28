# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a restore, a drill or a rehearsal does for each tenant: which volumes, filled from which backups, by what."""

from __future__ import annotations

import dataclasses
import time
import typing as t

from ansible_collections.tenantry.platform.plugins.module_utils.backup_fill import DATA_PATHS
from ansible_collections.tenantry.platform.plugins.module_utils.backup_options import (
    ENGINES,
    PG_DUMP,
    PGBACKREST,
    RESTIC,
)
from ansible_collections.tenantry.platform.plugins.module_utils.backup_retention import moment
from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.plugin_utils.render import names

Spec = t.Mapping[str, t.Any]
Policy = t.Mapping[str, t.Any]
Item = dict[str, t.Any]

RESTORE, CONFIRM, DRILL, REHEARSAL = "restore", "confirm", *names.PURPOSES
PURPOSES = (RESTORE, DRILL, REHEARSAL, CONFIRM)
# Of the option ``database`` of a policy, what says as whom tools talk to its server.
_ACCOUNT = ("name", "user", "password_file")


@dataclasses.dataclass(frozen=True)
class Wanted:
    """What a run is asked.

    :ivar purpose: one of :data:`PURPOSES`.
    :ivar generation: of the volumes that a restore fills.
    :ivar service: the only one; empty for all that have policies.
    :ivar policy: the only one, where a service has several.
    :ivar time: nothing newer than that; empty for the newest.
    """

    purpose: str
    generation: str = ""
    service: str = ""
    policy: str = ""
    time: str = ""
    label: str = ""
    repository: str = ""

    def require_sound(self) -> None:
        """:raises TenantryError: kind ``invalid``."""
        if self.time:
            try:
                moment(self.time)
            except ValueError as error:
                raise TenantryError(
                    f"restore_time: {error}; write it like 2026-11-22T01:02:03Z or 2026-11-22T02:02:03+01:00", "invalid"
                ) from error
        if self.label and not self.service:
            raise TenantryError(
                "restore_label is of one service: say of which (-e restore_service=postgres)", "invalid"
            )


def new_generation() -> str:
    """The generation of volumes that a restore of this moment fills."""
    return time.strftime("r%Y%m%dt%H%M%S", time.gmtime())


def items(spec: Spec, policies: t.Sequence[Policy], kinds: t.Mapping[str, str], wanted: Wanted) -> list[Item]:
    """What is to be restored of one tenant, each volume once.

    :param policies: of the tenant, as its hostvar ``tenant_policies.backups`` has them.
    :param kinds: of repositories, by name.
    :raises TenantryError: ``invalid``, ``no_policy`` for a tenant or service without backups.
    """
    services = {one["name"]: one for one in spec["services"]}
    if wanted.service and wanted.service not in services:
        raise TenantryError(
            f"tenant {spec['name']} has no service {wanted.service}: name one of {', '.join(sorted(services))}",
            "invalid",
        )
    chosen = [
        one
        for one in policies
        if wanted.service in ("", one["service"]) and wanted.policy in ("", one["name"]) and one["service"] in services
    ]
    if wanted.purpose == RESTORE and spec["state"] == "removed":
        raise TenantryError(
            f"tenant {spec['name']} is removed in the tenant database, and what is restored would be removed "
            "again: set its state to active or stopped first",
            "invalid",
        )
    found: dict[str, Item] = {}
    # Where a volume is backed up in two ways, the first has every moment, or at least what the server itself says.
    for policy in sorted(chosen, key=lambda one: ENGINES.index(one["engine"])):
        service = services[policy["service"]]
        for volume in _volumes(spec, service, policy):
            found.setdefault(volume, _item(spec, service, policy, volume, kinds, wanted))
    if not found and wanted.purpose in (RESTORE, DRILL):
        what = f"service {wanted.service} of tenant {spec['name']}" if wanted.service else f"tenant {spec['name']}"
        raise TenantryError(
            f"{what} has no backup policy {wanted.policy}".rstrip()
            + ": nothing of it is backed up; add a row to backup_policies",
            "no_policy",
        )
    return list(found.values())


def _volumes(spec: Spec, service: t.Mapping[str, t.Any], policy: Policy) -> list[str]:
    """Names of the volumes that a policy's backups are of."""
    if policy["engine"] == RESTIC:
        return [policy["volume"]] if policy["volume"] else [str.__str__(one["name"]) for one in service["volumes"]]
    path = _data_path(service, policy)
    found = [str.__str__(one["name"]) for one in service["volumes"] if str(one["path"]).rstrip("/") == path]
    if not found:
        raise TenantryError(
            f"service {service['name']} of tenant {spec['name']} has no volume at {path}, where its server has its "
            "data: a restore fills a volume as a whole; mount one there",
            "invalid",
        )
    return found


def _data_path(service: t.Mapping[str, t.Any], policy: Policy) -> str:
    given = service["environment"].get("PGDATA") if policy["engine"] in (PGBACKREST, PG_DUMP) else None
    return str.__str__(given or DATA_PATHS[policy["engine"]]).rstrip("/")


def _item(
    spec: Spec,
    service: t.Mapping[str, t.Any],
    policy: Policy,
    volume: str,
    kinds: t.Mapping[str, str],
    wanted: Wanted,
) -> Item:
    tenant, engine = spec["name"], policy["engine"]
    if wanted.purpose == RESTORE:
        owner, name = tenant, names.volume(tenant, volume, wanted.generation)
    else:
        owner = names.copy_name(tenant, wanted.purpose)
        name = names.volume(owner, volume)
    outside = engine == PGBACKREST and any(kinds.get(one) == "s3" for one in policy["repositories"])
    database = {key: value for key, value in (policy["database"] or {}).items() if key in _ACCOUNT and value}
    return {
        "service": str.__str__(service["name"]),
        "policy": policy["name"],
        "engine": engine,
        "repositories": list(policy["repositories"]),
        "database": database or None,
        "user": service["hardening"]["user"] or "",
        "command": service["command"],
        "data_path": None if engine == RESTIC else _data_path(service, policy),
        "image": service["image"],
        "network": "bridge" if outside else "none",
        "owner": str.__str__(owner),
        "volume": volume,
        "volume_name": str.__str__(name),
        "source": str.__str__(names.volume(tenant, volume)) if engine == RESTIC else None,
        "row_check": policy.get("row_check"),
    }


def share(text: str) -> float | None:
    """A part of all, from what people write: ``5%`` or ``0.05``; None for nothing.

    :raises TenantryError: kind ``invalid``.
    """
    if not text:
        return None
    try:
        found = float(text[:-1]) / 100 if text.endswith("%") else float(text)
    except ValueError:
        found = -1.0
    if not 0 < found <= 1:
        raise TenantryError(f"drill_share is {text!r}: write a part of all, such as 5%", "invalid")
    return found
