# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""does half of its work and fails, in a transaction

Revision ID: d1a84f3c6e27
Revises: 8b61e4f0a2c9
Create Date: 2026-03-02 09:00:00
"""

import sqlalchemy as sa
from alembic import op

revision = "d1a84f3c6e27"
down_revision = "8b61e4f0a2c9"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table("tags", sa.Column("name", sa.Text, primary_key=True))
    op.execute("INSERT INTO tags VALUES ('first')")
    op.execute("INSERT INTO tags VALUES ('first')")


def downgrade() -> None:
    op.drop_table("tags")
