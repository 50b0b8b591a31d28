# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Face: hold fields of tenants against the database."""

from __future__ import annotations

from ansible.plugins.action import ActionBase

from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.plugin_utils import fleet, holding

ARGUMENTS = {
    "state": {"type": "str", "choices": ["present", "absent", "withdrawn"], "default": "present"},
    "fields": {"type": "dict"},
    "by_tenant": {"type": "dict"},
    "instead_of": {"type": "list", "elements": "str", "default": []},
    "reason": {"type": "str", "default": ""},
    "until": {"type": "str"},
}


class ActionModule(ActionBase):
    """See modules/override.py for documentation."""

    BYPASS_HOST_LOOP = True
    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        """Write, release or withdraw the overrides in one transaction."""
        super().run(tmp, task_vars)
        _result, arguments = self.validate_argument_spec(
            ARGUMENTS,
            mutually_exclusive=[("fields", "by_tenant")],
            required_if=[
                ("state", "present", ("fields", "by_tenant"), True),
                ("state", "absent", ("fields", "by_tenant"), True),
            ],
        )
        try:
            return holding.run(task_vars, arguments, fleet.requested_by(task_vars), self._task.check_mode)
        except TenantryError as error:
            return {"failed": True, **error.as_result()}
