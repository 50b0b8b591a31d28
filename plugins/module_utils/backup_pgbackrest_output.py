# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What pgBackRest says, as data. Its exit code alone says little: ``verify`` ends with 0 when it found damage."""

from __future__ import annotations

import json
import re
import typing as t

from .backup_driver import DIFFERENTIAL, FULL, INCREMENTAL, Backup, Finding
from .backup_timeline import position, segment, segment_number
from .errors import TenantryError
from .journal import instant

ENGINE = "pgbackrest"
_KINDS = {"full": FULL, "incr": INCREMENTAL, "diff": DIFFERENTIAL}

#: Status codes of a repository in the output of ``info``.
_OK = 0
_NOT_THERE = (1, 3)  # the stanza was never made; its path holds nothing
_NO_BACKUP = 2


class Listing(t.NamedTuple):
    """What ``info`` says of one repository.

    :ivar exists: whether the stanza was made in it.
    :ivar since: the WAL segment that its oldest backup begins with; empty without any.
    :ivar ends: by label the timeline that a backup is of, and the position up to which it needs WAL.
    """

    exists: bool
    backups: list[Backup]
    since: str
    ends: t.Mapping[str, tuple[str, int]] = {}


def listing(text: str, stanza: str, number: int, repository: str) -> Listing:
    """The output of ``info --output=json``.

    :param number: of the repository in the configuration, from 1.
    :raises TenantryError: kind ``repository_unreachable``, with the tool's own words.
    """
    try:
        found = [one for one in json.loads(text) if one["name"] == stanza]
        if not found:
            return Listing(False, [], "")
        status = next(one["status"] for one in found[0]["repo"] if one["key"] == number)
        if status["code"] in _NOT_THERE:
            return Listing(False, [], "")
        if status["code"] not in (_OK, _NO_BACKUP):
            raise TenantryError(
                f"pgBackRest cannot read repository {repository}: {' '.join(str(status['message']).split())}",
                "repository_unreachable",
            )
        own = [one for one in found[0]["backup"] if one["database"]["repo-key"] == number]
        begins = [one["archive"]["start"] for one in own if one["archive"]["start"]]
        ends = {
            one["label"]: (one["archive"]["stop"][:8], position(one["lsn"]["stop"]))
            for one in own
            if one["archive"]["stop"] and (one.get("lsn") or {}).get("stop")
        }
        return Listing(True, [_backup(one, repository) for one in own], begins[0] if begins else "", ends)
    except (ValueError, KeyError, TypeError, StopIteration) as error:
        raise TenantryError(
            f"pgBackRest did not list repository {repository} in words that are known ({error!r}): use a version from "
            "2.45 on",
            "repository_error",
        ) from error


def _backup(data: t.Mapping[str, t.Any], repository: str) -> Backup:
    return Backup(
        label=data["label"],
        engine=ENGINE,
        kind=_KINDS[data["type"]],
        repository=repository,
        started_at=instant(data["timestamp"]["start"]),
        finished_at=instant(data["timestamp"]["stop"]),
        bytes=int(data["info"]["repository"]["delta"]),
        source_bytes=int(data["info"]["size"]),
        error="pages of the database had wrong checksums when it was made" if data.get("error") else "",
    )


_STATUS = re.compile(r"status: (?P<status>.+)")
_BACKUP = re.compile(r"backup: (?P<label>\S+), status: (?P<status>[^,]+)")
_ARCHIVE = re.compile(r"archiveId: (?P<label>\S+), total WAL checked")
_COUNT = re.compile(r"(missing|checksum invalid|size invalid|other): ([1-9]\d*)")
#: A backup of these is whole, or was never finished and belongs to nobody.
_FINE = ("valid", "skipped", "in-progress")
#: A whole segment, and not the ``.backup`` or ``.history`` beside it.


def findings(text: str, repository: str) -> list[Finding]:
    """The output of ``verify --output=text --verbose``: what is wrong, however the tool ended."""
    found: list[Finding] = []
    overall, label, status = "", "", ""
    for line in map(str.strip, text.splitlines()):
        archive, backup, whole = _ARCHIVE.match(line), _BACKUP.match(line), _STATUS.match(line)
        if whole:
            overall = whole.group("status")
        elif archive:
            label, status = f"WAL of {archive.group('label')}", "valid"
        elif backup:
            label, status = backup.group("label"), backup.group("status").strip()
            if status not in _FINE:
                found.append(Finding(repository, label, f"it is {status}"))
        counts = ", ".join(f"{name} {count}" for name, count in _COUNT.findall(line))
        if counts and status not in _FINE and found:
            found[-1] = Finding(repository, label, f"it is {status} (files: {counts})")
        elif counts:
            found.append(Finding(repository, label, f"files: {counts}"))
    if not found and overall != "ok":
        found.append(Finding(repository, "", f"pgbackrest verify says status {overall or 'nothing that is known'}"))
    return found


def gaps(names: t.Iterable[str], since: str, segment_bytes: int, repository: str) -> list[Finding]:
    """Segments that are missing between others: ``verify`` calls each that is there valid, and misses none.

    :param names: of the files of an archive, with or without their directories.
    :param since: the segment that the oldest backup begins with: of what is older nothing is needed.
    """
    timelines: dict[str, set[int]] = {}
    for name in names:
        found = segment(name)
        if found and found[8:] >= since[8:24]:
            timelines.setdefault(found[:8], set()).add(segment_number(found, segment_bytes))
    wrong = []
    for timeline, have in sorted(timelines.items()):
        missing = sorted(set(range(min(have), max(have))) - have)
        if missing:
            name = _name(timeline, missing[0], segment_bytes)
            wrong.append(
                Finding(
                    repository,
                    "WAL",
                    f"segments missing from {name} on: {len(missing)}; no moment after them can be restored from the "
                    "backups before",
                )
            )
    return wrong


def _name(timeline: str, position: int, segment_bytes: int) -> str:
    log, number = divmod(position, 0x100000000 // segment_bytes)
    return f"{timeline}{log:08X}{number:08X}"
