# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: traefik_labels
short_description: Labels that lead Traefik to the containers of a service
version_added: 0.1.0
description:
  - Renders the container labels of one service of one release. Nothing is read or written.
  - A service behind routes of the file provider gets labels that never change while it runs. They name the Traefik
    service C(<tenant>-<service>-<release8>) and its port; M(tenantry.platform.traefik_route) writes the rest to the
    tenant's file.
  - A service behind routes by labels gets the full set, with router, rule, priority, entry point, TLS, access list,
    cookie and weight, under names that begin with C(<tenant>-<release8>-). Two releases never share one,
    because Traefik drops both of two definitions that differ.
  - Every part of a rule is validated. A value that could widen it, or that Traefik would take for a template, is
    refused.
options:
  spec:
    description:
      - The tenant, as the inventory plugin P(tenantry.platform.tenants#inventory) gives it in the variable C(tenant).
    type: dict
    required: true
  service:
    description: Name of the service in O(spec).
    type: str
    required: true
  release:
    description: Id of the release that the containers belong to, such as C(20261121T041833Z-1f0c9a2e).
    type: str
    required: true
  via:
    description:
      - V(spec) renders each route as O(spec) says.
      - V(labels) renders all routes by labels, for an edge that has no file provider.
    type: str
    choices: [spec, labels]
    default: spec
attributes:
  check_mode:
    description: Can run in check_mode and return changed status prediction without modifying anything.
    support: full
  diff_mode:
    description: Returns details on what has changed or will change.
    support: none
    details: Nothing is changed.
  idempotent:
    description: When run twice in a row with the same arguments, the second run changes nothing.
    support: full
  action:
    description: Runs on the controller, without a connection.
    support: full
notes:
  - In a route by labels a weight counts for each container. The weight of a service is divided by its replicas, so that
    services share as the route says.
  - While containers of two releases run, both have a router with the same rule and priority for a route by labels, and
    Traefik chooses one of them. Where no request may fail, use routes of the file provider.
seealso:
  - module: tenantry.platform.traefik_route
author:
  - tenantry.platform contributors (@tenantry)
"""

EXAMPLES = r"""
- name: Render the labels of the service web
  tenantry.platform.traefik_labels:
    spec: "{{ tenant }}"
    service: web
    release: 20261121T041833Z-1f0c9a2e
  register: web

- name: Run a container of it without the file provider
  tenantry.platform.traefik_labels:
    spec: "{{ tenant }}"
    service: web
    release: 20261121T041833Z-1f0c9a2e
    via: labels
  register: web

- name: Start it
  community.docker.docker_container:
    name: acme-web
    image: registry.example/web:1.0.0
    networks: [{name: acme_default}]
    labels: "{{ web.labels }}"

- name: Wait until Traefik shows it
  tenantry.platform.traefik_route:
    name: acme
    expect: "{{ web.expect }}"
"""

RETURN = r"""
labels:
  description: Labels by name. Empty when no route leads to the service.
  returned: success
  type: dict
  sample:
    tenantry.managed: "true"
    traefik.docker.network: acme_default
    traefik.enable: "true"
    traefik.http.services.acme-web-1f0c9a2e.loadbalancer.server.port: "8080"
expect:
  description:
    - What Traefik's API shows once it has taken all routes of the release.
    - For O(tenantry.platform.traefik_route#module:expect).
  returned: success
  type: dict
  contains:
    routers:
      description: Rule, service and priority of each router, by name and provider.
      type: dict
      returned: success
    services:
      description: Number of servers of each Traefik service that containers make, by name and provider.
      type: dict
      returned: success
  sample:
    routers:
      acme-main@file: {rule: Host(`acme.demo.test`), service: acme-main, priority: 1000}
    services:
      acme-web-1f0c9a2e@docker: 1
error_kind:
  description: Class of a failure; always V(invalid).
  returned: failure
  type: str
"""
