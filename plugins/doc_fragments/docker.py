# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options by which a module reaches a Docker engine."""

from __future__ import annotations


class ModuleDocFragment:
    """Options of every module that talks to the engine of its node."""

    DOCUMENTATION = r"""
options:
  docker_host:
    description:
      - Address of the Docker engine, such as V(unix:///var/run/docker.sock) or V(tcp://127.0.0.1:2375).
      - Without it the environment variables E(DOCKER_HOST), E(DOCKER_TLS_VERIFY) and E(DOCKER_CERT_PATH) of the node
        decide, else the local socket.
    type: str
  docker_timeout:
    description: Seconds that the engine has for one answer.
    type: int
    default: 60
requirements:
  - Docker engine 20.10 or newer on the node
  - Docker SDK for Python 5.0.3 or newer on the node
notes:
  - The module touches nothing on the engine that lacks the label C(tenantry.managed=true).
"""

    #: What services join and use.
    OBJECTS = r"""
options:
  networks:
    description: Networks that the services use; those that are missing are made.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Name on the engine.
        type: str
        required: true
      internal:
        description: Whether it has no way out of the node.
        type: bool
        default: false
      labels:
        description:
          - Labels. C(tenantry.managed=true) must be among them, and C(tenantry.tenant) unless it is the platform's own.
        type: dict
        required: true
  volumes:
    description: Named volumes that the services use; those that are missing are made.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Name on the engine.
        type: str
        required: true
      labels:
        description:
          - Labels. C(tenantry.managed=true) must be among them, and C(tenantry.tenant) unless it is the platform's own.
        type: dict
        required: true
      restored:
        description: Whether a restore filled it. One that is missing is then an error, and not made.
        type: bool
        default: false
"""

    #: Which service of compose files is run on its own.
    ONE_OFF = r"""
options:
  service:
    description: The service to run. What it depends on must run already.
    type: str
  profiles:
    description: Profiles of the compose files to switch on.
    type: list
    elements: str
    default: [job]
  log_lines:
    description: Log lines in RV(logs).
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
