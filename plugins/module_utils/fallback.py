# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is loaded back when a release does not come to serve whose migrations nobody can undo.

``.deploy/fallback.json`` stands from before such a migration until users see its release, or have their data back.
Nobody loses what they wrote: it counts only as long as the tenant is closed.
"""

from __future__ import annotations

import os
import typing as t

from ansible_collections.tenantry.platform.plugins.module_utils import durable
from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.module_utils.journal import now
from ansible_collections.tenantry.platform.plugins.module_utils.release_tree import ReleaseTree, short


class Fallback:
    """The file of one tenant."""

    def __init__(self, tree: ReleaseTree) -> None:
        self.tree = tree
        self.path = os.path.join(tree.deploy_path, "fallback.json")

    def read(self) -> dict[str, t.Any] | None:
        """What :meth:`note` wrote; None where there is nothing to load back."""
        return durable.read_json(self.path)

    def note(
        self,
        release: str | None,
        snapshots: list[dict[str, t.Any]],
        operation: dict[str, t.Any] | None,
        route_file: str,
    ) -> None:
        """From now on these snapshots are loaded back unless the release comes to serve; without one, in any case.

        :param snapshots: ``service``, ``engine``, ``label`` and ``database`` of each.
        """
        noted = {
            "release": release,
            "snapshots": snapshots,
            "operation": (operation or {}).get("id"),
            "at": now(),
            "routed": os.path.exists(route_file),
        }
        durable.replace_json(self.path, noted)

    def clear(self) -> bool:
        """Nothing is loaded back any more; whether there was anything."""
        try:
            os.unlink(self.path)
        except FileNotFoundError:
            return False
        durable.fsync_directory(self.tree.deploy_path)
        return True

    def due(self, route_file: str) -> dict[str, t.Any] | None:
        """What :meth:`read` gives, where users saw nothing of the release yet: its data are nobody's.

        :param route_file: of the tenant in the proxy. Closed, it names no release. One that somebody took away says
            nothing of who was served before.
        """
        noted = self.read()
        if noted is None or self._current() == noted["release"]:
            return None
        seen = os.path.exists(route_file) != noted["routed"] or routed(self.tree, route_file)
        return None if seen else noted

    def _current(self) -> str | None:
        try:
            return self.tree.current()
        except TenantryError:
            return None


def routed(tree: ReleaseTree, route_file: str) -> list[str]:
    """Good releases that a route file names, oldest first."""
    try:
        with open(route_file, encoding="utf-8", errors="replace") as stream:
            text = stream.read()
    except FileNotFoundError:
        return []
    return [release for release in tree.releases() if tree.good(release) and f"-{short(release)}@docker" in text]
