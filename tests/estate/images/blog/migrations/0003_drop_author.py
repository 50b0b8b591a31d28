# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Contract: author is gone, writer has it. It cannot be undone."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("posts", "0002_post_writer")]
    operations = [
        migrations.RunSQL("UPDATE posts_post SET writer = author WHERE writer IS NULL"),
        migrations.RemoveField("post", "author"),
    ]
