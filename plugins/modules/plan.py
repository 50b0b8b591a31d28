# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: plan
short_description: Compare desired, last applied and live states of the tenants
version_added: 0.1.0
description:
  - Compares the spec of each tenant with the last applied release and the live state that
    M(tenantry.platform.node_info) found on its node, and with the records of its zone.
  - Prints what will happen and leaves the plan for the plays that apply it. Changes nothing.
extends_documentation_fragment:
  - tenantry.platform.fleet_action
options:
  request:
    description:
      - V(restart) also gives a new release to tenants that are in sync, so that their app services are renewed
        without losing a request.
      - V(upgrade) is V(deploy), but leaves tenants alone of which the same change failed before. See O(acknowledge).
      - V(rollback) makes an earlier release serve again, which M(tenantry.platform.plan_readers) was told.
      - V(promote) and V(abort) do nothing but let a canary that waits serve alone, or take it away.
      - V(heal) does nothing but bring tenants that drifted back to their last applied release, also where the database
        wants something newer by now. Tenants with a conflict, or with a volume that is gone, are left alone.
    type: str
    choices: [deploy, restart, upgrade, rollback, restore, promote, abort, heal]
    default: deploy
  acknowledge:
    description: Whether an upgrade that failed on a tenant is tried again there.
    type: bool
    default: false
  remove_volumes:
    description: Whether volumes that removed tenants still have are something to remove.
    type: bool
    default: false
  ignore_file:
    description:
      - YAML file on the controller with rules for differences to ignore, besides those of the relation C(ignore_rules)
        of the tenant database; a list of mappings with the same keys, where C(tenant) is a pattern.
    type: path
  rollout_max_failures:
    description:
      - Apply ring by ring, and begin no further tenant once more than this number of tenants failed. By default all
        tenants are applied at once, in the order of their rings.
    type: int
  heal_classes:
    description: Classes of findings that V(heal) puts right at any time.
    type: list
    elements: str
    choices: [drift, missing, extra]
    default: [drift, missing, extra]
  heal_window_classes:
    description:
      - Classes of findings that V(heal) puts right while the tenant's maintenance window is open, if they are not among
        O(heal_classes). A tenant without a window may be worked on at any time.
    type: list
    elements: str
    choices: [drift, missing, extra]
    default: []
  heal_backoff:
    description:
      - Seconds for which V(heal) leaves a tenant alone that it healed before, doubled by each further heal of the
        last 24 hours. Somebody changes it again and again, and is to be found.
    type: int
    default: 300
notes:
  - Runs on the controller. It leaves facts; delegate the task and its facts to localhost.
author:
  - tenantry.platform contributors (@tenantry)
"""

EXAMPLES = r"""
- name: Compare
  tenantry.platform.plan:
  delegate_to: localhost
  delegate_facts: true
"""

RETURN = r"""
ansible_facts:
  description: >-
    C(tenantry_plan), for each tenant its status, the action it needs, and why, as JSON; C(tenantry_orders),
    C(tenantry_apply), C(tenantry_dns_present) and C(tenantry_dns_absent) for the plays that follow.
  returned: success
  type: dict
"""
