#!/usr/bin/python
# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Face of module_utils/stack_states.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: stack
short_description: Run, stop, restart or remove the containers of one compose project
version_added: 0.1.0
description:
  - Makes the networks and volumes of a tenant, with labels, and runs the services of compose files with
    C(docker compose), then waits until every container is healthy.
  - Looks first at what is there. When every container has the digest, the image, the networks and the number that the
    files want, and runs, compose is not called at all.
  - A container that exits, restarts over and over or turns unhealthy ends the wait at once, with its last log lines.
  - Objects that lack the label C(tenantry.managed=true), or carry another tenant's, are refused and left alone.
author:
  - tenantry.platform contributors (@tenantry)
extends_documentation_fragment:
  - tenantry.platform.docker
  - tenantry.platform.docker.objects
  - tenantry.platform.operation
attributes:
  check_mode:
    description: Can run in check mode and predict changes without making them.
    support: full
    details:
      - Does not wait for health.
  diff_mode:
    description: Returns what changed in diff mode.
    support: full
  idempotent:
    description: A second run in a row changes nothing.
    support: partial
    details:
      - O(state=restarted) restarts whenever something runs.
options:
  project_name:
    description:
      - Name of the compose project, such as C(acme-1f0c9a2e).
      - Empty, together with O(tenant), for O(state=stopped) and O(state=absent) of the tenant's containers that belong
        to no project, because somebody started them by hand.
    type: str
    required: true
  project_src:
    description:
      - Directory of the compose files on the node. Needed by O(state=present) and O(state=restarted).
    type: path
  files:
    description:
      - Compose files in O(project_src).
      - Networks and volumes in them must be external, and every service must carry the label C(tenantry.managed=true)
        and, unless it is the platform's own such as the proxy, C(tenantry.tenant).
      - C(tenantry.spec_digest) tells whether a container is of the wanted spec. A service without it is compared by the
        hash that compose computes.
    type: list
    elements: str
    default: [compose.yaml]
  state:
    description:
      - V(present) means networks and volumes exist, and every service runs and is healthy. A container that runs
        already with the right spec is never restarted for that, only waited for.
      - V(stopped) stops every container with its own grace period, what depends on others first, and keeps it.
      - V(restarted) is V(present), and what ran before is restarted, what others depend on first.
      - V(absent) stops and removes every container of the project, found by its labels, so that the files are not
        needed. Networks and volumes stay unless O(remove_networks) and O(remove_volumes) say otherwise.
    type: str
    choices: [present, stopped, restarted, absent]
    default: present
  services:
    description:
      - Only these services. Empty means all that no profile switches off.
    type: list
    elements: str
    default: []
  replicas:
    description: By service how many containers to run in the place of what the files say, for a while.
    type: dict
    default: {}
  profiles:
    description: Profiles of the compose files to switch on.
    type: list
    elements: str
    default: []
  tenant:
    description:
      - Whose stack this is. Objects of any other tenant are refused.
      - Without it, the labels of O(networks), O(volumes) and of the files decide.
    type: str
  strict:
    description:
      - Compare every field of the containers with the files, such as limits, environment and mounts, and replace the
        containers that somebody edited. Only for files that this collection rendered.
    type: bool
    default: false
  accepted:
    description:
      - With O(strict), what differs and is left so, as ignore rules say it.
    type: list
    elements: dict
    default: []
    suboptions:
      kind:
        description: Kind of the thing that differs.
        type: str
        choices: [container, network]
        required: true
      name:
        description: Its name on the engine.
        type: str
        required: true
      field:
        description: The field that differs, as M(tenantry.platform.plan) names it.
        type: str
        required: true
  remove_orphans:
    description: Remove containers of the project whose service is in no file any more.
    type: bool
    default: true
  remove_networks:
    description: With O(state=absent), remove O(networks) too.
    type: bool
    default: false
  remove_volumes:
    description: With O(state=absent), remove O(volumes) too, and with them their data.
    type: bool
    default: false
  wait_timeout:
    description: Seconds until every container must be healthy.
    type: int
    default: 120
  log_lines:
    description: Log lines of each failed container in RV(logs).
    type: int
    default: 20
  redact:
    description: Values, such as secrets, that are replaced by asterisks in logs and messages.
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
- name: Start a release beside the one that serves
  tenantry.platform.stack:
    project_name: acme-1f0c9a2e
    project_src: /srv/tenantry/acme/releases/20261121T041833Z-1f0c9a2e
    networks: "{{ manifest.networks }}"
    volumes: "{{ manifest.volumes }}"

- name: Stop the old release, whose directory may be gone
  tenantry.platform.stack:
    project_name: acme-77aa01bc
    tenant: acme
    state: absent

- name: Remove the backing services of a tenant, with network and data
  tenantry.platform.stack:
    project_name: acme
    tenant: acme
    networks: "{{ manifest.networks }}"
    volumes: "{{ manifest.volumes }}"
    remove_networks: true
    remove_volumes: true
    state: absent
"""

RETURN = r"""
actions:
  description: What was done, or in check mode would be, in order.
  returned: success
  type: list
  elements: dict
  contains:
    action:
      description: create, up, connect, disconnect, rename, unpause, restart, stop or remove.
      type: str
    kind:
      description: network, volume, container or project.
      type: str
    name:
      description: Name of the object.
      type: str
  sample: [{"action": "create", "kind": "network", "name": "acme_default"}]
differences:
  description: Why compose was called, one entry for each field that was not as wanted.
  returned: success
  type: list
  elements: dict
  sample: [{"service": "web", "container": null, "field": "count", "live": 0, "wanted": 2}]
containers:
  description: The containers of the project afterwards; in check mode those that are there.
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
      description: Tenant by label.
      type: str
    project:
      description: Compose project.
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
      description: When it was started last.
      type: str
    networks:
      description: IPv4 address in each of its networks.
      type: dict
error_kind:
  description:
    - C(unhealthy) (with RV(logs), RV(health) and RV(failed_containers)), C(foreign_object), C(network_differs),
      C(network_in_use), C(volume_in_use), C(volume_missing), C(no_address_pool), C(image_missing), C(files_missing),
      C(compose_missing), C(compose_failed), C(compose_timeout), C(engine_unreachable), C(engine_error), C(sdk_missing)
      or C(invalid).
  returned: failure
  type: str
logs:
  description: Last log lines of each container that is not healthy, without what O(redact) and O(redact_files) name.
  returned: when error_kind is unhealthy
  type: dict
  sample: {"acme-1f0c9a2e-web-1": ["could not connect to server: connection refused"]}
health:
  description: What the health check of each of them said last.
  returned: when error_kind is unhealthy
  type: dict
failed_containers:
  description: These containers, as in RV(containers).
  returned: when error_kind is unhealthy
  type: list
  elements: dict
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.engine import connect, engine_argument_spec
from ..module_utils.errors import TenantryError
from ..module_utils.journal import OPERATION_ARGUMENT, step
from ..module_utils.stack_options import STACK_ARGUMENTS, STACK_REQUIRED_IF
from ..module_utils.stack_states import apply


def main() -> None:
    module = AnsibleModule(
        argument_spec={**STACK_ARGUMENTS, **engine_argument_spec(), **OPERATION_ARGUMENT},
        required_if=STACK_REQUIRED_IF,
        supports_check_mode=True,
    )
    try:
        with step(None if module.check_mode else module.params["operation"]):
            engine = connect(module.params["docker_host"], module.params["docker_timeout"])
            result = apply(engine, module.params, module.check_mode)
    except TenantryError as error:
        module.fail_json(**error.as_result())
    module.exit_json(**result)


if __name__ == "__main__":
    main()
