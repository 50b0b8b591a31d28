#!/usr/bin/python
# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Face of module_utils/backup.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: backup
short_description: Make, verify and prune the backups of one service
version_added: 0.1.0
description:
  - Makes a backup of a service in every repository, verifies what is there, or removes what need not be kept.
  - A dump is read in full before it counts, and a tool is believed by what it lists and not by its exit code.
  - Every repository is worked on by itself. When one fails the others have their backup, and the module fails with
    C(backup_partial).
author:
  - tenantry.platform contributors (@tenantry)
extends_documentation_fragment:
  - tenantry.platform.docker
  - tenantry.platform.backup
  - tenantry.platform.operation
attributes:
  check_mode:
    description: Can run in check mode and predict changes without making them.
    support: full
    details:
      - O(state=present) sees that the service, its tools and what is to be stored are there.
  diff_mode:
    description: Returns what changed in diff mode.
    support: full
  idempotent:
    description: A second run in a row changes nothing.
    support: partial
    details:
      - With O(state=present) every run makes a backup.
options:
  state:
    description:
      - V(prepared) makes the directories that a server which archives its WAL needs before it starts, in repositories
        of O(repositories[].kind=posix) and in O(directories), for the user in O(run_as). Nothing has to run for it.
      - V(present) makes a backup now.
      - V(verified) reads what is there, and fails with what is wrong. Nothing whole in a repository is wrong, too.
      - V(pruned) removes what O(retention_days) and O(keep_last) do not keep. Nothing else ever removes a backup.
    type: str
    choices: [prepared, present, verified, pruned]
    default: present
  kind:
    description:
      - With O(engine=pgbackrest), whether to store everything or what changed since the last backup. The first backup
        is a full one.
    type: str
    choices: [full, incremental]
    default: full
  project_name:
    description: Compose project of the service, where its containers are in more than one.
    type: str
  run_as:
    description:
      - User of the tools in the container of the service. Default is the container's own.
      - With O(state=prepared) the number of the server's user, such as V(999:999).
    type: str
    default: ''
  volumes:
    description:
      - With O(engine=restic), volumes by their names on the engine. One that is missing is an error, and so is one that
        is not a plain local volume of the tenant.
      - Without O(volumes) and O(paths), the volumes that containers of the service mount.
    type: list
    elements: str
    default: []
  paths:
    description: With O(engine=restic), directories of the node.
    type: list
    elements: path
    default: []
  directories:
    description:
      - With O(state=prepared), directories of the node that are repositories, where nothing else of these is known.
    type: list
    elements: path
    default: []
  read_data_subset:
    description: How much of the data O(state=verified) reads from a repository of restic, as in V(5%).
    type: str
    default: 100%
  retention_days:
    description: O(state=pruned) keeps what is not older. With O(engine=pgbackrest) it keeps every moment since then.
    type: int
    default: 30
  keep_last:
    description: O(state=pruned) keeps so many of the newest whole backups, however old they are; at least one.
    type: int
    default: 3
  wait:
    description: Seconds to wait for another run on the service. Then, or at once with V(0), it is an error.
    type: int
    default: 0
"""

EXAMPLES = r"""
- name: Back up a database to a disk of the node and to S3
  tenantry.platform.backup:
    tenant: acme
    service: postgres
    engine: pgbackrest
    kind: incremental
    repositories:
      - name: local
        kind: posix
        path: /srv/backup
        passphrase: "{{ backup_passphrase_local }}"
      - name: offsite
        kind: s3
        path: /fleet
        endpoint: https://s3.example.com
        bucket: backups
        access_key: "{{ backup_access_key }}"
        secret_key: "{{ backup_secret_key }}"
        passphrase: "{{ backup_passphrase_offsite }}"

- name: Keep a snapshot of a database before a migration
  tenantry.platform.backup:
    tenant: acme
    service: postgres
    engine: pg_dump
    database:
      user: app
    directory: /srv/tenantry/acme/shared/snapshots

- name: Have a place for what a server archives before it starts
  tenantry.platform.backup:
    tenant: acme
    service: postgres
    engine: pgbackrest
    directories: [/srv/backup]
    run_as: "999:999"
    state: prepared

- name: Read every backup of the volumes of a service
  tenantry.platform.backup:
    tenant: acme
    service: web
    engine: restic
    repositories: "{{ backup_repositories }}"
    state: verified
"""

RETURN = r"""
msg:
  description: One line with size, duration and where it is kept.
  returned: always
  type: str
labels:
  description: Labels of what was made. Those of pgBackRest differ from repository to repository.
  returned: when O(state=present)
  type: list
  elements: str
bytes:
  description: How much was backed up.
  returned: when O(state=present)
  type: int
seconds:
  description: How long it took.
  returned: when O(state=present)
  type: float
throughput:
  description: Bytes a second.
  returned: when O(state=present)
  type: int
repositories:
  description: What came of each repository, also on failure.
  returned: unless O(state=prepared)
  type: list
  elements: dict
  contains:
    name:
      description: Its name; V(directory) is that of O(directory).
      type: str
    ok:
      description: Whether it went well.
      type: bool
    seconds:
      description: How long it took.
      type: float
    error:
      description: Why it did not; empty when it did.
      type: str
    error_kind:
      description: Class of that failure; empty when there is none.
      type: str
    backups:
      description: With O(state=present) what was made, as M(tenantry.platform.backup_info) lists it.
      type: list
      elements: dict
findings:
  description: With O(state=verified), C(repository), C(label) and C(problem) of everything that is wrong.
  returned: when O(state=verified)
  type: list
  elements: dict
removed:
  description: With O(state=pruned), by repository the labels that are gone.
  returned: when O(state=pruned)
  type: dict
error_kind:
  description:
    - C(backup_partial) when some repositories have it and others do not, C(backup_failed), C(backup_timeout),
      C(backup_running), C(backup_damaged) and C(backup_unverified) of O(state=verified), C(dump_torn), C(disk_full),
      C(repository_unreachable), C(repository_error), C(wrong_passphrase), C(repository_unknown) when the server does
      not archive there, C(container_missing), C(volume_missing),
      C(volume_unsupported), C(path_missing), C(source_unreadable), C(no_init), C(tool_missing), C(foreign_object),
      C(engine_unreachable), C(engine_error), C(sdk_missing), C(lock_lost), C(lease_lost) or C(invalid).
  returned: failure
  type: str
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.backup import BACKUP_ARGUMENTS, run
from ..module_utils.engine import connect, engine_argument_spec
from ..module_utils.errors import TenantryError
from ..module_utils.journal import OPERATION_ARGUMENT, step


def main() -> None:
    module = AnsibleModule(
        argument_spec={**BACKUP_ARGUMENTS, **engine_argument_spec(), **OPERATION_ARGUMENT}, supports_check_mode=True
    )
    try:
        with step(None if module.check_mode else module.params["operation"]):
            engine = connect(module.params["docker_host"], module.params["docker_timeout"])
            result = run(engine, module.params, module.check_mode)
    except TenantryError as error:
        module.fail_json(**error.as_result())
    module.exit_json(**result)


if __name__ == "__main__":
    main()
