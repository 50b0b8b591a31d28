# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many small questions to the engine of this node, over one connection.

The SDK takes 0.85 ms of CPU for an inspect and a plain connection 0.3 ms, which counts when a plan inspects thousands
of containers. An engine that is not behind a local socket is asked through the SDK.
"""

from __future__ import annotations

import http.client
import json
import socket
import typing as t

from .engine import Engine, is_missing
from .errors import TenantryError

UNIX = "unix://"


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def inspect_each(engine: Engine, ids: t.Iterable[str]) -> t.Iterator[dict[str, t.Any] | None]:
    """Inspect containers in the order of their ids; None for one that is gone.

    :raises TenantryError: kinds ``engine_unreachable``, ``engine_error``.
    """
    if not engine.host.startswith(UNIX):
        yield from (_by_sdk(engine, one) for one in ids)
        return
    connection = _UnixConnection(engine.host[len(UNIX) :], engine.client.timeout)
    try:
        for one in ids:
            yield _inspect(engine, connection, one)
    finally:
        connection.close()


def _inspect(engine: Engine, connection: http.client.HTTPConnection, one: str) -> dict[str, t.Any] | None:
    try:
        connection.request("GET", f"/v{engine.client.api_version}/containers/{one}/json")
        answer = connection.getresponse()
        body = answer.read()
        if answer.status == http.client.NOT_FOUND:
            return None
        data: dict[str, t.Any] = json.loads(body)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise TenantryError(
            f"cannot inspect container {one[:12]}: the connection to the Docker engine at {engine.host} broke "
            f"({error}): see that it still runs (systemctl status docker), then run again",
            "engine_unreachable",
        ) from error
    if answer.status != http.client.OK:
        raise TenantryError(
            f"cannot inspect container {one[:12]}: the engine at {engine.host} says: {data.get('message')}",
            "engine_error",
        )
    return data


def _by_sdk(engine: Engine, one: str) -> dict[str, t.Any] | None:
    try:
        with engine.doing(f"inspect container {one[:12]}"):
            data: dict[str, t.Any] = engine.client.inspect_container(one)
            return data
    except TenantryError as error:
        if is_missing(error):
            return None
        raise
