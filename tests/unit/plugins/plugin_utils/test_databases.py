# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the database of a backing service is entered."""

from __future__ import annotations

import pytest

from ansible_collections.tenantry.platform.plugins.plugin_utils.databases import entered


def service(database: str, **environment: str) -> dict:
    return {"name": "db", "database": database, "environment": environment}


@pytest.mark.parametrize(
    ("database", "environment", "user", "name", "password_file"),
    [
        ("postgresql", {}, "postgres", "postgres", None),
        ("postgresql", {"POSTGRES_USER": "app"}, "app", "app", None),
        (
            "postgresql",
            {"POSTGRES_USER": "app", "POSTGRES_DB": "shop", "POSTGRES_PASSWORD_FILE": "/run/secrets/x"},
            "app",
            "shop",
            "/run/secrets/x",
        ),
        (
            "mariadb",
            {"MARIADB_DATABASE": "shop", "MARIADB_USER": "app", "MARIADB_PASSWORD_FILE": "/p"},
            "app",
            "shop",
            "/p",
        ),
        (
            "mariadb",
            {"MYSQL_DATABASE": "shop", "MYSQL_ROOT_PASSWORD_FILE": "/r", "MYSQL_PASSWORD_FILE": "/p"},
            "root",
            "shop",
            "/r",
        ),
    ],
)
def test_the_variables_of_the_official_images_say_it(database, environment, user, name, password_file):
    assert entered(service(database, **environment)) == {
        "engine": database,
        "service": "db",
        "user": user,
        "name": name,
        "password_file": password_file,
    }


def test_a_mariadb_without_a_name_is_refused():
    with pytest.raises(ValueError, match="MARIADB_DATABASE"):
        entered(service("mariadb"))
