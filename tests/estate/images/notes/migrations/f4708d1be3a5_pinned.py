# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""a column of the busiest table: waits for everybody who holds it

Revision ID: f4708d1be3a5
Revises: 8b61e4f0a2c9
Create Date: 2026-03-02 09:00:00
"""

import sqlalchemy as sa
from alembic import op

revision = "f4708d1be3a5"
down_revision = "8b61e4f0a2c9"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("notes", sa.Column("pinned", sa.Boolean, server_default=sa.false(), nullable=False))


def downgrade() -> None:
    op.drop_column("notes", "pinned")
