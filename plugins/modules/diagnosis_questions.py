# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: diagnosis_questions
short_description: Choose what the nodes and name servers are asked for a diagnosis
version_added: 0.1.0
description:
  - Leaves, for the plays that follow, what M(tenantry.platform.tenant_probe_info) asks each node and
    M(tenantry.platform.dns_answer_info) each name server about the tenants that M(tenantry.platform.plan) covered.
extends_documentation_fragment:
  - tenantry.platform.fleet_action
notes:
  - Runs on the controller. It leaves facts; delegate the task and its facts to localhost.
seealso:
  - module: tenantry.platform.diagnosis
author:
  - tenantry.platform contributors (@tenantry)
"""

EXAMPLES = r"""
- name: Choose what to ask
  tenantry.platform.diagnosis_questions:
  delegate_to: localhost
  delegate_facts: true
"""

RETURN = r"""
ansible_facts:
  description: >-
    C(tenantry_probes), by the host that reads a node the tenants to probe there, and C(tenantry_questions), by zone the
    names to ask for.
  returned: success
  type: dict
"""
