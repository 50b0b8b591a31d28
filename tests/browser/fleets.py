# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports to look at, made by the code that makes all reports; each agrees with the published schema."""

from __future__ import annotations

import typing as t

from ansible_collections.tenantry.platform.plugins.plugin_utils.drift.collect import Run
from ansible_collections.tenantry.platform.tests.unit.plugins.plugin_utils.drift.drift_runs import (
    checked,
    event,
    finding,
    hostile,
    report,
    run,
    verdict,
)

TENANTS, FINDINGS = 500, 60
LONG = {"DATABASE_HOST": "postgres", "FEATURES": ["search", "export", "billing"], "URL": "https://" + "very-long." * 20}
# Status of a tenant with findings, then what differs. Twelve tenants of each of these five.
KINDS: tuple[tuple[str, dict[str, t.Any]], ...] = (
    ("drift", {"field": "memory"}),
    ("drift", {"field": "environment", "last": LONG, "desired": LONG, "live": {**LONG, "DEBUG": "1"}}),
    ("conflict", {"field": "image", "class": "conflict", "last": "a:1", "desired": "a:2", "live": "a:3"}),
    ("drift", {"kind": "router", "field": "presence", "class": "missing", "severity": "warning", "live": None}),
    ("pending", {"field": "secret", "class": "pending", "severity": "info", "sensitive": True}),
)


def name(i: int) -> str:
    """Of a tenant."""
    return f"tenant-{i:03d}"


def five_hundred() -> Run:
    """A fleet as it is on a bad morning: sixty findings, four tenants that nobody could judge, two that are refused."""
    verdicts = []
    for i in range(TENANTS):
        node = {"node": f"node{i % 7}"}
        if i < FINDINGS:
            status, about = KINDS[i % len(KINDS)]
            found = finding(**{"name": f"{name(i)}-web-1", "text": f"{name(i)}: {about['field']} differs", **about})
            verdicts.append(verdict(name(i), status, found, **node))
        elif i < FINDINGS + 4:
            verdicts.append(verdict(name(i), "unreachable", reasons=["node9: Connection refused"], node="node9"))
        elif i < FINDINGS + 6:
            verdicts.append(verdict(name(i), "invalid", reasons=["services.web.port: 70000 is no port"], node=""))
        elif i < FINDINGS + 9:
            known = finding(ignored_by={"reason": "scaled by hand until the sale ends", "until": "2027-01-01"})
            verdicts.append(verdict(name(i), "in_sync", known, **node))
        else:
            verdicts.append(verdict(name(i), **node))
    made = checked(*verdicts)
    made.fleet = "eu-west"
    made.lose(event("tenantry.platform.node_info", {"msg": "Connection refused"}, host=name(FINDINGS)))
    return made


def attacked() -> tuple[Run, list[str]]:
    """Every hostile string wherever a string may stand, and the strings."""
    texts = hostile()
    made = run(check=True, limit=texts[-14], fleet=texts[-13])
    verdicts = []
    for i, text in enumerate(texts):
        rule = {"reason": text, "until": text} if i % 2 else None
        one = finding(name=text, kind=text, field=text, last=text, desired=[text], live={text: text}, ignored_by=rule)
        given = {"node": text, "reasons": [text], "held": [text], "release": text, "url": text}
        verdicts.append(verdict(f"t{i}{text}", "drift", {**one, "text": text}, **given))
        diff = {"before": text, "after": f"{text}x", "before_header": text, "after_header": text}
        told = {"changed": True, "item": text, "diff": [diff, {"prepared": text}]}
        names = {"host": text, "task": text, "path": text, "role": text, "delegate_to": text}
        made.ok(event("x", told, check_mode=True, **names))
        made.lose(event("x", {"msg": text}, **names))
    made.playbooks += texts
    made.ok(event("tenantry.platform.plan", {"tenants": verdicts}))
    made.end(texts, {})
    return made, texts


def document(made: Run) -> dict[str, t.Any]:
    """Its report, which the schema agrees with."""
    return report(made)
