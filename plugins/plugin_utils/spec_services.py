# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Services of a tenant: rows of its stack, overlaid with its own, as entries of the spec."""

from __future__ import annotations

import dataclasses
import functools
import typing as t

from ansible_collections.tenantry.platform.plugins.plugin_utils import spec_models as models
from ansible_collections.tenantry.platform.plugins.plugin_utils import spec_places as places
from ansible_collections.tenantry.platform.plugins.plugin_utils import spec_rules as rules
from ansible_collections.tenantry.platform.plugins.plugin_utils.database_queries import Row, Rows

Problem = models.Problem
Owner = tuple[str, t.Any]


@dataclasses.dataclass
class Draft:
    """A service as rows say it, not validated."""

    row: Row
    everywhere: dict[t.Any, t.Any]  # environment of all app and job services of the owner
    environment: dict[t.Any, t.Any]
    labels: dict[t.Any, t.Any]
    volumes: dict[t.Any, Row]  # by path
    secrets: tuple[t.Any, ...]
    depends_on: tuple[t.Any, ...]

    def over(self, other: Draft | None) -> Draft:
        """This one, where it says nothing the other one: a tenant's rows over those of its stack."""
        if other is None:
            return self
        row = {**other.row, **{column: value for column, value in self.row.items() if value is not None}}
        everywhere = {} if row.get("kind") == "backing" else self.everywhere
        return Draft(
            row,
            {**other.everywhere, **self.everywhere},
            # What a tenant says of all its services is nearer to it than what a stack says of one.
            {**other.environment, **everywhere, **self.environment},
            {**other.labels, **self.labels},
            {**other.volumes, **self.volumes},
            (*other.secrets, *self.secrets),
            (*other.depends_on, *self.depends_on),
        )

    def key(self) -> tuple[t.Any, ...]:
        """Equal drafts have equal keys, whoever they belong to."""
        volumes = tuple(tuple(volume.values()) for volume in self.volumes.values())
        return (
            tuple(self.row.items()),
            tuple(self.everywhere.items()),
            tuple(self.environment.items()),
            tuple(self.labels.items()),
            volumes,
            self.secrets,
            self.depends_on,
        )


Result = tuple[t.Optional[dict[str, t.Any]], list[Problem]]


class Services:
    """Makes the services of tenants. Equal ones are validated once: a fleet has many tenants and few stacks."""

    def __init__(self, rows: Rows, registries: places.Registries) -> None:
        self._rows = rows
        self._registries = registries
        self._stacks: dict[t.Any, dict[t.Any, tuple[Draft, t.Any]]] = {}
        self._results: dict[t.Any, Result] = {}

    def of(
        self, tenant: str, stack: str | None, version: str | None, held: t.Mapping[str, str] | None = None
    ) -> tuple[list[dict[str, t.Any]], list[Problem]]:
        """Services by name, and what is wrong: ``services.web.image`` and why.

        :param version: of the app and job services that have none of their own.
        :param held: by service the version that is held for it alone, which wins over all others.
        """
        drafts = dict(self._of_stack(stack)) if stack is not None else {}
        own = self._drafts(("tenant", tenant))
        everywhere = self._everywhere(("tenant", tenant))
        for name, draft in own.items():
            beneath = drafts.get(name)
            whole = draft.over(beneath[0] if beneath else None)
            drafts[name] = (whole, whole.key())
        if everywhere:
            for name in [name for name in drafts if name not in own]:
                beneath = drafts[name][0]
                whole = Draft({}, everywhere, {}, {}, {}, (), ()).over(beneath)
                drafts[name] = (whole, whole.key())
        services, problems = [], []
        for name, its_version in (held or {}).items():
            if name not in drafts or drafts[name][0].row.get("kind") == "backing":
                problems.append((f"overrides.version.{name}", f"there is no app or job service {name}"))
            else:
                draft = drafts[name][0]
                whole = dataclasses.replace(draft, row={**draft.row, "version": its_version})
                drafts[name] = (whole, whole.key())
        for name, (draft, key) in drafts.items():
            service, wrong = self._result(draft, (key, version), version)
            problems += [(f"services.{rules.segment(name)}.{field}", reason) for field, reason in wrong]
            if service is not None and draft.row.get("enabled") not in (0, False):
                services.append(service)
        services.sort(key=lambda service: service["name"])
        return services, problems or _check_together(services)

    def _of_stack(self, stack: str) -> dict[t.Any, tuple[Draft, t.Any]]:
        if stack not in self._stacks:
            self._stacks[stack] = {name: (draft, draft.key()) for name, draft in self._drafts(("stack", stack)).items()}
        return self._stacks[stack]

    def _everywhere(self, owner: Owner) -> dict[t.Any, t.Any]:
        rows = self._rows.owned["service_environment"].get(owner, ())
        return {row["name"]: row["value"] for row in rows if row["service"] is None}

    def _drafts(self, owner: Owner) -> dict[t.Any, Draft]:
        rows = self._rows.owned["services"].get(owner)
        if not rows:
            return {}
        everywhere = self._everywhere(owner)
        drafts = {}
        for row in rows:
            columns = {column: value for column, value in row.items() if column != "id"}
            drafts[row["name"]] = Draft(columns, everywhere, {}, {}, {}, (), ())
        for row in self._parts("service_environment", owner, drafts):
            drafts[row["service"]].environment[row["name"]] = row["value"]
        for row in self._parts("service_labels", owner, drafts):
            drafts[row["service"]].labels[row["name"]] = row["value"]
        for row in self._parts("service_volumes", owner, drafts):
            volume = {"name": row["name"], "path": row["path"], "read_only": row["read_only"]}
            drafts[row["service"]].volumes[row["path"]] = volume
        for row in self._parts("service_secrets", owner, drafts):
            drafts[row["service"]].secrets += (row["secret"],)
        for row in self._parts("service_dependencies", owner, drafts):
            drafts[row["service"]].depends_on += (row["depends_on"],)
        return drafts

    def _parts(self, relation: str, owner: Owner, drafts: dict[t.Any, Draft]) -> t.Iterator[Row]:
        """Rows of services that there are. Where foreign keys are not enforced, others may be left over."""
        return (row for row in self._rows.owned[relation].get(owner, ()) if row["service"] in drafts)

    def _result(self, draft: Draft, key: t.Any, version: str | None) -> Result:
        result = self._results.get(key)
        if result is None:
            result = self._results[key] = _service(draft, models.Images(self._registries, version))
        return result


def _service(draft: Draft, images: models.Images) -> Result:
    model, problems = models.validate(models.Service, draft.row, images)
    kind = model.kind if model is not None else draft.row.get("kind")
    given = {} if kind == "backing" else {**draft.everywhere}
    environment = _pairs("environment", {**given, **draft.environment}, rules.environment_name, problems)
    labels = _pairs("labels", draft.labels, rules.label_name, problems)
    for name, value in environment.items():
        _collect(problems, f"environment.{name}", functools.partial(rules.environment_value, name, value))
    for name, value in labels.items():
        _collect(problems, f"labels.{name}", functools.partial(rules.label_value, value))
    volumes = []
    for row in draft.volumes.values():
        volume, wrong = models.validate(models.Volume, row)
        problems += [(f"volumes.{rules.segment(row['name'])}.{field}", reason) for field, reason in wrong]
        if volume is not None:
            volumes.append({"name": volume.name, "path": volume.path, "read_only": volume.read_only})
    secrets = _names("secrets", draft.secrets, rules.part, problems)
    depends_on = _names("depends_on", draft.depends_on, rules.name, problems)
    if model is None:
        return None, problems
    problems += _check_service(model)
    if problems:
        return None, problems
    return _entry(model, environment, labels, sorted(volumes, key=lambda one: one["path"]), secrets, depends_on), []


def _pairs(
    field: str, values: t.Mapping[t.Any, t.Any], rule: t.Callable[[t.Any], str], problems: list[Problem]
) -> dict[str, t.Any]:
    result = {}
    for name, value in values.items():
        try:
            result[rule(name)] = value
        except ValueError as error:
            problems.append((f"{field}.{rules.shown(name)}", str(error)))
    return dict(sorted(result.items()))


def _names(field: str, values: t.Iterable[t.Any], rule: t.Callable[[t.Any], str], problems: list[Problem]) -> list[str]:
    result = set()
    for value in values:
        try:
            result.add(rule(value))
        except ValueError as error:
            problems.append((field, str(error)))
    return sorted(result)


def _collect(problems: list[Problem], field: str, rule: t.Callable[[], t.Any]) -> None:
    try:
        rule()
    except ValueError as error:
        problems.append((field, str(error)))


def _check_service(model: models.Service) -> list[Problem]:
    """What columns of a service must be towards each other."""
    problems = []
    health = _health_type(model)
    if health == "none" and model.kind != "job":
        problems.append(
            ("health_type", "none is for jobs only: what nobody checks would get requests before it listens")
        )
    if health == "http" and model.port is None:
        problems.append(("health_type", "http needs a port"))
    if health == "tcp" and model.health_type and model.port is None:
        problems.append(("health_type", "tcp needs a port"))
    if health == "command" and model.health_command is None:
        problems.append(("health_command", "is missing: health_type is command"))
    if model.kind != "app" and model.replicas != 1:
        problems.append(("replicas", f"{model.replicas} is too many: only app services have more than one"))
    if model.database is not None and model.kind != "backing":
        problems.append(("database", f"is for backing services, and this is of kind {model.kind}"))
    if model.memory_swap is not None and (model.memory is None or model.memory_swap < model.memory):
        problems.append(("memory_swap", "is memory and swap together: it needs memory, and cannot be less"))
    return problems


def _health_type(model: models.Service) -> str:
    if model.health_type is not None:
        return model.health_type
    if model.health_command is not None:
        return "command"
    if model.health_path is not None:
        return "http"
    # Without a port the platform looks whether the first process lives.
    return "none" if model.kind == "job" else "tcp"


def _entry(
    model: models.Service,
    environment: dict[str, str],
    labels: dict[str, str],
    volumes: list[dict[str, t.Any]],
    secrets: list[str],
    depends_on: list[str],
) -> dict[str, t.Any]:
    health = _health_type(model)
    return {
        "name": model.name,
        "kind": model.kind,
        "database": model.database,
        "image": model.image,
        "command": model.command,
        "port": model.port,
        "replicas": model.replicas,
        "cpus": model.cpus,
        "memory": model.memory,
        "health": {
            "type": health,
            "path": (model.health_path or "/") if health == "http" else None,
            "command": model.health_command if health == "command" else None,
            "interval": model.health_interval,
            "timeout": model.health_timeout,
            "retries": model.health_retries,
            "start_period": model.health_start_period,
        },
        "depends_on": depends_on,
        "environment": environment,
        "labels": labels,
        "volumes": volumes,
        "secrets": secrets,
        "stop_grace_period": model.stop_grace_period,
        "hardening": {
            "user": model.run_as,
            "read_only": model.read_only_root,
            "cap_add": model.cap_add,
            "no_new_privileges": model.no_new_privileges,
            "pids_limit": model.pids_limit,
            "tmpfs": model.tmpfs,
            "memory_swap": model.memory_swap,
        },
    }


def _check_together(services: list[dict[str, t.Any]]) -> list[Problem]:
    """What services of a tenant must be towards each other."""
    problems = []
    waits = {service["name"]: service["depends_on"] for service in services}
    for name, others in waits.items():
        for other in others:
            if other not in waits:
                problems.append((f"services.{name}.depends_on", f"there is no service {other}"))
            elif other == name or name in _reachable(waits, other):
                problems.append((f"services.{name}.depends_on", f"{other} depends on {name} itself"))
    return problems


def _reachable(waits: t.Mapping[str, list[str]], start: str) -> set[str]:
    found: set[str] = set()
    todo = [start]
    while todo:
        for other in waits.get(todo.pop(), ()):
            if other not in found:
                found.add(other)
                todo.append(other)
    return found
