# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tenants under load, and what their operator does to them."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import sqlite3
import subprocess
import time
import typing as t
from pathlib import Path

import demo
import demo_check
import leftovers
import yaml
from guests import Guests
from scenarios import Move, Operation, Scenario, ScenarioError, Step, moment

HERE = Path(__file__).resolve().parent
PREFIX = "load-"
STACK, SERVICE = "load", "web"
# Short steps. A tenth of the requests is slow on purpose, so that a mean time says nothing.
CANARY = json.dumps({"tenant_canary_seconds": 5, "tenant_canary_max_slowdown": 100})
# The longest of all: a canary, which waits between its steps.
PLAYBOOK_SECONDS = 900
# A playbook that is told to end ends what it started.
END_SECONDS = 20
# Several, because a proxy goes round the servers that it knows.
ASKED = 9
BARE_LABEL, BARE = "load.bare", "load-bare"
HOOK = {
    "name": "fail-after-the-switch",
    "event": "post_switch",
    "service": SERVICE,
    "command": '["false"]',
    "timeout": 10,
}


@dataclasses.dataclass(frozen=True)
class Run:
    """How a command ended and what it printed."""

    code: int
    text: str


def run(command: t.Sequence[str], environment: t.Mapping[str, str], log: Path, seconds: float) -> Run:
    """Run a command; Ctrl-C reaches it only through us, so that it ends before what it made is taken away.

    :raises ScenarioError: when it does not end in time.
    """
    with log.open("w", encoding="utf-8") as stream:
        process = subprocess.Popen(
            list(command),
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise ScenarioError(f"{' '.join(command)} did not end within {seconds:g} s ({log})") from None
        finally:
            _end(process)
    return Run(process.returncode, log.read_text(encoding="utf-8", errors="replace"))


def _end(process: subprocess.Popen[bytes]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is not None:
            return
        os.killpg(process.pid, number)
        try:
            process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            continue


def bare_project(project: dict[str, t.Any]) -> dict[str, t.Any]:
    """The compose project of a release under another name, without what makes the proxy and the platform see it."""
    services = {
        name: {**service, "labels": {BARE_LABEL: BARE}}
        for name, service in project["services"].items()
        if "profiles" not in service
    }
    return {**project, "name": BARE, "services": services}


class Hosting(Guests):
    """Tenants of one stack; each scenario has its own.

    :param state: a directory for everything that is no node.
    """

    def __init__(self, state: Path) -> None:
        super().__init__(state, HERE / "seed.sql", PREFIX)

    def run(self, playbook: str, *arguments: str) -> Run:
        """Run a playbook of the collection to its end, whichever that is."""
        command = ["ansible-playbook", f"tenantry.platform.{playbook}", *arguments]
        return run(command, self.settings, self.state / f"{playbook}.log", PLAYBOOK_SECONDS)

    def play(self, name: str, *arguments: str, **_environment: str) -> str:
        """Run a playbook that must succeed; what it printed."""
        done = self.run(name, *arguments)
        if done.code:
            raise ScenarioError(f"the playbook {name} ended with {done.code}:\n{done.text[-3000:]}")
        return done.text

    # -- tenants ---------------------------------------------------------------------------------------------------

    def host(self, scenario: Scenario) -> None:
        """Make the tenants of a scenario."""
        for name, replicas in scenario.tenants().items():
            self.sql("INSERT INTO tenants (name, stack, strategy) VALUES (?, ?, ?)", name, STACK, scenario.strategy)
            self.sql("INSERT INTO services (tenant, name, replicas) VALUES (?, ?, ?)", name, SERVICE, replicas)
        self.play("deploy", "--limit", ",".join(scenario.tenants()))
        if scenario.hook:
            for name in scenario.tenants():
                self._break_after_switch(name)

    def _break_after_switch(self, name: str) -> None:
        """From now on a hook of the tenant fails when users have the new release."""
        columns = ", ".join(["tenant", *HOOK])
        marks = ", ".join("?" * (len(HOOK) + 1))
        insert = f"INSERT INTO hooks ({columns}) VALUES ({marks})"  # noqa: S608  # names of our own
        try:
            self.sql(insert, name, *HOOK.values())
        except sqlite3.Error as error:
            raise ScenarioError(f"hooks are not built as this expects them: {error}") from None

    def dismiss(self, scenario: Scenario) -> None:
        """Remove the tenants of a scenario."""
        for name in scenario.tenants():
            self.sql("UPDATE tenants SET state = 'removed' WHERE name = ?", name)
        self.play("deploy", "--limit", ",".join(scenario.tenants()))

    def move(self, move: Move, tenant: str, serving: str) -> Run:
        """Do to a tenant what a move says."""
        arguments = ["--limit", tenant]
        if move.playbook == "upgrade":
            arguments += ["-e", f"release_version={move.target(serving)}", "-e", CANARY]
        if move.fails:
            # What failed before is refused otherwise, and nothing would be tried.
            arguments += ["-e", "acknowledge=true"]
        return self.run(move.playbook, *arguments)

    def answers(self, tenant: str) -> set[str]:
        """The versions that users get, or a status where it is no version."""
        asker = demo_check.Asker(self.ports, demo.PKI / "ca.crt")
        found = set()
        for _turn in range(ASKED):
            status, body = asker.https(f"{tenant}.{demo.ZONE}", "/version")
            try:
                found.add(str(json.loads(body)["version"]) if status == 200 else f"status {status}")
            except (ValueError, KeyError, TypeError):
                found.add("what is no answer of the application")
        return found

    def operation(self, tenant: str) -> Operation | None:
        """The operation that began last, by the ledger."""
        rows = self.sql("SELECT id, status FROM operations WHERE tenant = ? ORDER BY id DESC LIMIT 1", tenant)
        if not rows:
            return None
        identity, status = rows[0]
        query = (
            "SELECT name, status, started_at, finished_at FROM operation_steps WHERE operation = ? ORDER BY position"
        )
        steps = [
            Step(name, result, moment(began), moment(ended)) for name, result, began, ended in self.sql(query, identity)
        ]
        return Operation(identity, status, tuple(steps))

    # -- compared with ---------------------------------------------------------------------------------------------

    def start_bare(self, tenant: str) -> float:
        """Seconds until the same services are healthy that the current release of a tenant has, by compose alone."""
        rendered = demo.STATE / "tenants" / tenant / "current" / "compose.yaml"
        project = bare_project(yaml.safe_load(rendered.read_text(encoding="utf-8")))
        file = self.state / "bare.yaml"
        file.write_text(json.dumps(project), encoding="utf-8")
        compose = ["docker", "compose", "--file", str(file)]
        began = time.monotonic()
        done = run([*compose, "up", "--detach", "--wait"], os.environ, self.state / "bare.log", PLAYBOOK_SECONDS)
        took = time.monotonic() - began
        run([*compose, "down", "--timeout", "1"], os.environ, self.state / "bare-down.log", PLAYBOOK_SECONDS)
        if done.code:
            raise ScenarioError(f"docker compose up --wait of the services of {tenant} failed:\n{done.text[-3000:]}")
        return took

    def remove(self) -> None:
        """Everything that was made."""
        leftovers.remove(BARE_LABEL, PREFIX)
        super().remove()
