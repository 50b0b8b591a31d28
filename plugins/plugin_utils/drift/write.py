# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports on disk: each file is the old or the new one, whole."""

from __future__ import annotations

import dataclasses
import os
import typing as t

from ansible_collections.tenantry.platform.plugins.module_utils import durable
from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.plugin_utils.drift import document, page, prometheus

NAMES = {"json": "drift.json", "html": "drift.html", "prometheus": "tenantry_drift.prom"}
RENDERERS = {"json": document.dump, "html": page.render, "prometheus": prometheus.render}
# Metrics hold no values, and their collector runs as another user.
PROMETHEUS_MODE = 0o644


@dataclasses.dataclass(frozen=True)
class Places:
    """Where reports go: by format a path, None for none."""

    paths: dict[str, str | None]
    mode: int
    limited: bool

    @classmethod
    def of(cls, option: t.Callable[[str], t.Any]) -> Places:
        """From the options of the callback.

        :raises TenantryError: ``invalid`` for a mode that is none.
        """
        directory = option("directory")
        default = {name: os.path.join(directory, file) if directory else None for name, file in NAMES.items()}
        text = str(option("mode"))
        try:
            mode = int(text, 8)
        except ValueError as error:
            raise TenantryError(f"mode {text} is not octal, such as 0640: mend the option mode", "invalid") from error
        return cls({name: option(name) or default[name] for name in NAMES}, mode, bool(option("limited")))

    def wanted(self, limited: bool, fleet: bool) -> dict[str, str]:
        """The files that a run writes.

        :param limited: whether the run covers a part of the fleet only.
        :param fleet: whether it set out to judge tenants.
        """
        paths = {name: path for name, path in self.paths.items() if path}
        if limited and not self.limited:
            return {}
        if limited or not fleet:
            # Metrics are about the fleet: a part of it would make the other tenants vanish from every graph.
            paths.pop("prometheus", None)
        return paths

    def first_seen(self) -> dict[str, str]:
        """What the last JSON report says; a file that is broken or somebody else's says nothing."""
        path = self.paths["json"]
        try:
            return document.first_seen(durable.read_json(path)) if path else {}
        except (OSError, TenantryError, KeyError, TypeError):
            return {}

    def write(self, wanted: dict[str, str], data: dict[str, t.Any]) -> t.Iterator[tuple[str, str]]:
        """Write the files; yield path and reason of each that could not be."""
        for name, path in wanted.items():
            try:
                os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
                mode = PROMETHEUS_MODE if name == "prometheus" else self.mode
                durable.replace(os.path.abspath(path), RENDERERS[name](data), mode)
            except (OSError, TenantryError) as error:
                yield path, str(error)
