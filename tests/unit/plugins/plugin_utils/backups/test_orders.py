# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs do about the backups of a tenant."""

from __future__ import annotations

import datetime

from ansible_collections.tenantry.platform.plugins.plugin_utils.backups.due import Known
from ansible_collections.tenantry.platform.plugins.plugin_utils.backups.orders import Wishes, orders

NOW = datetime.datetime(2026, 11, 22, 4, 0, tzinfo=datetime.timezone.utc)
SPEC = {
    "name": "acme",
    "state": "active",
    "services": [{"name": "web", "volumes": [{"name": "files"}, {"name": "cache"}, {"name": "files"}]}],
    "generations": {"files": "r1"},
}


def policy(name="main", **changes):
    values = {
        "name": name,
        "service": "postgres",
        "engine": "pgbackrest",
        "volumes": [],
        "repositories": ["local", "offsite"],
        "schedule": "0 3 * * *",
        "incremental_schedule": "0 * * * *",
        "retention_days": 30,
        "keep_last": 3,
        "configuration": False,
        "database": {"user": "app", "name": "app", "password_file": None},
        "run_as": "999:999",
    }
    return {**values, **changes}


def files(name="files", **changes):
    values = {"service": "web", "engine": "restic", "incremental_schedule": None, "database": None, "run_as": ""}
    return policy(name, **{**values, **changes})


def ago(minutes, complete=None):
    newest = NOW - datetime.timedelta(minutes=minutes)
    return Known(newest if complete is None else NOW - datetime.timedelta(minutes=complete), newest)


def wanted(*policies, known=None, spec=None, **wishes):
    made = orders(spec or SPEC, policies, known or {}, Wishes(now=NOW, jitter=0, **wishes))
    return [(one["service"], one["kind"], one["repositories"]) for one in made]


def test_who_names_what_to_back_up_gets_it_however_young_the_last_one_is():
    known = {("main", "local"): ago(1), ("main", "offsite"): ago(1)}
    assert wanted(policy(), known=known) == [("postgres", "full", ["local", "offsite"])]
    assert wanted(policy(), known=known, kind="incremental") == [("postgres", "incremental", ["local", "offsite"])]
    assert wanted(policy(), known=known, repository="offsite") == [("postgres", "full", ["offsite"])]
    assert wanted(policy(), files(), service="web") == [("web", "snapshot", ["local", "offsite"])]
    assert wanted(files(), kind="incremental") == [("web", "snapshot", ["local", "offsite"])]


def test_of_what_is_due_each_repository_gets_what_it_lacks():
    known = {("main", "local"): ago(50, 50), ("main", "offsite"): ago(50, 60 * 24)}
    assert wanted(policy(), known=known, only_due=True) == [
        ("postgres", "full", ["offsite"]),
        ("postgres", "incremental", ["local"]),
    ]
    assert wanted(policy(), known={("main", "local"): ago(0)}, only_due=True) == [("postgres", "full", ["offsite"])]
    known = {("main", "local"): ago(0), ("main", "offsite"): ago(0)}
    assert wanted(policy(), known=known, only_due=True) == []


def test_an_order_says_how_the_server_is_entered_and_whether_there_was_anything_before():
    (order,) = orders(SPEC, [policy()], {}, Wishes(now=NOW, repository="offsite"))
    assert (order["repositories"], order["first"]) == (["offsite"], True)
    assert (order["run_as"], order["database"]["user"]) == ("999:999", "app")


def test_nothing_is_made_of_a_tenant_that_does_not_run_and_what_there_is_is_kept_up():
    stopped = {**SPEC, "state": "stopped"}
    assert wanted(policy(), files(), spec=stopped) == []
    assert wanted(policy(), files(), spec=stopped, only_due=True) == []
    assert wanted(policy(), files(), spec=stopped, state="verified") == [("web", "", ["local", "offsite"])]


def test_configuration_is_stored_beside_the_volumes_of_the_service():
    (order,) = orders(SPEC, [files(configuration=True)], {}, Wishes(now=NOW, root="/srv/fleet"))
    assert order["volumes"] == ["acme_cache", "acme_files-r1"]
    assert order["paths"] == ["/srv/fleet/acme/releases", "/srv/fleet/acme/shared"]
    (order,) = orders(SPEC, [files(configuration=True, volumes=["acme_cache"])], {}, Wishes(now=NOW))
    assert (order["volumes"], len(order["paths"])) == (["acme_cache"], 2)
    (order,) = orders(SPEC, [files()], {}, Wishes(now=NOW))
    assert (order["volumes"], order["paths"]) == ([], [])


def test_policies_whose_backups_lie_beside_each_other_are_pruned_once_and_keep_what_one_of_them_keeps():
    one = files("a", retention_days=7, keep_last=5, repositories=["local"])
    other = files("b", retention_days=90, keep_last=1)
    found = orders(SPEC, [one, other, policy()], {}, Wishes(state="pruned", now=NOW))
    assert [(order["service"], order["repositories"]) for order in found] == [
        ("web", ["local", "offsite"]),
        ("postgres", ["local", "offsite"]),
    ]
    assert (found[0]["retention_days"], found[0]["keep_last"]) == (90, 5)
    assert (found[1]["retention_days"], found[1]["keep_last"]) == (30, 3)
    assert wanted(one, state="pruned", repository="offsite") == []
