# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Expand: writer, which author will be called."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("posts", "0001_initial")]
    operations = [
        migrations.AddField("post", "writer", models.TextField(null=True)),
        migrations.RunSQL("UPDATE posts_post SET writer = author", migrations.RunSQL.noop),
    ]
