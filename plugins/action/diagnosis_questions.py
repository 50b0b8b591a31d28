# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Face: what to ask, so that the diagnosis knows more than the plan."""

from __future__ import annotations

from ansible.plugins.action import ActionBase

from ansible_collections.tenantry.platform.plugins.plugin_utils.diagnosis import collect


class ActionModule(ActionBase):
    """See modules/diagnosis_questions.py for documentation."""

    BYPASS_HOST_LOOP = True
    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        """Leave the questions to nodes and name servers on localhost."""
        super().run(tmp, task_vars)
        self.validate_argument_spec({})
        return {"changed": False, "ansible_facts": collect.questions(task_vars)}
