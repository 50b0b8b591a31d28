# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Face: the end of a drill or a rehearsal."""

from __future__ import annotations

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.plugin_utils import fleet, recovering, recovery, recovery_report


class ActionModule(ActionBase):
    """See modules/recovery_report.py for documentation."""

    BYPASS_HOST_LOOP = True
    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        """Print the table, record drills, and leave the failed tenants, with the reason, on localhost."""
        super().run(tmp, task_vars)
        self.validate_argument_spec({})
        purpose = fleet.localhost_fact(task_vars, "tenantry_recovery", {}).get("purpose")
        if self._task.check_mode and purpose != recovery.CONFIRM:
            return {"changed": False, "ansible_facts": {"tenantry_failed": {}}, "tenants": []}
        rows = recovering.rows(task_vars)
        Display().display(
            "\n".join(["", *recovery_report.table(rows, self._task.check_mode), "", recovery_report.summary(rows)])
        )
        facts = {"tenantry_failed": recovery_report.failed(rows)}
        if purpose == recovery.DRILL:
            try:
                recovering.note(task_vars, rows)
            except TenantryError as error:
                return {"failed": True, **error.as_result(), "ansible_facts": facts, "tenants": rows}
        return {"changed": False, "ansible_facts": facts, "tenants": rows}
