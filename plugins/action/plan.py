# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Face: the comparison of desired, last applied and live."""

from __future__ import annotations

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.tenantry.platform.plugins.plugin_utils import healing, planner, report
from ansible_collections.tenantry.platform.plugins.plugin_utils.plan import Wishes

ARGUMENTS = {
    "request": {"type": "str", "choices": ["deploy", "restart", "heal"], "default": "deploy"},
    "remove_volumes": {"type": "bool", "default": False},
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
        limits = healing.Limits(*(arguments[f"heal_{name}"] for name in ("classes", "window_classes", "backoff")))
        wishes = Wishes(arguments["request"], arguments["remove_volumes"], limits=limits)
        plan = planner.plan(task_vars, wishes)
        for line in report.plan_lines(plan.verdicts, self._task.check_mode):
            Display().display(line)
        facts = plan.facts(check_mode=self._task.check_mode)
        return {"changed": False, "ansible_facts": facts, "tenants": plan.verdicts}
