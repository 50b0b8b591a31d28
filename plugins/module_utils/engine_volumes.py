# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Named volumes of a tenant on an engine: made with labels, refused when somebody else's, removed only when ours."""

from __future__ import annotations

import dataclasses
import typing as t

from .engine import Engine, is_missing
from .engine_networks import owner_of, refuse_foreign, require_labels
from .errors import TenantryError


@dataclasses.dataclass(frozen=True)
class Volume:
    """A local volume as a release wants it.

    :ivar restored: whether a restore filled it: then an empty one cannot take its place.
    """

    name: str
    labels: t.Mapping[str, str]
    restored: bool = False

    @classmethod
    def from_option(cls, option: t.Mapping[str, t.Any]) -> Volume:
        return cls(option["name"], require_labels("volume", option), bool(option.get("restored")))


def inspect(engine: Engine, name: str) -> dict[str, t.Any] | None:
    """The engine's data of a volume; None when there is none."""
    try:
        with engine.doing(f"inspect volume {name}"):
            data: dict[str, t.Any] = engine.client.inspect_volume(name)
            return data
    except TenantryError as error:
        if is_missing(error):
            return None
        raise


def read(engine: Engine, labels: list[str]) -> list[Volume]:
    """The volumes that carry these labels (``key`` or ``key=value``), by name."""
    with engine.doing("list volumes"):
        found = engine.client.volumes(filters={"label": labels})["Volumes"] or []
    return sorted((Volume(one["Name"], one.get("Labels") or {}) for one in found), key=lambda volume: volume.name)


def is_present(engine: Engine, volume: Volume) -> bool:
    """Whether the volume is there and this tenant's.

    :raises TenantryError: kind ``foreign_object``.
    """
    data = inspect(engine, volume.name)
    if data is None:
        return False
    refuse_foreign("volume", volume.name, data.get("Labels"), owner_of(volume.labels))
    return True


def create(engine: Engine, volume: Volume) -> None:
    """Create, and look whose it is: the engine hands out an existing volume of that name as if it were new."""
    with engine.doing(f"create volume {volume.name}"):
        data = engine.client.create_volume(volume.name, labels=dict(volume.labels))
    refuse_foreign("volume", volume.name, data.get("Labels"), owner_of(volume.labels))


def remove(engine: Engine, volume: Volume) -> None:
    """Remove; fine when gone.

    :raises TenantryError: kind ``volume_in_use``.
    """
    try:
        with engine.doing(f"remove volume {volume.name}"):
            engine.client.remove_volume(volume.name)
    except TenantryError as error:
        if is_missing(error):
            return
        if "in use" not in error.message:
            raise
        raise TenantryError(
            f"volume {volume.name} is still used by a container outside this stack: remove that container, then run "
            f"again ({error.message})",
            "volume_in_use",
        ) from error
