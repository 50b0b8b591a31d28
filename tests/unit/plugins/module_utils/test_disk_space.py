# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Floors as people write them, and the refusal of what would go below one."""

from __future__ import annotations

import pytest

from ansible_collections.tenantry.platform.plugins.module_utils import disk_space
from ansible_collections.tenantry.platform.plugins.module_utils.disk_space import Filesystem, Floor
from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError

GIB = 1 << 30
DISK = Filesystem("/var/lib/docker", 100 * GIB, 8 * GIB)


@pytest.mark.parametrize(
    ("written", "size"),
    [
        ("0", 0),
        ("1073741824", GIB),
        ("1g", GIB),
        ("1G", GIB),
        ("1.5g", 3 * GIB // 2),
        (" 2 GiB ", 2 * GIB),
        ("2gb", 2 * GIB),
        ("512m", GIB // 2),
        ("10k", 10240),
        ("7b", 7),
        ("1t", 1024 * GIB),
        ("0%", 0),
        ("5%", 5 * GIB),
        ("12.5%", 25 * GIB // 2),
    ],
)
def test_a_floor_is_a_size_or_a_share_of_the_disk(written: str, size: int) -> None:
    floor = Floor.parse(written)
    assert floor is not None
    assert floor.of(100 * GIB) == size


@pytest.mark.parametrize("written", ["unchecked", " Unchecked "])
def test_a_floor_can_be_switched_off(written: str) -> None:
    assert Floor.parse(written) is None


@pytest.mark.parametrize(
    "written", ["", "g", "-1g", "1x", "5%b", "5%ib", "100%", "1e9", "one", "1g 2g", "None", "1,5g"]
)
def test_what_is_no_floor_is_refused(written: str) -> None:
    with pytest.raises(TenantryError, match="space_floor") as caught:
        Floor.parse(written)
    assert caught.value.error_kind == "invalid"


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "0 bytes"),
        (1023, "1023 bytes"),
        (1536, "1.5 KiB"),
        (5 << 20, "5.0 MiB"),
        (GIB, "1.0 GiB"),
        (3 << 40, "3.0 TiB"),
    ],
)
def test_sizes_are_told_in_the_unit_that_fits(size: int, words: str) -> None:
    assert disk_space.text(size) == words


@pytest.mark.parametrize(
    ("floor", "needed", "promised", "fits"),
    [
        ("1g", 7 * GIB, 0, True),
        ("1g", 7 * GIB + 1, 0, False),
        ("1g", 4 * GIB, 3 * GIB, True),
        ("1g", 4 * GIB, 3 * GIB + 1, False),
        ("8g", None, 0, True),
        ("8g", None, 1, False),
        ("9g", None, 0, False),
        ("8%", None, 0, True),
        ("9%", None, 0, False),
        ("0", 8 * GIB, 0, True),
        ("0", 9 * GIB, 0, False),
    ],
)
def test_what_would_leave_less_than_the_floor_is_refused(
    floor: str, needed: int | None, promised: int, fits: bool
) -> None:
    parsed = Floor.parse(floor)
    assert parsed is not None
    try:
        facts = disk_space.require(DISK, parsed, "pulling 1 image", needed, promised)
    except TenantryError as error:
        assert not fits
        assert error.error_kind == "disk_full_ahead"
        facts = error.details["space"]
    else:
        assert fits
    assert facts == {"path": DISK.path, "free": DISK.free, "needed": needed, "floor": parsed.of(DISK.total)}


def test_the_refusal_names_path_sizes_and_what_to_do() -> None:
    floor = Floor.parse("5%")
    assert floor is not None
    with pytest.raises(TenantryError) as caught:
        disk_space.require(DISK, floor, "pulling 2 images", 6 * GIB, GIB)
    assert caught.value.message == (
        "pulling 2 images takes about 6.0 GiB at /var/lib/docker, where 8.0 GiB of 100.0 GiB are free, 1.0 GiB of "
        "which other pulls are about to take, and 5.0 GiB shall stay free (space_floor 5%): remove images that no "
        "release needs (ansible-playbook tenantry.platform.clean), give the node a larger disk, or choose another "
        "space_floor; nothing was pulled"
    )


def test_the_refusal_by_the_floor_alone_claims_no_size() -> None:
    floor = Floor.parse("10g")
    assert floor is not None
    with pytest.raises(TenantryError, match=r"^pulling 1 image takes room at /var/lib/docker, where 8\.0 GiB"):
        disk_space.require(DISK, floor, "pulling 1 image", None)


def test_a_filesystem_is_read_where_there_is_one(tmp_path) -> None:
    found = Filesystem.read(str(tmp_path))
    assert found is not None
    assert 0 < found.free <= found.total
    assert Filesystem.read(str(tmp_path / "none")) is None
