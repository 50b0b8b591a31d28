# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as data: schema 1, as docs/drift-report.schema.json describes it. No input or output."""

from __future__ import annotations

import collections
import hashlib
import json
import typing as t

from ansible_collections.tenantry.platform.plugins.plugin_utils.drift.collect import Run
from ansible_collections.tenantry.platform.plugins.plugin_utils.drift.values import jsonable

SCHEMA = 1
# Worst first; the order in which a person wants to read them.
STATUSES = (
    "failed",
    "fatal",
    "refused",
    "conflict",
    "drift",
    "missing",
    "extra",
    "unreachable",
    "unknown",
    "invalid",
    "pending",
    "waiting",
    "held",
    "deployed",
    "upgraded",
    "rolled_back",
    "promoted",
    "aborted",
    "canary",
    "done",
    "converged",
    "healed",
    "stopped",
    "removed",
    "in_sync",
)
BROKEN = {"failed", "fatal", "refused", "invalid"}
UNJUDGED = {"unreachable", "unknown"}
DRIFTED = {"drift", "conflict", "missing", "extra"}
# The run made these as the database wants them, so that what plan had found is mended.
MENDED = {"deployed", "upgraded", "rolled_back", "promoted", "aborted", "converged", "healed", "stopped", "removed"}
SEVERITIES = ("critical", "warning", "info")
CLASSES = ("conflict", "drift", "missing", "extra", "pending")


def build(run: Run, finished: str, first_seen: t.Mapping[str, str]) -> dict[str, t.Any]:
    """The report of a run.

    :param first_seen: by id of a finding when an earlier report showed it first.
    """
    tenants = {name: _tenant(run, name) for name in sorted({*run.verdicts, *run.rows})}
    found = [one for name, tenant in tenants.items() for one in _findings(run.verdicts.get(name, {}), tenant)]
    for one in found:
        one["first_seen"] = first_seen.get(one["id"], finished)
    findings = [one for one in found if one["ignored_by"] is None]
    ignored = [one for one in found if one["ignored_by"] is not None]
    by_tenant: dict[str, list[dict[str, t.Any]]] = collections.defaultdict(list)
    for one in found:
        by_tenant[one["tenant"]].append(one)
    for name, tenant in tenants.items():
        tenant["counts"] = _counts(by_tenant[name])
    # Which host answers first is chance, and no part of a report.
    changes = _numbered(sorted(run.changes, key=lambda one: str(one["host"])))
    errors = sorted(run.errors(), key=lambda one: one["host"])
    statuses = {tenant["status"] for tenant in tenants.values()}
    complete = run.ended and not statuses & UNJUDGED and not run.unreachable and not run.lost
    document = {
        "schema": SCHEMA,
        "report_id": run.report_id,
        "mode": run.mode,
        "started": run.started,
        "finished": finished,
        "controller": run.controller,
        "playbook": ", ".join(run.playbooks),
        "limit": run.limit,
        "fleet": run.fleet,
        "complete": complete,
        "exit": _exit(complete, statuses, findings, errors),
        "tenants": tenants,
        "hosts": _hosts(run, errors, changes),
        "findings": findings,
        "ignored": ignored,
        "changes": changes,
        "errors": errors,
    }
    return t.cast("dict[str, t.Any]", jsonable(document))


def dump(document: dict[str, t.Any]) -> bytes:
    """As it is written."""
    return json.dumps(document, indent=2, allow_nan=False).encode("ascii") + b"\n"


def first_seen(document: t.Any) -> dict[str, str]:
    """By id of a finding when it was seen first, from an earlier report; nothing from what is none."""
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        return {}
    return {one["id"]: one["first_seen"] for one in [*document["findings"], *document["ignored"]]}


def severity_counts(findings: t.Iterable[dict[str, t.Any]]) -> collections.Counter[str]:
    """How many findings are still open, by severity."""
    return collections.Counter(one["severity"] for one in findings if not one["resolved"])


def _tenant(run: Run, name: str) -> dict[str, t.Any]:
    verdict, row = run.verdicts.get(name, {}), run.rows.get(name)
    planned = _status(verdict.get("status"))
    lost = run.mode == "enforce" and run.reported and row is None
    return {
        # What was planned is no longer true where something was done, and nobody said how that ended.
        "status": "unknown" if lost else _status(row.get("status")) if row else planned,
        "planned": planned,
        "action": str(verdict.get("action") or "none"),
        "node": str(verdict.get("node") or ""),
        "release": (row or verdict).get("release") or None,
        "url": str((row or verdict).get("url") or ""),
        "message": str((row or {}).get("message") or ""),
        "reasons": [str(one) for one in verdict.get("reasons") or []],
        "held": [str(one) for one in verdict.get("held") or []],
    }


def _status(status: t.Any) -> str:
    """A status that the schema knows. A row says ``in_sync (stopped)`` where that is what the database wants."""
    word = str(status).partition(" (")[0]
    return word if word in STATUSES else "unknown"


def _findings(verdict: dict[str, t.Any], tenant: dict[str, t.Any]) -> t.Iterator[dict[str, t.Any]]:
    seen: collections.Counter[tuple[str, ...]] = collections.Counter()
    for one in verdict.get("findings") or []:
        key = (str(verdict["tenant"]), str(one.get("kind")), str(one.get("name")), str(one.get("field")))
        ignored = one.get("ignored_by")
        yield {
            "id": _id(*key, seen[key]),
            "tenant": key[0],
            "node": tenant["node"],
            "resource": {"kind": key[1], "name": key[2]},
            "field": key[3],
            "class": one.get("class") if one.get("class") in CLASSES else "drift",
            "severity": one.get("severity") if one.get("severity") in SEVERITIES else "critical",
            "last": one.get("last"),
            "desired": one.get("desired"),
            "live": one.get("live"),
            "sensitive": bool(one.get("sensitive")),
            "text": str(one.get("text") or ""),
            "resolved": _mended(tenant),
            "ignored_by": _rule(ignored) if ignored else None,
        }
        seen[key] += 1


def _mended(tenant: dict[str, t.Any]) -> bool:
    # A tenant with an override is called held once it is as it should be, whatever was done for that.
    return tenant["status"] in MENDED or (tenant["status"] == "held" and tenant["planned"] != "held")


def _rule(ignored: dict[str, t.Any]) -> dict[str, t.Any]:
    until = ignored.get("until")
    return {"reason": str(ignored.get("reason") or ""), "until": None if until is None else str(until)}


def _counts(findings: list[dict[str, t.Any]]) -> dict[str, int]:
    counts = severity_counts(one for one in findings if one["ignored_by"] is None)
    return {
        **{severity: counts[severity] for severity in SEVERITIES},
        "resolved": sum(one["resolved"] and one["ignored_by"] is None for one in findings),
        "ignored": sum(one["ignored_by"] is not None for one in findings),
    }


def _numbered(changes: list[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    """With ids that the next run gives too: by what a task is for, not by where it stands in a file."""
    seen: collections.Counter[tuple[str, ...]] = collections.Counter()
    result = []
    for one in changes:
        key = tuple(str(one[name]) for name in ("host", "role", "task", "item"))
        result.append({"id": _id(*key, seen[key]), **one})
        seen[key] += 1
    return result


def _id(*parts: t.Any) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


def _hosts(run: Run, errors: list[dict[str, str]], changes: list[dict[str, t.Any]]) -> dict[str, t.Any]:
    kinds: dict[str, set[str]] = collections.defaultdict(set)
    for error in errors:
        kinds[error["host"]].add(error["kind"])
    counts = collections.Counter((one["host"], one["class"]) for one in changes)
    return {
        host: {
            "status": next((kind for kind in ("unreachable", "failed") if kind in kinds[host]), "ok"),
            "would_change": counts[host, "would_change"],
            "executed": counts[host, "executed"],
        }
        for host in run.hosts
    }


def _exit(complete: bool, statuses: set[str], findings: list[dict[str, t.Any]], errors: list[dict[str, str]]) -> int:
    """What a wrapper may exit with: whatever is said about drift counts for less than an answer that is not whole."""
    if statuses & BROKEN or any(one["kind"] != "unreachable" for one in errors):
        return 1
    if not complete:
        return 4
    open_drift = [one for one in findings if not one["resolved"] and one["class"] != "pending"]
    if statuses & DRIFTED or any(one["severity"] != "info" for one in open_drift):
        return 2
    return 0
