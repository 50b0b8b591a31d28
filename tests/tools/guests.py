# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tenants of our own on the demo's node, from a tenant database of our own: a node with a proxy and a name server."""

from __future__ import annotations

import json
import shutil
import sqlite3
import sys
import typing as t
from pathlib import Path

import demo
import leftovers
import machine


def execute(database: Path, statement: str, *values: t.Any) -> list[t.Any]:
    """One statement on a tenant database; its rows."""
    connection = sqlite3.connect(database, timeout=30)
    try:
        with connection:
            connection.execute("PRAGMA foreign_keys=ON")
            return connection.execute(statement, values).fetchall()
    finally:
        connection.close()


class Guests:
    """The tenants, and the commands of their operator.

    :param state: a directory for everything that is no node.
    :param seed: SQL that fills the new database.
    :param prefix: what the names of the tenants begin with.
    """

    def __init__(self, state: Path, seed: Path, prefix: str) -> None:
        self.state = state
        self.seed = seed
        self.prefix = prefix
        self.database = state / "tenants.sqlite"
        self.settings: dict[str, str] = {}
        self.ports: dict[str, int] = {}
        self.registry = ""
        # A demo that ran before goes on running, with its node.
        self.node_is_ours = not demo.SETTINGS.exists()

    def play(self, name: str, *arguments: str, **environment: str) -> t.Any:
        """Run a playbook of the collection, which must succeed."""
        raise NotImplementedError

    def sql(self, statement: str, *values: t.Any) -> list[t.Any]:
        """One statement on the tenant database."""
        return execute(self.database, statement, *values)

    def prepare(self) -> None:
        """Servers, an empty fleet, and the node made ready by the collection's own playbooks."""
        demo.STATE.mkdir(parents=True, exist_ok=True)
        machine.need({"openssl": "openssl"})
        demo.run(sys.executable, demo.ESTATE, "up")
        estate = demo.read_estate()
        self.registry = estate["registry"]
        self.ports = demo.choose_ports()
        demo.certificates([demo.ZONE, f"*.{demo.ZONE}"])
        demo.inventory(self.ports, estate)
        demo.configuration()
        self.settings = {
            **demo.environment(),
            "ANSIBLE_INVENTORY": str(demo.INVENTORY / "tenants.yml"),
            "ANSIBLE_VAULT_PASSWORD_FILE": str(demo.INVENTORY / "vault-password"),
            "ANSIBLE_NOCOLOR": "1",
            "TENANTRY_DATABASE": f"sqlite:///{self.database}",
            "TENANTRY_REGISTRY": self.registry,
        }
        # An operator's ansible keeps what it compiled.
        self.settings.pop("PYTHONDONTWRITEBYTECODE", None)
        variables = {"database_url": self.settings["TENANTRY_DATABASE"], "database_seed": str(self.seed)}
        self.play("database", "-i", "localhost,", "-e", json.dumps(variables))
        self.play("nodes")

    def remove(self) -> None:
        """Everything of the tenants; of the node too, when it was made for them."""
        leftovers.remove("tenantry.tenant", self.prefix)
        if self.node_is_ours:
            demo.remove_node()
            shutil.rmtree(demo.STATE, ignore_errors=True)
        else:
            self._withdraw()

    def _withdraw(self) -> None:
        """From the directories of a node that goes on, and from its name server."""
        if not self.database.exists():
            return
        for (name,) in self.sql("SELECT name FROM tenants"):
            shutil.rmtree(demo.STATE / "tenants" / name, ignore_errors=True)
            (demo.STATE / "edge" / "dynamic" / f"{name}.yml").unlink(missing_ok=True)
        self.sql("UPDATE tenants SET state = 'removed'")
        self.play("deploy")
