# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The option by which a module takes part in an operation."""

from __future__ import annotations


class ModuleDocFragment:
    """``operation`` of every module that changes a node."""

    DOCUMENTATION = r"""
options:
  operation:
    description:
      - The operation that this step belongs to, as M(tenantry.platform.operation) returned it, with the step's name.
      - The module then works between two entries of the tenant's journal and only while the operation holds the
        tenant's lock. Without it the module works alone, without lock and journal.
      - The controller keeps the operation's lease in the tenant database alive meanwhile. Where another run has it now,
        the module does not run, and the task fails with the error kind C(lease_lost).
    type: dict
    suboptions:
      root:
        description: Directory that holds the tenants of the node.
        type: path
        required: true
      tenant:
        description: Name of the tenant.
        type: str
        required: true
      id:
        description: Id of the operation.
        type: str
        required: true
      token:
        description: Fencing token of the lock.
        type: int
        required: true
      lease:
        description: Fencing token of the lease in the tenant database. Without it there is none to keep.
        type: int
      step:
        description: Name of the step in the journal.
        type: str
        required: true
"""
