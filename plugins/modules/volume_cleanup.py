#!/usr/bin/python
# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Face of module_utils/volume_cleanup.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: volume_cleanup
short_description: Remove volumes that restores made and nothing needs any more
version_added: 0.1.0
description:
  - A restore fills a new volume and a release switches to it; the old volume stays, so that there is a way back. This
    module removes what no way leads to any more.
  - Volumes that a container has, running or not, that the current release names, or that are in O(needed), always
    stay. So do volumes that are neither made by a restore nor replaced by one.
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
    description:
      - V(pruned) removes the volumes that no release of the tenant names which could serve again, and what restores
        left that were killed.
      - V(confirmed) first removes the earlier releases that name other volumes than the current one in the same place.
        There is no way back to them.
    type: str
    choices: [pruned, confirmed]
    default: pruned
  root:
    description: Directory that holds the tenants of the node.
    type: path
    default: /srv/tenantry
  tenant:
    description: Name of the tenant.
    type: str
    required: true
  needed:
    description: Names of further volumes that stay, such as those to which the next release switches.
    type: list
    elements: str
    default: []
notes:
  - Run it under the tenant's lock (O(operation)), so that no restore works at the same time.
seealso:
  - module: tenantry.platform.restore
  - module: tenantry.platform.release
"""

EXAMPLES = r"""
- name: Remove what no release needs
  tenantry.platform.volume_cleanup:
    tenant: acme

- name: The restored data is what was wanted
  tenantry.platform.volume_cleanup:
    tenant: acme
    state: confirmed
"""

RETURN = r"""
volumes:
  description: Names of the volumes that were removed, or in check mode would be.
  returned: success
  type: list
  elements: str
releases:
  description: Earlier releases that were removed with them.
  returned: success
  type: list
  elements: str
kept:
  description: Names of the tenant's volumes that stay.
  returned: success
  type: list
  elements: str
error_kind:
  description:
    - C(no_release), C(corrupt), C(volume_in_use), C(engine_unreachable), C(engine_error), C(sdk_missing), C(lock_lost),
      C(lease_lost) or C(invalid).
  returned: failure
  type: str
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.engine import connect, engine_argument_spec
from ..module_utils.errors import TenantryError
from ..module_utils.journal import OPERATION_ARGUMENT, step
from ..module_utils.volume_cleanup import CLEANUP_ARGUMENTS, run


def main() -> None:
    module = AnsibleModule(
        argument_spec={**CLEANUP_ARGUMENTS, **engine_argument_spec(), **OPERATION_ARGUMENT}, supports_check_mode=True
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
