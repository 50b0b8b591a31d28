# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Networks and volumes that services join and use."""

from __future__ import annotations

import functools
import typing as t

from . import engine_networks, engine_volumes
from .engine import Engine
from .errors import TenantryError


class Missing(t.NamedTuple):
    """One that is not there.

    :ivar create: makes it.
    """

    kind: str
    name: str
    create: t.Callable[[], None]


def missing(
    engine: Engine, networks: t.Iterable[engine_networks.Network], volumes: t.Iterable[engine_volumes.Volume]
) -> list[Missing]:
    """Those to create. All are looked at before the first is made.

    :raises TenantryError: kinds ``foreign_object``, ``network_differs`` and ``volume_missing``.
    """
    return [
        *(
            Missing("network", one.name, functools.partial(engine_networks.create, engine, one))
            for one in networks
            if not engine_networks.is_present(engine, one)
        ),
        *(
            Missing("volume", one.name, functools.partial(engine_volumes.create, engine, one))
            for one in volumes
            if not _is_there(engine, one)
        ),
    ]


def _is_there(engine: Engine, volume: engine_volumes.Volume) -> bool:
    found = engine_volumes.is_present(engine, volume)
    if volume.restored and not found:
        raise TenantryError(
            f"volume {volume.name}, which a restore filled, is not on this node, and a service would begin empty "
            "without it: restore into it again, or release the override that names its generation",
            "volume_missing",
        )
    return found
