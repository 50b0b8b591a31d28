# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sizes of images, asked of a real server that answers as registries do, and as they do not."""

from __future__ import annotations

import contextlib
import dataclasses
import http.server
import json
import threading
import time
import typing as t

import pytest

from ansible_collections.tenantry.platform.plugins.module_utils import registry_manifest
from ansible_collections.tenantry.platform.plugins.module_utils.engine_images import ImageName
from ansible_collections.tenantry.platform.plugins.module_utils.registry_manifest import (
    INDEXES,
    MANIFESTS,
    Manifests,
    estimate,
    is_plain,
    layer_sizes,
    of_platform,
)

AMD64 = ("linux", "amd64")


def digest(number: int) -> str:
    return f"sha256:{number:064x}"


def manifest(*layers: tuple[int, int]) -> dict[str, t.Any]:
    return {
        "schemaVersion": 2,
        "mediaType": MANIFESTS[0],
        "config": {"digest": digest(900), "size": 7},
        "layers": [{"digest": digest(number), "size": size} for number, size in layers],
    }


def index(*platforms: tuple[str, str, int]) -> dict[str, t.Any]:
    return {
        "schemaVersion": 2,
        "mediaType": INDEXES[0],
        "manifests": [
            {"digest": digest(number), "size": 500, "platform": {"os": system, "architecture": architecture}}
            for system, architecture, number in platforms
        ],
    }


@dataclasses.dataclass
class Registry:
    """Answers by path: a status, or data."""

    server: http.server.ThreadingHTTPServer
    answers: dict[str, t.Any] = dataclasses.field(default_factory=dict)
    asked: list[str] = dataclasses.field(default_factory=list)
    headers: list[dict[str, str]] = dataclasses.field(default_factory=list)

    @property
    def name(self) -> str:
        return f"127.0.0.1:{self.server.server_address[1]}"

    def put(self, number: int, answer: t.Any) -> None:
        self.answers[f"/v2/shop/web/manifests/{digest(number)}"] = answer

    @property
    def image(self) -> ImageName:
        return ImageName.parse(f"{self.name}/shop/web:1")


@contextlib.contextmanager
def registry() -> t.Iterator[Registry]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.asked.append(self.path)
            found.headers.append(dict(self.headers))
            answer = found.answers.get(self.path, 404)
            if callable(answer):
                answer(self)
                return
            status, body = (answer, b"{}") if isinstance(answer, int) else (200, answer)
            body = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_words: t.Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    found = Registry(server)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(name="remote")
def fixture_remote() -> t.Iterator[Registry]:
    with registry() as found:
        yield found


def ask(remote: Registry, number: int, seconds: float = 5, config: dict[str, t.Any] | None = None) -> t.Any:
    manifests = Manifests(AMD64, config or {}, seconds)
    with contextlib.closing(manifests):
        return manifests.layers(remote.image, digest(number))


# -- what manifests say --------------------------------------------------------------------------------------------


def test_an_image_is_as_large_as_its_layers_and_its_configuration(remote: Registry) -> None:
    remote.put(1, manifest((10, 100), (11, 50)))
    assert ask(remote, 1) == {digest(10): 100, digest(11): 50, digest(900): 7}
    accepted = remote.headers[0]["Accept"]
    assert all(kind in accepted for kind in (*INDEXES, *MANIFESTS))
    assert "Authorization" not in remote.headers[0]


def test_of_an_index_the_manifest_of_the_engines_platform_counts(remote: Registry) -> None:
    remote.put(1, index(("linux", "arm64", 2), ("linux", "amd64", 3), ("unknown", "unknown", 4)))
    remote.put(2, manifest((20, 1)))
    remote.put(3, manifest((30, 1000)))
    assert ask(remote, 1) == {digest(30): 1000, digest(900): 7}
    assert [path.rpartition("/")[2] for path in remote.asked] == [digest(1), digest(3)]


def test_an_index_within_an_index_is_followed_and_one_without_end_is_not(remote: Registry) -> None:
    remote.put(1, index(("linux", "amd64", 2)))
    remote.put(2, index(("linux", "amd64", 3)))
    remote.put(3, manifest((30, 5)))
    remote.put(4, index(("linux", "amd64", 4)))
    assert ask(remote, 1) == {digest(30): 5, digest(900): 7}
    assert ask(remote, 4) is None
    assert remote.asked.count(f"/v2/shop/web/manifests/{digest(4)}") == 3


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        "text",
        {},
        {"layers": None},
        {"schemaVersion": 1, "fsLayers": [{"blobSum": digest(1)}]},
        {"config": {"size": 1, "digest": digest(1)}, "layers": [{"digest": digest(2)}]},
        {"config": {"size": 1, "digest": digest(1)}, "layers": [{"digest": digest(2), "size": -1}]},
        {"config": {"size": 1, "digest": digest(1)}, "layers": [{"digest": digest(2), "size": "9"}]},
        {"config": {"size": 1, "digest": digest(1)}, "layers": [3]},
        {"layers": [{"digest": digest(2), "size": 1}]},
    ],
)
def test_what_is_no_manifest_with_sizes_tells_nothing(data: t.Any) -> None:
    assert layer_sizes(data) is None


@pytest.mark.parametrize(
    "data",
    [
        None,
        {"manifests": None},
        {"manifests": [3, {}, {"platform": None}]},
        index(("windows", "amd64", 1), ("linux", "386", 2)),
        {"manifests": [{"platform": {"os": "linux", "architecture": "amd64"}, "digest": "../../other"}]},
    ],
)
def test_an_index_without_the_platform_tells_nothing(data: t.Any) -> None:
    assert of_platform(data, *AMD64) is None


def test_a_layer_that_two_images_have_counts_once_and_every_byte_is_unpacked() -> None:
    sizes = estimate({"a@1": {"base": 100, "one": 10}, "b@1": {"base": 100, "two": 20}, "c@1": None})
    factor = registry_manifest.UNPACKING
    assert sizes == {"a@1": 110 * factor, "b@1": 20 * factor, "c@1": None}


# -- registries that do not tell -----------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
def test_a_registry_that_wants_credentials_or_is_ill_is_asked_once(remote: Registry, status: int) -> None:
    remote.put(1, status)
    remote.put(2, manifest((1, 1)))
    manifests = Manifests(AMD64, {})
    with contextlib.closing(manifests):
        assert manifests.layers(remote.image, digest(1)) is None
        assert manifests.layers(remote.image, digest(2)) is None
    assert len(remote.asked) == 1


def test_a_manifest_that_is_not_there_keeps_nobody_from_asking_for_another(remote: Registry) -> None:
    remote.put(2, manifest((1, 1)))
    manifests = Manifests(AMD64, {})
    with contextlib.closing(manifests):
        assert manifests.layers(remote.image, digest(1)) is None
        assert manifests.layers(remote.image, digest(2)) == {digest(1): 1, digest(900): 7}


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff\xfe", b'{"layers": '])
def test_an_answer_that_is_no_json_tells_nothing(remote: Registry, body: bytes) -> None:
    remote.put(1, body)
    assert ask(remote, 1) is None


def test_a_registry_that_says_nothing_is_waited_for_no_longer_than_allowed(remote: Registry) -> None:
    remote.put(1, lambda _handler: time.sleep(4))
    begun = time.monotonic()
    assert ask(remote, 1, seconds=0.3) is None
    assert time.monotonic() - begun < 3


def test_a_registry_that_drips_is_waited_for_no_longer_than_allowed(remote: Registry) -> None:
    def drip(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "10000000")
        handler.end_headers()
        with contextlib.suppress(OSError):
            for _byte in range(60):
                handler.wfile.write(b" " * 70000)
                time.sleep(0.1)

    remote.put(1, drip)
    begun = time.monotonic()
    assert ask(remote, 1, seconds=0.3) is None
    assert time.monotonic() - begun < 3


def test_an_endless_manifest_fills_no_memory(remote: Registry) -> None:
    sent = []

    def pour(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        with contextlib.suppress(OSError):
            while sum(sent) < 64 << 20:
                handler.wfile.write(b" " * (1 << 20))
                sent.append(1 << 20)

    remote.put(1, pour)
    assert ask(remote, 1) is None
    assert sum(sent) < 24 << 20  # what the sockets hold between the two is in it


def test_a_registry_that_is_down_or_unknown_tells_nothing() -> None:
    manifests = Manifests(AMD64, {})
    with contextlib.closing(manifests):
        for name in ("127.0.0.1:9/shop/web:1", "registry.invalid/shop/web:1"):
            assert manifests.layers(ImageName.parse(name), digest(1)) is None


@pytest.mark.parametrize(
    "name", ["redis:7", "docker.io/library/redis:7", "evil.example#/x/y:1", "evil.example?a=b/y:1"]
)
def test_docker_hub_and_what_is_no_host_is_not_asked(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    manifests = Manifests(AMD64, {})
    monkeypatch.setattr(manifests, "_get", lambda *_words: pytest.fail("it was asked"))
    with contextlib.closing(manifests):
        assert manifests.layers(ImageName.parse(name), digest(1)) is None


# -- how they are reached ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "config", "plain"),
    [
        ("127.0.0.1:5000", {}, True),
        ("127.9.9.9", {}, True),
        ("localhost:5000", {}, True),
        ("[::1]:5000", {}, True),
        ("registry.example.com", {}, False),
        ("10.0.0.7:5000", {}, False),
        ("10.0.0.7:5000", {"InsecureRegistryCIDRs": ["127.0.0.0/8", "10.0.0.0/24"]}, True),
        ("10.0.1.7:5000", {"InsecureRegistryCIDRs": ["127.0.0.0/8", "10.0.0.0/24"]}, False),
        ("[fd00::7]:5000", {"InsecureRegistryCIDRs": ["10.0.0.0/8", "fd00::/8"]}, True),
        ("registry.lan:5000", {"IndexConfigs": {"registry.lan:5000": {"Secure": False}}}, True),
        ("registry.lan", {"IndexConfigs": {"registry.lan:5000": {"Secure": False}}}, False),
        ("registry.lan:5000", {"IndexConfigs": {"registry.lan:5000": {"Secure": True}}}, False),
        ("registry.lan:5000", {"IndexConfigs": None, "InsecureRegistryCIDRs": None}, False),
    ],
)
def test_plain_http_is_for_loopback_and_for_what_the_engine_calls_insecure(
    name: str, config: dict[str, t.Any], plain: bool
) -> None:
    assert is_plain(name, config) is plain


def test_no_proxy_stands_between_a_node_and_its_own_registry(remote: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    remote.put(1, manifest((1, 1)))
    assert ask(remote, 1) is not None


def test_other_registries_are_asked_through_the_proxy_of_the_environment_and_without_a_netrc(
    remote: Registry, monkeypatch: pytest.MonkeyPatch, tmp_path
) -> None:
    for name in ("no_proxy", "NO_PROXY", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", f"http://{remote.name}")
    (tmp_path / "netrc").write_text("machine registry.example login me password hunter22\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    remote.answers[f"http://registry.example:5000/v2/shop/web/manifests/{digest(1)}"] = manifest((1, 1))
    manifests = Manifests(AMD64, {"IndexConfigs": {"registry.example:5000": {"Secure": False}}})
    with contextlib.closing(manifests):
        found = manifests.layers(ImageName.parse("registry.example:5000/shop/web:1"), digest(1))
    assert found == {digest(1): 1, digest(900): 7}
    assert "Authorization" not in remote.headers[0]
