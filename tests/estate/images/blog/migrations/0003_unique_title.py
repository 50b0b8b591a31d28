# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An index without a lock: two posts of one title leave it behind as INVALID."""

from django.db import migrations


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("posts", "0002_post_writer")]
    operations = [
        migrations.RunSQL(
            "CREATE UNIQUE INDEX CONCURRENTLY posts_title ON posts_post (title)", "DROP INDEX posts_title"
        ),
    ]
