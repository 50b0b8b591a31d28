# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which images may go: only ours, only what nothing needs, and only what nothing needed for a while."""

from __future__ import annotations

import itertools
import json
import os
import time
import typing as t

import pytest

from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.module_utils.image_cleanup import (
    Image,
    Needs,
    clean,
    named_digests,
    removable,
)
from ansible_collections.tenantry.platform.plugins.module_utils.image_record import Entries, ImageRecord
from ansible_collections.tenantry.platform.tests.unit.plugins.module_utils.fake_engine import FakeClient

DAY = 86400
NOBODY = Needs(frozenset(), frozenset())


def digest(number: int) -> str:
    return f"sha256:{number:064x}"


def ref(number: int) -> str:
    return f"registry.example/web{number}@{digest(number)}"


def image(number: int) -> Image:
    return Image(ref(number), f"id{number}", 100)


def recorded(*numbers: int, at: float = 0) -> Entries:
    return Entries(images={ref(number): {"pulled_at": int(at), "needed_at": int(at)} for number in numbers})


# -- the choice ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("named, used, old, ours", list(itertools.product([True, False], repeat=4)))
def test_an_image_goes_only_if_it_is_ours_and_old_and_nothing_needs_it(
    named: bool, used: bool, old: bool, ours: bool
) -> None:
    needs = Needs(frozenset({digest(1)} if named else ()), frozenset({"id1"} if used else ()))
    entries = recorded(1 if ours else 2, at=1000)
    going = removable([image(1)], needs, entries, 1000 + (DAY if old else DAY - 1), DAY)
    assert bool(going) is (ours and old and not named and not used)


def test_a_digest_that_a_release_names_in_another_repository_stays() -> None:
    needs = Needs(frozenset({digest(1)}), frozenset())
    assert removable([Image(f"mirror.example/web@{digest(1)}", "x", 1)], needs, recorded(1), 9e9, 0) == []


@pytest.mark.parametrize("used", ["id1", ref(1)])
def test_a_container_holds_its_image_by_id_and_by_the_reference_it_was_made_from(used: str) -> None:
    assert removable([image(1)], Needs(frozenset(), frozenset({used})), recorded(1), 9e9, 0) == []


def test_an_image_that_is_being_pulled_stays_whatever_its_age() -> None:
    entries = recorded(1)
    entries.begin({ref(1): 5})
    entries.images[ref(1)]["needed_at"] = 0
    assert removable([image(1)], NOBODY, entries, time.time(), DAY) == []


def test_a_clock_that_went_back_makes_no_image_old() -> None:
    assert removable([image(1)], NOBODY, recorded(1, at=2e9), 1e9, DAY) == []


# -- manifests -----------------------------------------------------------------------------------------------------


def release(root: str, tenant: str, name: str, manifest: t.Any) -> None:
    directory = os.path.join(root, tenant, "releases", name)
    os.makedirs(directory)
    if manifest is not None:
        with open(os.path.join(directory, "RELEASE.json"), "w", encoding="utf-8") as stream:
            stream.write(manifest if isinstance(manifest, str) else json.dumps(manifest))


def names(*numbers: int) -> dict[str, t.Any]:
    return {"images": {f"s{one}": {"name": f"web{one}:1", "digest": digest(one), "ref": ref(one)} for one in numbers}}


def test_every_release_of_every_tenant_counts_and_unfinished_ones_name_nothing(tmp_path) -> None:
    root = str(tmp_path / "with [brackets]")
    release(root, "acme", "20261121T041833Z-00000001", names(1, 2))
    release(root, "acme", "20261121T041833Z-00000002", names(3))
    release(root, "bolt", "20261121T041833Z-00000003", names(2, 4))
    release(root, "bolt", "20261121T041833Z-00000004", None)
    assert named_digests(root) == {digest(one) for one in (1, 2, 3, 4)}
    assert named_digests(str(tmp_path / "none")) == frozenset()


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"images": []}', '{"images": {"web": "name"}}'])
def test_with_a_manifest_that_cannot_be_read_nothing_goes(tmp_path, text: str) -> None:
    root = str(tmp_path)
    release(root, "acme", "20261121T041833Z-00000001", text)
    with ImageRecord(root).changing() as entries:
        entries.images = recorded(1).images
    client = FakeClient(images={ref(1): {"Id": "id1", "Size": 5}})
    with pytest.raises(TenantryError, match=r"RELEASE\.json") as caught:
        clean(client.engine("tcp://x"), {"root": root, "min_age": 0}, False)
    assert caught.value.error_kind == "corrupt"
    assert client.asked("remove") == []


# -- the whole -----------------------------------------------------------------------------------------------------


@pytest.fixture(name="node")
def fixture_node(tmp_path) -> FakeClient:
    """Image 1 is named, 2 is used by a container of somebody, 3 and 4 by nothing, 5 is not ours, 6 is gone."""
    root = str(tmp_path)
    release(root, "acme", "20261121T041833Z-00000001", names(1))
    with ImageRecord(root).changing() as entries:
        entries.images = recorded(1, 2, 3, 4, 6, at=time.time() - 2 * DAY).images
    return FakeClient(
        root=root,
        images={ref(one): {"Id": f"id{one}", "Size": 100 * one} for one in (1, 2, 3, 4, 5)},
        entries=[{"Id": "c", "ImageID": "id2", "Image": "whatever:1", "Labels": {}}],
    )


def run(node: FakeClient, check_mode: bool = False, min_age: int = DAY) -> dict[str, t.Any]:
    return clean(node.engine("tcp://x"), {"root": node.root, "min_age": min_age}, check_mode)


def test_check_mode_foretells_what_goes_and_a_second_run_finds_nothing(node: FakeClient) -> None:
    record = ImageRecord(node.root)
    before = record.read()
    foretold = run(node, check_mode=True)
    assert record.read() == before
    assert node.asked("remove") == []
    done = run(node)
    assert foretold["changed"]
    assert done["changed"]
    assert (
        done["images"]
        == foretold["images"]
        == [
            {"ref": ref(3), "id": "id3", "size": 300},
            {"ref": ref(4), "id": "id4", "size": 400},
        ]
    )
    assert done["size"] == foretold["size"] == 700
    assert done["diff"] == foretold["diff"]
    assert set(done["diff"]["before"]) - set(done["diff"]["after"]) == {ref(3), ref(4)}
    assert sorted(node.images) == [ref(1), ref(2), ref(5)]
    assert sorted(record.read().images) == [ref(1), ref(2)]
    again = run(node)
    assert not again["changed"]
    assert again["diff"]["before"] == again["diff"]["after"]


def test_what_is_needed_now_stays_for_its_age_once_it_is_not(node: FakeClient) -> None:
    run(node)
    os.unlink(os.path.join(node.root, "acme", "releases", "20261121T041833Z-00000001", "RELEASE.json"))
    assert not run(node)["changed"]
    assert [one["ref"] for one in run(node, min_age=0)["images"]] == [ref(1)]


def test_an_operation_that_begins_to_need_an_image_keeps_it(node: FakeClient, monkeypatch) -> None:
    inspect = node.inspect_image

    def meanwhile(wanted: str) -> dict[str, t.Any]:
        # Between the choice and the removal.
        with ImageRecord(node.root).changing() as entries:
            entries.need([ref(3)])
        return inspect(wanted)

    monkeypatch.setattr(node, "inspect_image", meanwhile)
    assert [one["ref"] for one in run(node)["images"]] == [ref(4)]
    assert ref(3) in node.images


def test_what_the_engine_holds_fast_stays_and_ends_nothing(node: FakeClient) -> None:
    node.in_use = (ref(3),)
    assert [one["ref"] for one in run(node)["images"]] == [ref(4)]
    assert ref(3) in ImageRecord(node.root).read().images
    assert not run(node)["changed"]


def test_two_references_of_one_image_are_one_size(node: FakeClient) -> None:
    node.images[ref(4)] = node.images[ref(3)]
    assert run(node)["size"] == 300


def test_a_node_on_which_nothing_was_pulled_is_asked_nothing(tmp_path) -> None:
    client = FakeClient()
    result = clean(client.engine("tcp://x"), {"root": str(tmp_path / "none"), "min_age": 0}, False)
    assert not result["changed"]
    assert result["freed"] == 0
    assert client.calls == []


def test_the_room_that_was_won_is_measured_on_the_disk(node: FakeClient, monkeypatch) -> None:
    from ansible_collections.tenantry.platform.plugins.module_utils import image_cleanup

    monkeypatch.setattr(image_cleanup, "_free", lambda _engine: 1000 - 10 * len(node.images))
    assert run(node, check_mode=True)["freed"] is None
    assert run(node)["freed"] == 20
    assert run(node)["freed"] == 0
