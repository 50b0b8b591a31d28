# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options that say which service is backed up, how, and where to."""

from __future__ import annotations


class ModuleDocFragment:
    """Options of every module of backups."""

    DOCUMENTATION = r"""
options:
  tenant:
    description: Name of the tenant.
    type: str
    required: true
  service:
    description: Name of the service. Each service of each tenant has its own place and passphrase in a repository.
    type: str
    required: true
  engine:
    description:
      - The way to back up.
      - V(pgbackrest) is for a PostgreSQL cluster and every moment since. It runs in the container of the server, which
        has its configuration as C(/etc/pgbackrest/pgbackrest.conf), runs with an init process, and archives its WAL.
      - V(pg_dump) and V(mariadb_dump) are for one database at one moment, with the roles or accounts of its server.
        V(redis) is for everything that a Redis holds. Their tools run in the container of the server.
      - V(restic) is for volumes and directories, read on the node. What changes while it is read is stored as it was
        found; a database belongs to one of the others.
    type: str
    required: true
    choices: [pgbackrest, pg_dump, mariadb_dump, redis, restic]
  repositories:
    description:
      - Where backups are kept, one by one. With O(engine=pgbackrest) these are repositories of its configuration, in
        which they are found by their places; with all others they are repositories of restic, which are made when they
        are missing.
      - A repository holds many tenants, each service at C(<path>/<tenant>/<service>/) and under a passphrase that is
        derived from O(repositories[].passphrase), tenant and service by HMAC-SHA256.
      - A string instead of a dictionary is the name of one of the tenant database, as the variable
        C(tenantry_repositories) of the inventory plugin P(tenantry.platform.tenants#inventory) has it. Its secrets are
        decrypted, or read where they are referred to, on the controller.
    type: list
    elements: dict
    default: []
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
          - Directory on the node, or what the keys of all objects in the bucket begin with.
          - A directory must exist, so that a missing mount is noticed.
        type: str
        required: true
      passphrase:
        description: What the passphrases of services are derived from. Without it no backup can be read.
        type: str
        required: true
      endpoint:
        description: Address of S3, such as V(https://s3.example.com). Required with O(repositories[].kind=s3).
        type: str
      bucket:
        description: Bucket, which must exist. Required with O(repositories[].kind=s3).
        type: str
      region:
        description: Region of the bucket.
        type: str
        default: us-east-1
      ca_file:
        description: File on the node with the certificates that the endpoint's is checked by. Default are the system's.
        type: path
      access_key:
        description: Access key. Required with O(repositories[].kind=s3).
        type: str
      secret_key:
        description: Its secret. Required with O(repositories[].kind=s3).
        type: str
      retention_days:
        description: What M(tenantry.platform.backup) with O(ignore:state=pruned) keeps here, unlike elsewhere.
        type: int
  directory:
    description:
      - Directory of the node for snapshots, such as those before migrations. Each is a directory with the dump and
        C(SNAPSHOT.json), which has its name only when the dump was read in full.
      - For O(engine=pg_dump), O(engine=mariadb_dump) and O(engine=redis), beside O(repositories) or instead of them.
    type: path
  database:
    description: As whom the tools talk to the server.
    type: dict
    suboptions:
      name:
        description: The database. Default is the name of the user.
        type: str
      user:
        description:
          - A user who may read everything in it, and the roles or accounts of the server.
          - Default is C(postgres), C(root) or C(default), by engine.
        type: str
      password:
        description: Password, where the server asks for one at its socket.
        type: str
      password_file:
        description: Where the container has the password in a file, instead of O(database.password).
        type: str
  spool:
    description: Directory of the node for what passes through, for locks and for what is known of restores.
    type: path
    default: /var/lib/tenantry/backup
  timeout:
    description:
      - Seconds for all of it. A repository that hangs has only its share of what is left, so that the others get
        theirs.
    type: int
    default: 3600
attributes:
  platform:
    description: Target OS/families that can be operated against.
    platforms: posix
    support: full
requirements:
  - restic 0.14 or newer on the node, unless O(engine=pgbackrest)
  - pgBackRest 2.45 or newer in the image of the service, with O(engine=pgbackrest)
  - root on the node of the engine
notes:
  - Secrets are handed to tools in their environment or in files that their user alone can read, never as arguments.
  - One run at a time works on a service of a node. What a run that was killed left, processes in containers too, the
    next one ends and removes.
"""
