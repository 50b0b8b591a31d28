# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: plan_outcomes
short_description: Collect how the tenants of a run ended
version_added: 0.1.0
description:
  - Joins the plan with the outcomes that the tenants recorded. A tenant that was lost on the way is never taken
    for a success.
  - Leaves the rows of the report, the records that may be removed, and the nodes on which images may have become
    needless.
extends_documentation_fragment:
  - tenantry.platform.fleet_action
notes:
  - Runs on the controller. It leaves facts; delegate the task and its facts to localhost.
author:
  - tenantry.platform contributors (@tenantry)
"""

EXAMPLES = r"""
- name: Collect how the tenants ended
  tenantry.platform.plan_outcomes:
  delegate_to: localhost
  delegate_facts: true
"""

RETURN = r"""
ansible_facts:
  description: C(tenantry_rows), C(tenantry_dns_absent) and C(tenantry_cleaners) for the tasks that follow.
  returned: success
  type: dict
"""
