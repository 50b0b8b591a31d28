# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a node works on backups: one run at a time for each service, and nothing of a killed run stays."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import shutil
import typing as t

from .backup_process import Mark
from .backup_repository import part
from .errors import TenantryError
from .polling import Deadline, Pause, wait_until

DEFAULT_ROOT = "/var/lib/tenantry/backup"


class Spool:
    """The directory of one service below ``root``.

    :ivar path: private to root: dumps lie there until they are stored.
    """

    def __init__(self, root: str, tenant: str, service: str) -> None:
        self.root = root
        self.path = os.path.join(root, part(tenant, "tenant"), part(service, "service"))
        self.work_path = os.path.join(self.path, "work")
        self.mark = Mark(tenant, service)

    @property
    def cache_path(self) -> str:
        """What restic keeps of repositories: losing it costs time alone."""
        return os.path.join(self.root, ".cache")

    @contextlib.contextmanager
    def held(self, wait: float) -> t.Iterator[None]:
        """Be the only run on this service of this node; ends what a killed one left at work, and removes its files.

        :param wait: seconds to wait for another run.
        :raises TenantryError: kind ``backup_running``.
        """
        # What lies beside it, such as reports, is not only for root.
        os.makedirs(os.path.dirname(self.root), mode=0o755, exist_ok=True)
        private(self.path)
        # Not inherited by what a run starts: the lock goes with its module, however that ends.
        descriptor = os.open(os.path.join(self.path, "lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            if wait_until(lambda: _locked(descriptor) or None, Deadline(wait), Pause(0.2, 2)) is None:
                raise TenantryError(
                    f"another backup or restore of service {self.mark.service} of tenant {self.mark.tenant} runs on "
                    "this node: wait for it to end, or give this one more time (wait)",
                    "backup_running",
                )
            self.mark.end_left()
            self._empty()
            private(self.work_path)
            try:
                yield
            finally:
                self._empty()
        finally:
            os.close(descriptor)

    def _empty(self) -> None:
        shutil.rmtree(self.work_path, ignore_errors=True)


def private(path: str) -> str:
    """Make a directory, with those above it, that root alone can read; those that are there stay as they are."""
    if not os.path.isdir(path):
        private(os.path.dirname(path))
        with contextlib.suppress(FileExistsError):
            os.mkdir(path, 0o700)
    return path


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in (errno.EAGAIN, errno.EACCES):
            raise
        return False
    return True


def no_room(path: str, error: OSError) -> TenantryError:
    """What an ``OSError`` while a file was written means."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return TenantryError(
            f"no room on the disk to write {path}: free space on that filesystem, or name another directory; the "
            "unfinished file is removed",
            "disk_full",
            path=path,
        )
    return TenantryError(f"cannot write {path}: {error}", "backup_failed", path=path)
