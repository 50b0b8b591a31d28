# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The route file of a tenant: what it may hold, how it gets into the watched directory and out of it."""

from __future__ import annotations

import json
import os

import pytest

from ansible_collections.tenantry.platform.plugins.module_utils import traefik_route_file
from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.module_utils.traefik_route_file import (
    RouteFile,
    as_spelled,
    parse,
    refuse_foreign_names,
    refuse_invalid,
)

GOOD = {"http": {"routers": {"acme-main": {"rule": "Host(`acme.demo.test`)", "service": "noop@internal"}}}}


@pytest.fixture(name="file")
def fixture_file(tmp_path) -> RouteFile:
    (tmp_path / "dynamic").mkdir()
    return RouteFile("acme", str(tmp_path / "dynamic"), str(tmp_path / "staging"), str(tmp_path / "rejected"))


def raw(data) -> bytes:
    return json.dumps(data).encode()


def refusal(content: bytes) -> str:
    with pytest.raises(TenantryError) as caught:
        data = parse(content, "acme.yml")
        refuse_invalid(content, data, "acme.yml")
        refuse_foreign_names(data, "acme", "acme.yml")
    assert caught.value.error_kind == "invalid_route"
    return caught.value.message


def test_a_good_file_passes() -> None:
    data = parse(raw(GOOD), "acme.yml")
    refuse_invalid(raw(GOOD), data, "acme.yml")
    refuse_foreign_names(data, "acme", "acme.yml")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xff", "is not UTF-8"),
        (b"[]", "holds no mapping"),
        (raw({"http": {"routers": {"acme-main": {"rule": "Host(`{{ env `TOKEN` }}`)"}}}}), "would run as a template"),
        (raw({"htp": {}}), "the file has fields that Traefik does not know: htp"),
        (raw({"http": {"router": {}}}), "http has fields that Traefik does not know: router"),
        (raw({"http": []}), "http is no mapping"),
        (raw({"http": {"routers": {"acme-main": {"rulez": ""}}}}), "http.routers.acme-main has fields"),
        (raw({"http": {"services": {"acme-main": {"weights": []}}}}), "http.services.acme-main has fields"),
        (raw({"http": {"routers": {"acme-main": None, "bcme-main": {}}}}), "routers bcme-main must be called acme"),
        (raw({"http": {"services": {"acmeX": {}}}}), "services acmeX must be called acme"),
        (raw({"http": {"middlewares": {"deny": {}}}}), "middlewares deny must be called acme"),
    ],
)
def test_what_traefik_would_choke_on_or_another_tenant_would_lose_is_refused(content: bytes, words: str) -> None:
    assert words in refusal(content)


def test_other_peoples_files_may_spell_fields_as_traefik_reads_them() -> None:
    content = {"HTTP": {"Routers": {"x": {"entrypoints": []}}, "Services": {"x": {"LOADBALANCER": {}}, "y": None}}}
    assert as_spelled(content) == {
        "http": {"routers": {"x": {"entryPoints": []}}, "services": {"x": {"loadBalancer": {}}, "y": None}}
    }


def test_ours_may_not_because_its_names_are_looked_at() -> None:
    assert "fields that Traefik does not know: HTTP" in refusal(raw({"HTTP": {"routers": {"bcme-main": {}}}}))


def test_an_empty_file_defines_nothing() -> None:
    assert parse(b"null", "acme.yml") == {}


def test_a_file_that_is_not_json_needs_a_yaml_parser(monkeypatch) -> None:
    monkeypatch.setattr(traefik_route_file, "HAS_YAML", False)
    with pytest.raises(TenantryError) as caught:
        parse(b"http: {}", "acme.yml")
    assert caught.value.error_kind == "unreadable"


def test_a_file_is_staged_and_renamed_in_and_leaves_nothing_in_staging(file) -> None:
    assert file.read() is None
    file.install(b"one")
    file.install(b"two")
    assert file.read() == b"two"
    assert os.listdir(file.staging) == []
    assert os.listdir(file.directory) == ["acme.yml"]
    assert os.stat(file.path).st_mode & 0o777 == 0o644


def test_it_is_put_back_as_it_was(file) -> None:
    file.install(b"new")
    file.put_back(b"old")
    assert file.read() == b"old"
    file.put_back(None)
    file.put_back(None)
    assert file.read() is None


def test_a_refused_file_is_kept_where_only_its_owner_reads_it(file) -> None:
    file.make_side_directories()
    path = file.reject(b"refused")
    file.reject(b"refused again within the same second")
    assert os.path.dirname(path) == file.rejected
    assert os.stat(path).st_mode & 0o777 == 0o600


def test_a_missing_watched_directory_says_that_the_edge_is_not_ready(file) -> None:
    os.rmdir(file.directory)
    with pytest.raises(TenantryError, match=r"role tenantry\.platform\.edge") as caught:
        file.require_directories()
    assert caught.value.error_kind == "edge_missing"


def test_staging_inside_the_watched_directory_is_refused(file) -> None:
    inside = RouteFile("acme", file.directory, f"{file.directory}/staging", file.rejected)
    with pytest.raises(TenantryError, match="is inside the directory that Traefik watches"):
        inside.require_directories()


def test_broken_neighbours_are_named_and_good_ones_are_not(file) -> None:
    neighbours = {
        "acme.yml": b"{broken, but ours",
        "bcme.yml": raw(GOOD),
        "cut.yml": raw(GOOD)[:20],
        "unknown.yaml": raw({"http": {"routers": {"x": {"bogus": 1}}}}),
        "template.yml": b'{"http": {"routers": {"x": {"rule": "{{ x }}"}}}}',
        "notes.txt": b"{{{",
        "empty.yml": b"",
    }
    for name, content in neighbours.items():
        with open(os.path.join(file.directory, name), "wb") as stream:
            stream.write(content)
    broken = {os.path.basename(path) for path in file.broken_neighbours()}
    assert {"unknown.yaml", "template.yml"} <= broken
    assert broken <= {"unknown.yaml", "template.yml", "cut.yml"}
    assert ("cut.yml" in broken) is traefik_route_file.HAS_YAML
    assert file.defined_elsewhere("routers", "acme-main") == [os.path.join(file.directory, "bcme.yml")]


def test_files_of_nobody_are_told_with_why_they_cannot_be_read(tmp_path):
    for name, content in (
        ("acme.yml", b"not: [closed"),
        ("00-platform-tls.yml", b"{}"),
        ("00-own.yml", b"not: [closed"),
        ("mine.yml", b"{}"),
        ("broken.yaml", b"not: [closed"),
        ("notes.txt", b""),
    ):
        (tmp_path / name).write_bytes(content)
    found = traefik_route_file.other_files(str(tmp_path), {"acme"})
    assert {name: bool(why) for name, why in found.items()} == {
        "00-own.yml": True,
        "mine.yml": False,
        "broken.yaml": True,
    }
    assert traefik_route_file.other_files(str(tmp_path / "none"), ()) == {}


def test_what_is_set_aside_comes_back_unless_there_is_another_by_now(tmp_path):
    watched = tmp_path / "dynamic"
    watched.mkdir()
    file = traefik_route_file.RouteFile("acme", str(watched), str(tmp_path / "staging"), str(tmp_path / "rejected"))
    first, second, good = (watched / name for name in ("first.yml", "second.yml", "good.yml"))
    first.write_text("not: [closed", encoding="utf-8")
    second.write_text("not: [closed", encoding="utf-8")
    good.write_text("{}", encoding="utf-8")
    kept = file.set_aside([str(first), str(second), str(good), str(watched / "gone.yml")])
    assert sorted(kept) == [str(first), str(second)]  # what was repaired meanwhile stays
    assert [one.exists() for one in (first, second, good)] == [False, False, True]
    first.write_text("{}", encoding="utf-8")
    file.return_to_place(kept)
    assert (first.read_text(encoding="utf-8"), second.read_text(encoding="utf-8")) == ("{}", "not: [closed")
