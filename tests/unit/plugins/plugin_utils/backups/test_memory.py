# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a real SQLite database has of backups, as runs ask for it."""

from __future__ import annotations

import datetime

import pytest

from ansible_collections.tenantry.platform.plugins.plugin_utils.backups import text
from ansible_collections.tenantry.platform.plugins.plugin_utils.backups.memory import Memory
from ansible_collections.tenantry.platform.plugins.plugin_utils.ledger_backups import Backup, Backups
from ansible_collections.tenantry.platform.tests.unit.plugins.tenant_databases import Tenants

POLICY = {"name": "main", "service": "db", "engine": "pgbackrest", "repositories": ["local", "offsite"]}


@pytest.fixture
def book(tmp_path):
    return Backups.open(Tenants.make(tmp_path).settings)


def at(day):
    return datetime.datetime(2026, 11, day, 3, tzinfo=datetime.timezone.utc)


def backup(label, day, **changes):
    given = {
        "tenant": "acme",
        "service": "db",
        "policy": "main",
        "engine": "pgbackrest",
        "repository": "local",
        "label": label,
        "kind": "full",
        "status": "success",
        "started_at": f"2026-11-{day:02d}T03:00:00.000Z",
        "finished_at": f"2026-11-{day:02d}T03:10:00.500Z",
    }
    return Backup(**{**given, **changes})


def failed(day, message="it hung", **changes):
    return backup(None, day, status="failure", error_kind="backup_timeout", message=message, **changes)


def test_the_last_complete_one_and_the_newest_are_told_apart(book):
    book.record([backup("a", 1), backup("b", 2), backup("b_i", 4, kind="incremental"), backup("x", 9, tenant="bolt")])
    last = Memory.of(book, ["acme"]).last("acme", [POLICY])
    assert (last["main", "local"].known.complete, last["main", "local"].known.newest) == (at(2), at(4))
    assert last["main", "local"].row["label"] == "b_i"
    assert (last["main", "offsite"].known.newest, last["main", "offsite"].row) == (None, None)
    assert list(Memory.of(book, ["acme"]).known("acme", [POLICY])) == [("main", "local")]


def test_failures_count_from_the_last_success_on_in_each_repository(book):
    book.record([failed(1), backup("a", 2), failed(3), failed(4, "again", kind="incremental")])
    book.record([failed(2, repository="offsite"), failed(5, policy="other")])
    last = Memory.of(book, ["acme"]).last("acme", [POLICY])
    known = last["main", "local"].known
    assert (known.failures, known.failed_at.day, last["main", "local"].why) == (2, 4, "again")
    assert (last["main", "offsite"].known.failures, last["main", "offsite"].why) == (1, "it hung")
    book.record([backup("b", 6)])
    last = Memory.of(book, ["acme"]).last("acme", [POLICY])
    assert (last["main", "local"].known.failures, last["main", "local"].why) == (0, "")


def test_a_policy_whose_engine_was_changed_begins_anew(book):
    book.record([backup("a", 1, engine="pg_dump", kind="snapshot")])
    assert Memory.of(book, ["acme"]).known("acme", [POLICY]) == {}


def test_what_was_removed_is_no_backup(book):
    book.record([backup("a", 1), backup("b", 2)])
    book.mark_removed("acme", "db", "local", ["b"])
    assert Memory.of(book, ["acme"]).last("acme", [POLICY])["main", "local"].row["label"] == "a"


def test_when_it_was_read_is_known_also_when_a_newer_one_was_not(book):
    book.record([backup("a", 1)])
    book.mark_verified("acme", "db", "local", at(2))
    book.record([backup("b", 3)])
    memory = Memory.of(book, ["acme"])
    assert memory.read["acme"] == {("db", "local"): "2026-11-02T03:00:00.000Z"}
    assert [row["label"] for row in memory.everything("acme")] == ["b"]


def test_every_backup_that_is_kept_can_be_listed_with_its_label(book):
    book.record([backup("b", 2), backup("a", 1), failed(3), backup("x", 9, tenant="bolt"), backup("gone", 1)])
    book.mark_removed("acme", "db", "local", ["gone"])
    table = text.kept_table(book.kept(["acme"]))
    assert [line.split()[3] for line in table] == ["LABEL", "a", "b"]
    assert "2026-11-01T03:10:00Z" in table[1]
