# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Face: make or upgrade the tenant database."""

from __future__ import annotations

from ansible.plugins.action import ActionBase

from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.plugin_utils import database_migrate

ARGUMENTS = {
    "state": {"type": "str", "choices": ["present"], "default": "present"},
    "url": {"type": "str", "required": True},
    "schema": {"type": "str"},
    "prefix": {"type": "str"},
    "seed": {"type": "path"},
}


class ActionModule(ActionBase):
    """See modules/tenant_database.py for documentation."""

    BYPASS_HOST_LOOP = True
    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        """Upgrade the schema, or in check mode say what is pending."""
        super().run(tmp, task_vars)
        _result, arguments = self.validate_argument_spec(ARGUMENTS)
        settings = {name: arguments[name] for name in ("url", "schema", "prefix")}
        try:
            done = database_migrate.upgrade(settings, arguments["seed"], self._task.check_mode)
        except TenantryError as error:
            return {"failed": True, **error.as_result()}
        result = {
            "changed": done.changed,
            "before": done.before,
            "after": done.after,
            "pending": done.pending,
            "seeded": done.seeded,
        }
        if self._task.diff:
            result["diff"] = {"before": {"schema": done.before}, "after": {"schema": done.after, "seeded": done.seeded}}
        return result
