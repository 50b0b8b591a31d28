# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The states present and restarted of a stack: everything there, of the wanted spec, running and healthy."""

from __future__ import annotations

import dataclasses
import functools
import typing as t

from . import container_fields, engine_containers, engine_images, engine_networks
from .engine_containers import Container, label_filters
from .errors import TenantryError
from .polling import Deadline, Pause
from .stack import Stack
from .stack_compare import Difference, differences, is_of, state_of, wanted_state, waves
from .stack_objects import missing
from .stack_project import Service
from .stack_wait import Watch

#: Fields of a container that is not what the files say although its labels do.
EDITED, RENAMED = "edited", "renamed"
#: How compose begins the line that says that it waited for another service in vain.
DEPENDENCY_FAILED = "dependency failed to start"


@dataclasses.dataclass
class Convergence:
    """One way from what is there to what the files want.

    :param chosen: the services that are meant, by name.
    :param before: the project's containers before anything was done.
    """

    stack: Stack
    chosen: t.Mapping[str, Service]
    before: list[Container]
    found: list[Difference]
    deadline: Deadline

    @classmethod
    def begin(cls, stack: Stack) -> Convergence:
        """Compare, and make the networks and volumes that are missing.

        :raises TenantryError: kinds ``foreign_object``, ``network_differs``, ``image_missing``, ``invalid``,
            ``files_missing``, before anything was changed.
        """
        deadline = Deadline(stack.wait_timeout)
        project = stack.load()
        chosen = {
            name: dataclasses.replace(service, replicas=stack.replicas.get(name, service.replicas))
            for name, service in project.chosen(stack.profiles, stack.services).items()
        }
        before = stack.containers()
        objects = missing(stack.engine, stack.networks, stack.volumes)
        images = {one.image: engine_images.image_id(stack.engine, one.image) for one in chosen.values()}
        found = differences(chosen, before, images, set(project.services) if stack.remove_orphans else None)
        if stack.strict:
            found += _edited(stack, chosen, before)
            found = [one for one in found if ("container", one.container, one.field) not in stack.accepted]
        if not stack.check_mode:
            _refuse_missing_images(stack, chosen, found, images)
        for one in objects:
            stack.act("create", one.kind, one.name, one.create)
        return cls(stack, chosen, before, found, deadline)

    def watch(self, services: t.Mapping[str, Service] | None = None) -> Watch:
        """Looks at the containers of all services that are meant, or of some."""
        stack = self.stack
        wanted = self.chosen if services is None else services
        return Watch(stack.engine, stack.filters, wanted, self.before, stack.redactor, stack.log_lines)

    def finish(self) -> dict[str, t.Any]:
        """Wait until everything is healthy.

        :raises TenantryError: kind ``unhealthy``.
        """
        if not self.stack.check_mode:
            self.watch().wait(self.deadline)
        return self.stack.result(self.before, state_of(self.chosen, self.before), wanted_state(self.chosen), self.found)

    # -- putting right ------------------------------------------------------------------------------------------

    def put_right(self) -> None:
        """Whatever differs, first what compose does not see or stumbles over, then by compose."""
        if not self.found:
            self._remove_extra_networks()
            return
        by_name = {container.name: container for container in self.before}
        for difference in self.found:
            if difference.field == "name":
                self._finish_replacement(by_name.pop(difference.container or ""), by_name)
        for difference in self.found:
            container = by_name.get(difference.container or "")
            if container is None:
                continue
            if difference.field == EDITED:
                # compose looks only at its own configuration hash, which nobody edited
                self.stack.act_on(container, "remove", engine_containers.stop_and_remove)
            elif difference.field == RENAMED:
                self.stack.act_on(container, "rename", engine_containers.rename, difference.wanted)
            elif difference.field == "state" and container.state == "paused":
                # compose refuses to start a paused container
                self.stack.act_on(container, "unpause", engine_containers.unpause)
            if difference.field == "networks" and is_of(self.chosen[container.service], container):
                self._reconnect(container, self.chosen[container.service].networks or frozenset())
        services = sorted({difference.service for difference in self.found})
        self.stack.act("up", "project", self.stack.project, self._up, services=services)
        self._remove_extra_networks()

    def _remove_extra_networks(self) -> None:
        """Networks of the tenant that its release does not name; one that somebody still uses stays."""
        stack = self.stack
        if not stack.strict or not stack.owner:
            return
        wanted = {network.name for network in stack.networks}
        for network in engine_networks.read(stack.engine, label_filters(tenant=stack.owner)):
            if network.name in wanted or ("network", network.name, "presence") in stack.accepted:
                continue
            try:
                remove = functools.partial(engine_networks.remove, stack.engine, network)
                stack.act("remove", "network", network.name, remove)
            except TenantryError as error:
                if error.error_kind != "network_in_use":
                    raise

    def _finish_replacement(self, container: Container, others: t.Collection[str]) -> None:
        """Compose stumbles over what it left half-way when it was killed: "the container name is already in use"."""
        name = str(container.unfinished_name_of)
        if container.state == "running" and name not in others:
            self.stack.act_on(container, "rename", engine_containers.rename, name)
        else:
            self.stack.act_on(container, "remove", engine_containers.remove_replacement)

    def _reconnect(self, container: Container, wanted: frozenset[str]) -> None:
        """Put a container back on its networks; compose looks only at its own configuration hash."""
        for name in sorted(wanted - set(container.networks)):
            self.stack.act_on(container, "connect", engine_networks.connect, name)
        for name in sorted(set(container.networks) - wanted):
            self.stack.act_on(container, "disconnect", engine_networks.disconnect, name)

    def _up(self) -> None:
        command = ["up", "--detach", "--no-build", "--pull", "never"]
        if self.stack.remove_orphans:
            command.append("--remove-orphans")
        for name, count in sorted(self.stack.replicas.items()):
            command += ["--scale", f"{name}={count}"]
        command += self.stack.services
        watch, pause, compose = self.watch(), Pause(1.0, 3.0), self.stack.compose()
        while True:
            try:
                compose.run(*command, timeout=max(1.0, self.deadline.remaining()), watch=watch.crashed)
                return
            except TenantryError as error:
                if error.error_kind not in ("compose_timeout", "compose_failed"):
                    raise
                watch.crashed()
                # Compose starts nothing that depends on what is unhealthy, even when that was only paused until now.
                waits = error.error_kind == "compose_timeout" or DEPENDENCY_FAILED in error.message
                if waits and self.deadline.passed():
                    watch.give_up(f"within {self.deadline.seconds:g} s")
                if not waits or self.deadline.passed():
                    raise
            pause.sleep(self.deadline)

    # -- restarting ---------------------------------------------------------------------------------------------

    def restart(self) -> None:
        """Restart what ran before and was not replaced, what others depend on first."""
        ran = [one for one in self.before if one.service in self.chosen and one.state == "running" and not one.one_off]
        for wave in waves(self._kept(ran)):
            self.stack.act_on_each(wave, "restart", engine_containers.restart)
            if not self.stack.check_mode:
                self.watch({one.service: self.chosen[one.service] for one in wave}).wait(self.deadline)

    def _kept(self, ran: list[Container]) -> list[Container]:
        if self.stack.check_mode:
            return [one for one in ran if is_of(self.chosen[one.service], one)]
        now = {one.id: one.started for one in self.stack.containers()}
        return [one for one in ran if now.get(one.id) == one.started]


def _edited(stack: Stack, chosen: t.Mapping[str, Service], containers: t.Sequence[Container]) -> list[Difference]:
    """Containers of the right digest with other fields. Images and networks are compared for all stacks."""
    found = []
    for container in containers:
        service = chosen.get(container.service)
        if service is None or container.one_off or not is_of(service, container):
            continue
        wanted = service.wanted_fields(engine_images.config(stack.engine, container.image_id))
        name = container.name
        fields = [
            field
            for field, _wanted, _live in container_fields.differences(wanted, dict(container.fields))
            if field not in ("image", "networks") and ("container", name, field) not in stack.accepted
        ]
        if fields:
            found.append(Difference(container.service, name, EDITED, fields, None))
        elif (
            container.unfinished_name_of is None
            and name != container.own_name
            and ("container", name, "name") not in stack.accepted
        ):
            found.append(Difference(container.service, name, RENAMED, name, container.own_name))
    return found


def _refuse_missing_images(
    stack: Stack,
    chosen: t.Mapping[str, Service],
    found: t.Sequence[Difference],
    images: t.Mapping[str, str | None],
) -> None:
    """Look before compose does, which would find out half-way. In check mode nothing was pulled yet."""
    touched = {difference.service for difference in found} & set(chosen)
    missing = sorted({chosen[name].image for name in touched if images[chosen[name].image] is None})
    if missing:
        raise TenantryError(
            f"project {stack.project}: the engine lacks {', '.join(missing)}, and a stack pulls nothing: run "
            "tenantry.platform.images first",
            "image_missing",
            images=missing,
        )


def present(stack: Stack) -> dict[str, t.Any]:
    """Everything there, running and healthy.

    :raises TenantryError: kinds ``unhealthy``, ``foreign_object``, ``invalid``, and those of engine and compose.
    """
    way = Convergence.begin(stack)
    way.put_right()
    return way.finish()


def restarted(stack: Stack) -> dict[str, t.Any]:
    """As present; what ran before is restarted."""
    way = Convergence.begin(stack)
    way.put_right()
    way.restart()
    return way.finish()
