# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Face: how the fleet stands with its backups."""

from __future__ import annotations

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.tenantry.platform.plugins.module_utils import durable
from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.plugin_utils import ledger, report
from ansible_collections.tenantry.platform.plugins.plugin_utils.backups import due, metrics, status, text, watching

ARGUMENTS = {
    "grace": {"type": "int", "default": status.GRACE},
    "ready": {"type": "int", "default": status.READY},
    "jitter": {"type": "int", "default": due.JITTER},
    "metrics_file": {"type": "path"},
    "fleet": {"type": "str", "default": ""},
    "listed": {"type": "bool", "default": False},
}


class ActionModule(ActionBase):
    """See modules/backup_status.py for documentation."""

    BYPASS_HOST_LOOP = True
    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        """Print the table, write the metrics, and leave the tenants that lack backups on localhost."""
        super().run(tmp, task_vars)
        _result, arguments = self.validate_argument_spec(ARGUMENTS)
        now, limits = ledger.now(), status.Limits(arguments["grace"], arguments["ready"])
        try:
            lines = watching.lines(task_vars, limits, arguments["jitter"], now)
            if arguments["metrics_file"]:
                content = metrics.render(lines, arguments["fleet"], now)
                durable.replace(arguments["metrics_file"], content, 0o644)
            listed = ["", *text.kept_table(watching.kept(task_vars))] if arguments["listed"] else []
        except TenantryError as error:
            return {"failed": True, **error.as_result()}
        Display().display("\n".join([*listed, "", *text.status_table(lines), "", text.status_summary(lines)]))
        failed = {one.tenant: report.clean(one.message) for one in reversed(lines) if one.status in status.BAD}
        rows = [{"tenant": one.tenant, "repository": one.repository, "status": one.status} for one in lines]
        return {"changed": False, "ansible_facts": {"tenantry_failed": failed}, "backups": rows}
