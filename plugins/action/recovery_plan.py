# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Face: what is restored of which tenants."""

from __future__ import annotations

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.plugin_utils import recovering, recovery, recovery_report

ARGUMENTS = {
    "purpose": {"type": "str", "choices": list(recovery.PURPOSES), "required": True},
    "service": {"type": "str", "default": ""},
    "policy": {"type": "str", "default": ""},
    "time": {"type": "str", "default": ""},
    "label": {"type": "str", "default": ""},
    "repository": {"type": "str", "default": ""},
    "share": {"type": "str", "default": ""},
}


class ActionModule(ActionBase):
    """See modules/recovery_plan.py for documentation."""

    BYPASS_HOST_LOOP = True
    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        """Say what will be done, and leave it on localhost."""
        super().run(tmp, task_vars)
        _result, arguments = self.validate_argument_spec(ARGUMENTS)
        given = {name: str.__str__(value) for name, value in arguments.items()}
        try:
            share = recovery.share(given.pop("share"))
            wanted = recovery.Wanted(generation=recovery.new_generation(), **given)
            facts = recovering.orders(task_vars, wanted, share, self._task.check_mode)
        except TenantryError as error:
            return {"failed": True, **error.as_result()}
        lines = recovery_report.plan_lines(facts["tenantry_recoveries"], wanted, self._task.check_mode)
        Display().display("\n".join(lines))
        return {"changed": False, "ansible_facts": facts}
