# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""an index without a lock: two notes of one title leave it behind as INVALID

Revision ID: a52c9e67104f
Revises: 8b61e4f0a2c9
Create Date: 2026-03-02 09:00:00
"""

from alembic import op

revision = "a52c9e67104f"
down_revision = "8b61e4f0a2c9"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.create_index("notes_title", "notes", ["title"], unique=True, postgresql_concurrently=True)


def downgrade() -> None:
    op.drop_index("notes_title", "notes")
