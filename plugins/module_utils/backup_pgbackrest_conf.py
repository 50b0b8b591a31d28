# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The configuration of pgBackRest for one database server, as text; pure, so that the controller can render it too.

It lies in the container of the server as ``/etc/pgbackrest/pgbackrest.conf``, and holds secrets.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

from .backup_repository import Repository, part
from .errors import TenantryError

CONFIGURATION_PATH = "/etc/pgbackrest/pgbackrest.conf"
#: The directory of a posix repository below :meth:`Repository.place`, and of the objects of another.
TOOL = "pgbackrest"
#: Where the asynchronous push of WAL keeps what it knows, and locks are. Both may be lost: a tmpfs at ``/tmp`` will do.
SPOOL_PATH = "/tmp/pgbackrest-spool"
LOCK_PATH = "/tmp/pgbackrest"

_VALUE = re.compile(r"[A-Za-z0-9_./@$-]+")
_PLACES = re.compile(r"^repo(\d+)-(path|s3-endpoint|s3-bucket)=(.*)$", re.MULTILINE)


@dataclasses.dataclass(frozen=True)
class Cluster:
    """A database server as pgBackRest in its container reaches it.

    :ivar user: a superuser of the database, who may connect through the socket without a password.
    """

    tenant: str
    service: str
    data_path: str = "/var/lib/postgresql/data"
    socket_path: str = "/run/postgresql"
    port: int = 5432
    user: str = "postgres"
    database: str = "postgres"

    def __post_init__(self) -> None:
        """Refuse what would be another line or another option.

        :raises TenantryError: kind ``invalid``.
        """
        for field in ("data_path", "socket_path", "user", "database"):
            value = getattr(self, field)
            if not _VALUE.fullmatch(value):
                raise TenantryError(
                    f"{field} {value!r} of service {self.service} of tenant {self.tenant} does not match "
                    f"{_VALUE.pattern}; correct it",
                    "invalid",
                )

    @property
    def stanza(self) -> str:
        return f"{part(self.tenant, 'tenant')}-{part(self.service, 'service')}"


@dataclasses.dataclass(frozen=True)
class Settings:
    """How pgBackRest works.

    :ivar block: whether incremental backups store changed blocks alone: needs pgBackRest 2.46 or newer.
    :ivar archive_io_timeout: seconds for one answer of a repository to a push of WAL.
    :ivar retention_days: after a backup nothing is removed; this is for whoever runs ``pgbackrest expire``.
    """

    block: bool = False
    retention_days: int = 30
    archive_io_timeout: int = 5
    processes: int = 2
    compress_level: int = 3


def render(cluster: Cluster, repositories: t.Sequence[Repository], settings: Settings | None = None) -> str:
    """The text of ``pgbackrest.conf``.

    :param repositories: in the order of the modules' option, which numbers them: the first is repo1.
    :raises TenantryError: kind ``invalid``.
    """
    settings = settings or Settings()
    common: dict[str, t.Any] = {
        "lock-path": LOCK_PATH,
        "log-level-file": "off",
        "log-level-console": "off",  # standard output is for lists and reports alone
        "log-level-stderr": "warn",
        "log-timestamp": "n",
        "compress-type": "zst",
        "compress-level": settings.compress_level,
        "process-max": settings.processes,
        "start-fast": "y",
        # While a repository is away, each push of WAL first tries it for about eighteen times its io-timeout.
        "archive-timeout": 300,
        "expire-auto": "n",  # nothing goes before what is new has been verified
        "io-timeout": 10,
        "db-timeout": 300,
        "protocol-timeout": 330,
    }
    for number, repository in enumerate(repositories, 1):
        found = _repository(repository, cluster, settings)
        common.update({f"repo{number}-{key}": value for key, value in found.items()})
    # The server waits for these: they give up soon, and are tried again.
    patience = {"io-timeout": settings.archive_io_timeout, "db-timeout": 30, "protocol-timeout": 40}
    sections = {
        "global": common,
        "global:archive-push": {
            "archive-async": "y",  # or a repository that is away would keep WAL from the others
            "spool-path": SPOOL_PATH,
            **patience,
        },
        # Not asynchronous: a replay waited five minutes for a fetch in the background that had ended.
        "global:archive-get": patience,
        cluster.stanza: {
            "pg1-path": cluster.data_path,
            "pg1-socket-path": cluster.socket_path,
            "pg1-port": cluster.port,
            "pg1-user": cluster.user,
            "pg1-database": cluster.database,
        },
    }
    return "\n".join(_section(name, values) for name, values in sections.items())


def server_arguments(cluster: Cluster, archive_timeout: int = 60) -> list[str]:
    """Words for the command of the server, by which it hands every WAL segment to pgBackRest.

    :param archive_timeout: seconds after which a segment with anything in it is handed over though it is not full:
        what can be lost when the node is.
    """
    command = f"pgbackrest --stanza={cluster.stanza} archive-push %p"
    values = {"archive_mode": "on", "archive_timeout": archive_timeout, "archive_command": command}
    return [word for name, value in values.items() for word in ("-c", f"{name}={value}")]


def mounts(repositories: t.Sequence[Repository], tenant: str, service: str) -> list[tuple[str, bool]]:
    """Paths of the node that the container must see at the same place, and whether it must write there."""
    found = [(one.place(tenant, service, TOOL), True) for one in repositories if one.kind == "posix"]
    return found + [(path, False) for path in sorted({one.ca_file for one in repositories if one.ca_file})]


def place(repository: Repository, tenant: str, service: str) -> str:
    """Where a repository is, without any secret, so that two can be told apart."""
    return _place(repository.host, repository.bucket, repository.place(tenant, service, TOOL))


def places(text: str) -> tuple[str, ...]:
    """The same of the repositories of a configuration, in their order."""
    found: dict[int, dict[str, str]] = {}
    for number, key, value in _PLACES.findall(text):
        found.setdefault(int(number), {})[key] = value
    return tuple(
        _place(one.get("s3-endpoint", ""), one.get("s3-bucket", ""), one.get("path", ""))
        for _n, one in sorted(found.items())
    )


def _place(endpoint: str, bucket: str, path: str) -> str:
    return f"{endpoint}/{bucket}{path}" if endpoint else path


def _repository(repository: Repository, cluster: Cluster, settings: Settings) -> dict[str, t.Any]:
    found: dict[str, t.Any] = {
        "type": repository.kind,
        "path": repository.place(cluster.tenant, cluster.service, TOOL),
        "cipher-type": "aes-256-cbc",
        "cipher-pass": repository.passphrase_of(cluster.tenant, cluster.service),
        "bundle": "y",
        "retention-full-type": "time",
        "retention-full": settings.retention_days,
    }
    if settings.block:
        found["block"] = "y"
    if repository.kind == "s3":
        found.update(
            {
                "s3-endpoint": repository.host,
                "s3-bucket": repository.bucket,
                "s3-region": repository.region,
                "s3-uri-style": "path",
                "s3-key": repository.access_key,
                "s3-key-secret": repository.secret_key,
            }
        )
        if repository.ca_file:
            found["storage-ca-file"] = repository.ca_file
    return found


def _section(name: str, values: t.Mapping[str, t.Any]) -> str:
    return "".join([f"[{name}]\n", *(f"{key}={value}\n" for key, value in values.items())])
