# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests and leases in a real SQLite database: who may work on a tenant, and what becomes of everybody else."""

from __future__ import annotations

import datetime
import importlib.util
import multiprocessing
import sqlite3
from pathlib import Path

import pytest

from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.plugin_utils import ledger_leases, operating
from ansible_collections.tenantry.platform.plugins.plugin_utils.ledger import Ledger
from ansible_collections.tenantry.platform.tests.unit.plugins.tenant_databases import Tenants

STEP = {"step": "app", "result": "done", "began_at": "2026-11-21T04:18:33Z", "ended_at": "2026-11-21T04:18:40Z"}
ELSEWHERE = {"by": "ann", "controller": "elsewhere", "controller_boot": "another"}
# The script that the integration target runs on PostgreSQL.
SCRIPT = Path(__file__).parents[3] / "integration" / "targets" / "tenant_database" / "files" / "contend.py"


@pytest.fixture
def tenants(tmp_path):
    return Tenants.make(tmp_path)


@pytest.fixture
def book(tenants):
    return Ledger.open(tenants.settings)


@pytest.fixture(scope="module")
def contention():
    spec = importlib.util.spec_from_file_location("contend", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def begin(book, action="deploy", **options):
    return book.begin("acme", action, "ann", **{"holder": ELSEWHERE, **options})


def end(book, begun, status="success"):
    book.finish(begun.id, begun.token, status)


def refused(book, **options):
    with pytest.raises(TenantryError) as caught:
        begin(book, **options)
    return caught.value


def status(tenants, operation):
    return tenants.sql("SELECT status, error_kind FROM operations WHERE id = ?", operation)[0]


def age(tenants, operation):
    """As if its holder had not said anything for long."""
    tenants.sql("UPDATE operations SET heartbeat_at = '2020-01-01 00:00:00.000000' WHERE id = ?", operation)


def lost(book, begun):
    """Whether a token is refused, both for a sign of life and for an end."""
    kinds = []
    for late in (book.beat, lambda *one: book.finish(*one, "success", release="20261121T041833Z-1f0c9a2e")):
        try:
            late(begun.id, begun.token)
            kinds.append(None)
        except TenantryError as error:
            kinds.append(error.error_kind)
    assert kinds in ([None, None], ["lease_lost", "lease_lost"])
    return kinds[0] is not None


# -- requests ----------------------------------------------------------------------------------------------------------


def test_a_request_waits_until_a_run_takes_it(book, tenants):
    request = book.request("acme", "upgrade", "web", {"version": "2.4.0"}, priority=5)
    assert tenants.sql("SELECT sequence, status, token, attempt, requested_by, started_at FROM operations") == [
        (1, "pending", None, 0, "web", None)
    ]
    assert tenants.sql("SELECT parameters, priority FROM operations") == [('{"version": "2.4.0"}', 5)]
    begun = begin(book, "upgrade", request=request)
    assert begun.id == request
    assert tenants.sql("SELECT sequence, status, token, attempt, requested_by FROM operations") == [
        (1, "running", begun.token, 1, "web")
    ]
    end(book, begun)
    assert status(tenants, request) == ("success", None)


def test_a_row_that_another_program_wrote_is_a_request(book, tenants):
    tenants.sql(
        "INSERT INTO operations (id, tenant, sequence, action, requested_by) "
        "SELECT 'web-1', 'acme', COALESCE(MAX(sequence), 0) + 1, 'deploy', 'web' FROM operations WHERE tenant = 'acme'"
    )
    assert book.requested("web-1")["status"] == "pending"
    assert book.requested("web-1")["requested_at"].endswith("Z")
    end(book, begin(book, request="web-1"))
    assert status(tenants, "web-1") == ("success", None)


@pytest.mark.parametrize(
    "columns",
    [
        {"status": "superseded"},
        {"status": "abandoned"},
        {"status": "scheduled"},
        {"status": "running"},
        {"sequence": 0},
        {"id": ""},
        {"action": ""},
    ],
)
def test_the_schema_refuses_rows_that_mean_nothing(tenants, columns):
    with pytest.raises(sqlite3.IntegrityError):
        tenants.add("operations", **{"id": "a", "tenant": "acme", "sequence": 1, "action": "deploy", **columns})


def test_two_requests_cannot_have_one_place_in_the_order(tenants, book):
    book.request("acme", "deploy", "web")
    with pytest.raises(sqlite3.IntegrityError):
        tenants.add("operations", id="a", tenant="acme", sequence=1, action="deploy")


@pytest.mark.parametrize("how", ["success", "failure", "recovered", "fatal", "cancelled"])
def test_a_request_that_ended_is_done_and_does_not_run_again(book, tenants, how):
    request = book.request("acme", "deploy", "web")
    begin(book, request=request)
    tenants.sql("UPDATE operations SET status = ?", how)
    error = refused(book, request=request)
    assert (error.error_kind, how in error.message) == ("done_already", True)
    assert tenants.sql("SELECT attempt, status FROM operations") == [(1, how)]


def test_a_late_deploy_after_a_newer_rollback_is_refused_and_names_it(book, tenants):
    late = book.request("acme", "deploy", "web")
    rollback = begin(book, "rollback")
    assert refused(book, request=late).error_kind == "superseded"  # while the newer one runs
    end(book, rollback)
    assert status(tenants, late) == ("cancelled", "superseded")
    other = book.request("acme", "deploy", "web")
    newer = book.request("acme", "rollback", "web")
    end(book, begin(book, "rollback", request=newer))
    error = refused(book, request=other)
    assert error.error_kind == "superseded"
    assert error.details["newer"] == newer
    assert newer in error.message
    assert status(tenants, other) == ("cancelled", "superseded")


def test_a_newer_request_that_never_began_overtakes_nothing(book, tenants):
    first = book.request("acme", "deploy", "web")
    book.request("acme", "rollback", "web")
    never = begin(book, "rollback")
    book.give_back(never, "locked", "the node is locked")
    assert status(tenants, never.id) == ("cancelled", "locked")
    end(book, begin(book, request=first))
    assert status(tenants, first) == ("success", None)


@pytest.mark.parametrize("action", ["heal", "backup"])
def test_what_decides_nothing_about_a_tenant_neither_overtakes_nor_is_overtaken(book, tenants, action):
    beside, deploy = book.request("acme", action, "timer"), book.request("acme", "deploy", "web")
    end(book, begin(book, action))
    end(book, begin(book, request=deploy))
    end(book, begin(book, action, request=beside))
    assert {one for (one,) in tenants.sql("SELECT status FROM operations")} == {"success"}


def test_a_request_of_another_tenant_or_action_is_foreign(book, tenants):
    other = book.request("beta", "deploy", "web")
    error = refused(book, request=other)
    assert error.error_kind == "foreign_request"
    assert "beta" in error.message
    upgrade = book.request("acme", "upgrade", "web")
    assert refused(book, action="deploy", request=upgrade).error_kind == "foreign_request"
    assert refused(book, request="nobody").error_kind == "unknown_operation"
    assert status(tenants, upgrade) == ("pending", None)
    end(book, begin(book, "upgrade", request=upgrade))


@pytest.mark.parametrize(
    ("requested", "planned"),
    [("deploy", "converge"), ("deploy", "stop"), ("start", "deploy"), ("upgrade", "converge"), ("restart", "deploy")],
)
def test_a_request_may_come_to_what_the_plan_says_is_left_to_do(book, requested, planned):
    request = book.request("acme", requested, "web")
    assert begin(book, planned, request=request).id == request


def test_what_would_be_refused_can_be_asked_before(book, tenants):
    first, second = book.request("acme", "deploy", "web"), book.request("acme", "rollback", "web")
    assert book.refusal(first) is None
    end(book, begin(book, "rollback", request=second))
    assert book.refusal(first).error_kind == "superseded"
    assert status(tenants, first) == ("pending", None)
    assert book.refusal(second).error_kind == "done_already"
    with pytest.raises(TenantryError, match="not in the ledger"):
        book.refusal("nobody")


def test_the_next_requests_are_due_and_one_of_each_tenant_by_priority(book):
    book.request("acme", "deploy", "web")
    urgent = book.request("acme", "rollback", "web", priority=9)
    book.request("acme", "restart", "web", priority=9)
    book.request("beta", "deploy", "web", not_before="2100-01-01T00:00:00Z")
    due = book.request("gamma", "deploy", "web", not_before="2020-01-01T00:00:00Z")
    book.request("busy", "deploy", "web", priority=99)
    begun = book.begin("busy", "deploy", "ann")
    assert [one["id"] for one in book.next_requests(10)] == [urgent, due]
    assert [one["id"] for one in book.next_requests(1)] == [urgent]
    end(book, begun)
    assert [one["tenant"] for one in book.next_requests(10)] == ["busy", "acme", "gamma"]


# -- the lease ---------------------------------------------------------------------------------------------------------


def test_while_an_operation_lives_everybody_else_is_told_who_has_the_tenant(book, tenants):
    begun = begin(book, holder={"by": "ann", "controller": "control", "controller_boot": "another"})
    request = book.request("acme", "deploy", "web")
    for options in ({}, {"request": request}):
        error = refused(book, **options)
        assert error.error_kind == "locked"
        assert f"ann on control (deploy, operation {begun.id}" in error.message
        assert error.details["holder"]["operation"] == begun.id
    # Who had no request is on record, and a request goes on waiting.
    assert tenants.sql("SELECT status, error_kind FROM operations WHERE token IS NULL ORDER BY sequence") == [
        ("pending", None),
        ("cancelled", "locked"),
    ]
    book.begin("beta", "deploy", "ann")


def test_the_same_request_delivered_again_while_it_runs_is_locked(book):
    request = book.request("acme", "deploy", "web")
    begin(book, request=request)
    assert refused(book, request=request).error_kind == "locked"


def test_a_request_whose_holder_missed_its_time_is_carried_out_by_the_next_run(book, tenants):
    request = book.request("acme", "deploy", "web")
    first = begin(book, request=request)
    age(tenants, request)
    second = begin(book, request=request)
    assert second.token > first.token
    assert tenants.sql("SELECT attempt, status FROM operations") == [(2, "running")]
    assert lost(book, first)
    end(book, second)
    assert lost(book, first)
    assert status(tenants, request) == ("success", None)


@pytest.mark.parametrize(("ends", "becomes"), [("success", "recovered"), ("failure", "recovered"), ("fatal", "fatal")])
def test_what_never_ended_is_settled_by_the_next_operation(book, tenants, ends, becomes):
    dead = begin(book)
    age(tenants, dead.id)
    second = begin(book)
    assert status(tenants, dead.id) == ("recovering", "abandoned")
    assert lost(book, dead)
    end(book, second, ends)
    assert status(tenants, dead.id) == (becomes, "abandoned")
    assert status(tenants, second.id) == (ends, None)
    assert lost(book, dead)


def test_several_that_never_ended_are_settled_together(book, tenants):
    dead = []
    for _turn in range(3):
        dead.append(begin(book).id)
        age(tenants, dead[-1])
    end(book, begin(book))
    assert [status(tenants, one)[0] for one in dead] == ["recovered"] * 3


def test_a_redelivered_request_that_a_newer_one_recovers_is_refused(book, tenants):
    request = book.request("acme", "deploy", "web")
    begin(book, request=request)
    age(tenants, request)
    rollback = begin(book, "rollback")
    assert refused(book, request=request).error_kind == "superseded"
    assert status(tenants, request) == ("recovering", "abandoned")
    end(book, rollback)
    assert refused(book, request=request).error_kind == "done_already"


def test_a_holder_that_is_dead_on_this_controller_does_not_block(contention, tenants):
    result = contention.killed(tenants.settings, lease_seconds=60)
    assert result["blocked"] < 5
    assert result["refused"] == ["lease_lost", "lease_lost"]


def test_a_holder_that_lives_on_this_controller_blocks(book):
    begin(book, holder=operating.holder("ann"))
    assert refused(book).error_kind == "locked"


def test_a_sign_of_life_keeps_the_lease(book, tenants):
    begun = begin(book)
    age(tenants, begun.id)
    book.beat(begun.id, begun.token)
    assert refused(book).error_kind == "locked"
    with pytest.raises(TenantryError, match="lost its lease"):
        book.beat(begun.id, begun.token + 1)
    with pytest.raises(TenantryError, match="not in the ledger any more"):
        book.beat("nobody", 1)


def test_an_end_under_an_old_token_writes_nothing(book, tenants):
    begun = begin(book)
    with pytest.raises(TenantryError) as caught:
        book.finish(begun.id, begun.token + 1, "success", release="20261121T041833Z-1f0c9a2e", steps=[STEP])
    assert caught.value.error_kind == "lease_lost"
    assert status(tenants, begun.id) == ("running", None)
    assert tenants.sql("SELECT count(*) FROM operation_steps") == [(0,)]
    assert tenants.sql("SELECT count(*) FROM applied_releases") == [(0,)]


def test_an_end_that_is_sent_twice_is_written_once(book, tenants):
    begun = begin(book)
    end(book, begun, "failure")
    end(book, begun, "success")
    assert status(tenants, begun.id) == ("failure", None)


def test_who_waits_begins_when_the_other_one_has_ended(book, tenants, monkeypatch):
    monkeypatch.setattr(ledger_leases, "POLL_SECONDS", 0.05)
    first = begin(book)
    process = multiprocessing.get_context("fork").Process(target=end, args=(book, first))
    process.start()
    assert begin(book, wait=20).token > first.token
    process.join()
    assert tenants.sql("SELECT count(*) FROM operations WHERE status = 'cancelled'") == [(0,)]


def test_what_the_node_refused_gives_the_lease_back_to_whom_it_was_taken_from(book, tenants):
    first = begin(book)
    age(tenants, first.id)
    second = begin(book)
    book.give_back(second, "locked", "the node is locked")
    assert status(tenants, second.id) == ("cancelled", "locked")
    assert status(tenants, first.id) == ("running", None)
    book.beat(first.id, first.token)
    end(book, first)
    assert status(tenants, first.id) == ("success", None)
    assert refused(book, request=second.id).error_kind == "done_already"


def test_a_request_that_the_node_refused_waits_again_or_belongs_to_its_first_run(book, tenants):
    request = book.request("acme", "deploy", "web")
    book.give_back(begin(book, request=request), "locked", "the node is locked")
    assert tenants.sql("SELECT status, token, started_at FROM operations") == [("pending", None, None)]
    first = begin(book, request=request)
    age(tenants, request)
    book.give_back(begin(book, request=request), "unreachable", "no route to host")
    book.beat(first.id, first.token)
    end(book, first)
    assert status(tenants, request) == ("success", None)


def test_a_request_that_the_node_can_never_take_is_cancelled(book, tenants):
    request = book.request("acme", "deploy", "web")
    book.give_back(begin(book, request=request), "disk_full", "no space")
    assert status(tenants, request) == ("cancelled", "disk_full")


def test_a_person_can_break_a_lease(book, tenants):
    begun = begin(book)
    assert book.break_lease("acme") == [begun.id]
    assert book.break_lease("acme") == []
    assert lost(book, begun)
    end(book, begin(book))
    assert status(tenants, begun.id) == ("recovered", "abandoned")


def test_an_operation_without_a_sign_of_life_is_abandoned_for_whoever_reads(book, tenants):
    def seen():
        return [one["status"] for one in book.history(["acme"], 10)]

    begun = begin(book)
    assert seen() == ["running"]
    age(tenants, begun.id)
    assert seen() == ["abandoned"]
    second = begin(book)
    assert seen() == ["abandoned", "running"]
    end(book, second)
    assert seen() == ["recovered", "success"]
    assert status(tenants, begun.id) == ("recovered", "abandoned")


def test_the_history_is_in_the_order_of_the_requests(book):
    waiting = book.request("acme", "deploy", "web")
    begun = begin(book)
    assert [one["id"] for one in book.history(["acme"], 10)] == [waiting, begun.id]
    assert book.history(["acme"], 10)[0]["started_at"] is None


def test_a_time_that_another_program_wrote_wrongly_stops_nobody(book, tenants):
    tenants.add("operations", id="a", tenant="acme", sequence=1, action="deploy", requested_at="tomorrow")
    assert [one["id"] for one in book.next_requests(5)] == ["a"]
    assert book.history(["acme"], 5)[0]["requested_at"] is None
    end(book, begin(book, request="a"))


def test_a_lease_lives_two_minutes_after_its_last_sign_of_life(book, tenants):
    def beaten(seconds):
        at = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=seconds)
        tenants.sql("UPDATE operations SET heartbeat_at = ? WHERE id = ?", at.strftime("%Y-%m-%d %H:%M:%S"), begun.id)

    begun = begin(book)
    beaten(110)
    assert refused(book).error_kind == "locked"
    beaten(122)
    assert begin(book).token > begun.token


# -- many at once ------------------------------------------------------------------------------------------------------


def test_of_eight_contenders_exactly_one_gets_the_lease_in_each_of_a_hundred_rounds(tenants, contention):
    found = contention.contend(tenants.settings)
    assert len(found) == 100
    for one in found:
        assert sorted(result for result, _token in one) == ["locked"] * 7 + ["won"]
    tokens = [token for one in found for result, token in one if result == "won"]
    assert tokens == sorted(set(tokens))


def test_a_killed_holder_blocks_no_longer_than_its_ttl_and_its_token_is_refused_afterwards(tenants, contention):
    result = contention.killed(tenants.settings, 2, contention.elsewhere())
    assert 0.5 < result["blocked"] < 2 + 1.5  # it looks once a second
    assert result["refused"] == ["lease_lost", "lease_lost"]
    assert result["tokens"][1] > result["tokens"][0]
    assert result["status"] == "recovered"
