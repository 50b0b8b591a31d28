# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Volumes of a tenant that restores made and that nothing needs any more, removed with what was kept for them."""

from __future__ import annotations

import dataclasses
import typing as t

from . import engine_containers, engine_volumes
from .backup_restore import GENERATION
from .backup_scratch import RESTORE_LABEL
from .engine import Engine
from .engine_containers import Container, label_filters
from .engine_volumes import Volume
from .errors import TenantryError
from .release_tree import ReleaseTree

CLEANUP_ARGUMENTS: dict[str, t.Any] = {
    "state": {"type": "str", "choices": ["pruned", "confirmed"], "default": "pruned"},
    "root": {"type": "path", "default": "/srv/tenantry"},
    "tenant": {"type": "str", "required": True},
    "needed": {"type": "list", "elements": "str", "default": []},
}


@dataclasses.dataclass
class Needs:
    """What a tenant has, and which of it its releases name.

    :ivar current: volumes of the release that serves.
    :ivar by_release: volumes of each other release that could serve again.
    """

    volumes: list[Volume]
    current: set[str]
    by_release: dict[str, set[str]]


def run(engine: Engine, params: t.Mapping[str, t.Any], check_mode: bool) -> dict[str, t.Any]:
    """Remove volumes that no release names, and what restores left that were killed; returns a module result.

    The caller holds the tenant's lock, so that no restore works.

    :raises TenantryError: ``no_release`` for a confirmation while nothing serves; ``corrupt``.
    """
    tree = ReleaseTree(params["root"], params["tenant"])
    needs = _read(engine, tree)
    releases: list[str] = []
    if params["state"] == "confirmed":
        _require_current(tree, needs)
        replaced = _replaced(needs)
        releases = sorted(name for name, wanted in needs.by_release.items() if wanted & replaced)
    left = engine_containers.read(engine, [*label_filters(tenant=params["tenant"]), RESTORE_LABEL])
    kept = {*params["needed"], *_in_use(engine, params["tenant"], left), *needs.current}
    kept.update(*(wanted for name, wanted in needs.by_release.items() if name not in releases))
    gone = [one for one in needs.volumes if one.name not in kept and _of_restore(one, needs)]
    if not check_mode:
        for container in left:
            engine_containers.remove(engine, container, anonymous_volumes=True)
        for release in releases:
            tree.remove(release)
        for volume in gone:
            engine_volumes.remove(engine, volume)
    removed = [one.name for one in gone]
    return {
        "changed": bool(removed or releases or left),
        "volumes": removed,
        "releases": releases,
        "kept": sorted(one.name for one in needs.volumes if one.name not in removed),
        "diff": {"before": dict.fromkeys([*releases, *removed], "present"), "after": {}},
    }


def _read(engine: Engine, tree: ReleaseTree) -> Needs:
    current = tree.current()
    others = [one for one in tree.releases() if one != current and tree.good(one)]
    return Needs(
        engine_volumes.read(engine, label_filters(tenant=tree.tenant)),
        _volumes(tree, current) if current else set(),
        {one: _volumes(tree, one) for one in others},
    )


def _require_current(tree: ReleaseTree, needs: Needs) -> None:
    if not needs.current:
        raise TenantryError(
            f"no release of tenant {tree.tenant} serves with a volume, so that nobody knows what it needs: deploy it "
            "first",
            "no_release",
        )


def _volumes(tree: ReleaseTree, release: str) -> set[str]:
    return {str(one["name"]) for one in tree.finished(release)["volumes"]}


def _replaced(needs: Needs) -> set[str]:
    """Volumes that another generation of the same one took the place of: that the current release has it proves it."""
    now = {_plain(name): name for name in needs.current}
    return {
        one for wanted in needs.by_release.values() for one in wanted if one not in needs.current and _plain(one) in now
    }


def _of_restore(volume: Volume, needs: Needs) -> bool:
    """Whether it is a generation, or what a generation took the place of. Anything else is not ours to judge."""
    return RESTORE_LABEL in volume.labels or _plain(volume.name) in {_plain(one) for one in needs.current}


def _plain(name: str) -> str:
    """The name of a volume without its generation."""
    return GENERATION.sub("", name)


def _in_use(engine: Engine, tenant: str, left: t.Sequence[Container]) -> set[str]:
    """Volumes that a container has, running or not, but for those that restores left."""
    found: set[str] = set()
    ids = {one.id for one in left}
    for container in engine_containers.read(engine, label_filters(tenant=tenant)):
        if container.id in ids:
            continue
        mounts = engine.client.inspect_container(container.id).get("Mounts") or []
        found |= {str(one.get("Name")) for one in mounts if one.get("Type") == "volume"}
    return found
