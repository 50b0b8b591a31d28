# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changed tasks out of results, as modules and loops return them."""

from __future__ import annotations

import types

import pytest

from ansible_collections.tenantry.platform.plugins.plugin_utils.drift import changes, values
from ansible_collections.tenantry.platform.tests.unit.plugins.plugin_utils.drift.drift_runs import event, report, run


def test_a_task_that_changes_nothing_is_no_change():
    assert changes.change(event("ansible.builtin.copy", {"changed": False})) is None


def test_each_changed_item_of_a_loop_is_one_change():
    made = run(check=True)
    items = [
        {"changed": True, "item": "a", "diff": {"before": "1\n", "after": "2\n"}},
        {"changed": False, "item": "b"},
        {"changed": True, "failed": True, "item": {"name": "c", "key": 1}, "_ansible_item_label": "c"},
        {"changed": True, "ansible_loop_var": "one", "one": ["d"]},
    ]
    for item in items:
        made.item(event("ansible.builtin.copy", item, check_mode=True, looped=True))
    whole = event("ansible.builtin.copy", {"changed": True, "results": items}, check_mode=True, looped=True)
    made.ok(whole)
    made.fail(whole, ignored=True)
    found = report(made)["changes"]
    assert [one["item"] for one in found] == ["a", "c", '["d"]']
    assert {one["class"] for one in found} == {"would_change"}
    assert found[0]["diff"][0]["after"] == "2\n"


def test_what_has_no_log_gives_neither_item_nor_difference():
    secret = {"changed": True, "item": "s3cret", "diff": {"before": "", "after": "s3cret"}}
    one = changes.change(event("x", secret, hidden=True))
    assert (one["hidden"], one["item"], one["diff"]) == (True, None, [])
    assert event("x", {"msg": "s3cret"}, hidden=True).message == "hidden: the task has no_log"
    items = [{"failed": True, "msg": "s3cret", "_ansible_no_log": True}, {"failed": True, "msg": "seen"}]
    assert event("x", {"msg": "some failed", "results": items}).message == "seen"


@pytest.mark.parametrize("mark", [{"_ansible_no_log": True}, {"censored": "hidden"}, {}])
def test_no_log_is_seen_on_the_task_and_on_its_result(mark):
    task = types.SimpleNamespace(
        action="x", check_mode=True, delegate_to=None, loop=None, no_log=not mark, run_once=False, resolved_action=None
    )
    task.get_name = task.get_path = lambda: "x"
    host = types.SimpleNamespace(get_name=lambda: "node1")
    old = types.SimpleNamespace(_task=task, _host=host, _result={"changed": True, **mark})
    new = types.SimpleNamespace(task=task, host=host, result={"changed": True, **mark})
    assert changes.Event.of(old) == changes.Event.of(new)
    assert changes.Event.of(new).hidden


def test_a_task_that_really_ran_is_told_from_one_that_would():
    assert changes.change(event("x", {"changed": True}, check_mode=False))["class"] == "executed"


def test_what_only_ansible_remembers_is_no_change():
    assert changes.change(event("ansible.builtin.add_host", {"changed": True})) is None


def test_differences_of_data_of_text_and_of_files_too_large_to_show():
    diff = [
        {"before": {"mode": "0755"}, "after": {"mode": "0750"}},
        {"prepared": "--- a\n+++ b\n"},
        {"dst_binary": 1, "src_binary": 1},
        {"src_larger": 104448, "before": "", "after": ""},
        {"before": "", "after": ""},
        "no dict",
    ]
    found = changes.change(event("x", {"changed": True, "diff": diff}))["diff"]
    assert [one["after"] for one in found] == ['{\n  "mode": "0750"\n}', None, None, ""]
    assert found[1]["prepared"] == "--- a\n+++ b\n"
    assert [one["note"] for one in found] == [
        None,
        None,
        "binary content differs",
        "larger than 104448 bytes: not compared line by line",
    ]


def test_a_long_text_is_cut_and_says_so():
    diff = {"before": "", "after": "x" * (values.MAXIMUM_TEXT + 7)}
    after = changes.change(event("x", {"changed": True, "diff": diff}))["diff"][0]["after"]
    assert after.endswith("x\n… 7 more characters")


def test_a_change_has_the_same_id_in_the_next_run_and_twice_included_ones_differ():
    made = run(check=True)
    for path in ("tasks.yml:3", "tasks.yml:3", "other.yml:9"):
        made.ok(event("x", {"changed": True}, path=path, check_mode=True))
    ids = [one["id"] for one in report(made)["changes"]]
    assert len(set(ids)) == 3
    moved = run(check=True)
    moved.ok(event("x", {"changed": True}, path="tasks.yml:44", check_mode=True))
    assert report(moved)["changes"][0]["id"] == ids[0]


def test_a_plain_run_collects_no_changes():
    made = run()
    made.ok(event("x", {"changed": True}))
    made.fail(event("x", {"changed": True}), ignored=False)
    assert made.changes == []


def test_the_counts_of_a_host():
    made = run(check=True)
    made.ok(event("x", {"changed": True}, host="node1", check_mode=True))
    made.ok(event("x", {"changed": True}, host="node1"))
    made.end(["node1", "node2"], {})
    assert report(made)["hosts"] == {
        "node1": {"status": "ok", "would_change": 1, "executed": 1},
        "node2": {"status": "ok", "would_change": 0, "executed": 0},
    }
