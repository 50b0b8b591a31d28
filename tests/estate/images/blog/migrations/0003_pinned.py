# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A column of the busiest table: waits for everybody who holds it."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("posts", "0002_post_writer")]
    operations = [
        migrations.RunSQL(
            "ALTER TABLE posts_post ADD COLUMN pinned boolean NOT NULL DEFAULT false",
            "ALTER TABLE posts_post DROP COLUMN pinned",
        ),
    ]
