# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files and links that are either the old or the new ones after a crash, never something between."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import secrets
import typing as t

from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError


def fsync_directory(path: str) -> None:
    """Make the names in a directory survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def temporary_name(path: str) -> str:
    """A name beside ``path`` that no other process uses."""
    directory, name = os.path.split(path)
    return os.path.join(directory, f".{name}.{os.getpid()}.{secrets.token_hex(4)}")


def write_new(path: str, content: bytes, mode: int, owner: int | None = None) -> None:
    """Create ``path`` with its final mode and owner before the first byte is in it, and sync it.

    :raises TenantryError: ``disk_full`` when the filesystem has no room; OSError for the rest.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        if owner is not None and (owner != os.geteuid()):
            os.fchown(descriptor, owner, owner)
        os.fchmod(descriptor, mode)
        view = memoryview(content)
        while view:
            view = view[os.write(descriptor, view) :]
        os.fsync(descriptor)
    except OSError as error:
        os.unlink(path)
        raise_if_full(error, path)
        raise
    finally:
        os.close(descriptor)


def replace(path: str, content: bytes, mode: int, owner: int | None = None) -> None:
    """Write ``path`` by a complete temporary file and a rename."""
    temporary = temporary_name(path)
    write_new(temporary, content, mode, owner)
    try:
        os.replace(temporary, path)
    except OSError:
        os.unlink(temporary)
        raise
    fsync_directory(os.path.dirname(path))


def replace_json(path: str, data: t.Any, mode: int = 0o600) -> None:
    """Write ``data`` as JSON by :func:`replace`."""
    replace(path, json.dumps(data, indent=2, sort_keys=True).encode() + b"\n", mode)


def sha256(path: str) -> str | None:
    """Hexadecimal digest of a file; None where there is none that can be read."""
    try:
        with open(path, "rb") as stream:
            return hashlib.sha256(stream.read()).hexdigest()
    except OSError:
        return None


def read_json(path: str) -> t.Any:
    """The parsed file, or None when there is none.

    :raises TenantryError: ``corrupt`` when the file is not JSON.
    """
    try:
        with open(path, "rb") as stream:
            return json.loads(stream.read().decode())
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise TenantryError(
            f"{path} is not valid JSON ({error}): somebody or a failing disk changed it; restore or remove the file",
            "corrupt",
            path=path,
        ) from error


def replace_link(path: str, target: str) -> None:
    """Point the symbolic link ``path`` at ``target`` in one rename."""
    temporary = temporary_name(path)
    os.symlink(target, temporary)
    try:
        os.replace(temporary, path)
    except OSError:
        os.unlink(temporary)
        raise
    fsync_directory(os.path.dirname(path))


def raise_if_full(error: OSError, path: str) -> None:
    """Turn "no room" errors into one that says what to do."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        raise TenantryError(
            f"no room on the disk to write {path}: free space on that filesystem, then run again; nothing was switched",
            "disk_full",
            path=path,
        ) from error
