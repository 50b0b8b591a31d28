# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: override
short_description: Hold a field of tenants against the database
version_added: 0.1.0
description:
  - Writes a row that the inventory plugin folds into the specs, so that the next plain deploy does not undo what
    a person decided.
  - A value that equals what the tenant row itself says needs no hold; an older hold of that field is then released.
  - Works on all tenants of the play at once. Read the inventory again afterwards.
extends_documentation_fragment:
  - tenantry.platform.fleet_action
options:
  state:
    description: V(present) holds the field, V(absent) releases the hold.
    type: str
    choices: [present, absent]
    default: present
  field:
    description: Field to hold.
    type: str
    choices: [state, version]
    required: true
  value:
    description: Value to hold it at. Needed for O(state=present).
    type: str
  reason:
    description: Why; shown by the plan until the hold is released.
    type: str
    default: ''
  until:
    description: When the hold ends by itself, ISO 8601 in UTC. By default it does not.
    type: str
author:
  - tenantry.platform contributors (@tenantry)
"""

EXAMPLES = r"""
- name: Hold it stopped
  tenantry.platform.override:
    field: state
    value: stopped
    reason: unpaid
  delegate_to: localhost

- name: Read the database again
  ansible.builtin.meta: refresh_inventory
"""

RETURN = r"""
tenants:
  description: Tenants whose hold changed.
  returned: success
  type: list
  elements: str
error_kind:
  description: Class of the failure.
  returned: failure
  type: str
"""
