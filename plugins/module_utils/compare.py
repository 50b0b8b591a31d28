# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a tenant's last applied release says, against what is live. Standard library only, no input or output."""

from __future__ import annotations

import dataclasses
import typing as t


@dataclasses.dataclass(frozen=True)
class Finding:
    """One field of one thing that is not as it was applied."""

    kind: str  # container, network, volume, file, link, router, upstream, record
    name: str
    field: str
    last: t.Any
    live: t.Any

    def describe(self) -> str:
        """A few words for a person."""
        if self.live is None:
            return f"{self.kind} {self.name} is missing"
        if self.last is None:
            return f"{self.kind} {self.name} is not ours to be there"
        return f"{self.kind} {self.name}: {self.field} is {self.live}, was applied as {self.last}"


@dataclasses.dataclass(frozen=True)
class LiveContainer:
    """A managed container, as one list call of the engine tells it."""

    name: str
    service: str
    project: str
    digest: str
    state: str  # created, running, paused, restarting, exited, dead
    health: str  # healthy, unhealthy, starting, none

    @property
    def serves(self) -> bool:
        """Running, and healthy where it has a check."""
        return self.state == "running" and self.health in ("healthy", "none")


@dataclasses.dataclass(frozen=True)
class LiveEdge:
    """What the proxy says: routers and upstreams by name with provider suffix."""

    routers: dict[str, dict[str, t.Any]]
    servers: dict[str, int]  # upstream -> servers that are up


def health_of(status: str) -> str:
    """Health out of the engine's status text, such as ``Up 2 minutes (healthy)``."""
    for text, health in (("(healthy)", "healthy"), ("(unhealthy)", "unhealthy"), ("(health: starting)", "starting")):
        if text in status:
            return health
    return "none"


def containers(manifest: dict[str, t.Any], state: str, live: list[LiveContainer]) -> list[Finding]:
    """Containers of a release against live ones.

    :param state: ``active`` or ``stopped``; a stopped tenant must have no running container.
    """
    findings = []
    projects = manifest["projects"]
    expected = {
        (projects["backing" if service["kind"] == "backing" else "app"], name): service
        for name, service in manifest["services"].items()
        if service["kind"] != "job"
    }
    by_service: dict[tuple[str, str], list[LiveContainer]] = {}
    for container in live:
        by_service.setdefault((container.project, container.service), []).append(container)
    jobs = {name for name, service in manifest["services"].items() if service["kind"] == "job"}
    for key, found in sorted(by_service.items()):
        if key not in expected and not (key[0] == projects["app"] and key[1] in jobs):
            findings += [Finding("container", one.name, "presence", None, one.state) for one in found]
    for key, service in sorted(expected.items()):
        found = by_service.get(key, [])
        if state == "stopped":
            findings += [
                Finding("container", one.name, "state", "stopped", one.state)
                for one in found
                if one.state in ("running", "restarting", "paused")
            ]
            continue
        findings += _service(key[1], service, found)
    return findings


def _service(name: str, service: dict[str, t.Any], found: list[LiveContainer]) -> list[Finding]:
    if not found:
        return [Finding("container", name, "presence", "running", None)]
    findings = []
    if len(found) != service["replicas"]:
        findings.append(Finding("container", name, "replicas", service["replicas"], len(found)))
    for container in found:
        if container.digest != service["digest"]:
            findings.append(Finding("container", container.name, "digest", service["digest"], container.digest))
        if not container.serves:
            text = container.state if container.health == "none" else f"{container.state}, {container.health}"
            findings.append(Finding("container", container.name, "state", "running", text))
    return findings


def networks(manifest: dict[str, t.Any], live: set[str]) -> list[Finding]:
    """Networks of a release that are gone."""
    return [
        Finding("network", network["name"], "presence", "present", None)
        for network in manifest["networks"]
        if network["name"] not in live
    ]


def edge(manifest: dict[str, t.Any], state: str, live: LiveEdge) -> list[Finding]:
    """Routers and upstreams that a release must have, against the proxy's own words."""
    expect = manifest["route"]["expect"]
    if state == "stopped":
        return [
            Finding("router", name, "presence", None, "present") for name in expect["routers"] if name in live.routers
        ]
    findings = []
    for name, wanted in sorted(expect["routers"].items()):
        router = live.routers.get(name)
        if router is None:
            findings.append(Finding("router", name, "presence", "enabled", None))
            continue
        if router.get("status") != "enabled":
            findings.append(Finding("router", name, "status", "enabled", router.get("status")))
        findings += [
            Finding("router", name, field, value, router.get(field))
            for field, value in sorted(wanted.items())
            if not _same_router_field(name, field, value, router.get(field))
        ]
    findings += [
        Finding("upstream", name, "servers", count, live.servers.get(name, 0))
        for name, count in sorted(expect["services"].items())
        if live.servers.get(name, 0) != count
    ]
    return findings


def _same_router_field(router: str, field: str, wanted: t.Any, live: t.Any) -> bool:
    if field == "service" and isinstance(wanted, str) and isinstance(live, str):
        provider = "@" + router.rsplit("@", 1)[1]
        return wanted.removesuffix(provider) == live.removesuffix(provider)
    return wanted == live


def files(changed: list[str]) -> list[Finding]:
    """Files of a release that are not as they were written."""
    return [Finding("file", path, "content", "as written", "changed or missing") for path in changed]
