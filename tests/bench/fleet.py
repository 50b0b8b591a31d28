# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many tenants of six tiny containers, and what reading and deploying them costs."""

from __future__ import annotations

import json
import os
import sqlite3
import sys
import time
from pathlib import Path

import demo
from cpu import MeasureError, measure
from guests import Guests

HERE = Path(__file__).resolve().parent
PREFIX = "bench-"
NOTHING = "Nothing is to be done on the nodes."
# While a tenant waits for its first health check, others use the cores.
FORKS = 40


def names(count: int) -> list[str]:
    """Names of the first ``count`` tenants."""
    return [f"{PREFIX}{i:03}" for i in range(1, count + 1)]


class Fleet(Guests):
    """The tenants, and the commands of their operator.

    :param state: a directory for everything that is no node.
    """

    def __init__(self, state: Path) -> None:
        super().__init__(state, HERE / "seed.sql", PREFIX)

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
