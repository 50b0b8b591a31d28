# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: recovery_report
short_description: Report how drills and rehearsals ended
version_added: 0.1.0
description:
  - Prints a table with a line for each tenant. It says how long a recovery takes, by the steps that one consists of,
    what was restored, and what was looked at.
  - Records what came of drills at the backups that they were of.
extends_documentation_fragment:
  - tenantry.platform.fleet_action
notes:
  - Runs on the controller. It leaves facts; delegate the task and its facts to localhost.
author:
  - tenantry.platform contributors (@tenantry)
"""

EXAMPLES = r"""
- name: Say how it ended
  tenantry.platform.recovery_report:
  delegate_to: localhost
  delegate_facts: true
"""

RETURN = r"""
tenants:
  description: The rows of the table, with every check of every service.
  returned: success
  type: list
  elements: dict
ansible_facts:
  description: C(tenantry_failed), by tenant why it failed.
  returned: success
  type: dict
error_kind:
  description: Those of writing into the tenant database.
  returned: failure
  type: str
"""
