# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: recovery_plan
short_description: Say which volumes of which tenants are filled from which backups
version_added: 0.1.0
description:
  - Of each tenant of the play, which of its services have backup policies, and into which volumes these are restored.
    A volume that is backed up in two ways is restored by the one that knows more.
  - Used by the playbooks C(restore), C(drill) and C(rehearse).
options:
  purpose:
    description:
      - V(restore) fills new volumes of the tenants themselves. V(drill) and V(rehearsal) fill those of copies.
        V(confirm) fills none.
    type: str
    choices: [restore, drill, rehearsal, confirm]
    required: true
  service:
    description: The only service. Default are all that have policies.
    type: str
    default: ''
  policy:
    description: The only policy, where a service has several.
    type: str
    default: ''
  time:
    description: Restore nothing newer, in ISO 8601 with an offset from UTC. Default is the newest there is.
    type: str
    default: ''
  label:
    description: Restore this backup of O(service).
    type: str
    default: ''
  repository:
    description: Name of the only repository to look into.
    type: str
    default: ''
  share:
    description:
      - Which part of the tenants, such as V(5%). Those come first that were never drilled, then those that were
        drilled longest ago. Default are all.
    type: str
    default: ''
extends_documentation_fragment:
  - tenantry.platform.fleet_action
notes:
  - Runs on the controller. It leaves facts; delegate the task and its facts to localhost.
author:
  - tenantry.platform contributors (@tenantry)
"""

EXAMPLES = r"""
- name: Say what is drilled
  tenantry.platform.recovery_plan:
    purpose: drill
    share: 5%
  delegate_to: localhost
  delegate_facts: true
"""

RETURN = r"""
ansible_facts:
  description: C(tenantry_recovery), C(tenantry_recoveries), C(tenantry_recovering) and more for the plays that follow.
  returned: success
  type: dict
error_kind:
  description: V(invalid), and those of reading the tenant database.
  returned: failure
  type: str
"""
