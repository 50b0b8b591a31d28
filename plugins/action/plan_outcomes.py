# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Face: how the tenants of a run ended."""

from __future__ import annotations

from ansible.plugins.action import ActionBase

from ansible_collections.tenantry.platform.plugins.plugin_utils import planner


class ActionModule(ActionBase):
    """See modules/plan_outcomes.py for documentation."""

    BYPASS_HOST_LOOP = True
    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        """Join plan and outcomes; records of tenants that failed are not removed."""
        super().run(tmp, task_vars)
        self.validate_argument_spec({})
        return {"changed": False, "ansible_facts": planner.outcomes(task_vars, self._task.check_mode)}
