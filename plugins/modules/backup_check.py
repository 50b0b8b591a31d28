#!/usr/bin/python
# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Face of module_utils/backup_check.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: backup_check
short_description: Read what was restored to its end
version_added: 0.1.0
description:
  - Looks in every way there is at what M(tenantry.platform.restore) restored, so that a backup counts as one that can
    be restored. It changes nothing that a tenant has - it is for copies.
  - Of PostgreSQL these are the checksums of all pages, C(pg_amcheck) of every table and index, a dump that goes
    nowhere, and O(row_check). Of MariaDB C(mariadb-check), a dump that goes nowhere, and O(row_check). Of Redis the
    check of its files, its number of keys, and O(row_check), which is a command there. Of files that there are any.
  - What an image has no tool for is told as C(absent), and is no failure.
author:
  - tenantry.platform contributors (@tenantry)
extends_documentation_fragment:
  - tenantry.platform.docker
  - tenantry.platform.operation
attributes:
  check_mode:
    description: Can run in check mode and predict changes without making them.
    support: full
    details:
      - Reads in check mode, too.
  diff_mode:
    description: Returns what changed in diff mode.
    support: none
  idempotent:
    description: A second run in a row changes nothing.
    support: full
options:
  tenant:
    description: Whose volume or server it is, such as the copy V(acme--drill).
    type: str
    required: true
  service:
    description: Name of the service.
    type: str
    required: true
  engine:
    description: By what it was backed up.
    type: str
    required: true
    choices: [pgbackrest, pg_dump, mariadb_dump, redis, restic]
  subject:
    description:
      - V(volume) looks at the files of O(volume), whose server must not run. V(server) asks the container of O(service)
        that runs.
    type: str
    required: true
    choices: [volume, server]
  volume:
    description: Name of the volume on the engine. Required with O(subject=volume).
    type: str
  image:
    description: Image of the service, with the tools. Required with O(subject=volume), except for O(engine=restic).
    type: str
  user:
    description: User and group of the tools, as numbers such as V(999:999). Default are the image's.
    type: str
    default: ''
  data_path:
    description: Where the server has its data. Default is that of the official images.
    type: str
  row_check:
    description:
      - A statement that must answer with V(t) or a number above 0; SQL, or for Redis a command. With O(subject=server).
    type: str
  database:
    description: As whom the tools talk to the server.
    type: dict
    suboptions:
      name:
        description: The database. Default is the name of the user.
        type: str
      user:
        description: Default is C(postgres), C(root) or C(default), by engine.
        type: str
      password:
        description: Password, where the server asks for one at its socket.
        type: str
      password_file:
        description: Where the container has the password in a file, instead of O(database.password).
        type: str
  project_name:
    description: Compose project of the service, where several have one of its name.
    type: str
  run_as:
    description: User of the tools in the container of the server. Default is the container's.
    type: str
    default: ''
  spool:
    description: Directory of the node for locks.
    type: path
    default: /var/lib/tenantry/backup
  timeout:
    description: Seconds for all of it.
    type: int
    default: 3600
requirements:
  - root on the node of the engine
seealso:
  - module: tenantry.platform.restore
"""

EXAMPLES = r"""
- name: Read the checksums of all pages
  tenantry.platform.backup_check:
    tenant: acme--drill
    service: postgres
    engine: pgbackrest
    subject: volume
    volume: acme--drill_data
    image: registry.example.com/postgres@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef

- name: Ask the server that was started on it
  tenantry.platform.backup_check:
    tenant: acme--drill
    service: postgres
    engine: pgbackrest
    subject: server
    database:
      user: app
    row_check: SELECT count(*) FROM invoices
"""

RETURN = r"""
checks:
  description: What was looked at.
  returned: success, and failure with C(check_failed)
  type: list
  elements: dict
  contains:
    name:
      description: Which check it is.
      type: str
      sample: pg_amcheck
    status:
      description: C(passed), C(failed) or C(absent).
      type: str
    message:
      description: What it found.
      type: str
    seconds:
      description: How long it took.
      type: float
error_kind:
  description:
    - C(check_failed) when a check did; else C(container_missing), C(volume_missing), C(image_missing),
      C(backup_running), C(backup_timeout), C(foreign_object), C(engine_unreachable), C(engine_error), C(sdk_missing),
      C(lock_lost), C(lease_lost) or C(invalid).
  returned: failure
  type: str
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.backup_check import CHECK_ARGUMENTS, run
from ..module_utils.engine import connect, engine_argument_spec
from ..module_utils.errors import TenantryError
from ..module_utils.journal import OPERATION_ARGUMENT, step


def main() -> None:
    module = AnsibleModule(
        argument_spec={**CHECK_ARGUMENTS, **engine_argument_spec(), **OPERATION_ARGUMENT}, supports_check_mode=True
    )
    try:
        with step(None if module.check_mode else module.params["operation"]):
            engine = connect(module.params["docker_host"], module.params["docker_timeout"])
            result = run(engine, module.params)
    except TenantryError as error:
        module.fail_json(**error.as_result())
    module.exit_json(**result)


if __name__ == "__main__":
    main()
