# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Containers on an engine: listed by label, inspected, stopped in order, their last log lines."""

from __future__ import annotations

import dataclasses
import io
import re
import tarfile
import typing as t

from . import container_fields
from .engine import (
    MANAGED,
    MANAGED_LABEL,
    OPERATION_LABEL,
    PURPOSE_LABEL,
    RELEASE_LABEL,
    SERVICE_LABEL,
    SPEC_DIGEST_LABEL,
    TENANT_LABEL,
    Engine,
    is_missing,
)
from .errors import TenantryError
from .polling import Deadline, wait_until

PROJECT_LABEL = "com.docker.compose.project"
COMPOSE_SERVICE_LABEL = "com.docker.compose.service"
ONEOFF_LABEL = "com.docker.compose.oneoff"
NUMBER_LABEL = "com.docker.compose.container-number"
CONFIG_HASH_LABEL = "com.docker.compose.config-hash"
DEPENDS_ON_LABEL = "com.docker.compose.depends_on"

#: Docker's own default when a container names no stop timeout.
DEFAULT_STOP_SECONDS = 10
REMOVAL_SECONDS = 30

#: Escape sequences and control characters of a container must not reach the operator's terminal.
CONTROL = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|[\x00-\x08\x0b-\x1f\x7f-\x9f]")
LONGEST_LINE = 500

#: While compose replaces a container, the new one is called after the old one's id.
REPLACEMENT = re.compile(r"[0-9a-f]{12}_(.+)")


@dataclasses.dataclass(frozen=True)
class Container:
    """What the engine says of one container (from inspect)."""

    id: str
    name: str
    labels: t.Mapping[str, str]
    #: The reference it was made from, and the image it really runs.
    image: str
    image_id: str
    #: created, running, paused, restarting, removing, exited or dead.
    state: str
    #: starting, healthy, unhealthy; none when there is no health check.
    health: str
    health_output: str
    exit_code: int
    error: str
    oom_killed: bool
    restarts: int
    #: As the engine writes it; empty when never started.
    started: str
    #: Network name -> IPv4 address (empty while not running).
    networks: t.Mapping[str, str]
    #: Seconds between the stop signal and the kill.
    stop_seconds: int
    #: As container_fields sees it.
    fields: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)
    #: When it ended last, as the engine writes it; empty when it never did.
    finished: str = ""

    @classmethod
    def from_inspect(cls, data: t.Mapping[str, t.Any]) -> Container:
        config, state = data.get("Config") or {}, data.get("State") or {}
        health = state.get("Health") or {}
        checks = health.get("Log") or []
        stop_seconds = config.get("StopTimeout")
        networks = (data.get("NetworkSettings") or {}).get("Networks") or {}
        started, finished = (_moment(state.get(key)) for key in ("StartedAt", "FinishedAt"))
        return cls(
            id=data["Id"],
            name=str(data.get("Name") or "").lstrip("/"),
            labels=config.get("Labels") or {},
            image=config.get("Image") or "",
            image_id=data.get("Image") or "",
            state=state.get("Status") or "unknown",
            health=health.get("Status") or "none",
            health_output=str(checks[-1].get("Output") or "") if checks else "",
            exit_code=int(state.get("ExitCode") or 0),
            error=str(state.get("Error") or ""),
            oom_killed=bool(state.get("OOMKilled")),
            restarts=int(data.get("RestartCount") or 0),
            started=started,
            networks={name: (network or {}).get("IPAddress") or "" for name, network in networks.items()},
            stop_seconds=DEFAULT_STOP_SECONDS if stop_seconds is None else int(stop_seconds),
            fields=container_fields.live(data) if "HostConfig" in data else {},
            finished=finished,
        )

    @property
    def managed(self) -> bool:
        return self.labels.get(MANAGED_LABEL) == "true"

    @property
    def tenant(self) -> str | None:
        return self.labels.get(TENANT_LABEL)

    @property
    def release(self) -> str | None:
        return self.labels.get(RELEASE_LABEL)

    @property
    def spec_digest(self) -> str | None:
        return self.labels.get(SPEC_DIGEST_LABEL)

    @property
    def project(self) -> str | None:
        return self.labels.get(PROJECT_LABEL)

    @property
    def service(self) -> str:
        return self.labels.get(COMPOSE_SERVICE_LABEL) or self.labels.get(SERVICE_LABEL) or self.name

    @property
    def unfinished_name_of(self) -> str | None:
        """The name it was to get, when a compose that was killed left it under the name of a replacement."""
        found = REPLACEMENT.fullmatch(self.name)
        return found.group(1) if found and self.project and found.group(1).startswith(self.project) else None

    @property
    def own_name(self) -> str:
        """The name that compose gave it."""
        return f"{self.project}-{self.service}-{self.labels.get(NUMBER_LABEL, '1')}"

    @property
    def one_off(self) -> bool:
        """Whether it came from ``docker compose run``."""
        return self.labels.get(ONEOFF_LABEL) == "True"

    @property
    def operation(self) -> str | None:
        """The operation whose job or hook it is."""
        return self.labels.get(OPERATION_LABEL) if self.one_off else None

    @property
    def purpose(self) -> str | None:
        """What it is run for: ``job``, ``hook`` or ``migration``."""
        return self.labels.get(PURPOSE_LABEL) if self.one_off else None

    @property
    def depends_on(self) -> tuple[str, ...]:
        """Services it depends on: compose leaves them as "postgres:service_healthy:false,redis:…"."""
        entries = self.labels.get(DEPENDS_ON_LABEL) or ""
        return tuple(entry.split(":", 1)[0] for entry in entries.split(",") if entry)

    def summary(self) -> dict[str, t.Any]:
        """The facts that modules return, JSON-able."""
        return {
            "name": self.name,
            "id": self.id,
            "tenant": self.tenant,
            "project": self.project or "",
            "service": self.service,
            "release": self.release,
            "spec_digest": self.spec_digest,
            "image": self.image,
            "image_id": self.image_id,
            "state": self.state,
            "health": self.health,
            "exit_code": self.exit_code,
            "restarts": self.restarts,
            "started": self.started or None,
            "networks": dict(self.networks),
        }


def _moment(text: t.Any) -> str:
    """A time as the engine writes it; empty for the one by which it means never."""
    return "" if str(text or "").startswith("0001-") else str(text or "")


def label_filters(**labels: str | None) -> list[str]:
    """Filters for everything managed; named: tenant, project, service, release. None means any."""
    keys = {
        "tenant": TENANT_LABEL,
        "project": PROJECT_LABEL,
        "service": SERVICE_LABEL,
        "release": RELEASE_LABEL,
    }
    return [MANAGED, *(f"{keys[name]}={value}" for name, value in labels.items() if value is not None)]


def list_entries(engine: Engine, labels: t.Sequence[str] = (MANAGED,)) -> list[dict[str, t.Any]]:
    """The engine's own list entries, stopped containers too, in one request."""
    with engine.doing("list containers"):
        entries: list[dict[str, t.Any]] = engine.client.containers(all=True, filters={"label": list(labels)})
    return entries


def inspect_all(engine: Engine, labels: t.Sequence[str] = (MANAGED,)) -> list[dict[str, t.Any]]:
    """One list request, then the inspect data of each; what vanished between the two is left out."""
    found = []
    for entry in list_entries(engine, labels):
        try:
            with engine.doing(f"inspect container {entry['Id'][:12]}"):
                found.append(engine.client.inspect_container(entry["Id"]))
        except TenantryError as error:
            if not is_missing(error):
                raise
    return found


def read(engine: Engine, labels: t.Sequence[str] = (MANAGED,)) -> list[Container]:
    """The containers that carry all ``labels``, by name."""
    containers = (Container.from_inspect(data) for data in inspect_all(engine, labels))
    return sorted(containers, key=lambda container: container.name)


def reread(engine: Engine, container: Container) -> Container | None:
    """The same container now; None when it is gone."""
    try:
        with engine.doing(f"inspect container {container.name}"):
            return Container.from_inspect(engine.client.inspect_container(container.id))
    except TenantryError as error:
        if is_missing(error):
            return None
        raise


def clean_lines(raw: bytes) -> list[str]:
    """Log output as printable lines, each at most 500 characters."""
    lines = raw.decode("utf-8", "replace").replace("\r\n", "\n").split("\n")
    cleaned = [CONTROL.sub("", line) for line in lines]
    while cleaned and not cleaned[-1].strip():
        cleaned.pop()
    return [line if len(line) <= LONGEST_LINE else f"{line[:LONGEST_LINE]}…" for line in cleaned]


def log_tail(engine: Engine, container: Container, lines: int) -> list[str]:
    """The last lines a container wrote (both streams); empty when the log driver keeps none or it is gone."""
    try:
        with engine.doing(f"read the log of container {container.name}"):
            raw = engine.client.logs(container.id, stdout=True, stderr=True, tail=lines)
    except TenantryError as error:
        if error.error_kind == "engine_unreachable":
            raise
        return []
    return clean_lines(raw)


def stdout(engine: Engine, container: Container) -> str:
    """All that a container wrote to its standard output.

    :raises TenantryError: also where the log driver keeps none.
    """
    with engine.doing(f"read the output of container {container.name}"):
        raw: bytes = engine.client.logs(container.id, stdout=True, stderr=False)
    return raw.decode("utf-8", "replace").replace("\r\n", "\n")


def file_content(engine: Engine, container: Container, path: str) -> bytes | None:
    """A regular file in a container, running or not; None where there is none."""
    try:
        with engine.doing(f"read {path} in container {container.name}"):
            chunks, _stat = engine.client.get_archive(container.id, path)
            archive = b"".join(chunks)
    except TenantryError as error:
        if is_missing(error):
            return None
        raise
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        member = files.extractfile(files.getmembers()[0])
        return member.read() if member else None


def stop(engine: Engine, container: Container, seconds: int | None = None) -> None:
    """Stop with the container's own grace period, or ``seconds``. Fine when it is gone already."""
    grace = container.stop_seconds if seconds is None else seconds
    _ignore_missing(engine, f"stop container {container.name}", engine.client.stop, container.id, timeout=grace)


def start(engine: Engine, container: Container) -> None:
    with engine.doing(f"start container {container.name}"):
        engine.client.start(container.id)


def restart(engine: Engine, container: Container) -> None:
    """Stop with the container's own grace period, and start."""
    with engine.doing(f"restart container {container.name}"):
        engine.client.restart(container.id, timeout=container.stop_seconds)


def unpause(engine: Engine, container: Container) -> None:
    with engine.doing(f"unpause container {container.name}"):
        engine.client.unpause(container.id)


def rename(engine: Engine, container: Container, name: str) -> None:
    with engine.doing(f"rename container {container.name} to {name}"):
        engine.client.rename(container.id, name)


def remove(engine: Engine, container: Container, *, anonymous_volumes: bool) -> None:
    """Remove, running or not. Fine when it is gone already. Named volumes always stay."""
    action = f"remove container {container.name}"
    try:
        _ignore_missing(engine, action, engine.client.remove_container, container.id, force=True, v=anonymous_volumes)
    except TenantryError as error:
        # Somebody else's removal, or that of a run that was killed, is as good as ours once it is done.
        if "already in progress" not in error.message or not wait_until(
            lambda: reread(engine, container) is None or None, Deadline(REMOVAL_SECONDS)
        ):
            raise


def stop_and_remove(engine: Engine, container: Container) -> None:
    """With its own grace period, and leaving its anonymous volumes."""
    stop(engine, container)
    remove(engine, container, anonymous_volumes=False)


def remove_replacement(engine: Engine, container: Container) -> None:
    """Remove what compose left half-made; it shares the anonymous volumes of the container it was to replace."""
    remove(engine, container, anonymous_volumes=False)


def _ignore_missing(
    engine: Engine, action: str, method: t.Callable[..., t.Any], *args: t.Any, **options: t.Any
) -> None:
    try:
        with engine.doing(action):
            method(*args, **options)
    except TenantryError as error:
        if not is_missing(error):
            raise
