# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The relations of the tenant database as this collection reads and writes them, and the words they may hold.

migrations/ makes the tables with their types and constraints; docs/tenant-database.md describes every column.
"""

from __future__ import annotations

import functools
import typing as t

try:
    import sqlalchemy as sa
except ImportError:  # database.connect() says what to install
    sa = None  # type: ignore[assignment]

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
# What holds the version of one service has the service's name behind this.
SERVICE_VERSION = "version."
# And what says which generation of a volume is the live one, the volume's.
VOLUME_GENERATION = "volume."
OVERRIDE_FIELDS = ("state", "version", "release", "maintenance")
# In the order in which they come about.
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
# What a backing service is, for those that ask it in its own language.
DATABASES = ("postgresql", "mariadb", "redis")
BACKUP_ENGINES = ("pgbackrest", "pg_dump", "mariadb_dump", "redis", "restic")
REPOSITORY_KINDS = ("posix", "s3")
BACKUP_STATUSES = ("success", "failure")
IGNORE_MODES = ("ignore", "record")
CONNECTIONS = ("ssh", "local")
ROUTE_VIAS = ("file", "labels")
ACTIONS = ("allow", "deny")

# A view of another database may have more columns; these it must have.
COLUMNS = {
    "settings": "name value",
    "nodes": "id name address connection ssh_user ssh_port python_interpreter ipv4 ipv6 max_parallel",
    "zones": "id name nameserver ttl",
    "stacks": "id name version description",
    "repositories": (
        "id name kind path endpoint bucket region ca_file access_key secret_key passphrase retention_days enabled"
    ),
    "tenants": (
        "id name display_name state stack node zone subdomain tier ring strategy version pinned_version "
        "maintenance_window maintenance_timezone created_at"
    ),
    "services": (
        "id tenant stack name kind enabled image version command port replicas cpus memory health_type "
        "health_path health_command health_interval health_timeout health_retries health_start_period "
        "stop_grace_period run_as read_only_root no_new_privileges cap_add pids_limit tmpfs memory_swap database"
    ),
    "service_environment": "id tenant stack service name value",
    "service_labels": "id tenant stack service name value",
    "service_volumes": "id tenant stack service name path read_only",
    "service_secrets": "id tenant stack service secret",
    "service_dependencies": "id tenant stack service depends_on",
    "routes": "id tenant stack name enabled hostname path_prefix service tls sticky via",
    "route_backends": "id tenant stack route service weight",
    "access_rules": "id tenant stack service route position action cidr everyone",
    "secrets": "id tenant stack name vault reference",
    "migrations": (
        "id tenant stack service name driver command status_command rollback_command database kind timeout lock_timeout"
    ),
    "hooks": "id tenant stack service name event command timeout",
    "backup_policies": (
        "id tenant stack service name engine volume repositories schedule incremental_schedule retention_days "
        "keep_last row_check configuration enabled"
    ),
    "ignore_rules": "id tenant kind resource field mode accepted reason expires_at created_at",
    "overrides": (
        "id tenant field value reason created_by created_at expires_at released_at released_by request released_request"
    ),
    "operations": (
        "id tenant sequence action parameters priority status requested_by requested_at not_before token attempt "
        "lease_holder heartbeat_at lease_seconds started_at finished_at release_id source target error_kind message "
        "acknowledged_at acknowledged_by"
    ),
    "operation_steps": "operation position name status started_at finished_at detail",
    "fencing_tokens": "tenant token",
    "applied_releases": "id tenant release_id spec_digest version operation applied_at",
    "backups": (
        "id tenant service policy engine repository label kind status started_at finished_at bytes source_bytes "
        "error_kind message operation verified_at drill_at drill_status drill_seconds drill_message removed_at"
    ),
}


@functools.cache
def relations(schema: str | None = None, prefix: str = "") -> sa.MetaData:
    """All relations, below a schema or with a prefix before each name.

    Without types, so that every value is read as the database has it; times are written as such.
    """
    metadata = sa.MetaData(schema=schema)
    for name, columns in COLUMNS.items():
        sa.Table(prefix + name, metadata, *(sa.Column(column, _type(column)) for column in columns.split()))
    return metadata


def _type(column: str) -> t.Any:
    return sa.DateTime(timezone=True) if is_time(column) else sa.types.NULLTYPE


def is_time(column: str) -> bool:
    """Whether a column holds a time."""
    return column.endswith("_at") or column == "not_before"
