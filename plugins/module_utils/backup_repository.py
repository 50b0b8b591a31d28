# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where backups of tenants are kept, and what opens the part of one service."""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
import posixpath
import re
import typing as t
import urllib.parse

from .errors import TenantryError

KINDS = ("posix", "s3")
SECRETS = ("access_key", "secret_key", "passphrase")

#: The option `repositories`; documented in doc_fragments/backup.py.
REPOSITORY_ARGUMENT: dict[str, t.Any] = {
    "type": "list",
    "elements": "dict",
    "default": [],
    "options": {
        "name": {"type": "str", "required": True},
        "kind": {"type": "str", "choices": list(KINDS), "required": True},
        "path": {"type": "str", "required": True},
        "passphrase": {"type": "str", "required": True, "no_log": True},
        "endpoint": {"type": "str"},
        "bucket": {"type": "str"},
        "region": {"type": "str", "default": "us-east-1"},
        "ca_file": {"type": "path"},
        "access_key": {"type": "str", "no_log": True},
        "secret_key": {"type": "str", "no_log": True},
        "retention_days": {"type": "int"},
    },
    "required_if": [("kind", "s3", ["endpoint", "bucket", "access_key", "secret_key"])],
}

#: Part of what every derived passphrase is made of: with another text no existing backup could be read.
CONTEXT = b"tenantry.platform backup repository v1"

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?")
_PATH = re.compile(r"/(?:[A-Za-z0-9._@+-]+(?:/[A-Za-z0-9._@+-]+)*)?")
BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")
REGION = re.compile(r"[a-z0-9-]{1,64}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclasses.dataclass(frozen=True)
class Repository:
    """A place that holds the backups of many tenants, each below a path and under a passphrase of its own.

    :ivar path: directory (``posix``), or what the keys of all objects begin with (``s3``).
    :ivar passphrase: what those of tenants are derived from; no repository is encrypted with it itself.
    :ivar endpoint: ``https://host[:port]``.
    :ivar ca_file: certificates that the endpoint's is checked by; empty for those of the system.
    :ivar retention_days: what is kept here, whatever a task says of the others; 0 where it is like them.
    """

    name: str
    kind: str
    path: str
    passphrase: str = dataclasses.field(repr=False)
    endpoint: str = ""
    bucket: str = ""
    region: str = ""
    ca_file: str = ""
    access_key: str = dataclasses.field(default="", repr=False)
    secret_key: str = dataclasses.field(default="", repr=False)
    retention_days: int = 0

    def __post_init__(self) -> None:
        """Refuse what could not be written into a configuration or a path.

        :raises TenantryError: kind ``invalid``.
        """
        self._require("name", _NAME)
        self._require("path", _PATH)
        if ".." in self.path.split("/"):
            raise _invalid(self.name, f"its path {self.path} holds ..")
        for field in SECRETS:
            if _CONTROL.search(getattr(self, field)):
                raise _invalid(self.name, f"its {field} holds a line break or another control character")
        if not self.passphrase.strip():
            raise _invalid(self.name, "it has no passphrase, and nothing is stored that anybody can read")
        if self.ca_file:
            self._require("ca_file", _PATH)
        if self.kind == "s3":
            self._require("bucket", BUCKET)
            self._require("region", REGION)
            parts = urllib.parse.urlsplit(self.endpoint)
            if parts.scheme != "https" or not _HOST.fullmatch(parts.hostname or "") or parts.path.strip("/"):
                raise _invalid(self.name, f"its endpoint {self.endpoint!r} is not https://host or https://host:port")

    def _require(self, field: str, pattern: re.Pattern[str]) -> None:
        value = getattr(self, field)
        if not pattern.fullmatch(value):
            raise _invalid(self.name, f"its {field} {value!r} does not match {pattern.pattern}")

    @classmethod
    def from_option(cls, option: t.Mapping[str, t.Any]) -> Repository:
        given: dict[str, t.Any] = {field.name: option.get(field.name) or "" for field in dataclasses.fields(cls)}
        s3 = option["kind"] == "s3"
        return cls(
            **{
                **given,
                "path": "/" + given["path"].strip("/") if s3 else given["path"].rstrip("/") or "/",
                "endpoint": _with_scheme(given["endpoint"]) if s3 else "",
                "region": (given["region"] or "us-east-1") if s3 else "",
                "retention_days": int(given["retention_days"] or 0),
            }
        )

    @property
    def host(self) -> str:
        """Host of the endpoint, with its port where it names one."""
        return urllib.parse.urlsplit(self.endpoint).netloc

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must appear in no message."""
        return tuple(filter(None, (getattr(self, field) for field in SECRETS)))

    def place(self, tenant: str, service: str, tool: str) -> str:
        """Where a tool keeps the backups of one service of one tenant."""
        return posixpath.join(self.path, part(tenant, "tenant"), part(service, "service"), tool)

    def passphrase_of(self, tenant: str, service: str) -> str:
        """The passphrase of one service of one tenant.

        It is derived, so that the tenant database and the passphrases of the repositories are all that a restore of
        everything needs, and so that what opens one tenant's backups opens no other's.
        """
        message = b"\0".join((CONTEXT, part(tenant, "tenant").encode(), part(service, "service").encode()))
        return hmac.new(self.passphrase.encode(), message, hashlib.sha256).hexdigest()


def from_options(options: t.Iterable[t.Mapping[str, t.Any]]) -> tuple[Repository, ...]:
    """The repositories, in their order, which numbers those of pgBackRest.

    :raises TenantryError: kind ``invalid``, also for a name that two of them have.
    """
    found = tuple(Repository.from_option(option) for option in options)
    names = [one.name for one in found]
    for name in names:
        if names.count(name) > 1:
            raise TenantryError(f"two repositories are called {name}: rename one of them", "invalid")
    return found


def part(name: str, what: str) -> str:
    """``name``, if it may be a part of a path.

    :raises TenantryError: kind ``invalid``.
    """
    if not _NAME.fullmatch(name):
        raise TenantryError(f"{name!r} is no {what} name: it has to match {_NAME.pattern}", "invalid")
    return name


def _with_scheme(endpoint: str) -> str:
    return endpoint if "://" in endpoint else f"https://{endpoint}"


def _invalid(name: str, why: str) -> TenantryError:
    return TenantryError(f"backup repository {name}: {why}; correct it", "invalid")
