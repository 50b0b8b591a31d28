# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what plays left to walks, also when a play left nothing."""

from __future__ import annotations

import pytest

from ansible_collections.tenantry.platform.plugins.plugin_utils import fleet, planner
from ansible_collections.tenantry.platform.plugins.plugin_utils.diagnosis import collect
from ansible_collections.tenantry.platform.plugins.plugin_utils.plan import Wishes
from ansible_collections.tenantry.platform.tests.unit.plugins.plugin_utils.diagnosis.cases import RELEASE, Patient
from ansible_collections.tenantry.platform.tests.unit.plugins.plugin_utils.render import builders

RECORDS = [
    {"name": "acme.demo.test.", "type": kind, "ttl": 300, "value": [value], "owner": "tenant:acme"}
    for kind, value in (("A", "192.0.2.10"), ("AAAA", "2001:db8::10"))
]


class HostVars(dict):
    """As much of ansible's HostVars as is used."""

    raw_get = dict.__getitem__


class Run:
    """What the plays of a run left, for the tenant acme on node1."""

    def __init__(self, **changes):
        patient = Patient()
        del patient.probe["services"]["postgres"]
        spec = builders.spec(**changes)
        live = {**patient.live, "spec_digest": collect.digest(spec)}
        self.reader = {
            "tenant": spec,
            "tenant_policies": {},
            "tenantry_node_info": {"tenants": {"acme": live}, "engine_error": "", "edge_error": ""},
            "tenantry_zone_info": {"results": [{"item": "demo.test", "zone_exists": True, "record_sets": RECORDS}]},
            "tenantry_probe": {"engine_error": "", "edge": patient.edge, "tenants": {"acme": patient.probe}},
            "tenantry_answers": {
                "results": [
                    {
                        "item": "demo.test",
                        "answers": [{**one, "rcode": "NOERROR", "authoritative": True, "error": ""} for one in RECORDS],
                    }
                ]
            },
        }
        self.hosts = HostVars(acme=self.reader)
        self.known = ["acme", "bad"]

    def variables(self):
        readers = {"acme": {"acme": collect.digest(self.reader["tenant"])}} if "acme" in self.hosts else {}
        facts = {"tenantry_covered": list(self.hosts), "tenantry_readers": list(readers), "tenantry_read": readers}
        variables = {
            "hostvars": HostVars(self.hosts, localhost={"ansible_facts": facts}),
            "tenantry_zones": {"demo.test": {"nameserver": "ns1"}},
            "tenantry_known": self.known,
        }
        plan = planner.plan(variables, Wishes())
        facts["tenantry_plan"] = fleet.packed(plan.verdicts)
        return variables

    def walk(self):
        (walk,) = collect.walks(self.variables())
        return walk

    def unknown(self):
        return {one.name for one in self.walk().links if one.status == "unknown"}


@pytest.fixture(name="run")
def make_run():
    return Run()


def test_what_plays_left_of_a_tenant_that_is_well_is_a_walk_that_is_well(run):
    walk = run.walk()
    assert {one.name: one.status for one in walk.links} == {
        "row": "ok",
        "dns": "ok",
        "edge": "ok",
        "route": "ok",
        "container": "ok",
        "health": "ok",
        "database": "none",
    }
    assert walk.links[0].text == f"active, release {RELEASE}"


def test_each_node_and_each_zone_is_asked_what_its_tenants_need(run):
    facts = collect.questions(run.variables())
    assert facts["tenantry_probes"] == {"acme": {"acme": {"url": "https://acme.demo.test/", "ports": {"web": 8080}}}}
    asked = [(one["name"], one["type"]) for one in facts["tenantry_questions"]["demo.test"]]
    assert asked == [("acme.demo.test.", "A"), ("acme.demo.test.", "AAAA")]


def test_of_a_tenant_that_must_not_serve_no_page_is_asked():
    facts = collect.questions(Run(state="stopped").variables())
    assert facts["tenantry_probes"]["acme"]["acme"]["url"] == ""
    assert facts["tenantry_questions"]


def test_a_removed_tenant_has_no_names_to_ask_for():
    assert collect.questions(Run(state="removed").variables())["tenantry_questions"] == {}


def test_jobs_and_services_without_a_port_are_not_connected_to():
    services = [builders.service("web"), builders.service("worker", port=None), builders.service("migrate", "job")]
    facts = collect.questions(Run(services=services).variables())
    assert facts["tenantry_probes"]["acme"]["acme"]["ports"] == {"web": 8080}


@pytest.mark.parametrize(
    "left",
    [{"unreachable": True, "msg": "no route to host"}, {"failed": True, "msg": "no route to host"}, None],
)
@pytest.mark.parametrize("which", ["tenantry_node_info", "tenantry_probe"])
def test_a_node_that_was_not_read_or_not_probed_is_unknown(run, which, left):
    run.reader[which] = left
    assert run.unknown() == {"edge", "route", "container", "health", "database"}
    assert ("no route to host" if left else "did not answer") in run.walk().cause.text


@pytest.mark.parametrize("left", [None, {}, {"results": [{"item": "demo.test", "unreachable": True, "msg": "gone"}]}])
def test_a_name_server_that_was_not_asked_is_unknown(run, left):
    run.reader["tenantry_answers"] = left
    assert run.unknown() == {"dns"}
    assert run.walk().cause.command == "ansible ns1 -m ansible.builtin.ping"


def test_a_rule_that_ignores_a_record_is_kept(run):
    run.reader["tenantry_zone_info"]["results"][0]["record_sets"] = [
        *RECORDS,
        {**RECORDS[0], "name": "old.demo.test."},
    ]
    rule = {"kind": "record", "resource": "old.*", "field": "*", "mode": "ignore", "reason": "x", "expires_at": None}
    (dns,) = (one for one in run.walk().links if one.name == "dns")
    assert "old.demo.test." in str(dns.evidence)
    run.reader["tenant_policies"] = {"ignore_rules": [rule]}
    (dns,) = (one for one in run.walk().links if one.name == "dns")
    assert dns.evidence == []


@pytest.mark.parametrize(("host", "table"), [("bad", "tenants."), ("node9", "nodes.")])
def test_what_is_in_quarantine_is_told_from_the_list_of_all_tenants(run, host, table):
    run.hosts = HostVars({host: {"tenantry_invalid": [{"field": "address", "reason": "no"}]}})
    assert run.walk().cause.advice.startswith(f"correct {table}address")


def test_a_node_alone_is_nobody_to_walk_to(run):
    run.hosts = HostVars(node1={"node": {"name": "node1"}})
    assert collect.walks(run.variables()) == []
