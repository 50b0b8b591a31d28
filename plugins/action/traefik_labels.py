# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Face: labels for Traefik, rendered on the controller."""

from __future__ import annotations

from ansible.plugins.action import ActionBase

from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.plugin_utils.render import traefik

ARGUMENT_SPEC = {
    "spec": {"type": "dict", "required": True},
    "service": {"type": "str", "required": True},
    "release": {"type": "str", "required": True},
    "via": {"type": "str", "choices": ["spec", "labels"], "default": "spec"},
}


class ActionModule(ActionBase):
    """See modules/traefik_labels.py for documentation."""

    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        """Render; nothing is read or written, so check mode is the same."""
        super().run(tmp, task_vars)
        _validation, asked = self.validate_argument_spec(ARGUMENT_SPEC)
        try:
            return {
                "changed": False,
                **traefik.label_set(asked["spec"], asked["service"], asked["release"], asked["via"]),
            }
        except TenantryError as error:
            return {"failed": True, **error.as_result()}
