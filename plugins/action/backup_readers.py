# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Face: which servers are asked about their WAL."""

from __future__ import annotations

from ansible.plugins.action import ActionBase

from ansible_collections.tenantry.platform.plugins.plugin_utils.backups import watching


class ActionModule(ActionBase):
    """See modules/backup_readers.py for documentation."""

    BYPASS_HOST_LOOP = True
    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        """Pick one host of each node, and leave what to ask there on localhost."""
        super().run(tmp, task_vars)
        self.validate_argument_spec({})
        return {"changed": False, "ansible_facts": watching.facts(task_vars)}
