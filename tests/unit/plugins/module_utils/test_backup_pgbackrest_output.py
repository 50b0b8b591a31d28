# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What pgBackRest says: recorded from 2.45 on PostgreSQL 15."""

from __future__ import annotations

import json
import typing as t

import pytest

from ansible_collections.tenantry.platform.plugins.module_utils.backup_driver import FULL, INCREMENTAL
from ansible_collections.tenantry.platform.plugins.module_utils.backup_pgbackrest_output import (
    findings,
    gaps,
    listing,
)
from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError

STANZA = "wtb-postgres"
SEGMENT = 16 * 1024 * 1024

FULL_BACKUP = {
    "archive": {"start": "000000010000000000000004", "stop": "000000010000000000000004"},
    "backrest": {"format": 5, "version": "2.45"},
    "database": {"id": 1, "repo-key": 1},
    "error": False,
    "info": {"delta": 34470067, "repository": {"delta": 4111712, "size": 4111712}, "size": 34470067},
    "label": "20261122-012202F",
    "lsn": {"start": "0/4000028", "stop": "0/4000100"},
    "prior": None,
    "reference": None,
    "timestamp": {"start": 1795310522, "stop": 1795310524},
    "type": "full",
}
INCREMENT = {
    **FULL_BACKUP,
    "archive": {"start": "000000010000000000000007", "stop": "000000010000000000000008"},
    "info": {"delta": 8458, "repository": {"delta": 464, "size": 4111712}, "size": 34470067},
    "label": "20261122-012202F_20261122-012210I",
    "prior": "20261122-012202F",
    "timestamp": {"start": 1795310530, "stop": 1795310532},
    "type": "incr",
}


def info(*backups: dict[str, t.Any], code: int = 0, message: str = "ok") -> str:
    """One stanza in one repository."""
    archive = {"database": {"id": 1, "repo-key": 1}, "id": "15-1", "max": None, "min": None}
    return json.dumps(
        [
            {
                "archive": [archive],
                "backup": list(backups),
                "cipher": "aes-256-cbc",
                "db": [{"id": 1, "repo-key": 1, "system-id": 7710799515623542804, "version": "15"}],
                "name": STANZA,
                "repo": [{"cipher": "aes-256-cbc", "key": 1, "status": {"code": code, "message": message}}],
                "status": {"code": code, "lock": {"backup": {"held": False}}, "message": message},
            }
        ]
    )


VERIFIED = """stanza: wtb-postgres
status: ok
  archiveId: 15-1, total WAL checked: 4, total valid WAL: 4
    missing: 0, checksum invalid: 0, size invalid: 0, other: 0
  backup: 20261122-012202F, status: valid, total files checked: 1263, total valid files: 1263
    missing: 0, checksum invalid: 0, size invalid: 0, other: 0
"""
ONE_FLIPPED_BYTE = """stanza: wtb-postgres
status: error
  archiveId: 15-1, total WAL checked: 11, total valid WAL: 11
    missing: 0, checksum invalid: 0, size invalid: 0, other: 0
  backup: 20261122-012202F, status: invalid, total files checked: 1263, total valid files: 1262
    missing: 0, checksum invalid: 1, size invalid: 0, other: 0
  backup: 20261122-012202F_20261122-012210I, status: invalid, total files checked: 1263, total valid files: 1262
    missing: 0, checksum invalid: 1, size invalid: 0, other: 0
"""


def test_backups_are_listed_with_their_kind_size_and_time() -> None:
    found = listing(info(FULL_BACKUP, INCREMENT), STANZA, 1, "local")
    assert found.exists
    assert found.since == "000000010000000000000004"
    full, increment = found.backups
    assert (full.label, full.kind, full.bytes, full.source_bytes) == ("20261122-012202F", FULL, 4111712, 34470067)
    assert (full.started_at, full.finished_at) == ("2026-11-22T01:22:02.000Z", "2026-11-22T01:22:04.000Z")
    assert (increment.kind, increment.bytes, increment.repository) == (INCREMENTAL, 464, "local")


def test_a_backup_of_damaged_pages_is_not_whole() -> None:
    found = listing(info({**FULL_BACKUP, "error": True}), STANZA, 1, "local")
    assert "wrong checksums" in found.backups[0].error


@pytest.mark.parametrize("code", [1, 3])
def test_a_repository_without_the_stanza_is_told_from_an_empty_one(code: int) -> None:
    assert not listing(info(code=code, message="missing stanza path"), STANZA, 1, "local").exists
    assert not listing("[]", STANZA, 1, "local").exists
    assert listing(info(code=2, message="no valid backups"), STANZA, 1, "local") == (True, [], "", {})


def test_a_repository_that_cannot_be_read_is_an_error_though_the_tool_ended_well() -> None:
    message = "[PathOpenError] unable to list file info for path '/x': [13] Permission denied"
    with pytest.raises(TenantryError, match="Permission denied") as caught:
        listing(info(code=99, message=message), STANZA, 1, "local")
    assert caught.value.error_kind == "repository_unreachable"


@pytest.mark.parametrize("text", ["", "ERROR", '[{"name": "wtb-postgres"}]'])
def test_words_that_are_not_known_are_an_error(text: str) -> None:
    with pytest.raises(TenantryError) as caught:
        listing(text, STANZA, 1, "local")
    assert caught.value.error_kind == "repository_error"


def test_backups_of_other_repositories_are_left_out() -> None:
    other = {**FULL_BACKUP, "database": {"id": 1, "repo-key": 2}}
    assert listing(info(FULL_BACKUP, other), STANZA, 1, "local").backups == [
        *listing(info(FULL_BACKUP), STANZA, 1, "local").backups
    ]


def test_nothing_is_wrong_with_what_was_verified() -> None:
    assert findings(VERIFIED, "local") == []


def test_one_flipped_byte_is_found_in_every_backup_that_needs_it() -> None:
    found = findings(ONE_FLIPPED_BYTE, "local")
    assert [str(one) for one in found] == [
        "local: 20261122-012202F: it is invalid (files: checksum invalid 1)",
        "local: 20261122-012202F_20261122-012210I: it is invalid (files: checksum invalid 1)",
    ]


def test_damaged_wal_is_found_though_every_backup_is_valid() -> None:
    text = VERIFIED.replace("missing: 0, checksum invalid: 0", "missing: 0, checksum invalid: 2", 1)
    assert [str(one) for one in findings(text, "local")] == ["local: WAL of 15-1: files: checksum invalid 2"]


@pytest.mark.parametrize("text", ["", "stanza: x\nstatus: error\n", "no news"])
def test_a_report_without_a_word_of_success_is_a_finding(text: str) -> None:
    assert len(findings(text, "local")) == 1


def test_what_a_killed_run_left_is_no_damage() -> None:
    assert findings(VERIFIED + "  backup: 20261122-013000F, status: in-progress, total files checked: 0\n", "x") == []


def names(*numbers: int, timeline: int = 1) -> list[str]:
    return [
        f"15-1/{timeline:08X}{number // 256:08X}/{timeline:08X}{number // 256:08X}{number % 256:08X}-{'c9' * 20}.zst"
        for number in numbers
    ]


def test_wal_without_gaps_is_whole_across_logs_and_timelines() -> None:
    listed = [*names(*range(250, 270)), *names(268, 269, 270, timeline=2), "15-1/00000002.history", "archive.info"]
    assert gaps(listed, "0000000100000000000000FA", SEGMENT, "local") == []


def test_a_missing_segment_is_found_which_the_tool_does_not_miss() -> None:
    found = gaps(names(4, 5, 8, 9), "000000010000000000000004", SEGMENT, "local")
    assert len(found) == 1
    assert "segments missing from 000000010000000000000006 on: 2" in found[0].problem


def test_what_is_older_than_the_oldest_backup_may_be_missing() -> None:
    assert gaps(names(1, 3, 4, 5), "000000010000000000000003", SEGMENT, "local") == []


def test_files_that_are_no_segments_count_for_nothing() -> None:
    listed = [*names(4), "15-1/0000000100000000/000000010000000000000005.00000028.backup"]
    assert gaps(listed, "000000010000000000000004", SEGMENT, "local") == []
    assert len(gaps([*listed, *names(6)], "000000010000000000000004", SEGMENT, "local")) == 1
