#!/usr/bin/python
# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Face of module_utils/traefik_route.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: traefik_route
short_description: Put the routes of one tenant into Traefik and see them taken
version_added: 0.1.0
description:
  - Writes one file for Traefik's file provider. It is staged outside the watched directory, renamed in, and Traefik's
    API asked until it shows exactly the wanted rule, service, priority, weights and middlewares, with status enabled.
  - Before that, waits until every container that is to get requests stands in Traefik with its servers up.
  - What Traefik does not take is kept in O(rejected), the previous file is put back and confirmed, and the module
    fails.
  - One broken file in the directory stops Traefik from taking changes from any other. The module refuses to write one,
    and names the broken neighbour when one is the cause.
author:
  - tenantry.platform contributors (@tenantry)
extends_documentation_fragment:
  - tenantry.platform.traefik
  - tenantry.platform.operation
attributes:
  check_mode:
    description: Can run in check mode and predict changes without making them.
    support: full
    details:
      - Does not wait for servers, which may not have been started.
  diff_mode:
    description: Returns what changed in diff mode.
    support: full
  idempotent:
    description: A second run in a row changes nothing.
    support: full
options:
  name:
    description:
      - Name of the tenant. The file is called so, with C(.yml) added.
      - Routers, services and middlewares in it must be called so too, or begin with it and a hyphen.
    type: str
    required: true
  state:
    description:
      - V(present) means the routes are served.
      - V(absent) means there is no file, and its routers and services are gone from Traefik.
    type: str
    choices: [present, absent]
    default: present
  directory:
    description: The directory that Traefik watches.
    type: path
    default: /srv/tenantry-edge/dynamic
  staging:
    description: A directory beside it, on the same filesystem, where the file is written first.
    type: path
    default: /srv/tenantry-edge/staging
  rejected:
    description: A directory beside it, where a file that Traefik did not take is kept.
    type: path
    default: /srv/tenantry-edge/rejected
  content:
    description:
      - The dynamic configuration as data.
      - Without O(content) and O(src), no file is written, and O(expect) is only waited for. That is for routes that
        containers carry as labels.
    type: dict
  src:
    description: A file on the node that holds the dynamic configuration. It is copied byte for byte.
    type: path
  expect:
    description:
      - What Traefik must show, besides what the configuration itself says.
      - With O(state=absent), the routers of the file provider among them must be gone.
    type: dict
    suboptions:
      routers:
        description:
          - Routers by full name, such as C(acme-main@file), each with any of C(rule), C(service), C(priority),
            C(entryPoints) and C(middlewares).
        type: dict
        default: {}
      services:
        description: Services by full name, such as C(acme-web-1f0c9a2e@docker), and how many servers must be up.
        type: dict
        default: {}
  beside:
    description:
      - Share the requests with another release, which served them until now. Its routers and middlewares stay as they
        are until the file of one release alone takes the place of both.
    type: dict
    suboptions:
      src:
        description: Route file of that release on the node.
        type: path
        required: true
      services:
        description: Its services, as in O(expect).
        type: dict
        default: {}
      weight:
        description: Its weight, from 1.
        type: int
        required: true
      own_weight:
        description: The weight of the release that O(src) or O(content) is of, from 1.
        type: int
        required: true
  closed:
    description: Whether every route answers 503 with a C(Retry-After) header in the place of its service.
    type: bool
    default: false
  retry_after:
    description: Seconds for that header.
    type: int
    default: 60
  page_url:
    description:
      - With O(closed), a server whose path C(/503.html) is the page that people see, such as C(http://127.0.0.1:8090).
        Without it they see a line of Traefik's.
    type: str
    default: ''
  wait_timeout:
    description: Seconds for the servers to come up, and again for Traefik to take the file.
    type: int
    default: 30
  set_aside_broken:
    description:
      - Move other files that Traefik cannot read out of O(directory) into O(rejected) when they keep it from taking the
        change. When it does not take the change without them either, they come back.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Switch to the new release
  tenantry.platform.traefik_route:
    name: acme
    src: /srv/tenantry/acme/releases/20261121T041833Z-1f0c9a2e/route.yml
    expect: "{{ manifest.route.expect }}"

- name: Send a tenth of the requests to the new release
  tenantry.platform.traefik_route:
    name: acme
    content:
      http:
        routers:
          acme-main:
            rule: Host(`acme.example.com`)
            priority: 1000
            entryPoints: [websecure]
            service: acme-main
            tls: {}
        services:
          acme-main:
            weighted:
              services:
                - {name: acme-web-77aa01bc@docker, weight: 90}
                - {name: acme-web-1f0c9a2e@docker, weight: 10}

- name: Take the routes out
  tenantry.platform.traefik_route:
    name: acme
    state: absent
"""

RETURN = r"""
path:
  description: The route file.
  returned: success
  type: str
  sample: /srv/tenantry-edge/dynamic/acme.yml
set_aside:
  description: Broken files that were in the way, and where they are kept now.
  returned: success
  type: dict
error_kind:
  description:
    - C(route_refused) (Traefik did not take the change, which was undone), C(route_conflict) (a neighbour file defines
      the same name), C(servers_missing), C(invalid_route), C(edge_missing), C(edge_unreachable), C(files_missing),
      C(disk_full), C(requests_missing) or C(invalid).
  returned: failure
  type: str
mismatches:
  description: In what Traefik differs from what was wanted.
  returned: when error_kind is route_refused or servers_missing
  type: list
  elements: str
  sample: ["router acme-main@file is disabled: the service \"acme-web-1f0c9a2e@docker\" does not exist"]
restored:
  description: Whether Traefik confirms that everything is as before.
  returned: when error_kind is route_refused
  type: bool
rejected:
  description: Where the refused file is kept.
  returned: when error_kind is route_refused
  type: str
broken_files:
  description: Files in the directory that Traefik cannot read.
  returned: when error_kind is route_refused
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.errors import TenantryError
from ..module_utils.journal import OPERATION_ARGUMENT, step
from ..module_utils.traefik_api import traefik_argument_spec
from ..module_utils.traefik_route import ROUTE_ARGUMENTS, apply


def main() -> None:
    module = AnsibleModule(
        argument_spec={**ROUTE_ARGUMENTS, **traefik_argument_spec(), **OPERATION_ARGUMENT},
        mutually_exclusive=[("content", "src")],
        supports_check_mode=True,
    )
    try:
        with step(None if module.check_mode else module.params["operation"]):
            result = apply(module.params, module.check_mode)
    except TenantryError as error:
        module.fail_json(**error.as_result())
    for warning in result.pop("warnings"):
        module.warn(warning)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
