# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Machines that become nodes, each with an engine and volumes of its own, and that are destroyed with all of it."""

from __future__ import annotations

import json
import subprocess
import time
import typing as t
from pathlib import Path

import bare_machine
from over_ssh import EDGE_ROOT, TENANTS_ROOT

IMAGE = "tenantry-estate/machine:bookworm"
LABEL = "tenantry.dr"
CA_FILE = "/etc/tenantry/backup-ca.crt"
SPOOL = "/var/lib/tenantry/backup"


class Host:
    """One machine.

    :param node: the name of the node that it becomes.
    """

    def __init__(self, node: str) -> None:
        self.node = node
        self.name = f"tenantry-dr-{node}"
        self.address = ""

    def start(self, public_key: Path, authority: Path) -> None:
        """Start it, bare.

        :param authority: certificate by which its tenants know the object storage.
        """
        self.address = bare_machine.start(self.name, IMAGE, public_key, f"{LABEL}=node")
        self.run("mkdir", "-p", str(Path(CA_FILE).parent))
        self.put(authority, CA_FILE)

    def destroy(self) -> float:
        """Kill its engine and everything else in it, with all volumes; when nothing of it answered any more."""
        self.run("sh", "-c", "kill -KILL $(cat /run/docker.pid)")
        bare_machine.docker("kill", "--signal=KILL", self.name)
        killed = time.time()
        bare_machine.remove(self.name)
        return killed

    def run(self, *command: str, given: bytes | None = None, seconds: float = 600) -> str:
        """Output of a command on it.

        :param given: for its standard input.
        :raises RuntimeError: when it fails.
        """
        words = ["docker", "exec", *(["--interactive"] if given is not None else []), self.name, *command]
        done = subprocess.run(words, input=given, capture_output=True, check=False, timeout=seconds)
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip()[-1000:]
            raise RuntimeError(f"on {self.node}: {' '.join(command)[:200]}: {said}")
        return done.stdout.decode(errors="replace")

    def put(self, file: Path, path: str) -> None:
        """Copy a file of this machine onto it."""
        bare_machine.docker("cp", str(file), f"{self.name}:{path}")

    # -- its tenants -----------------------------------------------------------------------------------------------

    def container(self, tenant: str, service: str) -> str:
        """Id of the running container of a service.

        :raises RuntimeError: when there is not exactly one.
        """
        labels = [f"--filter=label=tenantry.{key}={value}" for key, value in (("tenant", tenant), ("service", service))]
        found = self.run("docker", "ps", "--quiet", "--filter=status=running", *labels).split()
        if len(found) != 1:
            raise RuntimeError(f"service {service} of {tenant} on {self.node} has {len(found)} running containers")
        return found[0]

    def inside(self, tenant: str, service: str, *command: str, given: bytes | None = None) -> str:
        """Output of a command in the container of a service, as root of it where it reads from us."""
        options = ["--interactive", "--user=0"] if given is not None else []
        return self.run("docker", "exec", *options, self.container(tenant, service), *command, given=given)

    def psql(self, tenant: str, statement: str) -> str:
        """What a tenant's database answers."""
        return self.inside(tenant, "server", "psql", "-X", "-q", "-A", "-t", "-U", "app", "-c", statement).strip()

    def inspect(self, tenant: str, service: str) -> dict[str, t.Any]:
        """What the engine says of the container of a service."""
        return t.cast("dict[str, t.Any]", json.loads(self.run("docker", "inspect", self.container(tenant, service)))[0])

    def lose(self, tenant: str) -> None:
        """Remove everything of a tenant, as if the node were new to it. Images stay."""
        label = f"--filter=label=tenantry.tenant={tenant}"
        for kind, listing, removal in (
            ("container", ["ls", "--all"], ["rm", "--force", "--volumes"]),
            ("network", ["ls"], ["rm"]),
            ("volume", ["ls"], ["rm"]),
        ):
            found = self.run("docker", kind, *listing, "--quiet", label).split()
            if found:
                self.run("docker", kind, *removal, *found)
        places = [f"{TENANTS_ROOT}/{tenant}", f"{EDGE_ROOT}/dynamic/{tenant}.yml", f"{SPOOL}/{tenant}"]
        self.run("rm", "-rf", *places)


def remove_all() -> None:
    """Machines and object storage of this run, and of one that was killed."""
    for name in bare_machine.docker("ps", "--all", "--quiet", f"--filter=label={LABEL}").split():
        bare_machine.remove(name)
