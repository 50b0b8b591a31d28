# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Drift is told from pending and from conflict, field by field."""

from __future__ import annotations

import copy
import json

import pytest

from ansible_collections.tenantry.platform.plugins.module_utils import container_fields
from ansible_collections.tenantry.platform.plugins.module_utils.compare import Finding
from ansible_collections.tenantry.platform.plugins.module_utils.stack_project import unescape
from ansible_collections.tenantry.platform.plugins.plugin_utils import ignoring, three_way
from ansible_collections.tenantry.platform.plugins.plugin_utils.render import compose, traefik
from ansible_collections.tenantry.platform.tests.unit.plugins.plugin_utils.render import builders

APPLIED = builders.spec(
    services=[
        builders.service("web", environment={"KEY": "s3cret", "PRICE": "5$"}),
        builders.service("db", "backing", port=5432),
    ]
)


def live(*findings, spec=None):
    """What the node's reader says of a tenant whose last release was made of ``spec``."""
    applied = spec or APPLIED
    refs = builders.images(applied)
    projects = [
        unescape(one)
        for one in (compose.app_project(applied, builders.RELEASE, refs), compose.backing_project(applied, refs))
    ]
    services = {
        name: container_fields.hidden(container_fields.of_project(project, name, "", {}), builders.RELEASE)
        for project in projects
        for name in project["services"]
    }
    return json.loads(
        json.dumps(
            {
                "current": builders.RELEASE,
                "spec_digest": "sha256:applied",
                "images": {one["name"]: one["image"] for one in applied["services"]},
                "findings": [one.as_dict() for one in findings],
                "last": {
                    "services": services,
                    "routers": traefik.expectations(applied, builders.RELEASE)["routers"],
                    "replicas": {one["name"]: one["replicas"] for one in applied["services"]},
                    "records": [],
                },
            }
        )
    )


def changed(**fields):
    """The applied spec with another web service."""
    spec = copy.deepcopy(APPLIED)
    spec["services"][0].update(fields)
    return spec


def found(spec, *findings, digest="sha256:other"):
    return {(one["name"], one["field"]): one for one in three_way.findings(spec, digest, live(*findings))}


MEMORY = Finding("container", "acme-1f0c9a2e-web-1", "memory", 134217728, 268435456, "web")


def test_a_spec_that_wants_the_same_has_no_finding():
    assert found(APPLIED) == {}


def test_what_differs_from_an_equal_spec_is_drift():
    one = found(APPLIED, MEMORY, digest="sha256:applied")[MEMORY.name, "memory"]
    assert (one["class"], one["desired"], one["severity"]) == ("drift", 134217728, "critical")


@pytest.mark.parametrize(
    ("wanted", "name"),
    [(134217728, "drift"), (268435456, "pending"), (536870912, "conflict")],
)
def test_one_field_moved_by_hand_while_the_database_moved_too(wanted, name):
    one = found(changed(memory=wanted, replicas=3), MEMORY)[MEMORY.name, "memory"]
    assert (one["class"], one["desired"]) == (name, wanted)
    assert ("web", "memory") not in found(changed(memory=wanted), MEMORY)


@pytest.mark.parametrize(
    ("change", "field", "last", "desired"),
    [
        ({"cpus": "1"}, "cpus", 500000000, 1000000000),
        ({"replicas": 3}, "replicas", 1, 3),
        ({"image": "registry.example/web:2.0.0"}, "image", None, "registry.example/web:2.0.0"),
        ({"command": ["serve"]}, "command", [], ["serve"]),
        ({"labels": {"team": "red"}}, "labels.team", None, "red"),
    ],
)
def test_what_the_database_wants_otherwise_is_pending(change, field, last, desired):
    findings = found(changed(**change))
    assert [*findings] == [("web", field)]
    one = findings["web", field]
    assert (one["class"], one["desired"], one["severity"]) == ("pending", desired, "info")
    assert last is None or one["last"] == last


def test_a_service_that_comes_and_one_that_goes_are_pending():
    spec = copy.deepcopy(APPLIED)
    spec["services"][1]["name"] = "database"
    findings = found(spec)
    assert {key: one["class"] for key, one in findings.items()} == {
        ("db", "presence"): "pending",
        ("database", "presence"): "pending",
    }


def test_a_route_with_another_hostname_is_pending():
    spec = copy.deepcopy(APPLIED)
    spec["routes"][0]["hostname"] = "new.demo.test"
    assert {one["class"] for one in found(spec).values()} == {"pending"}
    assert [field for _name, field in found(spec)] == ["rule"]


def test_values_that_may_be_secrets_are_nowhere():
    findings = three_way.findings(changed(environment={"KEY": "other", "PRICE": "5$"}), "sha256:other", live())
    assert [(one["field"], one["class"], one["sensitive"]) for one in findings] == [("env.KEY", "pending", True)]
    assert "s3cret" not in str(findings)
    assert "other" not in str(findings)


@pytest.mark.parametrize(
    ("last", "desired", "now", "name"),
    [
        ("300 a", "300 a", None, "missing"),
        ("300 a", "300 a", "60 a", "drift"),
        (None, "300 a", None, "pending"),
        ("300 a", "300 b", "300 a", "pending"),
        ("300 a", "300 b", "300 c", "conflict"),
        (None, None, "300 a", "extra"),
        ("300 a", None, "300 a", "pending"),
    ],
)
def test_records_are_classed_like_everything_else(last, desired, now, name):
    assert three_way.record_finding("acme", "acme.demo.test. A", last, desired, now)["class"] == name


def test_the_worst_class_makes_the_status_and_ignored_findings_do_not():
    def status(*classes, ignored=None):
        return three_way.status({"class": name, "ignored_by": ignored} for name in classes)

    assert status() == "in_sync"
    assert status("pending", "extra") == "drift"
    assert status("pending", "drift", "conflict") == "conflict"
    assert status("drift", ignored={"reason": "known"}) == "in_sync"


def test_a_finding_has_the_same_id_in_every_run():
    one, again = (found(APPLIED, MEMORY, digest="sha256:applied")[MEMORY.name, "memory"]["id"] for _twice in range(2))
    assert one == again
    assert found(APPLIED, MEMORY, digest="sha256:applied") != {}


@pytest.mark.parametrize(
    ("rule", "ignored"),
    [
        ({}, True),
        ({"resource": "acme-*-web-?", "field": "mem*"}, True),
        ({"kind": "network"}, False),
        ({"resource": "other-*"}, False),
        ({"field": "cpus"}, False),
        ({"mode": "record"}, False),
        ({"mode": "record", "accepted": "268435456"}, True),
        ({"mode": "record", "accepted": "134217728"}, False),
        ({"tenant": "ac*"}, True),
        ({"tenant": "globex"}, False),
        ({"expires_at": "2026-01-01T00:00:00Z"}, False),
        ({"expires_at": "2027-01-01T00:00:00Z"}, True),
    ],
)
def test_a_rule_ignores_what_it_names_as_long_as_it_lasts(rule, ignored):
    findings = three_way.findings(APPLIED, "sha256:applied", live(MEMORY))
    whole = {
        "kind": "container",
        "resource": "*",
        "field": "*",
        "mode": "ignore",
        "accepted": None,
        "reason": "known",
        "expires_at": None,
    }
    ignoring.ignore("acme", findings, [{**whole, **rule}], "2026-11-21T12:00:00Z")
    assert bool(findings[0]["ignored_by"]) == ignored
    assert three_way.status(findings) == ("in_sync" if ignored else "drift")


def test_what_waits_for_the_next_deploy_is_never_ignored():
    findings = three_way.findings(changed(replicas=3), "sha256:other", live())
    rule = {"kind": "container", "resource": "*", "field": "*", "mode": "ignore", "reason": "known", "expires_at": None}
    ignoring.ignore("acme", findings, [rule], "2026-11-21T12:00:00Z")
    assert three_way.status(findings) == "pending"


def test_a_spec_that_cannot_be_rendered_does_not_stop_the_plan():
    spec = changed(secrets=["nobody-knows"])
    findings = three_way.findings(spec, "sha256:other", live(MEMORY))
    assert [(one["field"], one["class"]) for one in findings] == [("memory", "drift")]
