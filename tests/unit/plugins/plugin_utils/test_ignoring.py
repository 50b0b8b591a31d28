# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of differences that operators accept."""

from __future__ import annotations

import os

import pytest

from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.plugin_utils import ignoring
from ansible_collections.tenantry.platform.plugins.plugin_utils.plan import accepted

MEMORY = {
    "kind": "container",
    "name": "acme-[1]-web-1",
    "field": "memory",
    "class": "drift",
    "live": 268435456,
    "ignored_by": None,
}


def verdict(*findings, tenant="acme", status="drift"):
    return {
        "tenant": tenant,
        "status": status,
        "action": "deploy",
        "operation": "deploy",
        "reasons": ["memory"],
        "records": 0,
        "findings": [dict(one) for one in findings],
    }


def ignored(rules, *findings, tenant="acme"):
    found = [dict(one) for one in findings]
    ignoring.ignore(tenant, found, rules, "2026-11-21T12:00:00Z")
    return [bool(one["ignored_by"]) for one in found]


def test_a_baseline_accepts_what_differs_now_and_tells_of_the_next_change(tmp_path):
    path = str(tmp_path / "ignore.yml")
    gone = dict(MEMORY, field="presence", live=None, **{"class": "missing"})
    ignoring.append(path, ignoring.baseline([verdict(MEMORY, gone)], "a test"))
    rules = ignoring.read(path)
    assert ignored(rules, MEMORY, gone) == [True, True]
    assert ignored(rules, dict(MEMORY, live=536870912), dict(gone, live="exited")) == [False, False]
    assert ignored(rules, MEMORY, tenant="globex") == [False]
    assert ignored(rules, dict(MEMORY, name="acme-1-web-1")) == [False]
    assert os.stat(path).st_mode & 0o777 == 0o640


def test_a_baseline_leaves_conflicts_pending_and_what_is_ignored_already():
    findings = [dict(MEMORY, **{"class": "conflict"}), dict(MEMORY, **{"class": "pending"})]
    assert ignoring.baseline([verdict(*findings, dict(MEMORY, ignored_by={"reason": "known"}))], "a test") == []


def test_rules_that_were_there_stay(tmp_path):
    path = tmp_path / "ignore.yml"
    path.write_text(
        "# known\n- kind: network\n  tenant: 'ac*'\n  reason: a test\n  expires_at: 2030-01-01T00:00:00Z\n",
        encoding="utf-8",
    )
    ignoring.append(str(path), ignoring.baseline([verdict(MEMORY)], "another"))
    first, second = ignoring.read(str(path))
    assert (first["tenant"], first["resource"], first["expires_at"]) == ("ac*", "*", "2030-01-01T00:00:00Z")
    assert second["reason"] == "another"


def test_an_empty_file_has_no_rules(tmp_path):
    path = tmp_path / "ignore.yml"
    path.write_text("", encoding="utf-8")
    assert ignoring.read(str(path)) == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("kind: container\n", "it is no list"),
        ("- container\n", "rule 1 is no mapping"),
        ("- {kind: container, reason: x}\n- {kind: container}\n", "rule 2: reason: is missing"),
        ("- {kind: container, reason: x, resources: y}\n", "rule 1: resources: is no key of a rule"),
        ("- {kind: container, reason: x, mode: accept}\n", "rule 1: mode: 'accept' is none of ignore, record"),
        ("- {kind: container, reason: x, expires_at: soon}\n", "rule 1: expires_at: 'soon' is no time"),
        ("- {kind: container, reason: [x]}\n", "rule 1: reason:"),
        ("- {kind: [\n", "cannot be read"),
        ("- {1: 2}\n", "rule 1 is no mapping"),
        ("- !!python/object/apply:os.system [true]\n", "cannot be read"),
    ],
)
def test_a_wrong_file_is_refused_with_rule_and_key(tmp_path, text, told):
    path = tmp_path / "ignore.yml"
    path.write_text(text, encoding="utf-8")
    for call in (ignoring.read, lambda file: ignoring.append(file, ignoring.baseline([verdict(MEMORY)], "x"))):
        with pytest.raises(TenantryError) as caught:
            call(str(path))
        assert str(path) in caught.value.message
        assert told in caught.value.message
    assert path.read_text(encoding="utf-8") == text


def test_a_file_that_is_not_there_is_no_empty_one(tmp_path):
    with pytest.raises(TenantryError) as caught:
        ignoring.read(str(tmp_path / "none.yml"))
    assert "No such file" in caught.value.message
    with pytest.raises(TenantryError) as caught:
        ignoring.append(str(tmp_path / "none" / "ignore.yml"), ignoring.baseline([verdict(MEMORY)], "x"))
    assert "cannot be written" in caught.value.message


def test_what_a_baseline_accepts_is_in_sync_at_once():
    rules = ignoring.baseline([verdict(MEMORY)], "a test")
    one = accepted(verdict(MEMORY), rules)
    assert (one["status"], one["action"], one["reasons"]) == ("in_sync", "none", [])
    other = accepted(verdict(MEMORY, dict(MEMORY, field="env", **{"class": "conflict"}), status="conflict"), rules)
    assert (other["status"], other["action"]) == ("conflict", "deploy")
    assert accepted(verdict(), rules)["status"] == "drift"
