#!/usr/bin/python
# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Face of module_utils/backup.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: backup_info
short_description: List the backups that each repository of a service really has
version_added: 0.1.0
description:
  - Asks every repository what it has, and with O(engine=pgbackrest) the server how far it is with handing over its WAL.
  - A repository that cannot be read is part of the result, not a failure.
author:
  - tenantry.platform contributors (@tenantry)
extends_documentation_fragment:
  - tenantry.platform.docker
  - tenantry.platform.backup
attributes:
  check_mode:
    description: Can run in check mode and predict changes without making them.
    support: full
  diff_mode:
    description: Returns what changed in diff mode.
    support: N/A
    details:
      - Changes nothing.
  idempotent:
    description: A second run in a row changes nothing.
    support: full
options:
  project_name:
    description: Compose project of the service, where its containers are in more than one.
    type: str
  run_as:
    description: User of the tools in the container of the service. Default is the container's own.
    type: str
    default: ''
seealso:
  - module: tenantry.platform.backup
  - module: tenantry.platform.restore
"""

EXAMPLES = r"""
- name: List what there is
  tenantry.platform.backup_info:
    tenant: acme
    service: postgres
    engine: pgbackrest
    repositories: "{{ backup_repositories }}"
  register: backups

- name: See that the newest is young, and that WAL is handed over
  ansible.builtin.assert:
    that:
      - backups.repositories | selectattr('ok') | length == 2
      - backups.repositories | map(attribute='newest') | min > '2026-11-21'
      - backups.wal.ready < 8
"""

RETURN = r"""
repositories:
  description: What each repository has.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Its name; V(directory) is that of O(directory).
      type: str
    ok:
      description: Whether it could be read.
      type: bool
    seconds:
      description: How long that took.
      type: float
    error:
      description: Why it could not; empty when it could.
      type: str
    error_kind:
      description: Class of that failure; empty when there is none.
      type: str
    newest:
      description: When the newest whole backup was finished, in ISO 8601 and UTC; null without any.
      type: str
    oldest:
      description: The same of the oldest.
      type: str
    backups:
      description:
        - "Oldest first: C(label), C(engine), C(kind) (V(full), V(incremental), V(differential), V(snapshot)),
          C(repository), C(started_at), C(finished_at), C(bytes) in the repository, C(source_bytes) that were read,
          C(source) (volume or path), C(error) (why it is not whole; empty when it is) and C(id)."
      type: list
      elements: dict
wal:
  description: Null unless O(engine=pgbackrest).
  returned: success
  type: dict
  contains:
    last_archived_at:
      description: When the server handed over a segment last; null when it never did.
      type: str
    age_seconds:
      description: How long ago that was.
      type: float
    last_archived:
      description: Which segment.
      type: str
    failed:
      description: How often it failed. This may stay at 0 while a repository hangs.
      type: int
    ready:
      description: How many segments wait.
      type: int
    archive_mode:
      description: Setting of the server.
      type: str
    error:
      description: Why the server could not be asked; empty when it could.
      type: str
error_kind:
  description: Class of the failure.
  returned: failure
  type: str
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.backup import INFO_ARGUMENTS, listed
from ..module_utils.engine import connect, engine_argument_spec
from ..module_utils.errors import TenantryError


def main() -> None:
    module = AnsibleModule(argument_spec={**INFO_ARGUMENTS, **engine_argument_spec()}, supports_check_mode=True)
    try:
        engine = connect(module.params["docker_host"], module.params["docker_timeout"])
        result = listed(engine, module.params)
    except TenantryError as error:
        module.fail_json(**error.as_result())
    module.exit_json(**result)


if __name__ == "__main__":
    main()
