# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a play's variables to the questions that a walk asks, and from the answers to the walks."""

from __future__ import annotations

import typing as t

from ansible_collections.tenantry.platform.plugins.plugin_utils import fleet, planner
from ansible_collections.tenantry.platform.plugins.plugin_utils.diagnosis import route
from ansible_collections.tenantry.platform.plugins.plugin_utils.diagnosis.link import Case, Zone
from ansible_collections.tenantry.platform.plugins.plugin_utils.diagnosis.walk import Walk
from ansible_collections.tenantry.platform.plugins.plugin_utils.render import dns
from ansible_collections.tenantry.platform.plugins.plugin_utils.spec import digest

Variables = dict[str, t.Any]


def covered(task_vars: Variables) -> fleet.Fleet:
    """The tenants that the plan covered."""
    return fleet.sort_hosts(task_vars, fleet.localhost_fact(task_vars, "tenantry_covered", []))


def questions(task_vars: Variables) -> dict[str, t.Any]:
    """Facts for the plays that ask.

    :returns: ``tenantry_probes``: by the host that reads a node, its tenants as M(tenantry.platform.tenant_probe_info)
        takes them; ``tenantry_questions``: by zone, as M(tenantry.platform.dns_answer_info) takes them.
    """
    there = covered(task_vars)
    probes = {reader: {name: _asked(there.specs[name]) for name in names} for reader, names in there.readers.items()}
    by_zone: dict[str, list[dict[str, str]]] = {}
    for spec in there.specs.values():
        for one in _desired(spec):
            by_zone.setdefault(spec["zone"], []).append({"name": one["name"], "type": one["type"]})
    return {"tenantry_probes": probes, "tenantry_questions": by_zone, "tenantry_diagnosis": {}}


def _asked(spec: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    ports = {one["name"]: one["port"] for one in spec["services"] if one["port"] and one["kind"] != "job"}
    return {"url": route.url(spec) if spec["state"] == "active" else "", "ports": ports}


def _desired(spec: t.Mapping[str, t.Any]) -> list[dict[str, t.Any]]:
    return [] if spec["state"] == "removed" else dns.record_sets(spec)


def walks(task_vars: Variables) -> list[Walk]:
    """One walk for each tenant of the run, by name."""
    there = covered(task_vars)
    known = task_vars.get("tenantry_known")
    found = [Walk.of(one) for one in _cases(task_vars, there)]
    for host, invalid in there.invalid.items():
        kind = "tenant" if known is None or host in known else "node"
        found.append(Walk.quarantined(host, invalid, kind))
    return sorted(found, key=lambda one: one.tenant)


def _cases(task_vars: Variables, there: fleet.Fleet) -> t.Iterator[Case]:
    verdicts = fleet.planned(task_vars)
    reads, zones = fleet.by_node(task_vars, there, planner.NODE), planner.zone_reads(task_vars)
    probes = fleet.by_node(task_vars, there, "tenantry_probe")
    answers = fleet.by_item(task_vars, "tenantry_answers")
    for name, spec in there.specs.items():
        read, probe = reads.get(spec["node"]) or {}, probes.get(spec["node"]) or {}
        live = (read.get("tenants") or {}).get(name) or {}
        wanted = digest(spec)
        plan = planner.tenant_records(spec, zones, live, wanted)
        ignored = {one["id"]: one["ignored_by"] for one in verdicts[name]["findings"]}
        for one in plan.findings:
            one["ignored_by"] = ignored.get(one["id"])
        told = answers.get(spec["zone"]) or {}
        nameserver = (task_vars.get("tenantry_zones") or {}).get(spec["zone"], {}).get("nameserver") or spec["node"]
        yield Case(
            spec,
            verdicts[name],
            Zone(
                spec["zone"],
                nameserver,
                _desired(spec),
                plan,
                {(one["name"], one["type"]): one for one in told.get("answers") or ()},
                "" if "answers" in told else str(told.get("msg") or "it was not asked"),
            ),
            live,
            probe.get("edge") or {},
            (probe.get("tenants") or {}).get(name) or {},
            _unread(spec["node"], read, probe),
            str(probe.get("engine_error") or read.get("engine_error") or ""),
        )


def _unread(node: str, read: t.Mapping[str, t.Any], probe: t.Mapping[str, t.Any]) -> str:
    """Why a node could not be asked; empty when it could, by the plan's reader and by the probe."""
    for result in (read, probe):
        if "tenants" not in result:
            return str(result.get("msg") or f"node {node} did not answer")
    return ""
