# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The record of what was pulled: kept by many at once, and of processes that were killed."""

from __future__ import annotations

import concurrent.futures
import json
import os
import time

import pytest

from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.module_utils.image_record import Entries, ImageRecord

DEAD = {"bytes": 5, "pid": 2**22 + 1, "start": 77, "new": 1}
REF = "registry.example/web@sha256:1"


def test_nothing_is_recorded_where_nothing_was_pulled(tmp_path) -> None:
    record = ImageRecord(str(tmp_path))
    assert record.read() == Entries()
    with record.changing() as entries:
        entries.need([REF])
    assert not os.path.exists(record.path)


def test_a_pull_is_recorded_before_it_begins_and_stays_known_when_it_is_killed(tmp_path) -> None:
    record = ImageRecord(str(tmp_path))
    with record.changing() as entries:
        entries.begin({REF: 100})
    entries = record.read()
    assert entries.being_pulled(REF)
    assert entries.promised() == 100
    assert entries.idle(REF, time.time() + 9e9) == 0
    entries.pulling[REF] = dict(DEAD)
    assert not entries.being_pulled(REF)
    assert entries.promised() == 0
    assert REF in entries.images
    assert entries.idle(REF, time.time() + 60) >= 59


def test_what_was_pulled_is_ours_and_what_was_not_is_not(tmp_path) -> None:
    record = ImageRecord(str(tmp_path))
    with record.changing() as entries:
        entries.begin({REF: 1, "other@sha256:2": 1})
    with record.changing() as entries:
        entries.pulled(REF)
        entries.not_pulled("other@sha256:2")
    entries = record.read()
    assert list(entries.images) == [REF]
    assert entries.pulling == {}


def test_a_failure_to_pull_again_forgets_nothing_that_was_ours_before() -> None:
    entries = Entries(images={REF: {"pulled_at": 1, "needed_at": 2}})
    entries.begin({REF: 1})
    entries.not_pulled(REF)
    assert list(entries.images) == [REF]
    assert entries.images[REF]["needed_at"] > 2


def test_a_pull_of_another_process_is_not_taken_over() -> None:
    parent = {"bytes": 9, "pid": os.getppid(), "start": 0, "new": 1}
    entries = Entries(images={REF: {"pulled_at": 1, "needed_at": 1}}, pulling={REF: parent})
    entries.pulled(REF)
    assert entries.pulling == {REF: parent}
    entries.not_pulled(REF)
    assert REF in entries.images


def test_needing_an_image_makes_it_young_again_and_needing_another_makes_it_no_one_of_ours() -> None:
    entries = Entries(images={REF: {"pulled_at": 1, "needed_at": 1}})
    entries.need([REF, "other@sha256:2"])
    assert entries.idle(REF, time.time()) < 5
    assert list(entries.images) == [REF]


def test_the_record_is_kept_from_others_and_is_json(tmp_path) -> None:
    record = ImageRecord(str(tmp_path))
    with record.changing() as entries:
        entries.pulled(REF)
    assert os.stat(record.path).st_mode & 0o777 == 0o600
    data = json.loads((tmp_path / ".images.json").read_text(encoding="utf-8"))
    assert data["schema"] == 1
    assert sorted(data["images"][REF]) == ["needed_at", "pulled_at"]
    assert sorted(name for name in os.listdir(tmp_path)) == [".images.guard", ".images.json"]


def test_an_error_loses_nothing_that_was_noted_before_it(tmp_path) -> None:
    record = ImageRecord(str(tmp_path))
    with pytest.raises(RuntimeError), record.changing() as entries:
        entries.pulled(REF)
        raise RuntimeError
    assert REF in record.read().images


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"images": 3}', '{"images": {}, "pulling": 3}'])
def test_a_record_that_is_none_is_named(tmp_path, text: str) -> None:
    (tmp_path / ".images.json").write_text(text, encoding="utf-8")
    with pytest.raises(TenantryError, match=r"images\.json") as caught:
        ImageRecord(str(tmp_path)).read()
    assert caught.value.error_kind == "corrupt"


def test_a_machine_that_is_no_node_is_told(tmp_path) -> None:
    with (
        pytest.raises(TenantryError, match=r"tenantry\.platform\.nodes") as caught,
        ImageRecord(str(tmp_path / "none")).changing(),
    ):
        pass
    assert caught.value.error_kind == "not_a_node"


def _pull(root: str, number: int) -> None:
    record = ImageRecord(root)
    for step in range(5):
        ref = f"web{number}@sha256:{step}"
        with record.changing() as entries:
            entries.begin({ref: 1})
        with record.changing() as entries:
            entries.pulled(ref)


def test_operations_that_pull_at_the_same_time_lose_no_entry(tmp_path) -> None:
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda number: _pull(str(tmp_path), number), range(6)))
    entries = ImageRecord(str(tmp_path)).read()
    assert len(entries.images) == 30
    assert entries.pulling == {}
