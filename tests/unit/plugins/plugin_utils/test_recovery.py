# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which volumes are filled from which backups."""

from __future__ import annotations

import pytest

from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.plugin_utils import recovery, recovery_report
from ansible_collections.tenantry.platform.tests.unit.plugins.plugin_utils.render.builders import service, spec

GENERATION = "r20261122t010203"


def policy(name="main", engine="pgbackrest", **changes):
    return {
        "name": name,
        "service": "db",
        "engine": engine,
        "volume": None,
        "volumes": [],
        "repositories": ["local"],
        "row_check": None,
        "database": {"user": "app", "name": "app", "password_file": "/run/secrets/password"},
        "run_as": "999:999",
        **changes,
    }


def tenant(**changes):
    volumes = [{"name": "data", "path": "/var/lib/postgresql/data", "read_only": False}]
    db = service("db", "backing", volumes=volumes, hardening={"user": "999:999"}, **changes)
    files = [
        {"name": "uploads", "path": "/uploads", "read_only": False},
        {"name": "cache", "path": "/cache", "read_only": False},
    ]
    return spec(services=[db, service("web", volumes=files)])


def wanted(purpose="restore", **changes):
    return recovery.Wanted(purpose, GENERATION, **changes)


def items(policies, *, of=None, kinds=None, **changes):
    return recovery.items(of or tenant(), policies, kinds or {"local": "posix", "offsite": "s3"}, wanted(**changes))


def test_a_restore_fills_a_new_generation_of_the_volume_that_the_server_has_its_data_in():
    (one,) = items([policy()])
    assert (one["volume"], one["volume_name"], one["owner"]) == ("data", f"acme_data-{GENERATION}", "acme")
    assert (one["data_path"], one["user"], one["network"]) == ("/var/lib/postgresql/data", "999:999", "none")


def test_a_drill_fills_the_volume_of_a_copy():
    (one,) = items([policy()], purpose="drill")
    assert (one["volume_name"], one["owner"]) == ("acme--drill_data", "acme--drill")


def test_of_two_ways_to_back_up_a_volume_the_one_that_has_every_moment_is_taken():
    both = [policy("dumps", "pg_dump"), policy()]
    assert [one["policy"] for one in items(both)] == ["main"]
    assert [one["policy"] for one in items(both, policy="dumps")] == ["dumps"]


def test_a_policy_without_a_volume_is_about_every_volume_of_its_service():
    found = items([policy("files", "restic", service="web", database=None)])
    assert [(one["volume"], one["source"], one["data_path"]) for one in found] == [
        ("uploads", "acme_uploads", None),
        ("cache", "acme_cache", None),
    ]


def test_a_server_that_has_its_data_below_its_volume_is_refused_with_what_to_do():
    with pytest.raises(TenantryError, match="no volume at /elsewhere"):
        items([policy()], of=tenant(environment={"PGDATA": "/elsewhere"}))


def test_what_lies_in_s3_needs_a_network_to_be_fetched_by_the_container():
    (one,) = items([policy(repositories=["local", "offsite"])])
    assert one["network"] == "bridge"
    (one,) = items([policy("dumps", "pg_dump", repositories=["offsite"])])
    assert one["network"] == "none"


def test_a_tenant_or_service_without_a_policy_cannot_be_restored():
    for changes in ({}, {"service": "web"}):
        with pytest.raises(TenantryError) as failure:
            items([], **changes)
        assert failure.value.error_kind == "no_policy"
    with pytest.raises(TenantryError, match="has no service nothing: name one of db, web"):
        items([policy()], service="nothing")


def test_nothing_is_restored_of_a_tenant_that_is_removed():
    with pytest.raises(TenantryError, match="would be removed again"):
        items([policy()], of={**tenant(), "state": "removed"})


def test_a_rehearsal_needs_no_backup():
    assert items([], purpose="rehearsal") == []


@pytest.mark.parametrize("changes", [{"time": "yesterday"}, {"time": "2026-11-22"}, {"label": "20261122-010203F"}])
def test_what_cannot_be_meant_is_refused_before_anything_is_done(changes):
    with pytest.raises(TenantryError):
        wanted(**changes).require_sound()


def test_a_moment_has_an_offset():
    wanted(time="2026-11-22T01:02:03Z").require_sound()
    wanted(time="2026-11-22T02:02:03+01:00", label="x", service="db").require_sound()


@pytest.mark.parametrize(("text", "part"), [("", None), ("5%", 0.05), ("100%", 1.0), ("0.2", 0.2)])
def test_a_share_is_a_part_of_all(text, part):
    assert recovery.share(text) == part


@pytest.mark.parametrize("text", ["0%", "101%", "-1", "five", "%"])
def test_a_share_of_nothing_or_of_more_than_all_is_refused(text):
    with pytest.raises(TenantryError):
        recovery.share(text)


def row(tenant_name="acme", status="passed", seconds=12.34, message="", **changes):
    restored = [{"service": "db", "label": "20261122-010203F", "repository": "local"}]
    checks = [{"status": "passed"}, {"status": "passed"}, {"status": "absent"}]
    return {
        "tenant": tenant_name,
        "status": status,
        "seconds": seconds,
        "message": message,
        "restored": restored,
        "checks": checks,
        "removed": [],
        "warnings": [],
        **changes,
    }


def test_the_table_says_what_was_restored_how_long_it_took_and_why_not():
    rows = [row(), row("globex", "failed", None, "Restore: backup is damaged\x1b[2J", restored=[], checks=[])]
    lines = recovery_report.table(rows)
    assert lines[1].split() == [
        "acme",
        "passed",
        "12.3",
        "db",
        "20261122-010203F",
        "of",
        "local",
        "2",
        "passed,",
        "1",
        "absent",
    ]
    assert lines[2].split() == ["globex", "failed", "-", "-", "-"]
    assert lines[-1] == "globex: Restore: backup is damaged\ufffd[2J"
    assert recovery_report.failed(rows) == {"globex": "Restore: backup is damaged\ufffd[2J"}
    assert recovery_report.summary(rows) == "1 failed, 1 passed; the slowest recovery took 12.3 s"


def test_the_plan_names_each_volume_and_who_cannot_be_restored():
    orders = {"acme": {"items": items([policy()]), "error": ""}, "globex": {"items": [], "error": "no policy"}}
    assert recovery_report.plan_lines(orders, wanted(time="2026-11-22T01:02:03Z"), check_mode=True) == [
        "Restore to 2026-11-22T01:02:03Z: 2 tenants (check mode: nothing is changed)",
        f"  acme: db by pgbackrest from local into volume acme_data-{GENERATION}",
        "  globex: not: no policy",
    ]
