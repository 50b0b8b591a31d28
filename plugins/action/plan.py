# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Face: the comparison of desired, last applied and live."""

from __future__ import annotations

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.plugin_utils import healing, planner, report

ARGUMENTS = {
    "request": {"type": "str", "choices": list(planner.REQUESTS), "default": "deploy"},
    "remove_volumes": {"type": "bool", "default": False},
    "acknowledge": {"type": "bool", "default": False},
    "ignore_file": {"type": "path"},
    "rollout_max_failures": {"type": "int"},
    "heal_classes": {
        "type": "list",
        "elements": "str",
        "choices": list(healing.CLASSES),
        "default": list(healing.CLASSES),
    },
    "heal_window_classes": {"type": "list", "elements": "str", "choices": list(healing.CLASSES), "default": []},
    "heal_backoff": {"type": "int", "default": healing.Limits.backoff},
}


class ActionModule(ActionBase):
    """See modules/plan.py for documentation."""

    BYPASS_HOST_LOOP = True
    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        """Judge every tenant and leave the facts that the next plays need on localhost."""
        super().run(tmp, task_vars)
        _result, arguments = self.validate_argument_spec(ARGUMENTS)
        try:
            wishes = planner.wishes(arguments)
        except TenantryError as error:
            return {"failed": True, **error.as_result()}
        plan = planner.plan(task_vars, wishes)
        Display().display("\n".join(report.plan_lines(plan.verdicts, self._task.check_mode, wishes.max_failures)))
        facts = plan.facts(self._task.check_mode, in_rings=wishes.max_failures is not None)
        return {"changed": False, "ansible_facts": facts}
