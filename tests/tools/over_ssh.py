# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An operator who reaches nodes over SSH: tenant database, inventory, configuration, and the playbooks."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
import typing as t
from pathlib import Path

import demo
import demo_check
import guests

REGISTRY = "tenantry-estate-registry:5000"
TENANTS_ROOT = "/srv/tenantry"
EDGE_ROOT = "/srv/tenantry-edge"
ASK_SECONDS = 5.0
#: A playbook that is told to end ends what it started.
END_SECONDS = 20.0


class Run(t.NamedTuple):
    """How a playbook ended and what it printed."""

    code: int
    text: str

    @property
    def why(self) -> str:
        """What it said of its failure."""
        failed = [line for line in self.text.splitlines() if line.startswith(("fatal:", "[ERROR]"))]
        return failed[-1][:300] if failed else ""


def wait_for(condition: t.Callable[[], t.Any], seconds: float, what: str) -> None:
    """Wait until something is true.

    :raises RuntimeError: when it does not become true.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise RuntimeError(f"{what} did not come within {seconds:g} s")
        time.sleep(0.1)


class Operator:
    """Everything that an operator has on a machine of his own.

    :param state: a directory for it.
    :param purpose: by which its connections and certificates are told from those of others.
    :param zone: of the tenants.
    :param seconds: that a playbook may take.
    """

    def __init__(self, state: Path, purpose: str, zone: str, seconds: float) -> None:
        self.state = state
        self.purpose = purpose
        self.zone = zone
        self.seconds = seconds
        self.database = state / "database"
        self.inventory = state / "inventory"
        self.control = f"{socket.gethostname()}-tenantry-{purpose}"
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
        self.environment = {
            **inherited,
            "ANSIBLE_CONFIG": str(state / "ansible.cfg"),
            "TENANTRY_DATABASE": f"sqlite:///{self.database / 'tenants.sqlite'}",
        }

    def settle_in(self, seed: Path) -> Path:
        """Key, certificates, configuration and a tenant database; the file of the public key.

        :param seed: SQL that fills the database.
        """
        self.state.mkdir(parents=True)
        key = self.state / "id_ed25519"
        demo.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", self.purpose, "-f", key)
        demo.PKI = self.state / "pki"
        demo.certificates([self.zone, f"*.{self.zone}"])
        self._write()
        variables = {"database_url": self.environment["TENANTRY_DATABASE"], "database_seed": str(seed)}
        self.must("database", "-i", "localhost,", "-e", json.dumps(variables))
        return key.with_suffix(".pub")

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
            "nameserver_zones": [{"name": self.zone, "nameservers": [f"ns1.{self.zone}."]}],
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

    def asker(self, address: str) -> demo_check.Asker:
        """Somebody who uses the tenants of a node."""
        return demo_check.Asker({"https": 443, "dns": 53}, self.state / "pki" / "ca.crt", address, ASK_SECONDS)

    @staticmethod
    def wait_for_ssh(address: str) -> None:
        """Wait until a machine can be logged in to."""

        def answers() -> bool:
            try:
                with socket.create_connection((address, 22), ASK_SECONDS) as connection:
                    return connection.recv(4) == b"SSH-"
            except OSError:
                return False

        wait_for(answers, 60, "the machine's SSH")

    # -- playbooks and the tenant database -------------------------------------------------------------------------

    def start(self, playbook: str, *arguments: str, log: str = "started") -> subprocess.Popen[str]:
        """Start a playbook, in a process group of its own.

        :param log: of its own, too: what a killed one leaves working writes on into it.
        """
        with self._log(log).open("w", encoding="utf-8") as stream:
            return subprocess.Popen(
                ["ansible-playbook", f"tenantry.platform.{playbook}", *arguments],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                text=True,
            )

    def ended(self, process: subprocess.Popen[str], log: str = "started") -> Run:
        """Wait for a playbook that was started. Ctrl-C reaches it through us, before what it made is taken away."""
        try:
            code = process.wait(self.seconds)
        finally:
            _end(process)
        return Run(code, self._log(log).read_text(encoding="utf-8", errors="replace"))

    def play(self, playbook: str, *arguments: str) -> Run:
        """Run a playbook to its end."""
        return self.ended(self.start(playbook, *arguments, log=playbook), playbook)

    def must(self, playbook: str, *arguments: str) -> Run:
        """The same, where only success will do.

        :raises RuntimeError: with what it said of its failure.
        """
        run = self.play(playbook, *arguments)
        if run.code:
            raise RuntimeError(f"{playbook} ended with {run.code}, see {self._log(playbook)}: {run.why}")
        return run

    def _log(self, name: str) -> Path:
        return self.state / f"{name}.log"

    def sql(self, statement: str, *values: t.Any) -> list[t.Any]:
        """One statement on the tenant database."""
        return guests.execute(self.database / "tenants.sqlite", statement, *values)


def _end(process: subprocess.Popen[str]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is not None:
            return
        os.killpg(process.pid, number)
        try:
            process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            continue
