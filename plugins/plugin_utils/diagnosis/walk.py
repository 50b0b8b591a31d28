# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The walk along all links of one tenant, and the first cause of what is broken. No input or output."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.tenantry.platform.plugins.plugin_utils.diagnosis import (
    commands,
    containers,
    dns,
    edge,
    route,
    row,
)
from ansible_collections.tenantry.platform.plugins.plugin_utils.diagnosis.link import (
    BROKEN,
    OK,
    UNKNOWN,
    Case,
    Link,
)

#: As a request goes, which is how a person reads it.
ORDER = (row.NAME, dns.NAME, edge.NAME, route.NAME, containers.CONTAINER, containers.HEALTH, containers.DATABASE)
#: What may be the cause of what follows comes first.
CAUSES = (row.NAME, edge.NAME, containers.DATABASE, containers.CONTAINER, containers.HEALTH, route.NAME, dns.NAME)


@dataclasses.dataclass(frozen=True)
class Walk:
    """All links of a tenant, in the order of a request.

    :ivar notes: what differs from the database and breaks nothing.
    """

    tenant: str
    node: str
    url: str
    state: str
    links: list[Link]
    notes: list[str] = dataclasses.field(default_factory=list)

    @classmethod
    def quarantined(cls, host: str, invalid: t.Sequence[t.Mapping[str, str]], kind: str) -> Walk:
        """It ends at the row."""
        return cls(host, "", "", "invalid", [row.quarantined(host, invalid, kind)])

    @classmethod
    def of(cls, case: Case) -> Walk:
        """Judge every link."""
        known = {row.NAME: row.judge(case), dns.NAME: dns.judge(case)}
        known.update(_unread(case) if case.unread else _probed(case))
        if case.engine_error:
            known.update(_in_containers(case, known))
        links = _behind_operation([known[name] for name in ORDER])
        where = route.url(case.spec) if case.active else ""
        return cls(case.tenant, case.node, where, str(case.spec["state"]), links, _notes(case, links))

    @property
    def roots(self) -> list[Link]:
        """What is not fine by itself, the first cause first."""
        found = [one for one in self.links if not one.fine and not one.because]
        breaks = {one.because for one in self.links if one.status == BROKEN}
        guilty = {one.name for one in found if one.status == BROKEN or one.name in breaks}
        return sorted(found, key=lambda one: (not one.blocks, one.name not in guilty, CAUSES.index(one.name)))

    @property
    def cause(self) -> Link | None:
        """THE cause: of what is broken, else of what could not be asked."""
        return next(iter(self.roots), None)

    @property
    def status(self) -> str:
        """``broken`` as soon as one link is, else ``unknown`` as soon as one could not be asked, else ``ok``."""
        there = {one.status for one in self.links}
        return next((one for one in (BROKEN, UNKNOWN) if one in there), OK)

    def as_dict(self) -> dict[str, t.Any]:
        """For the result of the task."""
        cause = self.cause
        return {
            "tenant": self.tenant,
            "node": self.node,
            "url": self.url,
            "state": self.state,
            "status": self.status,
            "cause": cause.name if cause else None,
            "command": cause.command if cause else "",
            "links": [one.as_dict() for one in self.links],
            "notes": list(self.notes),
        }


def _probed(case: Case) -> dict[str, Link]:
    at_edge, database = edge.judge(case), containers.database(case)
    container = containers.container(case, database)
    health = containers.health(case, container, database)
    return {
        edge.NAME: at_edge,
        containers.DATABASE: database,
        containers.CONTAINER: container,
        containers.HEALTH: health,
        route.NAME: route.judge(case, at_edge, container, health, database),
    }


def _in_containers(case: Case, known: t.Mapping[str, Link]) -> dict[str, Link]:
    """Proxy and name server are containers themselves: what is wrong with them comes from an engine that is."""
    here = [edge.NAME, *([dns.NAME] if case.zone.nameserver == case.node else [])]
    return {
        name: dataclasses.replace(known[name], because=containers.CONTAINER)
        for name in here
        if known[name].blocks and not known[name].because
    }


def _unread(case: Case) -> dict[str, Link]:
    """Links of a node that could not be asked: the first one says so."""
    first, *others = [one for one in ORDER if one not in (row.NAME, dns.NAME)]
    text = f"node {case.node} could not be asked: {case.unread}"
    links = {first: Link(first, UNKNOWN, text, command=commands.ping(case.node), blocks=True)}
    return {**links, **{one: Link(one, UNKNOWN, "the node could not be asked", because=first) for one in others}}


def _behind_operation(links: list[Link]) -> list[Link]:
    """Whatever is broken while an operation runs may be its doing."""
    if links[0].status != UNKNOWN:
        return links
    return [one if one.fine or one.name == row.NAME else dataclasses.replace(one, because=row.NAME) for one in links]


def _notes(case: Case, links: list[Link]) -> list[str]:
    said = {text for link in links for text in (link.text, *link.evidence)}
    # To a reader without an engine everything of the engine is missing.
    found = case.findings("file", "link", *(() if case.engine_error else ("container", "network", "volume")))
    serving = ("state", "presence", "replicas", "networks")
    return [
        one["text"]
        for one in found
        if one["text"] not in said and not (one["kind"] == "container" and one["field"] in serving)
    ]
