# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file of one tenant in the directory that Traefik watches: staged beside it, renamed in, put back."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import shutil
import time
import typing as t

from . import durable
from .errors import TenantryError

try:
    import yaml

    HAS_YAML = True
except ImportError:
    HAS_YAML = False

SUFFIX = ".yml"
WATCHED_SUFFIXES = (".yml", ".yaml")

#: Of the platform and of operators; no tenant's name begins so.
OWN_PREFIX = "00-"

#: Traefik's process may be another user's; a route is no secret.
MODE = 0o644

#: A field that Traefik does not know makes it refuse all files of the directory. As of Traefik 3.7.
TOP_FIELDS = ("http", "tcp", "udp", "tls")
HTTP_FIELDS = ("routers", "services", "middlewares", "serversTransports", "models")
ROUTER_FIELDS = (
    "entryPoints",
    "middlewares",
    "service",
    "rule",
    "parentRefs",
    "ruleSyntax",
    "priority",
    "tls",
    "observability",
)
SERVICE_FIELDS = ("loadBalancer", "weighted", "mirroring", "failover", "highestRandomWeight")
SECTIONS = {"routers": ROUTER_FIELDS, "services": SERVICE_FIELDS}


def parse(raw: bytes, path: str) -> dict[str, t.Any]:
    """Read a route file: JSON, and other YAML where this node has a parser.

    :raises TenantryError: kind ``invalid_route``, saying what is wrong with the file.
    """
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise TenantryError(f"{path} is not UTF-8 ({error})", "invalid_route") from error
    try:
        data = json.loads(text)
    except ValueError as error:
        data = _parse_yaml(text, path, error)
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise TenantryError(f"{path} holds no mapping", "invalid_route")
    return data


def _parse_yaml(text: str, path: str, json_error: ValueError) -> t.Any:
    if not HAS_YAML:
        raise TenantryError(f"{path} is not JSON ({json_error}) and this node has no PyYAML to read more", "unreadable")
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}: " if mark is not None else ""
        problem = getattr(error, "problem", None) or " ".join(str(error).split())
        raise TenantryError(f"{path} is not valid YAML ({where}{problem})", "invalid_route") from error


def refuse_invalid(raw: bytes, content: t.Mapping[str, t.Any], path: str) -> None:
    """Refuse what would make Traefik stop taking changes from every file.

    :raises TenantryError: kind ``invalid_route``.
    """
    if b"{{" in raw:
        raise TenantryError(f"{path} holds {{{{, which Traefik would run as a template", "invalid_route")
    _refuse_unknown(content, TOP_FIELDS, path, "the file")
    http = _mapping(content.get("http"), path, "http")
    _refuse_unknown(http, HTTP_FIELDS, path, "http")
    for section, known in SECTIONS.items():
        for name, data in _mapping(http.get(section), path, section).items():
            _refuse_unknown(data, known, path, f"http.{section}.{name}")


def as_spelled(content: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The same with fields in Traefik's own spelling, which it does not insist on in files of other people."""
    top = _spelled(content, TOP_FIELDS)
    if isinstance(top.get("http"), dict):
        top["http"] = http = _spelled(top["http"], HTTP_FIELDS)
        for section, known in SECTIONS.items():
            if isinstance(http.get(section), dict):
                http[section] = {
                    name: _spelled(data, known) if isinstance(data, dict) else data
                    for name, data in http[section].items()
                }
    return top


def _spelled(value: t.Mapping[str, t.Any], known: tuple[str, ...]) -> dict[str, t.Any]:
    spelling = {field.lower(): field for field in known}
    return {spelling.get(str(key).lower(), str(key)): item for key, item in value.items()}


def _mapping(value: t.Any, path: str, where: str) -> dict[str, t.Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise TenantryError(f"{path}: {where} is no mapping", "invalid_route")
    return value


def _refuse_unknown(value: t.Any, known: tuple[str, ...], path: str, where: str) -> None:
    unknown = sorted(str(key) for key in _mapping(value, path, where) if key not in known)
    if unknown:
        raise TenantryError(
            f"{path}: {where} has fields that Traefik does not know: {', '.join(unknown)}", "invalid_route"
        )


def refuse_foreign_names(content: t.Mapping[str, t.Any], tenant: str, path: str) -> None:
    """Names carry the tenant, because Traefik lets one file use and shadow the names of another.

    :raises TenantryError: kind ``invalid_route``.
    """
    http = content.get("http") or {}
    names = [
        (section, str(name)) for section in ("routers", "services", "middlewares") for name in http.get(section) or {}
    ]
    for section, name in names:
        if name != tenant and not name.startswith(f"{tenant}-"):
            raise TenantryError(
                f"{path}: {section} {name} must be called {tenant} or {tenant}-…: another tenant's names are not to be "
                "taken",
                "invalid_route",
            )


def other_files(directory: str, tenants: t.Container[str]) -> dict[str, str]:
    """Files that Traefik reads and that belong to none of the tenants; of those with ``00-`` only broken ones.

    :returns: by name why Traefik cannot read it; empty for one that it can.
    """
    try:
        names = sorted(os.listdir(directory))
    except OSError:
        return {}
    found = {
        name: why_broken(os.path.join(directory, name))
        for name in names
        if name.endswith(WATCHED_SUFFIXES) and name.removesuffix(SUFFIX) not in tenants
    }
    return {name: why for name, why in found.items() if why or not name.startswith(OWN_PREFIX)}


def why_broken(path: str) -> str:
    """Why Traefik cannot read a file, which stops it from taking any change of its directory; empty when it can."""
    try:
        with open(path, "rb") as stream:
            raw = stream.read()
        refuse_invalid(raw, as_spelled(parse(raw, path)), path)
    except FileNotFoundError:
        return ""
    except TenantryError as error:
        return error.message if error.error_kind == "invalid_route" else ""
    except OSError as error:
        return f"{path} cannot be read ({error.strerror})"
    return ""


@dataclasses.dataclass(frozen=True)
class RouteFile:
    """``<directory>/<name>.yml`` and the two directories beside the watched one.

    :raises TenantryError: kinds ``edge_missing``, ``invalid`` from the methods that need the directories.
    """

    name: str
    directory: str
    staging: str
    rejected: str

    @property
    def path(self) -> str:
        return os.path.join(self.directory, self.name + SUFFIX)

    def require_directories(self) -> None:
        """The watched directory must be there, and the others outside it on the same filesystem."""
        if not os.path.isdir(self.directory):
            raise TenantryError(
                f"the directory that Traefik watches, {self.directory}, is missing on this node: make its edge ready "
                "(role tenantry.platform.edge) or correct the option directory",
                "edge_missing",
                path=self.directory,
            )
        watched = os.path.realpath(self.directory)
        for option, other in (("staging", self.staging), ("rejected", self.rejected)):
            if os.path.commonpath([watched, os.path.realpath(other)]) == watched:
                raise TenantryError(
                    f"{option} {other} is inside the directory that Traefik watches: every file written there makes it "
                    "read all of them; name a directory beside it",
                    "invalid",
                )

    def make_side_directories(self) -> None:
        """Create staging and rejected where missing.

        :raises TenantryError: kind ``invalid`` when staging cannot be renamed from.
        """
        for other in (self.staging, self.rejected):
            os.makedirs(other, mode=0o700, exist_ok=True)
        if os.stat(self.staging).st_dev != os.stat(self.directory).st_dev:
            raise TenantryError(
                f"staging {self.staging} is on another filesystem than {self.directory}: a file cannot be renamed from "
                "one into the other; name a directory on the same one",
                "invalid",
            )

    def read(self) -> bytes | None:
        """What the file holds; None when there is none."""
        try:
            with open(self.path, "rb") as stream:
                return stream.read()
        except FileNotFoundError:
            return None

    def install(self, content: bytes) -> None:
        """Put ``content`` in place in one step, seen by Traefik as one event."""
        self.make_side_directories()
        staged = durable.temporary_name(os.path.join(self.staging, self.name + SUFFIX))
        durable.write_new(staged, content, MODE)
        try:
            os.replace(staged, self.path)
        except OSError:
            os.unlink(staged)
            raise
        durable.fsync_directory(self.directory)

    def remove(self) -> None:
        """Take the file out; fine when there is none."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path)
        durable.fsync_directory(self.directory)

    def put_back(self, content: bytes | None) -> None:
        """As it was before: ``content``, or no file."""
        if content is None:
            self.remove()
        else:
            self.install(content)

    def reject(self, content: bytes) -> str:
        """Keep what was refused for people to look at; returns its path."""
        path = self._rejected_path(self.path)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        durable.write_new(path, content, 0o600)
        return path

    def _rejected_path(self, path: str) -> str:
        """Where a file of the watched directory is kept that Traefik does not take."""
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        return os.path.join(self.rejected, f"{os.path.basename(path)}.{stamp}")

    def neighbours(self) -> list[str]:
        """The other files that Traefik reads from the directory."""
        return [
            os.path.join(self.directory, name)
            for name in sorted(os.listdir(self.directory))
            if name.endswith(WATCHED_SUFFIXES) and name != self.name + SUFFIX
        ]

    def broken_neighbours(self) -> dict[str, str]:
        """Files beside this one that Traefik cannot read, which stops it from taking any change: path and reason."""
        found = {path: why_broken(path) for path in self.neighbours()}
        return {path: why for path, why in found.items() if why}

    def set_aside(self, paths: t.Iterable[str]) -> dict[str, str]:
        """Move broken files out of the watched directory; by path where each is kept."""
        self.make_side_directories()
        kept = {}
        for path in paths:
            target = self._rejected_path(path)
            with contextlib.suppress(FileNotFoundError):
                shutil.move(path, target)
                kept[path] = target
        # Somebody may have repaired one in the meantime.
        repaired = {path: target for path, target in kept.items() if not why_broken(target)}
        self.return_to_place(repaired)
        return {path: target for path, target in kept.items() if path not in repaired}

    def return_to_place(self, kept: t.Mapping[str, str]) -> None:
        """Move files back where they were, unless there are others by now."""
        for path, target in kept.items():
            if not os.path.exists(path):
                shutil.move(target, path)

    def defined_elsewhere(self, section: str, name: str) -> list[str]:
        """Neighbours that define the same router or service."""
        found = []
        for path in self.neighbours():
            with contextlib.suppress(TenantryError, OSError, AttributeError), open(path, "rb") as stream:
                if name in ((as_spelled(parse(stream.read(), path)).get("http") or {}).get(section) or {}):
                    found.append(path)
        return found
