# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Copies of SQLite databases, of real files. What is stored of them tries the integration target sqlite_backup."""

from __future__ import annotations

import os
import sqlite3

import pytest

from ansible_collections.tenantry.platform.plugins.module_utils import backup_sqlite
from ansible_collections.tenantry.platform.plugins.module_utils.backup_spool import Spool
from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.module_utils.polling import Deadline


@pytest.fixture
def database(tmp_path):
    path = tmp_path / "tenants.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE goods (name TEXT)")
        connection.executemany("INSERT INTO goods VALUES (?)", [(f"apple {n}",) for n in range(5000)])
    return path


@pytest.fixture
def driver(tmp_path, database):
    spool = Spool(str(tmp_path / "spool"), backup_sqlite.OWNER, "database")
    os.makedirs(spool.work_path)
    return backup_sqlite.SqliteDriver(str(database), "database", spool, ())


def goods(path):
    with sqlite3.connect(path) as connection:
        return connection.execute("SELECT count(*) FROM goods").fetchone()[0]


def test_a_copy_is_what_was_committed_while_somebody_writes(database, driver):
    writer = sqlite3.connect(database)
    writer.execute("INSERT INTO goods VALUES ('half')")
    driver.prepare(Deadline(60))
    writer.commit()
    writer.close()
    assert goods(driver.snapshot.file("database.sqlite")) == 5000
    assert list(driver.snapshot.files) == ["database.sqlite"]
    assert driver.snapshot.facts["tables"] == 1
    assert os.stat(driver.snapshot.file("database.sqlite")).st_mode & 0o777 == 0o600


def test_a_file_that_is_not_there_is_not_made(tmp_path, driver):
    driver.path = str(tmp_path / "other.sqlite")
    with pytest.raises(TenantryError, match="there is no file") as told:
        driver.check(Deadline(60))
    assert told.value.error_kind == "path_missing"
    assert not os.path.exists(driver.path)


def test_what_is_no_database_is_refused(tmp_path, driver):
    (tmp_path / "text").write_text("x" * 5000)
    driver.path = str(tmp_path / "text")
    with pytest.raises(TenantryError, match="cannot be read as a SQLite database"):
        driver.check(Deadline(60))


def test_a_damaged_copy_is_no_backup(tmp_path, database):
    with sqlite3.connect(database) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = bytearray(database.read_bytes())
    content[4096 * 3 : 4096 * 4] = os.urandom(4096)
    torn = tmp_path / "torn.sqlite"
    torn.write_bytes(content)
    with pytest.raises(TenantryError) as told:
        backup_sqlite.intact(str(torn))
    assert told.value.error_kind in ("dump_torn", "source_unreadable")


def test_a_restore_writes_over_nothing(database, tmp_path):
    options = {"name": "disk", "kind": "posix", "path": str(tmp_path), "passphrase": "secret"}
    params = {name: one.get("default") for name, one in backup_sqlite.SQLITE_ARGUMENTS.items()}
    params.update(path=str(database), state="restored", repositories=[options], spool=str(tmp_path / "spool"))
    with pytest.raises(TenantryError) as told:
        backup_sqlite.run(params, False)
    assert told.value.error_kind == "exists"
    params["path"] = str(tmp_path / "new.sqlite")
    assert backup_sqlite.run(params, True)["changed"]
    assert not os.path.exists(params["path"])
