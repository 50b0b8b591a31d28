# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: backup_plan
short_description: Find out which backups a run has to make, verify or prune
version_added: 0.1.0
description:
  - Reads the backup policies of the tenants of the play, and in the ledger what there is, and leaves orders as facts,
    each for one run of M(tenantry.platform.backup).
  - Prints them before anything is done.
options:
  state:
    description: What the orders are for, as O(tenantry.platform.backup#module:state).
    type: str
    choices: [present, verified, pruned]
    default: present
  only_due:
    description:
      - With O(state=present), whether to make only what is due now, in the repositories that lack it. Else everything
        that is named is made.
      - A policy is due when a moment of its schedule, which is UTC, and the tenant's own part of O(jitter) came after
        the last backup began. After a failure it is due again 5 minutes later, then 10, and so on up to 2 hours.
    type: bool
    default: false
  service:
    description: Only backups of services of this name.
    type: str
    default: ''
  kind:
    description: What is made with pgBackRest where it is not asked what is due.
    type: str
    choices: [full, incremental]
    default: full
  repository:
    description: Only in the repository of this name.
    type: str
    default: ''
  jitter:
    description:
      - Seconds by which a policy is due later at most, so that not all tenants are due at once. Each policy of each
        tenant has its own part of it, which stays.
    type: int
    default: 1800
  root:
    description: Directory that holds the tenants of nodes; for policies that store configuration too.
    type: path
    default: /srv/tenantry
extends_documentation_fragment:
  - tenantry.platform.fleet_action
notes:
  - Runs on the controller. It leaves facts; delegate the task and its facts to localhost.
author:
  - tenantry.platform contributors (@tenantry)
"""

EXAMPLES = r"""
- name: Find out what is due
  tenantry.platform.backup_plan:
    only_due: true
  delegate_to: localhost
  delegate_facts: true
"""

RETURN = r"""
ansible_facts:
  description: C(tenantry_backup_orders), C(tenantry_backup_hosts) and what the next plays need beside.
  returned: success
  type: dict
error_kind:
  description: Class of the failure, such as C(nothing_matches) when no policy has what was named.
  returned: failure
  type: str
"""
