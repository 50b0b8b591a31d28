# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How one release takes the place of another, from their manifests."""

from __future__ import annotations

import pytest

from ansible_collections.tenantry.platform.plugins.plugin_utils import strategies

NEW, OLD = "20261121T051833Z-00000002", "20261121T041833Z-00000001"


def manifest(release, file="route.yml", **services):
    short = release[-8:]
    given = services or {"web": 1}
    described = {name: {"kind": "app", "replicas": count, "worker": name == "worker"} for name, count in given.items()}
    return {
        "tenant": "acme",
        "release": release,
        "services": {**described, "db": {"kind": "backing", "replicas": 1, "worker": False}},
        "route": {
            "file": file,
            "expect": {
                "services": {f"acme-{name}-{short}@docker": count for name, count in given.items() if name != "worker"}
            },
        },
    }


@pytest.mark.parametrize(
    ("strategy", "new", "old", "way"),
    [
        ("canary", manifest(NEW), manifest(OLD), "canary"),
        ("canary", manifest(NEW), None, "blue_green"),
        ("canary", manifest(NEW), manifest(NEW), "blue_green"),
        ("canary", manifest(NEW, file=None), manifest(OLD), "blue_green"),
        ("canary", manifest(NEW), manifest(OLD, file=None), "blue_green"),
        ("rolling", manifest(NEW, web=3), manifest(OLD), "rolling"),
        ("rolling", manifest(NEW, web=1), manifest(OLD, web=3), "blue_green"),
        ("rolling", manifest(NEW, web=1, worker=3), manifest(OLD), "blue_green"),
        ("recreate", manifest(NEW, file=None), manifest(OLD), "recreate"),
        ("recreate", manifest(NEW), None, "blue_green"),
        ("blue_green", manifest(NEW), manifest(OLD), "blue_green"),
    ],
)
def test_steps_between_two_releases_need_two_that_share_requests(strategy, new, old, way):
    assert strategies.way(strategy, new, old) == way


def test_workers_are_no_part_of_what_serves():
    both = manifest(NEW, web=2, worker=1)
    assert (strategies.serving(both), strategies.workers(both)) == (["web"], ["worker"])
    del both["services"]["worker"]["worker"]  # of a release of an earlier version
    assert strategies.workers(both) == []


def test_three_replicas_change_places_one_by_one():
    turns = strategies.turns(manifest(NEW, web=3), manifest(OLD, web=3))
    assert [(one["replicas"], one["keep"], one["weight"], one["old_weight"]) for one in turns] == [
        ({"web": 1}, {"web": 2}, 1, 2),
        ({"web": 2}, {"web": 1}, 2, 1),
    ]
    assert [one["expect"] for one in turns] == [{"acme-web-00000002@docker": 1}, {"acme-web-00000002@docker": 2}]
    assert [one["old_expect"] for one in turns] == [{"acme-web-00000001@docker": 3}, {"acme-web-00000001@docker": 2}]


@pytest.mark.parametrize(
    ("new", "old"),
    [({"web": 5, "api": 2}, {"web": 3, "api": 1}), ({"web": 2}, {"web": 7}), ({"web": 4}, {"web": 1, "gone": 2})],
)
def test_no_service_is_ever_without_a_replica_nor_far_above_its_number(new, old):
    turns = strategies.turns(manifest(NEW, **new), manifest(OLD, **old))
    assert len(turns) == max(new.values()) - 1
    for turn in turns:
        assert all(1 <= count <= new[name] for name, count in turn["replicas"].items())
        assert all(1 <= count <= old[name] for name, count in turn["keep"].items())
        assert turn["weight"] + turn["old_weight"] == max(new.values())
    counts = [turn["replicas"]["web"] for turn in turns]
    kept = [turn["keep"]["web"] for turn in turns]
    assert counts == sorted(counts)
    assert kept == sorted(kept, reverse=True)


def staged(new, old=None, strategy="blue_green", **options):
    """The stages in words."""
    new = {"projects": {"app": "acme-00000002", "backing": None}, **new}
    way = strategies.way(strategy, new, old)
    turns = strategies.turns(new, old) if way == "rolling" else []
    how = {"way": way, "serving": strategies.serving(new), "workers": strategies.workers(new), "turns": turns}
    found = strategies.stages(new, how, switching=True, **options)
    return " ".join(one["file"] + "".join(f":{one[key]}" for key in ("event", "part") if key in one) for one in found)


EVENTS = ("pre_deploy", "pre_migrate", "post_migrate", "post_health", "pre_switch", "post_switch", "pre_drain")


def test_nothing_is_asked_that_there_is_nothing_to_do_for():
    assert staged(manifest(NEW)) == "app route activate retire"


def test_a_release_with_everything_goes_through_its_stages_in_order():
    new = manifest(NEW, web=1, worker=1)
    new["projects"] = {"app": "acme-00000002", "backing": "acme"}
    new["services"]["migrate"] = {"kind": "job", "replicas": 1}
    assert staged(new, manifest(OLD), hooked=EVENTS, first_event="pre_deploy", jobs=True, closed=True) == (
        "hooks:pre_deploy backing hooks:pre_migrate jobs hooks:post_migrate app hooks:post_health hooks:pre_switch "
        "route hooks:post_switch workers activate closed hooks:pre_drain retire"
    )


def test_places_of_backups_are_there_before_a_database_archives_to_them():
    new = {**manifest(NEW), "projects": {"app": "acme-00000002", "backing": "acme"}}
    assert staged({**new, "backups": [{"directories": ["/srv/backup"]}]}).startswith("places backing ")
    assert staged({**new, "backups": [{"directories": []}]}).startswith("backing ")


def test_a_database_is_migrated_before_the_switch_and_what_only_takes_away_after_it():
    new = {**manifest(NEW), "migrations": [{"kind": "expand"}, {"kind": "contract"}]}
    assert staged(new, jobs=True, hooked=EVENTS) == (
        "hooks:pre_migrate migrate hooks:post_migrate app hooks:post_health hooks:pre_switch route hooks:post_switch "
        "activate hooks:pre_drain retire contract"
    )
    assert staged(new, promoting=True) == "app route activate retire contract"
    # A rollback asks whether the old image can live with the database.
    assert staged(new) == "migrate app route activate retire"
    assert staged(new, manifest(OLD), "canary", parts=[5], waits=True, jobs=True) == "migrate app canary:5 wait"
    how = {"way": "blue_green", "serving": [], "workers": [], "turns": []}
    put_back = {"projects": {"app": "acme-00000002", "backing": None}, **new}
    assert "migrate" not in [one["file"] for one in strategies.stages(put_back, how)]


def test_jobs_run_when_they_are_asked_for():
    new = manifest(NEW)
    new["services"]["migrate"] = {"kind": "job", "replicas": 1}
    assert "jobs" not in staged(new)
    assert "jobs" not in staged(manifest(NEW), jobs=True)


def test_ways_between_two_releases():
    assert staged(manifest(NEW), manifest(OLD), "recreate") == "recreate app route activate retire"
    canary = staged(manifest(NEW), manifest(OLD), "canary", parts=[5, 50], hooked=["pre_switch"])
    assert canary == "app hooks:pre_switch canary:5 canary:50 route activate retire"
    waiting = staged(manifest(NEW), manifest(OLD), "canary", parts=[5, 50], waits=True)
    assert waiting == "app canary:5 canary:50 wait"
    rolling = staged(manifest(NEW, web=3), manifest(OLD, web=3), "rolling", hooked=["pre_switch", "post_switch"])
    assert rolling == "replica hooks:pre_switch turn replica turn app route hooks:post_switch activate retire"


def test_a_canary_that_is_promoted_ran_its_hooks_before_its_first_request():
    promoted = staged(manifest(NEW), None, hooked=EVENTS, promoting=True, parts=[5])
    assert promoted == "app route hooks:post_switch activate hooks:pre_drain retire"


def test_a_release_of_workers_alone_starts_them_after_the_switch_and_what_is_put_back_all_at_once():
    new = {**manifest(NEW, worker=1), "projects": {"app": "acme-00000002", "backing": None}}
    assert staged(new) == "route workers activate retire"
    how = {"way": "blue_green", "serving": [], "workers": [], "turns": []}
    assert [one["file"] for one in strategies.stages(new, how)] == ["app", "route", "activate", "retire"]
    new["projects"]["app"] = None
    assert [one["file"] for one in strategies.stages(new, how)] == ["route", "activate", "retire"]
