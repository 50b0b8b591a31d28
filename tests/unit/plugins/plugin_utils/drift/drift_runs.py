# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs to make reports of, and the check against the published schema."""

from __future__ import annotations

import functools
import json
import typing as t
from pathlib import Path

import jsonschema

from ansible_collections.tenantry.platform.plugins.plugin_utils.drift import document
from ansible_collections.tenantry.platform.plugins.plugin_utils.drift.changes import Event
from ansible_collections.tenantry.platform.plugins.plugin_utils.drift.collect import Run
from ansible_collections.tenantry.platform.plugins.plugin_utils.fleet import packed

HERE = Path(__file__)
SCHEMA = HERE.parents[5] / "docs" / "drift-report.schema.json"
CORPUS = HERE.parents[2] / "fixtures" / "hostile_inputs.json"
STARTED, FINISHED = "2026-11-21T04:00:00Z", "2026-11-21T04:00:07Z"


def run(**changes: t.Any) -> Run:
    """A run that did nothing yet."""
    return Run("1f0c9a2e-0000-4000-8000-000000000000", "controller1", STARTED, **changes)


def event(action: str, result: dict[str, t.Any], **changes: t.Any) -> Event:
    """What a task told."""
    given: dict[str, t.Any] = {
        "host": "acme",
        "action": action,
        "task": f"Do {action}",
        "path": "site.yml:7",
        "role": "",
        "check_mode": False,
        "looped": False,
        "hidden": False,
        "delegate_to": None,
        "run_once": False,
        "result": result,
    }
    return Event(**{**given, **changes})


def fleet(action: str, tenants: list[dict[str, t.Any]], **changes: t.Any) -> Event:
    """What an action of the fleet told."""
    result = {"changed": False, "tenants": tenants}
    if action in ("plan_readers", "plan"):
        result = {"changed": False, "ansible_facts": {"tenantry_plan": packed(tenants)}}
    return event(f"tenantry.platform.{action}", result, **changes)


def verdict(tenant: str, status: str = "in_sync", *findings: dict[str, t.Any], **changes: t.Any) -> dict[str, t.Any]:
    """What plan says about a tenant."""
    given = {
        "tenant": tenant,
        "node": "node1",
        "status": status,
        "action": "none" if status == "in_sync" else "converge",
        "reasons": [one["text"] for one in findings],
        "held": [],
        "release": "20261121T041833Z-1f0c9a2e",
        "url": f"https://{tenant}.example.com/",
        "zone": "example.com",
        "records": 0,
        "findings": list(findings),
    }
    return {**given, **changes}


def row(tenant: str, status: str, message: str = "") -> dict[str, t.Any]:
    """How a tenant ended."""
    return {"tenant": tenant, "status": status, "release": "20261121T050000Z-00000000", "url": "", "message": message}


def finding(**changes: t.Any) -> dict[str, t.Any]:
    """A field of a container that somebody changed."""
    given = {
        "kind": "container",
        "name": "acme-web-1",
        "field": "memory",
        "class": "drift",
        "severity": "critical",
        "last": "128m",
        "desired": "128m",
        "live": "2g",
        "sensitive": False,
        "text": "container acme-web-1: memory is 2g, was applied as 128m",
        "ignored_by": None,
    }
    return {**given, **changes}


def checked(*verdicts: dict[str, t.Any]) -> Run:
    """A run that looked at these tenants and reported them."""
    made = run()
    made.playbooks.append("drift.yml")
    made.ok(fleet("plan_readers", [verdict(one["tenant"], "unreachable") for one in verdicts]))
    made.ok(fleet("plan", list(verdicts)))
    made.ok(fleet("report", [row(one["tenant"], one["status"]) for one in verdicts]))
    made.end([str(one["tenant"]) for one in verdicts], {})
    return made


@functools.lru_cache
def _validator() -> t.Any:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    kind = jsonschema.validators.validator_for(schema)
    kind.check_schema(schema)
    return kind(schema)


def valid(data: dict[str, t.Any]) -> dict[str, t.Any]:
    """The document as it comes back from its file, once the schema has agreed with it."""
    read = json.loads(document.dump(data))
    problems = [f"{'/'.join(map(str, one.absolute_path))}: {one.message}" for one in _validator().iter_errors(read)]
    assert problems == []
    return t.cast("dict[str, t.Any]", read)


def report(made: Run) -> dict[str, t.Any]:
    """The report of a run."""
    return valid(document.build(made, FINISHED, {}))


def hostile() -> list[str]:
    """Every string of the corpus, and what breaks out of pages."""
    fields = json.loads(CORPUS.read_text(encoding="utf-8"))["fields"]
    corpus = [str(entry["value"]) for entries in fields.values() for entry in entries]
    return [
        *corpus,
        "<script>alert(1)</script>",
        "</script><script>alert(1)</script>",
        "</style><img src=x onerror=alert(1)>",
        '" autofocus onfocus=alert(1) x="',
        "' onmouseover='alert(1)",
        "javascript:alert(1)",
        "<!--",
        "]]>",
        "\u202egnp.exe",
        "a\u2066b\u2069",
        "\x00\x1b[31m\x7f\x85\u2028",
        "\ud800",
        "&lt;b&gt;",
        "\U000e0041 tag",
    ]
