# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The estate itself, and containers that go away after each test."""

from __future__ import annotations

import http.client
import json
import pathlib
import subprocess
import time
import typing as t
import uuid

import estate as command
import pytest
from tenantry_estate.catalogue import DATA
from tenantry_estate.registry import LABEL
from tenantry_estate.state import State

HARDENED = ("--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges", "--pids-limit=200", "--init")
Check = t.Callable[[], t.Any]


def pytest_configure(config: pytest.Config) -> None:
    """Name the mark of what `make test` leaves to `make integration`."""
    config.addinivalue_line("markers", "long: not part of make test")


def docker(*arguments: str) -> str:
    """One docker command that must succeed; gives what it printed."""
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"docker {' '.join(arguments)}: {done.stderr}"
    return done.stdout.strip()


def eventually(check: Check, seconds: float = 20) -> t.Any:
    """The first true answer of the check; the test fails when there is none in time."""
    deadline = time.monotonic() + seconds
    while True:
        answer = check()
        if answer:
            return answer
        assert time.monotonic() < deadline, f"still {answer!r} after {seconds:g} s"
        time.sleep(0.1)


def secret(directory: pathlib.Path, name: str, content: str) -> str:
    """A mount of a file at /run/secrets; all may read it, because only root could give it to the container's user."""
    path = directory / name
    path.write_text(content + "\n", encoding="utf-8")
    path.chmod(0o644)
    return f"--volume={path}:/run/secrets/{name}:ro"


class Answer(t.NamedTuple):
    """What an HTTP server said; status 0 when nobody listens."""

    status: int
    body: t.Any


def ask(address: str, path: str, method: str = "GET", body: str | None = None, **headers: str) -> Answer:
    """One HTTP request; JSON bodies are decoded. Underscores in header names stand for dashes."""
    connection = http.client.HTTPConnection(address, timeout=15)
    try:
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        response = connection.getresponse()
        content = response.read().decode()
    except OSError:
        return Answer(0, None)
    finally:
        connection.close()
    is_json = response.headers.get_content_type() == "application/json"
    return Answer(response.status, json.loads(content) if is_json else content)


class Workshop:
    """Containers, a network and volumes of one test, under names of their own."""

    def __init__(self, images: dict[str, dict[str, str]]) -> None:
        self.images = images
        self.prefix = f"estate-test-{uuid.uuid4().hex[:8]}"
        self.containers: list[str] = []
        self.volumes: list[str] = []
        docker("network", "create", f"--label={LABEL}", self.prefix)

    def reference(self, image: str) -> str:
        """The image as production names it: by digest."""
        entry = self.images[image]
        return f"{entry['ref'].rpartition(':')[0]}@{entry['digest']}"

    def run(self, name: str, image: str, *command: str, options: t.Sequence[str] = ()) -> str:
        """Start a container; other containers of the test reach it by its short name."""
        full = f"{self.prefix}-{name}"
        network = () if any(option.startswith("--network") for option in options) else (f"--network={self.prefix}",)
        alias = (f"--network-alias={name}",) if network else ()
        self.containers.append(full)
        labelled = ("run", "--detach", f"--name={full}", f"--label={LABEL}", *network, *alias, *options)
        docker(*labelled, self.reference(image), *command)
        return full

    def once(self, image: str, *command: str, options: t.Sequence[str] = ()) -> str:
        """Run a container to its end, which must be good; gives what it printed."""
        return docker(
            "run", "--rm", f"--label={LABEL}", f"--network={self.prefix}", *options, self.reference(image), *command
        )

    def volume(self, name: str) -> str:
        """A new volume."""
        full = f"{self.prefix}-{name}"
        self.volumes.append(docker("volume", "create", f"--label={LABEL}", full))
        return full

    def address(self, container: str, port: int) -> str:
        """Where this machine reaches a port of the container."""
        each = "--format={{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
        return f"{docker('inspect', each, container)}:{port}"

    def healthy(self, container: str) -> None:
        """Wait until the container's health check passes."""
        eventually(lambda: docker("inspect", "--format={{.State.Health.Status}}", container) == "healthy", 40)

    def close(self) -> None:
        """Remove everything."""
        if self.containers:
            subprocess.run(["docker", "rm", "--force", "--volumes", *self.containers], capture_output=True, check=False)
        if self.volumes:
            docker("volume", "rm", *self.volumes)
        docker("network", "rm", self.prefix)


@pytest.fixture(scope="session")
def images() -> dict[str, dict[str, str]]:
    """Every image of the estate: built, pushed, with its reference and digest."""
    assert command.main(["up", DATA]) == 0
    return State().data["images"]


@pytest.fixture
def workshop(images: dict[str, dict[str, str]]) -> t.Iterator[Workshop]:
    """Containers for one test."""
    made = Workshop(images)
    yield made
    made.close()
