# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the secrets of a service lie on its node, and who may read them."""

from __future__ import annotations

import dataclasses
import hashlib
import typing as t

from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.plugin_utils.render import names

_SHARED_FROM_RELEASE = "../../shared"


@dataclasses.dataclass(frozen=True)
class SecretFile:
    """One secret of one service. Two services get a file each, because each file belongs to its reader alone.

    :ivar base: ``release``: the path is relative to the release directory. ``shared``: relative to the tenant's shared
        directory, so that a release of unchanged backing services does not move their files and recreate them.
    :ivar owner: numeric user that may read it.
    """

    name: str
    base: str
    path: str
    owner: int

    def source(self) -> str:
        """The path as a compose file in the release directory names it.

        compose resolves ``..`` in the text, not on the disk: it has to be run on ``releases/<id>``, not on ``current``.
        """
        return f"./{self.path}" if self.base == "release" else f"{_SHARED_FROM_RELEASE}/{self.path}"


def of_service(spec: t.Mapping[str, t.Any], service: t.Mapping[str, t.Any]) -> list[SecretFile]:
    """The secret files of one service, by name.

    The file of a backing service carries a digest of the secret as the spec stores it (vault text or reference, never
    plain text): a container that runs keeps the file it was started with, and a changed secret recreates it.

    :raises TenantryError: kind ``invalid`` for a secret that the spec lacks or a service without a numeric user.
    """
    stored = {secret["name"]: secret["vault"] or secret["reference"] for secret in spec["secrets"]}
    reader = owner(service) if service["secrets"] else 0
    files = []
    for name in sorted(service["secrets"]):
        if not stored.get(name):
            raise TenantryError(
                f"service {service['name']} of tenant {spec['name']} wants secret {name!r}, which the tenant does not "
                "have: add it to the tenant's secrets or take it from the service",
                "invalid",
                secret=str(name),
            )
        path = f"secrets/{names.part_name(service['name'], 'service')}/{names.part_name(name, 'secret')}"
        if service["kind"] == "backing":
            version = hashlib.sha256(str.__str__(stored[name]).encode()).hexdigest()[:12]
            files.append(SecretFile(str.__str__(name), "shared", f"{path}-{version}", reader))
        else:
            files.append(SecretFile(str.__str__(name), "release", path, reader))
    return files


def owner(service: t.Mapping[str, t.Any]) -> int:
    """The user that reads the secret files of a service.

    :raises TenantryError: kind ``invalid`` for one that is no number.
    """
    user = service["hardening"]["user"]
    if user is None:
        return 0
    uid = str.__str__(user).partition(":")[0]
    if not (uid.isascii() and uid.isdigit() and int(uid) < 2**32 - 1):
        raise TenantryError(
            f"service {service['name']} has secrets and user {user!r}: a file belongs to a number; "
            "write the user like 10001:10001",
            "invalid",
            service=str(service["name"]),
        )
    return int(uid)
