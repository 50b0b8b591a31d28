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
options:
  results:
    description: Results of the loop over the zones.
    type: list
    elements: dict
    required: true
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
