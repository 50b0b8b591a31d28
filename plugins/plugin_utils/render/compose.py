# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A spec as two compose projects: one for each release's app and job services, one for the backing services.

Networks and volumes are made by the module ``stack`` with our labels, and are external here.
"""

from __future__ import annotations

import typing as t

from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.plugin_utils.render import (
    backups,
    health,
    names,
    secret_files,
    serialize,
    traefik,
)

Spec = t.Mapping[str, t.Any]
Service = t.Mapping[str, t.Any]

DIGEST_LABEL = "tenantry.spec_digest"
#: What all that belongs to a copy carries, so that no plan takes it for a tenant's.
COPY_LABELS = {"tenantry.purpose": "rehearsal"}

_RESERVED_LABELS = ("tenantry.", "traefik.", "com.docker.", "io.docker.", "org.dockerproject.")
_RESERVED_ENVIRONMENT = "TENANTRY_"
_LOGGING = {"driver": "json-file", "options": {"max-size": "10m", "max-file": "3"}}


def app_project(spec: Spec, release: str, images: t.Mapping[str, str]) -> dict[str, t.Any] | None:
    """Compose project ``<tenant>-<release8>``: app services, and job services under the profile ``job``.

    :param images: by service name the image reference with digest.
    :returns: None for a tenant of backing services alone.
    :raises TenantryError: kind ``invalid``.
    """
    services = [service for service in spec["services"] if service["kind"] in ("app", "job")]
    if not services:
        return None
    rendered = {service["name"]: _service(spec, service, images, release) for service in services}
    return project(names.app_project(spec["name"], release), spec, services, rendered, external_networks(spec))


def backing_project(spec: Spec, images: t.Mapping[str, str]) -> dict[str, t.Any] | None:
    """Compose project ``<tenant>``: backing services, with nothing in it that a new release changes.

    :param images: as for ``app_project``.
    :returns: None for a tenant without backing services.
    :raises TenantryError: kind ``invalid``.
    """
    services = [service for service in spec["services"] if service["kind"] == "backing"]
    if not services:
        return None
    rendered = {service["name"]: _service(spec, service, images, None) for service in services}
    networks = {"backing": _external(names.backing_network(spec["name"]))}
    if _has_way_out(spec):
        networks[backups.NETWORK] = _external(names.backup_network(spec["name"]))
    return project(names.backing_project(spec["name"]), spec, services, rendered, networks)


def one_off(
    spec: Spec, service: Service, images: t.Mapping[str, str], release: str, name: str, command: t.Sequence[str]
) -> dict[str, t.Any]:
    """A command to run once beside a service: its image, environment, secrets, volumes and networks, and no route.

    The image's entrypoint is not used: the command is all that runs, this one or one that is given at the start.

    :param service: a service of kind ``app`` or ``job``.
    :param name: what the labels call it.
    :raises TenantryError: kind ``invalid``.
    """
    job = {**service, "kind": "job", "command": [], "depends_on": [], "replicas": 1, "health": {"type": "none"}}
    return _service(spec, job, images, release, name, command)


def one_off_project(
    spec: Spec, release: str, images: t.Mapping[str, str], wanted: t.Mapping[str, tuple[str, t.Sequence[str]]]
) -> dict[str, t.Any] | None:
    """Compose project ``<tenant>-<release8>`` of nothing but one-off services.

    :param wanted: by name in the project the service that it is like, and its command; one without any gets it when
        it is run.
    :returns: None when nothing is wanted.
    :raises TenantryError: kind ``invalid``.
    """
    if not wanted:
        return None
    services = {service["name"]: service for service in spec["services"]}
    rendered = {
        name: one_off(spec, services[like], images, release, name, command) for name, (like, command) in wanted.items()
    }
    used = [services[like] for like, _command in wanted.values()]
    return project(names.app_project(spec["name"], release), spec, used, rendered, external_networks(spec))


def external_networks(spec: Spec) -> dict[str, t.Any]:
    """The networks of app and job services, as a compose project names them."""
    networks = {"default": _external(names.default_network(spec["name"]))}
    if has_backing(spec):
        networks["backing"] = _external(names.backing_network(spec["name"]))
    return networks


def networks(spec: Spec) -> list[dict[str, t.Any]]:
    """The tenant's networks: ``{"name", "internal", "labels"}``. The internal one only where something needs it.

    All of a copy are internal: whatever works in it reaches nobody.
    """
    internal = bool(spec.get("copied_from"))
    wanted = [{"name": names.default_network(spec["name"]), "internal": internal, "labels": _labels(spec)}]
    if has_backing(spec):
        wanted.append({"name": names.backing_network(spec["name"]), "internal": True, "labels": _labels(spec)})
    if _has_way_out(spec):
        wanted.append({"name": names.backup_network(spec["name"]), "internal": False, "labels": _labels(spec)})
    return wanted


def _has_way_out(spec: Spec) -> bool:
    """Whether a database of the tenant, on an internal network else, has to reach a repository of its backups."""
    return any(one.leaves_the_node for one in backups.listed(spec))


def volumes(spec: Spec) -> list[dict[str, t.Any]]:
    """The tenant's volumes, each once, by name: ``{"name", "labels", "restored"}``.

    One that a restore filled is never made anew: a database would begin empty in it.
    """
    return [
        {"name": _volume(spec, name), "labels": _labels(spec), "restored": name in spec["generations"]}
        for name in _volumes(spec["services"])
    ]


def generations(spec: Spec) -> dict[str, str | None]:
    """By volume which generation of it the release uses; None for the first."""
    return {name: spec["generations"].get(name) for name in _volumes(spec["services"])}


def workers(spec: Spec) -> set[str]:
    """App services that take no request, and that nothing depends on that does: they change places after the switch."""
    apps = {service["name"]: service["depends_on"] for service in spec["services"] if service["kind"] == "app"}
    asked = {backend["service"] for route in spec["routes"] for backend in route["backends"]}
    serving: set[str] = set()
    while asked:
        name = asked.pop()
        if name in apps and name not in serving:
            serving.add(name)
            asked.update(apps[name])
    return set(apps) - serving if serving else set()


def has_backing(spec: Spec) -> bool:
    """Whether the tenant has a backing service, and so an internal network."""
    return any(service["kind"] == "backing" for service in spec["services"])


def service_digests(*projects: t.Mapping[str, t.Any] | None) -> dict[str, str]:
    """By service name the digest label of each service of rendered projects."""
    return {
        name: service["labels"][DIGEST_LABEL]
        for project in projects
        if project
        for name, service in project["services"].items()
    }


def project(
    name: str, spec: Spec, services: list[Service], rendered: dict[str, t.Any], external: dict[str, t.Any]
) -> dict[str, t.Any]:
    """A compose project of rendered services, with the volumes that they use.

    :param services: those of the spec that were rendered.
    :param external: networks.
    """
    result: dict[str, t.Any] = {"name": name, "services": rendered, "networks": external}
    used = _volumes(services)
    if used:
        result["volumes"] = {volume: _external(_volume(spec, volume)) for volume in used}
    return result


def _external(name: str) -> dict[str, t.Any]:
    return {"name": name, "external": True}


def _volume(spec: Spec, name: str) -> str:
    return names.volume(spec["name"], name, spec["generations"].get(name))


def _volumes(services: t.Sequence[Service]) -> list[str]:
    return sorted({str.__str__(volume["name"]) for service in services for volume in service["volumes"]})


def _service(
    spec: Spec,
    service: Service,
    images: t.Mapping[str, str],
    release: str | None,
    one_off_name: str = "",
    entrypoint: t.Sequence[str] | None = None,
) -> dict[str, t.Any]:
    if service["name"] not in images:
        raise TenantryError(
            f"service {service['name']} of tenant {spec['name']} has no resolved image: pull {service['image']} first",
            "invalid",
            service=str(service["name"]),
        )
    names.part_name(service["name"], "service")
    job = service["kind"] == "job"
    definition: dict[str, t.Any] = {"image": images[service["name"]]}
    if job:
        definition["profiles"] = ["job"]
    if entrypoint is not None:
        definition["entrypoint"] = [_sound(word, service, "command") for word in entrypoint]
    archiving = backups.of_service(spec, service) if release is None else None
    command = archiving.command() if archiving else service["command"]
    if command is not None:
        definition["command"] = [_sound(word, service, "command") for word in command]
    definition["environment"] = _environment(spec, service, release)
    if one_off_name:
        definition["labels"] = {**_labels(spec), "tenantry.service": one_off_name, "tenantry.release": str(release)}
    else:
        definition["labels"] = _service_labels(spec, service, release)
    if release is not None:
        definition["networks"] = {"default": {}, "backing": {}} if has_backing(spec) else {"default": {}}
    else:
        definition["networks"] = {"backing": {}}
        if archiving and archiving.leaves_the_node:
            definition["networks"][backups.NETWORK] = {}
    depends_on = _depends_on(spec, service)
    if depends_on:
        definition["depends_on"] = depends_on
    if not job:
        definition["deploy"] = {"replicas": int(service["replicas"])}
    definition["restart"] = "no" if job or spec.get("copied_from") else "unless-stopped"
    definition["init"] = True
    definition["stop_grace_period"] = f"{int(service['stop_grace_period'])}s"
    definition["healthcheck"] = health.healthcheck(service)
    mounts = _mounts(spec, service) + (archiving.mounts() if archiving else [])
    if mounts:
        definition["volumes"] = mounts
    definition.update(_hardening(service))
    definition["logging"] = {
        "driver": _LOGGING["driver"],
        "options": dict(t.cast("dict[str, str]", _LOGGING["options"])),
    }
    escaped = t.cast("dict[str, t.Any]", _escape(definition))
    escaped["labels"][DIGEST_LABEL] = serialize.digest(escaped)
    return escaped


def _environment(spec: Spec, service: Service, release: str | None) -> dict[str, str]:
    environment = {}
    for name in sorted(service["environment"]):
        if str(name).startswith(_RESERVED_ENVIRONMENT):
            raise _refusal(
                service,
                f"environment variable {name} is the platform's own: names starting with {_RESERVED_ENVIRONMENT} are",
            )
        if "=" in name or "\0" in name or not name:
            raise _refusal(service, f"environment variable {name!r} has no possible name")
        environment[str.__str__(name)] = _sound(service["environment"][name], service, f"environment variable {name}")
    copy = spec.get("copied_from")
    environment["TENANTRY_TENANT"] = copy["tenant"] if copy else spec["name"]
    if copy:
        environment["TENANTRY_COPY"] = copy["purpose"]
    environment["TENANTRY_SERVICE"] = service["name"]
    if release is not None:
        environment["TENANTRY_RELEASE"] = release
    return environment


def _service_labels(spec: Spec, service: Service, release: str | None) -> dict[str, str]:
    labels = {}
    for name in sorted(service["labels"]):
        if str(name).lower().startswith(_RESERVED_LABELS):
            raise _refusal(service, f"label {name} is in a namespace of the platform, the edge or the engine")
        labels[str.__str__(name)] = _sound(service["labels"][name], service, f"label {name}")
    labels.update(_labels(spec))
    labels["tenantry.service"] = service["name"]
    if release is not None:
        labels["tenantry.release"] = release
        labels.update(traefik.container_labels(spec, service, release))
    return labels


def _labels(spec: Spec) -> dict[str, str]:
    labels = {"tenantry.managed": "true", "tenantry.tenant": names.tenant_name(spec["name"])}
    return {**labels, **COPY_LABELS} if spec.get("copied_from") else labels


def _depends_on(spec: Spec, service: Service) -> dict[str, t.Any]:
    """Edges inside one project. What another project holds is up and healthy before this one starts."""
    kinds = {other["name"]: other["kind"] for other in spec["services"]}
    edges = {}
    for name in sorted(service["depends_on"]):
        if name not in kinds:
            raise _refusal(service, f"it depends on {name!r}, which the tenant does not have")
        kind = kinds[name]
        if (kind == "backing") != (service["kind"] == "backing"):
            continue
        if kind != "job":
            edges[name] = {"condition": "service_healthy"}
        elif service["kind"] == "job":
            edges[name] = {"condition": "service_completed_successfully"}
    return edges


def _mounts(spec: Spec, service: Service) -> list[dict[str, t.Any]]:
    mounts: list[dict[str, t.Any]] = [
        {"type": "volume", "source": volume["name"], "target": volume["path"], "read_only": bool(volume["read_only"])}
        for volume in sorted(service["volumes"], key=lambda volume: str(volume["path"]))
    ]
    for file in secret_files.of_service(spec, service):
        mounts.append(
            {
                "type": "bind",
                "source": file.source(),
                "target": f"/run/secrets/{file.name}",
                "read_only": True,
                # A secret that is missing has to stop the start, not to become an empty directory.
                "bind": {"create_host_path": False},
            }
        )
    return mounts


def _hardening(service: Service) -> dict[str, t.Any]:
    hardening = service["hardening"]
    result: dict[str, t.Any] = {"cap_drop": ["ALL"]}
    if hardening["cap_add"]:
        result["cap_add"] = sorted(hardening["cap_add"])
    if hardening["no_new_privileges"]:
        result["security_opt"] = ["no-new-privileges:true"]
    result["read_only"] = bool(hardening["read_only"])
    if hardening["tmpfs"]:
        result["tmpfs"] = list(hardening["tmpfs"])
    if hardening["user"] is not None:
        result["user"] = hardening["user"]
    if hardening["pids_limit"] is not None:
        result["pids_limit"] = int(hardening["pids_limit"])
    if service["cpus"] is not None:
        result["cpus"] = service["cpus"]
    if service["memory"] is not None:
        swap = hardening["memory_swap"]
        result["mem_limit"] = int(service["memory"])
        # The engine counts memory and swap together: the same number means no swap.
        result["memswap_limit"] = int(service["memory"] if swap is None else swap)
    return result


def _sound(value: t.Any, service: Service, what: str) -> str:
    if not isinstance(value, str) or "\0" in value:
        raise _refusal(service, f"its {what} is no string without NUL characters")
    return str.__str__(value)


def _escape(value: t.Any) -> t.Any:
    """``$`` as ``$$`` in every value, because compose interpolates them all. Keys it leaves alone."""
    if isinstance(value, str):
        return str.__str__(value).replace("$", "$$")
    if isinstance(value, dict):
        return {str.__str__(key): _escape(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_escape(item) for item in value]
    return value


def _refusal(service: Service, why: str) -> TenantryError:
    return TenantryError(f"service {service['name']}: {why}; correct the row", "invalid", service=str(service["name"]))
