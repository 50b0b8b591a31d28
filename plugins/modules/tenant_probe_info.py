#!/usr/bin/python
# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Face of module_utils/tenant_probe.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: tenant_probe_info
short_description: Probe tenants on their node as their users and neighbours would reach them
version_added: 0.1.0
description:
  - Connects to the entry points of the proxy of this node, asks its API, sends one real request for each tenant through
    it, connects to the ports of the tenants' containers, and reads these containers with their state, how they ended,
    what their health checks said, and the last log lines of those that do not serve.
  - Contents of files below the directories C(secrets) of a tenant are replaced in everything that its containers said.
  - What cannot be asked is part of the result, not a failure.
extends_documentation_fragment:
  - tenantry.platform.docker
  - tenantry.platform.traefik
options:
  tenants:
    description:
      - What to ask of which tenant.
      - "By name a dictionary: C(url) is where to send a request, and none is sent without it; C(ports) are by service
        the ports that must take connections."
    type: dict
    required: true
  root:
    description: Directory that holds the tenants of the node.
    type: path
    default: /srv/tenantry
  edge_address:
    description: Address at which the proxy takes requests.
    type: str
    default: 127.0.0.1
  edge_http_port:
    description: Its port for plain requests.
    type: int
    default: 80
  edge_https_port:
    description: Its port for requests over TLS.
    type: int
    default: 443
  check_certificate:
    description: Whether to tell what is wrong with the certificate that clients are shown. Its chain is never verified.
    type: bool
    default: true
  timeout:
    description: Seconds for each connection, and for each answer to a request.
    type: float
    default: 5
  log_lines:
    description: How many of the last log lines of a container that does not serve to return. V(0) means none.
    type: int
    default: 5
attributes:
  check_mode:
    description: Can run in check_mode and return changed status prediction without modifying the node.
    support: full
  diff_mode:
    description: Returns details on what has changed or will change.
    support: N/A
    details:
      - Changes nothing.
  idempotent:
    description: When run twice in a row with the same arguments, the second run changes nothing.
    support: full
seealso:
  - module: tenantry.platform.node_info
  - module: tenantry.platform.stack_info
author:
  - tenantry.platform contributors (@tenantry)
"""

EXAMPLES = r"""
- name: Ask for a tenant's start page, and whether its database takes connections
  tenantry.platform.tenant_probe_info:
    tenants:
      acme:
        url: https://acme.demo.test/
        ports:
          postgres: 5432
  register: probe
"""

RETURN = r"""
engine_error:
  description: Why the engine could not be asked; empty when it could.
  returned: success
  type: str
edge:
  description: The proxy.
  returned: success
  type: dict
  contains:
    version:
      description: Its version; null when its API does not answer.
      type: str
    error:
      description: Why its API does not answer; empty when it does.
      type: str
    entry_points:
      description: Name, address and port of each entry point, and C(error), why nobody takes connections there.
      type: list
      elements: dict
    containers:
      description: Name, state and end of its containers.
      type: list
      elements: dict
tenants:
  description: By name what was found.
  returned: success
  type: dict
  contains:
    request:
      description: >-
        The request that was sent. C(status) is 0 without an answer and C(error) says why; C(of_proxy) tells whether the
        body is one of the proxy's own; C(certificate) has subject, issuer, names, times in seconds since 1970, and
        C(problem), why a client refuses it. Null when there is no URL.
      type: dict
    release:
      description: Current release; null when there is none.
      type: str
    services:
      description: Kind, replicas and compose project of each service of that release that must run.
      type: dict
    containers:
      description: >-
        As M(tenantry.platform.stack_info) returns them, with C(oom_killed), C(finished), C(error), C(health_output),
        C(logs) of those that do not serve, and C(reached), to which address and port a connection was tried and why it
        failed.
      type: list
      elements: dict
    error:
      description: Why the release could not be read; empty when it was, or when there is none.
      type: str
error_kind:
  description: Class of the failure.
  returned: failure
  type: str
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.tenantry.platform.plugins.module_utils import tenant_probe
from ansible_collections.tenantry.platform.plugins.module_utils.engine import engine_argument_spec
from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.module_utils.traefik_api import traefik_argument_spec

ARGUMENTS = {
    "tenants": {"type": "dict", "required": True},
    "root": {"type": "path", "default": "/srv/tenantry"},
    "edge_address": {"type": "str", "default": "127.0.0.1"},
    "edge_http_port": {"type": "int", "default": 80},
    "edge_https_port": {"type": "int", "default": 443},
    "check_certificate": {"type": "bool", "default": True},
    "timeout": {"type": "float", "default": 5},
    "log_lines": {"type": "int", "default": 5},
}


def main() -> None:
    """Entry point."""
    spec = {**ARGUMENTS, **engine_argument_spec(), **traefik_argument_spec()}
    module = AnsibleModule(argument_spec=spec, supports_check_mode=True)
    try:
        module.exit_json(**tenant_probe.probe(module.params))
    except TenantryError as error:
        module.fail_json(**error.as_result())


if __name__ == "__main__":
    main()
