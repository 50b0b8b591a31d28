# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An object storage that databases of tenants reach by an address of this machine, as one on the internet."""

from __future__ import annotations

import contextlib
import dataclasses
import socket
import socketserver
import subprocess
import threading
import typing as t
from pathlib import Path

import demo_check

NAME = "e2e-s3"
LABEL = "tenantry.test=e2e-s3"
ACCESS_KEY, SECRET_KEY = "access", "hunter22"
PORT = 8333
CHUNK = 64 * 1024


@dataclasses.dataclass(frozen=True)
class Storage:
    """A running one.

    :ivar endpoint: where nodes and containers find it.
    :ivar ca_file: what its certificate is checked by.
    """

    endpoint: str
    ca_file: Path
    _relays: _Relays

    def go_away(self) -> None:
        """End every connection, and each new one at once."""
        self._relays.away.set()
        self._relays.flowing.set()

    def hang(self) -> None:
        """Take connections, and answer nothing, as a network does that loses everything."""
        self._relays.flowing.clear()

    def come_back(self) -> None:
        """Answer again."""
        self._relays.away.clear()
        self._relays.flowing.set()


class _Relay(socketserver.BaseRequestHandler):
    """One connection, handed on: bridges of the engine do not reach each other, and all of them reach the machine."""

    server: _Relays

    def handle(self) -> None:
        with contextlib.suppress(OSError), socket.create_connection(self.server.target, timeout=10) as there:
            there.settimeout(None)
            back = threading.Thread(target=self.server.pump, args=(there, self.request), daemon=True)
            back.start()
            self.server.pump(self.request, there)
            back.join()


class _Relays(socketserver.ThreadingTCPServer):
    daemon_threads = True
    target: tuple[str, int]

    def __init__(self, address: tuple[str, int]) -> None:
        super().__init__(address, _Relay)
        self.away, self.flowing = threading.Event(), threading.Event()
        self.flowing.set()

    def pump(self, source: socket.socket, sink: socket.socket) -> None:
        """Hand on what comes, until one of them ends."""
        with contextlib.suppress(OSError):
            while not self.away.is_set() and (data := source.recv(CHUNK)):
                self.flowing.wait()
                sink.sendall(data)
        for one in (source, sink):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def storage(image: str, directory: Path) -> t.Iterator[Storage]:
    """An S3 with the bucket ``backups``; gone afterwards."""
    remove()
    tls = directory / "tls"
    tls.mkdir(parents=True)
    _docker("network", "create", f"--label={LABEL}", NAME)
    address = _docker("network", "inspect", "--format", "{{(index .IPAM.Config 0).Gateway}}", NAME)
    try:
        with _Relays((address, 0)) as relays:
            _certificate(image, tls, address)
            relays.target = (_start(image, tls), PORT)
            threading.Thread(target=relays.serve_forever, daemon=True).start()
            yield Storage(f"https://{address}:{relays.server_address[1]}", tls / "certificate", relays)
            relays.shutdown()
    finally:
        remove()


def remove() -> None:
    """Leave nothing of it, nor of one that was killed."""
    subprocess.run(["docker", "rm", "--force", "--volumes", NAME], capture_output=True, check=False)
    subprocess.run(["docker", "network", "rm", NAME], capture_output=True, check=False)


def _certificate(image: str, tls: Path, address: str) -> None:
    """For an address as pgBackRest compares it, which knows names alone, and as restic does."""
    words = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    names = f"subjectAltName=IP:{address},DNS:{address}"
    files = ["-keyout", "/tls/key", "-out", "/tls/certificate"]
    run = ["run", "--rm", "--user=0", "--network=none", f"--volume={tls}:/tls", "--entrypoint=openssl", image]
    _docker(*run, *words, "-subj", "/CN=s3", "-addext", names, *files)
    for name, text in (("access", ACCESS_KEY), ("secret", SECRET_KEY)):
        (tls / name).write_text(text, encoding="utf-8")
    for file in tls.iterdir():
        file.chmod(0o444)


def _start(image: str, tls: Path) -> str:
    """Start it; its address in its own network."""
    variables = {
        "S3_BUCKET": "backups",
        "S3_CERT_FILE": "/tls/certificate",
        "S3_KEY_FILE": "/tls/key",
        "S3_ACCESS_KEY_FILE": "/tls/access",
        "S3_SECRET_KEY_FILE": "/tls/secret",
    }
    options = [f"--env={name}={value}" for name, value in variables.items()]
    places = [f"--volume={tls}:/tls:ro", "--volume=/data", "--tmpfs=/tmp"]
    _docker("run", "--detach", f"--name={NAME}", f"--label={LABEL}", f"--network={NAME}", *options, *places, image)
    return _docker("inspect", "--format", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", NAME)


def _docker(*arguments: str) -> str:
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def is_ready() -> bool:
    """Whether its bucket is there."""
    return "bucket backups is there" in demo_check.docker("logs", NAME)
