# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: baseline
short_description: Accept what differs now, and be told of the next change
version_added: 0.1.0
description:
  - Adds a rule for each finding of the plan to a file of ignore rules, with the value that is live now. Another value
    is a finding again. Conflicts are not accepted, and what only waits for a deploy needs no rule.
  - Give the file to M(tenantry.platform.plan) as O(tenantry.platform.plan#module:ignore_file) from then on.
extends_documentation_fragment:
  - tenantry.platform.fleet_action
options:
  path:
    description: YAML file on the controller. Its rules stay, its comments do not; it is made where there is none.
    type: path
    required: true
notes:
  - Runs on the controller. It leaves facts; delegate the task and its facts to localhost.
author:
  - tenantry.platform contributors (@tenantry)
"""

EXAMPLES = r"""
- name: Accept what differs now
  tenantry.platform.baseline:
    path: /etc/tenantry/ignore.yml
  delegate_to: localhost
  delegate_facts: true
"""

RETURN = r"""
rules:
  description: The rules that were added.
  returned: success
  type: list
  elements: dict
ansible_facts:
  description: C(tenantry_plan), in which what was accepted is ignored.
  returned: success
  type: dict
error_kind:
  description: Class of the failure, V(ignore_file).
  returned: failure
  type: str
"""
