# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Metrics as the textfile collector reads them."""

from __future__ import annotations

import re

from ansible_collections.tenantry.platform.plugins.plugin_utils.drift import prometheus
from ansible_collections.tenantry.platform.tests.unit.plugins.plugin_utils.drift.drift_runs import (
    checked,
    finding,
    fleet,
    hostile,
    report,
    row,
    verdict,
)

SAMPLE = re.compile(
    r'tenantry_drift_[a-z_]+(\{[a-z]+="([^"\\\n]|\\["\\n])*"(,[a-z]+="([^"\\\n]|\\["\\n])*")*\})? [0-9]+'
)


def samples(made):
    """Lines that are no comments."""
    return [line for line in prometheus.render(report(made)).decode().split("\n") if line and line[0] != "#"]


def test_findings_are_counted_by_tenant_node_class_and_severity():
    known = finding(ignored_by={"reason": "known", "until": None})
    lines = samples(checked(verdict("acme", "drift", finding(), finding(field="cpus"), known), verdict("globex")))
    assert 'tenantry_drift_findings{tenant="acme",node="node1",class="drift",severity="critical"} 2' in lines
    assert 'tenantry_drift_tenants{status="drift"} 1' in lines
    assert 'tenantry_drift_tenants{status="conflict"} 0' in lines
    assert "tenantry_drift_ignored 1" in lines
    assert "tenantry_drift_check_success 1" in lines
    assert "tenantry_drift_check_timestamp_seconds 1795233607" in lines
    assert not any("web" in line for line in lines)  # no name of a resource


def test_a_named_fleet_stands_first_on_every_sample():
    made = checked(verdict("acme", "drift", finding()))
    made.fleet = 'eu "west"'
    lines = samples(made)
    assert lines
    assert [line for line in lines if '{fleet="eu \\"west\\""' not in line] == []
    assert [line for line in lines if not SAMPLE.fullmatch(line)] == []


def test_what_a_run_mended_is_no_open_finding():
    made = checked(verdict("acme", "drift", finding()))
    made.ok(fleet("plan_outcomes", []))
    made.ok(fleet("report", [row("acme", "converged")]))
    lines = samples(made)
    assert not [line for line in lines if line.startswith("tenantry_drift_findings")]
    assert 'tenantry_drift_tenants{status="converged"} 1' in lines


def test_a_check_that_could_not_judge_everyone_was_no_success():
    assert "tenantry_drift_check_success 0" in samples(checked(verdict("acme", "unreachable")))


def test_every_family_has_help_and_type_and_a_name_of_ours():
    text = prometheus.render(report(checked(verdict("acme", "drift", finding())))).decode()
    for name in {line.split("{")[0].split(" ")[0] for line in text.splitlines() if line[0] != "#"}:
        assert name.startswith("tenantry_drift_")
        assert f"# HELP {name} " in text
        assert f"# TYPE {name} gauge\n" in text


def test_hostile_labels_are_escaped_and_no_two_samples_are_equal():
    texts = [*hostile(), 'a"} 1\nevil 2', "back\\slash", "\x01", "\x02"]
    lines = samples(checked(*(verdict(text, "drift", finding(), node=text) for text in texts)))
    assert [line for line in lines if not SAMPLE.fullmatch(line)] == []
    names = [line.rsplit(" ", 1)[0] for line in lines]
    assert len(names) == len(set(names))
