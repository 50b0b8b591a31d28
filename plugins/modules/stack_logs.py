# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: stack_logs
short_description: Print what the containers of a tenant wrote last
version_added: 0.1.0
description:
  - Reads the containers of a tenant on its node, as M(tenantry.platform.stack_info) does, and prints their last
    log lines, each with the name of its container in front and without control characters.
options:
  tenant:
    description: Name of the tenant.
    type: str
    required: true
  service:
    description: Only this service.
    type: str
  lines:
    description: How many lines of each container.
    type: int
    default: 20
  redact_files:
    description:
      - Files on the node whose contents, such as secrets, are replaced by asterisks; of a directory, every file below
        it.
    type: list
    elements: str
    default: []
extends_documentation_fragment:
  - tenantry.platform.fleet_action.each
  - tenantry.platform.fleet_action
author:
  - tenantry.platform contributors (@tenantry)
"""

EXAMPLES = r"""
- name: Print the last lines
  tenantry.platform.stack_logs:
    tenant: acme
    lines: 50
"""

RETURN = r"""
containers:
  description: The containers, with their lines.
  returned: success
  type: list
  elements: dict
"""
