# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups of one service: made, verified, pruned and listed, each repository by itself."""

from __future__ import annotations

import dataclasses
import time
import typing as t

from . import backup_place, backup_wal, disk_space
from .backup_driver import Backup, Driver, Keep, newest_first
from .backup_options import SERVICE_ARGUMENTS, Request
from .backup_pgbackrest import PgBackRest
from .backup_repository import Repository
from .backup_spool import Spool
from .engine import Engine
from .errors import TenantryError
from .polling import Deadline

BACKUP_ARGUMENTS: dict[str, t.Any] = {
    **SERVICE_ARGUMENTS,
    "state": {"type": "str", "choices": ["prepared", "present", "verified", "pruned"], "default": "present"},
    "kind": {"type": "str", "choices": ["full", "incremental"], "default": "full"},
    "volumes": {"type": "list", "elements": "str", "default": []},
    "paths": {"type": "list", "elements": "path", "default": []},
    "directories": {"type": "list", "elements": "path", "default": []},
    "read_data_subset": {"type": "str", "default": "100%"},
    "retention_days": {"type": "int", "default": 30},
    "keep_last": {"type": "int", "default": 3},
    "wait": {"type": "int", "default": 0},
}

INFO_ARGUMENTS = SERVICE_ARGUMENTS

T = t.TypeVar("T")


class Subject(t.Protocol):
    """What is backed up."""

    @property
    def label(self) -> str:
        """How messages call it."""

    @property
    def tool(self) -> str:
        """Name of the engine."""

    @property
    def spool(self) -> Spool:
        """Where the node works on it."""

    @property
    def repositories(self) -> tuple[Repository, ...]:
        """Where its backups are kept."""


@dataclasses.dataclass
class Outcome(t.Generic[T]):
    """What came of one repository.

    :ivar value: None when it failed.
    """

    repository: str
    seconds: float
    value: T | None = None
    error: TenantryError | None = None

    def summary(self) -> dict[str, t.Any]:
        """For module results."""
        return {
            "name": self.repository,
            "ok": self.error is None,
            "seconds": round(self.seconds, 3),
            "error": self.error.message if self.error else "",
            "error_kind": self.error.error_kind if self.error else "",
        }


def of_each(driver: Driver, deadline: Deadline, ask: t.Callable[[str, Deadline], T]) -> list[Outcome[T]]:
    """Ask every repository. One that hangs has only its share of the time that is left."""
    outcomes: list[Outcome[T]] = []
    names = driver.repositories
    for number, name in enumerate(names):
        began = time.monotonic()
        try:
            value = ask(name, Deadline(deadline.remaining() / (len(names) - number)))
            outcomes.append(Outcome(name, time.monotonic() - began, value))
        except TenantryError as error:
            outcomes.append(Outcome(name, time.monotonic() - began, error=error))
    return outcomes


def run(engine: Engine, params: t.Mapping[str, t.Any], check_mode: bool) -> dict[str, t.Any]:
    """Bring the backups of a service into ``params["state"]``; returns a module result.

    :raises TenantryError: kinds ``backup_partial``, ``backup_failed``, ``backup_damaged``, ``backup_unverified``,
        ``backup_running`` and those of the drivers; what came of each repository is in its details.
    """
    if params["state"] == "prepared":
        return backup_place.prepared(params, check_mode)
    request = Request.from_params(engine, params)
    return work(request, request.driver(), params, check_mode)


def work(request: Subject, driver: Driver, params: t.Mapping[str, t.Any], check_mode: bool) -> dict[str, t.Any]:
    """The same, of whatever a driver backs up."""
    deadline = Deadline(params["timeout"])
    keep = Keep(params["retention_days"], params["keep_last"])
    if check_mode and params["state"] == "present":
        driver.check(deadline)
        return _foretold(request, driver)
    if check_mode and params["state"] == "pruned":
        return _pruned(request, driver, deadline, keep, check_mode)
    with request.spool.held(params["wait"]):
        if params["state"] == "verified":
            return _verified(request, driver, deadline)
        if params["state"] == "pruned":
            return _pruned(request, driver, deadline, keep, check_mode)
        return _present(request, driver, deadline)


def _present(request: Subject, driver: Driver, deadline: Deadline) -> dict[str, t.Any]:
    began = time.monotonic()
    try:
        driver.prepare(deadline)
        outcomes = of_each(driver, deadline, driver.make)
    finally:
        driver.finish()
    seconds = time.monotonic() - began
    made = {one.repository: one.value for one in outcomes if one.value is not None}
    size = max((sum(one.source_bytes for one in backups) for backups in made.values()), default=0)
    result: dict[str, t.Any] = {
        "changed": bool(made),
        "engine": request.tool,
        "labels": sorted({one.label for backups in made.values() for one in backups}),
        "bytes": size,
        "seconds": round(seconds, 3),
        "throughput": int(size / seconds),
        "repositories": [
            {**one.summary(), "backups": [backup.summary() for backup in one.value or []]} for one in outcomes
        ],
        "diff": _diff({}, {name: [one.label for one in backups] for name, backups in made.items()}),
    }
    failed = [one for one in outcomes if one.error is not None]
    if failed:
        raise _failure(f"backup of {request.label}", "kept in", list(made), failed, result, "backup_partial")
    kept = ", ".join(made)
    text, speed = disk_space.text(size), disk_space.text(int(size / seconds))
    return {
        **result,
        "msg": f"{request.tool} of {request.label}: {text} in {seconds:.1f} s ({speed}/s), kept in {kept}",
    }


def _foretold(request: Subject, driver: Driver) -> dict[str, t.Any]:
    return {
        "changed": True,
        "engine": request.tool,
        "labels": [],
        "bytes": 0,
        "seconds": 0.0,
        "throughput": 0,
        "repositories": [{**Outcome[None](name, 0.0).summary(), "backups": []} for name in driver.repositories],
        "diff": _diff({}, {name: ["a new one"] for name in driver.repositories}),
        "msg": f"{request.tool} of {request.label} would be made and kept in {', '.join(driver.repositories)}",
    }


def _verified(request: Subject, driver: Driver, deadline: Deadline) -> dict[str, t.Any]:
    outcomes = of_each(driver, deadline, driver.verify)
    findings = [finding for one in outcomes for finding in one.value or []]
    result = {
        "changed": False,
        "engine": request.tool,
        "findings": [dataclasses.asdict(one) for one in findings],
        "repositories": [one.summary() for one in outcomes],
    }
    failed = [one for one in outcomes if one.error is not None]
    if findings:
        raise TenantryError(
            f"backups of {request.label} cannot be relied on: {'; '.join(map(str, findings[:5]))}; make a new full "
            "one now, and find out what happened to the storage",
            "backup_damaged",
            **result,
        )
    if failed:
        sound = [one.repository for one in outcomes if one.error is None]
        raise _failure(f"backups of {request.label}", "whole in", sound, failed, result, "backup_unverified")
    return {**result, "msg": f"backups of {request.label} are whole in {', '.join(driver.repositories)}"}


def _pruned(request: Subject, driver: Driver, deadline: Deadline, keep: Keep, check_mode: bool) -> dict[str, t.Any]:
    days = {one.name: one.retention_days for one in request.repositories if one.retention_days}
    of = {name: dataclasses.replace(keep, days=days.get(name, keep.days)) for name in driver.repositories}
    outcomes = of_each(driver, deadline, lambda name, end: driver.prune(name, of[name], end, check_mode))
    removed = {one.repository: one.value for one in outcomes if one.value}
    result = {
        "changed": bool(removed),
        "engine": request.tool,
        "removed": removed,
        "repositories": [one.summary() for one in outcomes],
        "diff": _diff(removed, {name: [] for name in removed}),
    }
    failed = [one for one in outcomes if one.error is not None]
    if failed:
        done = [one.repository for one in outcomes if one.error is None]
        raise _failure(f"old backups of {request.label}", "pruned in", done, failed, result, "backup_partial")
    count = sum(len(labels) for labels in removed.values())
    return {**result, "msg": f"{count} old backups of {request.label} {'would go' if check_mode else 'are gone'}"}


def listed(engine: Engine, params: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """What every repository really has; returns a module result. One that cannot be read is told, not a failure."""
    request = Request.from_params(engine, params)
    driver, deadline = request.driver(), Deadline(params["timeout"])
    outcomes = of_each(driver, deadline, driver.backups)
    return {
        "changed": False,
        "engine": request.tool,
        "repositories": [{**one.summary(), **_ends(one.value or [])} for one in outcomes],
        "wal": _wal(driver, deadline),
    }


def _ends(backups: t.Sequence[Backup]) -> dict[str, t.Any]:
    whole = newest_first(one for one in backups if not one.error)
    return {
        "backups": [one.summary() for one in backups],
        "newest": whole[0].finished_at if whole else None,
        "oldest": whole[-1].finished_at if whole else None,
    }


def _wal(driver: Driver, deadline: Deadline) -> dict[str, t.Any] | None:
    if not isinstance(driver, PgBackRest):
        return None
    try:
        return {**backup_wal.read(driver.find(deadline), deadline), "error": ""}
    except TenantryError as error:
        return {"error": error.message}


def _failure(
    what: str, how: str, good: list[str], failed: list[Outcome[t.Any]], result: dict[str, t.Any], kind: str
) -> TenantryError:
    """Of an outcome that is not whole. A failure of all alike is that failure."""
    kinds = {one.error.error_kind for one in failed if one.error}
    reasons = "; ".join(f"{one.repository}: {one.error.message}" for one in failed if one.error)
    if good:
        message = f"{what} is {how} {', '.join(good)} and not {how} {', '.join(one.repository for one in failed)}"
        return TenantryError(f"{message} ({reasons}); run again when that is mended", kind, **result)
    message = f"{what} is {how} no repository ({reasons})"
    return TenantryError(message, kinds.pop() if len(kinds) == 1 else "backup_failed", **result)


def _diff(before: t.Mapping[str, t.Any], after: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    return {"before": {"backups": dict(before)}, "after": {"backups": dict(after)}}
