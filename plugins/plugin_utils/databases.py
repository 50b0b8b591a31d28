# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the database of a backing service is entered, from the variables that its image is started with.

The names are those of the official images, which others follow.
"""

from __future__ import annotations

import typing as t

from ansible_collections.tenantry.platform.plugins.module_utils.backup_pgbackrest_conf import Cluster

Service = t.Mapping[str, t.Any]

#: Those that have a schema to migrate.
WITH_SCHEMA = ("postgresql", "mariadb")

_PREFIXES = {"postgresql": ("POSTGRES_",), "mariadb": ("MARIADB_", "MYSQL_"), "redis": ("REDIS_",)}


def entered(service: Service) -> dict[str, t.Any]:
    """The option ``database`` of the module ``migration``, but for its project: ``engine``, ``service``, ``user`` …

    :param service: of a spec, with ``database`` among :data:`WITH_SCHEMA`.
    :raises ValueError: what is missing.
    """
    engine = str(service["database"])
    given = _given(service, engine)
    if engine == "postgresql":
        user = given("USER") or "postgres"
        name = given("DB") or user
    else:
        user = given("USER") or "root"
        name = given("DATABASE") or ""
        if not name:
            raise ValueError("has no variable MARIADB_DATABASE, so that nobody knows which database it is")
    return {
        "engine": engine,
        "service": str.__str__(service["name"]),
        "user": user,
        "name": name,
        "password_file": given("PASSWORD_FILE") if user != "root" else given("ROOT_PASSWORD_FILE"),
    }


def administered(service: Service) -> dict[str, t.Any]:
    """The option ``database`` of the modules of backups: ``user``, ``name`` and ``password_file``.

    A backup holds the roles or accounts of the server, too, so that it is entered as who may read those.

    :param service: of a spec, with a ``database``.
    :raises ValueError: what is missing.
    """
    engine = str(service["database"])
    given = _given(service, engine)
    if engine == "redis":
        return {"user": "default", "name": None, "password_file": given("PASSWORD_FILE")}
    account = entered(service)
    if engine == "mariadb":
        account.update(user="root", password_file=given("ROOT_PASSWORD_FILE"))
    return {key: account[key] for key in ("user", "name", "password_file")}


def cluster(tenant: str, service: Service) -> Cluster:
    """The PostgreSQL of a service as pgBackRest in its container reaches it.

    :raises TenantryError: ``invalid``.
    """
    account = administered({**service, "database": "postgresql"})
    path = service["environment"].get("PGDATA") or Cluster.data_path
    return Cluster(tenant, str.__str__(service["name"]), str.__str__(path).rstrip("/"), user=account["user"])


def _given(service: Service, engine: str) -> t.Callable[[str], str | None]:
    """What a variable of the service says, by the end of its name."""
    environment = service["environment"]

    def given(name: str) -> str | None:
        found = (environment.get(prefix + name) for prefix in _PREFIXES[engine])
        return next((str.__str__(value) for value in found if value), None)

    return given
