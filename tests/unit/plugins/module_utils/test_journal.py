# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Operations on a node: their journal, and what an interrupted one leaves."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time

import pytest

from ansible_collections.tenantry.platform.plugins.module_utils import operation as operations
from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.module_utils.journal import Journal, note, step
from ansible_collections.tenantry.platform.plugins.module_utils.lock import TenantLock
from ansible_collections.tenantry.platform.plugins.module_utils.release_tree import ReleaseTree

OLD, NEW = "20261121T041833Z-00000001", "20261121T051833Z-00000002"
HOLDER = {
    "by": "ann",
    "controller": "control",
    "controller_boot": "boot",
    "controller_pid": 1,
    "controller_pid_start": 1,
}


def begin(root, **changes):
    params = {
        "root": str(root),
        "tenant": "acme",
        "id": "op1",
        "action": "deploy",
        "holder": HOLDER,
        "wait": 0,
        "takeover": None,
        "route_file": str(root / "acme.yml"),
    }
    return operations.begin(dict(params, **changes))


def end(begun, outcome="success"):
    return operations.end(dict(begun["operation"], outcome=outcome, release=None))


def make_release(root, release, operation="op1", **more):
    tree = ReleaseTree(str(root), "acme")
    tree.prepare(release, [], {"tenant": "acme", "release": release, "files": {}, "operation": operation, **more})
    return tree


def test_who_lost_the_lease_gives_the_lock_back_and_leaves_the_journal_to_the_next(tmp_path):
    begun = begin(tmp_path)
    with step(dict(begun["operation"], step="route")):
        pass
    ended = end(begun, "lost")
    assert (ended["changed"], [one["step"] for one in ended["steps"]]) == (True, ["route"])
    after = begin(tmp_path, id="op2")
    assert after["settle"]["operation"] == "op1"
    assert after["settle"]["last_step"] == "route"


def test_steps_stand_between_intent_and_result(tmp_path):
    begun = begin(tmp_path)
    with step(dict(begun["operation"], step="route")):
        inside = Journal(str(tmp_path / "acme/.deploy")).read()["steps"][-1]
    assert (inside["step"], inside["result"]) == ("route", None)
    steps = end(begun)["steps"]
    assert [(one["step"], one["result"]) for one in steps] == [("route", "done")]


def test_failed_step_records_its_kind(tmp_path):
    begun = begin(tmp_path)
    with pytest.raises(TenantryError), step(dict(begun["operation"], step="app")):
        raise TenantryError("it never got healthy", "unhealthy")
    assert end(begun, "failure")["steps"][0]["result"] == "unhealthy"


def test_a_step_without_the_lock_does_nothing(tmp_path):
    begun = begin(tmp_path)
    end(begun)
    with pytest.raises(TenantryError, match="lost its lock"), step(dict(begun["operation"], step="app")):
        raise AssertionError("the step ran")


def test_the_end_says_what_the_current_release_was_made_of(tmp_path):
    begun = begin(tmp_path)
    release = "20261121T041833Z-00000001"
    tree = make_release(tmp_path, release, spec_digest="sha256:1", version="2.4.0")
    tree.activate(release)
    ended = end(begun)
    assert (ended["current"], ended["made_of"]) == (release, {"spec_digest": "sha256:1", "version": "2.4.0"})


def test_a_manifest_that_cannot_be_read_does_not_keep_an_operation_from_ending(tmp_path):
    begun = begin(tmp_path)
    release = "20261121T041833Z-00000001"
    tree = make_release(tmp_path, release, version="2.4.0")
    tree.activate(release)
    (tmp_path / "acme" / "releases" / release / "RELEASE.json").write_text("{", encoding="utf-8")
    assert end(begun)["made_of"] == {"spec_digest": None, "version": None}


def test_ending_gives_the_lock_back_and_ending_twice_changes_nothing(tmp_path):
    begun = begin(tmp_path)
    assert end(begun)["changed"]
    assert TenantLock(str(tmp_path / "acme/.deploy")).read() is None
    assert not end(begun)["changed"]


def test_a_step_may_say_what_is_to_be_known_of_it(tmp_path):
    operation = dict(begin(tmp_path)["operation"], step="snapshot-postgres")
    note(None, "nobody asks")
    with step(operation):
        note(operation, "20261122T010203.004Z-postgres-pg_dump")
    (last,) = Journal(str(tmp_path / "acme/.deploy")).read()["steps"]
    assert (last["detail"], last["result"]) == ("20261122T010203.004Z-postgres-pg_dump", "done")


def test_first_operation_has_nothing_to_settle(tmp_path):
    assert begin(tmp_path)["settle"] is None


def kill_in_the_middle_of_a_step(root, begun):
    def work():
        with step(dict(begun["operation"], step="route")):
            time.sleep(60)

    process = multiprocessing.get_context("fork").Process(target=work)
    process.start()
    journal = Journal(str(root / "acme/.deploy"))
    while not (journal.read() or {}).get("steps"):
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.join()


@pytest.mark.parametrize(
    ("routed", "serve", "discard"), [("00000001", OLD, [NEW]), ("00000002", NEW, []), (None, OLD, [NEW])]
)
def test_after_a_kill_the_route_decides_which_release_serves(tmp_path, routed, serve, discard):
    make_release(tmp_path, OLD).activate(OLD)
    begun = begin(tmp_path)
    make_release(tmp_path, NEW)
    if routed:
        (tmp_path / "acme.yml").write_text(f'{{"name": "acme-web-{routed}@docker"}}', encoding="utf-8")
    kill_in_the_middle_of_a_step(tmp_path, begun)
    after = begin(tmp_path, id="op2", takeover=begun["operation"]["token"])
    assert after["settle"]["serve"] == serve
    assert after["settle"]["discard"] == discard
    assert after["settle"]["last_step"] == "route"


def routed_to(root, *releases):
    names = "".join(f'{{"name": "acme-web-{release[-8:]}@docker"}}' for release in releases)
    (root / "acme.yml").write_text(names, encoding="utf-8")


def test_what_serves_beside_the_old_release_was_not_switched_to(tmp_path):
    make_release(tmp_path, OLD).activate(OLD)
    begun = begin(tmp_path)
    make_release(tmp_path, NEW)
    routed_to(tmp_path, NEW, OLD)
    after = begin(tmp_path, id="op2", takeover=begun["operation"]["token"])
    assert (after["settle"]["serve"], after["settle"]["discard"]) == (OLD, [NEW])


@pytest.mark.parametrize(("ended", "serve"), [(["done"], NEW), (["hook_failed"], OLD), ([None], OLD), ([], OLD)])
def test_a_switch_counts_once_the_hooks_after_it_ended_well(tmp_path, ended, serve):
    make_release(tmp_path, OLD).activate(OLD)
    begun = begin(tmp_path)
    hooks = [{"event": "post_switch", "name": "smoke"}, {"event": "pre_drain", "name": "tell"}]
    make_release(tmp_path, NEW, hooks=hooks)
    routed_to(tmp_path, NEW)
    journal = Journal(str(tmp_path / "acme/.deploy"))
    for result in ended:
        journal.step_begins("hook-post_switch-smoke")
        if result:
            journal.step_ends(result)
    after = begin(tmp_path, id="op2", takeover=begun["operation"]["token"])
    assert after["settle"]["serve"] == serve


def test_after_a_rollback_newer_releases_of_others_stay(tmp_path):
    newer = "20261121T061833Z-00000003"
    make_release(tmp_path, OLD, "op0").activate(OLD)
    make_release(tmp_path, NEW, "op0")
    begun = begin(tmp_path)
    make_release(tmp_path, newer)
    after = begin(tmp_path, id="op2", takeover=begun["operation"]["token"])
    assert after["settle"]["discard"] == [newer]


def test_unfinished_release_is_discarded(tmp_path):
    make_release(tmp_path, OLD).activate(OLD)
    begun = begin(tmp_path)
    os.mkdir(tmp_path / "acme/releases" / NEW)
    after = begin(tmp_path, id="op2", takeover=begun["operation"]["token"])
    assert after["settle"]["serve"] == OLD
    assert after["settle"]["discard"] == [NEW]


def test_a_person_can_break_a_lock(tmp_path):
    begin(tmp_path)
    params = {"root": str(tmp_path), "tenant": "acme"}
    assert "ann on control" in operations.break_lock(params)["holder"]
    assert not operations.break_lock(params)["changed"]
