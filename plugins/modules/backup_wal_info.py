#!/usr/bin/python
# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Face of module_utils/backup_wal.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: backup_wal_info
short_description: Ask the database servers of a node how far they are with handing over their WAL
version_added: 0.1.0
description:
  - Asks every PostgreSQL server that is named, one after the other, in one run for the whole node.
  - A server that cannot be asked is part of the result, not a failure.
author:
  - tenantry.platform contributors (@tenantry)
extends_documentation_fragment:
  - tenantry.platform.docker
attributes:
  check_mode:
    description: Can run in check mode and predict changes without making them.
    support: full
  diff_mode:
    description: Returns what changed in diff mode.
    support: N/A
    details:
      - Changes nothing.
  idempotent:
    description: A second run in a row changes nothing.
    support: full
  platform:
    description: Target OS/families that can be operated against.
    platforms: posix
    support: full
options:
  services:
    description: The servers.
    type: list
    elements: dict
    required: true
    suboptions:
      tenant:
        description: Name of the tenant.
        type: str
        required: true
      service:
        description: Name of the service.
        type: str
        required: true
      user:
        description: A user of the database who may read the statistics of the archiver.
        type: str
        default: postgres
      name:
        description: The database to connect to. Default is the name of the user.
        type: str
      password_file:
        description: Where the container has the user's password, where the server asks for one at its socket.
        type: str
      run_as:
        description: User of C(psql) in the container. Default is the container's own.
        type: str
        default: ''
  timeout:
    description: Seconds that each server has.
    type: int
    default: 10
seealso:
  - module: tenantry.platform.backup_info
"""

EXAMPLES = r"""
- name: Ask the servers of this node
  tenantry.platform.backup_wal_info:
    services:
      - {tenant: acme, service: postgres, user: app}
      - {tenant: globex, service: postgres, user: app}
  register: wal

- name: See that none of them lags
  ansible.builtin.assert:
    that: wal.services | selectattr('error', 'eq', '') | map(attribute='ready') | max < 8
"""

RETURN = r"""
services:
  description:
    - Of each server in turn C(tenant), C(service), and C(error), why it could not be asked; empty when it could.
    - Where it could, C(last_archived_at), C(age_seconds), C(last_archived), C(failed), C(ready) and C(archive_mode) as
      M(tenantry.platform.backup_info) has them.
  returned: success
  type: list
  elements: dict
error_kind:
  description: Class of the failure, C(engine_unreachable) or C(sdk_missing).
  returned: failure
  type: str
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.backup_wal import SERVICES_ARGUMENT, read_all
from ..module_utils.engine import connect, engine_argument_spec
from ..module_utils.errors import TenantryError


def main() -> None:
    arguments = {"services": SERVICES_ARGUMENT, "timeout": {"type": "int", "default": 10}, **engine_argument_spec()}
    module = AnsibleModule(argument_spec=arguments, supports_check_mode=True)
    try:
        engine = connect(module.params["docker_host"], module.params["docker_timeout"])
        found = read_all(engine, module.params["services"], module.params["timeout"])
    except TenantryError as error:
        module.fail_json(**error.as_result())
    module.exit_json(changed=False, services=found)


if __name__ == "__main__":
    main()
