# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The reads of a plan and nothing else: the same requests by http.client, their answers through json.loads.

One process, no comparison, no tenant database, no Ansible. Prints how many requests it sent.
"""

from __future__ import annotations

import argparse
import http.client
import json
import socket
import typing as t
import urllib.parse

MANAGED = "tenantry.managed=true"
TENANT = "tenantry.tenant"


class UnixConnection(http.client.HTTPConnection):
    """HTTP over the engine's socket."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost")
        self.path = path

    def connect(self) -> None:
        """Open the socket."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.connect(self.path)


class Reader:
    """One server, over one connection."""

    def __init__(self, connection: http.client.HTTPConnection, headers: t.Mapping[str, str] | None = None) -> None:
        self.connection = connection
        self.headers = dict(headers or {})
        self.requests = 0

    def get(self, path: str) -> t.Any:
        """The JSON of a path."""
        self.requests += 1
        self.connection.request("GET", path, headers=self.headers)
        answer = self.connection.getresponse()
        body = answer.read()
        if answer.status != http.client.OK:
            raise SystemExit(f"GET {path}: {answer.status} {body[:200]!r}")
        return json.loads(body)


def read_engine(engine: Reader, prefix: str) -> int:
    """All containers, one inspect for each of ours, each of their images once, our networks and volumes."""
    version = engine.get("/version")["ApiVersion"]
    mine = [
        entry["Id"]
        for entry in engine.get(f"/v{version}/containers/json?all=1")
        if (entry.get("Labels") or {}).get(TENANT, "").startswith(prefix)
    ]
    images = {engine.get(f"/v{version}/containers/{one}/json")["Image"] for one in mine}
    for image in images:
        engine.get(f"/v{version}/images/{image}/json")
    managed = urllib.parse.quote(json.dumps({"label": [MANAGED]}))
    engine.get(f"/v{version}/networks?filters={managed}")
    engine.get(f"/v{version}/volumes?filters={managed}")
    return len(mine)


def main() -> None:
    """Engine, proxy, zone."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", default="/var/run/docker.sock")
    parser.add_argument("--edge", type=int, required=True, help="port of the proxy's API")
    parser.add_argument("--nameserver", type=int, required=True, help="port of the name server's API")
    parser.add_argument("--api-key-file", required=True)
    parser.add_argument("--zone", required=True)
    parser.add_argument("--tenants", required=True, help="what the names of the tenants begin with")
    options = parser.parse_args()
    with open(options.api_key_file, encoding="utf-8") as stream:
        key = stream.read().strip()
    engine = Reader(UnixConnection(options.engine))
    edge = Reader(http.client.HTTPConnection("127.0.0.1", options.edge))
    nameserver = Reader(http.client.HTTPConnection("127.0.0.1", options.nameserver), {"X-API-Key": key})
    inspected = read_engine(engine, options.tenants)
    edge.get("/api/rawdata")
    nameserver.get(f"/api/v1/servers/localhost/zones/{options.zone}.")
    print(json.dumps({"requests": engine.requests + edge.requests + nameserver.requests, "inspected": inspected}))


if __name__ == "__main__":
    main()
