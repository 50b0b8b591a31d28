# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Face: the walk along the links of each tenant."""

from __future__ import annotations

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.tenantry.platform.plugins.plugin_utils.diagnosis import collect, text


class ActionModule(ActionBase):
    """See modules/diagnosis.py for documentation."""

    BYPASS_HOST_LOOP = True
    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        """Print the walks, and leave them, and whom they fail, on localhost."""
        super().run(tmp, task_vars)
        self.validate_argument_spec({})
        walks = collect.walks(task_vars)
        if not walks:
            return {"failed": True, "msg": text.NO_TENANT}
        for line in text.lines(walks):
            Display().display(line)
        found = [walk.as_dict() for walk in walks]
        facts = {
            "tenantry_diagnosis": {one["tenant"]: one for one in found},
            "tenantry_failed": text.headlines(walks, "broken"),
            "tenantry_unread": text.headlines(walks, "unknown"),
        }
        return {"changed": False, "ansible_facts": facts, "tenants": found}
