# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Actions of modules that work on repositories of backups."""

from __future__ import annotations

import typing as t

from ansible_collections.tenantry.platform.plugins.module_utils.backup_sqlite import OWNER
from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.plugin_utils import repositories
from ansible_collections.tenantry.platform.plugins.plugin_utils.stepping import StepBase


class BackupStepBase(StepBase):
    """A step whose option ``repositories`` takes the names of those that the tenant database has."""

    def step(self, arguments: dict[str, t.Any], task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        """Run the module with whole repositories."""
        wanted = arguments.get("repositories")
        if isinstance(wanted, list):
            known = task_vars.get("tenantry_repositories") or {}
            try:
                arguments["repositories"] = repositories.options(
                    wanted, str(arguments.get("tenant") or OWNER), known, self.decrypt
                )
            except TenantryError as error:
                return {"failed": True, **error.as_result()}
        return super().step(arguments, task_vars)
