# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Face: print what the containers of a tenant wrote last."""

from __future__ import annotations

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.tenantry.platform.plugins.plugin_utils import report

ARGUMENTS = {
    "tenant": {"type": "str", "required": True},
    "service": {"type": "str"},
    "lines": {"type": "int", "default": 20},
    "redact_files": {"type": "list", "elements": "str", "default": []},
}


class ActionModule(ActionBase):
    """See modules/stack_logs.py for documentation."""

    def run(self, tmp=None, task_vars=None):
        """Read the containers on the node, print their lines."""
        super().run(tmp, task_vars)
        _result, arguments = self.validate_argument_spec(ARGUMENTS)
        options = {
            "tenant": arguments["tenant"],
            "log_lines": arguments["lines"],
            "redact_files": arguments["redact_files"],
        }
        result = self._execute_module("tenantry.platform.stack_info", module_args=options, task_vars=task_vars)
        containers = [one for one in result.get("containers", []) if arguments["service"] in (None, one.get("service"))]
        for line in report.log_lines(arguments["tenant"], containers):
            Display().display(line)
        return dict(result, containers=containers)
