# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of posts, changed after it was applied somewhere."""

from django.db import migrations, models
from django.db.models.functions import Now


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            name="Post",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("title", models.TextField()),
                ("body", models.TextField()),
                ("author", models.TextField(null=True)),
                ("created_at", models.DateTimeField(db_default=Now())),
            ],
        ),
        migrations.RunSQL(
            "ALTER TABLE posts_post ADD COLUMN source text DEFAULT 'web'", "ALTER TABLE posts_post DROP COLUMN source"
        ),
    ]
