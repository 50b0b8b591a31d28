# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The node made ready, its one tenant, the commands of its operator, and what its users get."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import demo
import demo_check
from node import Node
from over_ssh import TENANTS_ROOT, Operator
from watch import Journal

HERE = Path(__file__).resolve().parent
TENANT, ZONE = "acme", "faults.test"
HOST = f"{TENANT}.{ZONE}"
#: A step waits at most 120 s for containers, and a run for what a killed one left at most 180 s.
PLAYBOOK_SECONDS = 600


class Tenancy(Operator):
    """One tenant on one node.

    :param state: a directory for everything that is no node.
    """

    def __init__(self, state: Path, node: Node) -> None:
        super().__init__(state, "faults", ZONE, PLAYBOOK_SECONDS)
        self.node = node
        self.users: demo_check.Asker
        # The state of the tenant that a plain run was seen to have nothing to do for; empty when nobody knows.
        self.converged = ""
        self.journal: Journal

    # -- the node --------------------------------------------------------------------------------------------------

    def prepare(self) -> None:
        """Make the node, by the collection's own playbooks, unless an earlier run left one."""
        ready = self.state / "ready"
        if ready.exists() and self.node.runs():
            self._meet(ready.read_text(encoding="utf-8"))
            return
        self.remove()
        demo.run(sys.executable, demo.ESTATE, "up")
        address = self.node.start(self.settle_in(HERE / "seed.sql"))
        self.sql("UPDATE nodes SET address = ?, ipv4 = ?", address, address)
        self.wait_for_ssh(address)
        self.must("nodes")
        ready.write_text(address, encoding="utf-8")
        self._meet(address)

    def _meet(self, address: str) -> None:
        self.users = self.asker(address)
        self.journal = Journal(self.node.path(f"{TENANTS_ROOT}/{TENANT}/.deploy/journal.json"))

    def remove(self) -> None:
        """Node and files."""
        self.node.remove()
        shutil.rmtree(self.state, ignore_errors=True)

    # -- what the database says ------------------------------------------------------------------------------------

    def held(self, field: str) -> str | None:
        """What an operator's playbook holds."""
        live = "SELECT value FROM overrides WHERE tenant = ? AND field = ? AND released_at IS NULL ORDER BY id DESC"
        rows = self.sql(live, TENANT, field)
        return str(rows[0][0]) if rows else None

    def release_holds(self) -> None:
        """Nothing is held any more."""
        self.sql(
            "UPDATE overrides SET released_at = CURRENT_TIMESTAMP WHERE tenant = ? AND released_at IS NULL", TENANT
        )

    def operations(self, after: int) -> list[tuple[int, str, str, str, str]]:
        """Sequence, id, action, status and message of the tenant's operations after one."""
        rows = (
            "SELECT sequence, id, action, status, coalesce(message, '') FROM operations "
            "WHERE tenant = ? AND sequence > ? ORDER BY sequence"
        )
        return self.sql(rows, TENANT, after)

    def last_sequence(self) -> int:
        """Of the tenant's operations."""
        return int(self.sql("SELECT coalesce(max(sequence), 0) FROM operations WHERE tenant = ?", TENANT)[0][0])

    # -- what users get --------------------------------------------------------------------------------------------

    def status(self) -> int:
        """Status of one request to the first service; 0 without an answer."""
        return self.users.https(HOST, "/version")[0]

    def version(self, path: str = "/version") -> str | None:
        """The version that answers; None when none does."""
        status, body = self.users.https(HOST, path)
        return str(json.loads(body)["version"]) if status == 200 else None
