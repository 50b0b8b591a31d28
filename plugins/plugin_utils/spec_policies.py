# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the database says about a tenant besides services and routes: hooks, migrations, backups, ignored drift."""

from __future__ import annotations

import typing as t

from ansible_collections.tenantry.platform.plugins.plugin_utils import database_schema as schema
from ansible_collections.tenantry.platform.plugins.plugin_utils import databases, spec_backups
from ansible_collections.tenantry.platform.plugins.plugin_utils import spec_models as models
from ansible_collections.tenantry.platform.plugins.plugin_utils import spec_overrides as overrides
from ansible_collections.tenantry.platform.plugins.plugin_utils import spec_rules as rules
from ansible_collections.tenantry.platform.plugins.plugin_utils.database_queries import Row, Rows
from ansible_collections.tenantry.platform.plugins.plugin_utils.spec_repositories import Repositories

Problem = models.Problem


def policies(
    rows: Rows,
    spec: t.Mapping[str, t.Any],
    stack: str | None,
    everywhere: list[dict[str, t.Any]],
    repositories: Repositories,
    problems: list[Problem],
) -> dict[str, list[dict[str, t.Any]]]:
    """The hostvar ``tenant_policies``. A tenant's row takes the place of the stack's of that name.

    :param spec: of the tenant, with its services.
    :param everywhere: ignore rules of all tenants.
    """
    tenant = spec["name"]
    found = _models(rows, "backup_policies", models.BackupPolicy, tenant, stack, problems)
    enabled = [(field, t.cast(models.BackupPolicy, model)) for field, model in found]
    return {
        "backups": spec_backups.policies(
            enabled, tenant, spec["services"], spec["generations"], repositories, problems
        ),
        "ignore_rules": [*everywhere, *ignore_rules(rows, tenant, problems)],
    }


def migrations(
    rows: Rows,
    tenant: str,
    stack: str | None,
    services: t.Sequence[t.Mapping[str, t.Any]],
    problems: list[Problem],
) -> list[dict[str, t.Any]]:
    """Migrations by name, each with its database; None where the tenant has none that can be asked."""
    images = {service["name"] for service in services if service["kind"] != "backing"}
    servers = {service["name"]: service for service in services if service["database"] in databases.WITH_SCHEMA}
    found = _named(rows, "migrations", models.Migration, tenant, stack, images, problems, "app or job service")
    for migration in found:
        field = f"migrations.{migration['name']}"
        wrong = [*_commands(migration), *_database(migration, servers)]
        problems += [(f"{field}.{column}", reason) for column, reason in wrong]
        if migration["database"] is None and servers:
            migration["database"] = sorted(servers)[0]
    return found


def _commands(migration: t.Mapping[str, t.Any]) -> t.Iterator[Problem]:
    if migration["driver"] == "command":
        if migration["command"] is None:
            yield "command", "is missing: driver is command"
        return
    for column in ("status_command", "rollback_command"):
        if migration[column] is not None:
            yield column, f"is for driver command: {migration['driver']} is asked in its own way"


def _database(migration: t.Mapping[str, t.Any], servers: t.Mapping[str, t.Mapping[str, t.Any]]) -> t.Iterator[Problem]:
    name = migration["database"]
    if name is None and len(servers) > 1:
        yield "database", f"is missing: there are {', '.join(sorted(servers))}"
    elif name is not None and name not in servers:
        kinds = " or ".join(databases.WITH_SCHEMA)
        yield "database", f"there is no backing service {name} whose database is {kinds}"
    elif servers:
        chosen = name or sorted(servers)[0]
        try:
            databases.entered(servers[chosen])
        except ValueError as error:
            yield "database", f"service {chosen} {error}"


def hooks(
    rows: Rows,
    tenant: str,
    stack: str | None,
    services: t.Sequence[t.Mapping[str, t.Any]],
    problems: list[Problem],
) -> list[dict[str, t.Any]]:
    """Hooks by event and name. A tenant's row takes the place of the stack's of that name."""
    images = {service["name"] for service in services if service["kind"] != "backing"}
    found = _named(rows, "hooks", models.Hook, tenant, stack, images, problems, "app or job service")
    return sorted(found, key=lambda one: (schema.HOOK_EVENTS.index(one["event"]), one["name"]))


def _named(
    rows: Rows,
    relation: str,
    model: type[models._Model],
    tenant: str,
    stack: str | None,
    services: set[str],
    problems: list[Problem],
    kind: str = "service",
) -> list[dict[str, t.Any]]:
    result = []
    for field, found in _models(rows, relation, model, tenant, stack, problems):
        values = found.model_dump()
        if values["service"] not in services:
            problems.append((f"{field}.service", f"there is no {kind} {values['service']}"))
        result.append(values)
    return result


def _models(
    rows: Rows,
    relation: str,
    model: type[models._Model],
    tenant: str,
    stack: str | None,
    problems: list[Problem],
) -> list[tuple[str, models._Model]]:
    """Enabled rows that hold for a tenant, by name, each with the name of its field."""
    given: dict[t.Any, Row] = {}
    for owner in ([("stack", stack)] if stack else []) + [("tenant", tenant)]:
        given.update({row["name"]: row for row in rows.owned[relation].get(owner, ())})
    result = []
    for name, row in given.items():
        if row.get("enabled") in (0, False):
            continue
        field = f"{relation}.{rules.segment(name)}"
        found, wrong = models.validate(model, row)
        problems += [(f"{field}.{column}", reason) for column, reason in wrong]
        if found is not None:
            result.append((field, found))
    return sorted(result, key=lambda one: one[0])


def ignore_rules(rows: Rows, tenant: str | None, problems: list[Problem]) -> list[dict[str, t.Any]]:
    """Ignore rules of a tenant; of all tenants for None."""
    return [rule for row in rows.ignore_rules.get(tenant, ()) if (rule := _rule(row, problems))]


def _rule(row: Row, problems: list[Problem]) -> dict[str, t.Any] | None:
    found, wrong = models.validate(models.IgnoreRule, row)
    try:
        expires = overrides.moment(row["expires_at"])
    except ValueError as error:
        wrong, expires = [*wrong, ("expires_at", str(error))], None
    problems += [(f"ignore_rules.{column}", reason) for column, reason in wrong]
    return {**found.model_dump(), "expires_at": overrides.written(expires)} if found is not None else None
