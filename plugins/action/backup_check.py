# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Face: run the module on the node, as a step of an operation."""

from __future__ import annotations

from ansible_collections.tenantry.platform.plugins.plugin_utils.stepping import StepBase


class ActionModule(StepBase):
    """See modules/backup_check.py for documentation."""
