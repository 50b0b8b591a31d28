# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a spec to the files and the manifest of a release."""

from __future__ import annotations

import dataclasses
import secrets
import time
import typing as t

from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.plugin_utils import repositories, secret_values
from ansible_collections.tenantry.platform.plugins.plugin_utils.render import files as rendering
from ansible_collections.tenantry.platform.plugins.plugin_utils.render import names


@dataclasses.dataclass
class Prepared:
    """Arguments of the module ``release`` for a new release."""

    release: str
    files: list[dict[str, t.Any]]
    secret_files: list[dict[str, t.Any]]
    manifest: dict[str, t.Any]


def new_id() -> str:
    """A release id: sortable by time, unique by chance."""
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()) + "-" + secrets.token_hex(4)


def prepare(
    spec: dict[str, t.Any],
    images: dict[str, dict[str, str]],
    decrypt: secret_values.Decrypt,
    release: str,
    operation: str | None,
) -> Prepared:
    """Render a release, of a tenant or of a copy.

    :param images: by image name what it was resolved to: digest and ref.
    :param decrypt: turns Ansible-vault text into plain text.
    :raises TenantryError: ``invalid`` when an image was not resolved, ``secret`` when a secret cannot be had.
    """
    spec = dict(names.named(spec))
    resolved = {}
    for service in spec["services"]:
        image = images.get(service["image"])
        if image is None:
            raise TenantryError(
                f"image {service['image']} of service {service['name']} of tenant {spec['name']} was not resolved to a "
                "digest: pull it with tenantry.platform.images first",
                "invalid",
            )
        resolved[service["name"]] = {"name": service["image"], "digest": image["digest"], "ref": image["ref"]}
    refs = {name: image["ref"] for name, image in resolved.items()}
    plain = {secret["name"]: _secret(spec["name"], secret, decrypt) for secret in spec["secrets"]}
    kept = {
        str(one["name"]): repositories.revealed(one["name"], one, decrypt)
        for entry in spec["backups"]
        for one in entry["repositories"]
    }
    rendered = rendering.release_files(spec, release, refs, plain, kept)
    created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    manifest = rendering.manifest(spec, release, resolved, rendered, operation, created)
    described = [{key: value for key, value in one.items() if key != "sensitive"} for one in rendered]
    public = [one for one, source in zip(described, rendered) if not source["sensitive"]]
    secret = [one for one, source in zip(described, rendered) if source["sensitive"]]
    return Prepared(release, public, secret, manifest)


def _secret(tenant: str, secret: t.Mapping[str, t.Any], decrypt: secret_values.Decrypt) -> str:
    what = f"secret {secret['name']} of tenant {tenant}"
    return secret_values.reveal(what, secret["vault"] or secret["reference"], decrypt)
