# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything on a node that the plan compares, read once: containers, networks, volumes, the proxy, the releases."""

from __future__ import annotations

import dataclasses
import json
import os
import typing as t

from ansible_collections.tenantry.platform.plugins.module_utils import (
    compare,
    container_fields,
    durable,
    engine_containers,
    engine_http,
    engine_images,
    engine_networks,
    engine_volumes,
    replay,
    traefik_route_file,
)
from ansible_collections.tenantry.platform.plugins.module_utils.compare import Finding, LiveContainer
from ansible_collections.tenantry.platform.plugins.module_utils.container_fields import Fields
from ansible_collections.tenantry.platform.plugins.module_utils.engine import (
    COPY,
    MANAGED_LABEL,
    PURPOSE_LABEL,
    SERVICE_LABEL,
    Engine,
    connect,
)
from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.module_utils.fallback import Fallback
from ansible_collections.tenantry.platform.plugins.module_utils.journal import Journal
from ansible_collections.tenantry.platform.plugins.module_utils.lock import TenantLock
from ansible_collections.tenantry.platform.plugins.module_utils.release_tree import ReleaseTree, short
from ansible_collections.tenantry.platform.plugins.module_utils.traefik_api import TraefikApi


def read(params: dict[str, t.Any]) -> dict[str, t.Any]:
    """Read the node and compare each tenant's last applied release with what is live.

    :param params: options of M(tenantry.platform.node_info).
    """
    return Node.read(params).result()


@dataclasses.dataclass
class Node:
    """What the engine and the proxy of a node say; an error where they could not be asked."""

    params: dict[str, t.Any]
    containers: list[LiveContainer] = dataclasses.field(default_factory=list)
    images: dict[str, dict[str, t.Any]] = dataclasses.field(default_factory=dict)  # config by container name
    networks: dict[str, dict[str, t.Any]] = dataclasses.field(default_factory=dict)
    volumes: dict[str, str] = dataclasses.field(default_factory=dict)  # name -> tenant
    edge: compare.LiveEdge | None = None
    engine_error: str = ""
    edge_error: str = ""
    # The same by what a tenant asks for, so that a thousand tenants do not walk through everything a thousand times.
    of_tenant: dict[str, list[LiveContainer]] = dataclasses.field(default_factory=dict)
    attached: dict[str, list[LiveContainer]] = dataclasses.field(default_factory=dict)  # by network
    networks_of: dict[str, list[str]] = dataclasses.field(default_factory=dict)  # names by tenant

    @classmethod
    def read(cls, params: dict[str, t.Any]) -> Node:
        """One round of questions, whatever the number of tenants."""
        node = cls(params)
        try:
            node._read_engine(connect(params["docker_host"]))
        except TenantryError as error:
            node.engine_error = error.message
        try:
            node.edge = TraefikApi(params["edge_api_url"]).read_edge()
        except TenantryError as error:
            node.edge_error = error.message
        node._index()
        return node

    def _read_engine(self, engine: Engine) -> None:
        # All containers, not only ours: a stranger on a tenant's network is a finding.
        entries = [
            (entry["Id"], _container(entry))
            for entry in engine_http.list_all(engine)
            if (entry.get("Labels") or {}).get(engine_containers.ONEOFF_LABEL) != "True" and not _of_copy(entry)
        ]
        mine = [(one, container) for one, container in entries if container.tenant in self.params["tenants"]]
        self.containers = [container for _id, container in entries if container.tenant not in self.params["tenants"]]
        configs: dict[str, dict[str, t.Any]] = {}
        inspected = engine_http.inspect_each(engine, [one for one, _container in mine])
        for (_id, container), data in zip(mine, inspected):
            if data is None:
                continue  # it went between the two requests
            image = data["Image"]
            if image not in configs:
                configs[image] = engine_images.config(engine, image)
            self.images[container.name] = configs[image]
            self.containers.append(dataclasses.replace(container, fields=container_fields.live(data)))
        managed = engine_containers.label_filters()
        self.networks = {
            one.name: {"tenant": engine_networks.owner_of(one.labels), "internal": one.internal}
            for one in engine_networks.read(engine, managed)
        }
        self.volumes = {one.name: engine_networks.owner_of(one.labels) for one in engine_volumes.read(engine, managed)}

    def _index(self) -> None:
        for container in self.containers:
            self.of_tenant.setdefault(container.tenant, []).append(container)
            for network in container.networks:
                self.attached.setdefault(network, []).append(container)
        for name, one in self.networks.items():
            self.networks_of.setdefault(one["tenant"], []).append(name)

    # -- the result ----------------------------------------------------------------------------------------------

    def result(self) -> dict[str, t.Any]:
        """What the module returns."""
        asked = self.params["tenants"]
        with_volumes = set(self.volumes.values())
        return {
            "changed": False,
            "engine_error": self.engine_error,
            "edge_error": self.edge_error,
            "tenants": {name: self._tenant(name, digest, name in with_volumes) for name, digest in asked.items()},
            "edge_files": traefik_route_file.other_files(os.path.join(self.params["edge_root"], "dynamic"), asked),
            "others": sorted({*self.of_tenant, *_directories(self.params["root"])} - {*asked, ""}),
        }

    def _tenant(self, name: str, digest: str, volumes: bool) -> dict[str, t.Any]:
        """What the plan needs to know of one tenant, in few words: fields only where they differ."""
        containers = self.of_tenant.get(name, [])
        tree = ReleaseTree(self.params["root"], name)
        route_path = os.path.join(self.params["edge_root"], "dynamic", f"{name}.yml")
        result: dict[str, t.Any] = {
            "present": bool(containers) or bool(tree.releases()),
            "running": any(one.state in ("running", "restarting", "paused") for one in containers),
            "routed": os.path.exists(route_path),
            "volumes": volumes,
            "current": None,
            "findings": [],
        }
        current = None
        try:
            result["state"] = tree.state()
            interrupted = Journal(tree.deploy_path).interrupted() or _not_loaded_back(tree, route_path)
            result["lock"], result["interrupted"] = _operation(tree, interrupted)
            # Until it is settled, an interrupted operation may have moved the link and not yet recorded that.
            try:
                current, manifest = (tree.current(), None) if interrupted else tree.applied_manifest()
            finally:
                if name in self.params["replays"]:
                    result["replay"] = replay.choose(tree, current, self.params["replays"][name])
            if current is None:
                return result
            manifest = manifest or tree.finished(current)
            result.update(current=current, spec_digest=manifest["spec_digest"], canary=tree.canary())
            release = Release(tree, current, manifest)
            result["findings"] = [one.as_dict() for one in self._findings(release, result["state"], route_path)]
            if manifest["spec_digest"] != digest:
                result["last"] = release.last()
            if manifest["spec_digest"] != digest or "replay" in result:
                result["images"] = {service: image["name"] for service, image in manifest["images"].items()}
        except TenantryError as error:
            result["error"] = error.message
        return result

    def _findings(self, release: Release, run_state: str | None, route_path: str) -> list[Finding]:
        manifest = release.manifest
        state = "stopped" if run_state == "stopped" else "active"
        tenant = manifest["tenant"]
        findings = release.file_findings()
        canary = release.tree.canary()
        beside = f"{tenant}-{short(canary['release'])}" if canary else None
        findings += compare.containers(
            manifest,
            state,
            [one for one in self.of_tenant.get(tenant, []) if one.project != beside],
            lambda one: release.wanted(one, self.images.get(one.name, {})),
        )
        findings += compare.strangers(manifest, self.attached)
        findings += compare.networks(manifest, self.networks, self.networks_of.get(tenant, []))
        findings += compare.volumes(manifest, self.volumes)
        findings += _route(manifest, state, route_path, release.tree.other_route())
        if self.edge is not None:
            findings += compare.edge(manifest, state, self.edge)
        return [_hidden(one, release.name) for one in findings]


@dataclasses.dataclass
class Release:
    """The current release of a tenant, as its files say it."""

    tree: ReleaseTree
    name: str
    manifest: dict[str, t.Any]

    def __post_init__(self) -> None:
        self.directory = self.tree.directory(self.name)
        contents: dict[str, bytes] = {}
        self.changed = self.tree.changed_files(self.name, self.manifest, contents)
        self.projects = {
            "app": _project(contents.get("compose.yaml", b"")),
            "backing": _project(contents.get("backing.yaml", b"")),
        }

    def wanted(self, container: LiveContainer, image: dict[str, t.Any]) -> Fields | None:
        """The fields that a container of the release must have; None for one of no service of it."""
        kind = "backing" if container.project == self.manifest["projects"]["backing"] else "app"
        return container_fields.of_project(self.projects[kind], container.service, self.directory, image)

    def last(self) -> dict[str, t.Any]:
        """Last applied values of every field, for a spec that wants something else."""
        services = {
            name: container_fields.of_project(project, name, "", {})
            for project in self.projects.values()
            for name in project.get("services") or {}
        }
        return {
            "services": {
                name: container_fields.hidden(fields, self.name) for name, fields in services.items() if fields
            },
            "routers": self.manifest["route"]["expect"]["routers"],
            "records": self.manifest["records"],
            "replicas": {name: one["replicas"] for name, one in self.manifest["services"].items()},
            "backing": compare.backing(self.manifest),
        }

    def file_findings(self) -> list[Finding]:
        """Files and link of the release."""
        tree = self.tree
        findings = compare.files(self.changed, tree.added_files(self.name, self.manifest))
        return findings + compare.link(self.name, tree.linked())


def _project(content: bytes) -> dict[str, t.Any]:
    """A compose file as it was written; empty when it is not there or was edited, which is a finding of its own."""
    # Compose's $$ is undone in the text: no key has one, and a walk through the data takes longer than all the rest.
    return json.loads(content.replace(b"$$", b"$")) if content else {}


def _container(entry: dict[str, t.Any]) -> LiveContainer:
    labels = entry.get("Labels") or {}
    return LiveContainer(
        name=entry["Names"][0].lstrip("/"),
        tenant=engine_networks.owner_of(labels) if labels.get(MANAGED_LABEL) == "true" else "",
        service=labels.get(SERVICE_LABEL, ""),
        project=labels.get(engine_containers.PROJECT_LABEL, ""),
        state=entry["State"],
        health=compare.health_of(entry.get("Status", "")),
        number=labels.get(engine_containers.NUMBER_LABEL, "1"),
        networks=tuple((entry.get("NetworkSettings") or {}).get("Networks") or ()),
    )


def _of_copy(entry: dict[str, t.Any]) -> bool:
    """Whether a container belongs to the copy of a tenant: it is no tenant's, and on networks of its own."""
    labels = entry.get("Labels") or {}
    return labels.get(MANAGED_LABEL) == "true" and labels.get(PURPOSE_LABEL) == COPY


def _directories(root: str) -> list[str]:
    """Tenants that have releases on the node."""
    try:
        names = os.listdir(root)
    except OSError:
        return []
    return [name for name in names if os.path.isdir(os.path.join(root, name, "releases"))]


def _hidden(finding: Finding, salt: str) -> Finding:
    """Values that may be secrets leave the node as digests."""
    if finding.field.partition(".")[0] not in container_fields.SENSITIVE:
        return finding
    last, live = (container_fields.digest(value, salt) for value in (finding.last, finding.live))
    return dataclasses.replace(finding, last=last, live=live)


def _not_loaded_back(tree: ReleaseTree, route_path: str) -> dict[str, t.Any] | None:
    """An operation that ended, and whose end left the tenant closed until its data are loaded back."""
    due = Fallback(tree).due(route_path)
    return {"action": "load back after", "operation": due["operation"]} if due else None


def _operation(tree: ReleaseTree, interrupted: dict[str, t.Any] | None) -> tuple[dict[str, t.Any] | None, str]:
    """Who works on the tenant right now, and what somebody began and never ended."""
    if interrupted is None:
        return None, ""
    began = f"{interrupted['action']} {interrupted['operation']}"
    holder = TenantLock(tree.deploy_path).read()
    if holder is not None and (holder.working or holder.manual):
        return {**dataclasses.asdict(holder), "text": holder.describe()}, began
    return None, began


def _route(manifest: dict[str, t.Any], state: str, route_path: str, other: str | None) -> list[Finding]:
    """The file in the proxy's directory against the release's own copy, or what was put there in its place."""
    name = manifest["route"]["file"]
    wanted = (other or manifest["files"][name]["sha256"]) if name and state == "active" else None
    live = durable.sha256(route_path)
    if wanted == live:
        return []
    return [Finding("file", route_path, "content", wanted and wanted[:12], live and live[:12])]
