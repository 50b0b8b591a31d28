# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as metrics for the textfile collector of node_exporter. No input or output."""

from __future__ import annotations

import collections
import datetime
import typing as t

from ansible_collections.tenantry.platform.plugins.plugin_utils import exposition
from ansible_collections.tenantry.platform.plugins.plugin_utils.drift.document import STATUSES
from ansible_collections.tenantry.platform.plugins.plugin_utils.exposition import Family
from ansible_collections.tenantry.platform.plugins.plugin_utils.report import clean


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
    families = [
        Family(
            "tenantry_drift_findings",
            "Open findings of the last check of the fleet",
            [(dict(zip(labels, key)), count) for key, count in sorted(findings.items())],
        ),
        # Zeros too: an alert on a status that nobody has must not look like one on a check that never ran.
        Family(
            "tenantry_drift_tenants",
            "Tenants by status",
            [({"status": status}, tenants[status]) for status in sorted(STATUSES)],
        ),
        Family("tenantry_drift_ignored", "Findings that a rule ignores", [({}, len(document["ignored"]))]),
        Family(
            "tenantry_drift_check_success",
            "Whether the last check judged every tenant and nothing failed",
            [({}, int(document["exit"] in (0, 2)))],
        ),
        Family("tenantry_drift_check_timestamp_seconds", "When the last check ended", [({}, finished)]),
    ]
    return exposition.render(families, document["fleet"] or "")
