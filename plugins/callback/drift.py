# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Report of how the fleet differs from the tenant database, as JSON, metrics and a page."""

from __future__ import annotations

DOCUMENTATION = r"""
name: drift
type: aggregate
short_description: Write what differs from the tenant database as JSON, metrics and a page
version_added: 0.1.0
author:
  - tenantry.platform contributors (@tenantry)
description:
  - Collects what M(tenantry.platform.plan) found about each tenant and, from every play that runs with C(--check), the
    tasks that would change something, with their differences if C(--diff) is given too.
  - Writes a JSON report, metrics for the textfile collector of C(node_exporter), and one HTML page that needs no
    network. Each file is replaced in one rename.
  - A tenant that was not judged is never reported in sync, and a run that did not come to its end says so.
  - It adds files only. Exit codes are the playbooks'.
  - A run that neither planned nor ran with C(--check) knows nothing, and writes nothing.
  - Differences of tasks can hold secrets that their authors did not mark with C(no_log); O(mode) keeps them from
    others.
requirements:
  - "It must be enabled: C(callbacks_enabled = tenantry.platform.drift) in the section C([defaults]) of C(ansible.cfg)."
options:
  directory:
    description:
      - Directory for C(drift.json), C(drift.html) and C(tenantry_drift.prom), unless their own options name other
        files.
    type: path
    ini:
      - section: tenantry_drift
        key: directory
    env:
      - name: TENANTRY_DRIFT_DIRECTORY
    vars:
      - name: tenantry_drift_directory
  json:
    description: Path of the JSON report. Its schema is C(docs/drift-report.schema.json).
    type: path
    ini:
      - section: tenantry_drift
        key: json
    env:
      - name: TENANTRY_DRIFT_JSON
    vars:
      - name: tenantry_drift_json
  prometheus:
    description:
      - Path of the metrics, in the directory that the textfile collector reads; the name must end with C(.prom).
      - They speak of the whole fleet, so that a run with C(--limit) leaves them as they are.
      - They hold no values of fields, and everybody may read them.
    type: path
    ini:
      - section: tenantry_drift
        key: prometheus
    env:
      - name: TENANTRY_DRIFT_PROMETHEUS
    vars:
      - name: tenantry_drift_prometheus
  html:
    description: Path of the page.
    type: path
    ini:
      - section: tenantry_drift
        key: html
    env:
      - name: TENANTRY_DRIFT_HTML
    vars:
      - name: tenantry_drift_html
  fleet:
    description:
      - What the fleet is called. It stands in the report, on the page, and as label C(fleet) on every metric.
      - Needed where one C(node_exporter) reads the metrics of several fleets.
    type: str
    ini:
      - section: tenantry_drift
        key: fleet
    env:
      - name: TENANTRY_DRIFT_FLEET
    vars:
      - name: tenantry_drift_fleet
  mode:
    description: Permissions of the JSON report and of the page, octal.
    type: str
    default: '0640'
    ini:
      - section: tenantry_drift
        key: mode
    env:
      - name: TENANTRY_DRIFT_MODE
    vars:
      - name: tenantry_drift_mode
  limited:
    description:
      - Whether a run with C(--limit) replaces the JSON report and the page too. They then speak of a part of the fleet.
    type: bool
    default: true
    ini:
      - section: tenantry_drift
        key: limited
    env:
      - name: TENANTRY_DRIFT_LIMITED
    vars:
      - name: tenantry_drift_limited
notes:
  - Variables are read from extra variables only, and by newer releases of ansible-core only.
"""

import datetime
import os
import socket
import uuid

from ansible import context
from ansible.plugins.callback import CallbackBase

from ansible_collections.tenantry.platform.plugins.plugin_utils.drift import document, summary
from ansible_collections.tenantry.platform.plugins.plugin_utils.drift.changes import Event
from ansible_collections.tenantry.platform.plugins.plugin_utils.drift.collect import Run
from ansible_collections.tenantry.platform.plugins.plugin_utils.drift.write import Places


def _now():
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


class CallbackModule(CallbackBase):
    """Face: hands results over, and writes at the end."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "tenantry.platform.drift"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        options = context.CLIARGS
        self._run = Run(
            str(uuid.uuid4()), socket.gethostname(), _now(), bool(options.get("check")), options.get("subset") or None
        )

    def v2_playbook_on_start(self, playbook):
        """Remember what runs."""
        self._run.playbooks.append(os.path.basename(str(playbook._file_name)))

    def v2_runner_on_ok(self, result):
        """Take what a task tells."""
        self._take(result, self._run.ok)

    def v2_runner_item_on_ok(self, result):
        """Take what an item of a loop tells."""
        self._take(result, self._run.item)

    def v2_runner_item_on_failed(self, result):
        """Take what a failed item of a loop tells: it may have changed something before."""
        self._take(result, self._run.item)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        """Take what a failed task tells."""
        self._take(result, lambda event: self._run.fail(event, ignore_errors))

    def v2_runner_on_unreachable(self, result):
        """Remember who did not answer."""
        self._take(result, self._run.lose)

    def _take(self, result, take):
        try:
            take(Event.of(result))
        except Exception as error:
            # ansible-core would warn and go on, and the report would look whole with a part of it missing.
            self._run.lost.append(f"a result could not be read: {type(error).__name__}: {error}")
            self._display.warning(f"drift report: a result could not be read: {type(error).__name__}: {error}")

    def v2_playbook_on_stats(self, stats):
        """Write the reports; once for each playbook of the command line, with all that was seen so far."""
        if not self._run.tells:
            return
        self._run.end(stats.processed, stats.failures)
        self._run.fleet = self.get_option("fleet") or None
        places = Places.of(self.get_option)
        wanted = places.wanted(limited=self._run.limit is not None, fleet=self._run.asked)
        report = document.build(self._run, _now(), places.first_seen())
        for path, why in places.write(wanted, report):
            self._display.warning(f"drift report: {path} was not written: {why}")
        self._display.display(summary.line(report, wanted))
