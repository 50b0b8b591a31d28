#!/usr/bin/python
# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Face of module_utils/stack_info.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: stack_info
short_description: Read the containers, networks and volumes of a tenant, and what its containers logged last
version_added: 0.1.0
description:
  - Returns what the engine says of the containers, networks and volumes that carry the label C(tenantry.managed=true).
author:
  - tenantry.platform contributors (@tenantry)
extends_documentation_fragment:
  - tenantry.platform.docker
attributes:
  check_mode:
    description: Can run in check mode and predict changes without making them.
    support: full
    details:
      - Changes nothing.
  diff_mode:
    description: Returns what changed in diff mode.
    support: N/A
    details:
      - Changes nothing.
  idempotent:
    description: A second run in a row changes nothing.
    support: full
    details:
      - Changes nothing.
options:
  tenant:
    description: Only what is this tenant's. Without it, of all.
    type: str
  project_name:
    description: Only containers of this compose project.
    type: str
  services:
    description: Only containers of these services. Empty means all.
    type: list
    elements: str
    default: []
  log_lines:
    description: How many of the last log lines of each container to return. V(0) means none.
    type: int
    default: 0
  redact:
    description: Values, such as secrets, that are replaced by asterisks in the log lines.
    type: list
    elements: str
    default: []
  redact_files:
    description:
      - Files on the node whose contents are replaced in the same way; of a directory, every file below it. Those that
        do not exist are left out.
    type: list
    elements: path
    default: []
"""

EXAMPLES = r"""
- name: Which release of a tenant runs, and how
  tenantry.platform.stack_info:
    tenant: acme
  register: running

- name: The last words of its web service
  tenantry.platform.stack_info:
    tenant: acme
    services: [web]
    log_lines: 50
"""

RETURN = r"""
containers:
  description: One entry for each container, by name.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name of the container.
      type: str
    id:
      description: Id of the container.
      type: str
    tenant:
      description: Tenant by label; null for what is the platform's own.
      type: str
    project:
      description: Compose project; empty for a container that belongs to none.
      type: str
    service:
      description: Compose service.
      type: str
    release:
      description: Release by label; null for backing services.
      type: str
    spec_digest:
      description: Digest of the service as rendered, by label.
      type: str
    image:
      description: The reference it was made from.
      type: str
    image_id:
      description: The image it runs.
      type: str
    state:
      description: created, running, paused, restarting, removing, exited or dead.
      type: str
    health:
      description: starting, healthy, unhealthy, or none without a health check.
      type: str
    exit_code:
      description: Code of its last end.
      type: int
    restarts:
      description: How often the engine restarted it by itself.
      type: int
    started:
      description: When it was started last; null when never.
      type: str
    networks:
      description: IPv4 address in each of its networks.
      type: dict
    one_off:
      description: Whether it is a run of a job.
      type: bool
    operation:
      description: Id of the operation whose job or hook it is; null for what is none.
      type: str
    logs:
      description: Its last log lines, without what O(redact) and O(redact_files) name.
      returned: when O(log_lines) is above 0
      type: list
      elements: str
networks:
  description:
    - Networks of O(tenant), by name; as O(tenantry.platform.stack#module:networks) of M(tenantry.platform.stack) wants
      them.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name on the engine.
      type: str
    internal:
      description: Whether it has no way out of the node.
      type: bool
    labels:
      description: Labels.
      type: dict
volumes:
  description:
    - Named volumes of O(tenant), by name; as O(tenantry.platform.stack#module:volumes) of M(tenantry.platform.stack)
      wants them.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name on the engine.
      type: str
    labels:
      description: Labels.
      type: dict
error_kind:
  description: C(engine_unreachable), C(engine_error) or C(sdk_missing).
  returned: failure
  type: str
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.engine import connect, engine_argument_spec
from ..module_utils.errors import TenantryError
from ..module_utils.stack_info import INFO_ARGUMENTS, read


def main() -> None:
    module = AnsibleModule(argument_spec={**INFO_ARGUMENTS, **engine_argument_spec()}, supports_check_mode=True)
    try:
        engine = connect(module.params["docker_host"], module.params["docker_timeout"])
        result = read(engine, module.params)
    except TenantryError as error:
        module.fail_json(**error.as_result())
    module.exit_json(**result)


if __name__ == "__main__":
    main()
