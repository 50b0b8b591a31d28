# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Face: whether a rollout goes on with a tenant."""

from __future__ import annotations

import time

from ansible.plugins.action import ActionBase

from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.plugin_utils import fleet, planner

ARGUMENTS = {"max_failures": {"type": "int", "required": True}, "pause": {"type": "float", "default": 0}}


class ActionModule(ActionBase):
    """See modules/rollout.py for documentation."""

    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        """Wait for the ring's turn, count failures, and leave the outcome of a tenant that is not begun any more."""
        super().run(tmp, task_vars)
        _result, arguments = self.validate_argument_spec(ARGUMENTS)
        try:
            time.sleep(planner.pause_left(task_vars, task_vars["inventory_hostname"], arguments["pause"]))
            outcome = planner.gate(task_vars, arguments["max_failures"])
        except TenantryError as error:
            return {"failed": True, **error.as_result()}
        facts = {fleet.OUTCOME: outcome} if outcome else {}
        return {"changed": False, "stopped": outcome is not None, "ansible_facts": facts}
