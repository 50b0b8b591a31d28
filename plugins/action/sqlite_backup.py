# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Face: find the repositories on the controller, then run the module on the node."""

from __future__ import annotations

from ansible_collections.tenantry.platform.plugins.plugin_utils.backing_up import BackupStepBase


class ActionModule(BackupStepBase):
    """See modules/sqlite_backup.py for documentation."""
