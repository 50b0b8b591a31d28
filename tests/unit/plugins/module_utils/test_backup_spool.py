# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The directory of a service on its node: one run at a time, nothing left of a killed one."""

from __future__ import annotations

import errno
import os
import pathlib

import pytest

from ansible_collections.tenantry.platform.plugins.module_utils.backup_spool import Spool, no_room
from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError


def test_a_second_run_on_a_service_is_refused_and_one_on_another_is_not(tmp_path: pathlib.Path) -> None:
    root = str(tmp_path / "spool")
    with Spool(root, "acme", "postgres").held(0):
        with pytest.raises(TenantryError) as caught, Spool(root, "acme", "postgres").held(0.3):
            raise AssertionError("two runs at once")
        with Spool(root, "acme", "redis").held(0):
            pass
    assert caught.value.error_kind == "backup_running"
    with Spool(root, "acme", "postgres").held(0):
        pass


def test_what_a_killed_run_left_is_gone_when_the_next_one_begins(tmp_path: pathlib.Path) -> None:
    spool = Spool(str(tmp_path), "acme", "postgres")
    os.makedirs(os.path.join(spool.work_path, "old.partial"))
    with spool.held(0):
        assert os.listdir(spool.work_path) == []
        assert os.stat(spool.work_path).st_mode & 0o777 == 0o700
    assert not os.path.exists(spool.work_path)


def test_a_run_that_is_refused_leaves_the_files_of_the_other_alone(tmp_path: pathlib.Path) -> None:
    spool = Spool(str(tmp_path), "acme", "postgres")
    with spool.held(0):
        pathlib.Path(spool.work_path, "dump").write_text("rows")
        with pytest.raises(TenantryError), Spool(str(tmp_path), "acme", "postgres").held(0):
            raise AssertionError("two runs at once")
        assert os.listdir(spool.work_path) == ["dump"]


def test_only_root_looks_into_it_and_others_may_pass_to_what_lies_beside(tmp_path: pathlib.Path) -> None:
    root = tmp_path / "lib" / "spool"
    mask = os.umask(0o022)
    try:
        with Spool(str(root), "acme", "postgres").held(0):
            for path in (root, root / "acme", root / "acme" / "postgres"):
                assert os.stat(path).st_mode & 0o777 == 0o700
            assert os.stat(root.parent).st_mode & 0o777 == 0o755
    finally:
        os.umask(mask)


def test_a_full_disk_is_told_from_other_failures() -> None:
    assert no_room("/x", OSError(errno.ENOSPC, "full")).error_kind == "disk_full"
    assert no_room("/x", OSError(errno.EIO, "broken")).error_kind == "backup_failed"
