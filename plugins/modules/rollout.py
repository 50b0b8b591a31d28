# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: rollout
short_description: See whether a rollout goes on with a tenant
version_added: 0.1.0
description:
  - Counts the tenants of the run that failed until now, by the ledger of the tenant database, and those that were lost.
    When they are too many, the tenant is not begun, and its outcome says so.
  - Used by the play that applies, before each tenant.
options:
  max_failures:
    description: How many tenants may fail before the rollout stops.
    type: int
    required: true
  pause:
    description:
      - Seconds between the end of a ring and the begin of the next one, in which failures may show. They are counted
        after it.
    type: float
    default: 0
extends_documentation_fragment:
  - tenantry.platform.fleet_action.each
  - tenantry.platform.fleet_action
author:
  - tenantry.platform contributors (@tenantry)
"""

EXAMPLES = r"""
- name: Go on only while few failed
  tenantry.platform.rollout:
    max_failures: 2
  register: rollout

- name: Begin
  ansible.builtin.debug:
    msg: it is this tenant's turn
  when: not rollout.stopped
"""

RETURN = r"""
stopped:
  description: Whether the rollout stopped before this tenant.
  returned: success
  type: bool
ansible_facts:
  description: C(tenantry_outcome) of a tenant that is not begun.
  returned: success
  type: dict
error_kind:
  description: Class of the failure.
  returned: failure
  type: str
"""
