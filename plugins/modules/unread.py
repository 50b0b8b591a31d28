# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: unread
short_description: Mark a host as unreachable, because it could not be read
version_added: 0.1.0
description:
  - Ends the run of a host as unreachable, so that the exit code of the run is 4, as Ansible has it for hosts that do
    not answer, and not 2, as for tenants that are not as the database wants them.
  - Used by the playbook C(tenantry.platform.drift), where the two must be told apart.
options:
  msg:
    description: Why it could not be read.
    type: str
    required: true
extends_documentation_fragment:
  - tenantry.platform.fleet_action.each
  - tenantry.platform.fleet_action
author:
  - tenantry.platform contributors (@tenantry)
"""

EXAMPLES = r"""
- name: This tenant could not be read
  tenantry.platform.unread:
    msg: the engine of its node does not answer
"""

RETURN = r"""#"""
