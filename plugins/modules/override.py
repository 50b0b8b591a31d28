# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: override
short_description: Hold fields of tenants against the database
version_added: 0.1.0
description:
  - Writes a row that the inventory plugin folds into the specs, so that the next plain deploy does not undo what
    a person decided.
  - A value that equals what the tenant row itself says needs no hold; an older hold of that field is then released.
  - Works on all tenants of the play at once. Read the inventory again afterwards; in check mode it then shows the
    tenants as they would be.
extends_documentation_fragment:
  - tenantry.platform.fleet_action
options:
  state:
    description:
      - V(present) holds the fields, V(absent) releases their holds.
      - V(withdrawn) takes back what this run of ansible-playbook held of those tenants that did not end well, and puts
        the holds back that it had released of them. With O(by_tenant), it takes back the run by which the versions of
        those tenants are held.
    type: str
    choices: [present, absent, withdrawn]
    default: present
  fields:
    description:
      - Values by field, the same for all tenants of the play.
      - C(state), C(version), C(version.) and the name of a service for its version alone, C(release), or C(volume.) and
        the name of a volume for the generation of its data, as restores make them.
      - Null releases the hold of a field.
      - With O(state=absent), the values do not matter.
    type: dict
  by_tenant:
    description: Tenants, each with a dictionary as O(fields), in the place of that.
    type: dict
  instead_of:
    description: Fields whose holds are released beside; C(version.*) is that of every service.
    type: list
    elements: str
    default: []
  reason:
    description: Why; shown by the plan until the hold is released.
    type: str
    default: ''
  until:
    description: When the hold ends by itself, ISO 8601 in UTC. By default it does not.
    type: str
attributes:
  diff_mode:
    description: Returns details on what has changed or will change.
    support: full
author:
  - tenantry.platform contributors (@tenantry)
"""

EXAMPLES = r"""
- name: Hold it stopped
  tenantry.platform.override:
    fields:
      state: stopped
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
