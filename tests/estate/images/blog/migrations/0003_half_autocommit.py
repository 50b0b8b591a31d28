# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Does half of its work and fails, without a transaction."""

from django.db import migrations


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("posts", "0002_post_writer")]
    operations = [
        migrations.RunSQL("CREATE TABLE tags (name text PRIMARY KEY)", "DROP TABLE tags"),
        migrations.RunSQL("INSERT INTO tags VALUES ('first')", migrations.RunSQL.noop),
        migrations.RunSQL("INSERT INTO tags VALUES ('first')", migrations.RunSQL.noop),
    ]
