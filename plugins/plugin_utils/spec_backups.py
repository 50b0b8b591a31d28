# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which services of a tenant are backed up, how, when, and where to."""

from __future__ import annotations

import typing as t

from ansible_collections.tenantry.platform.plugins.module_utils.backup_pgbackrest_conf import LOCK_PATH
from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.plugin_utils import databases
from ansible_collections.tenantry.platform.plugins.plugin_utils import spec_models as models
from ansible_collections.tenantry.platform.plugins.plugin_utils.render import names
from ansible_collections.tenantry.platform.plugins.plugin_utils.spec_repositories import Repositories

Problem = models.Problem
Service = t.Mapping[str, t.Any]
Policy = dict[str, t.Any]

PGBACKREST, RESTIC = "pgbackrest", "restic"
#: By what a service is, the engine of a policy that names none.
DEFAULT_ENGINES = {"postgresql": PGBACKREST, "mariadb": "mariadb_dump", "redis": "redis"}
#: By engine, what a service must be.
DATABASES = {PGBACKREST: "postgresql", "pg_dump": "postgresql", "mariadb_dump": "mariadb", "redis": "redis"}
INCREMENTAL_SCHEDULE = "0 * * * *"


def policies(
    rows: t.Sequence[tuple[str, models.BackupPolicy]],
    tenant: str,
    services: t.Sequence[Service],
    generations: t.Mapping[str, str],
    repositories: Repositories,
    problems: list[Problem],
) -> list[Policy]:
    """The list ``backups`` of the hostvar ``tenant_policies``.

    :param rows: policies that hold for the tenant, by the names of their fields.
    :param generations: by volume the generation that is the live one.
    :param problems: takes what is wrong.
    """
    found: list[Policy] = []
    known = {service["name"]: service for service in services}
    for field, model in rows:
        service = known.get(model.service)
        if service is None:
            problems.append((f"{field}.service", f"there is no service {model.service}"))
            continue
        wrong: list[Problem] = []
        policy = _policy(model, tenant, service, generations, repositories, wrong)
        if policy["engine"] == PGBACKREST and any(_archives(other, model.service) for other in found):
            wrong.append(("service", f"{model.service} has another policy of {PGBACKREST}: one of them is enough"))
        problems += [(column if "." in column else f"{field}.{column}", reason) for column, reason in wrong]
        found.append(policy)
    return found


def _archives(policy: Policy, service: str) -> bool:
    return bool(policy["engine"] == PGBACKREST and policy["service"] == service)


def _policy(
    model: models.BackupPolicy,
    tenant: str,
    service: Service,
    generations: t.Mapping[str, str],
    repositories: Repositories,
    problems: list[Problem],
) -> Policy:
    engine = model.engine or DEFAULT_ENGINES.get(service["database"] or "", RESTIC)
    database = _database(engine, tenant, service, problems)
    problems += [*_for_one_engine(model, engine), *_files(model, engine, service)]
    if engine == PGBACKREST and database is not None:
        problems += _can_archive(service)
    schedule = model.incremental_schedule or (INCREMENTAL_SCHEDULE if engine == PGBACKREST else None)
    volumes = [model.volume] if model.volume is not None else []
    return {
        "name": model.name,
        "service": model.service,
        "engine": engine,
        "volume": model.volume,
        # By their names on the engine; none: those that containers of the service mount.
        "volumes": [names.volume(tenant, volume, generations.get(volume)) for volume in volumes],
        "repositories": repositories.chosen(model.repositories, problems),
        "schedule": model.schedule,
        "incremental_schedule": schedule,
        "retention_days": model.retention_days,
        "keep_last": model.keep_last,
        "row_check": model.row_check,
        "configuration": model.configuration,
        "database": database,
        "run_as": service["hardening"]["user"] or "",
    }


def _database(engine: str, tenant: str, service: Service, problems: list[Problem]) -> dict[str, t.Any] | None:
    """As whom the tools talk to the server: the option ``database`` of the modules of backups."""
    wanted = DATABASES.get(engine)
    if wanted is None:
        return None
    is_one = service["database"] or wanted
    if service["kind"] != "backing" or is_one != wanted:
        what = f"database {is_one}" if service["kind"] == "backing" else f"kind {service['kind']}"
        problems.append(("engine", f"{engine} is for backing services of database {wanted}, and this is of {what}"))
        return None
    try:
        account = databases.administered({**service, "database": wanted})
        if engine == PGBACKREST:
            databases.cluster(tenant, service)
    except (ValueError, TenantryError) as error:
        problems.append(("service", f"{service['name']} {error}"))
        return None
    return account


def _for_one_engine(model: models.BackupPolicy, engine: str) -> t.Iterator[Problem]:
    if model.incremental_schedule is not None and engine != PGBACKREST:
        yield "incremental_schedule", f"is for engine {PGBACKREST}, and this is {engine}"
    if model.row_check is not None and DATABASES.get(engine) not in databases.WITH_SCHEMA:
        yield "row_check", f"is for databases that are asked in SQL, and this is of engine {engine}"
    for column, given in (("volume", model.volume), ("configuration", model.configuration)):
        if given and engine != RESTIC:
            yield column, f"is for engine {RESTIC}, and this is {engine}"


def _files(model: models.BackupPolicy, engine: str, service: Service) -> t.Iterator[Problem]:
    volumes = sorted({volume["name"] for volume in service["volumes"]})
    if engine == RESTIC and model.volume is not None and model.volume not in volumes:
        yield "volume", f"service {model.service} has no volume {model.volume}"
    elif engine == RESTIC and not volumes and not model.configuration:
        yield "service", f"{model.service} has no volume, so that there is nothing to back up"


def _can_archive(service: Service) -> t.Iterator[Problem]:
    """What pgBackRest in the container of the server cannot do without."""
    field, hardening = f"services.{service['name']}", service["hardening"]
    if hardening["user"] is None:
        yield f"{field}.run_as", "is missing: the configuration of pgBackRest holds secrets, and belongs to this user"
    spool = LOCK_PATH.rpartition("/")[0]
    mounted = [volume["path"] for volume in service["volumes"]]
    if hardening["read_only"] and spool not in [*hardening["tmpfs"], *mounted]:
        yield f"{field}.tmpfs", f"{spool} is missing, where pgBackRest keeps what is on its way"
