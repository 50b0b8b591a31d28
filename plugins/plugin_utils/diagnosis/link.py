# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One link of the way to a tenant, and the facts that links are judged by. No input or output."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.tenantry.platform.plugins.plugin_utils.plan import DnsPlan

OK, BROKEN, UNKNOWN, NONE = "ok", "broken", "unknown", "none"


@dataclasses.dataclass(frozen=True)
class Link:
    """What is known of one link.

    :ivar status: ``ok``; ``broken``; ``unknown``: it could not be asked; ``none``: the tenant has no such thing.
    :ivar text: one line.
    :ivar evidence: what was seen, a line each.
    :ivar command: what mends it; empty where no command does.
    :ivar advice: what a person has to do or to know besides.
    :ivar because: the link that it is broken, or cannot be asked, because of.
    :ivar blocks: whether nothing else of the tenant can be mended before.
    """

    name: str
    status: str
    text: str
    evidence: list[str] = dataclasses.field(default_factory=list)
    command: str = ""
    advice: str = ""
    because: str = ""
    blocks: bool = False

    @property
    def fine(self) -> bool:
        """Whether there is nothing to look at."""
        return self.status in (OK, NONE)

    def as_dict(self) -> dict[str, t.Any]:
        """For the result of the task."""
        return dataclasses.asdict(self)


@dataclasses.dataclass(frozen=True)
class Zone:
    """The zone of a tenant, as its name server has it and as it answers.

    :ivar nameserver: the node that serves it.
    :ivar desired: the record sets that the database wants.
    :ivar plan: how the zone differs from that.
    :ivar answers: by name and type what the server said when it was asked.
    :ivar unasked: why it could not be asked.
    """

    name: str
    nameserver: str
    desired: list[dict[str, t.Any]] = dataclasses.field(default_factory=list)
    plan: DnsPlan = dataclasses.field(default_factory=DnsPlan)
    answers: dict[tuple[str, str], dict[str, t.Any]] = dataclasses.field(default_factory=dict)
    unasked: str = ""


@dataclasses.dataclass(frozen=True)
class Case:
    """Everything that was found out about one tenant.

    :ivar spec: what the database wants.
    :ivar verdict: of the plan.
    :ivar live: of the node's reader.
    :ivar edge: of the probe, about the proxy of the node.
    :ivar probe: of the probe, about the tenant.
    :ivar unread: why the node could not be asked.
    :ivar engine_error: why its engine could not.
    """

    spec: dict[str, t.Any]
    verdict: dict[str, t.Any]
    zone: Zone
    live: dict[str, t.Any] = dataclasses.field(default_factory=dict)
    edge: dict[str, t.Any] = dataclasses.field(default_factory=dict)
    probe: dict[str, t.Any] = dataclasses.field(default_factory=dict)
    unread: str = ""
    engine_error: str = ""

    @property
    def tenant(self) -> str:
        return str(self.spec["name"])

    @property
    def node(self) -> str:
        return str(self.spec["node"])

    @property
    def active(self) -> bool:
        """Whether the database wants it to serve."""
        return bool(self.spec["state"] == "active")

    @property
    def current(self) -> str | None:
        """The release that is current on the node."""
        return self.probe.get("release") or self.live.get("current")

    def findings(self, *kinds: str) -> list[dict[str, t.Any]]:
        """What differs from the last applied release and no rule accepts.

        A plan that could not be made has no findings; those of the reader stand for themselves.
        """
        found = self.verdict.get("findings") or self.live.get("findings") or []
        return [
            one for one in found if one["kind"] in kinds and not one.get("ignored_by") and one.get("class") != "pending"
        ]

    def services(self, kind: str) -> dict[str, dict[str, t.Any]]:
        """Services of the current release."""
        return {name: one for name, one in (self.probe.get("services") or {}).items() if one["kind"] == kind}

    def containers(self, service: str, project: str) -> list[dict[str, t.Any]]:
        """Containers of a service."""
        return [
            one for one in self.probe.get("containers") or [] if one["service"] == service and one["project"] == project
        ]

    def dependencies(self, service: str) -> set[str]:
        """The services that one depends on, directly or not."""
        edges = {one["name"]: one["depends_on"] for one in self.spec["services"]}
        found: set[str] = set()
        waiting = [service]
        while waiting:
            for name in edges.get(waiting.pop(), ()):
                if name not in found:
                    found.add(name)
                    waiting.append(name)
        return found
