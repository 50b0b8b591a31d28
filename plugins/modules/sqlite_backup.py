#!/usr/bin/python
# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Face of module_utils/backup_sqlite.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: sqlite_backup
short_description: Back up a SQLite database, such as the tenant database itself
version_added: 0.1.0
description:
  - Copies a SQLite database by its own backup API while others write, reads the copy as a whole, and stores it by
    restic in every repository.
  - Every repository is worked on by itself. When one fails the others have their backup, and the module fails with
    C(backup_partial).
  - Brings a database back, from the first repository that has what is wanted.
author:
  - tenantry.platform contributors (@tenantry)
attributes:
  check_mode:
    description: Can run in check mode and predict changes without making them.
    support: full
  diff_mode:
    description: Returns what changed in diff mode.
    support: full
  idempotent:
    description: A second run in a row changes nothing.
    support: partial
    details:
      - With O(state=present) every run makes a backup, and O(state=restored) writes over nothing.
  platform:
    description: Target OS/families that can be operated against.
    platforms: posix
    support: full
options:
  path:
    description: The database. With O(state=restored) it must not exist.
    type: path
    required: true
  name:
    description: What it is called in repositories, at C(<path>/tenantry_database/<name>/).
    type: str
    default: database
  state:
    description:
      - V(present) makes a backup now.
      - V(verified) reads what is there, and fails with what is wrong.
      - V(pruned) removes what O(retention_days) and O(keep_last) do not keep.
      - V(restored) has the database at O(path) as it was.
    type: str
    choices: [present, verified, pruned, restored]
    default: present
  repositories:
    description:
      - Where backups are kept, as M(tenantry.platform.backup) has them, or their names in the tenant database. Without
        that database, as after its loss, they have to be written out.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: How results call it.
        type: str
        required: true
      kind:
        description: V(posix) is a directory, V(s3) anything that speaks S3 over TLS.
        type: str
        required: true
        choices: [posix, s3]
      path:
        description:
          - Directory on this machine, which must exist, or what the keys of all objects in the bucket begin with.
        type: str
        required: true
      passphrase:
        description: What the passphrase of this database is derived from. Without it no backup can be read.
        type: str
        required: true
      endpoint:
        description: Address of S3. Required with O(repositories[].kind=s3).
        type: str
      bucket:
        description: Bucket, which must exist. Required with O(repositories[].kind=s3).
        type: str
      region:
        description: Region of the bucket.
        type: str
        default: us-east-1
      ca_file:
        description: File with the certificates that the endpoint's is checked by. Default are the system's.
        type: path
      access_key:
        description: Access key. Required with O(repositories[].kind=s3).
        type: str
      secret_key:
        description: Its secret. Required with O(repositories[].kind=s3).
        type: str
      retention_days:
        description: Days of this repository, instead of O(retention_days).
        type: int
  label:
    description: With O(state=restored), which backup. Default is the newest.
    type: str
    default: ''
  read_data_subset:
    description: How much of the data O(state=verified) reads, as in V(5%).
    type: str
    default: 100%
  retention_days:
    description: O(state=pruned) keeps what is not older.
    type: int
    default: 30
  keep_last:
    description: O(state=pruned) keeps so many of the newest whole backups, however old they are; at least one.
    type: int
    default: 3
  spool:
    description: Directory for what passes through, and for locks.
    type: path
    default: /var/lib/tenantry/backup
  timeout:
    description: Seconds for all of it.
    type: int
    default: 3600
  wait:
    description: Seconds to wait for another run. Then, or at once with V(0), it is an error.
    type: int
    default: 0
requirements:
  - restic 0.14 or newer
seealso:
  - module: tenantry.platform.backup
"""

EXAMPLES = r"""
- name: Back up the tenant database
  tenantry.platform.sqlite_backup:
    path: /var/lib/tenantry/tenants.sqlite
    repositories: [offsite]
  delegate_to: localhost

- name: Bring it back after its loss
  tenantry.platform.sqlite_backup:
    path: /var/lib/tenantry/tenants.sqlite
    state: restored
    repositories:
      - name: offsite
        kind: s3
        path: /fleet
        endpoint: https://s3.example.com
        bucket: backups
        access_key: "{{ backup_access_key }}"
        secret_key: "{{ backup_secret_key }}"
        passphrase: "{{ backup_passphrase }}"
"""

RETURN = r"""
msg:
  description: One line with size, duration and where it is kept, or with what was restored.
  returned: always
  type: str
labels:
  description: Label of what was made or restored.
  returned: when O(state=present) or O(state=restored)
  type: list
  elements: str
bytes:
  description: How much was backed up.
  returned: when O(state=present)
  type: int
repositories:
  description: What came of each repository, as M(tenantry.platform.backup) has it, also on failure.
  returned: unless O(state=restored)
  type: list
  elements: dict
repository:
  description: From which one it was restored.
  returned: when O(state=restored)
  type: str
error_kind:
  description:
    - C(exists), C(backup_missing), C(path_missing), C(source_unreadable), C(dump_torn), and those of
      M(tenantry.platform.backup).
  returned: failure
  type: str
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.backup_sqlite import SQLITE_ARGUMENTS, run
from ..module_utils.errors import TenantryError


def main() -> None:
    module = AnsibleModule(argument_spec=SQLITE_ARGUMENTS, supports_check_mode=True)
    try:
        result = run(module.params, module.check_mode)
    except TenantryError as error:
        module.fail_json(**error.as_result())
    module.exit_json(**result)


if __name__ == "__main__":
    main()
