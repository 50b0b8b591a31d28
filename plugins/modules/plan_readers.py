# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: plan_readers
short_description: Choose the hosts that read the nodes of a run
version_added: 0.1.0
description:
  - Sorts the hosts of the play into tenants, nodes and quarantined tenants, and picks one host of each node to
    read it through.
  - A tenant's connection is its node's, so that a run limited to one tenant still reaches its node.
extends_documentation_fragment:
  - tenantry.platform.fleet_action
options:
  request:
    description: What the run is asked, as the option of the same name of M(tenantry.platform.plan).
    type: str
    choices: [deploy, restart, upgrade, rollback, restore, promote, abort, heal]
    default: deploy
  release:
    description:
      - With O(request=rollback), the release that is to serve again; by default the one that served before the
        current one, by the history of each tenant.
    type: str
notes:
  - Runs on the controller. It leaves facts; delegate the task and its facts to localhost.
author:
  - tenantry.platform contributors (@tenantry)
"""

EXAMPLES = r"""
- name: Choose one connection for each node
  tenantry.platform.plan_readers:
  delegate_to: localhost
  delegate_facts: true
"""

RETURN = r"""
readers:
  description: By reader the tenants to read through it, each with the digest of its spec.
  returned: success
  type: dict
ansible_facts:
  description: >-
    C(tenantry_covered), C(tenantry_readers), C(tenantry_read), C(tenantry_replays) and C(tenantry_zones_read) for the
    plays that follow.
  returned: success
  type: dict
"""
