# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The directory of one tenant on its node: releases, the one that is current, and what outlives them."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import stat
import typing as t

from ansible_collections.tenantry.platform.plugins.module_utils import durable
from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError

MANIFEST = "RELEASE.json"
BAD = "BAD_RELEASE"
RELEASE_ID = re.compile(r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}")
# Of a tenant, or of a copy of one.
TENANT = re.compile(r"[a-z](?:[a-z0-9-]{0,30}[a-z0-9])?(?:--[a-z]{1,16})?")
# Files of a release by where they live: replaced with every release, or outliving them all.
BASES = ("release", "shared")


def short(release: str) -> str:
    """The eight hex digits that name a release in projects and services."""
    return release.rsplit("-", 1)[1]


class ReleaseTree:
    """``<root>/<tenant>`` on a node.

    :raises TenantryError: ``invalid`` for names that are no tenant or release.
    """

    def __init__(self, root: str, tenant: str) -> None:
        if not TENANT.fullmatch(tenant):
            raise TenantryError(f"{tenant!r} is not the name of a tenant", "invalid")
        self.tenant = tenant
        self.path = os.path.join(root, tenant)
        self.releases_path = os.path.join(self.path, "releases")
        self.shared_path = os.path.join(self.path, "shared")
        self.deploy_path = os.path.join(self.path, ".deploy")
        self.current_link = os.path.join(self.path, "current")

    def directory(self, release: str) -> str:
        """Where a release stands."""
        if not RELEASE_ID.fullmatch(release):
            raise TenantryError(
                f"{release!r} is not the id of a release (such as 20261121T041833Z-1f0c9a2e)", "invalid"
            )
        return os.path.join(self.releases_path, release)

    def ensure(self) -> None:
        """Make the tenant's own directories."""
        for path, mode in (
            (self.path, 0o750),
            (self.releases_path, 0o750),
            (self.shared_path, 0o750),
            (self.deploy_path, 0o700),
        ):
            try:
                os.mkdir(path, mode)
            except FileExistsError:
                continue
            except FileNotFoundError as error:
                raise TenantryError(
                    f"{os.path.dirname(path)} does not exist: this machine is not a node yet; "
                    "run tenantry.platform.nodes first",
                    "not_a_node",
                    path=path,
                ) from error
            except OSError as error:
                durable.raise_if_full(error, path)
                raise

    # -- reading -----------------------------------------------------------------------------------------------

    def releases(self) -> list[str]:
        """Ids of all releases, finished or not, oldest first: by name, never by time of change."""
        try:
            names = os.listdir(self.releases_path)
        except FileNotFoundError:
            return []
        return sorted(name for name in names if RELEASE_ID.fullmatch(name))

    def current(self) -> str | None:
        """Id of the current release, None before the first.

        :raises TenantryError: ``corrupt`` when the link does not point at a finished release of this tenant.
        """
        try:
            target = os.readlink(self.current_link)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise TenantryError(
                f"{self.current_link} is not a symbolic link: move it away, then deploy again", "corrupt"
            ) from error
        release = os.path.basename(target)
        ours = RELEASE_ID.fullmatch(release) and target == os.path.join("releases", release)
        if not ours or self.manifest(release) is None:
            raise TenantryError(
                f"{self.current_link} points at {target}, which is no finished release of tenant {self.tenant}: "
                "somebody moved it; deploy again",
                "corrupt",
            )
        return release

    def applied(self) -> str | None:
        """The release that was made current last, wherever the link points now; the link's where none was recorded.

        :raises TenantryError: ``corrupt`` as :meth:`current`.
        """
        return self.applied_manifest()[0]

    def applied_manifest(self) -> tuple[str | None, dict[str, t.Any] | None]:
        """The same with its manifest, which is read once.

        :raises TenantryError: ``corrupt`` as :meth:`current`.
        """
        release = self._state().get("release")
        manifest = self.manifest(release) if release else None
        if manifest is not None:
            return str(release), manifest
        current = self.current()
        return current, None if current is None else self.finished(current)

    def linked(self) -> str | None:
        """What the link points at: a release of the tenant, or whatever it is; None where there is no link."""
        try:
            target = os.readlink(self.current_link)
        except OSError:
            return None
        return target.removeprefix("releases/")

    def manifest(self, release: str) -> dict[str, t.Any] | None:
        """The manifest, None for a release that was never finished (or does not exist)."""
        return durable.read_json(os.path.join(self.directory(release), MANIFEST))

    def finished(self, release: str) -> dict[str, t.Any]:
        """The manifest of a release that must be finished.

        :raises TenantryError: ``unfinished``.
        """
        manifest = self.manifest(release)
        if manifest is None:
            raise TenantryError(
                f"release {release} of tenant {self.tenant} has no {MANIFEST}: it was never finished; "
                "deploy again, or remove it with state=absent",
                "unfinished",
            )
        return manifest

    def bad(self, release: str) -> dict[str, t.Any] | None:
        """Why a release was marked bad, None for a good one."""
        return durable.read_json(os.path.join(self.directory(release), BAD))

    def changed_files(
        self, release: str, manifest: dict[str, t.Any], contents: dict[str, bytes] | None = None
    ) -> list[str]:
        """Paths of the manifest's files that are not as they were written.

        :param contents: by path, gets what was written into those that hold no secret, so that nobody reads twice.
        """
        changed = []
        for path, wanted in sorted(manifest["files"].items()):
            full = self.file_path(release, path, wanted.get("base", "release"))
            found = self._read(full)
            as_written = found is not None and hashlib.sha256(found[0]).hexdigest() == wanted["sha256"]
            if found is None or not as_written or found[1] != int(wanted["mode"], 8):
                changed.append(path)
            if found is not None and as_written and contents is not None and not wanted.get("sensitive"):
                contents[path] = found[0]
        return changed

    def added_files(self, release: str, manifest: dict[str, t.Any]) -> list[str]:
        """Paths in a release's directory that its manifest does not name."""
        directory = self.directory(release)
        known = {MANIFEST, BAD} | {
            path for path, entry in manifest["files"].items() if entry.get("base", "release") == "release"
        }
        there = (
            os.path.relpath(os.path.join(parent, name), directory)
            for parent, _directories, names in os.walk(directory)
            for name in names
        )
        return sorted(path for path in there if path not in known)

    @staticmethod
    def _read(path: str) -> tuple[bytes, int] | None:
        """Content and mode of a file that is no link; None where there is none."""
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        except OSError:
            return None
        with os.fdopen(descriptor, "rb") as stream:
            return stream.read(), stat.S_IMODE(os.fstat(descriptor).st_mode)

    def file_path(self, release: str, path: str, base: str = "release") -> str:
        """Full path of a file of a release, proven to lie inside its base.

        :raises TenantryError: ``invalid`` for a path that would leave it.
        """
        root = self.directory(release) if base == "release" else self.shared_path
        full = os.path.normpath(os.path.join(root, path))
        if base not in BASES or os.path.isabs(path) or os.path.commonpath([root, full]) != root or full == root:
            raise TenantryError(f"{path!r} is not a path inside a release", "invalid")
        return full

    # -- writing -----------------------------------------------------------------------------------------------

    def prepare(self, release: str, files: list[dict[str, t.Any]], manifest: dict[str, t.Any]) -> None:
        """Write a release; its manifest comes last, so that a crash leaves an unfinished one.

        :param files: dicts of path, content (text), mode (octal text), owner (uid) and base.
        :raises TenantryError: ``disk_full``; then nothing of the release is left.
        """
        self.ensure()
        directory = self.directory(release)
        try:
            os.mkdir(directory, 0o750)
            for entry in files:
                self._write_file(release, entry)
            for parent, _directories, _files in os.walk(directory, topdown=False):
                durable.fsync_directory(parent)
            durable.replace_json(os.path.join(directory, MANIFEST), manifest, 0o640)
            durable.fsync_directory(self.releases_path)
        except FileExistsError as error:
            raise TenantryError(f"release {release} of tenant {self.tenant} exists already", "exists") from error
        except BaseException as error:
            shutil.rmtree(directory, ignore_errors=True)
            if isinstance(error, OSError):
                durable.raise_if_full(error, directory)
            raise

    def _write_file(self, release: str, entry: dict[str, t.Any]) -> None:
        base = entry.get("base") or "release"
        path = self.file_path(release, entry["path"], base)
        root = self.directory(release) if base == "release" else self.shared_path
        self._make_parents(root, os.path.dirname(path))
        content, mode, owner = entry["content"].encode(), int(entry["mode"], 8), int(entry.get("owner") or 0)
        if base == "shared":
            if self._read(path) != (content, mode):
                durable.replace(path, content, mode, owner)
        else:
            durable.write_new(path, content, mode, owner)

    @staticmethod
    def _make_parents(root: str, directory: str) -> None:
        """Directories for root alone: the engine mounts single files out of them."""
        missing = []
        while directory != root and not os.path.isdir(directory):
            missing.append(directory)
            directory = os.path.dirname(directory)
        for path in reversed(missing):
            os.mkdir(path, 0o700)

    def activate(self, release: str) -> str | None:
        """Make a finished release the current one and return the one before it."""
        self.finished(release)
        reason = self.bad(release)
        if reason:
            raise TenantryError(
                f"release {release} of tenant {self.tenant} is marked bad ({reason.get('reason')}): choose another one",
                "bad_release",
            )
        try:
            before = self.current()
        except TenantryError:
            before = None
        if before != release:
            if os.path.isdir(self.current_link) and not os.path.islink(self.current_link):
                raise TenantryError(f"{self.current_link} is a directory: move it away, then run again", "corrupt")
            durable.replace_link(self.current_link, os.path.join("releases", release))
        return before

    def mark_bad(self, release: str, mark: dict[str, t.Any]) -> bool:
        """Mark a release so that nothing chooses it again; False when it is marked already."""
        path = os.path.join(self.directory(release), BAD)
        if not os.path.isdir(self.directory(release)) or os.path.exists(path):
            return False
        durable.replace_json(path, mark, 0o640)
        return True

    def remove(self, release: str) -> bool:
        """Remove a release that is not current; its manifest goes first, so that a crash leaves an unfinished one."""
        directory = self.directory(release)
        if not os.path.isdir(directory):
            return False
        if os.path.islink(self.current_link) and os.path.basename(os.readlink(self.current_link)) == release:
            raise TenantryError(
                f"release {release} of tenant {self.tenant} is current: it cannot be removed", "current"
            )
        for name in (MANIFEST,):
            if os.path.exists(os.path.join(directory, name)):
                os.unlink(os.path.join(directory, name))
        shutil.rmtree(directory)
        return True

    def prunable(self, keep: int) -> list[str]:
        """Releases that retention lets go: all but the current one, the one before it and ``keep`` good ones besides.

        After a rollback, good ones are newer than the current one too. Unfinished and bad ones do not count as good,
        and go when they are older than the current one; of newer bad ones the last stays, to be looked at.
        """
        current = self.current()
        if current is None:
            return []
        others = [release for release in self.releases() if release != current]
        good = [release for release in others if self.good(release)]
        before = self.before(current)
        spare = [release for release in good if release != before]
        kept = {before, *(spare[-keep:] if keep else ())}
        rejects = [release for release in others if release > current and self.bad(release) is not None]
        gone = [release for release in others if release not in kept and (release < current or release in good)]
        return sorted({*gone, *rejects[:-1]})

    def good(self, release: str) -> bool:
        """Whether a release is finished and not marked bad."""
        return self.manifest(release) is not None and self.bad(release) is None

    def before(self, release: str) -> str | None:
        """The good release that served when this one first became current; None where there is none.

        By the history, because after a rollback the release with the next older name is one that was left on purpose.
        """
        origins: dict[str, str | None] = {}
        for event in self.history():
            if event["event"] == "active":
                origins.setdefault(str(event["release"]), event.get("from"))
        if release not in origins:  # without a history, by name
            older = [one for one in self.releases() if one < release and self.good(one)]
            return older[-1] if older else None
        seen = {release}
        found = origins[release]
        while found is not None and found not in seen:
            if RELEASE_ID.fullmatch(found) and self.good(found):
                return found
            seen.add(found)
            found = origins.get(found)
        return None

    def unused_secrets(self, gone: t.Collection[str] = ()) -> list[str]:
        """Secret files of backing services (paths below ``shared``) that no finished release names.

        :param gone: releases that do not count.
        """
        used = {
            path
            for release in self.releases()
            if release not in gone
            for path, entry in ((self.manifest(release) or {}).get("files") or {}).items()
            if entry.get("base") == "shared"
        }
        there = (
            os.path.relpath(os.path.join(directory, name), self.shared_path)
            for directory, _directories, names in os.walk(os.path.join(self.shared_path, "secrets"))
            for name in names
        )
        return sorted(path for path in there if path not in used)

    def remove_secrets(self, paths: t.Iterable[str]) -> None:
        """Remove files below ``shared``; fine when gone."""
        for path in paths:
            try:
                os.unlink(os.path.join(self.shared_path, path))
            except FileNotFoundError:
                continue

    def has_secrets(self) -> bool:
        """Whether there is anything in ``shared``."""
        with contextlib.suppress(FileNotFoundError):
            return bool(os.listdir(self.shared_path))
        return False

    def remove_all(self) -> None:
        """Remove the tenant's directory, except its lock, journal and token.

        Releases go last: while there is one, the tenant is there, and the next run goes on.
        """
        if os.path.islink(self.current_link):
            os.unlink(self.current_link)
        for path in (self.shared_path, self.releases_path):
            if os.path.isdir(path):
                shutil.rmtree(path)

    # -- run state and history ---------------------------------------------------------------------------------

    def state(self) -> str | None:
        """``active``, ``canary``, ``closed`` or ``stopped``, as the last operation left it; None before the first."""
        return self._state().get("state")

    def _state(self) -> dict[str, t.Any]:
        return durable.read_json(os.path.join(self.deploy_path, "state.json")) or {}

    def other_route(self) -> str | None:
        """sha256 of the route file in the place of the release's own, of a closed tenant or one with a canary."""
        return self._state().get("route")

    def canary(self) -> dict[str, t.Any] | None:
        """The release that serves beside the current one until somebody decides, and its ``weight`` in per cent."""
        return self._state().get("canary")

    def set_state(
        self,
        state: str,
        operation: str | None,
        release: str | None,
        route: str | None = None,
        canary: dict[str, t.Any] | None = None,
    ) -> None:
        """Record the run state that was reached, and of which release.

        :param route: see :meth:`other_route`; ``canary``: see :meth:`canary`.
        """
        wanted = {"state": state, "release": release, "route": route, "canary": canary}
        before = self._state()
        if {key: before.get(key) for key in wanted} != wanted:
            durable.replace_json(os.path.join(self.deploy_path, "state.json"), {**wanted, "operation": operation})

    @property
    def _history(self) -> str:
        return os.path.join(self.deploy_path, "releases.jsonl")

    def history(self) -> list[dict[str, t.Any]]:
        """Events of ``releases.jsonl``, oldest first; a line that a crash cut is left out."""
        try:
            with open(self._history, encoding="utf-8", errors="replace") as stream:
                lines = stream.readlines()
        except FileNotFoundError:
            return []
        events = []
        for line in lines:
            with contextlib.suppress(ValueError):
                event = json.loads(line)
                if isinstance(event, dict) and "event" in event:
                    events.append(event)
        return events

    def record(self, event: dict[str, t.Any]) -> None:
        """Append one line to ``releases.jsonl``."""
        line = json.dumps(event, sort_keys=True).encode() + b"\n"
        descriptor = os.open(self._history, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
        try:
            os.write(descriptor, line)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
