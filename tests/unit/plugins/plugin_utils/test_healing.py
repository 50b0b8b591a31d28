# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a heal puts right, and what it leaves alone and why."""

from __future__ import annotations

import datetime

import pytest

from ansible_collections.tenantry.platform.plugins.plugin_utils import three_way
from ansible_collections.tenantry.platform.plugins.plugin_utils.healing import Limits
from ansible_collections.tenantry.platform.plugins.plugin_utils.plan import DnsPlan, Wishes, judge, plan_records
from ansible_collections.tenantry.platform.tests.unit.plugins.plugin_utils.test_plan import (
    EDITED,
    FINDING,
    LIVE,
    RECORD,
    SPEC,
)

NOW = datetime.datetime(2026, 11, 18, 12, tzinfo=datetime.timezone.utc)  # a Wednesday
SATURDAY = datetime.datetime(2026, 11, 21, 23, tzinfo=datetime.timezone.utc)
CONFIGURED = dict(FINDING, field="memory", text="memory is 256m", **{"class": "drift"})


@pytest.fixture(autouse=True)
def compared(monkeypatch):
    """The comparison itself has tests of its own."""
    monkeypatch.setattr(three_way, "findings", lambda _spec, _digest, live: list(live["findings"]))


def heal(findings=(), live=None, spec=None, dns=None, limits=None, heals=(), now=NOW, digest="sha256:one"):
    tenants = {"acme": {**LIVE, "findings": list(findings), **(live or {})}}
    wishes = Wishes("heal", now=now, limits=limits or Limits(), heals=heals)
    return judge({**SPEC, **(spec or {})}, digest, {"tenants": tenants}, dns or DnsPlan(), wishes)


def test_what_is_missing_is_put_back_in_place():
    one = heal([FINDING])
    assert (one.status, one.action, one.operation) == ("drift", "converge", "heal")


def test_an_edited_container_is_replaced_by_a_release_of_the_same_images():
    one = heal([CONFIGURED])
    assert (one.action, one.operation, one.same_images) == ("deploy", "heal", True)


def test_what_the_database_wants_by_now_is_not_made():
    pending = dict(FINDING, **{"class": "pending"})
    one = heal([pending], digest="sha256:two")
    assert (one.status, one.action) == ("pending", "none")
    one = heal([pending, CONFIGURED], digest="sha256:two")
    assert (one.status, one.action, one.operation) == ("drift", "converge", "heal")
    one = heal([EDITED], digest="sha256:two")
    assert (one.status, one.action) == ("drift", "none")
    assert "the database wants another" in one.reasons[-1]


def test_a_file_at_the_proxy_is_put_back_from_the_release():
    route = dict(EDITED, name="/srv/tenantry-edge/dynamic/acme.yml")
    assert heal([route], digest="sha256:two").action == "converge"


@pytest.mark.parametrize(
    ("live", "spec"),
    [
        ({"current": None}, {}),
        ({"state": "stopped"}, {}),
        ({"interrupted": "deploy 01"}, {}),
        ({}, {"state": "stopped"}),
        ({}, {"state": "removed"}),
    ],
)
def test_what_waits_for_a_deploy_goes_on_waiting(live, spec):
    one = heal((), live, spec)
    assert (one.status, one.action) == ("pending", "none")


def test_what_somebody_started_is_stopped_again():
    up = dict(FINDING, field="state", text="web is running", **{"class": "drift"})
    one = heal([up], {"state": "stopped"}, {"state": "stopped"})
    assert (one.status, one.action, one.operation) == ("drift", "stop", "heal")


@pytest.mark.parametrize(
    ("finding", "reason"),
    [
        (dict(FINDING, **{"class": "conflict"}), "a person decides"),
        (dict(FINDING, kind="volume", text="volume acme_data is missing"), "restore it"),
    ],
)
def test_conflicts_and_data_are_never_touched(finding, reason):
    one = heal([finding, FINDING])
    assert one.action == "none"
    assert reason in one.reasons[-1]


def test_a_class_that_was_not_asked_for_is_left_alone():
    one = heal([FINDING, CONFIGURED], limits=Limits(classes=["missing"]))
    assert one.action == "none"
    assert one.reasons[-1] == "not healed: memory is 256m: drift is not among what is healed"


def test_a_class_may_wait_for_the_window_of_the_tenant():
    limits = Limits(classes=["missing"], window_classes=["drift"])
    assert heal([FINDING], limits=limits).action == "converge"
    closed = heal([CONFIGURED], limits=limits)
    assert closed.action == "none"
    assert "waits for the maintenance window sat,sun 22:00-04:00" in closed.reasons[-1]
    assert heal([CONFIGURED], limits=limits, now=SATURDAY).action == "deploy"
    anytime = {"maintenance": {"window": None, "timezone": "UTC"}}
    assert heal([CONFIGURED], limits=limits, spec=anytime).action == "deploy"


def minutes_ago(*minutes):
    return [NOW - datetime.timedelta(minutes=one) for one in minutes]


@pytest.mark.parametrize(
    ("heals", "action"),
    [((), "converge"), ((4,), "none"), ((5,), "converge"), ((30, 9), "none"), ((30, 10), "converge")],
)
def test_each_heal_of_a_day_doubles_the_time_until_the_next(heals, action):
    assert heal([FINDING], heals=minutes_ago(*heals)).action == action


def test_who_fights_is_told_until_when_it_is_left_alone():
    one = heal([FINDING], heals=minutes_ago(9, 4))
    assert one.reasons[-1] == (
        "not healed: it was healed 2 times in 24 hours and differs again: left alone until 2026-11-18T12:06:00Z, "
        "find out who changes it"
    )


def test_an_ignored_difference_is_not_healed():
    rule = {"kind": "container", "resource": "*", "field": "memory", "mode": "ignore", "reason": "a test"}
    wishes = Wishes("heal", ignore_rules=[dict(rule, expires_at=None)], now=NOW)
    tenants = {"acme": {**LIVE, "findings": [dict(CONFIGURED)]}}
    one = judge(SPEC, "sha256:one", {"tenants": tenants}, DnsPlan(), wishes)
    assert (one.status, one.action) == ("in_sync", "none")
    assert one.accepted == [{"kind": "container", "name": "web", "field": "memory"}]


def records(live, applied=(RECORD,), desired=(RECORD,)):
    return plan_records(SPEC, "tenant:acme", list(desired), list(applied), live)


def test_a_lost_record_is_written_and_a_wanted_one_is_not():
    lost = records([])
    assert heal(dns=lost).status == "drift"
    assert len(lost.present) == 1
    wanted = records([], applied=())
    assert heal(dns=wanted, digest="sha256:two").records == 0
    assert wanted.present == []


def test_no_record_is_written_of_a_tenant_that_is_left_alone():
    lost = records([])
    one = heal([dict(FINDING, **{"class": "conflict"})], dns=lost)
    assert (one.records, lost.present) == (0, [])


def test_an_ignored_record_is_not_written_by_a_deploy_either():
    moved = records([dict(RECORD, value=["192.0.2.9"], owner="tenant:acme")])
    rule = {"kind": "record", "resource": "acme.*", "field": "*", "mode": "ignore", "reason": "moved for a while"}
    wishes = Wishes(ignore_rules=[dict(rule, expires_at=None)], now=NOW)
    one = judge(SPEC, "sha256:one", {"tenants": {"acme": LIVE}}, moved, wishes)
    assert (one.status, one.records, moved.present) == ("in_sync", 0, [])
