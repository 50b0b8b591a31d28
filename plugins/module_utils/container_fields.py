# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A container in fields that can be compared: as a compose service wants it, and as the engine inspects it.

Standard library only, no input or output. The service is one that render/compose.py writes, so the keys it never writes
are compared with what the engine does when nobody asks: a port that was published by hand is a difference.
"""

from __future__ import annotations

import decimal
import hashlib
import os
import typing as t

Fields = dict[str, t.Any]

#: Labels that compose writes for itself.
COMPOSE_LABELS = "com.docker.compose."
#: Fields whose values may be secrets: shown as a digest.
SENSITIVE = ("env",)


def wanted(
    service: t.Mapping[str, t.Any],
    directory: str,
    networks: t.Mapping[str, str],
    volumes: t.Mapping[str, str],
    image: t.Mapping[str, t.Any],
) -> Fields:
    """The fields of a service of a compose file.

    :param service: with compose's ``$$`` undone.
    :param directory: of the compose file; relative paths of mounts start there.
    :param networks: real names by the names of the file.
    :param volumes: likewise.
    :param image: the image's ``Config`` as inspected; empty when it is not known, for comparing two services.
    """
    health = service.get("healthcheck") or {}
    return {
        "image": service["image"],
        "command": _words(service.get("command", image.get("Cmd"))),
        "entrypoint": _words(image.get("Entrypoint")),
        "user": service.get("user") or image.get("User") or "",
        "env": {**_pairs(image.get("Env")), **(service.get("environment") or {})},
        "labels": {**(image.get("Labels") or {}), **(service.get("labels") or {})},
        "networks": sorted(networks[name] for name in service.get("networks") or {}),
        "mounts": dict(_mount(entry, directory, volumes) for entry in service.get("volumes") or []),
        "tmpfs": dict(_tmpfs(entry) for entry in service.get("tmpfs") or []),
        "read_only": bool(service.get("read_only")),
        "cap_drop": sorted(service.get("cap_drop") or []),
        "cap_add": sorted(service.get("cap_add") or []),
        "security_opt": sorted(service.get("security_opt") or []),
        "pids_limit": service.get("pids_limit"),
        "memory": service.get("mem_limit"),
        "memory_swap": service.get("memswap_limit"),
        "cpus": _cpus(service.get("cpus")),
        "restart": service.get("restart") or "no",
        "init": bool(service.get("init")),
        "stop_grace_period": _seconds(service.get("stop_grace_period")),
        "logging": service.get("logging") or {},
        "health": _no_health() if health.get("disable") else _health(health, _seconds),
        "privileged": False,
        "ports": [],
        "devices": [],
        "namespaces": {},
    }


def of_project(
    project: t.Mapping[str, t.Any], name: str, directory: str, image: t.Mapping[str, t.Any]
) -> Fields | None:
    """The fields of a service of a compose project, None when it has none of that name.

    :param project: with compose's ``$$`` undone.
    """
    service = (project.get("services") or {}).get(name)
    if service is None:
        return None
    networks, volumes = (
        {key: one["name"] for key, one in (project.get(kind) or {}).items()} for kind in ("networks", "volumes")
    )
    return wanted(service, directory, networks, volumes, image)


def live(data: t.Mapping[str, t.Any]) -> Fields:
    """The fields of a container, from the engine's inspect."""
    config, host = data["Config"], data["HostConfig"]
    attached = (data.get("NetworkSettings") or {}).get("Networks") or {}
    labels = config.get("Labels") or {}
    return {
        "image": config.get("Image"),
        "command": _words(config.get("Cmd")),
        "entrypoint": _words(config.get("Entrypoint")),
        "user": config.get("User") or "",
        "env": _pairs(config.get("Env")),
        "labels": {name: value for name, value in labels.items() if not name.startswith(COMPOSE_LABELS)},
        "networks": sorted(attached),
        "mounts": dict(_live_mount(entry) for entry in data.get("Mounts") or [] if _declared(entry)),
        "tmpfs": host.get("Tmpfs") or {},
        "read_only": bool(host.get("ReadonlyRootfs")),
        "cap_drop": sorted(host.get("CapDrop") or []),
        "cap_add": sorted(name.removeprefix("CAP_") for name in host.get("CapAdd") or []),
        "security_opt": sorted(host.get("SecurityOpt") or []),
        "pids_limit": host.get("PidsLimit") or None,
        "memory": host.get("Memory") or None,
        "memory_swap": host.get("MemorySwap") or None,
        "cpus": host.get("NanoCpus") or _quota(host),
        "restart": (host.get("RestartPolicy") or {}).get("Name") or "no",
        "init": bool(host.get("Init")),
        "stop_grace_period": config.get("StopTimeout"),
        "logging": _logging(host.get("LogConfig") or {}),
        "health": _live_health(config.get("Healthcheck") or {}),
        "privileged": bool(host.get("Privileged")),
        "ports": _ports(host.get("PortBindings") or {}),
        "devices": sorted(str(device.get("PathOnHost")) for device in host.get("Devices") or []),
        "namespaces": _namespaces(host),
    }


def differences(before: Fields, after: Fields) -> t.Iterator[tuple[str, t.Any, t.Any]]:
    """Field, value before and value after, wherever they differ; of a mapping, each key is a field of its own."""
    for field, value in before.items():
        other = after[field]
        if value == other:
            continue
        if isinstance(value, dict) and isinstance(other, dict):
            for key in sorted({*value, *other}):
                if value.get(key) != other.get(key):
                    yield f"{field}.{key}", value.get(key), other.get(key)
        else:
            yield field, value, other


def digest(value: t.Any, salt: str) -> str | None:
    """What stands for a value that may be a secret: enough to see that two differ."""
    return None if value is None else "sha256:" + hashlib.sha256(f"{salt} {value}".encode()).hexdigest()[:12]


def hidden(fields: Fields, salt: str) -> Fields:
    """Fields without values that may be secrets."""
    return {**fields, **{name: {key: digest(one, salt) for key, one in fields[name].items()} for name in SENSITIVE}}


def _words(value: t.Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value or [])


def _pairs(entries: t.Iterable[str] | None) -> dict[str, str]:
    return {name: value for name, _equals, value in (entry.partition("=") for entry in entries or ())}


def _mount(entry: t.Mapping[str, t.Any], directory: str, volumes: t.Mapping[str, str]) -> tuple[str, str]:
    if entry["type"] == "volume":
        source = volumes[entry["source"]]
    else:
        source = os.path.normpath(os.path.join(directory, entry["source"]))
    return entry["target"], _described(entry["type"], source, not entry.get("read_only"))


def _live_mount(entry: t.Mapping[str, t.Any]) -> tuple[str, str]:
    source = entry.get("Name") if entry.get("Type") == "volume" else entry.get("Source")
    return entry["Destination"], _described(entry.get("Type"), source, entry.get("RW"))


def _described(kind: t.Any, source: t.Any, writable: t.Any) -> str:
    return f"{kind} {source}{'' if writable else ', read-only'}"


def _declared(entry: t.Mapping[str, t.Any]) -> bool:
    """Not the anonymous volume that an image declares: the engine names those by 64 hexadecimal digits."""
    name = str(entry.get("Name") or "")
    return not (entry.get("Type") == "volume" and len(name) == 64 and not set(name) - set("0123456789abcdef"))


def _tmpfs(entry: str) -> tuple[str, str]:
    path, _colon, options = entry.partition(":")
    return path, options


def _cpus(value: t.Any) -> int | None:
    """Billionths of a core, as the engine counts."""
    return None if value is None else int(decimal.Decimal(str(value)) * 10**9)


def _quota(host: t.Mapping[str, t.Any]) -> int | None:
    """The other way to say how many cores: microseconds of each period."""
    quota, period = host.get("CpuQuota") or 0, host.get("CpuPeriod") or 100_000
    return quota * 10**9 // period if quota > 0 else None


def _seconds(value: t.Any) -> int | None:
    return None if value is None else int(str(value).removesuffix("s"))


def _no_health() -> Fields:
    return {"test": ["NONE"], "interval": None, "timeout": None, "retries": None, "start_period": None}


def _health(health: t.Mapping[str, t.Any], seconds: t.Callable[[t.Any], int | None]) -> Fields:
    return {
        "test": list(health.get("test") or []),
        "interval": seconds(health.get("interval")),
        "timeout": seconds(health.get("timeout")),
        "retries": health.get("retries"),
        "start_period": seconds(health.get("start_period")),
    }


def _live_health(health: t.Mapping[str, t.Any]) -> Fields:
    if health.get("Test") == ["NONE"]:
        return _no_health()
    found = {name.lower(): value for name, value in health.items()}
    found["start_period"] = found.pop("startperiod", None)
    return _health(found, lambda value: None if value is None else value // 10**9)


def _logging(config: t.Mapping[str, t.Any]) -> Fields:
    return {"driver": config.get("Type"), "options": config.get("Config") or {}}


def _ports(bindings: t.Mapping[str, t.Any]) -> list[str]:
    return sorted(
        f"{one.get('HostIp') or '*'}:{one.get('HostPort') or '?'}->{port}"
        for port, hosts in bindings.items()
        for one in hosts or []
    )


def _namespaces(host: t.Mapping[str, t.Any]) -> dict[str, str]:
    """Namespaces that are shared with the node or with another container; none of ours is."""
    modes = {"network": "NetworkMode", "pid": "PidMode", "ipc": "IpcMode", "uts": "UTSMode", "user": "UsernsMode"}
    found = {name: str(host.get(key) or "") for name, key in modes.items()}
    return {name: mode for name, mode in found.items() if mode in ("host", "none") or mode.startswith("container:")}
