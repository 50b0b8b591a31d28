# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: backup_record
short_description: Write down what came of a backup
version_added: 0.1.0
description:
  - Writes what came of one order into the ledger of the tenant database, prints it, and leaves it on the host for
    M(tenantry.platform.backup_report).
  - A database that cannot be reached is a warning. What was made is in the repositories all the same.
options:
  order:
    description: An order of M(tenantry.platform.backup_plan).
    type: dict
    required: true
  result:
    description: What M(tenantry.platform.backup) returned for it, also when it failed.
    type: dict
    required: true
extends_documentation_fragment:
  - tenantry.platform.fleet_action.each
  - tenantry.platform.fleet_action
attributes:
  idempotent:
    description: When run twice in a row with the same arguments, the second run changes nothing.
    support: none
author:
  - tenantry.platform contributors (@tenantry)
"""

EXAMPLES = r"""
- name: Write down what came of it
  tenantry.platform.backup_record:
    order: "{{ order }}"
    result: "{{ backup }}"
"""

RETURN = r"""
ansible_facts:
  description: C(tenantry_backup_outcomes), what came of the orders of this host.
  returned: success
  type: dict
"""
