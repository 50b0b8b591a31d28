# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Face: what came of restores, for the plays that follow."""

from __future__ import annotations

from ansible.plugins.action import ActionBase

from ansible_collections.tenantry.platform.plugins.plugin_utils import recovering

ARGUMENTS = {"after": {"type": "str", "choices": ["fill", "apply"], "required": True}}


class ActionModule(ActionBase):
    """See modules/recovery_outcomes.py for documentation."""

    BYPASS_HOST_LOOP = True
    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        """Leave on localhost what is to be held, or what is needless."""
        super().run(tmp, task_vars)
        _result, arguments = self.validate_argument_spec(ARGUMENTS)
        if arguments["after"] == "fill":
            facts = recovering.holds(task_vars, self._task.check_mode)
        else:
            facts = recovering.needless(task_vars)
        return {"changed": False, "ansible_facts": facts}
