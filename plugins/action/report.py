# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Face: the end of a run."""

from __future__ import annotations

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.tenantry.platform.plugins.plugin_utils import fleet, report

ARGUMENTS = {
    "fail_on": {"type": "list", "elements": "str", "choices": list(report.STATUSES), "default": list(report.FAILED)}
}


class ActionModule(ActionBase):
    """See modules/report.py for documentation."""

    BYPASS_HOST_LOOP = True
    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        """Print the table and leave the failed tenants, with the reason, on localhost."""
        super().run(tmp, task_vars)
        _result, arguments = self.validate_argument_spec(ARGUMENTS)
        rows = fleet.outcomes(task_vars)
        if rows is None or self._task.check_mode:
            rows = [report.planned(one) for one in fleet.planned(task_vars).values()]
        table = report.table(rows, {*arguments["fail_on"], *report.UNREAD})
        # All at once: every call goes from this process to the one that prints.
        Display().display("\n".join(["", *table, "", report.summary(rows)]))
        facts = {
            "tenantry_failed": report.headlines(rows, arguments["fail_on"]),
            "tenantry_unread": report.headlines(rows, set(report.UNREAD) - set(arguments["fail_on"])),
        }
        return {"changed": False, "ansible_facts": facts, "tenants": rows}
