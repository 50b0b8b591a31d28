# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: tenant_database
short_description: Make or upgrade the tenant database
version_added: 0.1.0
description:
  - Brings the schema of a tenant database to the version that this collection reads and writes, by Alembic, all of
    it or nothing; makes the database file when it is SQLite and there is none. A newer schema is refused.
  - In check mode it says which revisions are pending.
  - Runs on the controller. The tables stand in C(docs/tenant-database.md).
extends_documentation_fragment:
  - tenantry.platform.database
  - tenantry.platform.fleet_action
options:
  state:
    description: V(present) makes or upgrades it.
    type: str
    choices: [present]
    default: present
  url:
    description:
      - Where the database is, as an SQLAlchemy URL such as V(sqlite:////srv/tenants.sqlite) or
        V(postgresql://tenantry@db.example.com/tenantry).
      - The password comes from the environment variable E(TENANTRY_DATABASE_PASSWORD), not from the URL.
    type: str
    required: true
  seed:
    description: File of SQL statements on the controller, executed once, when the database is new.
    type: path
attributes:
  diff_mode:
    description: Returns details on what has changed or will change.
    support: full
requirements:
  - alembic
author:
  - tenantry.platform contributors (@tenantry)
"""

EXAMPLES = r"""
- name: Make or upgrade it
  tenantry.platform.tenant_database:
    url: sqlite:////srv/tenants.sqlite
  delegate_to: localhost
"""

RETURN = r"""
before:
  description: Schema version that the database had; none for a new one.
  returned: success
  type: str
after:
  description: Schema version that it has now, or would have.
  returned: success
  type: str
pending:
  description: Revisions that were applied, or in check mode would be.
  returned: success
  type: list
  elements: str
seeded:
  description: Whether the seed was executed, or would be.
  returned: success
  type: bool
error_kind:
  description: Class of the failure, such as V(schema_too_new) or V(seed_failed).
  returned: failure
  type: str
"""
