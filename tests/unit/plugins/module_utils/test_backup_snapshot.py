# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Snapshots: directories that have their name only when what is in them was proven."""

from __future__ import annotations

import json
import os
import pathlib

import pytest

from ansible_collections.tenantry.platform.plugins.module_utils.backup_snapshot import (
    MANIFEST,
    Draft,
    Snapshot,
    read_all,
    remove_partial,
)
from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError

IDENTITY = ("acme", "postgres", "pg_dump")


def made(directory: pathlib.Path, content: bytes = b"rows") -> Snapshot:
    with Draft(str(directory), *IDENTITY) as draft:
        with draft.writing("database.pgdump") as write:
            write(content)
        return draft.finish()


def test_a_snapshot_has_its_name_only_when_it_is_finished(tmp_path: pathlib.Path) -> None:
    with Draft(str(tmp_path), *IDENTITY) as draft:
        with draft.writing("database.pgdump") as write:
            write(b"rows")
        assert os.listdir(tmp_path) == [f"{draft.label}.partial"]
        assert read_all(str(tmp_path), *IDENTITY) == []
        snapshot = draft.finish()
    assert [one.label for one in read_all(str(tmp_path), *IDENTITY)] == [snapshot.label]
    assert snapshot.bytes == 4
    assert snapshot.problems() == []


def test_nothing_stays_of_a_dump_that_failed(tmp_path: pathlib.Path) -> None:
    with pytest.raises(TenantryError), Draft(str(tmp_path), *IDENTITY):
        raise TenantryError("cut off", "dump_torn")
    assert os.listdir(tmp_path) == []


def test_only_root_reads_it(tmp_path: pathlib.Path) -> None:
    snapshot = made(tmp_path / "snapshots")
    assert os.stat(tmp_path / "snapshots").st_mode & 0o777 == 0o700
    assert os.stat(snapshot.path).st_mode & 0o777 == 0o700
    assert {os.stat(entry.path).st_mode & 0o777 for entry in os.scandir(snapshot.path)} == {0o600}


def test_the_next_run_removes_what_a_killed_one_left_of_the_same_service_alone(tmp_path: pathlib.Path) -> None:
    names = [
        "20261122T010203.004Z-postgres-pg_dump.partial",
        "20261122T010203.004Z-other-postgres-pg_dump.partial",
        "20261122T010203.004Z-postgres-pg_dump",
        "mine.partial",
    ]
    for name in names:
        (tmp_path / name).mkdir()
    remove_partial(str(tmp_path), "postgres", "pg_dump")
    assert sorted(os.listdir(tmp_path)) == sorted(names[1:])
    remove_partial(str(tmp_path / "none"), "postgres", "pg_dump")


@pytest.mark.parametrize("damage", [b"rowz", b"row", b""])
def test_a_changed_byte_and_a_missing_one_are_found(tmp_path: pathlib.Path, damage: bytes) -> None:
    snapshot = made(tmp_path)
    pathlib.Path(snapshot.file("database.pgdump")).write_bytes(damage)
    assert len(snapshot.problems()) == 1
    with pytest.raises(TenantryError) as caught:
        snapshot.require_whole()
    assert caught.value.error_kind == "backup_damaged"


def test_a_missing_file_is_found(tmp_path: pathlib.Path) -> None:
    snapshot = made(tmp_path)
    os.unlink(snapshot.file("database.pgdump"))
    assert "cannot be read" in snapshot.problems()[0]


def test_snapshots_of_others_are_not_listed(tmp_path: pathlib.Path) -> None:
    made(tmp_path)
    assert read_all(str(tmp_path), "bolt", "postgres", "pg_dump") == []
    assert read_all(str(tmp_path / "none"), *IDENTITY) == []


def test_a_directory_without_a_manifest_is_no_snapshot(tmp_path: pathlib.Path) -> None:
    with pytest.raises(TenantryError) as caught:
        Snapshot.read(str(tmp_path))
    assert caught.value.error_kind == "snapshot_missing"
    (tmp_path / MANIFEST).write_text(json.dumps({"tenant": "acme"}))
    with pytest.raises(TenantryError) as caught:
        Snapshot.read(str(tmp_path))
    assert caught.value.error_kind == "corrupt"
