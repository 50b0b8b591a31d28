# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a real SQLite database knows of backups."""

from __future__ import annotations

import datetime

import pytest

from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.plugin_utils.ledger_backups import Backup, Backups
from ansible_collections.tenantry.platform.tests.unit.plugins.tenant_databases import Tenants


@pytest.fixture
def tenants(tmp_path):
    return Tenants.make(tmp_path)


@pytest.fixture
def book(tenants):
    return Backups.open(tenants.settings)


def backup(label="a", day=1, **changes):
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
        "bytes": 3_000_000_000,
        "source_bytes": 5_000_000_000,
        **changes,
    }
    return Backup(**given)


def failed(day=1, **changes):
    given = {"status": "failure", "error_kind": "backup_timeout", "message": "it hung", **changes}
    return backup(None, day, **given)


def labels(found):
    return [(one["tenant"], one["repository"], one["kind"], one["label"]) for one in found]


def test_the_newest_of_each_repository_and_kind_counts(book):
    book.record([backup("a", 1), backup("b", 2), backup("c", 2, repository="offsite")])
    book.record([backup("b_i", 3, kind="incremental"), backup("z", 1, tenant="bolt"), failed(4)])
    assert labels(book.latest(["acme", "bolt"])) == [
        ("acme", "local", "full", "b"),
        ("acme", "offsite", "full", "c"),
        ("acme", "local", "incremental", "b_i"),
        ("bolt", "local", "full", "z"),
    ]
    assert labels(book.latest(["bolt"])) == [("bolt", "local", "full", "z")]


def test_times_and_sizes_come_back_as_they_were(book):
    book.record([backup()])
    (found,) = book.latest(["acme"])
    assert (found["started_at"], found["bytes"]) == ("2026-11-01T03:00:00.000Z", 3_000_000_000)
    assert (found["verified_at"], found["drill_at"], found["removed_at"]) == (None, None, None)


def test_the_newest_attempt_that_failed_is_kept_beside(book):
    book.record([backup("a", 1), failed(2), failed(3, message="it hung again")])
    (found,) = book.latest(["acme"], "failure")
    assert (found["message"], found["label"]) == ("it hung again", None)


def test_what_is_told_twice_is_there_once(tenants, book):
    book.record([backup(bytes=None)])
    book.record([backup(bytes=7, operation="01JD6Z8V7K3T5Q9W2X4Y6Z8A0B")])
    assert tenants.sql("SELECT bytes, operation FROM backups") == [(7, "01JD6Z8V7K3T5Q9W2X4Y6Z8A0B")]


def test_a_success_has_a_label(book):
    with pytest.raises(TenantryError) as raised:
        book.record([backup(None)])
    assert raised.value.error_kind == "database_constraint"


def test_what_is_gone_is_not_the_newest(book):
    book.record([backup("a", 1), backup("b", 2)])
    assert book.mark_removed("acme", "db", "local", ["b", "unknown"]) == 1
    assert book.mark_removed("acme", "db", "local", ["b"]) == 0
    assert labels(book.latest(["acme"])) == [("acme", "local", "full", "a")]


def test_what_was_made_after_the_reading_began_was_not_read(book):
    book.record([backup("a", 1), backup("b", 2), backup("c", 1, repository="offsite")])
    began = datetime.datetime(2026, 11, 1, 12, tzinfo=datetime.timezone.utc)
    assert book.mark_verified("acme", "db", "local", began) == 1
    assert [one["verified_at"] for one in book.latest(["acme"])] == [None, None]
    assert book.mark_verified("acme", "db", "local") == 2


def test_the_newest_drill_of_each_service_is_known_though_its_backup_went(book):
    book.record([backup("a", 1), backup("b", 2)])
    assert book.drills(["acme"]) == []
    assert book.mark_drilled("acme", "db", "local", "a", status="failure", message="no table goods") == 1
    assert book.mark_drilled("acme", "db", "local", "nothing", status="success") == 0
    assert book.mark_drilled("acme", "db", "local", "b", status="success", seconds=3.5) == 1
    book.mark_removed("acme", "db", "local", ["b"])
    (found,) = book.drills(["acme"])
    assert (found["label"], found["drill_status"], found["drill_seconds"]) == ("b", "success", 3.5)
