#!/usr/bin/python
# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Face of module_utils/stack_drain.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: stack_drain
short_description: Take single containers of a compose project out of service
version_added: 0.1.0
description:
  - Makes the health check of containers fail, sees in Traefik's API that they get no more requests, stops them with
    their own grace period and removes them. No request is lost.
  - For services whose health check is of type C(http) or C(tcp), as the role P(tenantry.platform.tenant#role) writes
    them.
author:
  - tenantry.platform contributors (@tenantry)
extends_documentation_fragment:
  - tenantry.platform.docker
  - tenantry.platform.traefik
  - tenantry.platform.operation
attributes:
  check_mode:
    description: Can run in check mode and predict changes without making them.
    support: full
  diff_mode:
    description: Returns what changed in diff mode.
    support: none
  idempotent:
    description: A second run in a row changes nothing.
    support: full
options:
  state:
    description:
      - V(drained) takes all but O(keep) containers of each service named there out of service.
      - V(serving) lets containers serve again that an interrupted run had begun to drain.
    type: str
    choices: [drained, serving]
    default: drained
  project_name:
    description: Name of the compose project.
    type: str
    required: true
  tenant:
    description: Whose project this is. Containers of any other tenant are refused.
    type: str
    required: true
  keep:
    description: By service how many containers stay, the first ones. Other services are left alone.
    type: dict
    default: {}
  wait_timeout:
    description: Seconds until the proxy must have dropped the containers.
    type: int
    default: 120
"""

EXAMPLES = r"""
- name: One replica less
  tenantry.platform.stack_drain:
    project_name: acme-1f0c9a2e
    tenant: acme
    keep:
      web: 2
"""

RETURN = r"""
containers:
  description: Names of the containers that were taken out of service, or with V(serving) put back.
  returned: success
  type: list
  elements: str
error_kind:
  description: C(drain_failed), C(foreign_object), or a kind of the engine or the proxy.
  returned: failure
  type: str
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.tenantry.platform.plugins.module_utils.engine import connect, engine_argument_spec
from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.module_utils.journal import OPERATION_ARGUMENT, step
from ansible_collections.tenantry.platform.plugins.module_utils.stack_drain import DRAIN_ARGUMENTS, run
from ansible_collections.tenantry.platform.plugins.module_utils.traefik_api import TraefikApi, traefik_argument_spec


def main() -> None:
    """Entry point."""
    module = AnsibleModule(
        argument_spec={**DRAIN_ARGUMENTS, **engine_argument_spec(), **traefik_argument_spec(), **OPERATION_ARGUMENT},
        supports_check_mode=True,
    )
    try:
        with step(None if module.check_mode else module.params["operation"]):
            engine = connect(module.params["docker_host"], module.params["docker_timeout"])
            api = TraefikApi(module.params["api_url"], module.params["api_timeout"])
            result = run(engine, api, module.params, module.check_mode)
    except TenantryError as error:
        module.fail_json(**error.as_result())
    module.exit_json(**result)


if __name__ == "__main__":
    main()
