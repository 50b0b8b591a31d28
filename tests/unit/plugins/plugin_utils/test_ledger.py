# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Operations and overrides in a real SQLite database."""

from __future__ import annotations

import datetime
import multiprocessing
import sqlite3

import pytest

from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.plugin_utils import database_migrate, ledger_leases
from ansible_collections.tenantry.platform.plugins.plugin_utils.ledger import Hold, Ledger, new_id, now

SEED = """
INSERT INTO nodes (name, connection) VALUES ('local', 'local');
INSERT INTO zones (name, nameserver) VALUES ('demo.test', 'local');
INSERT INTO stacks (name) VALUES ('tiny');
INSERT INTO tenants (name, stack) VALUES ('acme', 'tiny');
INSERT INTO tenants (name, stack, state) VALUES ('idle', 'tiny', 'stopped');
"""
STEP = {"step": "app", "result": "done", "began_at": "2026-11-21T04:18:33Z", "ended_at": "2026-11-21T04:18:40Z"}


@pytest.fixture
def path(tmp_path):
    seed = tmp_path / "seed.sql"
    seed.write_text(SEED, encoding="utf-8")
    database = tmp_path / "tenants.sqlite"
    database_migrate.upgrade({"url": f"sqlite:///{database}"}, str(seed))
    return database


@pytest.fixture
def ledger(path):
    return Ledger.open({"url": f"sqlite:///{path}"})


def rows(path, query):
    with sqlite3.connect(path) as connection:
        return connection.execute(query).fetchall()


def hold(ledger, *tenants, **changes):
    given = {"field": "state", "value": "stopped", "reason": "unpaid", "until": None, "by": "ann", **changes}
    field, value = given.pop("field"), given.pop("value")
    return list(ledger.hold([Hold(tenant, field, value) for tenant in tenants], **given))


def test_generations_are_forgotten_with_the_volumes(ledger):
    hold(ledger, "acme", field="volume.data", value="r1")
    hold(ledger, "acme", field="state", value="removed")
    hold(ledger, "idle", field="volume.data", value="r2")
    ledger.forget("acme", ["volume.*"], "ann")
    live = [(one["tenant"], one["field"]) for one in ledger.holds()]
    assert live == [("acme", "state"), ("idle", "volume.data")]


def test_ids_sort_by_time():
    ids = [new_id() for _turn in range(50)]
    assert all(len(one) == 26 for one in ids)
    assert sorted(one[:10] for one in ids) == [one[:10] for one in ids]


def test_an_operation_is_running_until_it_is_finished(path, ledger):
    begun = ledger.begin("acme", "deploy", "ann")
    assert rows(path, "SELECT tenant, action, status, requested_by FROM operations") == [
        ("acme", "deploy", "running", "ann")
    ]
    ledger.finish(begun.id, begun.token, "success", release="20261121T041833Z-00000001", steps=[STEP])
    assert rows(path, "SELECT status, release_id FROM operations") == [("success", "20261121T041833Z-00000001")]
    assert rows(path, "SELECT position, name, status FROM operation_steps") == [(0, "app", "done")]
    assert rows(path, "SELECT tenant, release_id, operation FROM applied_releases") == [
        ("acme", "20261121T041833Z-00000001", begun.id)
    ]


def test_operations_of_an_action_are_told_by_when_they_began(ledger):
    began = now()
    healed = ledger.begin("acme", "heal", "timer")
    with pytest.raises(TenantryError, match="locked by timer"):
        ledger.begin("acme", "heal", "timer")
    ledger.begin("idle", "deploy", "ann")
    ledger.finish(healed.id, healed.token, "failure")
    found = ledger.started("heal", since=began - datetime.timedelta(hours=1))
    assert list(found) == ["acme"]
    assert [abs(one - began).total_seconds() < 10 for one in found["acme"]] == [True]
    assert ledger.started("heal", since=began + datetime.timedelta(hours=1)) == {}


def test_what_ended_once_is_not_changed_again(path, ledger):
    begun = ledger.begin("acme", "deploy", "ann")
    ledger.finish(begun.id, begun.token, "failure", error_kind="unhealthy", message="web")
    ledger.finish(begun.id, begun.token, "success", release="20261121T041833Z-00000001")
    assert rows(path, "SELECT status, error_kind FROM operations") == [("failure", "unhealthy")]
    assert rows(path, "SELECT count(*) FROM applied_releases") == [(0,)]


def test_an_unknown_operation_is_an_error(ledger):
    with pytest.raises(TenantryError, match="not in the ledger"):
        ledger.finish("nobody", 1, "success")


def test_the_history_is_the_last_operations_of_each_tenant(ledger):
    for tenant, count in (("acme", 3), ("idle", 1)):
        for _turn in range(count):
            begun = ledger.begin(tenant, "deploy", "ann")
            ledger.finish(begun.id, begun.token, "success", steps=[STEP])
    found = ledger.history(["acme", "idle"], 2)
    assert [(one["tenant"], one["token"]) for one in found] == [("acme", 2), ("acme", 3), ("idle", 1)]
    assert found[0]["started_at"].endswith("Z")
    assert ledger.history(["idle"], 5)[0]["id"] == begun.id
    assert [(one["name"], one["status"]) for one in ledger.steps(begun.id)] == [("app", "done")]
    with pytest.raises(TenantryError, match="not in the ledger"):
        ledger.steps("nobody")


@pytest.mark.parametrize(
    ("status", "kind", "expected"),
    [
        ("failure", "unhealthy", True),
        ("fatal", "hook_failed", True),
        ("failure", "locked", False),
        ("success", None, False),
    ],
)
def test_a_change_that_failed_by_its_own_fault_is_known_until_it_is_tried_again(path, ledger, status, kind, expected):
    begun = ledger.begin("acme", "upgrade", "ann", "sha256:one", "sha256:two")
    ledger.finish(begun.id, begun.token, status, error_kind=kind)
    assert (("sha256:one", "sha256:two") in ledger.unacknowledged().get("acme", {})) is expected
    other = ledger.begin("acme", "upgrade", "bob", "sha256:one", "sha256:three")
    assert bool(ledger.unacknowledged()) is expected
    ledger.finish(other.id, other.token, "success")
    ledger.begin("acme", "upgrade", "bob", "sha256:one", "sha256:two")
    assert ledger.unacknowledged() == {}
    assert rows(path, "SELECT acknowledged_by FROM operations ORDER BY token")[0] == ("bob" if expected else None,)


def begin_many(path, count):
    ledger = Ledger.open({"url": f"sqlite:///{path}"})
    for _turn in range(count):
        begun = ledger.begin("acme", "deploy", "ann", wait=60)
        ledger.finish(begun.id, begun.token, "success", steps=[STEP])


def test_ten_processes_at_once_lose_nothing_and_share_no_token(path, monkeypatch):
    monkeypatch.setattr(ledger_leases, "POLL_SECONDS", 0.02)
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=begin_many, args=(path, 3)) for _number in range(10)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * 10
    assert rows(path, "SELECT count(*), count(DISTINCT token), count(DISTINCT sequence) FROM operations") == [
        (30, 30, 30)
    ]
    assert rows(path, "SELECT count(*) FROM operations WHERE status = 'success'") == [(30,)]
    assert rows(path, "SELECT max(sequence) FROM operations") == [(30,)]


def live(path):
    return rows(path, "SELECT tenant, field, value, reason, created_by FROM overrides WHERE released_at IS NULL")


def test_a_hold_stands_until_it_is_released(path, ledger):
    assert hold(ledger, "acme") == ["acme"]
    assert live(path) == [("acme", "state", "stopped", "unpaid", "ann")]
    assert hold(ledger, "acme") == []
    assert hold(ledger, "acme", value=None) == ["acme"]
    assert live(path) == []
    assert hold(ledger, "acme", value=None) == []
    assert rows(path, "SELECT released_by FROM overrides") == [("ann",)]


def test_a_value_that_the_row_has_already_needs_no_hold(path, ledger):
    assert hold(ledger, "idle") == []
    hold(ledger, "acme")
    assert hold(ledger, "acme", value="active") == ["acme"]
    assert live(path) == []
    assert hold(ledger, "idle", value="active", reason="") == ["idle"]
    assert live(path) == [("idle", "state", "active", "", "ann")]


def test_a_version_may_be_held_of_one_service(path, ledger):
    assert hold(ledger, "acme", field="version.web", value="2.1.0") == ["acme"]
    assert live(path) == [("acme", "version.web", "2.1.0", "unpaid", "ann")]


@pytest.mark.parametrize(
    ("field", "value"), [("state", "gone"), ("version", "a b"), ("release", "1.0.0"), ("image", "x")]
)
def test_what_no_tenant_can_be_is_not_held(path, ledger, field, value):
    with pytest.raises(TenantryError, match="cannot be held"):
        hold(ledger, "acme", field=field, value=value)
    assert live(path) == []


def fields(path):
    return sorted((tenant, field, value) for tenant, field, value, *_rest in live(path))


RELEASE = "20261121T041833Z-1f0c9a2e"


def test_a_hold_may_take_the_place_of_others(path, ledger):
    hold(ledger, "acme", field="version", value="2.0.0")
    hold(ledger, "acme", field="version.web", value="2.1.0")
    hold(ledger, "acme", "idle", field="release", value=RELEASE, instead_of=["version", "version.*"])
    assert fields(path) == [("acme", "release", RELEASE), ("idle", "release", RELEASE)]


def test_a_withdrawn_request_leaves_what_was_held_before(path, ledger):
    hold(ledger, "acme", field="release", value=RELEASE, request="A" * 26)
    hold(ledger, "acme", "idle", field="version", value="2.0.0", instead_of=["release"], request="B" * 26)
    assert fields(path) == [("acme", "version", "2.0.0"), ("idle", "version", "2.0.0")]
    assert ledger.withdraw("B" * 26, ["acme"], "ann") == ["acme"]
    assert fields(path) == [("acme", "release", RELEASE), ("idle", "version", "2.0.0")]
    assert ledger.withdraw("B" * 26, ["acme"], "ann") == []


def test_an_aborted_upgrade_leaves_the_version_that_was_held_before(path, ledger):
    hold(ledger, "acme", field="version", value="1.1.0", request="A" * 26)
    hold(ledger, "acme", field="version", value="2.0.0", request="B" * 26)
    hold(ledger, "idle", field="version", value="2.0.0", request="B" * 26)
    assert ledger.withdraw_versions(["acme"], "ann") == ["acme"]
    assert fields(path) == [("acme", "version", "1.1.0"), ("idle", "version", "2.0.0")]


def test_a_withdrawal_within_a_request_that_changed_its_mind_restores_only_the_first(path, ledger):
    hold(ledger, "acme", field="version", value="1.0.0", request="A" * 26)
    hold(ledger, "acme", field="version", value="2.0.0", request="B" * 26)
    hold(ledger, "acme", field="version", value="3.0.0", request="B" * 26)
    ledger.withdraw("B" * 26, ["acme"], "ann")
    assert fields(path) == [("acme", "version", "1.0.0")]


def test_check_mode_predicts_and_writes_nothing(path, ledger):
    assert hold(ledger, "acme", check_mode=True) == ["acme"]
    assert live(path) == []


def test_an_unknown_tenant_holds_nothing_of_the_others(path, ledger):
    with pytest.raises(TenantryError, match="nobody is not in the tenant database"):
        hold(ledger, "acme", "nobody")
    assert live(path) == []


def test_a_time_that_is_none_is_refused(ledger):
    with pytest.raises(TenantryError, match="is no time"):
        hold(ledger, "acme", until="tomorrow")
    assert hold(ledger, "acme", until="2030-01-01T00:00:00Z") == ["acme"]
    assert hold(ledger, "acme", until="2030-01-01T00:00:00+00:00") == []
