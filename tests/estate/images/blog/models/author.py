# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The model before the expansion."""

from django.db import models
from django.db.models.functions import Now


class Post(models.Model):
    """A post."""

    title = models.TextField()
    body = models.TextField()
    author = models.TextField(null=True)
    created_at = models.DateTimeField(db_default=Now())
