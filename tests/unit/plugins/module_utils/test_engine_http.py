# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Containers inspected over one connection; the real engine answers in the target node_info."""

from __future__ import annotations

import http.server
import json
import socketserver
import threading
import types

import pytest

from ansible_collections.tenantry.platform.plugins.module_utils import engine_http
from ansible_collections.tenantry.platform.plugins.module_utils.engine import Engine
from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.connections.add(self.connection.fileno())
        one = self.path.split("/")[3]
        status = {"gone": 404, "broken": 500}.get(one, 200)
        body = json.dumps({"Id": one, "message": "on fire"}).encode() if one != "garbage" else b"<html>"
        if one == "strange":
            self.wfile.write(b"SMTP 220 welcome\r\n\r\n")
            return
        self.send_response(status)
        if one == "chunked":
            self.send_header("Transfer-Encoding", "chunked")
            body = b"".join(b"%X\r\n%b\r\n" % (len(part), part) for part in (body[:5], body[5:], b""))
        elif one != "endless":
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[:9] if one == "cut" else body)
        self.close_connection = one == "cut"

    def log_message(self, *_words):
        """Say nothing."""

    def address_string(self):
        return "a socket"


@pytest.fixture(name="server")
def start_server(tmp_path):
    with socketserver.ThreadingUnixStreamServer(str(tmp_path / "engine.sock"), Handler) as server:
        server.connections = set()
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def engine(server):
    return Engine(types.SimpleNamespace(api_version="1.41", timeout=5), f"unix://{server.server_address}")


def test_many_are_inspected_over_one_connection_and_what_is_gone_is_none(server):
    assert list(engine_http.inspect_each(engine(server), ["a", "gone", "b"])) == [
        {"Id": "a", "message": "on fire"},
        None,
        {"Id": "b", "message": "on fire"},
    ]
    assert len(server.connections) == 1


def test_more_than_are_asked_at_once_come_in_their_order(server):
    ids = [f"c{number}" for number in range(2 * engine_http.AT_ONCE + 1)]
    assert [one["Id"] for one in engine_http.inspect_each(engine(server), ids)] == ids
    assert len(server.connections) == 1
    assert list(engine_http.inspect_each(engine(server), [])) == []


def test_an_answer_in_chunks_is_put_together_and_the_next_one_is_found_behind_it(server):
    assert [one["Id"] for one in engine_http.inspect_each(engine(server), ["chunked", "a", "chunked"])] == [
        "chunked",
        "a",
        "chunked",
    ]


@pytest.mark.parametrize(
    ("one", "kind", "text"),
    [
        ("broken", "engine_error", "on fire"),
        ("garbage", "engine_unreachable", "broke"),
        ("cut", "engine_unreachable", "in the middle of an answer"),
        ("endless", "engine_unreachable", "broke"),
        ("strange", "engine_unreachable", "SMTP"),
    ],
)
def test_an_engine_that_cannot_answer_is_an_error(server, one, kind, text):
    with pytest.raises(TenantryError, match=text) as caught:
        list(engine_http.inspect_each(engine(server), [one]))
    assert caught.value.error_kind == kind


def test_no_engine_is_an_error_that_names_it(tmp_path):
    nobody = Engine(types.SimpleNamespace(api_version="1.41", timeout=5), f"unix://{tmp_path}/none.sock")
    with pytest.raises(TenantryError, match=r"none\.sock") as caught:
        list(engine_http.inspect_each(nobody, ["a"]))
    assert caught.value.error_kind == "engine_unreachable"
