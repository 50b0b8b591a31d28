# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the plays of restores and drills hand to each other, and what the ledger hears of it."""

from __future__ import annotations

import pytest

from ansible_collections.tenantry.platform.plugins.plugin_utils import fleet, notes, recovering
from ansible_collections.tenantry.platform.plugins.plugin_utils.ledger_backups import Backup, Backups
from ansible_collections.tenantry.platform.plugins.plugin_utils.recovery import Wanted
from ansible_collections.tenantry.platform.tests.unit.plugins.plugin_utils.test_fleet import HostVars
from ansible_collections.tenantry.platform.tests.unit.plugins.plugin_utils.test_recovery import policy, tenant
from ansible_collections.tenantry.platform.tests.unit.plugins.tenant_databases import Tenants

GENERATION = "r20261122t010203"


@pytest.fixture(autouse=True)
def kept(monkeypatch):
    """Notes of the run."""
    found = {}
    monkeypatch.setattr(notes, "read", found.get)
    monkeypatch.setattr(notes, "write", found.__setitem__)
    return found


class Run:
    """A run over two tenants that are backed up, one that is not, and one in quarantine."""

    def __init__(self, settings=None):
        self.hosts = {
            "acme": {"tenant": {**tenant(), "name": "acme"}, "tenant_policies": {"backups": [policy()]}},
            "globex": {"tenant": {**tenant(), "name": "globex"}, "tenant_policies": {"backups": [policy()]}},
            "bare": {"tenant": {**tenant(), "name": "bare"}, "tenant_policies": {}},
            "bad": {"tenantry_invalid": [{"field": "services", "reason": "there is none"}]},
            "localhost": {"ansible_facts": {}},
        }
        self.variables = {
            "hostvars": HostVars(self.hosts),
            "ansible_play_hosts_all": ["acme", "globex", "bare", "bad"],
            "tenantry_repositories": {"local": {"kind": "posix"}},
            "tenantry_database": settings,
        }

    @property
    def facts(self):
        return self.hosts["localhost"]["ansible_facts"]

    def ordered(self, purpose="restore", share=None, check_mode=False):
        self.facts.update(recovering.orders(self.variables, Wanted(purpose, GENERATION), share, check_mode))
        return self

    def left(self, name, **result):
        self.hosts[name]["tenant_recovered"] = {"run": self.facts["tenantry_recovery"]["id"], **result}
        return self

    def ended(self, **statuses):
        """Rows of the report, as tenant=(status, release)."""
        rows = [{"tenant": name, "status": status, "release": one} for name, (status, one) in statuses.items()]
        plan = [{"tenant": name, "release": "old"} for name in statuses]
        self.facts.update(tenantry_rows=fleet.packed(rows), tenantry_plan=fleet.packed(plan))
        return self


def test_everybody_is_told_why_nothing_can_be_restored_and_nobody_else_is_kept_waiting():
    run = Run().ordered()
    assert run.facts["tenantry_recovering"] == ["acme", "globex"]
    assert run.facts["tenantry_recovery_nodes"] == ["globex"]
    errors = {name: one["error"] for name, one in run.facts["tenantry_recoveries"].items() if one["error"]}
    assert errors["bad"] == "services: there is none"
    assert "has no backup policy" in errors["bare"]


def test_check_mode_fills_nothing_and_holds_all_the_same():
    run = Run().ordered(check_mode=True)
    assert run.facts["tenantry_recovering"] == []
    assert set(recovering.holds(run.variables, True)["tenantry_recovery_holds"]) == {"acme", "globex"}


def test_who_was_filled_is_held_and_who_was_not_is_told():
    run = Run().ordered().left("acme", failure={})
    run.left("globex", failure={"step": "Fill", "result": {"msg": "it is damaged"}})
    found = recovering.holds(run.variables, False)
    assert found["tenantry_recovery_holds"] == {"acme": {"volume.data": GENERATION}}
    assert found["tenantry_recovery_failed"]["globex"] == "Fill: it is damaged"
    assert "has no backup policy" in found["tenantry_recovery_failed"]["bare"]


def test_what_an_earlier_run_left_is_no_success_of_this_one():
    run = Run().ordered().left("acme", failure={})
    run.ordered()
    found = recovering.holds(run.variables, False)
    assert found["tenantry_recovery_failed"]["acme"] == "it was lost on the way; run again"


def filled():
    run = Run().ordered().left("acme", failure={}).left("globex", failure={})
    run.facts.update(recovering.holds(run.variables, False))
    return run


def test_volumes_of_a_release_that_failed_are_needless_and_those_of_a_current_one_are_not():
    run = filled().ended(acme=("failed", "old"), globex=("failed", "new"), bare=("failed", "old"))
    found = recovering.needless(run.variables)["tenantry_recovery_needless"]
    assert {name: [one["volume_name"] for one in items] for name, items in found.items()} == {
        "acme": [f"acme_data-{GENERATION}"]
    }


def test_what_serves_is_not_withdrawn_from_under_its_release():
    run = filled().ended(acme=("failed", "old"), globex=("failed", "new"))
    assert [one for one in ("acme", "globex", "bare") if recovering.switched(run.variables, one)] == ["globex"]


def test_facts_of_an_earlier_restore_say_nothing_about_an_upgrade(kept):
    run = filled().ended(globex=("failed", "new"))
    kept.clear()
    assert not recovering.switched(run.variables, "globex")


STEPS = [
    {"step": "left-over-copy", "began_at": "2026-11-22T01:00:00.000Z", "ended_at": "2026-11-22T01:00:05.000Z"},
    {"step": "pull", "began_at": "2026-11-22T01:00:05.000Z", "ended_at": "2026-11-22T01:00:06.000Z"},
    {"step": "restore-db-data", "began_at": "2026-11-22T01:00:06.000Z", "ended_at": "2026-11-22T01:00:16.000Z"},
    {"step": "check-db-data", "began_at": "2026-11-22T01:00:16.000Z", "ended_at": "2026-11-22T01:01:16.000Z"},
    {"step": "backing", "began_at": "2026-11-22T01:01:16.000Z", "ended_at": "2026-11-22T01:01:18.500Z"},
    {"step": "app", "began_at": "2026-11-22T01:01:18.500Z", "ended_at": None},
]
RESTORED = {"item": {"service": "db", "volume": "data"}, "label": "20261122-010203F", "repository": "local"}


def test_the_time_of_a_recovery_is_that_of_the_steps_that_it_needs():
    run = Run().ordered("drill").left("acme", failure={}, steps=STEPS, restored=[RESTORED])
    row = next(one for one in recovering.rows(run.variables) if one["tenant"] == "acme")
    assert (row["status"], row["seconds"]) == ("passed", 13.5)


@pytest.mark.parametrize(
    ("purpose", "statuses"), [("drill", ("passed", "failed")), ("rehearsal", ("would_succeed", "would_fail"))]
)
def test_each_tenant_has_a_word_for_how_its_copy_fared(purpose, statuses):
    run = Run().ordered(purpose).left("acme", failure={})
    run.left("globex", failure={"step": "Start", "result": {"msg": "unhealthy"}})
    found = {row["tenant"]: row["status"] for row in recovering.rows(run.variables)}
    assert (found["acme"], found["globex"], found["bad"]) == (*statuses, "invalid")
    run.ordered(purpose)
    assert {row["tenant"]: row["status"] for row in recovering.rows(run.variables)}["acme"] == "unreachable"


def made(name, label, day=1):
    at = f"2026-11-{day:02d}T03:00:00.000Z"
    return Backup(name, "db", "main", "pgbackrest", "local", label, "full", "success", at, at)


def test_the_ledger_hears_of_drills_at_the_backups_that_they_were_of(tmp_path):
    settings = Tenants.make(tmp_path).settings
    book = Backups.open(settings)
    book.record(
        [made("acme", "20261122-010203F"), made("acme", "older"), made("globex", "older"), made("globex", "newer", 2)]
    )
    run = Run(settings).ordered("drill").left("acme", failure={}, steps=STEPS, restored=[RESTORED])
    run.left("globex", failure={"step": "Restore", "result": {"msg": "checksum error\nmore"}}, steps=STEPS)
    recovering.note(run.variables, recovering.rows(run.variables))
    told = {
        row["tenant"]: (row["label"], row["drill_status"], row["drill_seconds"], row["drill_message"])
        for row in book.drills(["acme", "globex", "bare"])
    }
    assert told == {
        "acme": ("20261122-010203F", "success", 13.5, ""),
        "globex": ("newer", "failure", None, "Restore: checksum error"),
    }


def test_a_share_takes_who_was_never_drilled_first_then_who_was_longest_ago(tmp_path):
    settings = Tenants.make(tmp_path).settings
    book = Backups.open(settings)
    book.record([made("acme", "a"), made("globex", "g")])
    assert list(Run(settings).ordered("drill", 0.5).facts["tenantry_recoveries"]) == ["acme", "bad"]
    book.mark_drilled("acme", "db", "local", "a", status="success", seconds=1.0)
    assert list(Run(settings).ordered("drill", 0.5).facts["tenantry_recoveries"]) == ["globex", "bad"]
