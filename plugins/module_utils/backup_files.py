# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files as they lie on the node: the volumes of a service, and directories, stored by restic."""

from __future__ import annotations

import dataclasses
import os
import typing as t

from . import engine_networks, engine_volumes
from .backup_driver import Backup, Finding, Keep
from .backup_snapshot import new_label
from .backup_store import ResticStore, Source
from .engine import MANAGED, SERVICE_LABEL, TENANT_LABEL, Engine
from .engine_containers import COMPOSE_SERVICE_LABEL, label_filters, list_entries
from .errors import TenantryError
from .journal import instant
from .polling import Deadline

ENGINE = "restic"


@dataclasses.dataclass
class FilesDriver:
    """The files of one service.

    :ivar sources: finds them.
    """

    sources: t.Callable[[], list[Source]]
    service: str
    stores: tuple[ResticStore, ...]
    share: str = "100%"

    _found: list[Source] = dataclasses.field(default_factory=list)
    _label: str = ""

    @property
    def repositories(self) -> tuple[str, ...]:
        return tuple(store.name for store in self.stores)

    def check(self, deadline: Deadline) -> None:
        del deadline
        self.sources()

    def prepare(self, deadline: Deadline) -> None:
        del deadline
        self._found = self.sources()
        self._label = new_label(self.service, ENGINE)

    def make(self, repository: str, deadline: Deadline) -> list[Backup]:
        started = instant()
        return [self._store(repository).save(source, self._label, started, deadline) for source in self._found]

    def finish(self) -> None:
        """Nothing was made on the node."""

    def backups(self, repository: str, deadline: Deadline) -> list[Backup]:
        return self._store(repository).backups(deadline)

    def verify(self, repository: str, deadline: Deadline) -> list[Finding]:
        return self._store(repository).verify(self.share, deadline)

    def prune(self, repository: str, keep: Keep, deadline: Deadline, check_mode: bool) -> list[str]:
        return self._store(repository).prune(keep, deadline, check_mode)

    def _store(self, name: str) -> ResticStore:
        return next(store for store in self.stores if store.name == name)


def sources(
    engine: Engine, tenant: str, service: str, project: str | None, volumes: t.Sequence[str], paths: t.Sequence[str]
) -> list[Source]:
    """What to store: the volumes and paths that are named, or all volumes that containers of the service use.

    :raises TenantryError: kinds ``volume_missing``, ``volume_unsupported``, ``path_missing``, ``foreign_object``.
    """
    names = list(volumes) if volumes or paths else _mounted(engine, tenant, service, project)
    found = [Source("volume", name, mountpoint(engine, tenant, name)) for name in names]
    for path in paths:
        if not os.path.isdir(path):
            raise TenantryError(
                f"there is no directory {path} on this node, and nothing is stored in its place: correct paths",
                "path_missing",
            )
        found.append(Source("path", os.path.normpath(path), os.path.normpath(path)))
    return found


def mountpoint(engine: Engine, tenant: str, name: str) -> str:
    """Where the files of a volume lie.

    :raises TenantryError: kinds ``volume_missing``, ``volume_unsupported``, ``foreign_object``.
    """
    data = engine_volumes.inspect(engine, name)
    if data is None:
        raise TenantryError(
            f"tenant {tenant} has no volume {name} on this node: an empty backup is none; correct volumes, or see "
            "which there are (docker volume ls --filter label=tenantry.tenant)",
            "volume_missing",
        )
    engine_networks.refuse_foreign("volume", name, data.get("Labels"), tenant, "name one of this tenant")
    if data.get("Driver") != "local" or data.get("Options"):
        # Such a volume is mounted only while a container uses it: at other times there is an empty directory.
        raise TenantryError(
            f"volume {name} is of driver {data.get('Driver')} with options {data.get('Options') or {}}: only plain "
            "local volumes can be read on the node; back up where its files really are",
            "volume_unsupported",
        )
    path = str(data["Mountpoint"])
    if not os.path.isdir(path):
        raise TenantryError(
            f"the files of volume {name} are not below {path} on this machine, or this user may not see them: run on "
            "the node of the engine, with become",
            "volume_missing",
        )
    return path


def _mounted(engine: Engine, tenant: str, service: str, project: str | None) -> list[str]:
    entries = [
        entry
        for entry in list_entries(engine, label_filters(tenant=tenant, project=project))
        if _service_of(entry) == service
    ]
    mounted = {mount.get("Name") for entry in entries for mount in entry.get("Mounts") or []}
    # Not those that an image declares and nobody named: nothing could find them again.
    ours = engine_volumes.read(engine, [MANAGED, f"{TENANT_LABEL}={tenant}"])
    names = [volume.name for volume in ours if volume.name in mounted]
    if not names:
        containers = f"{len(entries)} containers" if entries else "no container"
        raise TenantryError(
            f"service {service} of tenant {tenant} has {containers} on this node and no volume to store: name volumes "
            "or paths",
            "volume_missing",
        )
    return names


def _service_of(entry: t.Mapping[str, t.Any]) -> str:
    labels = entry.get("Labels") or {}
    return str(labels.get(COMPOSE_SERVICE_LABEL) or labels.get(SERVICE_LABEL) or "")
