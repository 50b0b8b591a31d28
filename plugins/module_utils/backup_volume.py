# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A volume that a restore fills: new, or begun anew, and known to be finished by a file beside it on the node."""

from __future__ import annotations

import dataclasses
import os
import secrets
import typing as t

from . import durable, engine_volumes
from .backup_files import mountpoint
from .backup_scratch import RESTORE_LABEL
from .backup_spool import Spool, private
from .engine import COPY, MANAGED_LABEL, PURPOSE_LABEL, TENANT_LABEL, Engine
from .engine_networks import refuse_foreign
from .engine_volumes import Volume
from .errors import TenantryError


@dataclasses.dataclass(frozen=True)
class Marker:
    """What is known of a restore into a volume.

    :ivar id: of the volume, as its label has it: one of the same name that came later is another. When a volume was
        made the engine does not know: its ``CreatedAt`` moves with the files in it.
    :ivar request: what was asked for.
    :ivar result: what came of it; None while it is not finished.
    """

    id: str
    request: t.Mapping[str, t.Any]
    result: t.Mapping[str, t.Any] | None


@dataclasses.dataclass(frozen=True)
class NewVolume:
    """A volume of a tenant, or of a copy of one, on an engine, for one restore.

    :ivar tenant: whose it becomes.
    :ivar origin: whose backup is restored.
    """

    engine: Engine
    name: str
    tenant: str
    spool: Spool
    origin: str

    @property
    def labels(self) -> dict[str, str]:
        """Whose it is, and the containers that fill it."""
        labels = {MANAGED_LABEL: "true", TENANT_LABEL: self.tenant}
        return labels if self.tenant == self.origin else {**labels, PURPOSE_LABEL: COPY}

    def _labelled(self, identity: str) -> Volume:
        return Volume(self.name, {**self.labels, RESTORE_LABEL: identity})

    @property
    def _marker_path(self) -> str:
        return os.path.join(self.spool.path, "restored", f"{self.name}.json")

    @property
    def path(self) -> str:
        """Where its files lie on the node."""
        return mountpoint(self.engine, self.tenant, self.name)

    def restored(self, request: t.Mapping[str, t.Any]) -> t.Mapping[str, t.Any] | None:
        """What an earlier run with the same request restored; None when there is something to do.

        :raises TenantryError: kinds ``volume_not_empty`` for a volume with anything else in it, ``foreign_object``.
        """
        data = engine_volumes.inspect(self.engine, self.name)
        if data is None:
            return None
        refuse_foreign("volume", self.name, data.get("Labels"), self.tenant, "choose another name")
        marker = self._marker(data)
        if marker is not None and marker.result is not None and marker.request == request:
            return marker.result
        if (marker is None or marker.result is not None) and os.listdir(self.path):
            what = "another restore" if marker else "something"
            raise TenantryError(
                f"volume {self.name} holds {what} already: nothing is restored over it; choose another name, or remove "
                "it",
                "volume_not_empty",
            )
        return None

    def begin(self, request: t.Mapping[str, t.Any]) -> None:
        """Have an empty volume. Of what a killed run left nothing stays: its marker says that it had been empty."""
        if engine_volumes.inspect(self.engine, self.name) is not None:
            engine_volumes.remove(self.engine, self._labelled(""))
        identity = secrets.token_hex(8)
        engine_volumes.create(self.engine, self._labelled(identity))
        self._note(Marker(identity, request, None))

    def finish(self, request: t.Mapping[str, t.Any], result: t.Mapping[str, t.Any]) -> None:
        """Say that everything is there."""
        data = engine_volumes.inspect(self.engine, self.name) or {}
        self._note(Marker(_identity(data), request, result))

    def is_present(self) -> bool:
        """Whether it is there, and was restored or begun here.

        :raises TenantryError: kinds ``foreign_object``, ``volume_not_empty`` for a volume that no restore made.
        """
        data = engine_volumes.inspect(self.engine, self.name)
        if data is None:
            return False
        refuse_foreign("volume", self.name, data.get("Labels"), self.tenant, "choose another name")
        if self._marker(data) is None and os.listdir(self.path):
            raise TenantryError(
                f"volume {self.name} was not restored here: it is left alone; remove it by hand", "volume_not_empty"
            )
        return True

    def remove(self) -> None:
        """Remove it, and what is known of it."""
        engine_volumes.remove(self.engine, self._labelled(""))
        if os.path.exists(self._marker_path):
            os.unlink(self._marker_path)

    def _note(self, marker: Marker) -> None:
        private(os.path.dirname(self._marker_path))
        durable.replace_json(self._marker_path, dataclasses.asdict(marker))

    def _marker(self, data: t.Mapping[str, t.Any]) -> Marker | None:
        found = durable.read_json(self._marker_path)
        return Marker(**found) if found and found["id"] == _identity(data) else None


def _identity(volume: t.Mapping[str, t.Any]) -> str:
    return str((volume.get("Labels") or {}).get(RESTORE_LABEL) or "")
