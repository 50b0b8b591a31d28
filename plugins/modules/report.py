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
attributes:
  check_mode:
    description: Can run in check_mode and return changed status prediction without modifying anything.
    support: full
  diff_mode:
    description: Returns details on what has changed or will change.
    support: none
  idempotent:
    description: When run twice in a row with the same arguments, the second run changes nothing.
    support: full
  action:
    description: Runs on the controller, without a connection.
    support: full
  bypass_host_loop:
    description: Runs once for all hosts of the play.
    support: full
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
  description: C(tenantry_failed), by tenant why it failed.
  returned: success
  type: dict
"""
