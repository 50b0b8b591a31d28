# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""expand: writer, which author will be called

Revision ID: 8b61e4f0a2c9
Revises: 3f2a9c51d7e0
Create Date: 2026-02-09 09:00:00
"""

import sqlalchemy as sa
from alembic import op

revision = "8b61e4f0a2c9"
down_revision = "3f2a9c51d7e0"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("notes", sa.Column("writer", sa.Text))
    op.execute("UPDATE notes SET writer = author")


def downgrade() -> None:
    op.drop_column("notes", "writer")
