# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A spec as the files and the manifest of one release."""

from __future__ import annotations

import hashlib
import typing as t

from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.plugin_utils import spec as specs
from ansible_collections.tenantry.platform.plugins.plugin_utils.render import (
    backups,
    compose,
    dns,
    hooks,
    migrations,
    names,
    secret_files,
    serialize,
    traefik,
)

Spec = t.Mapping[str, t.Any]
File = dict[str, t.Any]

APP, BACKING, HOOKS, MIGRATIONS = "compose.yaml", "backing.yaml", "hooks.yaml", "migrations.yaml"
ROUTE, RECORDS = "route.yml", "records.json"


def release_files(
    spec: Spec,
    release: str,
    images: t.Mapping[str, str],
    secrets: t.Mapping[str, str],
    repositories: t.Mapping[str, t.Mapping[str, t.Any]],
) -> list[File]:
    """Every file of a release but its manifest, by base and path.

    :param images: by service name the image reference with digest.
    :param secrets: by name the plain text.
    :param repositories: of backups, by name, with their secrets in plain text.
    :returns: ``{"path", "content", "mode", "owner", "sensitive", "base"}``: text, octal text, numeric user; ``base`` is
        ``release`` (the path starts at the release directory) or ``shared`` (at the tenant's shared directory).
    :raises TenantryError: kind ``invalid``.
    """
    files = []
    for path, data in (
        (APP, compose.app_project(spec, release, images)),
        (BACKING, compose.backing_project(spec, images)),
        (HOOKS, hooks.project(spec, release, images)),
        (MIGRATIONS, migrations.project(spec, release, images)),
        (ROUTE, traefik.route_file(spec, release)),
        (RECORDS, dns.record_sets(spec)),
    ):
        if data is not None:
            files.append(_file(path, serialize.dump(data)))
    route = next((file["content"] for file in files if file["path"] == ROUTE), "")
    if "{{" in route:
        # The file provider runs Go templates over every file and would give away its environment.
        raise TenantryError(f"the route file of tenant {spec['name']} holds a template: correct its routes", "invalid")
    for service in spec["services"]:
        files.extend(_secret_files(spec, service, secrets))
    files += [_secret_file(one.file(), one.content(repositories)) for one in backups.listed(spec)]
    return sorted(files, key=lambda file: (file["base"], file["path"]))


def manifest(
    spec: Spec,
    release: str,
    images: t.Mapping[str, t.Mapping[str, str]],
    files: t.Sequence[File],
    operation: str | None,
    created_at: str,
) -> dict[str, t.Any]:
    """RELEASE.json: all that a later run has to know about this release.

    :param images: by service name what its image was resolved to: ``name``, ``digest``, ``ref``.
    :param files: of ``release_files``.
    :param operation: id of the operation that made the release.
    :param created_at: when, in UTC, ISO 8601.
    :raises TenantryError: kind ``invalid``.
    """
    refs = {name: image["ref"] for name, image in images.items()}
    app, backing = compose.app_project(spec, release, refs), compose.backing_project(spec, refs)
    digests = compose.service_digests(app, backing)
    paths = {file["path"] for file in files}
    workers = compose.workers(spec)
    return {
        "schema": 1,
        "tenant": str.__str__(spec["name"]),
        "release": release,
        "created_at": created_at,
        "operation": operation,
        "spec_digest": specs.digest(spec),
        "version": _version(spec, images),
        "images": {name: {key: images[name][key] for key in ("name", "digest", "ref")} for name in sorted(images)},
        "projects": {
            "app": names.app_project(spec["name"], release) if app else None,
            "backing": names.backing_project(spec["name"]) if backing else None,
        },
        "services": {
            service["name"]: {
                "kind": service["kind"],
                "replicas": int(service["replicas"]),
                "digest": digests[service["name"]],
                "worker": service["name"] in workers,
            }
            for service in spec["services"]
        },
        "hooks": hooks.listed(spec),
        "migrations": migrations.listed(spec),
        "backups": [one.described() for one in backups.listed(spec)],
        "networks": compose.networks(spec),
        "volumes": compose.volumes(spec),
        "generations": compose.generations(spec),
        "files": {file["path"]: _described(file) for file in files},
        "route": {"file": ROUTE if ROUTE in paths else None, "expect": traefik.expectations(spec, release)},
        "records": dns.record_sets(spec),
        "urls": _urls(spec),
    }


def _file(path: str, content: str) -> File:
    return {"path": path, "content": content, "mode": "0640", "owner": 0, "sensitive": False, "base": "release"}


def _secret_files(spec: Spec, service: t.Mapping[str, t.Any], secrets: t.Mapping[str, str]) -> t.Iterator[File]:
    for file in secret_files.of_service(spec, service):
        if file.name not in secrets:
            raise TenantryError(
                f"secret {file.name} of tenant {spec['name']} was not given: decrypt it first",
                "invalid",
                secret=file.name,
            )
        yield _secret_file(file, str.__str__(secrets[file.name]))


def _secret_file(file: secret_files.SecretFile, content: str) -> File:
    return {
        "path": file.path,
        "content": content,
        "mode": "0400",
        "owner": file.owner,
        "sensitive": True,
        "base": file.base,
    }


def _described(file: File) -> dict[str, t.Any]:
    return {
        "sha256": hashlib.sha256(file["content"].encode()).hexdigest(),
        "mode": file["mode"],
        "owner": file["owner"],
        "base": file["base"],
        "sensitive": file["sensitive"],
    }


def _version(spec: Spec, images: t.Mapping[str, t.Mapping[str, str]]) -> str | None:
    """The version a tenant is pinned to, else the tag that all its app services share."""
    if spec["pinned_version"] is not None:
        return str.__str__(spec["pinned_version"])
    tags = {
        images[service["name"]]["name"].partition("@")[0].rpartition("/")[2].partition(":")[2]
        for service in spec["services"]
        if service["kind"] == "app"
    }
    return tags.pop() or None if len(tags) == 1 else None


def _urls(spec: Spec) -> list[str]:
    return [traefik.url(route) for route in sorted(spec["routes"], key=lambda route: str(route["name"]))]
