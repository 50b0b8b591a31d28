# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A node with a proxy and a name server, and tenants of our own on it, from a tenant database of our own."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import sys
import time
from pathlib import Path

import demo
import leftovers
import machine
from cpu import MeasureError, measure

HERE = Path(__file__).resolve().parent
PREFIX = "bench-"
NOTHING = "Nothing is to be done on the nodes."
# While a tenant waits for its first health check, others use the cores.
FORKS = 40


def names(count: int) -> list[str]:
    """Names of the first ``count`` tenants."""
    return [f"{PREFIX}{i:03}" for i in range(1, count + 1)]


class Fleet:
    """The tenants, and the commands of their operator.

    :param state: a directory for everything that is no node.
    """

    def __init__(self, state: Path) -> None:
        self.state = state
        self.database = state / "tenants.sqlite"
        self.settings: dict[str, str] = {}
        self.ports: dict[str, int] = {}
        self.registry = ""
        # A demo that ran before goes on running, with its node.
        self.node_is_ours = not demo.SETTINGS.exists()

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
        variables = {"database_url": self.settings["TENANTRY_DATABASE"], "database_seed": str(HERE / "seed.sql")}
        self.play("database", "-i", "localhost,", "-e", json.dumps(variables))
        self.play("nodes")

    def play(self, name: str, *arguments: str, **environment: str) -> tuple[float, str]:
        """CPU seconds and output of a playbook of the collection."""
        command = ["ansible-playbook", f"tenantry.platform.{name}", *arguments]
        return measure(command, {**self.settings, **environment}, self.state / f"{name}.log")

    def grow(self, count: int) -> float:
        """Deploy until there are ``count`` tenants; the wall seconds that it took."""
        began = time.monotonic()
        with sqlite3.connect(self.database, timeout=30) as connection:
            rows = [(name,) for name in names(count)]
            connection.executemany("INSERT OR IGNORE INTO tenants (name, stack) VALUES (?, 'bench')", rows)
        waiting = {"tenant_wait_timeout": 900, "tenant_route_timeout": 300}
        self.play("deploy", "-e", json.dumps(waiting), ANSIBLE_FORKS=str(FORKS))
        return time.monotonic() - began

    def deploy_nothing(self, count: int) -> float:
        """CPU seconds of a deploy that finds everything as it must be.

        :raises MeasureError: when there was something to do after all.
        """
        spent, text = self.play("deploy")
        if NOTHING not in text or f"{count} in sync" not in text:
            raise MeasureError(f"{count} tenants should have been in sync; the deploy printed:\n{text[-3000:]}")
        return spent

    def read_raw(self, count: int) -> float:
        """CPU seconds of the same reads without us."""
        options = {
            "edge": str(self.ports["edge_api"]),
            "nameserver": str(self.ports["dns_api"]),
            "api-key-file": str(demo.STATE / "nameserver" / "api-key"),
            "zone": demo.ZONE,
            "tenants": PREFIX,
        }
        command = [
            sys.executable,
            str(HERE / "raw_reads.py"),
            *(f"--{name}={value}" for name, value in options.items()),
        ]
        spent, text = measure(command, dict(os.environ), self.state / "raw_reads.log")
        if json.loads(text)["inspected"] != 6 * count:
            raise MeasureError(f"{6 * count} containers should have been inspected: {text}")
        return spent

    def remove(self) -> None:
        """Everything of the tenants; of the node too, when it was made for them."""
        leftovers.remove("tenantry.tenant", PREFIX)
        if self.node_is_ours:
            demo.remove_node()
            shutil.rmtree(demo.STATE, ignore_errors=True)
        else:
            self._withdraw()

    def _withdraw(self) -> None:
        """From the directories of a node that goes on, and from its name server."""
        if not self.database.exists():
            return
        for name in names(999):
            shutil.rmtree(demo.STATE / "tenants" / name, ignore_errors=True)
            (demo.STATE / "edge" / "dynamic" / f"{name}.yml").unlink(missing_ok=True)
        with sqlite3.connect(self.database, timeout=30) as connection:
            connection.execute("UPDATE tenants SET state = 'removed'")
        self.play("deploy")
