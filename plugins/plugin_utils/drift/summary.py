# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report in one line, for the end of a run's output."""

from __future__ import annotations

import collections
import typing as t

from ansible_collections.tenantry.platform.plugins.plugin_utils.drift.document import STATUSES, severity_counts
from ansible_collections.tenantry.platform.plugins.plugin_utils.report import clean


def line(document: dict[str, t.Any], written: t.Mapping[str, str]) -> str:
    """What was found, and where to read it."""
    tenants = collections.Counter(one["status"] for one in document["tenants"].values())
    findings = sum(severity_counts(document["findings"]).values())
    parts = [f"{tenants[status]} {status}" for status in STATUSES if tenants[status]]
    parts += [f"{findings} findings"] if tenants else []
    parts += [f"{len(document['ignored'])} ignored"] if document["ignored"] else []
    parts += [f"{len(document['changes'])} changed tasks"] if document["changes"] else []
    parts += [] if document["complete"] else ["NOT COMPLETE"]
    files = f": {' '.join(clean(path) for path in written.values())}" if written else ""
    return f"Drift report: {', '.join(parts) or 'nothing differs'}{files}"
