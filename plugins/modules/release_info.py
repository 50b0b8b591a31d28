#!/usr/bin/python
# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Face of the reader of releases."""

from __future__ import annotations

DOCUMENTATION = r"""
module: release_info
short_description: Read the releases of a tenant
version_added: 0.1.0
description:
  - Reads which releases a tenant has on its node, which one is current, and the manifest of one of them.
options:
  root:
    description: Directory that holds the tenants of the node.
    type: path
    default: /srv/tenantry
  tenant:
    description: Name of the tenant.
    type: str
    required: true
  release:
    description: Release whose manifest to read; by default the current one.
    type: str
  route_file:
    description: The tenant's file in the proxy's directory, to know whether something has to be loaded back.
    type: path
attributes:
  check_mode:
    description: Can run in check_mode and return changed status prediction without modifying the node.
    support: full
  diff_mode:
    description: Returns details on what has changed or will change.
    support: none
  idempotent:
    description: When run twice in a row with the same arguments, the second run changes nothing.
    support: full
seealso:
  - module: tenantry.platform.release
author:
  - tenantry.platform contributors (@tenantry)
"""

EXAMPLES = r"""
- name: Read the manifest of the current release
  tenantry.platform.release_info:
    tenant: acme
  register: acme
"""

RETURN = r"""
release:
  description: Id of the release that was read; none when the tenant has no current release.
  returned: success
  type: str
current:
  description: Id of the current release.
  returned: success
  type: str
run_state:
  description: Run state that the last operation left, V(active), V(closed) or V(stopped); none before the first.
  returned: success
  type: str
path:
  description: Directory of the release.
  returned: success
  type: str
manifest:
  description: Manifest of the release.
  returned: success
  type: dict
releases:
  description: All releases, oldest first, each with V(finished), V(bad) and V(reason).
  returned: success
  type: list
  elements: dict
fallback:
  description:
    - What has to be loaded back before the tenant may be opened, as M(tenantry.platform.release) with V(guarded) wrote
      it; none when there is nothing, or without O(route_file).
  returned: success
  type: dict
error_kind:
  description: Class of the failure, such as V(unfinished) or V(corrupt).
  returned: failure
  type: str
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.tenantry.platform.plugins.module_utils import release_states
from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError

ARGUMENTS = {
    "root": {"type": "path", "default": "/srv/tenantry"},
    "tenant": {"type": "str", "required": True},
    "release": {"type": "str"},
    "route_file": {"type": "path"},
}


def main() -> None:
    """Entry point."""
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    try:
        module.exit_json(changed=False, **release_states.read(**module.params))
    except TenantryError as error:
        module.fail_json(**error.as_result())


if __name__ == "__main__":
    main()
