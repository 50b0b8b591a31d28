# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Object storage with TLS, outside of every node: the one thing that a disaster leaves of the tenants' data."""

from __future__ import annotations

import secrets
from pathlib import Path

import demo
from bare_machine import ADDRESS, NETWORK, docker
from over_ssh import wait_for

NAME, LABEL = "tenantry-dr-s3", "tenantry.dr=storage"
BUCKET = "backups"
READY_SECONDS = 60
# Its address is in its certificate, and known when it runs.
WAIT = "until [ -s /tls/certificate ]; do sleep 0.1; done; exec /bin/sh /usr/local/bin/entrypoint.sh"


class Storage:
    """The server, and what its clients need.

    :param directory: for its certificate and keys.
    :ivar access_key, secret_key: made up for this run.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.access_key, self.secret_key = secrets.token_hex(10), secrets.token_hex(20)
        self.endpoint = ""

    @property
    def ca_file(self) -> Path:
        return self.directory / "certificate"

    def start(self) -> None:
        """Start it, empty, and wait until it answers."""
        self.directory.mkdir(parents=True)
        for name, text in (("access", self.access_key), ("secret", self.secret_key)):
            (self.directory / name).write_text(text, encoding="ascii")
        files = {"CERT": "certificate", "KEY": "key", "ACCESS_KEY": "access", "SECRET_KEY": "secret"}
        environment = [f"--env=S3_{name}_FILE=/tls/{file}" for name, file in files.items()]
        options = ["--init", f"--label={LABEL}", f"--network={NETWORK}", f"--volume={self.directory}:/tls:ro"]
        image = demo.read_estate()["images"]["s3:4.48"]["ref"]
        entry = ["--entrypoint=/bin/sh", f"--env=S3_BUCKET={BUCKET}", image, "-c", WAIT]
        docker("run", "--detach", f"--name={NAME}", *options, *environment, *entry)
        address = docker("inspect", "--format", ADDRESS, NAME)
        self.endpoint = f"https://{address}:8333"
        self._certify(address)
        state = ("inspect", "--format", "{{.State.Health.Status}}", NAME)
        wait_for(lambda: docker(*state) == "healthy", READY_SECONDS, "an answer of the object storage")

    def _certify(self, address: str) -> None:
        """pgBackRest compares names alone, and restic addresses: it is given as both."""
        key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", self.directory / "key"]
        names = ["-subj", "/CN=s3", "-addext", f"subjectAltName=IP:{address},DNS:{address}", "-days", "2"]
        made = self.directory / "made"
        demo.run("openssl", "req", "-x509", *key, *names, "-out", made, quiet=True)
        for path in self.directory.iterdir():
            path.chmod(0o444)
        made.rename(self.ca_file)

    @staticmethod
    def stored() -> int:
        """Bytes that it holds."""
        return int(docker("exec", NAME, "du", "--summarize", "--bytes", "/data").split()[0])
