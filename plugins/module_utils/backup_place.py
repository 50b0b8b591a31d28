# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Directories of the node in which a database server keeps what it archives, made before the server starts."""

from __future__ import annotations

import contextlib
import os
import re
import stat
import typing as t

from .backup_pgbackrest_conf import TOOL
from .backup_repository import from_options, part
from .errors import TenantryError

_USER = re.compile(r"([0-9]+)(?::([0-9]+))?")
_PARENT_MODE = 0o700  # a container is given the innermost directory alone
_MODE = 0o750
_KEEP = -1


def prepared(params: t.Mapping[str, t.Any], check_mode: bool) -> dict[str, t.Any]:
    """Have the place of a service in each directory that is a repository; returns a module result.

    :raises TenantryError: kinds ``path_missing``, ``foreign_object``, ``invalid``.
    """
    given = [one.path for one in from_options(params["repositories"]) if one.kind == "posix"]
    uid, gid = _owner(params)
    made = []
    for directory in [*given, *params["directories"]]:
        made += _prepare(directory, params["tenant"], params["service"], uid, gid, check_mode)
    return {
        "changed": bool(made),
        "engine": params["engine"],
        "diff": {"before": "", "after": "".join(f"{path} of user {uid}\n" for path in made)},
        "msg": f"places of service {params['service']} of tenant {params['tenant']} "
        + (f"{'would be' if check_mode else 'are'} made: {', '.join(made)}" if made else "are there"),
    }


def _owner(params: t.Mapping[str, t.Any]) -> tuple[int, int]:
    found = _USER.fullmatch(params["run_as"] or "")
    if not found:
        raise TenantryError(
            f"run_as {params['run_as']!r} of service {params['service']} of tenant {params['tenant']} is no number: "
            "the places of backups belong to the user of the server, such as 999:999",
            "invalid",
        )
    return int(found.group(1)), int(found.group(2)) if found.group(2) else _KEEP


def _prepare(directory: str, tenant: str, service: str, uid: int, gid: int, check_mode: bool) -> list[str]:
    """One place; returns it when there was something to do."""
    if not os.path.isdir(directory):
        raise TenantryError(
            f"there is no directory {directory} on this node, which is a backup repository: mount its disk or make it, "
            "or disable the repository",
            "path_missing",
        )
    parents = [os.path.join(directory, part(tenant, "tenant"))]
    parents.append(os.path.join(parents[0], part(service, "service")))
    place = os.path.join(parents[-1], TOOL)
    if _is_ready(place, uid, gid):
        return []
    if not check_mode:
        for path in parents:
            with contextlib.suppress(FileExistsError):
                os.mkdir(path, _PARENT_MODE)
        with contextlib.suppress(FileExistsError):
            os.mkdir(place, _MODE)
        os.chown(place, uid, gid)
    return [place]


def _is_ready(place: str, uid: int, gid: int) -> bool:
    """Whether it is there and the user's. What a killed run made is empty, and may be given away."""
    try:
        found = os.lstat(place)
    except FileNotFoundError:
        return False
    if not stat.S_ISDIR(found.st_mode):
        raise TenantryError(f"{place} is no directory: move it away", "foreign_object")
    if found.st_uid == uid and gid in (_KEEP, found.st_gid):
        return True
    if os.listdir(place):
        raise TenantryError(
            f"{place} holds backups of user {found.st_uid}, and the service runs as {uid}: give them to it "
            f"(chown -R {uid} {place})",
            "foreign_object",
        )
    return False
