# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: diagnosis
short_description: Name the link of the way to a tenant that is broken, and what mends it
version_added: 0.1.0
description:
  - Walks, for each tenant, from its row over names, proxy, route, containers and their health to its backing services,
    by what M(tenantry.platform.plan), M(tenantry.platform.tenant_probe_info) and M(tenantry.platform.dns_answer_info)
    found, and prints the walk, the first cause of what is broken, and the command that mends it.
  - Leaves the tenants that have a broken link, and those of which a link could not be asked, so that the plays that
    follow end their hosts. Changes nothing.
extends_documentation_fragment:
  - tenantry.platform.fleet_action
notes:
  - Runs on the controller. It leaves facts; delegate the task and its facts to localhost.
seealso:
  - module: tenantry.platform.diagnosis_questions
author:
  - tenantry.platform contributors (@tenantry)
"""

EXAMPLES = r"""
- name: Say which link is broken
  tenantry.platform.diagnosis:
  delegate_to: localhost
  delegate_facts: true
"""

RETURN = r"""
tenants:
  description: The walk of each tenant.
  returned: success
  type: list
  elements: dict
  contains:
    tenant:
      description: Name of the tenant.
      type: str
    node:
      description: Its node; empty for one in quarantine.
      type: str
    url:
      description: What was asked for; empty for a tenant that must not serve, or has no route.
      type: str
    state:
      description: What the database wants it to be, or C(invalid).
      type: str
    status:
      description: V(broken) as soon as one link is, else V(unknown) as soon as one could not be asked, else V(ok).
      type: str
    cause:
      description: Name of the link that is the first cause; null when there is none.
      type: str
    command:
      description: What mends that link; empty where no command does.
      type: str
    notes:
      description: What differs from the database and breaks nothing.
      type: list
      elements: str
    links:
      description: C(row), C(dns), C(edge), C(route), C(container), C(health), C(database), in this order.
      type: list
      elements: dict
      contains:
        name:
          description: Which link.
          type: str
        status:
          description: >-
            V(ok), V(broken), V(unknown) for one that could not be asked, or V(none) for one that the tenant does not
            have.
          type: str
        text:
          description: How it is, in one line.
          type: str
        evidence:
          description: What was seen.
          type: list
          elements: str
        command:
          description: What mends it.
          type: str
        advice:
          description: What a person has to do or to know besides.
          type: str
        because:
          description: The link because of which this one is not well; empty when it is a cause itself.
          type: str
        blocks:
          description: Whether nothing else of the tenant can be mended before.
          type: bool
ansible_facts:
  description: >-
    C(tenantry_diagnosis), the walks by tenant, and C(tenantry_failed) and C(tenantry_unread), by tenant why it is
    broken or could not be asked.
  returned: success
  type: dict
"""
