# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The first schema.

Rows refer to each other by name, so that plain SQL needs no ids. A row of a service, route or secret belongs to a
tenant or to a stack, never to both. A released revision is never edited: what is to change is done by the next one.

Revision ID: 0001
Revises:
"""

from __future__ import annotations

import typing as t

try:
    import sqlalchemy as sa
    from alembic import op
except ImportError:  # database_migrate says what to install
    sa = op = None  # type: ignore[assignment]

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

NAME = 64
HOST = 253
IMAGE = 512

STATES = ("active", "stopped", "suspended", "removed")
STRATEGIES = ("blue_green", "canary", "rolling", "recreate")
KINDS = ("app", "backing", "job")
HEALTH_TYPES = ("http", "tcp", "command", "none")
OPERATION_STATUSES = (
    "scheduled",
    "pending",
    "running",
    "success",
    "failure",
    "recovering",
    "recovered",
    "fatal",
    "cancelled",
)
OVERRIDE_FIELDS = ("state", "version", "release", "maintenance")
HOOK_EVENTS = (
    "pre_deploy",
    "pre_migrate",
    "post_migrate",
    "post_health",
    "pre_switch",
    "post_switch",
    "pre_drain",
    "post_deploy",
    "pre_rollback",
    "post_rollback",
    "on_failure",
)
MIGRATION_DRIVERS = ("command", "alembic", "django", "dbmate")
MIGRATION_KINDS = ("reversible", "expand", "irreversible", "contract")
DATABASES = ("postgresql", "mariadb", "redis")
BACKUP_ENGINES = ("pgbackrest", "pg_dump", "mariadb_dump", "redis", "restic")
REPOSITORY_KINDS = ("posix", "s3")
BACKUP_STATUSES = ("success", "failure")
IGNORE_MODES = ("ignore", "record")
CONNECTIONS = ("ssh", "local")
ROUTE_VIAS = ("file", "labels")
ACTIONS = ("allow", "deny")
_OVERRIDE_FIELD = f"field IN {OVERRIDE_FIELDS} OR field LIKE 'version.%' OR field LIKE 'volume.%'"
# Who runs can be asked whether it lives.
_LEASED = (
    "status <> 'running' OR (token IS NOT NULL AND heartbeat_at IS NOT NULL AND lease_seconds IS NOT NULL "
    "AND started_at IS NOT NULL)"
)


def upgrade() -> None:
    """Make every table, below the schema and with the prefix that the caller gave."""
    options = op.get_context().opts
    tables = _Builder(options["tenantry_schema"], options["tenantry_prefix"]).build()
    tables.create_all(op.get_bind(), checkfirst=False)


class _Builder:
    """Builds the tables under one schema and prefix."""

    def __init__(self, schema: str | None, prefix: str) -> None:
        self.metadata = sa.MetaData(schema=schema)
        self.prefix = prefix

    def build(self) -> sa.MetaData:
        self._fleet()
        self._tenants()
        self._services()
        self._service_parts()
        self._routes()
        self._secrets_and_policies()
        self._backup_policies()
        self._ledger()
        self._backups()
        return self.metadata

    # -- pieces ----------------------------------------------------------------------------------------------------

    def table(self, name: str, *items: t.Any) -> None:
        sa.Table(self.prefix + name, self.metadata, *items, mysql_engine="InnoDB", mysql_charset="utf8mb4")

    def check(self, table: str, name: str, condition: str) -> sa.CheckConstraint:
        return sa.CheckConstraint(condition, name=f"ck_{self.prefix}{table}_{name}")

    def choice(self, table: str, column: str, values: tuple[str, ...]) -> sa.CheckConstraint:
        quoted = ", ".join(f"'{value}'" for value in values)
        return self.check(table, column, f"{column} IN ({quoted})")

    def unique(self, table: str, *columns: str) -> sa.UniqueConstraint:
        return sa.UniqueConstraint(*columns, name=f"uq_{self.prefix}{table}_{'_'.join(columns)}")

    def refers(self, table: str, columns: str, target: str, deleted: str = "CASCADE") -> sa.ForeignKeyConstraint:
        """A foreign key on ``columns`` ("tenant service") to those that ``target`` names ("services tenant name")."""
        other, *theirs = target.split()
        ours = columns.split()
        schema = f"{self.metadata.schema}." if self.metadata.schema else ""
        return sa.ForeignKeyConstraint(
            ours,
            [f"{schema}{self.prefix}{other}.{column}" for column in theirs],
            name=f"fk_{self.prefix}{table}_{'_'.join(ours)}",
            # Names do not change: what carries one on nodes would be lost. MySQL refuses ON UPDATE beside a CHECK.
            ondelete=deleted,
        )

    def owned(self, table: str) -> list[t.Any]:
        """Columns and constraints of a row that belongs to a tenant or to a stack."""
        return [
            _identity(),
            sa.Column("tenant", sa.String(NAME)),
            sa.Column("stack", sa.String(NAME)),
            self.check(table, "owner", "(tenant IS NULL) <> (stack IS NULL)"),
            self.refers(table, "tenant", "tenants name"),
            self.refers(table, "stack", "stacks name"),
        ]

    def of_service(self, table: str, required: bool = True) -> list[t.Any]:
        """As :meth:`owned`, and part of one of its services."""
        return [
            *self.owned(table),
            sa.Column("service", sa.String(NAME), nullable=not required),
            self.refers(table, "tenant service", "services tenant name"),
            self.refers(table, "stack service", "services stack name"),
        ]

    # -- relations -------------------------------------------------------------------------------------------------

    def _fleet(self) -> None:
        self.table(
            "settings",
            sa.Column("name", sa.String(NAME), primary_key=True),
            sa.Column("value", sa.String(1024), nullable=False),
            self.choice("settings", "name", ("default_node", "default_zone", "default_registry")),
        )
        self.table(
            "nodes",
            _identity(),
            sa.Column("name", sa.String(NAME), nullable=False),
            sa.Column("address", sa.String(HOST)),
            sa.Column("connection", sa.String(16), nullable=False, server_default="ssh"),
            sa.Column("ssh_user", sa.String(NAME)),
            sa.Column("ssh_port", sa.Integer),
            sa.Column("python_interpreter", sa.String(1024)),
            sa.Column("ipv4", sa.String(15)),
            sa.Column("ipv6", sa.String(45)),
            sa.Column("max_parallel", sa.Integer),
            self.unique("nodes", "name"),
            self.check("nodes", "name", _named("name", 32)),
            self.choice("nodes", "connection", CONNECTIONS),
            self.check("nodes", "ssh_port", "ssh_port BETWEEN 1 AND 65535"),
            self.check("nodes", "max_parallel", "max_parallel > 0"),
        )
        self.table(
            "zones",
            _identity(),
            sa.Column("name", sa.String(HOST), nullable=False),
            sa.Column("nameserver", sa.String(NAME)),
            sa.Column("ttl", sa.Integer, nullable=False, server_default="300"),
            self.unique("zones", "name"),
            self.refers("zones", "nameserver", "nodes name", "RESTRICT"),
            self.check("zones", "name", "name = lower(name) AND name <> ''"),
            self.check("zones", "ttl", "ttl BETWEEN 1 AND 604800"),
        )
        self.table(
            "stacks",
            _identity(),
            sa.Column("name", sa.String(NAME), nullable=False),
            sa.Column("version", sa.String(128)),
            sa.Column("description", sa.String(1024)),
            self.unique("stacks", "name"),
            self.check("stacks", "name", _named("name", 32)),
        )
        self._repositories()

    def _repositories(self) -> None:
        table = "repositories"
        secrets = ("access_key", "secret_key", "passphrase")
        self.table(
            table,
            _identity(),
            sa.Column("name", sa.String(NAME), nullable=False),
            sa.Column("kind", sa.String(16), nullable=False),
            sa.Column("path", sa.String(255), nullable=False),
            sa.Column("endpoint", sa.String(HOST)),
            sa.Column("bucket", sa.String(NAME)),
            sa.Column("region", sa.String(NAME)),
            sa.Column("ca_file", sa.String(255)),
            *(sa.Column(name, sa.Text, nullable=name != "passphrase") for name in secrets),
            sa.Column("retention_days", sa.Integer),
            sa.Column("enabled", sa.Boolean, nullable=False, server_default=sa.true()),
            self.unique(table, "name"),
            self.check(table, "name", _named("name", 32)),
            self.choice(table, "kind", REPOSITORY_KINDS),
            self.check(table, "path", "path LIKE '/%' AND path NOT LIKE '%..%'"),
            self.check(table, "endpoint", "endpoint LIKE 'https://%'"),
            self.check(table, "ca_file", "ca_file LIKE '/%' AND ca_file NOT LIKE '%..%'"),
            self.check(table, "s3", _of_s3("endpoint", "bucket", "access_key", "secret_key")),
            *(self.check(table, name, _stored_secret(name)) for name in secrets),
            self.check(table, "retention_days", "retention_days BETWEEN 1 AND 36500"),
        )

    def _tenants(self) -> None:
        self.table(
            "tenants",
            _identity(),
            sa.Column("name", sa.String(NAME), nullable=False),
            sa.Column("display_name", sa.String(255)),
            sa.Column("state", sa.String(16), nullable=False, server_default="active"),
            sa.Column("stack", sa.String(NAME)),
            sa.Column("node", sa.String(NAME)),
            sa.Column("zone", sa.String(HOST)),
            sa.Column("subdomain", sa.String(63)),
            sa.Column("tier", sa.String(32), nullable=False, server_default="standard"),
            sa.Column("ring", sa.Integer, nullable=False, server_default="0"),
            sa.Column("strategy", sa.String(16), nullable=False, server_default="blue_green"),
            sa.Column("version", sa.String(128)),
            sa.Column("pinned_version", sa.String(128)),
            sa.Column("maintenance_window", sa.String(64)),
            sa.Column("maintenance_timezone", sa.String(64), nullable=False, server_default="UTC"),
            _created(),
            self.unique("tenants", "name"),
            self.refers("tenants", "stack", "stacks name", "RESTRICT"),
            self.refers("tenants", "node", "nodes name", "RESTRICT"),
            self.refers("tenants", "zone", "zones name", "RESTRICT"),
            self.check("tenants", "name", _named("name", 32)),
            self.choice("tenants", "state", STATES),
            self.choice("tenants", "strategy", STRATEGIES),
            self.check("tenants", "subdomain", "subdomain = lower(subdomain) AND subdomain <> ''"),
            self.check("tenants", "tier", "tier = lower(tier) AND tier <> ''"),
            self.check("tenants", "ring", "ring BETWEEN 0 AND 99"),
        )

    def _services(self) -> None:
        table = "services"
        self.table(
            table,
            *self.owned(table),
            sa.Column("name", sa.String(NAME), nullable=False),
            sa.Column("kind", sa.String(16)),
            sa.Column("enabled", sa.Boolean),
            sa.Column("image", sa.String(IMAGE)),
            sa.Column("version", sa.String(128)),
            sa.Column("command", sa.Text),
            sa.Column("port", sa.Integer),
            sa.Column("replicas", sa.Integer),
            sa.Column("cpus", sa.String(16)),
            sa.Column("memory", sa.String(16)),
            sa.Column("health_type", sa.String(16)),
            sa.Column("health_path", sa.String(1024)),
            sa.Column("health_command", sa.Text),
            sa.Column("health_interval", sa.Integer),
            sa.Column("health_timeout", sa.Integer),
            sa.Column("health_retries", sa.Integer),
            sa.Column("health_start_period", sa.Integer),
            sa.Column("stop_grace_period", sa.Integer),
            sa.Column("run_as", sa.String(32)),
            sa.Column("read_only_root", sa.Boolean),
            sa.Column("no_new_privileges", sa.Boolean),
            sa.Column("cap_add", sa.Text),
            sa.Column("pids_limit", sa.Integer),
            sa.Column("tmpfs", sa.Text),
            sa.Column("memory_swap", sa.String(16)),
            sa.Column("database", sa.String(16)),
            self.unique(table, "tenant", "name"),
            self.unique(table, "stack", "name"),
            self.check(table, "name", _named("name", 32)),
            self.choice(table, "kind", KINDS),
            self.choice(table, "health_type", HEALTH_TYPES),
            self.choice(table, "database", DATABASES),
            self.check(table, "image", "image <> ''"),
            self.check(table, "port", "port BETWEEN 1 AND 65535"),
            self.check(table, "replicas", "replicas BETWEEN 1 AND 100"),
            self.check(table, "cpus", "cpus NOT IN ('', '0') AND cpus NOT LIKE '-%'"),
            self.check(table, "memory", "memory NOT IN ('', '0') AND memory NOT LIKE '-%'"),
            self.check(table, "memory_swap", "memory_swap NOT IN ('', '0') AND memory_swap NOT LIKE '-%'"),
            self.check(table, "health_interval", "health_interval BETWEEN 1 AND 3600"),
            self.check(table, "health_timeout", "health_timeout BETWEEN 1 AND 3600"),
            self.check(table, "health_retries", "health_retries BETWEEN 1 AND 100"),
            self.check(table, "health_start_period", "health_start_period BETWEEN 0 AND 3600"),
            self.check(table, "stop_grace_period", "stop_grace_period BETWEEN 0 AND 3600"),
            self.check(table, "pids_limit", "pids_limit BETWEEN 1 AND 1000000"),
        )

    def _service_parts(self) -> None:
        table = "service_environment"
        self.table(
            table,
            *self.of_service(table, required=False),
            sa.Column("name", sa.String(255), nullable=False),
            sa.Column("value", sa.Text, nullable=False),
            self.unique(table, "tenant", "service", "name"),
            self.unique(table, "stack", "service", "name"),
            self.check(table, "name", "name <> '' AND name NOT LIKE '%=%'"),
        )
        table = "service_labels"
        self.table(
            table,
            *self.of_service(table),
            sa.Column("name", sa.String(255), nullable=False),
            sa.Column("value", sa.Text, nullable=False),
            self.unique(table, "tenant", "service", "name"),
            self.unique(table, "stack", "service", "name"),
            self.check(table, "name", "lower(name) NOT LIKE 'traefik.%' AND lower(name) NOT LIKE 'tenantry.%'"),
        )
        table = "service_volumes"
        self.table(
            table,
            *self.of_service(table),
            sa.Column("name", sa.String(NAME), nullable=False),
            sa.Column("path", sa.String(255), nullable=False),
            sa.Column("read_only", sa.Boolean, nullable=False, server_default=sa.false()),
            self.unique(table, "tenant", "service", "path"),
            self.unique(table, "stack", "service", "path"),
            self.check(table, "path", "path LIKE '/%' AND path NOT LIKE '%..%'"),
        )
        table = "service_secrets"
        self.table(
            table,
            *self.of_service(table),
            sa.Column("secret", sa.String(NAME), nullable=False),
            self.unique(table, "tenant", "service", "secret"),
            self.unique(table, "stack", "service", "secret"),
        )
        table = "service_dependencies"
        self.table(
            table,
            *self.of_service(table),
            sa.Column("depends_on", sa.String(NAME), nullable=False),
            self.unique(table, "tenant", "service", "depends_on"),
            self.unique(table, "stack", "service", "depends_on"),
            self.check(table, "self", "depends_on <> service"),
        )

    def _routes(self) -> None:
        table = "routes"
        self.table(
            table,
            *self.owned(table),
            sa.Column("name", sa.String(NAME), nullable=False, server_default="main"),
            sa.Column("enabled", sa.Boolean, nullable=False, server_default=sa.true()),
            sa.Column("hostname", sa.String(HOST)),
            sa.Column("path_prefix", sa.String(200), nullable=False, server_default="/"),
            sa.Column("service", sa.String(NAME)),
            sa.Column("tls", sa.Boolean, nullable=False, server_default=sa.true()),
            sa.Column("sticky", sa.Boolean, nullable=False, server_default=sa.false()),
            sa.Column("via", sa.String(16), nullable=False, server_default="file"),
            self.unique(table, "tenant", "name"),
            self.unique(table, "stack", "name"),
            self.unique(table, "hostname", "path_prefix"),
            self.check(table, "name", _named("name", 32)),
            self.check(table, "hostname", "hostname = lower(hostname) AND hostname <> ''"),
            self.check(table, "stack_hostname", "stack IS NULL OR hostname IS NULL"),
            self.check(table, "path_prefix", "path_prefix LIKE '/%' AND path_prefix NOT LIKE '%..%'"),
            self.choice(table, "via", ROUTE_VIAS),
        )
        table = "route_backends"
        self.table(
            table,
            *self.owned(table),
            sa.Column("route", sa.String(NAME), nullable=False),
            sa.Column("service", sa.String(NAME), nullable=False),
            sa.Column("weight", sa.Integer, nullable=False, server_default="1"),
            self.refers(table, "tenant route", "routes tenant name"),
            self.refers(table, "stack route", "routes stack name"),
            self.unique(table, "tenant", "route", "service"),
            self.unique(table, "stack", "route", "service"),
            self.check(table, "weight", "weight BETWEEN 1 AND 1000"),
        )
        table = "access_rules"
        self.table(
            table,
            *self.of_service(table, required=False),
            sa.Column("route", sa.String(NAME)),
            sa.Column("position", sa.Integer, nullable=False, server_default="0"),
            sa.Column("action", sa.String(8), nullable=False),
            sa.Column("cidr", sa.String(64), nullable=False),
            sa.Column("everyone", sa.Boolean, nullable=False, server_default=sa.false()),
            self.refers(table, "tenant route", "routes tenant name"),
            self.refers(table, "stack route", "routes stack name"),
            self.choice(table, "action", ACTIONS),
            self.check(table, "one_place", "route IS NULL OR service IS NULL"),
            self.check(table, "cidr", "cidr <> '' AND cidr NOT LIKE '%,%'"),
        )

    def _secrets_and_policies(self) -> None:
        table = "secrets"
        self.table(
            table,
            *self.owned(table),
            sa.Column("name", sa.String(NAME), nullable=False),
            sa.Column("vault", sa.Text),
            sa.Column("reference", sa.String(1024)),
            self.unique(table, "tenant", "name"),
            self.unique(table, "stack", "name"),
            self.check(table, "one_source", "(vault IS NULL) <> (reference IS NULL)"),
            self.check(table, "vault", "vault LIKE '$ANSIBLE_VAULT;%'"),
            self.check(table, "reference", "reference LIKE 'env:%' OR reference LIKE 'file:/%'"),
        )
        table = "migrations"
        self.table(
            table,
            *self.of_service(table),
            sa.Column("name", sa.String(NAME), nullable=False, server_default="main"),
            sa.Column("driver", sa.String(16), nullable=False, server_default="command"),
            sa.Column("command", sa.Text),
            sa.Column("status_command", sa.Text),
            sa.Column("rollback_command", sa.Text),
            sa.Column("database", sa.String(NAME)),
            sa.Column("kind", sa.String(16), nullable=False, server_default="expand"),
            sa.Column("timeout", sa.Integer, nullable=False, server_default="600"),
            sa.Column("lock_timeout", sa.Integer, nullable=False, server_default="3"),
            self.unique(table, "tenant", "name"),
            self.unique(table, "stack", "name"),
            self.choice(table, "driver", MIGRATION_DRIVERS),
            self.choice(table, "kind", MIGRATION_KINDS),
            self.check(table, "timeout", "timeout BETWEEN 1 AND 86400"),
            self.check(table, "lock_timeout", "lock_timeout BETWEEN 1 AND 60"),
        )
        table = "hooks"
        self.table(
            table,
            *self.of_service(table),
            sa.Column("name", sa.String(NAME), nullable=False),
            sa.Column("event", sa.String(16), nullable=False),
            sa.Column("command", sa.Text, nullable=False),
            sa.Column("timeout", sa.Integer, nullable=False, server_default="300"),
            self.unique(table, "tenant", "name"),
            self.unique(table, "stack", "name"),
            self.choice(table, "event", HOOK_EVENTS),
            self.check(table, "timeout", "timeout BETWEEN 1 AND 86400"),
        )
        table = "ignore_rules"
        self.table(
            table,
            _identity(),
            sa.Column("tenant", sa.String(NAME)),
            sa.Column("kind", sa.String(32), nullable=False),
            sa.Column("resource", sa.String(255), nullable=False, server_default="*"),
            sa.Column("field", sa.String(255), nullable=False, server_default="*"),
            sa.Column("mode", sa.String(16), nullable=False, server_default="ignore"),
            sa.Column("accepted", sa.Text),
            sa.Column("reason", sa.String(1024), nullable=False),
            sa.Column("expires_at", sa.DateTime(timezone=True)),
            _created(),
            self.refers(table, "tenant", "tenants name"),
            self.choice(table, "mode", IGNORE_MODES),
            self.check(table, "reason", "reason <> ''"),
        )

    def _backup_policies(self) -> None:
        table = "backup_policies"
        self.table(
            table,
            *self.of_service(table),
            sa.Column("name", sa.String(NAME), nullable=False, server_default="main"),
            sa.Column("engine", sa.String(16)),
            sa.Column("volume", sa.String(NAME)),
            sa.Column("repositories", sa.Text),
            sa.Column("schedule", sa.String(128)),
            sa.Column("incremental_schedule", sa.String(128)),
            sa.Column("retention_days", sa.Integer, nullable=False, server_default="30"),
            sa.Column("keep_last", sa.Integer, nullable=False, server_default="3"),
            sa.Column("row_check", sa.Text),
            sa.Column("configuration", sa.Boolean, nullable=False, server_default=sa.false()),
            sa.Column("enabled", sa.Boolean, nullable=False, server_default=sa.true()),
            self.unique(table, "tenant", "name"),
            self.unique(table, "stack", "name"),
            self.choice(table, "engine", BACKUP_ENGINES),
            self.check(table, "retention_days", "retention_days BETWEEN 1 AND 36500"),
            self.check(table, "keep_last", "keep_last BETWEEN 1 AND 1000"),
        )

    def _ledger(self) -> None:
        """What the platform writes. No foreign keys: history outlives a tenant, and tenants may be a view."""
        overrides = "overrides"
        released = sa.Column("released_at", sa.DateTime(timezone=True))
        self.table(
            overrides,
            _identity(),
            sa.Column("tenant", sa.String(NAME), nullable=False),
            sa.Column("field", sa.String(80), nullable=False),
            sa.Column("value", sa.String(255), nullable=False),
            sa.Column("reason", sa.String(1024), nullable=False, server_default=""),
            sa.Column("created_by", sa.String(255), nullable=False, server_default=""),
            _created(),
            sa.Column("expires_at", sa.DateTime(timezone=True)),
            released,
            sa.Column("released_by", sa.String(255)),
            # Which request made it and which one released it, so that one that fails can be withdrawn whole.
            sa.Column("request", sa.String(26)),
            sa.Column("released_request", sa.String(26)),
            self.check(overrides, "field", _OVERRIDE_FIELD),
            sa.Index(f"ix_{self.prefix}overrides_tenant", "tenant", "field"),
        )
        operations = "operations"
        self.table(
            operations,
            sa.Column("id", sa.String(26), primary_key=True),
            sa.Column("tenant", sa.String(NAME), nullable=False),
            # The order in which a tenant's operations were requested: one that comes late is refused by it.
            sa.Column("sequence", sa.BigInteger, nullable=False),
            sa.Column("action", sa.String(32), nullable=False),
            sa.Column("parameters", sa.Text),
            sa.Column("priority", sa.Integer, nullable=False, server_default="0"),
            sa.Column("status", sa.String(16), nullable=False, server_default="pending"),
            sa.Column("requested_by", sa.String(255), nullable=False, server_default=""),
            sa.Column(
                "requested_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.current_timestamp()
            ),
            sa.Column("not_before", sa.DateTime(timezone=True)),
            # Of the lease; NULL until it runs.
            sa.Column("token", sa.BigInteger),
            sa.Column("attempt", sa.Integer, nullable=False, server_default="0"),
            sa.Column("lease_holder", sa.Text),
            sa.Column("heartbeat_at", sa.DateTime(timezone=True)),
            sa.Column("lease_seconds", sa.Integer),
            sa.Column("started_at", sa.DateTime(timezone=True)),
            sa.Column("finished_at", sa.DateTime(timezone=True)),
            sa.Column("release_id", sa.String(NAME)),
            # Digests of the spec that was applied before, and of the wanted one.
            sa.Column("source", sa.String(80)),
            sa.Column("target", sa.String(80)),
            sa.Column("error_kind", sa.String(NAME)),
            sa.Column("message", sa.Text),
            sa.Column("acknowledged_at", sa.DateTime(timezone=True)),
            sa.Column("acknowledged_by", sa.String(255)),
            self.unique(operations, "tenant", "sequence"),
            self.unique(operations, "tenant", "token"),
            self.choice(operations, "status", OPERATION_STATUSES),
            self.check(operations, "id", "id <> ''"),
            self.check(operations, "action", "action <> ''"),
            self.check(operations, "sequence", "sequence >= 1"),
            self.check(operations, "scheduled", "status <> 'scheduled' OR not_before IS NOT NULL"),
            self.check(operations, "leased", _LEASED),
            self.check(operations, "lease_seconds", "lease_seconds BETWEEN 1 AND 86400"),
            sa.Index(f"ix_{self.prefix}operations_status", "status", "tenant"),
        )
        steps = "operation_steps"
        self.table(
            steps,
            sa.Column("operation", sa.String(26), nullable=False),
            sa.Column("position", sa.Integer, nullable=False),
            sa.Column("name", sa.String(NAME), nullable=False),
            sa.Column("status", sa.String(32), nullable=False),
            sa.Column("started_at", sa.DateTime(timezone=True)),
            sa.Column("finished_at", sa.DateTime(timezone=True)),
            sa.Column("detail", sa.Text),
            sa.PrimaryKeyConstraint("operation", "position", name=f"pk_{self.prefix}{steps}"),
            self.refers(steps, "operation", "operations id"),
        )
        self.table(
            "fencing_tokens",
            sa.Column("tenant", sa.String(NAME), primary_key=True),
            sa.Column("token", sa.BigInteger, nullable=False),
        )
        applied = "applied_releases"
        self.table(
            applied,
            _identity(),
            sa.Column("tenant", sa.String(NAME), nullable=False),
            sa.Column("release_id", sa.String(NAME), nullable=False),
            sa.Column("spec_digest", sa.String(80)),
            sa.Column("version", sa.String(128)),
            sa.Column("operation", sa.String(26)),
            sa.Column("applied_at", sa.DateTime(timezone=True), nullable=False),
            self.unique(applied, "tenant", "release_id"),
        )

    def _backups(self) -> None:
        """One row for each backup in each repository, and one for each that failed there."""
        table = "backups"
        self.table(
            table,
            _identity(),
            sa.Column("tenant", sa.String(NAME), nullable=False),
            sa.Column("service", sa.String(NAME), nullable=False),
            sa.Column("policy", sa.String(NAME), nullable=False),
            sa.Column("engine", sa.String(16), nullable=False),
            sa.Column("repository", sa.String(NAME), nullable=False),
            # NULL of one that failed: there is none.
            sa.Column("label", sa.String(128)),
            sa.Column("kind", sa.String(16), nullable=False),
            sa.Column("status", sa.String(16), nullable=False),
            sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
            sa.Column("finished_at", sa.DateTime(timezone=True), nullable=False),
            sa.Column("bytes", sa.BigInteger),
            sa.Column("source_bytes", sa.BigInteger),
            sa.Column("error_kind", sa.String(NAME)),
            sa.Column("message", sa.Text),
            sa.Column("operation", sa.String(26)),
            sa.Column("verified_at", sa.DateTime(timezone=True)),
            sa.Column("drill_at", sa.DateTime(timezone=True)),
            sa.Column("drill_status", sa.String(16)),
            sa.Column("drill_seconds", sa.Float(53)),
            sa.Column("drill_message", sa.Text),
            sa.Column("removed_at", sa.DateTime(timezone=True)),
            self.unique(table, "tenant", "service", "engine", "repository", "label"),
            self.choice(table, "status", BACKUP_STATUSES),
            self.choice(table, "drill_status", BACKUP_STATUSES),
            self.check(table, "label", "status <> 'success' OR label IS NOT NULL"),
            sa.Index(f"ix_{self.prefix}backups_tenant", "tenant", "finished_at"),
        )


def _identity() -> sa.Column[int]:
    # SQLite numbers rows by itself only in a column of type INTEGER.
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.Column("id", kind, primary_key=True, autoincrement=True)


def _created() -> sa.Column[t.Any]:
    return sa.Column(
        "created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.current_timestamp()
    )


def _of_s3(*columns: str) -> str:
    """What a repository of that kind cannot do without."""
    return "kind <> 's3' OR (" + " AND ".join(f"{column} IS NOT NULL" for column in columns) + ")"


def _stored_secret(column: str) -> str:
    """Never plain."""
    return " OR ".join(f"{column} LIKE '{beginning}%'" for beginning in ("$ANSIBLE_VAULT;", "env:", "file:/"))


def _named(column: str, longest: int) -> str:
    """What every dialect can check of a name; the rest is checked when the rows are read."""
    refused = " AND ".join(f"{column} NOT LIKE '%{piece}%'" for piece in ("--", " ", "/", ".", ":", "{"))
    return f"{column} = lower({column}) AND length({column}) BETWEEN 1 AND {longest} AND {refused}"
