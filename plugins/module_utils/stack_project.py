# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What compose files want to run: the parts of a project that are compared with live containers."""

from __future__ import annotations

import dataclasses
import json
import os
import typing as t

from . import container_fields
from .compose_cli import Compose
from .engine import MANAGED_LABEL, SPEC_DIGEST_LABEL, TENANT_LABEL
from .engine_networks import owner_of
from .errors import TenantryError

CONFIG_SECONDS = 30


@dataclasses.dataclass(frozen=True)
class Place:
    """Where a compose file stands, and the real names of what it calls by its own."""

    directory: str
    networks: t.Mapping[str, str]
    volumes: t.Mapping[str, str]


@dataclasses.dataclass(frozen=True)
class Service:
    """One service of the files, as far as it can be seen on a container."""

    name: str
    image: str
    replicas: int
    labels: t.Mapping[str, str]
    depends_on: tuple[str, ...]
    #: Real names on the engine; None when another container's are used.
    networks: frozenset[str] | None
    profiles: frozenset[str]
    #: As the file says it, and where it says it: what :func:`wanted_fields` takes.
    definition: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)
    place: Place | None = None
    #: Compose's own hash; only known of services that carry no spec digest.
    config_hash: str | None = None

    @property
    def spec_digest(self) -> str | None:
        return self.labels.get(SPEC_DIGEST_LABEL)

    def wanted_fields(self, image: t.Mapping[str, t.Any]) -> container_fields.Fields:
        """What its containers must be, of a service that render/compose.py wrote.

        :param image: the image's config.
        """
        place = self.place or Place("", {}, {})
        return container_fields.wanted(self.definition, place.directory, place.networks, place.volumes, image)

    def enabled(self, profiles: t.Collection[str]) -> bool:
        """Whether it runs when these profiles are active, as compose decides."""
        return not self.profiles or bool(self.profiles & set(profiles))


@dataclasses.dataclass(frozen=True)
class Project:
    """The services of a compose project, by name, and whose they are (empty: the platform's own)."""

    name: str
    owner: str
    services: t.Mapping[str, Service]

    def chosen(self, profiles: t.Collection[str], names: t.Collection[str]) -> dict[str, Service]:
        """The services that are meant: enabled by profile, and among ``names`` when there are any.

        :raises TenantryError: kind ``invalid`` for a name that no file has.
        """
        unknown = sorted(set(names) - set(self.services))
        if unknown:
            raise TenantryError(
                f"project {self.name} has no service {', '.join(unknown)}; it has {', '.join(sorted(self.services))}",
                "invalid",
            )
        return {
            name: service
            for name, service in self.services.items()
            if (name in names if names else service.enabled(profiles))
        }


def load(compose: Compose) -> Project:
    """Read the files of a project.

    :raises TenantryError: kind ``files_missing``, ``invalid`` (not ours by its labels, or with networks or volumes that
        compose would make without labels), and those of compose.
    """
    data = _data(compose)
    _refuse_unlabelled(compose, data)
    networks = {
        key: str((network or {}).get("name") or f"{compose.project}_{key}")
        for key, network in (data.get("networks") or {}).items()
    }
    volumes = {key: str((volume or {}).get("name") or key) for key, volume in (data.get("volumes") or {}).items()}
    place = Place(compose.source, networks, volumes)
    services = {
        name: _service(name, service or {}, place) for name, service in sorted((data.get("services") or {}).items())
    }
    strays = sorted(name for name, service in services.items() if service.labels.get(MANAGED_LABEL) != "true")
    owners = sorted({owner_of(service.labels) for service in services.values()})
    if strays or len(owners) != 1:
        why = f"these lack it: {', '.join(strays)}" if strays else f"they name: {', '.join(owners) or 'no service'}"
        raise TenantryError(
            f"project {compose.project}: every service in {', '.join(compose.files)} must carry the label "
            f"{MANAGED_LABEL}=true, and all of them {TENANT_LABEL} of the same tenant or none ({why})",
            "invalid",
        )
    return Project(compose.project, owners[0], _with_hashes(compose, services))


def _with_hashes(compose: Compose, services: dict[str, Service]) -> dict[str, Service]:
    """What has no digest of ours is compared by compose's hash, which costs a process."""
    if all(service.spec_digest for service in services.values()):
        return services
    everything = dataclasses.replace(compose, profiles=("*",))
    output = everything.run("config", "--hash", "*", timeout=CONFIG_SECONDS).stdout.decode()
    hashes = dict(line.split() for line in output.splitlines() if line.strip())
    return {
        name: service if service.spec_digest else dataclasses.replace(service, config_hash=hashes.get(name))
        for name, service in services.items()
    }


def _data(compose: Compose) -> dict[str, t.Any]:
    paths = [os.path.join(compose.source, name) for name in compose.files]
    missing = [path for path in paths if not os.path.isfile(path)]
    if missing:
        raise TenantryError(
            f"project {compose.project} has no file {', '.join(missing)}: prepare its release first", "files_missing"
        )
    if len(paths) == 1:
        # What we render is JSON, which needs no compose process to be read.
        with open(paths[0], encoding="utf-8") as stream:
            try:
                data = json.load(stream)
            except ValueError:
                data = None
        if isinstance(data, dict):
            return t.cast("dict[str, t.Any]", unescape(data))
    everything = dataclasses.replace(compose, profiles=("*",))
    done = everything.run("config", "--format", "json", timeout=CONFIG_SECONDS)
    return t.cast("dict[str, t.Any]", json.loads(done.stdout.decode()))


def unescape(value: t.Any) -> t.Any:
    """Undo compose's ``$$``."""
    if isinstance(value, str):
        return value.replace("$$", "$")
    if isinstance(value, dict):
        return {key: unescape(item) for key, item in value.items()}
    if isinstance(value, list):
        return [unescape(item) for item in value]
    return value


def _refuse_unlabelled(compose: Compose, data: t.Mapping[str, t.Any]) -> None:
    used = {
        network
        for service in (data.get("services") or {}).values()
        if not (service or {}).get("network_mode")
        for network in _names((service or {}).get("networks") or ["default"])
    }
    objects = {
        "network": {**dict.fromkeys(used), **(data.get("networks") or {})},
        "volume": data.get("volumes") or {},
    }
    for kind, entries in objects.items():
        for key, entry in entries.items():
            if not (entry or {}).get("external"):
                raise TenantryError(
                    f"project {compose.project}: {kind} {key} in {', '.join(compose.files)} is not external, so "
                    "compose would make it without our labels: declare it `external: true` with its name, and list it "
                    f"in the option {kind}s",
                    "invalid",
                )


def _names(value: t.Any) -> list[str]:
    """Keys of what compose takes as a list or as a mapping."""
    return [str(item) for item in value or ()]


def _mapping(value: t.Any) -> dict[str, str]:
    if isinstance(value, dict):
        return {str(key): str(item) for key, item in value.items()}
    return {key: item for key, _equals, item in (str(entry).partition("=") for entry in value or ())}


def _service(name: str, data: t.Mapping[str, t.Any], place: Place) -> Service:
    replicas = data.get("scale")
    if replicas is None:
        replicas = (data.get("deploy") or {}).get("replicas")
    return Service(
        name=name,
        image=str(data.get("image") or ""),
        replicas=1 if replicas is None else int(replicas),
        labels=_mapping(data.get("labels")),
        depends_on=tuple(_names(data.get("depends_on"))),
        networks=_networks(data, place.networks),
        profiles=frozenset(_names(data.get("profiles"))),
        definition=data,
        place=place,
    )


def _networks(data: t.Mapping[str, t.Any], networks: t.Mapping[str, str]) -> frozenset[str] | None:
    mode = data.get("network_mode")
    if mode:
        # host and none show up as networks of these names; container:… and service:… show up as none at all
        return frozenset({mode}) if mode in ("host", "none") else None
    return frozenset(networks[key] for key in _names(data.get("networks") or ["default"]))
