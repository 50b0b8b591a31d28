# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs about backups, with a real ledger in SQLite."""

from __future__ import annotations

import datetime
import sqlite3

import pytest

from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.plugin_utils import ledger
from ansible_collections.tenantry.platform.plugins.plugin_utils.backups import running, watching
from ansible_collections.tenantry.platform.plugins.plugin_utils.backups.orders import Wishes
from ansible_collections.tenantry.platform.plugins.plugin_utils.backups.status import Limits
from ansible_collections.tenantry.platform.tests.unit.plugins.plugin_utils.test_fleet import HostVars
from ansible_collections.tenantry.platform.tests.unit.plugins.tenant_databases import Tenants

REQUEST = "01M80REQUEST00000000000001"


def policy(service="db", **changes):
    values = {
        "name": service,
        "service": service,
        "engine": "pgbackrest",
        "volumes": [],
        "repositories": ["disk", "offsite"],
        "schedule": "0 3 * * *",
        "incremental_schedule": "0 * * * *",
        "retention_days": 30,
        "keep_last": 3,
        "configuration": False,
        "database": {"user": "app", "name": None},
        "run_as": "999:999",
    }
    return {**values, **changes}


class Fleet:
    """Two tenants on two nodes and one in quarantine, and what plays hand to each other about them."""

    def __init__(self, settings):
        def host(name, node, **changes):
            spec = {"name": name, "node": node, "state": "active", "services": [], **changes}
            return {"tenant": spec, "tenant_policies": {"backups": [policy()]}}

        self.hosts = HostVars(
            {
                "acme": host("acme", "node1"),
                "bolt": host("bolt", "node2"),
                "bad": {"tenantry_invalid": [{"field": "zone", "reason": "is missing"}]},
                "localhost": {"ansible_facts": {}},
            }
        )
        self.vars = {
            "hostvars": self.hosts,
            "ansible_play_hosts_all": ["acme", "bolt", "bad"],
            "tenantry_database": settings,
            "tenantry_requested_by": "ann",
        }

    def planned(self, **wishes):
        wanted = Wishes(now=ledger.now(), jitter=0, **wishes)
        plan = running.plan(self.vars, wanted)
        self.hosts["localhost"]["ansible_facts"] = running.facts(plan, wanted)
        return plan

    def recorded(self, tenant, result, check_mode=False):
        facts = self.hosts["localhost"]["ansible_facts"]
        self.vars["inventory_hostname"] = tenant
        for order in facts["tenantry_backup_orders"][tenant]:
            found, why = running.record(self.vars, order, result, check_mode)
            assert why == ""
            self.hosts[tenant]["ansible_facts"] = {
                running.OUTCOMES: {"run": facts["tenantry_run"]["id"], "found": found}
            }


@pytest.fixture
def tenants(tmp_path):
    return Tenants.make(tmp_path)


@pytest.fixture
def fleet(tenants):
    return Fleet(tenants.settings)


def made(*failed):
    now = datetime.datetime.now(datetime.timezone.utc).isoformat().replace("+00:00", "Z")
    backup = {"label": "a", "kind": "full", "started_at": now, "finished_at": now, "bytes": 1, "source_bytes": 2}

    def of(name):
        error = {"error": "away", "error_kind": "repository_unreachable"} if name in failed else {}
        return {
            "name": name,
            "ok": name not in failed,
            "seconds": 1.0,
            "error": "",
            "error_kind": "",
            **error,
            "backups": [] if name in failed else [backup],
        }

    return {"repositories": [of("disk"), of("offsite")]}


def operations(tenants):
    with sqlite3.connect(tenants.settings["url"].removeprefix("sqlite:///")) as connection:
        return connection.execute("SELECT tenant, action, status, message FROM operations ORDER BY tenant").fetchall()


def test_what_was_made_is_not_due_again_in_the_repository_that_has_it(fleet):
    plan = fleet.planned(only_due=True)
    assert {name: [order["repositories"] for order in some] for name, some in plan.orders.items()} == {
        "acme": [["disk", "offsite"]],
        "bolt": [["disk", "offsite"]],
    }
    assert (plan.covered, plan.invalid) == (2, {"bad": "zone: is missing"})
    fleet.recorded("acme", made())
    fleet.recorded("bolt", made("offsite"))
    again = fleet.planned(only_due=True)
    # What failed a moment ago waits.
    assert again.orders == {}


def test_a_run_by_hand_leaves_an_operation_and_one_by_a_timer_only_where_something_failed(fleet, tenants):
    fleet.planned(only_due=True)
    fleet.recorded("acme", made())
    fleet.recorded("bolt", made("offsite"))
    assert running.close(fleet.vars, running.ended(fleet.vars)) == []
    why = "db pgbackrest full in offsite: away"
    assert operations(tenants) == [("bolt", "backup", "failure", why)]
    assert running.failed(fleet.vars, running.ended(fleet.vars)) == {
        "bolt": why,
        "bad": "its rows are refused: zone: is missing",
    }
    fleet.planned()
    fleet.recorded("acme", made())
    fleet.recorded("bolt", made())
    running.close(fleet.vars, running.ended(fleet.vars))
    assert [row[:3] for row in operations(tenants)][:1] == [("acme", "backup", "success")]


def test_who_is_not_heard_of_again_was_lost(fleet):
    fleet.planned()
    fleet.recorded("acme", made())
    found = running.ended(fleet.vars)
    assert [one["status"] for one in found["acme"]] == ["made", "made"]
    assert [one["status"] for one in found["bolt"]] == ["unreachable", "unreachable"]


def test_outcomes_of_an_earlier_run_count_for_nothing(fleet):
    fleet.planned()
    fleet.recorded("acme", made())
    fleet.planned()
    assert [one["status"] for one in running.ended(fleet.vars)["acme"]] == ["unreachable", "unreachable"]


def test_a_check_writes_nothing(fleet):
    fleet.planned()
    fleet.recorded("acme", {"repositories": made()["repositories"]}, check_mode=True)
    assert [one["status"] for one in running.ended(fleet.vars)["acme"]] == ["ready", "ready"]
    assert fleet.planned(only_due=True).orders["acme"][0]["repositories"] == ["disk", "offsite"]


def test_a_name_that_no_policy_has_is_refused(fleet):
    with pytest.raises(TenantryError, match="no tenant of this run has a backup policy of service dbb") as told:
        fleet.planned(service="dbb")
    assert told.value.error_kind == "nothing_matches"
    assert fleet.planned(service="dbb", only_due=True).orders == {}


def test_a_request_is_carried_out_once_and_by_its_own_playbook(fleet, tenants):
    book = ledger.Ledger.open(tenants.settings)
    request = book.request("acme", "backup", "web")
    fleet.vars.update(ansible_play_hosts_all=["acme"], operation_id=request)
    with pytest.raises(TenantryError, match="asks for a backup of tenant acme") as told:
        fleet.planned(state="pruned")
    assert told.value.error_kind == "foreign_request"
    fleet.planned()
    fleet.recorded("acme", made())
    running.close(fleet.vars, running.ended(fleet.vars))
    assert book.requested(request)["status"] == "success"
    plan = fleet.planned()
    assert (plan.orders, "it is not carried out again" in plan.note) == ({}, True)


def test_a_ledger_that_is_away_is_told_and_hides_no_outcome(fleet):
    fleet.planned()
    order = fleet.hosts["localhost"]["ansible_facts"]["tenantry_backup_orders"]["acme"][0]
    fleet.vars.update(tenantry_database={"url": "sqlite:////no/file"}, inventory_hostname="acme")
    found, why = running.record(fleet.vars, order, made(), False)
    assert [one["status"] for one in found] == ["made", "made"]
    assert "the ledger does not have what came of acme" in why


def test_a_failed_backup_stops_no_rollout(fleet, tenants):
    fleet.planned()
    began = ledger.now()
    fleet.recorded("acme", made("disk", "offsite"))
    running.close(fleet.vars, running.ended(fleet.vars))
    book = ledger.Ledger.open(tenants.settings)
    hour = datetime.timedelta(hours=1)
    assert (book.failed(began - hour), book.last_end(["acme"], began - hour)) == ([], None)


def test_each_node_is_asked_once_about_the_wal_of_all_its_servers_and_silence_is_told(fleet):
    facts = watching.facts(fleet.vars)
    server = {"tenant": "acme", "service": "db", "run_as": "999:999", "user": "app"}
    assert facts["tenantry_wal"] == {"acme": [server], "bolt": [{**server, "tenant": "bolt"}]}
    fleet.planned()
    fleet.recorded("acme", made())
    fleet.recorded("bolt", made())
    fleet.hosts["localhost"]["ansible_facts"] = facts
    told = {"tenant": "acme", "service": "db", "ready": 0, "age_seconds": 3.0, "error": ""}
    fleet.hosts["acme"][watching.WAL] = {"services": [told]}
    fleet.hosts["bolt"][watching.WAL] = {"unreachable": True, "msg": "ssh: no route"}
    found = watching.lines(fleet.vars, Limits(), 0, ledger.now())
    assert [(one.tenant, one.repository, one.status) for one in found] == [
        ("acme", "disk", "ok"),
        ("acme", "offsite", "ok"),
        ("bolt", "disk", "unread"),
        ("bolt", "offsite", "unread"),
    ]
    assert "ssh: no route" in found[-1].message
