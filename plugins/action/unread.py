# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Face: a host that could not be read ends a run as unreachable."""

from __future__ import annotations

from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    """See modules/unread.py for documentation."""

    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        """Nothing is tried again: the plan tried."""
        super().run(tmp, task_vars)
        _result, arguments = self.validate_argument_spec({"msg": {"type": "str", "required": True}})
        return {"changed": False, "unreachable": True, "msg": arguments["msg"]}
