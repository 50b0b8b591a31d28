# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: recovery_outcomes
short_description: Collect what came of restores
version_added: 0.1.0
description:
  - Between the plays of the playbook C(restore), which tenants are to be held at the volumes that were filled for
    them, and whose volumes are needless because the release that was to have them failed.
options:
  after:
    description: After which play.
    type: str
    choices: [fill, apply]
    required: true
extends_documentation_fragment:
  - tenantry.platform.fleet_action
notes:
  - Runs on the controller. It leaves facts; delegate the task and its facts to localhost.
author:
  - tenantry.platform contributors (@tenantry)
"""

EXAMPLES = r"""
- name: Collect for whom the volumes were filled
  tenantry.platform.recovery_outcomes:
    after: fill
  delegate_to: localhost
  delegate_facts: true
"""

RETURN = r"""
ansible_facts:
  description: C(tenantry_recovery_holds) and C(tenantry_recovery_failed), or C(tenantry_recovery_needless).
  returned: success
  type: dict
"""
