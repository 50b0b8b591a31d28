# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of everything that opens the tenant database."""

from __future__ import annotations


class ModuleDocFragment:
    """Documentation fragment."""

    DOCUMENTATION = r"""
options:
  schema:
    description:
      - Schema that holds the relations, where the database has schemas.
      - A company that has a tenant database of its own offers its rows as views in such a schema.
    type: str
    default: ''
  prefix:
    description: What the names of the relations begin with, such as V(tenantry_).
    type: str
    default: ''
requirements:
  - SQLAlchemy 2
  - psycopg 3 for PostgreSQL, PyMySQL for MariaDB and MySQL
"""
