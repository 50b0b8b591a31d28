# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The link of names: what stands in the zone, and what the name server answers."""

from __future__ import annotations

import typing as t

from ansible_collections.tenantry.platform.plugins.plugin_utils.diagnosis import commands
from ansible_collections.tenantry.platform.plugins.plugin_utils.diagnosis.link import (
    BROKEN,
    NONE,
    OK,
    UNKNOWN,
    Case,
    Link,
    Zone,
)

NAME = "dns"


def judge(case: Case) -> Link:
    """The records of a tenant as the database wants them, as its zone has them, and as clients are given them."""
    zone, plan = case.zone, case.zone.plan
    findings = [one["text"] for one in plan.findings if not one["ignored_by"]]
    if not zone.desired and not findings:
        why = "removed" if case.spec["state"] == "removed" else f"no hostname of it lies in zone {zone.name}"
        return Link(NAME, NONE, why)
    wrong = [text for text in (_wrong(zone, one) for one in zone.desired) if text]
    if plan.error:
        return _unread(zone, wrong)
    if plan.conflict:
        return Link(NAME, BROKEN, plan.conflict, advice="no deploy takes a record from somebody else", blocks=True)
    if plan.present or (findings and case.spec["state"] == "removed"):
        return Link(NAME, BROKEN, findings[0], findings[1:] + wrong, commands.deploy(case.tenant))
    stale = [f"{text}: a deploy removes it" for text in findings]
    if zone.unasked:
        text = f"the records are right, and name server {zone.nameserver} could not be asked"
        return Link(NAME, UNKNOWN, text, [zone.unasked, *stale], commands.ping(zone.nameserver))
    if wrong:
        return _answers_otherwise(zone, wrong)
    return Link(NAME, OK, "; ".join(_told(one) for one in zone.desired), stale)


def _unread(zone: Zone, wrong: list[str]) -> Link:
    error = zone.plan.error
    if zone.unasked:
        return Link(NAME, UNKNOWN, error, [zone.unasked], commands.ping(zone.nameserver), blocks=True)
    if not wrong:
        text = f"the name server answers as it should, and its zone could not be read: {error}"
        return Link(NAME, UNKNOWN, text, command=commands.nodes(zone.nameserver), blocks=True)
    text = f"the name server on node {zone.nameserver} does not serve zone {zone.name}"
    return Link(NAME, BROKEN, text, [*wrong, error], commands.nodes(zone.nameserver), blocks=True)


def _answers_otherwise(zone: Zone, wrong: list[str]) -> Link:
    text = f"the records are right, and name server {zone.nameserver} answers otherwise"
    if all(_answer(zone, one).get("error") for one in zone.desired):
        return Link(NAME, BROKEN, text, wrong, commands.nodes(zone.nameserver))
    advice = "what was written lately may stand in its cache for 20 seconds; else something else answers at its address"
    return Link(NAME, BROKEN, text, wrong, advice=advice)


def _answer(zone: Zone, record: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    return zone.answers.get((record["name"], record["type"])) or {}


def _wrong(zone: Zone, record: t.Mapping[str, t.Any]) -> str:
    """How the answer differs from the wanted record; empty when it does not, or when nobody was asked."""
    answer = _answer(zone, record)
    if not answer:
        return ""
    name = f"{record['name']} {record['type']}"
    if answer["error"]:
        return f"{name}: {answer['error']}"
    if answer["rcode"] != "NOERROR" or sorted(answer["value"]) != sorted(record["value"]):
        said = " ".join(answer["value"]) if answer["value"] else answer["rcode"]
        return f"{name}: the server says {said}, the database wants {' '.join(record['value'])}"
    return "" if answer["authoritative"] else f"{name}: the server does not speak for the zone"


def _told(record: t.Mapping[str, t.Any]) -> str:
    return f"{record['name'].rstrip('.')} {record['type']} {' '.join(record['value'])}"
