# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything on a node that the plan compares, read once: the engine's list, its networks, the proxy, the releases."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import typing as t

from ansible_collections.tenantry.platform.plugins.module_utils import (
    compare,
    engine_containers,
    engine_networks,
    engine_volumes,
)
from ansible_collections.tenantry.platform.plugins.module_utils.engine import connect
from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.module_utils.journal import Journal
from ansible_collections.tenantry.platform.plugins.module_utils.lock import TenantLock, process_start
from ansible_collections.tenantry.platform.plugins.module_utils.release_tree import ReleaseTree
from ansible_collections.tenantry.platform.plugins.module_utils.traefik_api import TraefikApi


@dataclasses.dataclass
class LiveNode:
    """What the engine and the proxy say; an error where they could not be asked."""

    containers: dict[str, list[compare.LiveContainer]]  # by tenant
    networks: set[str]
    volumes: set[str]  # tenants that have some
    edge: compare.LiveEdge | None
    engine_error: str = ""
    edge_error: str = ""


def read(params: dict[str, t.Any]) -> dict[str, t.Any]:
    """Read the node and compare each tenant's last applied release with what is live.

    :param params: options of M(tenantry.platform.node_info).
    """
    live = _live(params)
    return {
        "changed": False,
        "engine_error": live.engine_error,
        "edge_error": live.edge_error,
        "tenants": {name: _tenant(params, name, live) for name in params["tenants"]},
    }


def _live(params: dict[str, t.Any]) -> LiveNode:
    live = LiveNode({}, set(), set(), None)
    try:
        engine = connect(params["docker_host"])
        for entry in engine_containers.list_entries(engine):
            labels = entry.get("Labels") or {}
            if labels.get("com.docker.compose.oneoff") == "True":
                continue
            live.containers.setdefault(labels.get("tenantry.tenant", ""), []).append(_container(entry, labels))
        managed = engine_containers.label_filters()
        live.networks = {network.name for network in engine_networks.read(engine, managed)}
        live.volumes = {engine_networks.owner_of(volume.labels) for volume in engine_volumes.read(engine, managed)}
    except TenantryError as error:
        live.engine_error = error.message
    try:
        live.edge = TraefikApi(params["edge_api_url"]).read_edge()
    except TenantryError as error:
        live.edge_error = error.message
    return live


def _container(entry: dict[str, t.Any], labels: dict[str, str]) -> compare.LiveContainer:
    return compare.LiveContainer(
        name=entry["Names"][0].lstrip("/"),
        service=labels.get("tenantry.service", ""),
        project=labels.get("com.docker.compose.project", ""),
        digest=labels.get("tenantry.spec_digest", ""),
        state=entry["State"],
        health=compare.health_of(entry.get("Status", "")),
    )


def _tenant(params: dict[str, t.Any], name: str, live: LiveNode) -> dict[str, t.Any]:
    """What the plan needs to know of one tenant, in few words: digests, and fields only where they differ."""
    tree = ReleaseTree(params["root"], name)
    containers = live.containers.get(name, [])
    route_path = os.path.join(params["edge_root"], "dynamic", f"{name}.yml")
    result: dict[str, t.Any] = {
        "present": bool(containers) or bool(tree.releases()),
        "running": any(one.state in ("running", "restarting", "paused") for one in containers),
        "routed": os.path.exists(route_path),
        "volumes": name in live.volumes,
        "current": None,
        "findings": [],
    }
    try:
        result["state"] = tree.state()
        interrupted = Journal(tree.deploy_path).interrupted()
        result["lock"], result["interrupted"] = _operation(tree, interrupted)
        current = tree.current()
        if current is None:
            return result
        manifest = tree.finished(current)
        result.update(
            current=current,
            spec_digest=manifest["spec_digest"],
            images={service: image["name"] for service, image in manifest["images"].items()},
        )
        state = "stopped" if result["state"] == "stopped" else "active"
        findings = compare.files(tree.changed_files(current, manifest))
        findings += compare.containers(manifest, state, containers)
        findings += compare.networks(manifest, live.networks)
        findings += _route(manifest, state, route_path)
        if live.edge is not None:
            findings += compare.edge(manifest, state, live.edge)
        result["findings"] = [dict(dataclasses.asdict(one), text=one.describe()) for one in findings]
    except TenantryError as error:
        result["error"] = error.message
    return result


def _operation(tree: ReleaseTree, interrupted: dict[str, t.Any] | None) -> tuple[str, str]:
    """Who works on the tenant right now, and whether somebody began and never ended."""
    if interrupted is None:
        return "", ""
    holder = TenantLock(tree.deploy_path).read()
    if holder is not None:
        working = holder.worker_pid and process_start(holder.worker_pid) == holder.worker_start != 0
        if working or holder.manual:
            return holder.describe(), ""
    return "", f"{interrupted['action']} {interrupted['operation']}"


def _route(manifest: dict[str, t.Any], state: str, route_path: str) -> list[compare.Finding]:
    """The file in the proxy's directory against the release's own copy."""
    name = manifest["route"]["file"]
    wanted = manifest["files"][name]["sha256"] if name and state == "active" else None
    live = _sha256(route_path)
    if wanted == live:
        return []
    return [compare.Finding("file", route_path, "content", wanted and wanted[:12], live and live[:12])]


def _sha256(path: str) -> str | None:
    try:
        with open(path, "rb") as stream:
            return hashlib.sha256(stream.read()).hexdigest()
    except OSError:
        return None
