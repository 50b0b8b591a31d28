# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as metrics for the textfile collector of node_exporter. No input or output."""

from __future__ import annotations

import collections
import datetime
import typing as t

from ansible_collections.tenantry.platform.plugins.plugin_utils.drift.document import STATUSES
from ansible_collections.tenantry.platform.plugins.plugin_utils.report import clean

Samples = t.Iterable[tuple[dict[str, str], int]]


def render(document: dict[str, t.Any]) -> bytes:
    """The text of the file."""
    findings = collections.Counter(
        # Cleaned before they are counted: two samples with equal labels make the collector refuse the whole file.
        (clean(one["tenant"]), clean(one["node"]), one["class"], one["severity"])
        for one in document["findings"]
        if not one["resolved"]
    )
    labels = ("tenant", "node", "class", "severity")
    tenants = collections.Counter(tenant["status"] for tenant in document["tenants"].values())
    finished = int(datetime.datetime.fromisoformat(document["finished"].replace("Z", "+00:00")).timestamp())
    families: list[tuple[str, str, Samples]] = [
        (
            "findings",
            "Open findings of the last check of the fleet",
            [(dict(zip(labels, key)), count) for key, count in sorted(findings.items())],
        ),
        # Zeros too: an alert on a status that nobody has must not look like one on a check that never ran.
        ("tenants", "Tenants by status", [({"status": status}, tenants[status]) for status in sorted(STATUSES)]),
        ("ignored", "Findings that a rule ignores", [({}, len(document["ignored"]))]),
        (
            "check_success",
            "Whether the last check judged every tenant and nothing failed",
            [({}, int(document["exit"] in (0, 2)))],
        ),
        ("check_timestamp_seconds", "When the last check ended", [({}, finished)]),
    ]
    # Several fleets may be watched from one machine, whose collector refuses two samples with equal labels.
    fleet = {"fleet": clean(document["fleet"])} if document["fleet"] else {}
    lines = []
    for name, text, samples in families:
        lines += [f"# HELP tenantry_drift_{name} {text}.", f"# TYPE tenantry_drift_{name} gauge"]
        lines += [f"tenantry_drift_{name}{_labels({**fleet, **labelled})} {value}" for labelled, value in samples]
    return "\n".join([*lines, ""]).encode()


def _labels(labels: dict[str, str]) -> str:
    pairs = [f'{name}="{_escape(value)}"' for name, value in labels.items()]
    return f"{{{','.join(pairs)}}}" if pairs else ""


def _escape(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')
