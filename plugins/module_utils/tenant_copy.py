# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Copies of tenants on a node, for drills and rehearsals: found by their labels and their directories, and removed."""

from __future__ import annotations

import os
import re
import shutil
import typing as t

from . import engine_containers, engine_networks, engine_volumes
from .backup_spool import DEFAULT_ROOT
from .engine import COPY, MANAGED, PURPOSE_LABEL, TENANT_LABEL, Engine
from .engine_containers import label_filters
from .errors import TenantryError
from .lock import TenantLock
from .release_tree import ReleaseTree

COPY_ARGUMENTS: dict[str, t.Any] = {
    "state": {"type": "str", "choices": ["absent"], "default": "absent"},
    "root": {"type": "path", "required": True},
    "tenant": {"type": "str"},
    "spool": {"type": "path", "default": DEFAULT_ROOT},
}
#: No tenant can be called so.
NAME = re.compile(r"[a-z](?:[a-z0-9-]{0,30}[a-z0-9])?--[a-z]{1,16}")


def run(engine: Engine, params: t.Mapping[str, t.Any], check_mode: bool) -> dict[str, t.Any]:
    """Remove one copy, or all that nobody works with; returns a module result.

    :raises TenantryError: ``invalid`` for what is no copy's name, and those of the engine.
    """
    root, asked = params["root"], params["tenant"]
    if asked and not NAME.fullmatch(asked):
        raise TenantryError(f"{asked!r} is not the name of a copy (such as acme--drill): it is left alone", "invalid")
    names = [asked] if asked else [one for one in _present(engine, root) if not _in_work(root, one)]
    removed = {name: found for name, found in ((one, _things(engine, root, one)) for one in names) if found}
    for name in removed if not check_mode else ():
        _remove(engine, root, name, params["spool"])
    return {
        "changed": bool(removed),
        "copies": sorted(removed),
        "diff": {"before": removed, "after": {}},
    }


def _present(engine: Engine, root: str) -> list[str]:
    """Every copy of which there is something."""
    labelled = f"{PURPOSE_LABEL}={COPY}"
    found = {str(one.tenant) for one in engine_containers.read(engine, [MANAGED, labelled])}
    found |= {one.labels.get(TENANT_LABEL, "") for one in engine_volumes.read(engine, [MANAGED, labelled])}
    found |= {one.labels.get(TENANT_LABEL, "") for one in engine_networks.read(engine, [MANAGED, labelled])}
    found |= set(os.listdir(root)) if os.path.isdir(root) else set()
    return sorted(name for name in found if NAME.fullmatch(name))


def _in_work(root: str, name: str) -> bool:
    """Whether its operation lives; a run that was killed says nothing any more."""
    path = ReleaseTree(root, name).deploy_path
    holder = TenantLock(path).read() if os.path.isdir(path) else None
    return holder is not None and (holder.working or not holder.expired)


def _things(engine: Engine, root: str, name: str) -> dict[str, t.Any]:
    """What there is of a copy, by kind; its lock and journal stay, and do not count."""
    tree, labels = ReleaseTree(root, name), label_filters(tenant=name)
    found: dict[str, t.Any] = {
        "containers": [one.name for one in engine_containers.read(engine, labels)],
        "volumes": [one.name for one in engine_volumes.read(engine, labels)],
        "networks": [one.name for one in engine_networks.read(engine, labels)],
        "directories": [path for path in (tree.releases_path, tree.shared_path) if os.path.isdir(path)],
    }
    return {kind: names for kind, names in found.items() if names}


def _remove(engine: Engine, root: str, name: str, spool: str) -> None:
    """Containers first, which use all the rest. Nothing in a copy is worth a stop in order."""
    labels = label_filters(tenant=name)
    for container in engine_containers.read(engine, labels):
        engine_containers.remove(engine, container, anonymous_volumes=True)
    for volume in engine_volumes.read(engine, labels):
        engine_volumes.remove(engine, volume)
    for network in engine_networks.read(engine, labels):
        engine_networks.remove(engine, network)
    tree = ReleaseTree(root, name)
    if os.path.isdir(tree.path):
        tree.remove_all()
    shutil.rmtree(os.path.join(spool, name), ignore_errors=True)
