# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The states of a stack. One path for check mode and for real."""

from __future__ import annotations

import functools
import typing as t

from . import compose_orphans, engine_containers, engine_networks, engine_volumes
from .engine import RELEASE_LABEL, Engine
from .engine_containers import Container
from .errors import TenantryError
from .stack import Stack
from .stack_compare import state_of, waves
from .stack_converge import present, restarted


def stopped(stack: Stack) -> dict[str, t.Any]:
    """No container runs; all stay, with networks and volumes. What depends on others stops first."""
    before = _meant(stack)
    running = [one for one in before if one.state in ("running", "restarting", "paused")]
    for wave in reversed(waves(running)):
        for container in wave:
            if container.state == "paused":
                # a paused process does not see the stop signal and would be killed after the whole grace period
                stack.act_on(container, "unpause", engine_containers.unpause)
        stack.act_on_each(wave, "stop", engine_containers.stop)
    names = sorted({one.service for one in before})
    live = state_of(names, before)
    after = {
        name: [{**one, "state": "created" if one["state"] == "created" else "exited"} for one in have]
        for name, have in live.items()
    }
    return stack.result(before, live, after)


def absent(stack: Stack) -> dict[str, t.Any]:
    """No container of the project, also when its files are gone; networks and volumes when asked for."""
    before = _meant(stack)
    networks = [one for one in stack.networks if stack.remove_networks and _is_there(stack, one)]
    volumes = [one for one in stack.volumes if stack.remove_volumes and engine_volumes.is_present(stack.engine, one)]

    def remove(engine: Engine, container: Container) -> None:
        # Anonymous volumes of a release are garbage with it; those of a backing service hold data nobody declared.
        stateless = RELEASE_LABEL in container.labels
        engine_containers.remove(engine, container, anonymous_volumes=stateless or stack.remove_volumes)

    for wave in reversed(waves(before)):
        stack.act_on_each(
            [one for one in wave if one.state in ("running", "restarting")], "stop", engine_containers.stop
        )
        stack.act_on_each(wave, "remove", remove)
    for network in networks:
        stack.act("remove", "network", network.name, functools.partial(engine_networks.remove, stack.engine, network))
    for volume in volumes:
        stack.act("remove", "volume", volume.name, functools.partial(engine_volumes.remove, stack.engine, volume))
    names = sorted({one.service for one in before})
    return stack.result(before, state_of(names, before), {name: [] for name in names})


def _meant(stack: Stack) -> list[Container]:
    return [one for one in stack.containers() if not stack.services or one.service in stack.services]


def _is_there(stack: Stack, network: engine_networks.Network) -> bool:
    return engine_networks.is_removable(stack.engine, network)


STATES: dict[str, t.Callable[[Stack], dict[str, t.Any]]] = {
    "present": present,
    "stopped": stopped,
    "restarted": restarted,
    "absent": absent,
}


def apply(engine: Engine, params: t.Mapping[str, t.Any], check_mode: bool) -> dict[str, t.Any]:
    """Bring a stack into ``params["state"]``; returns a module result."""
    change = STATES[params["state"]]
    interrupted = [] if check_mode else compose_orphans.end(engine.host, params["project_name"])
    try:
        return change(Stack.from_params(engine, params, check_mode))
    except TenantryError as error:
        if error.error_kind != "unhealthy" or not interrupted:
            raise
    # The engine went on stopping what it was asked to stop by the compose that was ended: look again.
    return change(Stack.from_params(engine, params, check_mode))
