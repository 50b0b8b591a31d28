# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: history
short_description: Show what was done to tenants
version_added: 0.1.0
description:
  - Reads the operations of the tenants of the play, or the steps of one operation, from the tenant database, and prints
    them.
extends_documentation_fragment:
  - tenantry.platform.fleet_action
options:
  limit:
    description: How many operations of each tenant, the last ones.
    type: int
    default: 10
  operation:
    description: Id of an operation whose steps to show in the place of operations.
    type: str
author:
  - tenantry.platform contributors (@tenantry)
"""

EXAMPLES = r"""
- name: Show what was done
  tenantry.platform.history:
    limit: 3
  delegate_to: localhost
"""

RETURN = r"""
operations:
  description: The operations, oldest first, with the columns of the relation C(operations); times in UTC.
  returned: without O(operation)
  type: list
  elements: dict
steps:
  description: The steps, with C(name), C(status), C(started_at) and C(finished_at).
  returned: with O(operation)
  type: list
  elements: dict
error_kind:
  description: Class of the failure.
  returned: failure
  type: str
"""
