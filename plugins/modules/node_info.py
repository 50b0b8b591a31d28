#!/usr/bin/python
# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Face of the node reader."""

from __future__ import annotations

DOCUMENTATION = r"""
module: node_info
short_description: Read what is live on a node, for the plan
version_added: 0.1.0
description:
  - Reads the engine, the proxy and the releases of a node once and compares each tenant's last applied release with
    what is live, whatever the number of tenants.
  - An engine or a proxy that does not answer is part of the result, not a failure, so that nothing on that node is ever
    taken for being in sync.
options:
  root:
    description: Directory that holds the tenants of the node.
    type: path
    default: /srv/tenantry
  tenants:
    description: The tenants to look at, by name the digest of the spec that the database wants.
    type: dict
    required: true
  replays:
    description:
      - By tenant a release that is to serve again; its id, or V(previous) for the one that served before the current
        one.
    type: dict
    default: {}
  edge_root:
    description: Directory of the proxy, with the watched directory C(dynamic) in it.
    type: path
    default: /srv/tenantry-edge
  edge_api_url:
    description: URL of the proxy's API.
    type: str
    default: http://127.0.0.1:8080
  docker_host:
    description: URL of the engine; by default E(DOCKER_HOST) or the local socket.
    type: str
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
author:
  - tenantry.platform contributors (@tenantry)
"""

EXAMPLES = r"""
- name: Read what is live
  tenantry.platform.node_info:
    tenants:
      acme: "sha256:0d1f8e6c"
  register: live
"""

RETURN = r"""
engine_error:
  description: Why the engine could not be read; empty when it was.
  returned: success
  type: str
edge_error:
  description: Why the proxy could not be read; empty when it was.
  returned: success
  type: str
tenants:
  description: >-
    By tenant; current release and its spec digest, run state, whether something is running or routed, whether it has
    volumes, who holds the lock, which operation was interrupted, what differs from the last applied release, and the
    fields of that release where its digest is another than the given one. Values that may be secrets are digests.
  returned: success
  type: dict
edge_files:
  description: >-
    Files in the proxy's directory that belong to none of the given tenants; by name why the proxy cannot read it, empty
    for one that it can.
  returned: success
  type: dict
others:
  description: Other tenants that have releases or containers on the node.
  returned: success
  type: list
  elements: str
error_kind:
  description: Class of the failure.
  returned: failure
  type: str
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.tenantry.platform.plugins.module_utils import node_reader
from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError

ARGUMENTS = {
    "root": {"type": "path", "default": "/srv/tenantry"},
    "tenants": {"type": "dict", "required": True},
    "replays": {"type": "dict", "default": {}},
    "edge_root": {"type": "path", "default": "/srv/tenantry-edge"},
    "edge_api_url": {"type": "str", "default": "http://127.0.0.1:8080"},
    "docker_host": {"type": "str"},
}


def main() -> None:
    """Entry point."""
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    try:
        module.exit_json(**node_reader.read(module.params))
    except TenantryError as error:
        module.fail_json(**error.as_result())


if __name__ == "__main__":
    main()
