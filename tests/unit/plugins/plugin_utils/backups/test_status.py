# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a fleet stands with its backups, as lines, as a table and as metrics."""

from __future__ import annotations

import datetime

from ansible_collections.tenantry.platform.plugins.plugin_utils.backups import metrics, status, text
from ansible_collections.tenantry.platform.plugins.plugin_utils.backups.due import Known
from ansible_collections.tenantry.platform.plugins.plugin_utils.backups.status import Last, Limits, Tenant

NOW = datetime.datetime(2026, 11, 22, 12, 0, tzinfo=datetime.timezone.utc)
SPEC = {"name": "acme", "state": "active"}
POLICY = {
    "name": "main",
    "service": "db",
    "engine": "pgbackrest",
    "schedule": "0 3 * * *",
    "incremental_schedule": "0 * * * *",
    "repositories": ["local"],
}
WAL = {"ready": 0, "age_seconds": 12.0, "error": ""}
ROW = {"label": "20261122-030000F", "bytes": 1024}


def ago(hours):
    return NOW - datetime.timedelta(hours=hours)


def last(hours, complete=None, why="", failures=0):
    return {("main", "local"): Last(Known(ago(complete or hours), ago(hours), failures), ROW, why)}


def tenant(has, spec=None, wal=None, drills=None, read=None):
    return Tenant(spec or SPEC, [POLICY], has, drills or {}, read or {}, {"db": WAL if wal is None else wal})


def lines(*given, **more):
    return status.lines(tenant(*given, **more), Limits(), 0, NOW)


def judged(*given, **more):
    (line,) = lines(*given, **more)
    return line.status, line.message


def test_a_backup_may_be_late_by_the_grace_and_not_by_more():
    assert judged(last(1)) == ("ok", "")
    assert judged(last(2.5)) == ("ok", "")
    assert judged(last(3.5)) == ("stale", "db in local is due since 2026-11-22T09:00Z")
    # The full one is missing though incremental ones are made.
    assert judged(last(0.5, complete=32)) == ("stale", "db in local is due since 2026-11-22T03:00Z")


def test_why_the_last_try_failed_is_said_beside():
    state, message = judged(last(5, why="it hung", failures=2))
    assert (state, message.endswith("; the last try said: it hung")) == ("stale", True)
    assert judged({}) == ("never", "db in local was never backed up")


def test_wal_that_is_not_handed_over_is_told_though_backups_are_young():
    assert judged(last(0.5), wal={**WAL, "ready": 9})[0] == "lagging"
    assert judged(last(0.5), wal={**WAL, "ready": 8})[0] == "ok"
    assert judged(last(0.5), wal={"error": "no container"}) == (
        "unread",
        "db could not be asked about its WAL: no container",
    )
    assert judged(last(0.5), wal={})[0] == "unread"


def test_a_tenant_that_does_not_run_lacks_nothing():
    assert judged(last(100), spec={**SPEC, "state": "stopped"}, wal={}) == ("idle", "")


def test_the_table_says_how_old_everything_is():
    drill = {"drill_at": "2026-11-20T12:00:00Z", "drill_status": "success", "drill_seconds": 41.7}
    found = lines(last(1), drills={"db": drill}, read={("db", "local"): "2026-11-22T02:00:00Z"})
    header, row, *_rest = text.status_table(found)
    assert header.split()[:5] == ["TENANT", "SERVICE", "ENGINE", "REPOSITORY", "STATUS"]
    assert row.split("  ")[0] == "acme"
    for word in ("20261122-030000F", "60 min", "1.0 KiB", "10 h", "12 s", "2 d success", "42 s"):
        assert word in row
    assert text.status_summary(found) == "1 ok"
    assert text.status_summary([]) == "no policy asks for a backup"


def test_metrics_are_times_that_grow_old_by_themselves():
    drill = {"drill_at": "2026-11-20T12:00:00Z", "drill_status": "failure", "drill_seconds": 41.5}
    found = [*lines(last(1), drills={"db": drill}), status.invalid("bolt", _row("files"), "tenants.zone: is missing")]
    told = metrics.render(found, "eu", NOW).decode().splitlines()
    place = 'fleet="eu",tenant="acme",service="db"'
    full = f'{place},policy="main",repository="local"'
    epoch = int(NOW.timestamp())
    assert f"tenantry_backup_last_success_timestamp_seconds{{{full}}} {epoch - 3600}" in told
    assert f"tenantry_backup_due_timestamp_seconds{{{full}}} {epoch}" in told
    assert f"tenantry_backup_size_bytes{{{full}}} 1024" in told
    assert f"tenantry_backup_wal_ready{{{place}}} 0" in told
    assert f"tenantry_backup_wal_archived_timestamp_seconds{{{place}}} {epoch - 12}" in told
    assert f"tenantry_backup_drill_success{{{place}}} 0" in told
    assert f"tenantry_backup_drill_duration_seconds{{{place}}} 41.5" in told
    assert 'tenantry_backup_tenants{fleet="eu",status="invalid"} 1' in told
    assert 'tenantry_backup_tenants{fleet="eu",status="stale"} 0' in told
    assert f'tenantry_backup_check_timestamp_seconds{{fleet="eu"}} {epoch}' in told
    assert not [line for line in told if "verified" in line and line[0] != "#"]


def _row(service):
    return {"service": service, "engine": "restic", "policy": "x", "repository": "local", "label": "a"}


def test_what_was_never_backed_up_has_the_time_zero_and_who_does_not_run_has_none():
    told = metrics.render(lines({}), "", NOW).decode()
    assert 'tenantry_backup_last_success_timestamp_seconds{tenant="acme",service="db",policy="main",' in told
    assert 'repository="local"} 0\n' in told
    told = metrics.render(lines(last(9), spec={**SPEC, "state": "stopped"}), "", NOW).decode()
    assert "tenantry_backup_last_success_timestamp_seconds{" not in told
    assert 'tenantry_backup_tenants{status="idle"} 1' in told


def test_a_tenant_counts_by_the_worst_that_it_has():
    found = [*lines(last(1)), *lines(last(9))]
    assert 'tenantry_backup_tenants{status="stale"} 1' in metrics.render(found, "", NOW).decode()
    assert 'tenantry_backup_tenants{status="ok"} 0' in metrics.render(found, "", NOW).decode()
