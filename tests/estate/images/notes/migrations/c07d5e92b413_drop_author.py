# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""contract: author is gone, writer has it

Revision ID: c07d5e92b413
Revises: 8b61e4f0a2c9
Create Date: 2026-03-02 09:00:00
"""

from alembic import op

revision = "c07d5e92b413"
down_revision = "8b61e4f0a2c9"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("UPDATE notes SET writer = author WHERE writer IS NULL")
    op.drop_column("notes", "author")


def downgrade() -> None:
    raise NotImplementedError("c07d5e92b413 cannot be undone: what stood in notes.author is gone")
