# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Face: accept what differs now."""

from __future__ import annotations

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.plugin_utils import planner

ARGUMENTS = {"path": {"type": "path", "required": True}}


class ActionModule(ActionBase):
    """See modules/baseline.py for documentation."""

    BYPASS_HOST_LOOP = True
    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        """Write the rules, and call what they accept ignored from here on."""
        super().run(tmp, task_vars)
        _result, arguments = self.validate_argument_spec(ARGUMENTS)
        try:
            rules, facts = planner.accept(task_vars, arguments["path"], self._task.check_mode)
        except TenantryError as error:
            return {"failed": True, **error.as_result()}
        Display().display(f"Baseline: {len(rules)} differences accepted in {arguments['path']}")
        return {"changed": bool(rules), "ansible_facts": facts, "rules": rules}
