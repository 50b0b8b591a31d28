# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Face: what is to be done about backups."""

from __future__ import annotations

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.plugin_utils import ledger
from ansible_collections.tenantry.platform.plugins.plugin_utils.backups import due, orders, running, text

ARGUMENTS = {
    "state": {"type": "str", "choices": list(orders.STATES), "default": orders.PRESENT},
    "only_due": {"type": "bool", "default": False},
    "service": {"type": "str", "default": ""},
    "kind": {"type": "str", "choices": ["full", "incremental"], "default": "full"},
    "repository": {"type": "str", "default": ""},
    "jitter": {"type": "int", "default": due.JITTER},
    "root": {"type": "path", "default": "/srv/tenantry"},
}


class ActionModule(ActionBase):
    """See modules/backup_plan.py for documentation."""

    BYPASS_HOST_LOOP = True
    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        """Say what will be done, and leave the facts that the next plays need on localhost."""
        super().run(tmp, task_vars)
        _result, arguments = self.validate_argument_spec(ARGUMENTS)
        wishes = orders.Wishes(now=ledger.now(), **arguments)
        try:
            plan = running.plan(task_vars, wishes)
        except TenantryError as error:
            return {"failed": True, **error.as_result()}
        lines = text.plan_lines(plan.orders, wishes.state, plan.covered, self._task.check_mode)
        Display().display("\n".join([*lines, *filter(None, [plan.note])]))
        return {"changed": False, "ansible_facts": running.facts(plan, wishes)}
