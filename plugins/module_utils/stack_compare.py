# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A project's services against its live containers: what differs, and in which order services follow each other."""

from __future__ import annotations

import dataclasses
import typing as t

from .engine_containers import CONFIG_HASH_LABEL, Container
from .stack_project import Service


@dataclasses.dataclass(frozen=True)
class Difference:
    """One thing that is not as the files want it.

    ``field`` is count, name, spec_digest, config_hash, image, image_id, networks, state or orphan.
    """

    service: str
    container: str | None
    field: str
    live: t.Any
    wanted: t.Any

    def as_dict(self) -> dict[str, t.Any]:
        return dataclasses.asdict(self)


def differences(
    services: t.Mapping[str, Service],
    containers: t.Sequence[Container],
    image_ids: t.Mapping[str, str | None],
    known: t.Collection[str] | None,
) -> list[Difference]:
    """What ``docker compose up`` and we have to put right.

    :param services: those that are meant to run.
    :param containers: the project's containers.
    :param image_ids: what each image is on the engine now; None when it is not there.
    :param known: all services of the files; a container of any other is an orphan. None: orphans are left alone.
    """
    found: list[Difference] = []
    for name, service in services.items():
        have = [container for container in containers if container.service == name and not container.one_off]
        if len(have) != service.replicas:
            found.append(Difference(name, None, "count", len(have), service.replicas))
        for container in have:
            found += _of_container(service, container, image_ids.get(service.image))
    if known is not None:
        found += [
            Difference(container.service, container.name, "orphan", container.state, None)
            for container in containers
            if container.service not in known
        ]
    return found


def _of_container(service: Service, container: Container, image_id: str | None) -> t.Iterator[Difference]:
    fields: dict[str, tuple[t.Any, t.Any]] = {
        "spec_digest": (container.spec_digest, service.spec_digest),
        "image": (container.image, service.image),
        "state": (container.state, "running"),
    }
    if container.unfinished_name_of is not None:
        fields["name"] = (container.name, container.unfinished_name_of)
    if service.config_hash is not None:
        fields["config_hash"] = (container.labels.get(CONFIG_HASH_LABEL), service.config_hash)
    if image_id is not None:
        # a tag may mean another image by now
        fields["image_id"] = (container.image_id, image_id)
    if service.networks is not None:
        fields["networks"] = (sorted(container.networks), sorted(service.networks))
    for field, (live, wanted) in fields.items():
        if live != wanted:
            yield Difference(service.name, container.name, field, live, wanted)


def is_of(service: Service, container: Container) -> bool:
    """Whether a container was made from this very definition, not from an older one."""
    if service.config_hash is not None:
        return container.labels.get(CONFIG_HASH_LABEL) == service.config_hash
    return container.spec_digest == service.spec_digest


def state_of(services: t.Iterable[str], containers: t.Sequence[Container]) -> dict[str, t.Any]:
    """Live state per service, for a diff."""
    return {
        name: [
            {
                "image": container.image,
                "spec_digest": container.spec_digest,
                "state": container.state,
                "networks": sorted(container.networks),
            }
            for container in containers
            if container.service == name and not container.one_off
        ]
        for name in services
    }


def wanted_state(services: t.Mapping[str, Service]) -> dict[str, t.Any]:
    """What :func:`state_of` returns once everything runs."""
    return {
        name: [
            {
                "image": service.image,
                "spec_digest": service.spec_digest,
                "state": "running",
                "networks": sorted(service.networks or ()),
            }
        ]
        * service.replicas
        for name, service in services.items()
    }


def waves(containers: t.Iterable[Container]) -> list[list[Container]]:
    """Containers in groups, so that each comes after all that it depends on; a circle ends up in one last group.

    Dependencies are read from the labels that compose leaves, so that this works when the files are gone.
    """
    left = sorted(containers, key=lambda container: container.name)
    ordered: list[list[Container]] = []
    while left:
        waiting_for = {container.service for container in left}
        group = [
            container for container in left if not (set(container.depends_on) - {container.service}) & waiting_for
        ] or left
        ordered.append(group)
        left = [container for container in left if container not in group]
    return ordered
