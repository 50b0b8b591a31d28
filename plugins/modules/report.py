# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: report
short_description: Print how a run ended
version_added: 0.1.0
description:
  - Prints a table of tenant, status, release and URL, and under it why the tenants that failed did.
  - Leaves the failed tenants, so that the play that follows fails their hosts and exit code and recap are right.
options:
  fail_on:
    description:
      - Tenants that end in one of these statuses fail.
      - Tenants of which nothing is known, V(unreachable) and V(unknown), are named apart when they are not among them.
    type: list
    elements: str
    choices: [failed, fatal, invalid, unreachable, unknown, conflict, drift, extra, pending, held, waiting]
    default: [failed, fatal, invalid, unreachable, unknown, conflict]
extends_documentation_fragment:
  - tenantry.platform.fleet_action
notes:
  - Runs on the controller. It leaves facts; delegate the task and its facts to localhost.
author:
  - tenantry.platform contributors (@tenantry)
"""

EXAMPLES = r"""
- name: Say how it ended
  tenantry.platform.report:
  delegate_to: localhost
  delegate_facts: true
"""

RETURN = r"""
tenants:
  description: The rows of the table.
  returned: success
  type: list
  elements: dict
ansible_facts:
  description: C(tenantry_failed) and C(tenantry_unread), by tenant why it failed or could not be read.
  returned: success
  type: dict
"""
