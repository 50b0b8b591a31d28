# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests share: the machine's address, and a client that trusts the scenario's authority."""

from __future__ import annotations

import http.client
import json
import os
import socket
import ssl
import typing as t
from pathlib import Path

import pytest

EPHEMERAL = Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"])
ADDRESS = (EPHEMERAL / "address").read_text(encoding="ascii").strip()
TIMEOUT = 10

#: For testinfra: the same way in that Ansible took.
NODE = f"ssh://root@{ADDRESS}?ssh_config={EPHEMERAL / 'ssh_config'}"


class Answer(t.NamedTuple):
    """Of an HTTP server."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> t.Any:
        return json.loads(self.body)


class Client:
    """A user somewhere else: asks the node's address for a host name."""

    def __init__(self) -> None:
        self.context = ssl.create_default_context(cafile=str(EPHEMERAL / "ca.crt"))

    def https(self, host: str, path: str = "/") -> Answer:
        raw = socket.create_connection((ADDRESS, 443), TIMEOUT)
        connection = http.client.HTTPSConnection(host, context=self.context, timeout=TIMEOUT)
        connection.sock = self.context.wrap_socket(raw, server_hostname=host)
        return self._ask(connection, host, path)

    def plain_http(self, host: str, path: str = "/") -> Answer:
        return self._ask(http.client.HTTPConnection(ADDRESS, 80, timeout=TIMEOUT), host, path)

    @staticmethod
    def _ask(connection: http.client.HTTPConnection, host: str, path: str) -> Answer:
        try:
            connection.request("GET", path, headers={"Host": host})
            answer = connection.getresponse()
            return Answer(answer.status, {key.lower(): value for key, value in answer.getheaders()}, answer.read())
        finally:
            connection.close()


@pytest.fixture(scope="session")
def client() -> Client:
    return Client()


@pytest.fixture(scope="session")
def address() -> str:
    return ADDRESS
