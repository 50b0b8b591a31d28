# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Face: which zones took their records."""

from __future__ import annotations

from ansible.plugins.action import ActionBase

from ansible_collections.tenantry.platform.plugins.plugin_utils import planner

ARGUMENTS = {"results": {"type": "list", "elements": "dict", "required": True}}


class ActionModule(ActionBase):
    """See modules/plan_zones.py for documentation."""

    BYPASS_HOST_LOOP = True
    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        """Leave, by zone, why it did not take its records."""
        super().run(tmp, task_vars)
        _result, arguments = self.validate_argument_spec(ARGUMENTS)
        errors = planner.zone_errors(arguments["results"])
        return {"changed": False, "ansible_facts": {"tenantry_dns_errors": errors}, "errors": errors}
