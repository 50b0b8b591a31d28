# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a tenant's last applied release says, against what is live. Standard library only, no input or output."""

from __future__ import annotations

import dataclasses
import json
import re
import typing as t

from ansible_collections.tenantry.platform.plugins.module_utils import container_fields
from ansible_collections.tenantry.platform.plugins.module_utils.container_fields import Fields

#: Kinds of findings, and of these the fields, that hurt nobody at once.
WARNINGS = ("stop_grace_period", "logging", "init", "restart", "health", "name", "pids_limit")
LONGEST_VALUE = 60
HOST = re.compile(r"Host\(`([^`]+)`\)")


def backing(manifest: t.Mapping[str, t.Any]) -> dict[str, str]:
    """Digests of a release's backing services, by name: the same ones are the same services."""
    return {name: one["digest"] for name, one in manifest["services"].items() if one["kind"] == "backing"}


@dataclasses.dataclass(frozen=True)
class Finding:
    """One field of one thing that is not as it was applied.

    :ivar kind: container, network, volume, file, link, router, upstream, record.
    :ivar last: what was applied; None when it was not there.
    :ivar live: what is there now; None when nothing is.
    :ivar service: whose container it is, for the desired value of the field.
    """

    kind: str
    name: str
    field: str
    last: t.Any
    live: t.Any
    service: str = ""

    @property
    def severity(self) -> str:
        """``critical`` or ``warning``."""
        return "warning" if self.field.split(".", 1)[0] in WARNINGS else "critical"

    def describe(self) -> str:
        """A few words for a person."""
        if self.field == "presence":
            what = "is missing" if self.live is None else "is not ours to be there"
            return f"{self.kind} {self.name} {what}"
        if self.live is None:
            return f"{self.kind} {self.name}: {self.field} is gone, was applied as {_shown(self.last)}"
        if self.last is None:
            return f"{self.kind} {self.name}: {self.field} is {_shown(self.live)}, was not applied"
        return f"{self.kind} {self.name}: {self.field} is {_shown(self.live)}, was applied as {_shown(self.last)}"

    def as_dict(self) -> dict[str, t.Any]:
        """For the result of a module."""
        return {**dataclasses.asdict(self), "severity": self.severity, "text": self.describe()}


def _shown(value: t.Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 1]}…"


@dataclasses.dataclass(frozen=True)
class LiveContainer:
    """A container as the engine tells it.

    :ivar tenant: by label; empty for the platform's own and for what is not ours.
    :ivar networks: those it is attached to.
    :ivar fields: of container_fields.live; None when nobody asked for them.
    """

    name: str
    tenant: str
    service: str
    project: str
    state: str  # created, running, paused, restarting, exited, dead
    health: str  # healthy, unhealthy, starting, none
    number: str = "1"
    networks: tuple[str, ...] = ()
    fields: Fields | None = None

    @property
    def serves(self) -> bool:
        """Running, and healthy where it has a check."""
        return self.state == "running" and self.health in ("healthy", "none")


@dataclasses.dataclass(frozen=True)
class LiveEdge:
    """What the proxy says: routers and upstreams by name with provider suffix."""

    routers: dict[str, dict[str, t.Any]]
    servers: dict[str, int]  # upstream -> servers that are up
    claims: dict[str, list[str]] = dataclasses.field(default_factory=dict)  # hostname -> routers

    @classmethod
    def of(cls, routers: dict[str, dict[str, t.Any]], servers: dict[str, int]) -> LiveEdge:
        """With the hostnames that the routers' rules name."""
        claims: dict[str, list[str]] = {}
        for name, router in routers.items():
            for host in hosts_of(router.get("rule")):
                claims.setdefault(host, []).append(name)
        return cls(routers, servers, claims)


def hosts_of(rule: str | None) -> set[str]:
    """The hostnames that a router's rule names."""
    return set(HOST.findall(rule or ""))


def health_of(status: str) -> str:
    """Health out of the engine's status text, such as ``Up 2 minutes (healthy)``."""
    for text, health in (("(healthy)", "healthy"), ("(unhealthy)", "unhealthy"), ("(health: starting)", "starting")):
        if text in status:
            return health
    return "none"


def containers(
    manifest: dict[str, t.Any],
    state: str,
    live: list[LiveContainer],
    wanted: t.Callable[[LiveContainer], Fields | None],
) -> list[Finding]:
    """Containers of a release against live ones.

    :param state: ``active`` or ``stopped``; a stopped tenant must have no running container.
    :param wanted: the fields that a container of the release must have.
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
        findings += _service(key, service, found, wanted)
    return findings


def _service(
    key: tuple[str, str],
    service: dict[str, t.Any],
    found: list[LiveContainer],
    wanted: t.Callable[[LiveContainer], Fields | None],
) -> list[Finding]:
    project, name = key
    if not found:
        return [Finding("container", name, "presence", "running", None, name)]
    findings = []
    if len(found) != service["replicas"]:
        findings.append(Finding("container", name, "replicas", service["replicas"], len(found), name))
    for container in found:
        own = f"{project}-{name}-{container.number}"
        if container.name != own:
            findings.append(Finding("container", container.name, "name", own, container.name, name))
        if not container.serves:
            text = container.state if container.health == "none" else f"{container.state}, {container.health}"
            findings.append(Finding("container", container.name, "state", "running", text, name))
        last = wanted(container)
        if last is not None and container.fields is not None:
            findings += [
                Finding("container", container.name, field, before, now, name)
                for field, before, now in container_fields.differences(last, container.fields)
            ]
    return findings


def strangers(manifest: dict[str, t.Any], attached: t.Mapping[str, list[LiveContainer]]) -> list[Finding]:
    """Containers of anybody else on the tenant's networks.

    :param attached: by network who is on it.
    """
    return [
        Finding("container", container.name, f"network {network['name']}", None, "attached")
        for network in manifest["networks"]
        for container in attached.get(network["name"], ())
        if container.tenant != manifest["tenant"]
    ]


def networks(manifest: dict[str, t.Any], live: dict[str, dict[str, t.Any]], own: t.Collection[str]) -> list[Finding]:
    """Networks of a release against those of the engine.

    :param live: by name: ``tenant`` (by label) and ``internal``.
    :param own: names of those that carry the tenant's label.
    """
    findings = []
    wanted = {network["name"]: network for network in manifest["networks"]}
    for name, network in sorted(wanted.items()):
        there = live.get(name)
        if there is None:
            findings.append(Finding("network", name, "presence", "present", None))
            continue
        last = {"tenant": manifest["tenant"], "internal": bool(network["internal"])}
        findings += [
            Finding("network", name, field, last[field], there[field]) for field in last if last[field] != there[field]
        ]
    findings += [Finding("network", name, "presence", None, "present") for name in sorted(own) if name not in wanted]
    return findings


def volumes(manifest: dict[str, t.Any], live: t.Container[str]) -> list[Finding]:
    """Volumes of a release that are gone. Others of the tenant hold what a service left, which is no drift."""
    return [
        Finding("volume", volume["name"], "presence", "present", None)
        for volume in manifest["volumes"]
        if volume["name"] not in live
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
    own = {host for router in expect["routers"].values() for host in hosts_of(router.get("rule"))}
    others = {name for host in own for name in live.claims.get(host, ()) if name not in expect["routers"]}
    return findings + [
        Finding("router", name, "presence", None, live.routers[name].get("rule")) for name in sorted(others)
    ]


def _same_router_field(router: str, field: str, wanted: t.Any, live: t.Any) -> bool:
    if field == "service" and isinstance(wanted, str) and isinstance(live, str):
        provider = "@" + router.rsplit("@", 1)[1]
        return wanted.removesuffix(provider) == live.removesuffix(provider)
    return wanted == live


def files(changed: list[str], added: list[str]) -> list[Finding]:
    """Files of a release that are not as they were written, and such as nobody wrote."""
    return [Finding("file", path, "content", "written", "changed or missing") for path in changed] + [
        Finding("file", path, "presence", None, "present") for path in added
    ]


def link(applied: str, linked: str | None) -> list[Finding]:
    """The link ``current`` against the release that was made current last.

    :param linked: what it points at; None where it is gone.
    """
    return [] if applied == linked else [Finding("link", "current", "target", applied, linked)]
