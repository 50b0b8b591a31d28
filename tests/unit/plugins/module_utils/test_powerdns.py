# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The client against answers that a real PowerDNS gives seldom: cut connections, bad bytes, failures that pass."""

from __future__ import annotations

import contextlib
import datetime
import http.server
import ipaddress
import json
import socket
import ssl
import struct
import threading
import typing as t
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from ansible_collections.tenantry.platform.plugins.module_utils import powerdns
from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError

KEY = "top-secret-key"


class Answers(http.server.BaseHTTPRequestHandler):
    """Gives the next prepared answer: (status, body), or None to hang up with a reset."""

    prepared: list[tuple[int, bytes] | None]
    seen: list[tuple[str, str, bytes]]

    def answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if self.prepared and self.prepared[0] is None:
            self.prepared.pop(0)
            # Closing at once with a zero linger is a reset, as a server does that has seen enough.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            self.connection.close()
            self.seen.append((self.command, self.path, b""))
            return
        body = self.rfile.read(length)
        self.seen.append((self.command, self.path, body))
        status, content = self.prepared.pop(0) or (0, b"")
        self.send_response(status)
        if 300 <= status < 400:
            self.send_header("Location", "http://127.0.0.1:9/steal-the-key")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_PATCH = answer  # noqa: N815 - the names that http.server looks for

    def finish(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            super().finish()

    def log_message(self, *_args: t.Any) -> None:
        """Quiet."""


class Server:
    """A real socket with prepared answers."""

    def __init__(self, *prepared: tuple[int, bytes] | None) -> None:
        self.handler = type("Prepared", (Answers,), {"prepared": list(prepared), "seen": []})
        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        self.pauses: list[float] = []

    def __enter__(self) -> Server:
        threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self.http.shutdown()
        self.http.server_close()

    def client(self, **options: t.Any) -> powerdns.PowerDns:
        return powerdns.PowerDns(self.url, KEY, **{"timeout": 5, "sleep": self.pauses.append, **options})


def failure(call: t.Callable[[], object]) -> TenantryError:
    with pytest.raises(TenantryError) as caught:
        call()
    assert KEY not in json.dumps(caught.value.as_result())
    return caught.value


def test_a_failure_that_passes_is_tried_again_with_growing_pauses() -> None:
    zone = json.dumps({"serial": 1, "rrsets": []}).encode()
    with Server((500, b"Internal Server Error"), (503, b""), (200, zone)) as server:
        client = server.client()
        assert client.zone("demo.test.") == {"serial": 1, "rrsets": []}
    assert client.api_calls == 3
    assert len(server.pauses) == 2
    assert 0.1 <= server.pauses[0] <= 0.3 <= server.pauses[1] * 1.5


def test_a_failure_that_stays_is_reported_after_the_last_try() -> None:
    with Server(*[(500, b"Internal Server Error")] * 3) as server:
        error = failure(lambda: server.client(retries=2).patch("demo.test.", []))
    assert error.error_kind == "server_error"
    assert error.details["status"] == 500
    assert error.details["api_error"] == "Internal Server Error"
    assert error.details["url"].endswith("/api/v1/servers/localhost/zones/demo.test.")


def test_a_server_that_is_not_there_is_unreachable() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        pauses: list[float] = []
        client = powerdns.PowerDns(url, KEY, retries=1, sleep=pauses.append)
        error = failure(lambda: client.zone("demo.test."))
    assert error.error_kind == "unreachable"
    assert "tried 2 times" in error.message
    assert "Connection refused" in error.message
    assert len(pauses) == 1


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, b"Unauthorized", "auth"),
        (403, b"", "auth"),
        (422, b'{"error": "no"}', "invalid"),
        (400, b"Bad Request", "invalid"),
        (409, b"Conflict", "unexpected"),
        (302, b"", "unexpected"),
        (404, b"Not Found", "zone_missing"),
    ],
)
def test_a_refusal_is_not_tried_again(status: int, body: bytes, kind: str) -> None:
    with Server((status, body)) as server:
        client = server.client()
        assert failure(lambda: client.patch("demo.test.", [])).error_kind == kind
    assert client.api_calls == 1


def test_invalid_utf_8_in_an_error_is_readable() -> None:
    with Server((422, b'{"error": "Invalid character \xe9"}')) as server:
        error = failure(lambda: server.client().patch("demo.test.", []))
    assert error.details["api_error"] == "Invalid character \ufffd"


@pytest.mark.parametrize("body", [b"<html>It works!</html>", b'{"hello": "world"}', b"[]", b""])
def test_another_web_server_is_recognized(body: bytes) -> None:
    with Server((200, body)) as server:
        error = failure(lambda: server.client().zone("demo.test."))
    assert error.error_kind == "unexpected"
    assert "is this the API of PowerDNS?" in error.message


def test_a_missing_zone_is_none_and_a_missing_server_is_an_error() -> None:
    with Server((404, b"Not Found"), (200, b'{"version": "4.7.3"}')) as server:
        client = server.client()
        assert client.zone("demo.test.") is None
        assert client.version() == (4, 7, 3)
    with Server((404, b"Not Found"), (404, b"Not Found")) as server:
        assert failure(lambda: server.client(server_id="other").zone("demo.test.")).error_kind == "server_missing"


@pytest.mark.parametrize(
    ("version", "numbers"),
    [("5.1.5", (5, 1, 5)), ("4.9.0-beta2", (4, 9, 0)), ("0.0.1234gabc", (0, 0, 1234)), ("", ()), ("5.0.x", (5, 0))],
)
def test_versions_are_numbers(version: str, numbers: tuple[int, ...]) -> None:
    with Server((200, json.dumps({"version": version}).encode())) as server:
        assert server.client().version() == numbers


def test_a_large_body_that_is_refused_or_cut_off_is_too_large() -> None:
    entries = [{"name": "x" * 1000}] * 2000
    for answer in ((400, b"Bad Request"), (413, b""), None):
        with Server(answer) as server:
            client = server.client()
            error = failure(lambda client=client: client.patch("demo.test.", entries))
        assert error.error_kind == "too_large", answer
        assert error.details["body_bytes"] > 2_000_000
        assert client.api_calls == 1


def test_a_redirect_does_not_get_the_key() -> None:
    with Server((307, b"")) as server:
        client = server.client()
        assert "redirect" in failure(lambda: client.zone("demo.test.")).message
        assert len(server.handler.seen) == 1


def test_a_zone_with_a_slash_is_one_part_of_the_path() -> None:
    with Server((200, b'{"serial": 1}')) as server:
        server.client().zone("0/25.2.0.192.in-addr.arpa.")
        assert server.handler.seen[0][1] == "/api/v1/servers/localhost/zones/0%2F25.2.0.192.in-addr.arpa."


@pytest.mark.parametrize("url", ["http://h:8081", "http://h:8081/", "http://h:8081/api", "http://h:8081/api/v1/"])
def test_the_path_of_the_api_may_be_given_or_left_out(url: str) -> None:
    assert powerdns.PowerDns(url, KEY).base == "http://h:8081/api/v1/servers/localhost"


@pytest.mark.parametrize("url", ["", "h:8081", "ftp://h", "http://", "http://h?x=1", "http://user:pw@h"])
def test_a_wrong_url_is_refused(url: str) -> None:
    error = failure(lambda: powerdns.PowerDns(url, KEY))
    assert error.error_kind == "invalid"
    assert "pw" not in error.message


@pytest.mark.parametrize("key", ["", "with\nnewline", " leading", "\u00fcml"])
def test_a_key_that_cannot_be_sent_is_refused_without_showing_it(key: str) -> None:
    with pytest.raises(TenantryError) as caught:
        powerdns.PowerDns("http://h", key)
    assert caught.value.error_kind == "auth"
    assert not key or key not in caught.value.message


def test_a_missing_certificate_file_is_named(tmp_path: Path) -> None:
    missing = str(tmp_path / "missing.pem")
    for options in ({"ca_path": missing}, {"client_cert": missing}, {"client_key": missing}):
        assert failure(lambda options=options: powerdns.PowerDns("https://h", KEY, **options)).error_kind == "invalid"


def certificate(folder: Path) -> Path:
    """A certificate of 127.0.0.1 that signs itself, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.timezone.utc)
    built = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "both.pem"
    path.write_bytes(secret + built.public_bytes(serialization.Encoding.PEM))
    return path


def test_certificates_are_checked_unless_told_otherwise_and_shown_where_asked_for(tmp_path: Path) -> None:
    pem = str(certificate(tmp_path))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    context.load_verify_locations(pem)
    zone = (200, b'{"serial": 1}')
    with Server(zone, zone, zone) as server:
        server.http.socket = context.wrap_socket(server.http.socket, server_side=True)
        server.url = server.url.replace("http:", "https:")
        refused = server.client()
        assert failure(lambda: refused.zone("demo.test.")).error_kind == "tls"
        assert refused.api_calls == 1
        assert server.client(validate_certs=False).zone("demo.test.") == {"serial": 1}
        assert server.client(ca_path=pem).zone("demo.test.") == {"serial": 1}
        context.verify_mode = ssl.CERT_REQUIRED
        assert server.client(ca_path=pem, client_cert=pem).zone("demo.test.") == {"serial": 1}
        without = server.client(ca_path=pem, retries=0)
        assert failure(lambda: without.zone("demo.test.")).error_kind in ("tls", "unreachable")
