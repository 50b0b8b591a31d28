# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The links of containers: whether they run, whether they are healthy, and whether what they depend on is there."""

from __future__ import annotations

import typing as t

from ansible_collections.tenantry.platform.plugins.plugin_utils.diagnosis import commands
from ansible_collections.tenantry.platform.plugins.plugin_utils.diagnosis.link import (
    BROKEN,
    NONE,
    OK,
    UNKNOWN,
    Case,
    Link,
)
from ansible_collections.tenantry.platform.plugins.plugin_utils.render import names

CONTAINER, HEALTH, DATABASE = "container", "health", "database"
Container = t.Mapping[str, t.Any]
#: Fields that say how a container is, not that somebody changed what it is.
IN_PLACE = ("presence", "state", "replicas", "name")
#: What the engine does by itself with a container that ends again and again.
LOOP = "restarting"


def unreadable(case: Case, name: str) -> Link | None:
    """Why nothing can be told of the containers; only the link of containers says it itself."""
    if not case.engine_error:
        return None
    if name == CONTAINER:
        return Link(name, UNKNOWN, case.engine_error, command=commands.nodes(case.node), blocks=True)
    return Link(name, UNKNOWN, "the engine could not be asked", because=CONTAINER)


def container(case: Case, database: Link) -> Link:
    """Whether the containers of the app services run, and are those of the current release."""
    if not case.active:
        return _resting(case)
    if blind := unreadable(case, CONTAINER):
        return blind
    error = case.live.get("error") or case.probe.get("error")
    if error:
        return Link(CONTAINER, BROKEN, error, command=commands.deploy(case.tenant))
    if case.current is None:
        return Link(CONTAINER, BROKEN, "no release of it was ever deployed", command=commands.deploy(case.tenant))
    services = case.services("app")
    if not services:
        return Link(CONTAINER, NONE, "it has no app service")
    down = _down(case, services)
    problems = [_ending(one) for one in down] + _missing(case, services) + _detached(case, services)
    if not problems:
        return Link(CONTAINER, OK, f"{_counted(services)} of release {case.current}", _others(case))
    advice = "it used more memory than services.memory lets it: raise that, then" if _starved(down) else ""
    # What crashes over and over is only replaced by a new release; all else is started or made again.
    loops = any(one["state"] in (LOOP, "dead") for one in down)
    command = commands.restart(case.tenant) if loops and not advice else commands.deploy(case.tenant)
    because = DATABASE if len(problems) == len(down) and all(_follows(case, one, database) for one in down) else ""
    return Link(CONTAINER, BROKEN, problems[0], problems[1:] + _spoken(down), command, advice, because)


def health(case: Case, container: Link, database: Link) -> Link:
    """Whether the containers of the app services that run are healthy, and answer at their port."""
    if not case.active:
        return Link(HEALTH, NONE, str(case.spec["state"]))
    if blind := unreadable(case, HEALTH):
        return blind
    services = case.services("app")
    if not services and container.fine:
        return Link(HEALTH, NONE, "it has no app service")
    running = _running(case, services)
    sick = [one for one in running if one["health"] == "unhealthy"]
    deaf = [one for one in running if one not in sick and _unreached(one)]
    if sick or deaf:
        return _sick(case, sick, deaf, database)
    if container.status == BROKEN:
        return Link(HEALTH, BROKEN, "what does not run cannot be healthy", because=CONTAINER)
    starting = [one["name"] for one in running if one["health"] == "starting"]
    if starting:
        text = f"{', '.join(starting)} started a moment ago, and was not found healthy yet"
        return Link(HEALTH, UNKNOWN, text, command=commands.again(case.tenant), advice="look again in a moment")
    return Link(HEALTH, OK, f"{_counted(services)}: {_healthy(running)}", _restarts(running))


def _sick(case: Case, sick: t.Sequence[Container], deaf: t.Sequence[Container], database: Link) -> Link:
    texts = [f"{one['name']} is unhealthy" for one in sick] + [_unreached(one) for one in deaf]
    troubled = [*sick, *deaf]
    services = {one["service"] for one in troubled}
    edited = any(one["service"] in services and one["field"] not in IN_PLACE for one in case.findings("container"))
    follows = all(_follows(case, one, database) for one in troubled)
    return Link(
        HEALTH,
        BROKEN,
        texts[0],
        texts[1:] + _spoken(troubled) + _restarts(troubled),
        # A deploy puts back what was changed by hand; it does not replace what is only unwell.
        commands.deploy(case.tenant) if edited else commands.restart(case.tenant),
        because=DATABASE if follows else "",
    )


def database(case: Case) -> Link:
    """Whether the backing services run, are healthy, and can be reached on the tenant's own network."""
    if not case.active:
        return Link(DATABASE, NONE, str(case.spec["state"]))
    if blind := unreadable(case, DATABASE):
        return blind
    services = case.services("backing")
    if not services:
        wanted = [one["name"] for one in case.spec["services"] if one["kind"] == "backing"]
        why = "no release of it was ever deployed" if wanted and case.current is None else "it has no backing service"
        return Link(DATABASE, NONE, why)
    down = _down(case, services)
    problems = [_ending(one) for one in down] + _missing(case, services)
    running = _running(case, services)
    network = names.backing_network(case.tenant)
    lost = [one for one in running if network not in one["networks"]]
    problems += [f"{one['name']} is not on network {network}" for one in lost]
    if problems:
        evidence = problems[1:] + _spoken(down)
        if any(one["state"] == LOOP for one in down):
            return Link(DATABASE, BROKEN, problems[0], evidence, advice="its log says why; a deploy cannot mend it")
        return Link(DATABASE, BROKEN, problems[0], evidence, commands.deploy(case.tenant))
    sick = [one for one in running if one["health"] == "unhealthy" or _unreached(one)]
    if sick:
        texts = [f"{one['name']} is unhealthy" if one["health"] == "unhealthy" else _unreached(one) for one in sick]
        command = commands.restart_containers(case.tenant, [one["name"] for one in sick])
        return Link(DATABASE, BROKEN, texts[0], texts[1:] + _spoken(sick), command)
    starting = [one["name"] for one in running if one["health"] == "starting"]
    if starting:
        text = f"{', '.join(starting)} started a moment ago, and was not found healthy yet"
        return Link(DATABASE, UNKNOWN, text, command=commands.again(case.tenant), advice="look again in a moment")
    return Link(DATABASE, OK, f"{', '.join(sorted(services))}: {_healthy(running)}", _restarts(running))


# -- a tenant that must not serve ------------------------------------------------------------------------------------


def _resting(case: Case) -> Link:
    if blind := unreadable(case, CONTAINER):
        return blind
    state = case.spec["state"]
    left = [
        one["name"]
        for one in case.probe.get("containers") or []
        if state == "removed" or one["state"] in ("running", "paused", LOOP)
    ]
    if left:
        text = f"{state} in the database, and {', '.join(left)} is still there"
        return Link(CONTAINER, BROKEN, text, command=commands.deploy(case.tenant))
    return Link(CONTAINER, NONE, f"{state}, and none runs")


# -- words -------------------------------------------------------------------------------------------------------------


def _down(case: Case, services: t.Mapping[str, t.Any]) -> list[Container]:
    found = (one for name, service in services.items() for one in case.containers(name, service["project"]))
    return [one for one in found if one["state"] != "running"]


def _running(case: Case, services: t.Mapping[str, t.Any]) -> list[Container]:
    found = (one for name, service in services.items() for one in case.containers(name, service["project"]))
    return [one for one in found if one["state"] == "running"]


def _missing(case: Case, services: t.Mapping[str, t.Any]) -> list[str]:
    found = []
    for name, service in services.items():
        there = len(case.containers(name, service["project"]))
        if there < service["replicas"]:
            found.append(f"{name}: {there or 'no'} container of {service['replicas']} is there")
    return found


def _detached(case: Case, services: t.Mapping[str, t.Any]) -> list[str]:
    """What lost a network, as the reader found it."""
    return [
        one["text"] for one in case.findings("container") if one["service"] in services and one["field"] == "networks"
    ] + [one["text"] for one in case.findings("network") if one["live"] is None]


def _others(case: Case) -> list[str]:
    """Containers that the release does not name."""
    return [one["text"] for one in case.findings("container") if one["field"] == "presence" and one["last"] is None]


def _ending(one: Container) -> str:
    """How a container is, and how it ended."""
    text = f"{one['name']} is {one['state']}"
    if one["state"] in ("exited", "dead", LOOP):
        text += f", exit code {one['exit_code']}"
        text += ", killed because it used more memory than it may" if one["oom_killed"] else ""
        text += f", since {one['finished'].partition('.')[0]}Z" if one["finished"] and one["state"] == "exited" else ""
    return f"{text} ({one['error']})" if one["error"] else text


def _starved(down: list[Container]) -> bool:
    return any(one["oom_killed"] for one in down)


def _unreached(one: Container) -> str:
    """Why its port takes no connection, which nobody expects of what has just started."""
    reached = one["reached"]
    if not reached or not reached["error"] or one["health"] == "starting":
        return ""
    return f"{one['name']} takes no connection at {reached['address']}:{reached['port']}: {reached['error']}"


def _follows(case: Case, one: Container, database: Link) -> bool:
    """Whether a container is as it is because a backing service that it depends on is broken.

    What somebody stopped or paused is not: only what ended by itself, or runs and is unwell.
    """
    if database.status != BROKEN:
        return False
    by_itself = one["state"] in ("running", LOOP) or (
        one["state"] == "exited" and one["exit_code"] not in (0, 137, 143)
    )
    return by_itself and bool(case.dependencies(one["service"]) & set(case.services("backing")))


def _spoken(containers: t.Sequence[Container]) -> list[str]:
    """The last words of health checks and logs."""
    lines = []
    for one in containers:
        if one["health_output"] and one["state"] == "running":
            lines.append(f"health check of {one['name']}: {' / '.join(one['health_output'])}")
        lines += [f"{one['name']} | {line}" for line in one["logs"]]
    return lines


def _restarts(containers: t.Sequence[Container]) -> list[str]:
    return [f"{one['name']} was restarted {one['restarts']} times" for one in containers if one["restarts"]]


def _healthy(running: t.Sequence[Container]) -> str:
    return "healthy" if any(one["health"] == "healthy" for one in running) else "running, without a health check"


def _counted(services: t.Mapping[str, t.Any]) -> str:
    return ", ".join(
        name if one["replicas"] == 1 else f"{name} ({one['replicas']})" for name, one in sorted(services.items())
    )
