# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses of tenant databases: which driver, which file, and where the password comes from."""

from __future__ import annotations

import os
import typing as t

from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError

if t.TYPE_CHECKING:
    from sqlalchemy.engine import URL

PASSWORD_VARIABLE = "TENANTRY_DATABASE_PASSWORD"  # noqa: S105  # its name

# What people write, and the drivers that this collection ships with.
DRIVERS = {
    "sqlite": "sqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mariadb+pymysql",
}

# A password that came from the inventory file (by vault) must reach controller actions without standing in hostvars.
# Task workers are forked from the process that read the inventory, so they find it here.
_passwords: dict[str, str] = {}


def parse(text: str, directory: str | None = None) -> URL:
    """A URL with an installed driver and, for SQLite, an absolute path.

    :param text: for instance ``sqlite:///tenants.sqlite`` or ``postgresql://user@host/name``.
    :param directory: what a relative SQLite path is relative to; the working directory by default.
    :raises TenantryError: ``database_url`` when it is none, ``missing_library`` without SQLAlchemy.
    """
    make_url, argument_error = _sqlalchemy()
    try:
        url = make_url(text)
    except argument_error as error:
        raise TenantryError(
            "the database URL cannot be read: write sqlite:///file, postgresql://user@host/name or "
            "mariadb://user@host/name; the password belongs into the environment variable " + PASSWORD_VARIABLE,
            "database_url",
        ) from error
    if url.drivername in DRIVERS:
        url = url.set(drivername=DRIVERS[url.drivername])
    if url.get_backend_name() not in DRIVERS:
        raise TenantryError(
            f"database URL {public(url)}: {url.get_backend_name()} is not supported: "
            "use sqlite, postgresql, mariadb or mysql",
            "database_url",
        )
    if url.get_backend_name() == "sqlite":
        if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
            raise TenantryError(
                f"database URL {public(url)} names no file: write sqlite:///tenants.sqlite, or sqlite:////absolute/path",
                "database_url",
            )
        path = os.path.join(directory or os.getcwd(), os.path.expanduser(url.database))
        url = url.set(database=os.path.normpath(path))
    return url


def public(url: URL) -> str:
    """The URL as it may stand in messages and hostvars: without password."""
    if url.password is not None:
        url = type(url).create(url.drivername, url.username, None, url.host, url.port, url.database, url.query)
    return url.render_as_string(hide_password=False)


def remember_password(url: URL, password: str | None) -> None:
    """Keep a password for later connections of this process and of those forked from it."""
    if password:
        _passwords[public(url)] = password


def with_password(url: URL) -> URL:
    """The URL to connect with. Where it has no password, libpq still knows PGPASSWORD, ~/.pgpass and services."""
    if url.get_backend_name() == "sqlite":
        return url
    password = url.password or _passwords.get(public(url)) or os.environ.get(PASSWORD_VARIABLE)
    return url.set(password=password) if password else url


def _sqlalchemy() -> tuple[t.Callable[[str], URL], type[Exception]]:
    try:
        from sqlalchemy.engine import make_url
        from sqlalchemy.exc import ArgumentError
    except ImportError as error:
        raise missing("SQLAlchemy", error) from error
    return make_url, ArgumentError


def missing(library: str, error: ImportError) -> TenantryError:
    """The failure of a controller without one of the libraries."""
    import sys

    return TenantryError(
        f"the Python package {library} is not installed for {sys.executable} ({error}): "
        "install the collection's requirements.txt there",
        "missing_library",
        library=library,
    )
