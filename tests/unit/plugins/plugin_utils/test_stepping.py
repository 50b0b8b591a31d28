# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Steps of operations: a module runs only under the lease, and keeps it while it runs."""

from __future__ import annotations

import time
import types

import pytest

from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.plugin_utils import stepping
from ansible_collections.tenantry.platform.plugins.plugin_utils.ledger import Ledger
from ansible_collections.tenantry.platform.tests.unit.plugins.tenant_databases import Tenants


@pytest.fixture
def tenants(tmp_path):
    return Tenants.make(tmp_path)


@pytest.fixture
def begun(tenants):
    return Ledger.open(tenants.settings).begin("acme", "deploy", "ann")


@pytest.fixture
def warnings(monkeypatch):
    said = []
    monkeypatch.setattr(stepping.Display, "warning", lambda _self, text, *_rest, **_options: said.append(text))
    return said


class Step(stepping.StepBase):
    """Without ansible around it."""

    def __init__(self, check_mode=False, module=lambda: None):
        self._task = types.SimpleNamespace(action="tenantry.platform.stack", check_mode=check_mode, async_val=0)
        self.module = module
        self.ran = []

    def _execute_module(self, module_name=None, module_args=None, **_rest):
        self.ran.append((module_name, module_args))
        self.module()
        return {"changed": True}


def options(begun, **changes):
    return {"operation": {"id": begun.id, "token": 1, "lease": begun.token, "step": "app", **changes}}


def heartbeat(tenants):
    return tenants.sql("SELECT heartbeat_at FROM operations")[0][0]


def age(tenants):
    tenants.sql("UPDATE operations SET heartbeat_at = '2020-01-01 00:00:00.000000'")


def test_a_step_says_that_its_operation_lives_and_runs_the_module_of_its_name(tenants, begun):
    age(tenants)
    step = Step()
    assert step.step(options(begun), {"tenantry_database": tenants.settings}) == {"changed": True}
    assert step.ran == [("tenantry.platform.stack", options(begun))]
    assert not heartbeat(tenants).startswith("2020")


def test_a_step_that_lost_the_lease_does_not_run(tenants, begun):
    step = Step()
    result = step.step(options(begun, lease=begun.token - 1), {"tenantry_database": tenants.settings})
    assert (result["failed"], result["error_kind"], step.ran) == (True, "lease_lost", [])


@pytest.mark.parametrize("given", [{}, {"operation": None}, {"operation": {"id": "none", "step": "app"}}])
def test_without_an_operation_the_module_runs_alone(given):
    step = Step()
    assert step.step(given, {}) == {"changed": True}


def test_in_check_mode_nothing_is_said(tenants, begun):
    age(tenants)
    step = Step(check_mode=True)
    step.step(options(begun), {"tenantry_database": tenants.settings})
    assert heartbeat(tenants).startswith("2020")


def test_while_the_module_runs_the_lease_is_kept(tenants, begun, monkeypatch):
    def works_long():
        age(tenants)
        deadline = time.monotonic() + 10
        while heartbeat(tenants).startswith("2020") and time.monotonic() < deadline:
            time.sleep(0.05)

    lease = stepping.Lease
    kept = lease.kept
    monkeypatch.setattr(lease, "kept", lambda self: kept(self, every=0.1))
    Step(module=works_long).step(options(begun), {"tenantry_database": tenants.settings})
    assert not heartbeat(tenants).startswith("2020")
    age(tenants)
    time.sleep(0.3)
    assert heartbeat(tenants).startswith("2020")  # and not a moment longer


def test_losing_the_lease_while_the_module_runs_does_not_stop_it_half_way(tenants, begun):
    lease = stepping.Lease(tenants.settings, begun.id, begun.token)
    with lease.kept(every=0.02):
        Ledger.open(tenants.settings).break_lease("acme")
        time.sleep(0.1)
    with pytest.raises(TenantryError, match="a person took its lease"):
        lease.beat()


def test_a_database_that_is_away_stops_no_step_and_is_told_in_the_same_words(tenants, begun, warnings):
    tenants.path.rename(tenants.path.with_suffix(".away"))
    step = Step()
    for _turn in range(2):
        assert step.step(options(begun), {"tenantry_database": tenants.settings}) == {"changed": True}
    assert len(set(warnings)) == 1
    assert f"operation {begun.id} goes on without the tenant database" in warnings[0]
