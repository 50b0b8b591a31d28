# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Django's settings; the database is the tenant's, from the environment of the container."""

import os
import pathlib


def _secret(name: str) -> str:
    path = os.environ.get(f"{name}_FILE")
    return pathlib.Path(path).read_text(encoding="utf-8").rstrip("\n") if path else ""


# Nothing is signed here: it has no sessions and no forms.
SECRET_KEY = "-"
ALLOWED_HOSTS = ["*"]
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "posts"]
ROOT_URLCONF = "blog.urls"
WSGI_APPLICATION = "blog.wsgi.application"
USE_I18N = False
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

_USER = os.environ.get("DATABASE_USER") or "app"
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": os.environ.get("DATABASE_HOST") or "127.0.0.1",
        "PORT": os.environ.get("DATABASE_PORT") or "5432",
        "NAME": os.environ.get("DATABASE_NAME") or _USER,
        "USER": _USER,
        "PASSWORD": _secret("DATABASE_PASSWORD"),
        "OPTIONS": {"connect_timeout": 3, "application_name": "blog"},
    }
}
