# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run of a job service to its end: started, waited for, its words kept, nothing left behind.

What a run that was killed did leave behind is removed by the next operation on the tenant.
"""

from __future__ import annotations

import dataclasses
import os
import time
import typing as t

from . import compose_orphans, durable, engine_containers, engine_images, engine_networks, engine_volumes
from .compose_cli import Compose
from .engine import OPERATION_LABEL, Engine
from .engine_containers import PROJECT_LABEL, Container, label_filters
from .errors import TenantryError
from .polling import Deadline, Pause
from .redaction import Redactor
from .stack_objects import missing
from .stack_options import OBJECT_ARGUMENTS, PROJECT_ARGUMENTS
from .stack_project import Service, load
from .stack_wait import LINES_IN_MESSAGE, ending

JOB_ARGUMENTS: dict[str, t.Any] = {
    **PROJECT_ARGUMENTS,
    **OBJECT_ARGUMENTS,
    "state": {"type": "str", "choices": ["ended", "absent"], "default": "ended"},
    "project_name": {"type": "str"},
    "service": {"type": "str"},
    "profiles": {"type": "list", "elements": "str", "default": ["job"]},
    "purpose": {"type": "str", "choices": ["job", "hook"], "default": "job"},
    "environment": {"type": "dict", "default": {}},
    "timeout": {"type": "int", "default": 600},
    "creates": {"type": "path"},
}

JOB_REQUIRED_IF = [
    ("state", "ended", ["project_name", "project_src", "service"]),
    ("state", "absent", ["tenant", "operation"]),
]

#: What docker compose itself may need to make and start one container.
START_SECONDS = 120


@dataclasses.dataclass(frozen=True)
class Job:
    """One job service of a project.

    :ivar purpose: what messages and kinds of errors call it.
    :ivar environment: variables of this run alone. They stand in the process list of the node.
    :ivar keep_or_yield: called while it runs; raises ``lock_lost`` when the next operation shall end it.
    :ivar operation: id of the operation that it belongs to; None when the module works alone.
    """

    engine: Engine
    compose: Compose
    owner: str | None
    service: str
    timeout: float
    log_lines: int
    creates: str | None
    purpose: str
    environment: t.Mapping[str, str]
    keep_or_yield: t.Callable[[], None]
    operation: str | None = None
    networks: tuple[engine_networks.Network, ...] = ()
    volumes: tuple[engine_volumes.Volume, ...] = ()

    @classmethod
    def from_params(cls, engine: Engine, params: t.Mapping[str, t.Any], keep_or_yield: t.Callable[[], None]) -> Job:
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
            params["timeout"],
            params["log_lines"],
            params["creates"],
            params["purpose"],
            params["environment"],
            # A hook belongs to its run. A job is about the data: nobody ends one that works.
            keep_or_yield if params["purpose"] == "hook" else _keep,
            (params["operation"] or {}).get("id"),
            tuple(engine_networks.Network.from_option(option) for option in params["networks"]),
            tuple(engine_volumes.Volume.from_option(option) for option in params["volumes"]),
        )

    @property
    def label(self) -> str:
        return f"{self.purpose} {self.service} of project {self.compose.project}"

    def run(self, check_mode: bool) -> dict[str, t.Any]:
        """Run it, or take over a run whose module was killed.

        :raises TenantryError: kinds ``job_failed``, ``job_timeout``, ``job_running`` (of a hook ``hook_failed`` and so
            on), ``image_missing``, ``foreign_object``, ``invalid``, and those of engine and compose.
        """
        service = self._service()
        if self.creates is not None and os.path.exists(self.creates):
            return self._result(False, None, [], False)
        if check_mode:
            self._left_over()
            return self._result(True, None, [], False)
        compose_orphans.end(self.engine.host, self.compose.project)
        for one in missing(self.engine, self.networks, self.volumes):  # nothing of the tenant may have run yet
            one.create()
        adopted = self._adoptable(self._left_over(), service)
        yielded = False
        try:
            container = adopted or self._start(service)
            ended = self._wait(container, Deadline(self.timeout))
            lines = self._log(ended)
        except TenantryError as error:
            yielded = error.error_kind == "lock_lost"
            raise
        finally:
            if not yielded:
                self._clean_up()
        if ended.exit_code != 0:
            raise self._failure(f"{self.label} ended {ending(ended)}", "failed", lines, exit_code=ended.exit_code)
        self._note_done(service)
        return self._result(True, ended.exit_code, lines, adopted is not None)

    def _service(self) -> Service:
        project = load(self.compose)
        if self.owner not in (None, project.owner):
            raise TenantryError(
                f"project {project.name}: its files are of tenant {project.owner or 'none'}, not of {self.owner}",
                "invalid",
            )
        return project.chosen(self.compose.profiles, [self.service])[self.service]

    def _left_over(self) -> list[Container]:
        """Containers of earlier runs of this job. Only a killed module leaves one."""
        found = engine_containers.read(self.engine, [f"{PROJECT_LABEL}={self.compose.project}"])
        mine = [one for one in found if one.one_off and one.service == self.service]
        for container in mine:
            engine_networks.refuse_foreign("container", container.name, container.labels, self.owner)
        return mine

    def _adoptable(self, left_over: list[Container], service: Service) -> Container | None:
        """A run of the same spec that still runs, or ended well unseen: no migration may run twice."""
        for container in left_over:
            same = container.spec_digest == service.spec_digest
            ended_well = container.state == "exited" and container.started and container.exit_code == 0
            if container.state == "running" and not same:
                raise TenantryError(
                    f"container {container.name} still runs {self.label} with another definition: wait for it, or "
                    "remove it, then run again",
                    f"{self.purpose}_running",
                )
            if same and (container.state == "running" or ended_well):
                return container
        self._clean_up()
        return None

    def _start(self, service: Service) -> Container:
        if engine_images.image_id(self.engine, service.image) is None:
            raise TenantryError(
                f"{self.label}: the engine lacks {service.image}, and a job pulls nothing: run "
                "tenantry.platform.images first",
                "image_missing",
                images=[service.image],
            )
        given = [word for name, value in sorted(self.environment.items()) for word in ("--env", f"{name}={value}")]
        # So that a later operation knows that nobody waits for it any more.
        owned = ["--label", f"{OPERATION_LABEL}={self.operation}"] if self.operation else []
        command = ["run", "--detach", "--no-TTY", "--no-deps", *owned, *given, self.service]
        self.compose.run(*command, timeout=START_SECONDS)
        started = self._left_over()
        if not started:
            raise TenantryError(
                f"{self.label}: its container vanished as soon as it was made", f"{self.purpose}_failed", logs=[]
            )
        return started[-1]

    def _wait(self, container: Container, deadline: Deadline) -> Container:
        pause = Pause(0.1, 1.0)
        while True:
            self.keep_or_yield()
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
                lines = self._log(now)
                engine_containers.stop(self.engine, now)
                raise self._failure(
                    f"{self.label} did not end within {deadline.seconds:g} s and was stopped", "timeout", lines
                )
            pause.sleep(deadline)

    def _log(self, container: Container) -> list[str]:
        return self.compose.redactor.lines(engine_containers.log_tail(self.engine, container, self.log_lines))

    def _clean_up(self) -> None:
        for container in self._left_over():
            engine_containers.remove(self.engine, container, anonymous_volumes=True)

    def _note_done(self, service: Service) -> None:
        if self.creates is not None:
            done = {"service": service.name, "spec_digest": service.spec_digest, "ended_at": time.time()}
            durable.replace_json(self.creates, done, 0o640)

    def _failure(self, what: str, how: str, lines: list[str], **details: t.Any) -> TenantryError:
        said = f"its last log lines: {' | '.join(lines[-LINES_IN_MESSAGE:])}" if lines else "it logged nothing"
        return TenantryError(f"{what}; {said}", f"{self.purpose}_{how}", logs=lines, **details)

    def _result(self, changed: bool, exit_code: int | None, lines: list[str], adopted: bool) -> dict[str, t.Any]:
        return {
            "changed": changed,
            "exit_code": exit_code,
            "logs": lines,
            "adopted": adopted,
            "diff": {"before": {self.label: "not run" if changed else "done"}, "after": {self.label: "done"}},
        }


def _keep() -> None:
    """A job goes on whoever died."""


def remove_left(engine: Engine, tenant: str, operation: str, check_mode: bool) -> dict[str, t.Any]:
    """Remove the containers that jobs and hooks of other operations on a tenant left.

    The caller holds the tenant's lock, so that no other operation lives. What somebody started by hand with
    ``docker compose run`` names no operation, and stays.

    :param operation: id of the one that lives.
    :returns: a module result.
    """
    found = engine_containers.read(engine, label_filters(tenant=tenant))
    left = [one for one in found if one.operation not in (None, operation)]
    for container in left if not check_mode else ():
        if container.state in ("running", "restarting"):
            engine_containers.stop(engine, container)
        engine_containers.remove(engine, container, anonymous_volumes=True)
    names = [container.name for container in left]
    return {
        "changed": bool(left),
        "exit_code": None,
        "logs": [],
        "adopted": False,
        "removed": names,
        "diff": {"before": dict.fromkeys(names, "present"), "after": {}},
    }


def run(
    engine: Engine, params: t.Mapping[str, t.Any], check_mode: bool, keep_or_yield: t.Callable[[], None]
) -> dict[str, t.Any]:
    """Run a job, or remove what others left; returns a module result."""
    if params["state"] == "absent":
        return remove_left(engine, params["tenant"], params["operation"]["id"], check_mode)
    return Job.from_params(engine, params, keep_or_yield).run(check_mode)
