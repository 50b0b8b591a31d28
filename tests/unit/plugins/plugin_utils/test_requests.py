# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run makes of the request that it was given, beside applying it."""

from __future__ import annotations

import json

import pytest

from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.plugin_utils import fleet, holding, notes, planner
from ansible_collections.tenantry.platform.plugins.plugin_utils.ledger import Ledger
from ansible_collections.tenantry.platform.tests.unit.plugins.plugin_utils.test_fleet import HostVars
from ansible_collections.tenantry.platform.tests.unit.plugins.tenant_databases import Tenants


@pytest.fixture
def tenants(tmp_path):
    tenants = Tenants.make(tmp_path)
    tenants.tenant("acme")
    tenants.tenant("beta")
    return tenants


@pytest.fixture
def book(tenants):
    return Ledger.open(tenants.settings)


def verdict(tenant, **changes):
    given = {"tenant": tenant, "node": "node1", "status": "in_sync", "release": "one", "url": "", "reasons": []}
    return {**given, "held": [], "records": 0, "zone": "", "action": "none", "operation": "", **changes}


def run(tenants, request, *verdicts, check_mode=False):
    """By tenant how a run with a request ends that applied nothing."""
    facts = {"tenantry_plan": fleet.packed(verdicts)}
    facts["tenantry_apply"] = [one["tenant"] for one in verdicts if one["action"] != "none"]
    variables = {"hostvars": HostVars({"localhost": {"ansible_facts": facts}}), "tenantry_database": tenants.settings}
    variables.update(operation_id=request, tenantry_requested_by="ann")
    return {row["tenant"]: row for row in json.loads(planner.outcomes(variables, check_mode)["tenantry_rows"])}


def status(tenants, request):
    return tenants.sql("SELECT status, error_kind, message FROM operations WHERE id = ?", request)[0]


def test_a_request_for_which_nothing_is_to_be_done_ends_well(tenants, book):
    request = book.request("acme", "deploy", "web")
    found = run(tenants, request, verdict("acme"), verdict("beta"))
    assert [row["status"] for row in found.values()] == ["in_sync", "in_sync"]
    assert status(tenants, request) == ("success", None, "nothing was to be done")


def test_check_mode_ends_no_request(tenants, book):
    request = book.request("acme", "deploy", "web")
    run(tenants, request, verdict("acme"), check_mode=True)
    assert status(tenants, request)[0] == "pending"


def test_a_request_delivered_again_with_nothing_to_do_is_done(tenants, book):
    request = book.request("acme", "deploy", "web")
    run(tenants, request, verdict("acme"))
    assert run(tenants, request, verdict("acme"))["acme"]["status"] == "done"


def test_a_request_that_came_too_late_is_refused_though_nothing_is_to_be_done(tenants, book):
    request = book.request("acme", "deploy", "web")
    begun = book.begin("acme", "rollback", "ann")
    book.finish(begun.id, begun.token, "success")
    found = run(tenants, request, verdict("acme", status="held"))
    assert found["acme"]["status"] == "refused"
    assert status(tenants, request)[:2] == ("cancelled", "superseded")


@pytest.mark.parametrize(
    ("planned", "expected"),
    [
        ("unreachable", ("pending", None, None)),
        ("unknown", ("pending", None, None)),
        ("refused", ("cancelled", "refused", "this failed before")),
        ("invalid", ("cancelled", "invalid", "this failed before")),
    ],
)
def test_a_request_of_a_tenant_that_could_not_be_planned_waits_or_is_cancelled(tenants, book, planned, expected):
    request = book.request("acme", "upgrade", "web")
    found = run(tenants, request, verdict("acme", status=planned, reasons=["this failed before"]))
    assert found["acme"]["status"] == planned
    assert status(tenants, request) == expected


@pytest.mark.parametrize("request_of", ["gamma", None])
def test_a_request_that_this_run_does_not_cover_is_refused_for_all_of_it(tenants, book, request_of):
    request = book.request(request_of, "deploy", "web") if request_of else "nobody"
    found = run(tenants, request, verdict("acme"))
    assert found["acme"]["status"] == "refused"


def test_what_was_applied_ended_its_request_itself(tenants, book):
    request = book.request("acme", "deploy", "web")
    run(tenants, request, verdict("acme", action="deploy"))
    assert status(tenants, request)[0] == "pending"


# -- holds -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def hold(tenants, monkeypatch):
    kept = {}
    monkeypatch.setattr(notes, "read", kept.get)
    monkeypatch.setattr(notes, "write", kept.__setitem__)

    def hold(request, *names):
        variables = {"tenantry_database": tenants.settings, "ansible_play_hosts_all": names, "operation_id": request}
        given = {"fields": {"state": "stopped"}, "by_tenant": None, "reason": "", "until": None, "instead_of": []}
        return holding.run(variables, {"state": "present", **given}, "ann")["tenants"]

    return hold


def test_a_request_holds_what_it_asks_for(book, hold):
    assert hold(book.request("acme", "stop", "web"), "acme") == ["acme"]


def test_a_request_that_came_too_late_holds_nothing_against_the_newer_one(book, hold):
    late = book.request("acme", "stop", "web")
    begun = book.begin("acme", "start", "ann")
    book.finish(begun.id, begun.token, "success")
    assert hold(late, "acme") == []
    assert book.holds() == []


def test_a_request_that_was_carried_out_holds_nothing_again(book, hold):
    request = book.request("acme", "stop", "web")
    begun = book.begin("acme", "stop", "ann", request=request)
    book.finish(begun.id, begun.token, "success")
    assert hold(request, "acme") == []


def test_a_request_holds_nothing_of_another_tenant(book, hold):
    request = book.request("acme", "stop", "web")
    with pytest.raises(TenantryError, match="would hold beta"):
        hold(request, "acme", "beta")
    with pytest.raises(TenantryError, match="not in the ledger"):
        hold("nobody", "acme")
    assert book.holds() == []


def test_without_a_request_a_run_holds_as_it_is_told(hold):
    assert hold("", "acme", "beta") == ["acme", "beta"]
    assert fleet.request({}) == ""
