# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The operator, the object storage, and the node that the tenants are on now."""

from __future__ import annotations

import secrets
import shutil
import sys
import typing as t
from pathlib import Path

import demo
import demo_check
import hosts
import machine
from customers import ZONE, Customer
from hosts import Host
from over_ssh import Operator
from storage import Storage

HERE = Path(__file__).resolve().parent
#: The longest: a backup of everything, and a restore of it.
PLAYBOOK_SECONDS = 3600


class Ground:
    """Where it all happens.

    :param state: a directory for everything that is on no node.
    :ivar host: the node of all tenants.
    """

    def __init__(self, state: Path) -> None:
        self.state = state
        self.operator = Operator(state, "dr", ZONE, PLAYBOOK_SECONDS)
        self.storage = Storage(state / "storage")
        self.public_key = state / "id_ed25519.pub"
        self.password = secrets.token_hex(12)
        self.count = 0
        self.host: Host

    def prepare(self) -> None:
        """The servers, an operator, and the first node."""
        machine.need({"openssl": "openssl", "ssh": "openssh-client", "dig": "bind9-dnsutils"})
        demo.run(sys.executable, demo.ESTATE, "up", "s3:4.48", "notes:1.0.0")
        # What a run left that was killed.
        hosts.remove_all()
        shutil.rmtree(self.state, ignore_errors=True)
        self.public_key = self.operator.settle_in(HERE / "seed.sql")
        self.storage.start()
        self.operator.environment.update(
            TENANTRY_SECRET_ACCESS_KEY=self.storage.access_key,
            TENANTRY_SECRET_SECRET_KEY=self.storage.secret_key,
            TENANTRY_SECRET_PASSPHRASE=secrets.token_hex(16),
            TENANTRY_SECRET_DATABASE=self.password,
        )
        self.operator.sql("UPDATE repositories SET endpoint = ?", self.storage.endpoint)
        self.host = self.machine()
        self.operator.sql("UPDATE nodes SET address = ?, ipv4 = ?", self.host.address, self.host.address)
        self.make_node()

    def machine(self) -> Host:
        """Another machine, on which there is nothing yet."""
        self.count += 1
        made = Host(f"node{self.count}")
        made.start(self.public_key, self.storage.ca_file)
        self.operator.wait_for_ssh(made.address)
        return made

    def make_node(self) -> None:
        """Make the machine a node, by the collection's own playbook."""
        self.operator.must("nodes", "--limit", self.host.node)
        # What reads volumes, on the node itself.
        self.host.run("apt-get", "install", "--quiet", "--yes", "--no-install-recommends", "restic")

    def move_to(self, host: Host) -> None:
        """Say in the tenant database that the node is lost, and which one takes its place."""
        insert = (
            "INSERT INTO nodes (name, connection, address, ssh_user, ssh_port, python_interpreter, ipv4)"
            " SELECT ?, connection, ?, ssh_user, ssh_port, python_interpreter, ? FROM nodes WHERE name = ?"
        )
        lost, self.host = self.host, host
        self.operator.sql(insert, host.node, host.address, host.address, lost.node)
        for statement in (
            "UPDATE settings SET value = ? WHERE value = ? AND name = 'default_node'",
            "UPDATE zones SET nameserver = ? WHERE nameserver = ?",
            "UPDATE tenants SET node = ? WHERE node = ?",
        ):
            self.operator.sql(statement, host.node, lost.node)
        self.operator.sql("DELETE FROM nodes WHERE name = ?", lost.node)

    def host_tenants(self, customers: t.Sequence[Customer], stack: str) -> None:
        """Deploy them for the first time."""
        for one in customers:
            insert = "INSERT INTO tenants (name, stack, node) VALUES (?, ?, ?)"
            self.operator.sql(insert, one.name, stack, self.host.node)
        self.operator.must("deploy", *limited(customers))

    def asker(self) -> demo_check.Asker:
        """Somebody who uses the tenants."""
        return self.operator.asker(self.host.address)


def limited(customers: t.Iterable[Customer]) -> tuple[str, str]:
    """Arguments of a playbook for these tenants alone."""
    return "--limit", ",".join(one.name for one in customers)
