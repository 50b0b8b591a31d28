# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of inventory groups, made of values of the database."""

from __future__ import annotations

import re


class Groups:
    """Which value each group stands for: ``zone_demo_test`` is the zone ``demo.test``, or another one, never both."""

    def __init__(self) -> None:
        self._values: dict[str, str] = {}
        self._names: dict[tuple[str, str], str] = {}

    def name(self, kind: str, value: str) -> str:
        """The group of a value; only letters, digits and underscores, as Ansible wants it."""
        known = self._names.get((kind, value))
        if known is None:
            known = self._names[kind, value] = f"{kind}_" + re.sub(r"[^A-Za-z0-9_]", "_", value)
        return known

    def claim(self, kind: str, value: str) -> str | None:
        """Note that a value is in use; the reason why it must not be when another one has its group."""
        group = self.name(kind, value)
        other = self._values.setdefault(group, value)
        return None if other == value else f"{value} and {other} would both be the inventory group {group}: rename one"
