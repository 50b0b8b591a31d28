# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: backup_status
short_description: Say how the fleet stands with its backups
version_added: 0.1.0
description:
  - Prints a table with the last backup of each policy in each repository, how old it is, when the backups there were
    last read, how far the server is with its WAL, and how the last drill ended.
  - Leaves the tenants that lack something, so that the play that follows fails their hosts and exit code and recap
    are right.
options:
  grace:
    description: Seconds that a backup may be late.
    type: int
    default: 7200
  ready:
    description: How many segments of WAL may wait to be handed over.
    type: int
    default: 8
  jitter:
    description: As in M(tenantry.platform.backup_plan).
    type: int
    default: 1800
  metrics_file:
    description: Also write all of it as metrics for Prometheus into this file of the controller.
    type: path
  fleet:
    description: Label C(fleet) of the metrics.
    type: str
    default: ''
  listed:
    description: Also print every backup that the ledger knows, with its label.
    type: bool
    default: false
extends_documentation_fragment:
  - tenantry.platform.fleet_action
notes:
  - Runs on the controller. It leaves facts; delegate the task and its facts to localhost.
author:
  - tenantry.platform contributors (@tenantry)
"""

EXAMPLES = r"""
- name: Say how old what there is is
  tenantry.platform.backup_status:
  delegate_to: localhost
  delegate_facts: true
"""

RETURN = r"""
backups:
  description: C(tenant), C(repository) and C(status) of each policy.
  returned: success
  type: list
  elements: dict
ansible_facts:
  description: C(tenantry_failed), by tenant what it lacks.
  returned: success
  type: dict
error_kind:
  description: Class of the failure.
  returned: failure
  type: str
"""
