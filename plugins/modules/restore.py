#!/usr/bin/python
# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Face of module_utils/backup_restore.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: restore
short_description: Restore one service into a new volume, or load a dump back into its server
version_added: 0.1.0
description:
  - Makes a volume of the tenant and fills it from a repository or a snapshot, beside the service that runs and its
    volume, which are not touched.
  - Files of servers are opened by a server of O(image) before the module ends, in a container of its own that is gone
    afterwards. So what is in the volume can be started.
  - Alternatively it replaces the database of a running server by the one of a dump that was made of it, such as a
    snapshot from before a migration. Roles and accounts stay as they are.
  - A run that was killed is known by what it left; the next one begins anew. What was restored by the same request
    stays as it is.
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
      - Looks at the volume, not into repositories.
  diff_mode:
    description: Returns what changed in diff mode.
    support: full
  idempotent:
    description: A second run in a row changes nothing.
    support: partial
    details:
      - With O(state=loaded) every run loads the dump, because nobody knows what was written since.
options:
  state:
    description:
      - V(present) restores.
      - V(absent) removes a volume that this module made, with what is known of it.
      - V(loaded) makes the database of the running server what O(label) says, whatever was in it. All of its sessions
        are ended. Have nobody use it - what connects meanwhile finds no database, or half of one. A run that was
        killed is begun anew by the next one.
      - With V(loaded) and O(engine=pg_dump), the database that is replaced is kept as C(tenantry_aside) until the other
        one is complete. With O(engine=mariadb_dump) it goes first.
      - V(given_up) puts the database back that V(loaded) was to replace and, because it failed or was killed, did not.
        With O(engine=mariadb_dump) there may be none left.
    type: str
    choices: [present, absent, loaded, given_up]
    default: present
  volume:
    description:
      - Name of the volume on the engine. One that holds anything else is refused.
      - Required with O(state=present) and O(state=absent).
    type: str
  image:
    description:
      - Image of the service, by digest, which the engine has. Required with O(state=present), except for
        O(engine=restic).
    type: str
  network:
    description:
      - Network of the containers that fill the volume. V(none) does unless a repository of O(engine=pgbackrest) is
        reached over one.
    type: str
    default: none
  user:
    description:
      - User and group of these containers and of the files, as numbers such as V(999:999). Default are the image's.
    type: str
    default: ''
  data_path:
    description:
      - Where the server has its data. Default is C(/var/lib/postgresql/data), C(/var/lib/mysql) or C(/data), by engine.
    type: str
  command:
    description:
      - Words of the server, when it needs other ones than the image's own, such as libraries to load. Archiving is
        switched off behind them.
    type: list
    elements: str
  repository:
    description:
      - Name of the only repository to look into; V(directory) is that of O(directory). Default is the newest backup in
        any, and of two alike that in the first.
    type: str
  label:
    description:
      - Restore this backup. Required with O(state=loaded). With O(engine=pgbackrest) and without
        O(target_time), the moment at which it was finished.
    type: str
  target_time:
    description:
      - Restore nothing newer, in ISO 8601 with an offset from UTC. With O(engine=pgbackrest) this is the moment after
        the last transaction; for all others, the newest backup that was finished before.
    type: str
  source:
    description:
      - With O(engine=restic), the volume or path to restore, when backups are of several. A volume that a restore made
        and that took the place of another one is the same.
    type: str
  owner:
    description:
      - Whose the volume becomes, when it is a copy of the tenant for a drill. It is then labelled as that of a copy,
        and no backup of the tenant waits for this. Default is O(tenant).
    type: str
  wait:
    description: Seconds to wait for another run on the service. Then, or at once with V(0), it is an error.
    type: int
    default: 0
notes:
  - A directory that O(engine=restic) stored comes back as a directory of its own name in the volume.
seealso:
  - module: tenantry.platform.backup
  - module: tenantry.platform.backup_info
"""

EXAMPLES = r"""
- name: Restore a database as it was before somebody dropped a table
  tenantry.platform.restore:
    tenant: acme
    service: postgres
    engine: pgbackrest
    database:
      user: app
    repositories: "{{ backup_repositories }}"
    volume: acme_postgres-20261122
    image: registry.example.com/postgres@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
    network: acme_default
    target_time: "2026-11-22T01:02:03Z"

- name: Restore the snapshot from before a migration
  tenantry.platform.restore:
    tenant: acme
    service: postgres
    engine: pg_dump
    database:
      user: app
    directory: /srv/tenantry/acme/shared/snapshots
    label: 20261122T010203.004Z-postgres-pg_dump
    volume: acme_postgres-20261122
    image: registry.example.com/postgres@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef

- name: Load the snapshot from before a migration back into the server that runs
  tenantry.platform.restore:
    state: loaded
    tenant: acme
    service: postgres
    engine: pg_dump
    database:
      user: app
    directory: /srv/tenantry/acme/shared/snapshots
    label: 20261122T010203.004Z-postgres-pg_dump
"""

RETURN = r"""
msg:
  description: One line with what was restored, to which moment, its size and duration.
  returned: when O(state=present) or O(state=loaded), but not in check mode
  type: str
volume:
  description: Name of the volume.
  returned: when O(state=present) or O(state=absent)
  type: str
label:
  description: The backup that was restored.
  returned: when O(state=present) or O(state=loaded), but not in check mode
  type: str
repository:
  description: Where it was.
  returned: when O(state=present) or O(state=loaded), but not in check mode
  type: str
source:
  description: The volume or path that it is of; empty where it is the whole service.
  returned: when O(state=present), but not in check mode
  type: str
restored_to:
  description: The last moment that is in the volume, in ISO 8601 and UTC.
  returned: when O(state=present) or O(state=loaded), but not in check mode
  type: str
target_reached:
  description:
    - Whether what was archived goes on after O(target_time). When it does not, everything that was archived is in the
      volume, and what came between its end and O(target_time) is not known to have been anything.
  returned: when O(state=present), but not in check mode
  type: bool
bytes:
  description: Size of the files in the volume.
  returned: when O(state=present), but not in check mode
  type: int
seconds:
  description: How long it took.
  returned: when O(state=present) or O(state=loaded), but not in check mode
  type: float
facts:
  description: What the server that opened it says, such as C(tables) and C(database_bytes), or C(keys).
  returned: when O(state=present) or O(state=loaded), but not in check mode
  type: dict
error_kind:
  description:
    - C(backup_missing), C(backup_damaged), C(snapshot_missing), C(accounts_missing), C(corrupt), C(restore_failed),
      C(load_refused), C(not_quiet),
      C(volume_not_empty), C(volume_in_use), C(image_missing), C(backup_running), C(backup_timeout), C(backup_failed),
      C(disk_full), C(repository_unreachable), C(repository_error), C(wrong_passphrase), C(tool_missing),
      C(foreign_object), C(engine_unreachable), C(engine_error), C(sdk_missing), C(lock_lost), C(lease_lost)
      or C(invalid).
  returned: failure
  type: str
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.backup_restore import RESTORE_ARGUMENTS, RESTORE_REQUIRED_IF, run
from ..module_utils.engine import connect, engine_argument_spec
from ..module_utils.errors import TenantryError
from ..module_utils.journal import OPERATION_ARGUMENT, step


def main() -> None:
    module = AnsibleModule(
        argument_spec={**RESTORE_ARGUMENTS, **engine_argument_spec(), **OPERATION_ARGUMENT},
        required_if=RESTORE_REQUIRED_IF,
        supports_check_mode=True,
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
