# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The node made ready, its one tenant, the commands of its operator, and what its users get."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import typing as t
from pathlib import Path

import demo
import demo_check
import guests
from node import TENANTS_ROOT, Node
from watch import Journal, wait_for

HERE = Path(__file__).resolve().parent
TENANT, ZONE = "acme", "faults.test"
HOST = f"{TENANT}.{ZONE}"
REGISTRY = "tenantry-estate-registry:5000"
EDGE_ROOT = "/srv/tenantry-edge"
#: A step waits at most 120 s for containers, and a run for what a killed one left at most 180 s.
PLAYBOOK_SECONDS = 600
ASK_SECONDS = 5.0


class Run(t.NamedTuple):
    """How a playbook ended and what it printed."""

    code: int
    text: str

    @property
    def why(self) -> str:
        """What it said of its failure."""
        failed = [line for line in self.text.splitlines() if line.startswith(("fatal:", "[ERROR]"))]
        return failed[-1][:300] if failed else ""


class Tenancy:
    """One tenant on one node.

    :param state: a directory for everything that is no node.
    """

    def __init__(self, state: Path, node: Node) -> None:
        self.state = state
        self.node = node
        self.database = state / "database"
        self.inventory = state / "inventory"
        self.control = f"{socket.gethostname()}-tenantry-faults"
        self.asker: demo_check.Asker
        # The state of the tenant that a plain run was seen to have nothing to do for; empty when nobody knows.
        self.converged = ""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
        self.environment = {
            **inherited,
            "ANSIBLE_CONFIG": str(state / "ansible.cfg"),
            "TENANTRY_DATABASE": f"sqlite:///{self.database / 'tenants.sqlite'}",
        }
        self.journal: Journal

    # -- the node --------------------------------------------------------------------------------------------------

    def prepare(self) -> None:
        """Make the node, by the collection's own playbooks, unless an earlier run left one."""
        ready = self.state / "ready"
        if ready.exists() and self.node.runs():
            self._meet(ready.read_text(encoding="utf-8"))
            return
        self.remove()
        self.state.mkdir(parents=True)
        demo.run(sys.executable, demo.ESTATE, "up")
        key = self.state / "id_ed25519"
        demo.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "faults", "-f", key)
        address = self.node.start(key.with_suffix(".pub"))
        demo.PKI = self.state / "pki"
        demo.certificates([ZONE, f"*.{ZONE}"])
        self._write()
        variables = {
            "database_url": self.environment["TENANTRY_DATABASE"],
            "database_seed": str(HERE / "seed.sql"),
        }
        self.must("database", "-i", "localhost,", "-e", json.dumps(variables))
        self.sql("UPDATE nodes SET address = ?, ipv4 = ?", address, address)
        self._wait_for_ssh(address)
        self.must("nodes")
        ready.write_text(address, encoding="utf-8")
        self._meet(address)

    def _meet(self, address: str) -> None:
        self.asker = demo_check.Asker({"https": 443, "dns": 53}, self.state / "pki" / "ca.crt", address, ASK_SECONDS)
        self.journal = Journal(self.node.path(f"{TENANTS_ROOT}/{TENANT}/.deploy/journal.json"))

    def _write(self) -> None:
        """Configuration and inventory."""
        self.database.mkdir()
        (self.inventory / "group_vars").mkdir(parents=True)
        plugins = '{{range .ClientInfo.Plugins}}{{if eq .Name "compose"}}{{.Path}}{{end}}{{end}}'
        compose = demo_check.docker("info", "--format", plugins)
        pki = self.state / "pki"
        variables = {
            "tenantry_root": TENANTS_ROOT,
            "ansible_ssh_common_args": f"-F {self.state / 'ssh_config'}",
            "node_insecure_registries": [REGISTRY],
            "node_compose_binary": compose,
            "edge_root": EDGE_ROOT,
            "edge_image": f"{REGISTRY}/tenantry/traefik:3.7.15",
            "edge_certificates": [{"cert": str(pki / "demo.crt"), "key": str(pki / "demo.key")}],
            "nameserver_image": f"{REGISTRY}/tenantry/powerdns:4.7",
            "nameserver_zones": [{"name": ZONE, "nameservers": [f"ns1.{ZONE}."]}],
        }
        (self.inventory / "group_vars" / "all.yml").write_text(json.dumps(variables, indent=1), encoding="utf-8")
        plugin = {
            "plugin": "tenantry.platform.tenants",
            "database": self.environment["TENANTRY_DATABASE"],
            "registries": [REGISTRY],
        }
        (self.inventory / "tenants.yml").write_text(json.dumps(plugin, indent=1), encoding="utf-8")
        lines = [
            "Host *",
            f"  IdentityFile {self.state / 'id_ed25519'}",
            "  IdentitiesOnly yes",
            "  StrictHostKeyChecking no",
            "  UserKnownHostsFile /dev/null",
            "  LogLevel ERROR",
            "  ControlMaster auto",
            f"  ControlPath /tmp/{self.control}-%C",
            "  ControlPersist 60",
        ]
        (self.state / "ssh_config").write_text("\n".join(lines) + "\n", encoding="utf-8")
        lines = [
            "[defaults]",
            f"inventory = {self.inventory / 'tenants.yml'}",
            f"collections_path = {demo.collections_path()}",
            "localhost_warning = false",
            "nocows = true",
            "nocolor = true",
            "[inventory]",
            "unparsed_is_failed = true",
        ]
        (self.state / "ansible.cfg").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def _wait_for_ssh(self, address: str) -> None:
        def answers() -> bool:
            try:
                with socket.create_connection((address, 22), ASK_SECONDS) as connection:
                    return connection.recv(4) == b"SSH-"
            except OSError:
                return False

        wait_for(answers, 60, "the machine's SSH")

    def remove(self) -> None:
        """Node and files."""
        self.node.remove()
        shutil.rmtree(self.state, ignore_errors=True)

    # -- the operator ----------------------------------------------------------------------------------------------

    def command(self, playbook: str, *arguments: str) -> list[str]:
        return ["ansible-playbook", f"tenantry.platform.{playbook}", *arguments]

    def start(self, playbook: str, *arguments: str) -> subprocess.Popen[str]:
        """Start a playbook, in a process group of its own."""
        log = (self.state / "faulted.log").open("w", encoding="utf-8")
        with log:
            return subprocess.Popen(
                self.command(playbook, *arguments),
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                text=True,
            )

    def ended(self, process: subprocess.Popen[str]) -> Run:
        """Wait for a playbook that was started."""
        code = process.wait(PLAYBOOK_SECONDS)
        return Run(code, (self.state / "faulted.log").read_text(encoding="utf-8"))

    def play(self, playbook: str, *arguments: str) -> Run:
        """Run a playbook to its end."""
        done = subprocess.run(
            self.command(playbook, *arguments),
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PLAYBOOK_SECONDS,
            check=False,
        )
        return Run(done.returncode, done.stdout)

    def must(self, playbook: str, *arguments: str) -> Run:
        """The same, where only success will do.

        :raises RuntimeError: with what it said of its failure.
        """
        run = self.play(playbook, *arguments)
        if run.code:
            log = self.state / f"{playbook}.log"
            log.write_text(run.text, encoding="utf-8")
            raise RuntimeError(f"{playbook} ended with {run.code}, see {log}: {run.why}")
        return run

    def sql(self, statement: str, *values: t.Any) -> list[t.Any]:
        """One statement on the tenant database."""
        return guests.execute(self.database / "tenants.sqlite", statement, *values)

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
        return self.asker.https(HOST, "/version")[0]

    def version(self, path: str = "/version") -> str | None:
        """The version that answers; None when none does."""
        status, body = self.asker.https(HOST, path)
        return str(json.loads(body)["version"]) if status == 200 else None
