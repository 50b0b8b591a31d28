#!/usr/bin/python
# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Face of module_utils/migration.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: migration
short_description: Bring a tenant's database to the schema that a release wants, or back
version_added: 0.1.0
description:
  - Runs the migration tool of a release's own image, in a one-off container on the tenant's networks, and says what was
    applied before and after.
  - Asks the tool first. When nothing is pending, nothing is run, and nothing changes.
  - With O(database) it holds a lock in that database, polled so that a waiter never blocks
    C(CREATE INDEX CONCURRENTLY); statements give up when they do not get a table's lock within O(lock_timeout), so that
    nobody else queues behind them, and are tried again; what was applied is recorded there with the checksums of its
    files, in the schema C(tenantry) of PostgreSQL, or in tables C(tenantry_migration_versions) and
    C(tenantry_migration_runs) of MariaDB.
  - A migration that fails leaves things as O(kind) says, and the message says how that is.
  - When the module was killed, its container works on. The next run waits for it, and goes on from what it finds.
author:
  - tenantry.platform contributors (@tenantry)
extends_documentation_fragment:
  - tenantry.platform.docker
  - tenantry.platform.docker.objects
  - tenantry.platform.docker.one_off
  - tenantry.platform.operation
attributes:
  check_mode:
    description: Can run in check mode and predict changes without making them.
    support: full
    details:
      - Runs the tool to ask what is pending, and what it would do as SQL where it can say.
  diff_mode:
    description: Returns what changed in diff mode.
    support: full
  idempotent:
    description: A second run in a row changes nothing.
    support: partial
    details:
      - Not with O(driver=command) without O(status_command), which is run every time.
options:
  state:
    description:
      - V(applied) applies everything that is pending.
      - V(rolled_back) undoes what was applied for O(release), or everything but O(target). Only what was declared
        V(reversible), and only with an image that knows all that is applied.
      - V(status) only asks, and refuses what V(applied) would refuse.
    type: str
    choices: [applied, rolled_back, status]
    default: applied
  name:
    description: Name of the migration, for its lock, its record and messages.
    type: str
    default: main
  driver:
    description:
      - The tool. V(command) is any tool that O(command), O(status_command) and O(rollback_command) describe.
      - V(dbmate) stands for a folder of plain SQL.
    type: str
    choices: [alembic, django, dbmate, command]
    required: true
  command:
    description:
      - With O(driver=command), what applies everything that is pending. Otherwise the words that start the tool, when
        they are not C(alembic), C(python manage.py) or C(dbmate).
    type: list
    elements: str
    default: []
  status_command:
    description:
      - With O(driver=command), prints a JSON object with the lists C(applied), C(pending) and C(unknown) (applied, but
        not known to the image) of names. Without it the command is run every time.
    type: list
    elements: str
    default: []
  rollback_command:
    description:
      - With O(driver=command), undoes everything after the version that takes the place of the word C({target}), which
        is empty when nothing stays.
    type: list
    elements: str
    default: []
  kind:
    description:
      - What the migrations of this release do to others. V(expand) only adds, so that the release before runs on; a
        failure leaves what was applied. V(reversible) is that, and its tool can undo it; a failure undoes it.
      - V(contract) takes away what the release before needs. V(irreversible) cannot be undone. Both need O(validated).
    type: str
    choices: [reversible, expand, irreversible, contract]
    default: expand
  validated:
    description: Whether somebody tried these migrations on a copy of the data.
    type: bool
    default: false
  release:
    description: The release that they belong to, for the record.
    type: str
    default: ""
  target:
    description: With O(state=rolled_back), the versions that stay applied. By default those from before O(release).
    type: list
    elements: str
  database:
    description: The database that is migrated.
    type: dict
    suboptions:
      engine:
        description: Kind of its server. Its client is run in the server's container.
        type: str
        choices: [postgresql, mariadb]
        required: true
      project_name:
        description: Compose project of the server's container.
        type: str
        required: true
      service:
        description: Service of the server there.
        type: str
        required: true
      user:
        description: Who owns the database.
        type: str
        required: true
      name:
        description: Name of the database.
        type: str
        required: true
      password_file:
        description: File with the user's password in the server's container, unless its local socket asks for none.
        type: str
  project_name:
    description: Name of the compose project, such as C(acme-1f0c9a2e).
    type: str
    required: true
  project_src:
    description: Directory of the compose files on the node.
    type: path
    required: true
  files:
    description: Compose files in O(project_src).
    type: list
    elements: str
    default: [migrations.yaml]
  service:
    description: The service in whose image the tool is run. The database must run already.
    type: str
    required: true
  tenant:
    description: Whose project and database these are. Those of any other tenant are refused.
    type: str
  timeout:
    description: Seconds until all must be applied. Then the tool is stopped.
    type: int
    default: 600
  lock_wait:
    description: Seconds to wait for somebody else who runs the same migration.
    type: int
    default: 60
  lock_timeout:
    description: Seconds that a statement may wait for a lock on a table. All others queue behind it meanwhile.
    type: int
    default: 3
  lock_retries:
    description: How often the tool is run again after it did not get a lock.
    type: int
    default: 10
"""

EXAMPLES = r"""
- name: Migrate the database of a new release
  tenantry.platform.migration:
    driver: alembic
    project_name: acme-1f0c9a2e
    project_src: /srv/tenantry/acme/releases/20261121T041833Z-1f0c9a2e
    service: migrate-main
    release: 20261121T041833Z-1f0c9a2e
    kind: reversible
    database:
      engine: postgresql
      project_name: acme
      service: postgres
      user: app
      name: app
  register: migrated

- name: Put the schema back that was there before this release
  tenantry.platform.migration:
    state: rolled_back
    driver: alembic
    project_name: acme-1f0c9a2e
    project_src: /srv/tenantry/acme/releases/20261121T041833Z-1f0c9a2e
    service: migrate-main
    release: 20261121T041833Z-1f0c9a2e
    kind: reversible
    database:
      engine: postgresql
      project_name: acme
      service: postgres
      user: app
      name: app
"""

RETURN = r"""
before:
  description: Versions that were applied, in their order.
  returned: when the tool could be asked
  type: list
  elements: str
after:
  description: Versions that are applied now.
  returned: when the tool could be asked
  type: list
  elements: str
pending:
  description: Versions of the image that are not applied.
  returned: when the tool could be asked
  type: list
  elements: str
unknown_applied:
  description: Applied versions that the image does not know, because they are of a newer release.
  returned: when the tool could be asked
  type: list
  elements: str
left_behind:
  description: Columns and indexes that differ from before, because the tool failed half-way and without a transaction.
  returned: failure of the tool
  type: list
  elements: str
sql:
  description: What would be done, as SQL; null where the tool cannot say.
  returned: success
  type: str
logs:
  description: The tool's last log lines, without what O(redact) and O(redact_files) name.
  returned: failure of the tool
  type: list
  elements: str
error_kind:
  description:
    - C(migration_failed), C(migration_timeout), C(migration_blocked) (never got a table's lock),
      C(migration_invalid_index), C(migration_locked) (somebody else runs it), C(migration_changed) (a file that was
      applied is another one now), C(migration_unknown) (the database is newer than the image),
      C(migration_not_validated), C(migration_not_reversible), C(migration_status_failed), C(database_down),
      C(database_error), C(image_missing), C(foreign_object), C(volume_missing), C(files_missing), C(compose_missing),
      C(compose_failed), C(compose_timeout), C(engine_unreachable), C(engine_error), C(sdk_missing) or C(invalid).
  returned: failure
  type: str
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.engine import connect, engine_argument_spec
from ..module_utils.errors import TenantryError
from ..module_utils.journal import OPERATION_ARGUMENT, step
from ..module_utils.migration import MIGRATION_ARGUMENTS, MIGRATION_REQUIRED_IF, run


def main() -> None:
    module = AnsibleModule(
        argument_spec={**MIGRATION_ARGUMENTS, **engine_argument_spec(), **OPERATION_ARGUMENT},
        required_if=MIGRATION_REQUIRED_IF,
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
