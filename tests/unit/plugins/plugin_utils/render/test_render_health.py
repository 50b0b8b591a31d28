# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Health checks, run by a real shell against real sockets with one tool at a time on the path."""

from __future__ import annotations

import http.server
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import threading
import time
import typing as t

import pytest

from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.plugin_utils.render.health import DRAIN_FILE, healthcheck
from ansible_collections.tenantry.platform.tests.unit.plugins.plugin_utils.render.builders import service

# bash and python3 are wherever these tests run; of the others those that this machine has.
TOOLS = ["bash", "python3", *(tool for tool in ("curl", "wget", "nc") if shutil.which(tool))]


class Answer(http.server.BaseHTTPRequestHandler):
    """Answers with the status that the path names."""

    def do_GET(self) -> None:
        if self.path == "/hang":
            time.sleep(3)
        code = int(self.path.lstrip("/")) if self.path.lstrip("/").isdigit() else 200
        self.send_response(code)
        if code == 302:
            self.send_header("Location", "/200")
        self.end_headers()
        if code not in (204, 302):
            self.wfile.write(b"line\n" * 5000)

    def log_message(self, *_arguments: t.Any) -> None:
        return


@pytest.fixture(name="port", scope="module")
def web_server() -> t.Iterator[int]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


@pytest.fixture(name="path_with")
def path_with_fixture(tmp_path: pathlib.Path) -> t.Callable[..., str]:
    def path_with(*tools: str) -> str:
        directory = tmp_path / "-".join(tools or ("nothing",))
        directory.mkdir()
        for tool in (*tools, "cat"):
            found = sys.executable if tool == "python3" else shutil.which(tool)
            assert found
            (directory / tool).symlink_to(found)
        return str(directory)

    return path_with


def run(test: list[str], path: str, **environment: str) -> subprocess.CompletedProcess[str]:
    assert test[0] == "CMD"
    return subprocess.run(
        test[1:], env={"PATH": path, **environment}, capture_output=True, text=True, timeout=30, check=False
    )


def http_test(port: int, path: str = "/health", timeout: int = 5, kind: str = "app") -> list[str]:
    health = {"type": "http", "path": path, "timeout": timeout}
    return t.cast("list[str]", healthcheck(service("web", kind, port=port, health=health))["test"])


def tcp_test(port: int) -> list[str]:
    return t.cast("list[str]", healthcheck(service("web", port=port))["test"])


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("0.0.0.0", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize(
    ("path", "healthy"),
    [("/health", True), ("/204", True), ("/302", True), ("/404", False), ("/500", False), ("/503", False)],
)
def test_an_http_check_tells_good_answers_from_bad_ones(
    tool: str, path: str, healthy: bool, port: int, path_with: t.Callable[..., str]
) -> None:
    done = run(http_test(port, path), path_with(tool))
    assert (done.returncode == 0) == healthy, done


@pytest.mark.parametrize("tool", TOOLS)
def test_an_http_check_fails_where_nothing_listens(tool: str, path_with: t.Callable[..., str]) -> None:
    assert run(http_test(free_port()), path_with(tool)).returncode != 0


# wget tries again after a timeout, until the engine ends it.
@pytest.mark.parametrize("tool", [tool for tool in TOOLS if tool != "wget"])
def test_an_http_check_gives_up_on_an_answer_that_does_not_come(
    tool: str, port: int, path_with: t.Callable[..., str]
) -> None:
    started = time.monotonic()
    assert run(http_test(port, "/hang", timeout=1), path_with(tool)).returncode != 0
    assert time.monotonic() - started < 2.9


@pytest.mark.parametrize("tool", TOOLS)
def test_an_http_check_does_not_ask_a_proxy_of_the_tenant(
    tool: str, port: int, path_with: t.Callable[..., str]
) -> None:
    proxy = "http://127.0.0.1:9"
    assert run(http_test(port), path_with(tool), http_proxy=proxy, HTTP_PROXY=proxy, ALL_PROXY=proxy).returncode == 0


def test_an_http_check_without_any_tool_says_what_to_declare(port: int, path_with: t.Callable[..., str]) -> None:
    done = run(http_test(port), path_with())
    assert done.returncode == 1
    assert "declare a health check of type command" in done.stdout


@pytest.mark.parametrize("path", ["/a?b=c&d=e", "/$(touch${IFS}pwned)", "/`id`", "/';exit;'", '/"', "/%41", "/[a]{b}"])
def test_a_path_is_one_word_of_the_request_and_no_part_of_a_script(
    path: str, tmp_path: pathlib.Path, path_with: t.Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    class Record(Answer):
        def do_GET(self) -> None:
            seen.append(self.path)
            self.send_response(200)
            self.end_headers()

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Record) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.chdir(tmp_path)
        assert run(http_test(server.server_address[1], path), path_with("bash")).returncode == 0
        server.shutdown()
    assert seen == [path]
    assert not (tmp_path / "pwned").exists()


@pytest.mark.parametrize("address", ["0.0.0.0", "::"])
def test_a_tcp_check_needs_no_tool_at_all(address: str, path_with: t.Callable[..., str]) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as listener:
        listener.bind((address, 0))
        listener.listen()
        assert run(tcp_test(listener.getsockname()[1]), path_with()).returncode == 0


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.53", "::1", "::ffff:127.0.0.1"])
def test_a_service_that_listens_for_itself_alone_is_not_healthy(address: str, path_with: t.Callable[..., str]) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as listener:
        listener.bind((address, 0))
        listener.listen()
        done = run(tcp_test(listener.getsockname()[1]), path_with())
    assert done.returncode == 1
    assert "listens on the loopback address only" in done.stdout


def test_a_tcp_check_says_that_nothing_listens(path_with: t.Callable[..., str]) -> None:
    port = free_port()
    done = run(tcp_test(port), path_with())
    assert (done.returncode, done.stdout) == (1, f"nothing listens on port {port}\n")


def test_a_bound_port_that_does_not_listen_yet_is_not_healthy(path_with: t.Callable[..., str]) -> None:
    with socket.socket() as bound:
        bound.bind(("0.0.0.0", 0))
        assert run(tcp_test(bound.getsockname()[1]), path_with()).returncode == 1


def test_the_end_of_a_connection_is_no_listener(port: int, path_with: t.Callable[..., str]) -> None:
    with socket.create_connection(("127.0.0.1", port)) as client:
        done = run(tcp_test(client.getsockname()[1]), path_with())
    assert done.stdout.startswith("nothing listens")


@pytest.mark.parametrize("tool", [tool for tool in TOOLS if tool in ("bash", "python3", "nc")])
def test_a_tcp_check_connects_where_the_kernel_shows_no_list(
    tool: str, port: int, path_with: t.Callable[..., str]
) -> None:
    def hidden(number: int) -> list[str]:
        return [word.replace("/proc/net/", "/nowhere/") for word in tcp_test(number)]

    path = path_with(tool)
    assert run(hidden(port), path).returncode == 0
    assert run(hidden(free_port()), path).returncode != 0


@pytest.mark.parametrize("kind", ["http", "tcp"])
def test_an_app_service_that_is_to_be_drained_fails_its_check(
    kind: str, port: int, tmp_path: pathlib.Path, path_with: t.Callable[..., str]
) -> None:
    mark = tmp_path / "drain"
    with socket.socket() as listener:
        listener.bind(("0.0.0.0", 0))
        listener.listen()
        test = http_test(port) if kind == "http" else tcp_test(listener.getsockname()[1])
        test = [word.replace(DRAIN_FILE, str(mark)) for word in test]
        path = path_with("bash")
        assert run(test, path).returncode == 0
        mark.touch()
        done = run(test, path)
    assert (done.returncode, done.stdout) == (1, "draining\n")


def test_a_backing_service_is_not_drained() -> None:
    assert DRAIN_FILE not in http_test(80, kind="backing")[3]


def test_a_worker_is_healthy_while_its_first_process_lives(path_with: t.Callable[..., str]) -> None:
    test = healthcheck(service("worker", port=None))["test"]
    assert test[3].endswith("kill -0 1")
    # Process 1 of this machine lives, and a user who is not root may not signal it.
    assert (run(test, path_with()).returncode == 0) == (os.geteuid() == 0)


def test_a_command_is_an_argument_list_that_no_shell_sees() -> None:
    health = {
        "type": "command",
        "command": ["pg_isready", "-q", "; id"],
        "interval": 2,
        "retries": 5,
        "start_period": 9,
    }
    assert healthcheck(service("db", "backing", health=health)) == {
        "test": ["CMD", "pg_isready", "-q", "; id"],
        "interval": "2s",
        "timeout": "5s",
        "retries": 5,
        "start_period": "9s",
    }


def test_a_job_without_a_check_has_none_whatever_its_image_says() -> None:
    assert healthcheck(service("migrate", "job")) == {"disable": True}


@pytest.mark.parametrize(
    "changes",
    [
        {"health": {"type": "http", "path": None}},
        {"health": {"type": "http", "path": "health"}},
        {"health": {"type": "http", "path": "/a b"}},
        {"health": {"type": "http", "path": "/a\r\nX: y"}},
        {"health": {"type": "http", "path": "/ä"}},
        {"health": {"type": "http", "path": "/"}, "port": None},
        {"health": {"type": "http", "path": "/"}, "port": 65536},
        {"health": {"type": "tcp"}, "port": 0},
        {"health": {"type": "tcp"}, "port": True},
        {"health": {"type": "tcp"}, "port": "80"},
        {"health": {"type": "command", "command": None}},
        {"health": {"type": "command", "command": []}},
        {"health": {"type": "command", "command": "true"}},
        {"health": {"type": "command", "command": ["a\0b"]}},
        {"health": {"type": "grpc"}},
    ],
)
def test_a_check_that_cannot_be_made_is_refused(changes: dict[str, t.Any]) -> None:
    with pytest.raises(TenantryError, match="health check of service web") as refused:
        healthcheck(service("web", **changes))
    assert refused.value.error_kind == "invalid"
