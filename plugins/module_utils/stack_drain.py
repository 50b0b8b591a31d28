# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Single containers of a service leave the proxy and stop, without a request lost and without a new release.

Labels cannot change while a container runs, so its health check is made to fail; the proxy drops it at once.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

from . import engine_containers, engine_networks
from .engine import DRAIN_FILE, Engine
from .engine_containers import NUMBER_LABEL, PROJECT_LABEL, Container
from .errors import TenantryError
from .polling import Deadline, Pause
from .traefik_api import SERVICE, TraefikApi

DRAIN_ARGUMENTS: dict[str, t.Any] = {
    "state": {"type": "str", "choices": ["drained", "serving"], "default": "drained"},
    "project_name": {"type": "str", "required": True},
    "tenant": {"type": "str", "required": True},
    "keep": {"type": "dict", "default": {}},
    "wait_timeout": {"type": "int", "default": 120},
}

_PORT_LABEL = re.compile(r"traefik\.http\.services\.(.+)\.loadbalancer\.server\.port")


@dataclasses.dataclass(frozen=True)
class Drain:
    """The containers of one project at one proxy.

    :ivar keep: by service how many containers stay.
    """

    engine: Engine
    api: TraefikApi
    project: str
    tenant: str
    keep: t.Mapping[str, int]
    wait_timeout: float

    def containers(self) -> list[Container]:
        """Those that run, the first made first.

        :raises TenantryError: kind ``foreign_object``.
        """
        found = engine_containers.read(self.engine, [f"{PROJECT_LABEL}={self.project}"])
        for container in found:
            engine_networks.refuse_foreign("container", container.name, container.labels, self.tenant)
        running = [one for one in found if one.state == "running" and not one.one_off]
        return sorted(running, key=lambda one: (one.service, int(one.labels.get(NUMBER_LABEL, "1"))))

    def drained(self, check_mode: bool) -> dict[str, t.Any]:
        """All but so many containers of each service left the proxy, finished what they had, and are gone.

        :raises TenantryError: kind ``drain_failed`` when one cannot be made to fail its check, or the proxy still has
            it at the end of the wait: it goes on serving then.
        """
        leaving = self._leaving()
        if leaving and not check_mode:
            for container in leaving:
                self._mark(container)
            self._wait(leaving)
            for container in leaving:
                engine_containers.stop(self.engine, container)
                engine_containers.remove(self.engine, container, anonymous_volumes=True)
        return {"changed": bool(leaving), "containers": [one.name for one in leaving]}

    def serving(self, check_mode: bool) -> dict[str, t.Any]:
        """No container is kept from serving: what an interrupted run marked serves again."""
        marked = [one for one in self.containers() if self._run(one, ["test", "-e", DRAIN_FILE]) == 0]
        for container in marked if not check_mode else ():
            self._run(container, ["rm", "-f", DRAIN_FILE])
        return {"changed": bool(marked), "containers": [one.name for one in marked]}

    def _leaving(self) -> list[Container]:
        by_service: dict[str, list[Container]] = {}
        for container in self.containers():
            by_service.setdefault(container.service, []).append(container)
        return [one for service, keep in sorted(self.keep.items()) for one in by_service.get(service, [])[keep:]]

    def _run(self, container: Container, command: list[str]) -> int:
        with self.engine.doing(f"run {command[0]} in container {container.name}"):
            execution = self.engine.client.exec_create(container.id, command)["Id"]
            self.engine.client.exec_start(execution)
            return int(self.engine.client.exec_inspect(execution)["ExitCode"] or 0)

    def _mark(self, container: Container) -> None:
        if self._run(container, ["touch", DRAIN_FILE]) != 0:
            raise TenantryError(
                f"container {container.name} cannot be drained: touch {DRAIN_FILE} failed in it; its image needs that "
                "command, or the tenant another strategy than rolling",
                "drain_failed",
            )

    def _wait(self, leaving: t.Sequence[Container]) -> None:
        deadline, pause = Deadline(self.wait_timeout), Pause(0.1, 1.0)
        while True:
            left = [one.name for one in leaving if self._is_served(one)]
            if not left:
                return
            if deadline.passed():
                for container in leaving:
                    self._run(container, ["rm", "-f", DRAIN_FILE])
                raise TenantryError(
                    f"the proxy still sends requests to {', '.join(left)} after {deadline.seconds:g} s: its health "
                    "check does not fail; only checks of type http and tcp can be drained",
                    "drain_failed",
                )
            pause.sleep(deadline)

    def _is_served(self, container: Container) -> bool:
        now = engine_containers.reread(self.engine, container)
        if now is None:
            return False
        if now.health != "unhealthy":
            return True
        addresses = {address for address in now.networks.values() if address}
        for label in now.labels:
            found = _PORT_LABEL.fullmatch(label)
            service = self.api.read(SERVICE, f"{found.group(1)}@docker") if found else None
            servers = ((service or {}).get("loadBalancer") or {}).get("servers") or []
            if any(f"//{address}:" in str(one.get("url")) for one in servers for address in addresses):
                return True
        return False


def run(engine: Engine, api: TraefikApi, params: t.Mapping[str, t.Any], check_mode: bool) -> dict[str, t.Any]:
    """Bring containers into ``params["state"]``; returns a module result."""
    drain = Drain(
        engine,
        api,
        params["project_name"],
        params["tenant"],
        {name: int(count) for name, count in params["keep"].items()},
        params["wait_timeout"],
    )
    return drain.serving(check_mode) if params["state"] == "serving" else drain.drained(check_mode)
