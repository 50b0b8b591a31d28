# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How much room a filesystem has, how much of it shall stay free, and the refusal of what would take that."""

from __future__ import annotations

import dataclasses
import os
import re
import typing as t

from .errors import TenantryError

DEFAULT_FLOOR = "1g"
#: A floor by which nothing is looked at, for whoever knows better than an estimate.
UNCHECKED = "unchecked"

_FLOOR = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([bkmgt%]?)(?:i?b)?", re.IGNORECASE)
_UNITS = {"": 1, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}


@dataclasses.dataclass(frozen=True)
class Floor:
    """What shall stay free.

    :ivar text: as it was written.
    :ivar size: in bytes; None when it is a share.
    :ivar share: of the filesystem, from 0 to 1; None when it is a size.
    """

    text: str
    size: int | None = None
    share: float | None = None

    @classmethod
    def parse(cls, text: str) -> Floor | None:
        """Read ``2g``, ``500m``, ``5%`` or a number of bytes; units are powers of 1024, as Docker's.

        :returns: None for ``unchecked``.
        :raises TenantryError: kind ``invalid``.
        """
        word = text.strip()
        if word.lower() == UNCHECKED:
            return None
        found = _FLOOR.fullmatch(word)
        unit = found.group(2).lower() if found else ""
        if found is None or (unit == "%" and (not word.endswith("%") or float(found.group(1)) >= 100)):
            raise TenantryError(
                f"space_floor {text!r} is no size: write it such as 2g, 500m, 5% (below 100%), a number of bytes, or "
                f"{UNCHECKED}",
                "invalid",
            )
        amount = float(found.group(1))
        if unit == "%":
            return cls(word, share=amount / 100)
        return cls(word, size=int(amount * _UNITS[unit]))

    def of(self, total: int) -> int:
        """In bytes, of a filesystem of ``total`` bytes."""
        return int(total * self.share) if self.share is not None else self.size or 0


@dataclasses.dataclass(frozen=True)
class Filesystem:
    """What statvfs says of the filesystem that a path is on.

    :ivar total: its size in bytes.
    :ivar free: bytes that are left for others than root.
    """

    path: str
    total: int
    free: int

    @classmethod
    def read(cls, path: str) -> Filesystem | None:
        """None when there is no such path, or it may not be looked at."""
        try:
            found = os.statvfs(path)
        except OSError:
            return None
        return cls(path, found.f_blocks * found.f_frsize, found.f_bavail * found.f_frsize)


def text(size: int) -> str:
    """Bytes for people: ``1.5 GiB``."""
    amount = float(size)
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if amount < 1024:
            return f"{int(amount)} bytes" if unit == "bytes" else f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{amount:.1f} TiB"


def require(
    place: Filesystem,
    floor: Floor,
    purpose: str,
    needed: int | None,
    promised: int = 0,
    untouched: str = "nothing was pulled",
) -> dict[str, t.Any]:
    """Refuse what would leave less than the floor.

    :param purpose: what needs the room, as in "pulling 2 images".
    :param needed: bytes that it takes; None when nobody knows, and then only the floor counts.
    :param promised: bytes that others are about to take.
    :param untouched: what a refusal left undone.
    :returns: ``path``, ``free``, ``needed`` and ``floor``, in bytes.
    :raises TenantryError: kind ``disk_full_ahead``, with the same as ``space``.
    """
    least = floor.of(place.total)
    facts = {"path": place.path, "free": place.free, "needed": needed, "floor": least}
    if place.free - promised - (needed or 0) >= least:
        return facts
    takes = f"takes about {text(needed)}" if needed is not None else "takes room"
    others = f", {text(promised)} of which other pulls are about to take," if promised else ""
    raise TenantryError(
        f"{purpose} {takes} at {place.path}, where {text(place.free)} of {text(place.total)} are free{others} and "
        f"{text(least)} shall stay free (space_floor {floor.text}): remove images that no release needs "
        "(ansible-playbook tenantry.platform.clean), give the node a larger disk, or choose another space_floor; "
        f"{untouched}",
        "disk_full_ahead",
        space=facts,
    )
