# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A request through an entry point, and the certificate it is shown; the real proxy answers in tenant_probe_info."""

from __future__ import annotations

import datetime
import http.server
import socket
import ssl
import threading

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from ansible_collections.tenantry.platform.plugins.module_utils import web_request
from ansible_collections.tenantry.platform.plugins.module_utils.web_request import Certificate, EntryPoint

NOW = datetime.datetime.now(datetime.timezone.utc)
DAY = datetime.timedelta(days=1)


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.hosts.append(self.headers["Host"])
        status, body = self.server.answer
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_words):
        """Say nothing."""


def pair(path, *, name="*.demo.test", begins=-DAY, ends=DAY):
    """A self-signed certificate and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "demo.test")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW + begins)
        .not_valid_after(NOW + ends)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(certificate.public_bytes(pem) + private)
    return path


@pytest.fixture(name="serve")
def start_server(tmp_path):
    servers = []

    def serve(status=200, body=b"", *, tls=None):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.answer, server.hosts = (status, body), []
        if tls is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(pair(tmp_path / "pair.pem", **tls))
            server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return server

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


def get(server, url="http://acme.demo.test/", timeout=5):
    entry = EntryPoint("any", "127.0.0.1", server.server_address[1])
    return web_request.get(url, {"http": entry, "https": entry}, timeout)


def test_a_request_names_the_host_and_not_the_address_it_goes_to(serve):
    server = serve(204)
    reply = get(server)
    assert (reply.status, reply.error, reply.certificate) == (204, "", None)
    assert server.hosts == ["acme.demo.test"]


@pytest.mark.parametrize(
    ("body", "of_proxy"),
    [(b"404 page not found\n", True), (b"no available server\n", True), (b"404 page not found, sorry", False)],
)
def test_the_words_of_the_proxy_are_known_from_those_of_an_app(serve, body, of_proxy):
    assert get(serve(404, body)).of_proxy is of_proxy


def test_a_certificate_that_fits_has_no_problem_though_nobody_vouches_for_it(serve):
    reply = get(serve(200, tls={}), "https://acme.demo.test/")
    assert reply.status == 200
    assert reply.certificate["problem"] == ""
    assert reply.certificate["subject"] == "commonName=demo.test"
    assert reply.certificate["names"] == ["*.demo.test"]
    assert abs(reply.certificate["expires"] - (NOW + DAY).timestamp()) < 2


@pytest.mark.parametrize(
    ("tls", "problem"),
    [
        ({"begins": -2 * DAY, "ends": -DAY}, "expired on"),
        ({"begins": DAY, "ends": 2 * DAY}, "is valid from"),
        ({"name": "www.other.test"}, "is for www.other.test, not for acme.demo.test"),
        ({"name": "*.test"}, "not for acme.demo.test"),
    ],
)
def test_a_certificate_that_clients_refuse_is_told_and_the_request_still_made(serve, tls, problem):
    reply = get(serve(200, tls=tls), "https://acme.demo.test/")
    assert reply.status == 200
    assert problem in reply.certificate["problem"]


def test_what_speaks_no_tls_is_an_error(serve):
    reply = get(serve(), "https://acme.demo.test/")
    assert reply.status == 0
    assert reply.error


def test_a_port_that_nobody_listens_on_is_an_error():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        entry = EntryPoint("web", "127.0.0.1", free.getsockname()[1])
        reply = web_request.get("http://acme.demo.test/", {"http": entry}, 5)
    assert (reply.status, reply.error) == (0, "Connection refused")


def test_what_takes_a_connection_and_says_nothing_is_not_waited_for_long():
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        entry = EntryPoint("web", "127.0.0.1", silent.getsockname()[1])
        reply = web_request.get("http://acme.demo.test/", {"http": entry}, 0.2)
    assert reply.error == "no answer within 0.2 s"
    assert reply.seconds < 2


def test_a_star_stands_for_one_whole_label():
    certificate = Certificate("", "", ["*.demo.test", "demo.test"], 0, 2e9)
    problems = {name: certificate.problem(name, 1e9) for name in ("demo.test", "a.demo.test", "a.b.demo.test", "test")}
    assert {name: bool(problem) for name, problem in problems.items()} == {
        "demo.test": False,
        "a.demo.test": False,
        "a.b.demo.test": True,
        "test": True,
    }
