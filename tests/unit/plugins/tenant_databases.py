# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real SQLite tenant databases for tests."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tempfile
import typing as t
from pathlib import Path

from ansible_collections.tenantry.platform.plugins.plugin_utils import database, database_migrate, inventory, spec
from ansible_collections.tenantry.platform.plugins.plugin_utils import database_queries as queries
from ansible_collections.tenantry.platform.plugins.plugin_utils import spec_places as places

DIGEST = "sha256:" + "a" * 64
SEED = """
INSERT INTO nodes (name, address, ipv4, ipv6) VALUES ('node1', 'node1.example.net', '192.0.2.10', '2001:db8::10');
INSERT INTO zones (name) VALUES ('example.com');
INSERT INTO stacks (name, version) VALUES ('standard', '1.0');
INSERT INTO services (stack, name, image, port, memory)
  VALUES ('standard', 'web', 'registry.example/web', 8080, '128m');
INSERT INTO services (stack, name, kind, image, port)
  VALUES ('standard', 'db', 'backing', 'registry.example/db:15', 5432);
INSERT INTO repositories (name, kind, path, passphrase)
  VALUES ('local', 'posix', '/srv/backup', 'env:TENANTRY_SECRET_BACKUP');
"""


def _make(seed: str) -> bytes:
    with tempfile.TemporaryDirectory(prefix="tenantry-test-") as directory:
        home = Path(directory)
        (home / "seed.sql").write_text(seed, encoding="utf-8")
        database_migrate.upgrade({"url": f"sqlite:///{home / 'made.sqlite'}"}, str(home / "seed.sql"))
        return (home / "made.sqlite").read_bytes()


# Made at import: ansible-test gives every test a process of its own, forked from the one that imported this.
_made = {SEED: _make(SEED)}


class Tenants:
    """A tenant database, written with plain SQL."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.settings = {"url": f"sqlite:///{path}"}

    @classmethod
    def make(cls, directory: Path, seed: str = SEED) -> Tenants:
        """A new one. Most are copies of one that was made once."""
        path = directory / "made.sqlite"
        path.write_bytes(_made.get(seed) or _make(seed))
        return cls(path)

    def sql(self, statement: str, *values: t.Any, checks: bool = True) -> list[t.Any]:
        """One statement.

        :param checks: whether constraints and foreign keys count; in a company's own tables behind views they do not.
        """
        connection = sqlite3.connect(self.path)
        try:
            connection.execute(f"PRAGMA foreign_keys = {int(checks)}")
            connection.execute(f"PRAGMA ignore_check_constraints = {int(not checks)}")
            with connection:
                return connection.execute(statement, values).fetchall()
        finally:
            connection.close()

    def add(self, relation: str, checks: bool = True, **columns: t.Any) -> None:
        """Insert one row."""
        marks = ", ".join("?" for _column in columns)
        statement = f"INSERT INTO {relation} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608  # names of our own
        self.sql(statement, *columns.values(), checks=checks)

    def tenant(self, name: t.Any, checks: bool = True, **columns: t.Any) -> None:
        """Insert a tenant of the stack."""
        self.add("tenants", checks=checks, **{"name": name, "stack": "standard", **columns})

    def rows(self, *where: dict[str, t.Any]) -> queries.Rows:
        """What the inventory reads."""
        return queries.read(database.connect(self.settings), [queries.Filter.of(one) for one in where])

    def fleet(self, *where: dict[str, t.Any], **limits: t.Any) -> spec.Fleet:
        """What the inventory makes of it."""
        return spec.build(self.rows(*where), spec.Limits(places.Registries(**limits)))

    def problems(self, host: str, **limits: t.Any) -> dict[str, str]:
        """By field what is wrong with a tenant; empty for one that is valid."""
        fleet = self.fleet(**limits)
        assert (host in fleet.specs) != (host in fleet.invalid), (host, fleet.invalid)
        return {one["field"]: one["reason"] for one in fleet.invalid.get(host, [])}


def source(settings: t.Mapping[str, t.Any], **options: t.Any) -> inventory.Source:
    """An inventory source with default options."""
    defaults = {
        "database": settings["url"],
        "password": None,
        "schema": "",
        "prefix": "",
        "where": [],
        "registry": None,
        "registries": [],
        "registries_only": False,
        "secret_references": list(places.REFERENCES),
    }
    return inventory.Source.of({**defaults, **options}, "/")


def ansible(command: str, *arguments: t.Any, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the ansible-core that runs the tests, with this collection."""
    # The part of the path before ansible_collections: what imports of this module went through.
    root = Path(spec.__file__.split("/ansible_collections/", maxsplit=1)[0])
    variables = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "TENANTRY_"))}
    variables.update(
        ANSIBLE_COLLECTIONS_PATH=str(root),
        ANSIBLE_HOME=str(cwd / "home"),
        ANSIBLE_LOCALHOST_WARNING="false",
        ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED="true",
        ANSIBLE_DEVEL_WARNING="false",
        LC_ALL="C.UTF-8",
        PYTHONPATH=os.pathsep.join(path for path in sys.path if path),
        PYTHONDONTWRITEBYTECODE="1",
        **environment,
    )
    start = f"import sys; from ansible.cli.{command} import main; sys.exit(main(sys.argv))"
    words = [sys.executable, "-c", start, *map(str, arguments)]
    return subprocess.run(words, capture_output=True, text=True, check=False, cwd=cwd, env=variables)


def plain(value: t.Any) -> t.Any:
    """What ansible-inventory lists, without the marks of unsafe strings."""
    if isinstance(value, dict):
        if set(value) == {"__ansible_unsafe"}:
            return value["__ansible_unsafe"]
        return {key: plain(one) for key, one in value.items()}
    return [plain(one) for one in value] if isinstance(value, list) else value
