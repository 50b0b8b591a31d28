# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run of a job service to its end: started, waited for, its words kept, nothing left behind.

What a run that was killed did leave behind is removed by the next operation on the tenant.
"""

from __future__ import annotations

import dataclasses
import functools
import os
import time
import typing as t

from . import durable, engine_containers
from .engine import Engine
from .engine_containers import Container, label_filters
from .errors import TenantryError
from .one_off import ONE_OFF_ARGUMENTS, OneOff
from .polling import Deadline, wait_until
from .stack_project import Service
from .stack_wait import ending

JOB_ARGUMENTS: dict[str, t.Any] = {
    **ONE_OFF_ARGUMENTS,
    "state": {"type": "str", "choices": ["ended", "absent"], "default": "ended"},
    "project_name": {"type": "str"},
    "purpose": {"type": "str", "choices": ["job", "hook"], "default": "job"},
    "environment": {"type": "dict", "default": {}},
    "timeout": {"type": "int", "default": 600},
    "creates": {"type": "path"},
}

JOB_REQUIRED_IF = [
    ("state", "ended", ["project_name", "project_src", "service"]),
    ("state", "absent", ["tenant", "operation"]),
]


@dataclasses.dataclass(frozen=True)
class Job:
    """One job service of a project.

    :ivar one_off: how it is run.
    :ivar creates: the file that says that it is done.
    """

    one_off: OneOff
    timeout: float
    creates: str | None = None

    @classmethod
    def from_params(cls, engine: Engine, params: t.Mapping[str, t.Any], keep_or_yield: t.Callable[[], None]) -> Job:
        # A hook belongs to its run. A job is about the data: nobody ends one that works.
        keep = keep_or_yield if params["purpose"] == "hook" else _keep
        one_off = OneOff.from_params(engine, params, params["purpose"], keep)
        return cls(
            dataclasses.replace(one_off, environment=params["environment"]), params["timeout"], params["creates"]
        )

    def run(self, check_mode: bool) -> dict[str, t.Any]:
        """Run it, or take over a run whose module was killed.

        :raises TenantryError: kinds ``job_failed``, ``job_timeout``, ``job_running`` (of a hook ``hook_failed`` and so
            on), ``image_missing``, ``foreign_object``, ``invalid``, and those of engine and compose.
        """
        one_off = self.one_off
        service = one_off.definition()
        if self.creates is not None and os.path.exists(self.creates):
            return self._result(False, None, [], False)
        if check_mode:
            one_off.left_over()
            return self._result(True, None, [], False)
        one_off.prepare()
        adopted = self._adoptable(one_off.left_over(), service)
        yielded = False
        try:
            container = adopted or one_off.start(service)
            ended = one_off.wait(container, Deadline(self.timeout))
            lines = one_off.log(ended)
        except TenantryError as error:
            yielded = error.error_kind == "lock_lost"
            raise
        finally:
            if not yielded:
                one_off.clean_up()
        if ended.exit_code != 0:
            raise one_off.failure(f"{one_off.label} ended {ending(ended)}", "failed", lines, exit_code=ended.exit_code)
        self._note_done(service)
        return self._result(True, ended.exit_code, lines, adopted is not None)

    def _adoptable(self, left_over: list[Container], service: Service) -> Container | None:
        """A run of the same spec that still runs, or ended well unseen: no migration may run twice."""
        for container in left_over:
            same = container.spec_digest == service.spec_digest
            ended_well = container.state == "exited" and container.started and container.exit_code == 0
            if container.state == "running" and not same:
                raise TenantryError(
                    f"container {container.name} still runs {self.one_off.label} with another definition: wait for it, "
                    "or remove it, then run again",
                    f"{self.one_off.purpose}_running",
                )
            if same and (container.state == "running" or ended_well):
                return container
        self.one_off.clean_up()
        return None

    def _note_done(self, service: Service) -> None:
        if self.creates is not None:
            done = {"service": service.name, "spec_digest": service.spec_digest, "ended_at": time.time()}
            durable.replace_json(self.creates, done, 0o640)

    def _result(self, changed: bool, exit_code: int | None, lines: list[str], adopted: bool) -> dict[str, t.Any]:
        return {
            "changed": changed,
            "exit_code": exit_code,
            "logs": lines,
            "adopted": adopted,
            "diff": {
                "before": {self.one_off.label: "not run" if changed else "done"},
                "after": {self.one_off.label: "done"},
            },
        }


def _keep() -> None:
    """A job goes on whoever died."""


def _at_rest(engine: Engine, container: Container) -> bool | None:
    now = engine_containers.reread(engine, container)
    return True if now is None or now.state != "running" else None


def remove_left(engine: Engine, tenant: str, operation: str, timeout: float, check_mode: bool) -> dict[str, t.Any]:
    """Remove the containers that jobs and hooks of other operations on a tenant left.

    The caller holds the tenant's lock, so that no other operation lives. What somebody started by hand with
    ``docker compose run`` names no operation, and stays. A migration that works on is waited for: it may be half-way.

    :param operation: id of the one that lives.
    :param timeout: seconds that migrations may still take.
    :returns: a module result.
    """
    found = engine_containers.read(engine, label_filters(tenant=tenant))
    left = [one for one in found if one.operation not in (None, operation)]
    deadline = Deadline(timeout)
    for container in left if not check_mode else ():
        if container.purpose == "migration":
            wait_until(functools.partial(_at_rest, engine, container), deadline)
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
        return remove_left(engine, params["tenant"], params["operation"]["id"], params["timeout"], check_mode)
    return Job.from_params(engine, params, keep_or_yield).run(check_mode)
