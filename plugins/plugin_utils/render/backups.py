# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the server of a service needs in its container to hand its WAL to pgBackRest, as its release renders it.

Other ways to back up leave no trace in a release: they run beside the service.
"""

from __future__ import annotations

import dataclasses
import hashlib
import typing as t

from ansible_collections.tenantry.platform.plugins.module_utils import backup_pgbackrest_conf as conf
from ansible_collections.tenantry.platform.plugins.module_utils.backup_repository import SECRETS, Repository
from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.plugin_utils import databases
from ansible_collections.tenantry.platform.plugins.plugin_utils.render import names
from ansible_collections.tenantry.platform.plugins.plugin_utils.render.secret_files import SecretFile, owner

Spec = t.Mapping[str, t.Any]
Service = t.Mapping[str, t.Any]

ENGINE = "pgbackrest"
NETWORK = "backup"
_FILE = "pgbackrest.conf"


@dataclasses.dataclass(frozen=True)
class Archiving:
    """One service that archives.

    :ivar stored: its repositories, with their secrets as the tenant database stores them.
    """

    service: Service
    cluster: conf.Cluster
    stored: tuple[t.Mapping[str, t.Any], ...]
    archive_timeout: int

    @property
    def repositories(self) -> tuple[Repository, ...]:
        """Its repositories without their secrets, of which a digest takes the place."""
        return tuple(Repository.from_option({**one, **_digests(one)}) for one in self.stored)

    @property
    def leaves_the_node(self) -> bool:
        """Whether its server has to reach anything beyond the tenant's internal network."""
        return any(one.kind == "s3" for one in self.repositories)

    def command(self) -> list[str]:
        """Words that start the server, behind those of the row."""
        given = self.service["command"] or ["postgres"]
        return [*given, *conf.server_arguments(self.cluster, self.archive_timeout)]

    def file(self) -> SecretFile:
        """Its configuration. It moves when anything in it changes, so that the server is started with the new one."""
        content = conf.render(self.cluster, self.repositories)
        version = hashlib.sha256(content.encode()).hexdigest()[:12]
        path = f"secrets/{names.part_name(self.service['name'], 'service')}/{_FILE}-{version}"
        return SecretFile(_FILE, "shared", path, owner(self.service))

    def mounts(self) -> list[dict[str, t.Any]]:
        """Binds of its configuration, and of what that names on the node."""
        found = [(self.file().source(), conf.CONFIGURATION_PATH, False)]
        for path, writing in conf.mounts(self.repositories, self.cluster.tenant, self.cluster.service):
            found.append((path, path, writing))
        return [
            {
                "type": "bind",
                "source": source,
                "target": target,
                "read_only": not writing,
                # A disk that is not mounted has to stop the start, not to become an empty directory.
                "bind": {"create_host_path": False},
            }
            for source, target, writing in found
        ]

    def content(self, repositories: t.Mapping[str, t.Mapping[str, t.Any]]) -> str:
        """The configuration itself.

        :param repositories: by name, with secrets in plain text, as the modules of backups take them.
        :raises TenantryError: ``invalid``.
        """
        missing = [str(one["name"]) for one in self.stored if one["name"] not in repositories]
        if missing:
            raise TenantryError(
                f"the secrets of backup repository {missing[0]} of tenant {self.cluster.tenant} were not given: "
                "decrypt them first",
                "invalid",
            )
        given = [Repository.from_option(repositories[one["name"]]) for one in self.stored]
        return conf.render(self.cluster, given)

    def described(self) -> dict[str, t.Any]:
        """For the manifest: what a later run has to know to use its backups, and to start it again."""
        return {
            "service": self.cluster.service,
            "engine": ENGINE,
            "project_name": names.backing_project(self.cluster.tenant),
            "database": databases.administered(self.service),
            "run_as": str.__str__(self.service["hardening"]["user"]),
            "repositories": [str.__str__(one.name) for one in self.repositories],
            "directories": [str.__str__(one.path) for one in self.repositories if one.kind == "posix"],
        }


def of_service(spec: Spec, service: Service) -> Archiving | None:
    """How a service archives; None for one that does not.

    :raises TenantryError: ``invalid``.
    """
    for entry in spec["backups"]:
        if entry["service"] == service["name"]:
            cluster = databases.cluster(names.tenant_name(spec["name"]), service)
            return Archiving(service, cluster, tuple(entry["repositories"]), int(entry["archive_timeout"]))
    return None


def listed(spec: Spec) -> list[Archiving]:
    """All of them, by service."""
    found = (of_service(spec, service) for service in spec["services"])
    return sorted(filter(None, found), key=lambda one: one.cluster.service)


def _digests(stored: t.Mapping[str, t.Any]) -> dict[str, str]:
    return {
        name: hashlib.sha256(str.__str__(stored[name]).encode()).hexdigest() for name in SECRETS if stored.get(name)
    }
