# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What people do without the platform: the same application behind the same proxy, replaced in two usual ways."""

from __future__ import annotations

import json
import os
import subprocess
import time
import typing as t

import demo
from hosting import PREFIX, Hosting
from scenarios import FIRST, NEXT, REPLICAS, ScenarioError

SECONDS = 120


def definition(name: str, replicas: int, image: str) -> dict[str, t.Any]:
    """A compose project whose routing stands in labels, as Traefik's documentation shows it.

    It has the health check and the grace period that tenants have. The labels of the platform are what the edge asks
    for and what a removal goes by.
    """
    ours = {"tenantry.managed": "true", "tenantry.tenant": name}
    routed = {
        "traefik.enable": "true",
        "traefik.docker.network": f"{name}_default",
        f"traefik.http.routers.{name}.rule": f"Host(`{name}.{demo.ZONE}`)",
        f"traefik.http.routers.{name}.entrypoints": "websecure",
        f"traefik.http.routers.{name}.tls": "true",
        f"traefik.http.services.{name}.loadbalancer.server.port": "8080",
    }
    web = {
        "image": image,
        "command": ["web"],
        "environment": {"TENANTRY_TENANT": name, "TENANTRY_SERVICE": "web", "DRAIN_SECONDS": "1"},
        "labels": {**ours, **routed},
        "deploy": {"replicas": replicas},
        "init": True,
        "restart": "unless-stopped",
        "stop_grace_period": "20s",
        "healthcheck": {"test": ["CMD", "sample", "health"], "interval": "1s", "timeout": "5s", "retries": 3},
    }
    return {"name": name, "services": {"web": web}, "networks": {"default": {"labels": ours}}}


class Peer:
    """Projects of one peer, one for each number of replicas.

    :param way: what it is called in figures.
    """

    def __init__(self, hosting: Hosting, way: str) -> None:
        self.hosting = hosting
        self.way = way
        self.projects = {f"{PREFIX}{way.replace('_', '-')}-{replicas}": replicas for replicas in REPLICAS}
        self.serving = dict.fromkeys(self.projects, "")

    def start(self) -> None:
        """Bring up the first version of all."""
        for name in self.projects:
            self._define(name, FIRST)
            self._compose(name, "up", "--detach", "--wait")
            self._await(name, FIRST)

    def upgrade(self, name: str) -> None:
        """Replace one of them with the other version, in this peer's way."""
        version = FIRST if self.serving[name] == NEXT else NEXT
        self._define(name, version)
        WAYS[self.way](self, name)

    def settle(self, name: str) -> None:
        """Wait until all that answers is the new version."""
        self._await(name, FIRST if self.serving[name] == NEXT else NEXT)

    def stop(self) -> None:
        """Remove all."""
        for name in self.projects:
            self._compose(name, "down", "--timeout", "1")

    def compose_up(self, name: str) -> None:
        """``docker compose up`` with the new image: what runs is stopped, and then the new one starts."""
        self._compose(name, "up", "--detach")

    def scripted_rolling(self, name: str) -> None:
        """Twice as many, the new half with the new image; when that is healthy, the old half goes."""
        old = self._containers(name)
        scale = f"web={2 * self.projects[name]}"
        self._compose(name, "up", "--detach", "--no-deps", "--no-recreate", "--scale", scale, "web")
        new = [one for one in self._containers(name) if one not in old]
        deadline = time.monotonic() + SECONDS
        health = ["docker", "inspect", "--format", "{{.State.Health.Status}}", *new]
        while set(_output(health).split()) != {"healthy"}:
            if time.monotonic() > deadline:
                raise ScenarioError(f"the new containers of {name} are not healthy after {SECONDS} s")
            time.sleep(0.2)
        _output(["docker", "stop", *old])
        _output(["docker", "rm", *old])

    def _define(self, name: str, version: str) -> None:
        image = f"{self.hosting.registry}/tenantry/sample:{version}"
        project = definition(name, self.projects[name], image)
        self._file(name).write_text(json.dumps(project), encoding="utf-8")

    def _file(self, name: str) -> t.Any:
        return self.hosting.state / f"{name}.yaml"

    def _compose(self, name: str, *arguments: str) -> str:
        return _output(["docker", "compose", "--file", str(self._file(name)), *arguments])

    def _containers(self, name: str) -> list[str]:
        return self._compose(name, "ps", "--quiet", "web").split()

    def _await(self, name: str, version: str) -> None:
        deadline = time.monotonic() + SECONDS
        while (answers := self.hosting.answers(name)) != {version}:
            if time.monotonic() > deadline:
                raise ScenarioError(f"users of {name} get {', '.join(sorted(answers))} instead of {version}")
            time.sleep(0.2)
        self.serving[name] = version


WAYS: dict[str, t.Callable[[Peer, str], None]] = {
    "peer_compose_up": Peer.compose_up,
    "peer_scripted_rolling": Peer.scripted_rolling,
}


def _output(command: list[str]) -> str:
    # In a session of its own: Ctrl-C ends the driver, which then removes everything.
    done = subprocess.run(
        command,
        env=os.environ,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    if done.returncode:
        raise ScenarioError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    return done.stdout
