# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Face: what was done to the tenants of the play."""

from __future__ import annotations

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.plugin_utils import ledger, report

ARGUMENTS = {"limit": {"type": "int", "default": 10}, "operation": {"type": "str"}}


class ActionModule(ActionBase):
    """See modules/history.py for documentation."""

    BYPASS_HOST_LOOP = True
    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        """Print and return operations, or the steps of one."""
        super().run(tmp, task_vars)
        _result, arguments = self.validate_argument_spec(ARGUMENTS)
        try:
            book = ledger.Ledger.open(task_vars["tenantry_database"])
            if arguments["operation"]:
                steps = book.steps(arguments["operation"])
                Display().display("\n".join(report.steps(steps)))
                return {"changed": False, "steps": steps}
            operations = book.history(task_vars["ansible_play_hosts_all"], arguments["limit"])
        except TenantryError as error:
            return {"failed": True, **error.as_result()}
        Display().display("\n".join(report.history(operations)))
        return {"changed": False, "operations": operations}
