# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What came of an order in each repository."""

from __future__ import annotations

import datetime

from ansible_collections.tenantry.platform.plugins.plugin_utils.backups import outcomes, text

NOW = datetime.datetime(2026, 11, 22, 4, 0, tzinfo=datetime.timezone.utc)
ORDER = {
    "service": "db",
    "engine": "pgbackrest",
    "policy": "main",
    "kind": "incremental",
    "repositories": ["local", "offsite"],
    "first": False,
}
BACKUP = {
    "label": "20261122-035900F",
    "kind": "full",
    "started_at": "2026-11-22T03:59:00.000Z",
    "finished_at": "2026-11-22T03:59:30.000Z",
    "bytes": 40,
    "source_bytes": 700,
}


def repository(name, backups=(), **failure):
    return {
        "name": name,
        "ok": not failure,
        "seconds": 12.5,
        "error": "",
        "error_kind": "",
        **failure,
        "backups": backups,
    }


def outcome(result, order=None, state="present", only_due=False, check_mode=False):
    return outcomes.outcomes(order or ORDER, result, NOW, state=state, only_due=only_due, check_mode=check_mode)


def statuses(result, **changes):
    return [one.status for one in outcome(result, **changes)]


def rows(found):
    return [(row["repository"], row["status"], row["label"]) for row in outcomes.rows("acme", found, None)]


def test_each_repository_has_its_own_end():
    gone = {"error": "it does not answer", "error_kind": "repository_unreachable"}
    result = {"failed": True, "repositories": [repository("local", [BACKUP]), repository("offsite", **gone)]}
    made, failed = outcome(result)
    # As it was made: the first one in a repository is a full one.
    assert (made.status, made.kind, made.label, made.bytes) == ("made", "full", "20261122-035900F", 40)
    assert (failed.status, failed.error_kind, failed.message) == ("failed", *reversed(gone.values()))
    assert (failed.started_at, failed.finished_at) == ("2026-11-22T03:59:47Z", "2026-11-22T04:00:00Z")
    assert rows([made, failed]) == [("local", "success", "20261122-035900F"), ("offsite", "failure", None)]
    assert text.reasons([failed.as_dict()]) == ["db pgbackrest incremental in offsite: it does not answer"]


def test_a_failure_before_any_repository_is_that_of_all_of_them():
    result = {"failed": True, "msg": "no container", "error_kind": "container_missing"}
    assert statuses(result) == ["failed", "failed"]
    assert rows(outcome(result)) == [("local", "failure", None), ("offsite", "failure", None)]
    found = [one.as_dict() for one in outcome(result)]
    assert text.reasons(found) == ["db pgbackrest incremental in local, offsite: no container"]
    assert statuses({"unreachable": True, "msg": "ssh"}) == ["unreachable", "unreachable"]


def test_what_a_timer_finds_under_way_or_not_there_yet_is_no_failure():
    running = {"failed": True, "msg": "another", "error_kind": "backup_running"}
    assert statuses(running) == ["failed", "failed"]
    assert statuses(running, only_due=True) == ["busy", "busy"]
    assert rows(outcome(running, only_due=True)) == []
    missing = {"failed": True, "msg": "no container", "error_kind": "container_missing"}
    assert statuses(missing, only_due=True) == ["failed", "failed"]
    assert statuses(missing, order={**ORDER, "first": True}, only_due=True) == ["waiting", "waiting"]


def test_volumes_that_are_stored_under_one_label_are_one_backup():
    other = {**BACKUP, "bytes": 2, "source_bytes": 5, "started_at": "2026-11-22T03:58:00.000Z"}
    (made,) = outcome(
        {"repositories": [repository("local", [BACKUP, other])]}, order={**ORDER, "repositories": ["local"]}
    )
    assert (made.bytes, made.source_bytes, made.started_at) == (42, 705, "2026-11-22T03:58:00.000Z")


def test_success_without_a_backup_is_none():
    assert statuses({"repositories": [repository("local"), repository("offsite", [BACKUP])]}) == ["failed", "made"]


def test_a_check_makes_nothing_and_says_so():
    result = {"repositories": [repository("local"), repository("offsite")]}
    assert statuses(result, check_mode=True) == ["ready", "ready"]
    assert rows(outcome(result, check_mode=True)) == []


def test_what_is_found_damaged_is_told_of_the_repository_that_has_it():
    finding = {"repository": "offsite", "label": "20261122-035900F", "problem": "it is invalid"}
    result = {"failed": True, "findings": [finding], "repositories": [repository("local"), repository("offsite")]}
    sound, damaged = outcome(result, state="verified")
    assert (sound.status, damaged.status, damaged.error_kind) == ("verified", "failed", "backup_damaged")
    assert damaged.message == "20261122-035900F: it is invalid"


def test_what_was_removed_is_named_by_repository():
    result = {"removed": {"local": ["a", "b"]}, "repositories": [repository("local"), repository("offsite")]}
    found = outcome(result, state="pruned")
    assert [(one.status, one.removed) for one in found] == [("pruned", ("a", "b")), ("pruned", ())]
    assert statuses(result, state="pruned", check_mode=True) == ["ready", "ready"]


def test_no_word_of_a_message_reaches_a_terminal_as_a_command():
    result = {"failed": True, "msg": "a\x1b[2Jb", "error_kind": "x"}
    found = {"acme": [one.as_dict() for one in outcome(result)]}
    assert "\x1b" not in "\n".join(text.table(found))
    assert "a\ufffd[2Jb" in "\n".join(text.table(found))
