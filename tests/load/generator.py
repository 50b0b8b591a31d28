# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The load's own process, as the driver sees it."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import types
import typing as t
from pathlib import Path

from scenarios import ScenarioError
from tally import Tally

CLIENT = Path(__file__).resolve().with_name("client.py")
# Requests per second over all tenants of a scenario; the goal is 100.
RATE = 120
WEBSOCKETS = 4
# The slowest request, its patience, and the goodbye of the WebSockets.
END_SECONDS = 40


class Generator:
    """A constant load on tenants, from ``with`` to ``stop``.

    :param state: a directory for configuration and result.
    :param port: of the proxy, on this machine.
    :param authority: file of the certificate authority; None for plain http.
    :param tenants: hostnames by name.
    """

    def __init__(self, state: Path, port: int, authority: Path | None, tenants: t.Mapping[str, str]) -> None:
        self.result = state / "load.json"
        self.configuration = state / "load-configuration.json"
        settings = {
            "address": "127.0.0.1",
            "port": port,
            "authority": str(authority) if authority else None,
            "rate": RATE,
            "websockets": WEBSOCKETS,
            "tenants": [{"name": name, "hostname": hostname} for name, hostname in tenants.items()],
            "result": str(self.result),
        }
        self.configuration.write_text(json.dumps(settings), encoding="utf-8")
        self.progress: dict[str, int] = {}
        self.heard = threading.Event()

    def __enter__(self) -> Generator:
        self.result.unlink(missing_ok=True)
        self.process = subprocess.Popen(
            [sys.executable, str(CLIENT), str(self.configuration)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        threading.Thread(target=self._follow, daemon=True).start()
        self.heard.wait(END_SECONDS)
        if not self.progress:
            self.__exit__()
            raise ScenarioError(f"{CLIENT.name} did not begin: see above")
        return self

    def __exit__(self, *_error: type[BaseException] | BaseException | types.TracebackType | None) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def _follow(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.progress = json.loads(line)
            self.heard.set()
        self.heard.set()

    def check(self) -> None:
        """See that the load goes on.

        :raises ScenarioError: when it does not.
        """
        if self.process.poll() is not None:
            raise ScenarioError(f"{CLIENT.name} ended on its own with {self.process.returncode}: see above")

    def stop(self) -> Tally:
        """End the load when all that is under way was answered, and say what it counted.

        :raises ScenarioError: when it does not say.
        """
        assert self.process.stdin
        self.process.stdin.close()
        try:
            code = self.process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            raise ScenarioError(f"{CLIENT.name} did not end within {END_SECONDS} s") from None
        if code:
            raise ScenarioError(f"{CLIENT.name} ended with {code}: see above")
        return Tally.from_dict(json.loads(self.result.read_text(encoding="utf-8")))
