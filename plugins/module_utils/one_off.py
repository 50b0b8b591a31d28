# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run of a service of a compose project as a container of its own: started, waited for, its words kept."""

from __future__ import annotations

import dataclasses
import typing as t

from . import compose_orphans, engine_containers, engine_images, engine_networks, engine_volumes
from .compose_cli import Compose
from .engine import OPERATION_LABEL, PURPOSE_LABEL, Engine
from .engine_containers import PROJECT_LABEL, Container
from .errors import TenantryError
from .polling import Deadline, Pause
from .redaction import Redactor
from .stack_objects import missing
from .stack_options import OBJECT_ARGUMENTS, PROJECT_ARGUMENTS
from .stack_project import Service, load
from .stack_wait import LINES_IN_MESSAGE

#: Options that every module has that runs one.
ONE_OFF_ARGUMENTS: dict[str, t.Any] = {
    **PROJECT_ARGUMENTS,
    **OBJECT_ARGUMENTS,
    "service": {"type": "str"},
    "profiles": {"type": "list", "elements": "str", "default": ["job"]},
}

#: What docker compose itself may need to make and start one container.
START_SECONDS = 120


@dataclasses.dataclass(frozen=True)
class OneOff:
    """One service of a project that is run on its own.

    :ivar purpose: what messages and kinds of errors call it.
    :ivar environment: variables of this run alone. They stand in the process list of the node.
    :ivar command: arguments that take the place of the service's own.
    :ivar keep: called while it runs; what it raises ends the waiting.
    :ivar operation: id of the operation that it belongs to; None when the module works alone.
    :ivar networks: what it joins, and ``volumes`` that it uses: made where they are missing.
    """

    engine: Engine
    compose: Compose
    owner: str | None
    service: str
    purpose: str
    log_lines: int
    keep: t.Callable[[], None]
    operation: str | None = None
    environment: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    command: tuple[str, ...] = ()
    networks: tuple[engine_networks.Network, ...] = ()
    volumes: tuple[engine_volumes.Volume, ...] = ()

    @classmethod
    def from_params(
        cls, engine: Engine, params: t.Mapping[str, t.Any], purpose: str, keep: t.Callable[[], None]
    ) -> OneOff:
        """From :data:`ONE_OFF_ARGUMENTS` and the option ``operation``."""
        compose = Compose(
            engine,
            params["project_name"],
            params["project_src"],
            tuple(params["files"]),
            tuple(params["profiles"]),
            Redactor.from_params(params),
        )
        return cls(
            engine,
            compose,
            params["tenant"],
            params["service"],
            purpose,
            params["log_lines"],
            keep,
            (params["operation"] or {}).get("id"),
            networks=tuple(engine_networks.Network.from_option(option) for option in params["networks"]),
            volumes=tuple(engine_volumes.Volume.from_option(option) for option in params["volumes"]),
        )

    @property
    def label(self) -> str:
        return f"{self.purpose} {self.service} of project {self.compose.project}"

    def definition(self) -> Service:
        """What the files say of it.

        :raises TenantryError: kind ``invalid``, and those of compose.
        """
        project = load(self.compose)
        if self.owner not in (None, project.owner):
            raise TenantryError(
                f"project {project.name}: its files are of tenant {project.owner or 'none'}, not of {self.owner}",
                "invalid",
            )
        return project.chosen(self.compose.profiles, [self.service])[self.service]

    def left_over(self) -> list[Container]:
        """Containers of earlier runs. Only a killed module leaves one.

        :raises TenantryError: kind ``foreign_object``.
        """
        found = engine_containers.read(self.engine, [f"{PROJECT_LABEL}={self.compose.project}"])
        mine = [one for one in found if one.one_off and one.service == self.service]
        for container in mine:
            engine_networks.refuse_foreign("container", container.name, container.labels, self.owner)
        return mine

    def prepare(self) -> None:
        """End what a killed module left working on the project, and make what is missing.

        Nothing of the tenant may have run yet.

        :raises TenantryError: kinds ``foreign_object``, ``network_differs``.
        """
        compose_orphans.end(self.engine.host, self.compose.project)
        for one in missing(self.engine, self.networks, self.volumes):
            one.create()

    def start(self, service: Service) -> Container:
        """Start it.

        :raises TenantryError: kinds ``image_missing``, ``<purpose>_failed``, and those of compose.
        """
        if engine_images.image_id(self.engine, service.image) is None:
            raise TenantryError(
                f"{self.label}: the engine lacks {service.image}, and a {self.purpose} pulls nothing: run "
                "tenantry.platform.images first",
                "image_missing",
                images=[service.image],
            )
        given = [word for name, value in sorted(self.environment.items()) for word in ("--env", f"{name}={value}")]
        # So that a later operation knows that nobody waits for it any more, and whether it may be ended.
        labels = [f"{PURPOSE_LABEL}={self.purpose}"]
        labels += [f"{OPERATION_LABEL}={self.operation}"] if self.operation else []
        owned = [word for label in labels for word in ("--label", label)]
        before = {one.id for one in self.left_over()}
        options = ["run", "--detach", "--no-TTY", "--no-deps", *owned, *given]
        self.compose.run(*options, self.service, *self.command, timeout=START_SECONDS)
        started = [one for one in self.left_over() if one.id not in before]
        if not started:
            raise TenantryError(
                f"{self.label}: its container vanished as soon as it was made", f"{self.purpose}_failed", logs=[]
            )
        return started[0]

    def wait(self, container: Container, deadline: Deadline) -> Container:
        """Wait until it has ended; stop it when the deadline passes.

        :raises TenantryError: kinds ``<purpose>_failed`` (somebody removed it), ``<purpose>_timeout``.
        """
        pause = Pause(0.1, 1.0)
        while True:
            self.keep()
            now = engine_containers.reread(self.engine, container)
            if now is None:
                raise TenantryError(
                    f"{self.label}: somebody removed its container {container.name} while it ran: see what it did, "
                    "then run again",
                    f"{self.purpose}_failed",
                    logs=[],
                )
            if now.state in ("exited", "dead"):
                return now
            if deadline.passed():
                lines = self.log(now)
                engine_containers.stop(self.engine, now)
                raise self.failure(
                    f"{self.label} did not end within {deadline.seconds:g} s and was stopped", "timeout", lines
                )
            pause.sleep(deadline)

    def log(self, container: Container) -> list[str]:
        """Its last lines, without secrets."""
        return self.compose.redactor.lines(engine_containers.log_tail(self.engine, container, self.log_lines))

    def remove(self, container: Container) -> None:
        """Leave it not behind, running or not."""
        engine_containers.remove(self.engine, container, anonymous_volumes=True)

    def clean_up(self) -> None:
        """Leave no container behind."""
        for container in self.left_over():
            self.remove(container)

    def failure(self, what: str, how: str, lines: list[str], **details: t.Any) -> TenantryError:
        """An error that ends with what it said last."""
        said = f"its last log lines: {' | '.join(lines[-LINES_IN_MESSAGE:])}" if lines else "it logged nothing"
        return TenantryError(f"{what}; {said}", f"{self.purpose}_{how}", logs=lines, **details)
