# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One service restored into a new volume, beside the one that runs, and proven by the server that opened it."""

from __future__ import annotations

import dataclasses
import os
import re
import time
import typing as t

from . import disk_space, journal
from .backup import Outcome, of_each
from .backup_driver import Backup, Choice, Driver, newest_first
from .backup_fill import DATA_PATHS, FILLERS, Fill, fetched
from .backup_load import loader
from .backup_options import COMMON_ARGUMENTS, PGBACKREST, RESTIC, Request
from .backup_pgbackrest import PgBackRest
from .backup_pgbackrest_conf import Cluster
from .backup_repository import part
from .backup_retention import moment
from .backup_scratch import Scratch
from .backup_spool import Spool
from .backup_volume import NewVolume
from .engine import Engine
from .errors import TenantryError
from .polling import Deadline

#: What the name of a volume ends with that a restore of the tenant made: it is the same data, by another way.
GENERATION = re.compile(r"-r[0-9]{8}t[0-9]{6}$")

RESTORE_ARGUMENTS: dict[str, t.Any] = {
    **COMMON_ARGUMENTS,
    "state": {"type": "str", "choices": ["present", "absent", "loaded", "given_up"], "default": "present"},
    "volume": {"type": "str"},
    "image": {"type": "str"},
    "network": {"type": "str", "default": "none"},
    "user": {"type": "str", "default": ""},
    "data_path": {"type": "str"},
    "command": {"type": "list", "elements": "str"},
    "repository": {"type": "str"},
    "label": {"type": "str"},
    "target_time": {"type": "str"},
    "source": {"type": "str"},
    "owner": {"type": "str"},
    "wait": {"type": "int", "default": 0},
}
RESTORE_REQUIRED_IF = [
    ("state", "present", ["volume"]),
    ("state", "absent", ["volume"]),
    ("state", "loaded", ["label"]),
]


def run(engine: Engine, params: t.Mapping[str, t.Any], check_mode: bool) -> dict[str, t.Any]:
    """Restore into a volume, remove one that was restored, or load a dump back; returns a module result.

    :raises TenantryError: kinds ``backup_missing``, ``restore_failed``, ``volume_not_empty``, ``foreign_object`` and
        those of the drivers.
    """
    request = Request.from_params(engine, params)
    if params["state"] == "loaded":
        return _loaded(request, params, check_mode)
    if params["state"] == "given_up":
        return _given_up(request, params, check_mode)
    owner = part(params["owner"] or request.tenant, "tenant")
    # A copy has a place of its own, so that a drill keeps no backup of the tenant waiting.
    request = dataclasses.replace(request, spool=Spool(params["spool"], owner, request.service))
    volume = NewVolume(engine, params["volume"], owner, request.spool, request.tenant)
    if params["state"] == "absent":
        return _absent(request, volume, params, check_mode)
    asked = _asked(params)
    done = volume.restored(asked)
    if done is not None:
        return _result(False, volume, done)
    if check_mode:
        return _result(True, volume, {})
    with request.spool.held(params["wait"]):
        done = volume.restored(asked)
        return _result(False, volume, done) if done is not None else _restored(request, volume, params, asked)


def _restored(
    request: Request, volume: NewVolume, params: t.Mapping[str, t.Any], asked: dict[str, t.Any]
) -> dict[str, t.Any]:
    began, deadline = time.monotonic(), Deadline(params["timeout"])
    choice = Choice(params["label"] or "", params["target_time"] or "", params["source"] or "")
    scratch = Scratch(
        request.engine,
        volume.labels,
        volume.name,
        params["image"] or "",
        params["data_path"] or DATA_PATHS[request.tool],
        params["network"],
        params["user"],
    )
    scratch.remove_left()
    warnings = _handed_over(request, deadline) if volume.tenant == volume.origin else []
    # Only the service itself has its password in that file.
    request = dataclasses.replace(request, account=dataclasses.replace(request.account, password_file=""))
    volume.begin(asked)
    if request.tool != RESTIC:
        os.chown(volume.path, *scratch.owner())
    names = (params["repository"],) if params["repository"] else None

    def pick(driver: Driver) -> Backup:
        ask = driver.restorable(choice) if isinstance(driver, PgBackRest) else driver.backups
        return choose(request.label, of_each(driver, deadline, ask), choice, names)

    filled = FILLERS[request.tool](Fill(request, scratch, volume.path, choice, params["command"], pick, deadline))
    size = _size(volume.path)
    result: dict[str, t.Any] = {
        "label": filled.backup.label,
        "repository": filled.backup.repository,
        "source": filled.backup.source,
        "restored_to": filled.restored_to,
        "bytes": size,
        "seconds": round(time.monotonic() - began, 3),
        "facts": filled.facts,
        "target_reached": filled.target_reached,
    }
    short = "" if filled.target_reached else f", which is all that was archived before {choice.target_time}"
    result["msg"] = (
        f"{request.label} is restored into volume {volume.name} from {result['label']} of {result['repository']}, to "
        f"{result['restored_to']}{short}: {disk_space.text(size)} in {result['seconds']:.1f} s"
    )
    volume.finish(asked, result)
    return {**_result(True, volume, result), **({"warnings": warnings} if warnings else {})}


def _handed_over(request: Request, deadline: Deadline) -> list[str]:
    """What the service has committed until now, archived first: a moment that is just over can be asked for.

    A service that does not run, or cannot archive, may be why there is a restore: that is told, and no failure.
    """
    if request.tool != PGBACKREST:
        return []
    driver = PgBackRest(request.server, Cluster(request.tenant, request.service).stanza, ())
    try:
        if driver.hand_over(deadline):
            return []
        why = "its server still tries to archive what it wrote last"
    except TenantryError as error:
        if error.error_kind == "container_missing":
            return []
        why = error.message
    return [f"{request.label} may be restored without its last transactions: {why}"]


def choose(
    what: str, outcomes: t.Sequence[Outcome[list[Backup]]], choice: Choice, names: t.Sequence[str] | None = None
) -> Backup:
    """The newest whole backup that fits; of two alike, that of the first repository.

    :param names: only these repositories.
    :raises TenantryError: kinds ``backup_missing``, ``invalid`` when it is of one of several sources.
    """
    asked = [one for one in outcomes if names is None or one.repository in names]
    found = [backup for one in asked for backup in one.value or [] if _fits(backup, choice)]
    among = sorted({GENERATION.sub("", backup.source) for backup in found})
    if len(among) > 1:
        raise TenantryError(f"backups of {what} are of {', '.join(among)}: say of which (source)", "invalid")
    if found:
        return newest_first(found)[0]
    wanted = " ".join(
        filter(None, [choice.label, choice.target_time and f"from before {choice.target_time}", choice.source])
    )
    said = [f"{one.repository}: {one.error.message}" for one in asked if one.error] or [
        f"{one.repository} has {len(one.value or [])}" for one in asked
    ]
    raise TenantryError(
        f"there is no whole backup of {what} {wanted or 'at all'} ({'; '.join(said) or 'no such repository'}): see "
        "what there is with tenantry.platform.backup_info",
        "backup_missing",
    )


def _fits(backup: Backup, choice: Choice) -> bool:
    if backup.error or (choice.label and backup.label != choice.label):
        return False
    if choice.source and GENERATION.sub("", backup.source) != GENERATION.sub("", choice.source):
        return False
    return not choice.target_time or moment(backup.finished_at) <= moment(choice.target_time)


def _asked(params: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """What makes two requests the same; no secret.

    :raises TenantryError: kind ``invalid``.
    """
    if params["engine"] != RESTIC and not params["image"]:
        raise TenantryError(f"a restore by {params['engine']} needs the image of the service (image)", "invalid")
    if params["target_time"]:
        try:
            moment(params["target_time"])
        except ValueError as error:
            raise TenantryError(
                f"target_time: {error}; write it like 2026-11-22T01:02:03Z or 2026-11-22T02:02:03+01:00", "invalid"
            ) from error
    keys = ("tenant", "service", "engine", "image", "directory", "repository", "label", "target_time", "source")
    found = {key: params[key] for key in keys}
    return {**found, "repositories": [one["name"] for one in params["repositories"]]}


def _absent(request: Request, volume: NewVolume, params: t.Mapping[str, t.Any], check_mode: bool) -> dict[str, t.Any]:
    present = volume.is_present()
    if present and not check_mode:
        with request.spool.held(params["wait"]):
            Scratch(request.engine, volume.labels, volume.name, "", "").remove_left()
            volume.remove()
    before, after = ("present", "absent") if present else ("absent", "absent")
    return {
        "changed": present,
        "volume": volume.name,
        "diff": {"before": {volume.name: before}, "after": {volume.name: after}},
    }


def _loaded(request: Request, params: t.Mapping[str, t.Any], check_mode: bool) -> dict[str, t.Any]:
    """Replace the database of the running server by the one of a dump."""
    began, deadline = time.monotonic(), Deadline(params["timeout"])
    loads = loader(request.tool)
    driver = request.driver()
    names = (params["repository"],) if params["repository"] else None
    backup = choose(request.label, of_each(driver, deadline, driver.backups), Choice(params["label"]), names)
    loads.require(request.server(deadline), deadline)
    facts: dict[str, t.Any] = {}
    if not check_mode:
        with request.spool.held(params["wait"]):
            snapshot = fetched(request, backup, deadline)
            facts = loads.load(request.server(deadline), snapshot, deadline)
        journal.note(params.get("operation"), backup.label)
    what = f"{request.label} {'would have' if check_mode else 'has'} the data of {backup.label} again"
    return {
        "changed": True,
        "label": backup.label,
        "repository": backup.repository,
        "restored_to": backup.started_at,
        "seconds": round(time.monotonic() - began, 3),
        "facts": facts,
        "msg": f"{what}, from {backup.started_at}",
        "diff": {"before": {request.label: "as it is"}, "after": {request.label: backup.label}},
    }


def _given_up(request: Request, params: t.Mapping[str, t.Any], check_mode: bool) -> dict[str, t.Any]:
    """Leave a database as it was before somebody began to load another one in its place."""
    deadline = Deadline(params["timeout"])
    with request.spool.held(params["wait"]):
        changed = loader(request.tool).give_up(request.server(deadline), check_mode, deadline)
    return {
        "changed": changed,
        "msg": f"{request.label} has the data that were to be replaced",
        "diff": {
            "before": {request.label: "half replaced" if changed else "as it was"},
            "after": {request.label: "as it was"},
        },
    }


def _result(changed: bool, volume: NewVolume, result: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    before, after = ("absent", "restored") if changed else ("restored", "restored")
    return {
        "changed": changed,
        "volume": volume.name,
        **result,
        "diff": {"before": {volume.name: before}, "after": {volume.name: after}},
    }


def _size(path: str) -> int:
    return sum(
        os.lstat(os.path.join(directory, name)).st_size for directory, _names, names in os.walk(path) for name in names
    )
