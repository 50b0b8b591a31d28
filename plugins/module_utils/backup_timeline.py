# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which timeline of a PostgreSQL cluster its service was on at a moment, by what it archived then.

A restore begins a timeline, and a rollback of a restore goes back to the one before, which then goes on beside it. The
newest one, which servers and tools take by themselves, is then not what anybody had.
"""

from __future__ import annotations

import dataclasses
import json
import math
import re
import typing as t

_SEGMENT = re.compile(r"(?:.*/)?(?P<segment>[0-9A-F]{24})-[0-9a-f]{40}(\.[a-z0-9]+)?")
_PARENT = re.compile(r"\s*(?P<timeline>\d+)\s+(?P<high>[0-9A-F]+)/(?P<low>[0-9A-F]+)\s")


@dataclasses.dataclass(frozen=True)
class Branch:
    """A timeline with those that it came from.

    :ivar timeline: eight hexadecimal digits.
    :ivar parents: by timeline up to which position it is part of this one.
    :ivar newest: the last segment of it that was archived, as 24 hexadecimal digits.
    """

    timeline: str
    parents: t.Mapping[str, int]
    newest: str = ""

    def holds(self, timeline: str, position: int) -> bool:
        """Whether what was written on a timeline before a position is part of the branch."""
        return timeline == self.timeline or position <= self.parents.get(timeline, -1)

    def lacks(self, history: str, segment_bytes: int) -> bool:
        """Whether a replay ended before the last segment that was archived, as when a repository went away meanwhile.

        A server takes any failure to fetch a segment for the end of its archive, and serves what it has.

        :param history: history file of the timeline that the replay began.
        """
        if not self.newest:
            return False
        return parents(history).get(self.timeline, 0) < segment_number(self.newest, segment_bytes) * segment_bytes

    @property
    def number(self) -> str:
        """As servers call it."""
        return str(int(self.timeline, 16))


def archived(text: str) -> dict[str, float]:
    """Files of an archive by their paths, and when they came, from ``repo-ls --output=json``."""
    return {name: float(one["time"]) for name, one in json.loads(text or "{}").items() if one.get("type") == "file"}


def segment(path: str) -> str:
    """The WAL segment that a file of an archive is, as 24 hexadecimal digits; empty for other files."""
    found = _SEGMENT.fullmatch(path)
    return found.group("segment") if found else ""


def segment_number(name: str, segment_bytes: int) -> int:
    """The place of a segment among all of a timeline."""
    return int(name[8:16], 16) * (0x100000000 // segment_bytes) + int(name[16:24], 16)


def serving(files: t.Mapping[str, float], at: float | None) -> tuple[str, str]:
    """Timeline of the WAL that was archived next after a moment, and where its history lies; the last where none was.

    :param at: seconds since the epoch; None for now.
    :returns: two empty texts for an archive without WAL.
    """
    found = [(time, name) for name, time in files.items() if segment(name)]
    if not found:
        return "", ""
    # Names count where times are the same: those of a newer timeline sort last.
    found.sort()
    later = [] if at is None else [one for one in found if one[0] >= math.floor(at)]
    _time, name = later[0] if later else found[-1]
    timeline = segment(name)[:8]
    version = name.split("/", maxsplit=1)[0] if "/" in name else ""
    return timeline, f"{version}/{timeline}.history" if version else f"{timeline}.history"


def newest(files: t.Iterable[str], timeline: str) -> str:
    """The last segment of a timeline, as 24 hexadecimal digits; empty where it has none."""
    return max((one for one in map(segment, files) if one.startswith(timeline)), default="")


def parents(history: str) -> dict[str, int]:
    """A history file: by timeline up to which position it is part of the one that the file is of."""
    found = {}
    for line in history.splitlines():
        match = _PARENT.match(line)
        if match:
            found[f"{int(match.group('timeline')):08X}"] = position(f"{match.group('high')}/{match.group('low')}")
    return found


def position(text: str) -> int:
    """A position in the WAL, from how PostgreSQL writes it, such as ``0/2000138``."""
    high, _slash, low = text.partition("/")
    return (int(high, 16) << 32) + int(low, 16)
