# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is behind a tenant's URL right now: entry points, a real request, and its containers in detail.

One round of questions a node, each with its own time. What cannot be asked is part of the result, never a failure.
"""

from __future__ import annotations

import concurrent.futures
import dataclasses
import os
import socket
import typing as t

from . import engine_containers, engine_http, web_request
from .engine import SERVICE_LABEL, TENANT_LABEL, Engine, connect
from .engine_containers import ONEOFF_LABEL, Container
from .errors import TenantryError
from .redaction import Redactor
from .release_tree import ReleaseTree
from .traefik_api import TraefikApi
from .web_request import EntryPoint

AT_ONCE = 8
LONGEST_OUTPUT = 5  # lines of a health check
EDGE_SERVICE = "traefik"


def probe(params: dict[str, t.Any]) -> dict[str, t.Any]:
    """The result of M(tenantry.platform.tenant_probe_info)."""
    return Probe(params).result()


@dataclasses.dataclass
class Probe:
    """One round of questions."""

    params: dict[str, t.Any]
    containers: list[Container] = dataclasses.field(default_factory=list)
    engine: Engine | None = None
    engine_error: str = ""

    def result(self) -> dict[str, t.Any]:
        """Ask everything that is about more than one tenant, then tenant by tenant."""
        self._read_engine()
        asked = self.params["tenants"]
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            requests = {name: pool.submit(self._request, one.get("url") or "") for name, one in asked.items()}
            ports = {
                container.id: pool.submit(self._reach, container)
                for container in self.containers
                if container.tenant in asked and container.state == "running"
            }
            edge = self._edge(pool)
        reached = {one: future.result() for one, future in ports.items()}
        return {
            "changed": False,
            "engine_error": self.engine_error,
            "edge": edge,
            "tenants": {
                name: {"request": requests[name].result(), **self._tenant(name, reached)} for name in sorted(asked)
            },
        }

    def _read_engine(self) -> None:
        try:
            self.engine = connect(self.params["docker_host"], self.params["docker_timeout"])
            entries = engine_containers.list_entries(self.engine)
            asked = [entry["Id"] for entry in entries if self._is_asked(entry.get("Labels") or {})]
            found = (Container.from_inspect(one) for one in engine_http.inspect_each(self.engine, asked) if one)
            self.containers = sorted(found, key=lambda one: one.name)
        except TenantryError as error:
            self.engine_error = error.message

    def _is_asked(self, labels: t.Mapping[str, str]) -> bool:
        if TENANT_LABEL in labels:
            return labels[TENANT_LABEL] in self.params["tenants"] and labels.get(ONEOFF_LABEL) != "True"
        return labels.get(SERVICE_LABEL) == EDGE_SERVICE

    # -- the proxy -------------------------------------------------------------------------------------------------

    def _entry_points(self) -> dict[str, EntryPoint]:
        address = self.params["edge_address"]
        return {
            "http": EntryPoint("web", address, self.params["edge_http_port"]),
            "https": EntryPoint("websecure", address, self.params["edge_https_port"]),
        }

    def _edge(self, pool: concurrent.futures.Executor) -> dict[str, t.Any]:
        entries = list(self._entry_points().values())
        errors = list(pool.map(lambda one: _connect_error(one.address, one.port, self.params["timeout"]), entries))
        version, error = None, ""
        try:
            version = TraefikApi(self.params["api_url"], self.params["api_timeout"]).require()
        except TenantryError as failure:
            error = failure.message
        return {
            "version": version,
            "error": error,
            "entry_points": [{**dataclasses.asdict(one), "error": why} for one, why in zip(entries, errors)],
            "containers": [_ended(one) for one in self.containers if one.tenant is None],
        }

    def _request(self, url: str) -> dict[str, t.Any] | None:
        if not url:
            return None
        reply = web_request.get(url, self._entry_points(), self.params["timeout"])
        shown = dataclasses.asdict(reply)
        return shown if self.params["check_certificate"] else {**shown, "certificate": None}

    # -- containers ------------------------------------------------------------------------------------------------

    def _reach(self, container: Container) -> dict[str, t.Any] | None:
        """Whether the port of a service answers at the address where the proxy or a neighbour would call it."""
        ports = self.params["tenants"][container.tenant].get("ports") or {}
        address = next((one for _network, one in sorted(container.networks.items()) if one), None)
        if container.service not in ports or address is None:
            return None
        port = int(ports[container.service])
        return {"address": address, "port": port, "error": _connect_error(address, port, self.params["timeout"])}

    def _tenant(self, name: str, reached: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
        result: dict[str, t.Any] = {"release": None, "services": {}, "containers": [], "error": ""}
        try:
            tree = ReleaseTree(self.params["root"], name)
            redactor = _redactor(tree)
            result["containers"] = [
                self._container(one, redactor, reached.get(one.id)) for one in self.containers if one.tenant == name
            ]
            release = tree.current()
            if release is not None:
                result.update(release=release, services=_services(tree.finished(release)))
        except (TenantryError, OSError) as error:
            result["error"] = getattr(error, "message", str(error))
        return result

    def _container(
        self, container: Container, redactor: Redactor, reached: dict[str, t.Any] | None
    ) -> dict[str, t.Any]:
        serves = container.state == "running" and container.health in ("healthy", "none")
        output = engine_containers.clean_lines(redactor.text(container.health_output).encode())
        return {
            **container.summary(),
            "oom_killed": container.oom_killed,
            "finished": container.finished or None,
            "error": redactor.text(container.error),
            "health_output": output[-LONGEST_OUTPUT:],
            "reached": reached,
            "logs": [] if serves else redactor.lines(self._log(container)),
        }

    def _log(self, container: Container) -> list[str]:
        lines = self.params["log_lines"]
        return engine_containers.log_tail(self.engine, container, lines) if self.engine and lines > 0 else []


def _ended(container: Container) -> dict[str, t.Any]:
    return {
        "name": container.name,
        "state": container.state,
        "exit_code": container.exit_code,
        "oom_killed": container.oom_killed,
        "finished": container.finished or None,
        "restarts": container.restarts,
    }


def _services(manifest: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The services of a release that must run, with kind, replicas and compose project."""
    projects = manifest["projects"]
    return {
        name: {
            "kind": one["kind"],
            "replicas": one["replicas"],
            "project": projects["backing" if one["kind"] == "backing" else "app"],
        }
        for name, one in manifest["services"].items()
        if one["kind"] != "job"
    }


def _redactor(tree: ReleaseTree) -> Redactor:
    """Without any secret that a release of the tenant was given: an old container may still speak of an old one."""
    directories = [os.path.join(tree.directory(one), "secrets") for one in tree.releases()]
    return Redactor.from_params(
        {"redact": [], "redact_files": [*directories, os.path.join(tree.shared_path, "secrets")]}
    )


def _connect_error(address: str, port: int, timeout: float) -> str:
    """Why nobody takes a connection; empty when somebody does."""
    try:
        socket.create_connection((address, port), timeout).close()
        return ""
    except socket.timeout:
        return f"no answer within {timeout:g} s"
    except OSError as error:
        return error.strerror or str(error)
