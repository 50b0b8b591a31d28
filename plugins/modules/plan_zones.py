# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: plan_zones
short_description: Remember which zones did not take their records
version_added: 0.1.0
description:
  - Takes the results of the loop that wrote the records and leaves, by zone, why it did not take them, so that
    its tenants stop before anything of them is changed.
extends_documentation_fragment:
  - tenantry.platform.fleet_action
options:
  results:
    description: Results of the loop over the zones.
    type: list
    elements: dict
    required: true
notes:
  - Runs on the controller. It leaves facts; delegate the task and its facts to localhost.
author:
  - tenantry.platform contributors (@tenantry)
"""

EXAMPLES = r"""
- name: Remember which zones did not take their records
  tenantry.platform.plan_zones:
    results: "{{ written.results }}"
  delegate_to: localhost
  delegate_facts: true
"""

RETURN = r"""
errors:
  description: By zone why it did not take its records.
  returned: success
  type: dict
"""
