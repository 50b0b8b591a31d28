#!/usr/bin/python
# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Face of module_utils/tenant_copy.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: tenant_copy
short_description: Remove copies of tenants that drills and rehearsals made
version_added: 0.1.0
description:
  - Removes the containers, volumes, networks and files of a copy. A copy is called like V(acme--drill), which is the
    name of no tenant, and what it has on the engine carries the label C(tenantry.purpose=rehearsal).
  - What is left below O(root) is the journal of its last operation.
author:
  - tenantry.platform contributors (@tenantry)
extends_documentation_fragment:
  - tenantry.platform.docker
  - tenantry.platform.operation
attributes:
  check_mode:
    description: Can run in check mode and predict changes without making them.
    support: full
  diff_mode:
    description: Returns what changed in diff mode.
    support: full
  idempotent:
    description: A second run in a row changes nothing.
    support: full
options:
  state:
    description: V(absent) means that nothing is left.
    type: str
    choices: [absent]
    default: absent
  root:
    description: Directory that holds the copies of the node.
    type: path
    required: true
  tenant:
    description:
      - Name of the copy. Without it, all copies with which nobody works, such as those of runs that were killed.
    type: str
  spool:
    description: Directory of the node for what is known of restores.
    type: path
    default: /var/lib/tenantry/backup
seealso:
  - module: tenantry.platform.restore
  - module: tenantry.platform.backup_check
"""

EXAMPLES = r"""
- name: Remove a copy
  tenantry.platform.tenant_copy:
    root: /srv/tenantry/.copies
    tenant: acme--drill

- name: Remove what runs left that were killed
  tenantry.platform.tenant_copy:
    root: /srv/tenantry/.copies
"""

RETURN = r"""
copies:
  description: Names of the copies of which something was there.
  returned: success
  type: list
  elements: str
error_kind:
  description:
    - C(network_in_use), C(volume_in_use), C(engine_unreachable), C(engine_error), C(sdk_missing), C(lock_lost) or
      C(invalid).
  returned: failure
  type: str
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.engine import connect, engine_argument_spec
from ..module_utils.errors import TenantryError
from ..module_utils.journal import OPERATION_ARGUMENT, step
from ..module_utils.tenant_copy import COPY_ARGUMENTS, run


def main() -> None:
    module = AnsibleModule(
        argument_spec={**COPY_ARGUMENTS, **engine_argument_spec(), **OPERATION_ARGUMENT}, supports_check_mode=True
    )
    try:
        with step(None if module.check_mode else module.params["operation"]):
            engine = connect(module.params["docker_host"], module.params["docker_timeout"])
            result = run(engine, module.params, module.check_mode)
    except TenantryError as error:
        module.fail_json(**error.as_result())
    module.exit_json(**result)


if __name__ == "__main__":
    main()
