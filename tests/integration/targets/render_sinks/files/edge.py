# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Traefik of its own on the host's network, as the role edge runs it, and clients from several addresses."""

from __future__ import annotations

import collections
import contextlib
import http.client
import json
import pathlib
import socket
import ssl
import typing as t

from engine import docker, image, until

from ansible_collections.tenantry.platform.plugins.module_utils.traefik_api import servers_up
from ansible_collections.tenantry.platform.plugins.plugin_utils.render import serialize, traefik


class Edge:
    """Traefik with the static configuration of the role edge."""

    def __init__(self, root: pathlib.Path) -> None:
        with contextlib.ExitStack() as stack:
            sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _number in range(3)]
            self.web, self.websecure, self.api = (one.getsockname()[1] for one in sockets)
        self.root = root
        self.container = ""

    def start(self) -> None:
        static = {
            "entryPoints": {
                "web": {"address": f":{self.web}"},
                "websecure": {"address": f":{self.websecure}"},
                "traefik": {"address": f"127.0.0.1:{self.api}"},
            },
            "api": {"insecure": True},
            "global": {"checkNewVersion": False, "sendAnonymousUsage": False},
            "providers": {
                "providersThrottleDuration": "200ms",
                "docker": {
                    "exposedByDefault": False,
                    "defaultRule": "",
                    "constraints": "Label(`tenantry.managed`, `true`)",
                },
                "file": {"directory": "/etc/traefik/dynamic", "watch": True},
            },
        }
        (self.root / "dynamic").mkdir()
        (self.root / "traefik.yml").write_text(json.dumps(static), encoding="utf-8")
        self.container = docker(
            *("run", "--detach", "--label=tenantry.test=render-sinks", "--network=host"),
            "--volume=/var/run/docker.sock:/var/run/docker.sock:ro",
            f"--volume={self.root}/traefik.yml:/etc/traefik/traefik.yml:ro",
            f"--volume={self.root}/dynamic:/etc/traefik/dynamic:ro",
            *(image("traefik:3.7.15"), "--configFile=/etc/traefik/traefik.yml"),
        ).strip()
        until("Traefik answers", self._answers)

    def _answers(self) -> bool:
        try:
            return self.read("version") is not None
        except OSError:
            return False

    def remove(self) -> None:
        if self.container:
            docker("rm", "--force", "--volumes", self.container)

    def read(self, path: str) -> t.Any:
        """What the API says; None for what it does not know."""
        client = http.client.HTTPConnection("127.0.0.1", self.api, timeout=10)
        client.request("GET", f"/api/{path}")
        answer = client.getresponse()
        body = answer.read()
        return json.loads(body) if answer.status == 200 else None

    def knows(self, spec: dict[str, t.Any], release: str) -> None:
        """Wait until the API shows as many servers of each container service as the renderer expects."""
        for name, count in traefik.expectations(spec, release)["services"].items():
            until(f"{name} has {count} servers", lambda name=name, count=count: self._up(name) == count)

    def route(self, spec: dict[str, t.Any], release: str) -> None:
        """Rename a tenant's route file into the watched directory, once what it leads to is known."""
        self.knows(spec, release)
        staged = self.root / f"{spec['name']}.yml"
        staged.write_text(serialize.dump(traefik.route_file(spec, release)), encoding="utf-8")
        staged.rename(self.root / "dynamic" / staged.name)

    def shows(self, spec: dict[str, t.Any], release: str) -> None:
        """Wait until the API shows exactly what the renderer expects of it."""
        self.knows(spec, release)
        for name, fields in traefik.expectations(spec, release)["routers"].items():
            until(f"{name} is taken", lambda name=name: self.read(f"http/routers/{name}") is not None)
            found = self.read(f"http/routers/{name}")
            assert {key: found[key] for key in fields} == fields
            assert found["status"] == "enabled", found

    def _up(self, name: str) -> int:
        return servers_up(self.read(f"http/services/{name}"))


class Client(t.NamedTuple):
    """Somebody who asks the edge for a host."""

    edge: Edge
    source: str = "127.0.0.1"
    family: int = socket.AF_INET

    def get(self, host: str, path: str = "/", tls: bool = True, **headers: str) -> tuple[int, dict[str, t.Any], str]:
        """Status, answer of the application and cookies."""
        target = "::1" if self.family == socket.AF_INET6 else "127.0.0.1"
        port = self.edge.websecure if tls else self.edge.web
        raw = socket.create_connection((target, port), timeout=10, source_address=(self.source, 0))
        client = http.client.HTTPConnection(host)
        client.sock = _unverified().wrap_socket(raw, server_hostname=host) if tls else raw
        with contextlib.closing(client):
            client.request("GET", path, headers={"Host": host, **headers})
            answer = client.getresponse()
            body = answer.read()
            cookies = "; ".join(one.partition(";")[0] for one in answer.headers.get_all("Set-Cookie") or [])
            return answer.status, json.loads(body) if body.startswith(b"{") else {}, cookies

    def who(self, host: str, times: int, key: str = "service") -> collections.Counter[str]:
        """Who answered how often."""
        return collections.Counter(self.get(host)[1].get(key, "") for _number in range(times))


def _unverified() -> ssl.SSLContext:
    # Certificates are the matter of the role edge; Traefik shows one that it made up.
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context
