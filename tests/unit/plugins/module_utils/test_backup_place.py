# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Places for what a server archives, on a real disk."""

from __future__ import annotations

import os
import stat

import pytest

from ansible_collections.tenantry.platform.plugins.module_utils.backup_place import prepared
from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError

# Also who is no root may give a directory to himself.
ME = f"{os.getuid()}:{os.getgid()}"


@pytest.fixture
def params(tmp_path):
    (tmp_path / "local").mkdir()
    return {
        "tenant": "acme",
        "service": "db",
        "engine": "pgbackrest",
        "repositories": [],
        "directories": [str(tmp_path / "local")],
        "run_as": ME,
    }


@pytest.fixture
def place(tmp_path):
    return tmp_path / "local" / "acme" / "db" / "pgbackrest"


def test_a_place_belongs_to_the_server_and_nobody_else_gets_near_it(params, place):
    assert prepared(params, check_mode=True)["changed"]
    assert not place.exists()
    assert prepared(params, check_mode=False)["changed"]
    modes = [stat.S_IMODE(one.stat().st_mode) for one in (place, place.parent, place.parent.parent)]
    assert modes == [0o750, 0o700, 0o700]
    assert place.stat().st_uid == os.getuid()
    again = prepared(params, check_mode=False)
    assert (again["changed"], again["diff"]["after"]) == (False, "")


def test_repositories_of_another_kind_need_none(params, place):
    s3 = {"name": "offsite", "kind": "s3", "path": "/fleet", "endpoint": "https://s3.example.com", "bucket": "backups",
          "access_key": "a", "secret_key": "s", "passphrase": "p"}  # fmt: skip
    local = {"name": "local", "kind": "posix", "path": params["directories"][0], "passphrase": "p"}
    found = prepared({**params, "directories": [], "repositories": [s3, local]}, check_mode=False)
    assert (found["changed"], place.is_dir()) == (True, True)


def test_what_a_killed_run_made_is_finished(params, place):
    place.parent.mkdir(parents=True)
    assert prepared(params, check_mode=False)["changed"]
    assert place.is_dir()


def test_a_disk_that_is_not_mounted_is_noticed(params):
    os.rmdir(params["directories"][0])
    with pytest.raises(TenantryError, match="mount its disk") as raised:
        prepared(params, check_mode=True)
    assert raised.value.error_kind == "path_missing"


def test_backups_of_another_user_are_left_alone(params, place):
    prepared(params, check_mode=False)
    (place / "backup").mkdir()
    with pytest.raises(TenantryError, match=r"chown -R") as raised:
        prepared({**params, "run_as": str(os.getuid() + 1)}, check_mode=False)
    assert raised.value.error_kind == "foreign_object"


def test_a_file_in_its_way_is_named(params, place):
    place.parent.mkdir(parents=True)
    place.write_text("x")
    with pytest.raises(TenantryError, match="is no directory"):
        prepared(params, check_mode=False)


@pytest.mark.parametrize("user", ["", "postgres", "999:"])
def test_a_user_is_a_number(params, user):
    with pytest.raises(TenantryError, match="is no number"):
        prepared({**params, "run_as": user}, check_mode=False)
