# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""S3 that nodes and containers reach at one address, and that can be taken away."""

from __future__ import annotations

import contextlib
import json
import select
import socket
import subprocess
import threading
from pathlib import Path

import demo
import demo_check

NAME = "tenantry-e2e-s3"
BUCKET = "backups"
OPEN, STALLED = "open", "stalled"


class ObjectStorage:
    """A server in a container, behind a port of this machine that passes on to it what comes.

    :ivar mode: ``stalled`` takes connections and answers nothing, as a network does that loses everything.
    """

    def __init__(self, directory: Path, access: str, secret: str) -> None:
        self.directory = directory
        self.mode = OPEN
        self.address = json.loads(demo_check.docker("network", "inspect", "bridge"))[0]["IPAM"]["Config"][0]["Gateway"]
        self._listener: socket.socket | None = None
        directory.mkdir(parents=True, exist_ok=True)
        for name, text in (("access", access), ("secret", secret)):
            (directory / name).write_text(text, encoding="ascii")
        self._certificate()
        self.target = self._start()
        self.port = 0
        self.open()

    @property
    def endpoint(self) -> str:
        return f"https://{self.address}:{self.port}"

    @property
    def ca_file(self) -> Path:
        return self.directory / "certificate"

    def _certificate(self) -> None:
        names = f"subjectAltName=IP:{self.address},DNS:{self.address}"
        subject = ["-subj", "/CN=s3", "-addext", names, "-days", "2", "-nodes"]
        key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-keyout", str(self.directory / "key")]
        words = ["openssl", "req", "-x509", *key, *subject, "-out", str(self.ca_file)]
        subprocess.run(words, check=True, capture_output=True)
        for path in self.directory.iterdir():
            path.chmod(0o444)

    def _start(self) -> str:
        """Start the server; its address."""
        subprocess.run(["docker", "rm", "--force", "--volumes", NAME], check=False, capture_output=True)
        files = {"CERT": "certificate", "KEY": "key", "ACCESS_KEY": "access", "SECRET_KEY": "secret"}
        environment = [word for name, file in files.items() for word in ("-e", f"S3_{name}_FILE=/tls/{file}")]
        image = demo.read_estate()["images"]["s3:4.48"]["ref"]
        place = ["-v", f"{self.directory}:/tls:ro", "--label", "tenantry.estate=true", "--init"]
        words = ["run", "-d", "--name", NAME, *place, *environment, "-e", f"S3_BUCKET={BUCKET}", image]
        demo_check.docker(*words)
        return json.loads(demo_check.docker("inspect", NAME))[0]["NetworkSettings"]["IPAddress"]

    def healthy(self) -> bool:
        state = json.loads(demo_check.docker("inspect", NAME))[0]["State"]
        return state["Health"]["Status"] == "healthy"

    def open(self) -> None:
        """Answer again."""
        self.mode = OPEN
        if self._listener is None:
            self._listener = socket.create_server((self.address, self.port))
            self.port = self._listener.getsockname()[1]
            threading.Thread(target=self._serve, args=(self._listener,), daemon=True).start()

    def close(self) -> None:
        """Refuse every connection."""
        if self._listener is not None:
            self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None

    def stop(self) -> None:
        """Remove all of it."""
        self.close()
        subprocess.run(["docker", "rm", "--force", "--volumes", NAME], check=False, capture_output=True)

    def _serve(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _address = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._pass_on, args=(client,), daemon=True).start()

    def _pass_on(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError), socket.create_connection((self.target, 8333)) as server:
            other = {client: server, server: client}
            while self._listener is not None:
                ready, _writable, _broken = select.select([client, server], [], [], 1)
                for one in ready if self.mode == OPEN else ():
                    data = one.recv(1 << 16)
                    if not data:
                        return
                    other[one].sendall(data)
                if ready and self.mode != OPEN:
                    threading.Event().wait(0.2)
