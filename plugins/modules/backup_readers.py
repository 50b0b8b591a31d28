# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: backup_readers
short_description: Choose which database servers are asked about their WAL, and through which hosts
version_added: 0.1.0
description:
  - Picks one host of each node among the hosts of the play, and leaves the servers to ask there as facts.
extends_documentation_fragment:
  - tenantry.platform.fleet_action
notes:
  - Runs on the controller. It leaves facts; delegate the task and its facts to localhost.
author:
  - tenantry.platform contributors (@tenantry)
"""

EXAMPLES = r"""
- name: Choose one connection for each node
  tenantry.platform.backup_readers:
  delegate_to: localhost
  delegate_facts: true
"""

RETURN = r"""
ansible_facts:
  description: C(tenantry_readers), C(tenantry_wal) and what the next plays need beside.
  returned: success
  type: dict
"""
