# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One compose project on one engine: whose it is, what is there, and what was done to it."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import typing as t

from . import engine_containers, engine_networks
from .compose_cli import Compose
from .engine import Engine
from .engine_containers import PROJECT_LABEL, Container, label_filters
from .engine_networks import Network, owner_of
from .engine_volumes import Volume
from .errors import TenantryError
from .redaction import Redactor
from .stack_compare import Difference
from .stack_project import Project, load

#: Containers stopped at the same time; each costs the engine a thread, not the node CPU.
PARALLEL = 8


@dataclasses.dataclass
class Stack:
    """A project and the options that say what to do with it.

    :param owner: the tenant whose objects may be touched, empty for the platform's own; None until files or options
        tell.
    :param accepted: kind, name and field of what differs and shall.
    :param actions: what was done, or in check mode would be.
    """

    engine: Engine
    project: str
    source: str | None
    files: tuple[str, ...]
    services: tuple[str, ...]
    profiles: tuple[str, ...]
    replicas: t.Mapping[str, int]
    networks: tuple[Network, ...]
    volumes: tuple[Volume, ...]
    owner: str | None
    strict: bool
    accepted: frozenset[tuple[str, str, str]]
    remove_orphans: bool
    remove_networks: bool
    remove_volumes: bool
    wait_timeout: float
    log_lines: int
    redactor: Redactor
    check_mode: bool
    actions: list[dict[str, t.Any]] = dataclasses.field(default_factory=list)

    @classmethod
    def from_params(cls, engine: Engine, params: t.Mapping[str, t.Any], check_mode: bool) -> Stack:
        """From the options of the module.

        :raises TenantryError: kind ``invalid`` when labels name several tenants.
        """
        networks = tuple(Network.from_option(option) for option in params["networks"])
        volumes = tuple(Volume.from_option(option) for option in params["volumes"])
        labels = [network.labels for network in networks] + [volume.labels for volume in volumes]
        owners = {owner_of(one) for one in labels} | set(filter(None, [params["tenant"]]))
        if len(owners) > 1:
            raise TenantryError(
                f"project {params['project_name']}: networks, volumes and the option tenant name several owners "
                f"({', '.join(owner or 'none' for owner in sorted(owners))}); a stack belongs to one",
                "invalid",
            )
        if not params["project_name"] and (not params["tenant"] or params["state"] not in ("absent", "stopped")):
            raise TenantryError(
                "project_name is empty: only a tenant's containers without a project can be stopped or removed so; "
                "name the tenant",
                "invalid",
            )
        return cls(
            engine=engine,
            project=params["project_name"],
            source=params["project_src"],
            files=tuple(params["files"]),
            services=tuple(params["services"]),
            profiles=tuple(params["profiles"]),
            replicas={name: int(count) for name, count in params["replicas"].items()},
            networks=networks,
            volumes=volumes,
            owner=owners.pop() if owners else None,
            strict=params["strict"],
            accepted=frozenset((one["kind"], one["name"], one["field"]) for one in params["accepted"]),
            remove_orphans=params["remove_orphans"],
            remove_networks=params["remove_networks"],
            remove_volumes=params["remove_volumes"],
            wait_timeout=params["wait_timeout"],
            log_lines=params["log_lines"],
            redactor=Redactor.from_params(params),
            check_mode=check_mode,
        )

    @property
    def filters(self) -> list[str]:
        return label_filters(project=self.project)

    def containers(self) -> list[Container]:
        """The project's containers, all ours; without a project those of the tenant that belong to none.

        :raises TenantryError: kind ``foreign_object`` for one of the project that is not this tenant's.
        """
        if not self.project:
            mine = engine_containers.read(self.engine, label_filters(tenant=self.owner))
            return [container for container in mine if not container.labels.get(PROJECT_LABEL)]
        found = engine_containers.read(self.engine, [f"{PROJECT_LABEL}={self.project}"])
        for container in found:
            engine_networks.refuse_foreign(
                "container", container.name, container.labels, self.owner, f"it uses our project name {self.project}"
            )
        return found

    def compose(self) -> Compose:
        if self.source is None:
            raise TenantryError(f"project {self.project}: this state needs project_src", "invalid")
        return Compose(self.engine, self.project, self.source, self.files, self.profiles, self.redactor)

    def load(self) -> Project:
        """The files, which must be of the same tenant as the options."""
        project = load(self.compose())
        if self.owner not in (None, project.owner):
            raise TenantryError(
                f"project {self.project}: its files are of tenant {project.owner or 'none'}, the options of "
                f"{self.owner or 'none'}",
                "invalid",
            )
        self.owner = project.owner
        return project

    def act(self, action: str, kind: str, name: str, do: t.Callable[[], t.Any], **facts: t.Any) -> None:
        """Note one change and, unless in check mode, make it."""
        if not self.check_mode:
            do()
        self.actions.append({"action": action, "kind": kind, "name": name, **facts})

    def act_on(self, container: Container, action: str, do: t.Callable[..., None], *args: t.Any) -> None:
        """As ``act``; ``do`` gets the engine, the container and ``args``."""
        self.act(action, "container", container.name, lambda: do(self.engine, container, *args))

    def act_on_each(self, group: t.Sequence[Container], action: str, do: t.Callable[[Engine, Container], None]) -> None:
        """One change to several containers at a time."""
        if group and not self.check_mode:
            with concurrent.futures.ThreadPoolExecutor(PARALLEL) as pool:
                list(pool.map(lambda container: do(self.engine, container), group))
        for container in group:
            self.actions.append({"action": action, "kind": "container", "name": container.name})

    def result(
        self,
        before: t.Sequence[Container],
        live: dict[str, t.Any],
        wanted: dict[str, t.Any],
        found: t.Sequence[Difference] = (),
    ) -> dict[str, t.Any]:
        """The module result.

        :param live: services as they were, for the diff, and ``wanted`` as they are after the actions.
        """
        made = {"create": (None, "present"), "remove": ("present", None)}
        objects = {
            f"{action['kind']} {action['name']}": made[action["action"]]
            for action in self.actions
            if action["kind"] in ("network", "volume")
        }
        now = list(before) if self.check_mode else self.containers()
        return {
            "changed": bool(self.actions),
            "actions": self.actions,
            "differences": [difference.as_dict() for difference in found],
            "containers": [container.summary() for container in now],
            "diff": {
                "before": {"services": live, **{name: state for name, (state, _after) in objects.items()}},
                "after": {
                    "services": wanted if self.actions else live,
                    **{name: state for name, (_before, state) in objects.items()},
                },
            },
        }
