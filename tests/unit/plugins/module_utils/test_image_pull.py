# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pulls: recorded as ours, and refused before they fill the disk. The registry is a real server."""

from __future__ import annotations

import os
import time
import typing as t

import pytest

from ansible_collections.tenantry.platform.plugins.module_utils import image_pull, registry_manifest
from ansible_collections.tenantry.platform.plugins.module_utils.disk_space import Filesystem, Floor
from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.module_utils.image_pull import Room, ensure_pulled, images_path
from ansible_collections.tenantry.platform.plugins.module_utils.image_record import ImageRecord
from ansible_collections.tenantry.platform.tests.unit.plugins.module_utils.fake_engine import FakeClient
from ansible_collections.tenantry.platform.tests.unit.plugins.module_utils.test_registry_manifest import (
    Registry,
    digest,
    manifest,
    registry,
)

MIB = 1 << 20


@pytest.fixture(name="remote")
def fixture_remote() -> t.Iterator[Registry]:
    with registry() as found:
        found.put(1, manifest((10, 100 * MIB), (11, 20 * MIB)))
        found.put(2, manifest((10, 100 * MIB), (12, 30 * MIB)))
        yield found


@pytest.fixture(name="client")
def fixture_client(remote: Registry, tmp_path) -> FakeClient:
    (tmp_path / "docker").mkdir()
    tags = {f"{remote.name}/shop/web:{number}": digest(number) for number in (1, 2)}
    return FakeClient(root=str(tmp_path / "docker"), registry=tags)


@pytest.fixture(name="record")
def fixture_record(tmp_path) -> ImageRecord:
    return ImageRecord(str(tmp_path))


def disk(monkeypatch: pytest.MonkeyPatch, **free: int) -> None:
    """Filesystems by the last part of their path, each of 10 GiB; that of another path has plenty."""

    def read(path: str) -> Filesystem | None:
        if not os.path.exists(path):
            return None
        return Filesystem(path, 10240 * MIB, free.get(os.path.basename(path), 10000 * MIB))

    monkeypatch.setattr(image_pull.Filesystem, "read", staticmethod(read))


def room(record: ImageRecord | None, floor: str = "1g", path: str | None = None) -> Room:
    return Room(Floor.parse(floor), path, record)


def names(remote: Registry, *numbers: int) -> list[str]:
    return [f"{remote.name}/shop/web:{number}" for number in numbers]


def ref(remote: Registry, number: int) -> str:
    return f"{remote.name}/shop/web@{digest(number)}"


def test_what_is_pulled_is_recorded_and_its_room_was_measured(monkeypatch, remote, client, record) -> None:
    disk(monkeypatch, docker=5000 * MIB)
    result = ensure_pulled(client.engine(), names(remote, 1, 2), room(record), False)
    assert result["changed"]
    # Two images share a layer of 100 MiB; each configuration is the same.
    needed = registry_manifest.UNPACKING * (150 * MIB + 7)
    assert result["space"] == {"path": client.root, "free": 5000 * MIB, "needed": needed, "floor": 1024 * MIB}
    assert [one["pulled"] for one in result["images"].values()] == [True, True]
    assert client.asked("pull") == [f"pull {ref(remote, 1)}", f"pull {ref(remote, 2)}"]
    entries = record.read()
    assert sorted(entries.images) == sorted([ref(remote, 1), ref(remote, 2)])
    assert entries.pulling == {}


def test_what_is_there_costs_no_question_and_is_refused_on_no_full_disk(monkeypatch, remote, client, record) -> None:
    disk(monkeypatch, docker=0)
    client.images[ref(remote, 1)] = {"Id": "one", "Size": 1}
    result = ensure_pulled(client.engine(), [ref(remote, 1)], room(record), False)
    assert not result["changed"]
    assert result["space"] is None
    assert client.calls == []
    assert remote.asked == []
    assert record.read().images == {}


@pytest.mark.parametrize("check_mode", [True, False])
def test_what_would_fill_the_disk_is_refused_before_anything_is_pulled(
    monkeypatch, remote, client, record, check_mode: bool
) -> None:
    disk(monkeypatch, docker=1600 * MIB)  # 600 MiB needed, 1024 to stay free
    with pytest.raises(TenantryError, match=r"pulling 2 images takes about 600\.0 MiB") as caught:
        ensure_pulled(client.engine(), names(remote, 1, 2), room(record), check_mode)
    assert caught.value.error_kind == "disk_full_ahead"
    assert caught.value.details["space"]["path"] == client.root
    assert client.asked("pull") == []
    assert record.read().images == {}
    assert ensure_pulled(client.engine(), names(remote, 1, 2), room(record, "512m"), check_mode)["changed"]
    assert ensure_pulled(client.engine(), names(remote, 1), room(record, "unchecked"), check_mode)["space"] is None


def test_check_mode_writes_nothing(monkeypatch, remote, client, record) -> None:
    disk(monkeypatch)
    result = ensure_pulled(client.engine(), names(remote, 1), room(record), True)
    assert result["changed"]
    assert result["images"][names(remote, 1)[0]]["id"] is None
    assert os.listdir(record.root) == ["docker"]
    assert client.asked("pull") == []


def test_where_no_registry_tells_the_floor_alone_decides(monkeypatch, remote, client, record) -> None:
    remote.put(1, 401)
    remote.put(2, 401)
    disk(monkeypatch, docker=1025 * MIB)
    result = ensure_pulled(client.engine(), names(remote, 1), room(record), False)
    assert result["space"]["needed"] is None
    disk(monkeypatch, docker=1023 * MIB)
    with pytest.raises(TenantryError, match="takes room at") as caught:
        ensure_pulled(client.engine(), names(remote, 2), room(record), False)
    assert caught.value.error_kind == "disk_full_ahead"


def test_releases_need_room_too_where_they_are_on_a_disk_of_their_own(monkeypatch, remote, client, record) -> None:
    disk(monkeypatch, **{os.path.basename(record.root): 100 * MIB})
    assert ensure_pulled(client.engine(), names(remote, 1), room(record), True)["changed"]
    monkeypatch.setattr(image_pull, "_same", lambda _one, _other: False)
    with pytest.raises(TenantryError, match="a new release takes room at") as caught:
        ensure_pulled(client.engine(), names(remote, 1), room(record), False)
    assert caught.value.details["space"]["path"] == record.root


def test_what_others_are_about_to_take_counts_and_the_same_image_counts_once(
    monkeypatch, remote, client, record
) -> None:
    disk(monkeypatch, docker=1800 * MIB)  # 480 MiB for the one, 520 MiB for the other
    seen: list[TenantryError | dict[str, t.Any]] = []

    def meanwhile(_ref: str) -> None:
        client.before_pull = lambda _ref: None
        with pytest.raises(TenantryError) as caught:
            ensure_pulled(client.engine(), names(remote, 2), room(record), False)
        seen.append(caught.value)
        # Whoever pulls it already was measured, and has a part of it by now.
        disk(monkeypatch, docker=1400 * MIB)
        seen.append(ensure_pulled(client.engine(), names(remote, 1), room(record), True))

    client.before_pull = meanwhile
    ensure_pulled(client.engine(), names(remote, 1), room(record), False)
    refused, allowed = seen
    assert isinstance(refused, TenantryError)
    assert "480.0 MiB of which other pulls are about to take" in refused.message
    assert isinstance(allowed, dict)
    disk(monkeypatch, docker=1800 * MIB)
    assert ensure_pulled(client.engine(), names(remote, 2), room(record), False)["changed"]


def test_a_pull_that_fails_leaves_nothing_that_would_be_called_ours(monkeypatch, remote, client, record) -> None:
    disk(monkeypatch)

    def fail(wanted: str) -> None:
        if wanted == ref(remote, 2):
            raise RuntimeError

    client.before_pull = fail
    with pytest.raises(RuntimeError):
        ensure_pulled(client.engine(), names(remote, 1, 2), room(record), False)
    assert list(record.read().images) == [ref(remote, 1)]


def test_what_is_asked_for_again_is_young_again(monkeypatch, remote, client, record) -> None:
    disk(monkeypatch)
    ensure_pulled(client.engine(), names(remote, 1), room(record), False)
    with record.changing() as entries:
        entries.images[ref(remote, 1)] = {"pulled_at": 5, "needed_at": 5}
    ensure_pulled(client.engine(), names(remote, 1), room(record), True)
    assert record.read().images[ref(remote, 1)]["needed_at"] == 5
    ensure_pulled(client.engine(), names(remote, 1), room(record), False)
    entry = record.read().images[ref(remote, 1)]
    assert entry["pulled_at"] == 5
    assert time.time() - entry["needed_at"] < 5


def test_without_a_root_nothing_is_recorded_and_room_is_looked_at_all_the_same(monkeypatch, remote, client) -> None:
    disk(monkeypatch, docker=10 * MIB)
    with pytest.raises(TenantryError) as caught:
        ensure_pulled(client.engine(), names(remote, 1), room(None), False)
    assert caught.value.error_kind == "disk_full_ahead"
    disk(monkeypatch)
    assert ensure_pulled(client.engine(), names(remote, 1), room(None), False)["changed"]


def test_a_path_that_was_named_is_the_one_that_counts(monkeypatch, remote, client, record, tmp_path) -> None:
    (tmp_path / "other").mkdir()
    disk(monkeypatch, docker=0, other=9000 * MIB)
    result = ensure_pulled(client.engine(), names(remote, 1), room(record, path=str(tmp_path / "other")), False)
    assert result["space"]["path"] == str(tmp_path / "other")
    with pytest.raises(TenantryError, match="space_path") as caught:
        ensure_pulled(client.engine(), names(remote, 2), room(record, path=str(tmp_path / "none")), False)
    assert caught.value.error_kind == "invalid"


def test_an_engine_of_another_machine_has_no_disk_here(monkeypatch, remote, client) -> None:
    disk(monkeypatch, docker=0)
    result = ensure_pulled(client.engine("tcp://192.0.2.1:2376"), names(remote, 1), room(None), False)
    assert result["space"] is None


@pytest.mark.parametrize(
    ("info", "path"),
    [
        ({"DockerRootDir": "/data/docker"}, "/data/docker"),
        ({"DockerRootDir": "/data/docker", "DriverStatus": [["Backing Filesystem", "extfs"]]}, "/data/docker"),
        ({"DockerRootDir": "/data/docker", "DriverStatus": [["driver-type", "io.containerd.snapshotter.v1"]]}, "CTR"),
        (
            {
                "DockerRootDir": "/data/docker",
                "DriverStatus": [["driver-type", "io.containerd.snapshotter.v1"]],
                "Containerd": {"Address": "/run/containerd/containerd.sock"},
            },
            "CTR",
        ),
        (
            {
                "DockerRootDir": "/data/docker",
                "DriverStatus": [["driver-type", "io.containerd.snapshotter.v1"]],
                "Containerd": {"Address": "/var/run/docker/containerd/containerd.sock"},
            },
            "/data/docker",
        ),
        ({}, None),
    ],
)
def test_images_are_where_the_engine_or_its_containerd_keeps_them(
    monkeypatch, tmp_path, info: dict[str, t.Any], path: str | None
) -> None:
    monkeypatch.setattr(image_pull, "CONTAINERD", str(tmp_path))
    assert images_path(FakeClient().engine(), info) == (str(tmp_path) if path == "CTR" else path)


@pytest.mark.parametrize(
    ("root", "operation", "kept"),
    [(None, None, None), ("/a", None, "/a"), (None, {"root": "/b"}, "/b"), ("/a", {"root": "/b"}, "/a")],
)
def test_the_record_is_kept_below_the_root_of_the_operation(
    root: str | None, operation: dict[str, str] | None, kept: str | None
) -> None:
    found = Room.from_params({"root": root, "operation": operation, "space_floor": "5%", "space_path": None})
    assert (found.record.root if found.record else None) == kept
