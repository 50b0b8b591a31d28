# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting until the containers of a project are healthy, giving up at once when one crashes."""

from __future__ import annotations

import typing as t

from . import engine_containers
from .engine import Engine
from .engine_containers import Container
from .errors import TenantryError
from .polling import Deadline, Pause
from .redaction import Redactor
from .stack_compare import is_of
from .stack_project import Service

#: A container that needs a second start, because what it depends on was slow, is none; one that needs four is.
RESTARTS_ALLOWED = 3

#: Log lines of a failed container that stand in the message itself; ``logs`` has them all.
LINES_IN_MESSAGE = 5


class Watch:
    """Looks at the containers of a project again and again.

    :param before: the containers before anything was done; what was wrong with them then is no crash now.
    :param services: what must run.
    """

    def __init__(
        self,
        engine: Engine,
        labels: t.Sequence[str],
        services: t.Mapping[str, Service],
        before: t.Iterable[Container],
        redactor: Redactor,
        log_lines: int,
    ) -> None:
        self._engine = engine
        self._labels = labels
        self._services = services
        self._before = {container.id: container for container in before}
        self._redactor = redactor
        self._log_lines = log_lines
        self._seen_running: dict[str, str] = {}

    def _mine(self) -> list[Container]:
        """Containers of the wanted spec; compose stops and removes those of an older one meanwhile."""
        return [
            container
            for container in engine_containers.read(self._engine, self._labels)
            if not container.one_off
            and container.service in self._services
            and is_of(self._services[container.service], container)
        ]

    def crashed(self) -> None:
        """Look for crashes of what began since, while compose works.

        Compose replaces what depends on a service that it replaces: containers of before may end now.

        :raises TenantryError: kind ``unhealthy``.
        """
        self._refuse_crashed([one for one in self._mine() if not self._runs_since_before(one)])

    def ready(self) -> bool:
        """Whether every container that must run is running and healthy.

        :raises TenantryError: kind ``unhealthy`` for a crash, an exit, a restart loop or a failed health check.
        """
        containers = self._mine()
        self._refuse_crashed(containers)
        return not self._not_ready(containers)

    def wait(self, deadline: Deadline) -> list[Container]:
        """Wait until all are ready.

        :raises TenantryError: kind ``unhealthy``.
        """
        pause = Pause(0.2, 0.5)  # half of a longer one would be added to every switch
        while not self.ready():
            if deadline.passed():
                self.give_up(f"within {deadline.seconds:g} s")
            pause.sleep(deadline)
        return self._mine()

    def give_up(self, when: str) -> None:
        """Fail, naming what is not ready.

        :raises TenantryError: kind ``unhealthy``; returns when everything is ready after all.
        """
        containers = self._mine()
        missing = self._not_ready(containers)
        if missing:
            raise self._failure({name: f"{why} {when}" for name, why in missing.items()}, containers)

    def _runs_since_before(self, container: Container) -> bool:
        before = self._before.get(container.id)
        return before is not None and before.started == container.started

    def _not_ready(self, containers: list[Container]) -> dict[str, str]:
        reasons: dict[str, str] = {}
        for name, service in self._services.items():
            have = [container for container in containers if container.service == name]
            if len(have) != service.replicas:
                reasons[name] = f"has {len(have)} of {service.replicas} containers"
            for container in have:
                if not self._is_ready(container):
                    reasons[container.name] = f"was {_condition(container)}, not healthy,"
        return reasons

    def _is_ready(self, container: Container) -> bool:
        if container.state != "running":
            return False
        if container.health != "none":
            return container.health == "healthy"
        # Without a check, running at two looks without a restart between them is all that can be known.
        seen = self._seen_running.get(container.id)
        self._seen_running[container.id] = container.started
        return seen == container.started

    def _refuse_crashed(self, containers: list[Container]) -> None:
        reasons = {
            container.name: why
            for container in containers
            for why in [crash(container, self._before.get(container.id))]
            if why
        }
        if reasons:
            raise self._failure(reasons, containers)

    def _failure(self, reasons: t.Mapping[str, str], containers: t.Iterable[Container]) -> TenantryError:
        by_name = {container.name: container for container in containers}
        failed = [by_name[name] for name in reasons if name in by_name]
        logs = {
            container.name: self._redactor.lines(engine_containers.log_tail(self._engine, container, self._log_lines))
            for container in failed
        }
        checks = {
            container.name: self._redactor.text(container.health_output.strip())
            for container in failed
            if container.health_output.strip()
        }
        told = []
        for name, why in sorted(reasons.items()):
            text = f"{name} {why}"
            if name in checks:
                text += f"; its health check says: {checks[name].splitlines()[-1]}"
            if logs.get(name):
                text += f"; its last log lines: {' | '.join(logs[name][-LINES_IN_MESSAGE:])}"
            elif name in logs:
                text += "; it logged nothing"
            told.append(text)
        return TenantryError(
            ". ".join(told), "unhealthy", failed_containers=[one.summary() for one in failed], logs=logs, health=checks
        )


def crash(now: Container, before: Container | None) -> str | None:
    """Why a container will not become healthy by itself; None while it may.

    :param before: what it was before anything was done; what was wrong then is no crash now.
    """
    same_run = before if before is not None and before.started == now.started else None
    ended = now.state in ("exited", "dead") and now.started
    if ended and not (same_run and same_run.state == now.state):
        return f"ended {ending(now)}"
    # A start by hand sets the engine's count back to 0.
    known = before.restarts if before is not None and before.restarts <= now.restarts else 0
    if now.restarts - known > RESTARTS_ALLOWED:
        last = "" if now.state == "running" else f", last {ending(now)}"
        return f"restarts over and over ({now.restarts} times{last})"
    # Between two starts the engine calls a container unhealthy; that is no verdict of its check.
    unhealthy = now.state == "running" and now.health == "unhealthy"
    if unhealthy and not (same_run and same_run.health == "unhealthy"):
        return "is unhealthy"
    return None


def _condition(container: Container) -> str:
    return container.state if container.health == "none" else f"{container.state} ({container.health})"


def ending(container: Container) -> str:
    text = f"with code {container.exit_code}"
    if container.oom_killed:
        text += ", killed because it used more memory than it may"
    return f"{text} ({container.error})" if container.error else text
