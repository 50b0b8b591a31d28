# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fleet of its own, with its own tenant database, on the node, proxy and name server that the demo set up."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import typing as t
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# The collection itself lies where its operators have it.
sys.path[:0] = [str(ROOT / "tests" / "tools"), *os.environ.get("ANSIBLE_COLLECTIONS_PATH", "").split(os.pathsep)]

import demo  # noqa: E402  # found through the line above
import demo_check  # noqa: E402
import guests  # noqa: E402

STATE = Path(os.environ.get("TENANTRY_E2E_STATE") or ROOT / "build" / "e2e")
CORES = {"newest": ROOT / "build" / "venv", "oldest": ROOT / "build" / "venv-2.16"}


@dataclasses.dataclass
class Run:
    """What a command printed and how it ended."""

    code: int
    text: str


@dataclasses.dataclass
class Fleet:
    """Tenants in a database, and the commands of an operator."""

    environment: dict[str, str]
    database: Path
    tenants_root: Path
    ports: dict[str, int]
    asker: demo_check.Asker
    patience: float = 300  # seconds that a playbook has

    def command(self, playbook: str, *arguments: str) -> list[str]:
        """Command line of a playbook of the collection, or of a file."""
        name = playbook if "/" in playbook else f"tenantry.platform.{playbook}"
        return ["ansible-playbook", name, *arguments]

    def play(self, playbook: str, *arguments: str, core: str = "newest", **environment: str) -> Run:
        """Run a playbook to its end."""
        settings = self.settings(core, **environment)
        command = self.command(playbook, *arguments)
        done = subprocess.run(command, env=settings, capture_output=True, text=True, timeout=self.patience, check=False)
        print("$", " ".join(command), "->", done.returncode)
        print(done.stdout, done.stderr)
        return Run(done.returncode, done.stdout + done.stderr)

    def settings(self, core: str, **environment: str) -> dict[str, str]:
        """Environment of a command under one ansible-core."""
        path = f"{CORES[core] / 'bin'}:{os.environ['PATH']}"
        return {**self.environment, "PATH": path, **environment}

    def sql(self, statement: str, *values: t.Any) -> list[t.Any]:
        """One plain SQL statement on the tenant database."""
        return guests.execute(self.database, statement, *values)

    def add(self, name: str, **columns: t.Any) -> str:
        """Insert a tenant of the stack ``tiny``; its name."""
        names = ["name", "stack", *columns]
        marks = ", ".join("?" * len(names))
        insert = f"INSERT INTO tenants ({', '.join(names)}) VALUES ({marks})"  # noqa: S608  # names of our own
        self.sql(insert, name, "tiny", *columns.values())
        return name

    def version(self, name: str) -> str:
        """What a user gets: status, tenant and version."""
        status, body = self.asker.https(f"{name}.{demo.ZONE}", "/version")
        if status != 200:
            return str(status)
        answer = json.loads(body)
        return f"{answer['tenant']} {answer['version']}"

    def containers(self, name: str = "") -> dict[str, str]:
        """Id and start of each container of a tenant, or of all tenants of this fleet."""
        label = f"label=tenantry.tenant={name}" if name else "label=tenantry.managed=true"
        ids = demo_check.docker("ps", "-aq", "--no-trunc", "--filter", label).split()
        found = json.loads(demo_check.docker("inspect", *ids)) if ids else []
        mine = [one for one in found if one["Config"]["Labels"].get("tenantry.tenant", "").startswith("e2e-")]
        return {one["Name"].lstrip("/"): f"{one['Id']} {one['State']['StartedAt']}" for one in mine}

    def current(self, name: str) -> str:
        """Id of the current release on disk."""
        return os.path.basename(os.readlink(self.tenants_root / name / "current"))

    def journal(self, name: str) -> dict[str, t.Any]:
        """The journal on the node; empty when there is none."""
        try:
            return json.loads((self.tenants_root / name / ".deploy" / "journal.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}

    def start(self, playbook: str, *arguments: str, core: str = "newest") -> subprocess.Popen[str]:
        """Start a playbook in a session of its own, to be killed."""
        return subprocess.Popen(
            self.command(playbook, *arguments),
            env=self.settings(core),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            text=True,
        )


def kill(process: subprocess.Popen[str]) -> None:
    """SIGKILL for a run and everything it started."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def wait_for(condition: t.Callable[[], t.Any], seconds: float = 60) -> t.Any:
    """The first true value of ``condition``."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"{condition} did not come true within {seconds} s")


SEED = Path(__file__).parent / "seed.sql"


@pytest.fixture(scope="session")
def fleet() -> t.Iterator[Fleet]:
    """An empty fleet beside the demo's; whatever it made is gone afterwards."""
    shutil.rmtree(STATE, ignore_errors=True)
    STATE.mkdir(parents=True)
    inventory = STATE / "inventory"
    shutil.copytree(demo.INVENTORY, inventory)
    database = STATE / "tenants.sqlite"
    settings = demo.environment()
    settings.update(
        ANSIBLE_INVENTORY=str(inventory / "tenants.yml"),
        ANSIBLE_VAULT_PASSWORD_FILE=str(inventory / "vault-password"),
        TENANTRY_DATABASE=f"sqlite:///{database}",
    )
    made = Fleet(settings, database, demo.STATE / "tenants", demo.choose_ports(), None)
    made.asker = demo_check.Asker(made.ports, demo.PKI / "ca.crt")
    variables = {"database_url": settings["TENANTRY_DATABASE"], "database_seed": str(SEED)}
    assert made.play("database", "-i", "localhost,", "-e", json.dumps(variables)).code == 0
    registry = demo.read_estate()["registry"]
    made.sql("UPDATE settings SET value = ? WHERE name = 'default_registry'", registry)
    yield made
    forget(made, sorted(name for (name,) in made.sql("SELECT name FROM tenants WHERE name LIKE 'e2e-%'")))


def forget(fleet: Fleet, names: list[str]) -> None:
    """Remove everything of these tenants but their rows, whatever state they are in."""
    demo.remove_tenants(names)
    for name in names:
        fleet.sql("UPDATE tenants SET state = 'removed' WHERE name = ?", name)
        shutil.rmtree(fleet.tenants_root / name, ignore_errors=True)
        (demo.STATE / "edge" / "dynamic" / f"{name}.yml").unlink(missing_ok=True)
    if names:  # their records, in one batch
        fleet.play("deploy", "--limit", ",".join(names))
