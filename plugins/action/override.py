# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Face: hold a field of the tenants of the play."""

from __future__ import annotations

from ansible.plugins.action import ActionBase

from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.plugin_utils import fleet, ledger

ARGUMENTS = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "field": {"type": "str", "choices": ["state", "version"], "required": True},
    "value": {"type": "str"},
    "reason": {"type": "str", "default": ""},
    "until": {"type": "str"},
}


class ActionModule(ActionBase):
    """See modules/override.py for documentation."""

    BYPASS_HOST_LOOP = True
    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        """Write or release the overrides in one transaction."""
        super().run(tmp, task_vars)
        _result, arguments = self.validate_argument_spec(ARGUMENTS, required_if=[("state", "present", ("value",))])
        try:
            book = ledger.Ledger.open(task_vars["tenantry_database"])
            by = fleet.requested_by(task_vars)
            tenants = task_vars["ansible_play_hosts_all"]
            changed = book.hold(tenants, by=by, check_mode=self._task.check_mode, **arguments)
        except TenantryError as error:
            return {"failed": True, **error.as_result()}
        return {"changed": bool(changed), "tenants": changed}
