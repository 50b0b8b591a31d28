# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: backup_report
short_description: Print how a run about backups ended
version_added: 0.1.0
description:
  - Prints a table of what was made, verified or pruned in each repository, and under it why something was not.
  - Writes an operation into the ledger for each tenant of which somebody asked for it, or something failed. What a
    timer made and went well stands in the relation C(backups).
  - Leaves the failed tenants, so that the play that follows fails their hosts and exit code and recap are right.
extends_documentation_fragment:
  - tenantry.platform.fleet_action
notes:
  - Runs on the controller. It leaves facts; delegate the task and its facts to localhost.
author:
  - tenantry.platform contributors (@tenantry)
"""

EXAMPLES = r"""
- name: Say how it ended
  tenantry.platform.backup_report:
  delegate_to: localhost
  delegate_facts: true
"""

RETURN = r"""
backups:
  description: By tenant what came of each order in each repository.
  returned: success
  type: dict
ansible_facts:
  description: C(tenantry_failed), by tenant why it failed.
  returned: success
  type: dict
"""
