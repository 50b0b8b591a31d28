# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What rows of the tenant database must look like: pydantic models of single rows.

The names of the fields are those of the columns, so that an error names what is to be corrected. A column that is NULL
has the default given here.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.tenantry.platform.plugins.module_utils import backup_repository
from ansible_collections.tenantry.platform.plugins.plugin_utils import database_schema as schema
from ansible_collections.tenantry.platform.plugins.plugin_utils import spec_places as places
from ansible_collections.tenantry.platform.plugins.plugin_utils import spec_rules as rules

try:
    from pydantic import BaseModel, ConfigDict, PlainValidator, ValidationError, ValidationInfo

    PYDANTIC_ERROR = None
except ImportError as error:  # spec.build() says what to install
    PYDANTIC_ERROR = error
    BaseModel = object  # type: ignore[assignment,misc]

    def ConfigDict(**_options):  # type: ignore[no-redef,no-untyped-def]  # noqa: N802
        """Stands in for pydantic's."""

    def PlainValidator(_rule):  # type: ignore[no-redef,no-untyped-def]  # noqa: N802
        """Stands in for pydantic's."""


Row = t.Mapping[str, t.Any]
Problem = tuple[str, str]  # column, reason


@dataclasses.dataclass(frozen=True)
class Images:
    """What an image reference depends on besides its row."""

    registries: places.Registries
    version: str | None


def _image(value: t.Any, info: ValidationInfo) -> str:
    images: Images = info.context  # type: ignore[assignment]
    version = info.data.get("version")
    if version is None and info.data.get("kind") != "backing":
        version = images.version
    return images.registries.image(value, version)


def _hostname(value: t.Any) -> str:
    return places.hostname(rules.text(value))


def _fleet_secret(value: t.Any, info: ValidationInfo) -> str:
    return places.fleet_secret(value, t.cast("t.Sequence[str]", info.context))


Name = t.Annotated[str, PlainValidator(rules.name)]
HostName = t.Annotated[str, PlainValidator(rules.unreserved_name)]
Part = t.Annotated[str, PlainValidator(rules.part)]
Version = t.Annotated[str, PlainValidator(rules.version)]
Flag = t.Annotated[bool, PlainValidator(rules.flag)]
Size = t.Annotated[int, PlainValidator(rules.size)]
Command = t.Annotated[list[str], PlainValidator(rules.command)]
Hostname = t.Annotated[str, PlainValidator(_hostname)]
Seconds = t.Annotated[int, PlainValidator(rules.integer(1, 3600))]
SecondsOrNone = t.Annotated[int, PlainValidator(rules.integer(0, 3600))]
Port = t.Annotated[int, PlainValidator(rules.integer(1, 65535))]
Days = t.Annotated[int, PlainValidator(rules.integer(1, 36500))]
Schedule = t.Annotated[str, PlainValidator(places.schedule)]
FleetSecret = t.Annotated[str, PlainValidator(_fleet_secret)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="ignore")


class Node(_Model):
    """A row of ``nodes``."""

    name: HostName
    address: t.Optional[t.Annotated[str, PlainValidator(places.node_address)]] = None
    connection: t.Annotated[str, PlainValidator(rules.choice(*schema.CONNECTIONS))] = "ssh"
    ssh_user: t.Optional[
        t.Annotated[str, PlainValidator(rules.matching(rules.re.compile(r"[a-z_][a-z0-9_-]{0,31}"), "a user name"))]
    ] = None
    ssh_port: t.Optional[Port] = None
    python_interpreter: t.Optional[
        t.Annotated[str, PlainValidator(rules.matching(rules.CONTAINER_PATH, "an absolute path"))]
    ] = None
    ipv4: t.Optional[t.Annotated[str, PlainValidator(places.address(4))]] = None
    ipv6: t.Optional[t.Annotated[str, PlainValidator(places.address(6))]] = None
    max_parallel: t.Optional[t.Annotated[int, PlainValidator(rules.integer(1, 10000))]] = None


class Zone(_Model):
    """A row of ``zones``."""

    name: Hostname
    nameserver: t.Optional[Name] = None
    ttl: t.Annotated[int, PlainValidator(rules.integer(1, 604800))] = 300


class Stack(_Model):
    """A row of ``stacks``."""

    name: Name
    version: t.Optional[Version] = None


class Tenant(_Model):
    """A row of ``tenants``."""

    name: HostName
    display_name: t.Optional[t.Annotated[str, PlainValidator(rules.line)]] = None
    state: t.Annotated[str, PlainValidator(rules.choice(*schema.STATES))] = "active"
    stack: t.Optional[Name] = None
    node: t.Optional[Name] = None
    zone: t.Optional[Hostname] = None
    subdomain: t.Optional[t.Annotated[str, PlainValidator(places.subdomain)]] = None
    tier: t.Annotated[str, PlainValidator(rules.tier)] = "standard"
    ring: t.Annotated[int, PlainValidator(rules.integer(0, 99))] = 0
    strategy: t.Annotated[str, PlainValidator(rules.choice(*schema.STRATEGIES))] = "blue_green"
    version: t.Optional[Version] = None
    pinned_version: t.Optional[Version] = None
    maintenance_window: t.Optional[t.Annotated[str, PlainValidator(rules.window)]] = None
    maintenance_timezone: t.Annotated[str, PlainValidator(rules.timezone)] = "UTC"


class Service(_Model):
    """A row of ``services``. The image comes after what it depends on."""

    name: Name
    kind: t.Annotated[str, PlainValidator(rules.choice(*schema.KINDS))] = "app"
    version: t.Optional[Version] = None
    image: t.Annotated[str, PlainValidator(_image)]
    command: t.Optional[Command] = None
    port: t.Optional[Port] = None
    replicas: t.Annotated[int, PlainValidator(rules.integer(1, 100))] = 1
    cpus: t.Optional[t.Annotated[str, PlainValidator(rules.cpus)]] = None
    memory: t.Optional[t.Annotated[int, PlainValidator(rules.memory)]] = None
    health_type: t.Optional[t.Annotated[str, PlainValidator(rules.choice(*schema.HEALTH_TYPES))]] = None
    health_path: t.Optional[t.Annotated[str, PlainValidator(rules.health_path)]] = None
    health_command: t.Optional[Command] = None
    health_interval: Seconds = 10
    health_timeout: Seconds = 5
    health_retries: t.Annotated[int, PlainValidator(rules.integer(1, 100))] = 3
    health_start_period: SecondsOrNone = 10
    stop_grace_period: SecondsOrNone = 30
    run_as: t.Optional[t.Annotated[str, PlainValidator(rules.user)]] = None
    read_only_root: Flag = True
    no_new_privileges: Flag = True
    cap_add: t.Annotated[list[str], PlainValidator(rules.capabilities)] = []
    pids_limit: t.Annotated[int, PlainValidator(rules.integer(1, 1000000))] = 200
    tmpfs: t.Annotated[list[str], PlainValidator(rules.paths)] = ["/tmp"]
    memory_swap: t.Optional[t.Annotated[int, PlainValidator(rules.memory)]] = None
    database: t.Optional[t.Annotated[str, PlainValidator(rules.choice(*schema.DATABASES))]] = None


class Volume(_Model):
    """A row of ``service_volumes``."""

    name: Part
    path: t.Annotated[str, PlainValidator(rules.container_path)]
    read_only: Flag = False


class Route(_Model):
    """A row of ``routes``."""

    name: Name
    enabled: Flag = True
    hostname: t.Optional[Hostname] = None
    path_prefix: t.Annotated[str, PlainValidator(rules.path_prefix)] = "/"
    service: t.Optional[Name] = None
    tls: Flag = True
    sticky: Flag = False
    via: t.Annotated[str, PlainValidator(rules.choice(*schema.ROUTE_VIAS))] = "file"


class Backend(_Model):
    """A row of ``route_backends``."""

    service: Name
    weight: t.Annotated[int, PlainValidator(rules.integer(1, 1000))] = 1


class AccessRule(_Model):
    """A row of ``access_rules``."""

    action: t.Annotated[str, PlainValidator(rules.choice(*schema.ACTIONS))]
    cidr: t.Annotated[str, PlainValidator(places.network)]
    everyone: Flag = False


class Migration(_Model):
    """A row of ``migrations``."""

    name: t.Annotated[str, PlainValidator(rules.migration_name)]
    service: Name
    driver: t.Annotated[str, PlainValidator(rules.choice(*schema.MIGRATION_DRIVERS))] = "command"
    command: t.Optional[Command] = None
    status_command: t.Optional[Command] = None
    rollback_command: t.Optional[Command] = None
    database: t.Optional[Name] = None
    kind: t.Annotated[str, PlainValidator(rules.choice(*schema.MIGRATION_KINDS))] = "expand"
    timeout: t.Annotated[int, PlainValidator(rules.integer(1, 86400))] = 600
    lock_timeout: t.Annotated[int, PlainValidator(rules.integer(1, 60))] = 3


class Hook(_Model):
    """A row of ``hooks``."""

    name: t.Annotated[str, PlainValidator(rules.hook_name)]
    event: t.Annotated[str, PlainValidator(rules.choice(*schema.HOOK_EVENTS))]
    service: Name
    command: Command
    timeout: t.Annotated[int, PlainValidator(rules.integer(1, 86400))] = 300


class Repository(_Model):
    """A row of ``repositories``."""

    name: Name
    kind: t.Annotated[str, PlainValidator(rules.choice(*schema.REPOSITORY_KINDS))]
    path: t.Annotated[str, PlainValidator(places.repository_path)]
    endpoint: t.Optional[t.Annotated[str, PlainValidator(places.endpoint)]] = None
    bucket: t.Optional[
        t.Annotated[str, PlainValidator(rules.matching(backup_repository.BUCKET, "the name of a bucket"))]
    ] = None
    region: t.Optional[t.Annotated[str, PlainValidator(rules.matching(backup_repository.REGION, "a region"))]] = None
    ca_file: t.Optional[t.Annotated[str, PlainValidator(rules.container_path)]] = None
    access_key: t.Optional[FleetSecret] = None
    secret_key: t.Optional[FleetSecret] = None
    passphrase: FleetSecret
    retention_days: t.Optional[Days] = None
    enabled: Flag = True


class BackupPolicy(_Model):
    """A row of ``backup_policies``."""

    name: Name
    service: Name
    engine: t.Optional[t.Annotated[str, PlainValidator(rules.choice(*schema.BACKUP_ENGINES))]] = None
    volume: t.Optional[Part] = None
    repositories: t.Optional[t.Annotated[list[str], PlainValidator(rules.names)]] = None
    schedule: Schedule = "0 3 * * *"
    incremental_schedule: t.Optional[Schedule] = None
    retention_days: Days = 30
    keep_last: t.Annotated[int, PlainValidator(rules.integer(1, 1000))] = 3
    row_check: t.Optional[t.Annotated[str, PlainValidator(rules.statement)]] = None
    configuration: Flag = False
    enabled: Flag = True


class IgnoreRule(_Model):
    """A row of ``ignore_rules``."""

    kind: Part
    resource: t.Annotated[str, PlainValidator(rules.line)] = "*"
    field: t.Annotated[str, PlainValidator(rules.line)] = "*"
    mode: t.Annotated[str, PlainValidator(rules.choice(*schema.IGNORE_MODES))] = "ignore"
    accepted: t.Optional[t.Annotated[str, PlainValidator(rules.text)]] = None
    reason: t.Annotated[str, PlainValidator(lambda value: rules.line(value, 1024))]


class FileRule(IgnoreRule):
    """The same in a file, where it may be for several tenants."""

    tenant: t.Annotated[str, PlainValidator(rules.line)] = "*"


def _override_field(value: t.Any) -> str:
    text = rules.text(value)
    if text.startswith(schema.SERVICE_VERSION):
        return schema.SERVICE_VERSION + rules.name(text.removeprefix(schema.SERVICE_VERSION))
    if text.startswith(schema.VOLUME_GENERATION):
        return schema.VOLUME_GENERATION + rules.part(text.removeprefix(schema.VOLUME_GENERATION))
    return rules.choice(*schema.OVERRIDE_FIELDS)(text)


class Override(_Model):
    """A row of ``overrides``; its times are read by spec_overrides."""

    field: t.Annotated[str, PlainValidator(_override_field)]
    value: t.Annotated[str, PlainValidator(rules.version)]


Kind = t.TypeVar("Kind", bound=_Model)


def validate(model: type[Kind], row: Row, context: t.Any = None) -> tuple[Kind | None, list[Problem]]:
    """One row as a model, or what is wrong with it, column by column.

    Values never stand in a reason unless a rule of ours put them there: they may be secrets.
    """
    given = {column: value for column, value in row.items() if value is not None}
    try:
        return model.model_validate(given, context=context), []
    except ValidationError as error:
        return None, [
            (str(one["loc"][0]), _reason(one)) for one in error.errors(include_url=False, include_input=False)
        ]


def _reason(error: t.Mapping[str, t.Any]) -> str:
    if error["type"] == "missing":
        return "is missing"
    return str(error.get("ctx", {}).get("error") or error["msg"])
