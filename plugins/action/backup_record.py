# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Face: what came of a backup, in the ledger."""

from __future__ import annotations

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.tenantry.platform.plugins.plugin_utils import fleet
from ansible_collections.tenantry.platform.plugins.plugin_utils.backups import running, text

ARGUMENTS = {"order": {"type": "dict", "required": True}, "result": {"type": "dict", "required": True}}


class ActionModule(ActionBase):
    """See modules/backup_record.py for documentation."""

    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        """Write it down, say it, and leave it on the host for the report."""
        super().run(tmp, task_vars)
        _result, arguments = self.validate_argument_spec(ARGUMENTS)
        order = arguments["order"]
        found, problem = running.record(task_vars, order, arguments["result"], self._task.check_mode)
        if problem:
            Display().warning(problem)
        Display().display(text.line(task_vars["inventory_hostname"], found[-len(order["repositories"]) :]))
        run = fleet.localhost_fact(task_vars, "tenantry_run", {}).get("id")
        return {"changed": False, "ansible_facts": {running.OUTCOMES: {"run": run, "found": found}}}
