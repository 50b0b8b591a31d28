# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Building: only what changed."""

from __future__ import annotations

import os
import pathlib
import subprocess
import typing as t

import pytest
from tenantry_estate import images as builder
from tenantry_estate.catalogue import IMAGES, USUAL, Image, chosen, content_hash
from tenantry_estate.shell import EstateError
from tenantry_estate.state import State


@pytest.fixture
def probe(tmp_path: pathlib.Path) -> t.Iterator[Image]:
    """A small image of the test's own."""
    image = Image("estate-probe", "1", root=tmp_path)
    image.sources.mkdir()
    (image.sources / "Dockerfile").write_text("ARG BASE\nFROM ${BASE}\nCOPY file /file\n", encoding="utf-8")
    (image.sources / "file").write_text("one\n", encoding="utf-8")
    yield image
    subprocess.run(["docker", "image", "rm", "--force", image.local], capture_output=True, check=False)


@pytest.mark.usefixtures("images")
def test_an_image_is_built_once_and_again_when_its_sources_change(probe: Image, tmp_path: pathlib.Path) -> None:
    state = State(tmp_path)
    assert builder.ensure([probe], state) == [probe]
    first = builder.image_id(probe.local)
    assert builder.ensure([probe], state) == []

    (probe.sources / "file").write_text("two\n", encoding="utf-8")
    assert builder.ensure([probe], state) == [probe]
    assert builder.image_id(probe.local) != first
    assert builder.ensure([probe], state) == []


@pytest.mark.usefixtures("images")
def test_a_build_that_fails_shows_its_last_lines(probe: Image, tmp_path: pathlib.Path) -> None:
    (probe.sources / "Dockerfile").write_text(
        "ARG BASE\nFROM ${BASE}\nRUN echo the reason >&2; exit 3\n", encoding="utf-8"
    )
    with pytest.raises(EstateError, match=r"(?s)return code 3.*the reason"):
        builder.ensure([probe], State(tmp_path))
    left = ["docker", "container", "ls", "--all", "--quiet", "--no-trunc", "--filter=status=exited"]
    names = subprocess.run(left, capture_output=True, text=True, check=True).stdout.split()
    shown = subprocess.run(
        ["docker", "inspect", "--format={{.Config.Cmd}}", *names], capture_output=True, text=True, check=False
    )
    assert "the reason" not in shown.stdout


def test_the_content_hash_covers_names_contents_arguments_and_nothing_else(probe: Image) -> None:
    before = content_hash(probe)
    (probe.sources / "__pycache__").mkdir()
    (probe.sources / "__pycache__" / "x.pyc").write_bytes(b"x")
    os.utime(probe.sources / "file", (0, 0))
    assert content_hash(probe) == before
    assert content_hash(Image(probe.name, probe.tag, version="2", root=probe.root)) != before
    (probe.sources / "file").rename(probe.sources / "other")
    renamed = content_hash(probe)
    assert renamed != before
    (probe.sources / "other").write_text("", encoding="utf-8")
    assert content_hash(probe) not in (before, renamed)


def test_images_are_chosen_by_name_or_by_tag() -> None:
    assert [image.key for image in chosen(["redis"])] == ["redis:7"]
    assert [image.tag for image in chosen(["sample"])] == ["1.0.0", "1.1.0", "2.0.0", "broken"]
    assert [image.key for image in chosen(["sample:2.0.0", "base"])] == ["base:bookworm", "sample:2.0.0"]
    assert {image.name for image in chosen(["data"])} == {"mariadb", "s3", "notes", "blog", "dbmate"}
    assert chosen([]) == list(USUAL)
    assert set(chosen([])) | set(chosen(["data"])) == set(IMAGES)


def test_an_unknown_image_is_refused_with_those_that_exist() -> None:
    with pytest.raises(EstateError, match=r"no such image: nginx; there are .*sample:1\.0\.0"):
        chosen(["nginx", "redis"])


@pytest.mark.usefixtures("images")
def test_the_versions_of_the_sample_share_all_layers() -> None:
    def layers(key: str) -> str:
        command = ["docker", "image", "inspect", "--format={{json .RootFS.Layers}}", f"tenantry-estate/{key}"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    assert layers("sample:1.0.0") == layers("sample:2.0.0") == layers("sample:broken")
