# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The registry and the state file."""

from __future__ import annotations

import dataclasses
import json
import multiprocessing
import pathlib
import socket
import time

import estate as command
import pytest
from conftest import ask, docker
from tenantry_estate import registry
from tenantry_estate.catalogue import IMAGES, REGISTRY
from tenantry_estate.shell import EstateError
from tenantry_estate.state import State, lock


def test_every_image_can_be_pulled_by_the_digest_in_the_state_file(images: dict[str, dict[str, str]]) -> None:
    assert set(images) == {image.key for image in IMAGES}
    for entry in images.values():
        address, _slash, name = entry["ref"].partition("/")
        status, _body = ask(address, f"/v2/{name.rpartition(':')[0]}/manifests/{entry['digest']}")
        assert status == 200, entry


@pytest.mark.usefixtures("images")
def test_a_second_up_says_nothing_and_touches_no_container(capsys: pytest.CaptureFixture[str]) -> None:
    def started() -> str:
        return docker("inspect", "--format={{.Id}} {{.State.StartedAt}}", registry.NAME)

    before = started()
    capsys.readouterr()
    assert command.main(["up"]) == 0
    # Others may be at work on the same estate; nothing else is worth a word.
    assert [line for line in capsys.readouterr().out.splitlines() if "waiting" not in line] == []
    assert started() == before


@pytest.mark.usefixtures("images")
def test_an_image_of_sources_that_have_changed_does_not_stand_in_the_state_file(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = State(tmp_path)
    state.data["registry"] = State().data["registry"]
    monkeypatch.setattr(registry, "IMAGES", (REGISTRY,))
    registry.push(state)
    assert set(state.data["images"]) == {REGISTRY.key}
    monkeypatch.setattr(registry, "IMAGES", (dataclasses.replace(REGISTRY, version="other"),))
    registry.push(state)
    assert state.data["images"] == {}


def test_a_taken_port_is_stepped_around() -> None:
    with socket.socket() as taken:
        taken.bind((registry.HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert registry.free_port(port, port + 20) > port
        with pytest.raises(EstateError, match="no free port"):
            registry.free_port(port, port)


def test_the_state_file_is_whole_or_as_before(tmp_path: pathlib.Path) -> None:
    state = State(tmp_path / "new")
    state.data["registry"] = "127.0.0.1:5055"
    state.save()
    assert json.loads(state.path.read_text(encoding="utf-8"))["registry"] == "127.0.0.1:5055"
    assert [path.name for path in state.directory.iterdir()] == ["estate.json"]
    state.path.write_text("{broken", encoding="utf-8")
    assert State(state.directory).data["registry"] is None


def hold(directory: pathlib.Path, seconds: float) -> None:
    """Another estate command at work."""
    with lock(directory):
        (directory / "held").touch()
        time.sleep(seconds)


def test_two_commands_do_not_work_at_the_same_time(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = multiprocessing.Process(target=hold, args=(tmp_path, 1.0))
    other.start()
    while not (tmp_path / "held").exists():
        time.sleep(0.02)
    with lock(tmp_path):
        other.join(0.5)
        assert not other.is_alive()
    assert "waiting" in capsys.readouterr().out


def test_wrong_words_end_with_a_message(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["images", "nginx"]) == 1
    assert "no such image: nginx" in capsys.readouterr().err
