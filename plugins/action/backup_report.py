# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Face: the end of a run about backups."""

from __future__ import annotations

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.tenantry.platform.plugins.plugin_utils.backups import running, text


class ActionModule(ActionBase):
    """See modules/backup_report.py for documentation."""

    BYPASS_HOST_LOOP = True
    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        """Print the table, end the operations, and leave the failed tenants, with the reason, on localhost."""
        super().run(tmp, task_vars)
        self.validate_argument_spec({})
        found = running.ended(task_vars)
        for problem in [] if self._task.check_mode else running.close(task_vars, found):
            Display().warning(problem)
        failed = running.failed(task_vars, found)
        everything = [one for some in found.values() for one in some]
        invalid = [f"{tenant}: {why}" for tenant, why in failed.items() if tenant not in found]
        # All at once: every call goes from this process to the one that prints.
        Display().display("\n".join(["", *text.table(found), "", *invalid, text.summary(everything)]))
        return {"changed": False, "ansible_facts": {"tenantry_failed": failed}, "backups": found}
