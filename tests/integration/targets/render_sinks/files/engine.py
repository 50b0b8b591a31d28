# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A tenant on a real engine: its rendered files on disk, its projects up, and what the engine says about them."""

from __future__ import annotations

import json
import os
import pathlib
import secrets
import subprocess
import time
import typing as t

from ansible_collections.tenantry.platform.plugins.plugin_utils.render import compose, files

RELEASE = "20261121T041833Z-" + secrets.token_hex(4)
NEXT_RELEASE = "20261122T031500Z-" + secrets.token_hex(4)


def docker(*words: str, check: bool = True) -> str:
    """Output of a docker command."""
    done = subprocess.run(["docker", *words], capture_output=True, check=False)
    assert not check or done.returncode == 0, (words[:4], done.stderr.decode())
    return done.stdout.decode()


def image(name: str) -> str:
    """Reference by digest of an image of the estate."""
    known = json.loads(os.environ["TENANTRY_ESTATE_IMAGES"])[name]
    return f"{known['ref'].rpartition(':')[0]}@{known['digest']}"


def until(what: str, true: t.Callable[[], t.Any], seconds: float = 40) -> t.Any:
    """What a condition returns once it holds."""
    deadline = time.monotonic() + seconds
    while not (result := true()):
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.1)
    return result


class Tenant:
    """One tenant in a directory like that of a node."""

    def __init__(self, root: pathlib.Path) -> None:
        self.name = f"sinks-{secrets.token_hex(3)}"
        self.root = root / self.name
        self.spec: dict[str, t.Any] = {}

    def prepare(self, spec: dict[str, t.Any], release: str, **plain: str) -> pathlib.Path:
        """Write a release, as the module does, and make networks and volumes."""
        self.spec = spec
        directory = self.root / "releases" / release
        for file in files.release_files(spec, release, self.images(), plain, {}):
            path = (directory if file["base"] == "release" else self.root / "shared") / file["path"]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(file["content"], encoding="utf-8", newline="")
            path.chmod(int(file["mode"], 8))
            os.chown(path, file["owner"], 0)
        for network in compose.networks(spec):
            if not docker("network", "ls", "--quiet", "--filter", f"name=^{network['name']}$"):
                internal = ["--internal"] if network["internal"] else []
                docker("network", "create", *internal, *_labels(network), network["name"])
        for volume in compose.volumes(spec):
            docker("volume", "create", *_labels(volume), volume["name"])
        return directory

    def images(self) -> dict[str, str]:
        return {one["name"]: image(one["image"]) for one in self.spec["services"]}

    def compose(self, directory: pathlib.Path, file: str, *words: str) -> str:
        """Output of a compose command on one file of a release."""
        where = ["--project-directory", str(directory), "--file", str(directory / file)]
        return docker("compose", "--progress", "quiet", "--env-file", os.devnull, *where, *words)

    def up(self, directory: pathlib.Path, file: str = "compose.yaml") -> None:
        self.compose(directory, file, "up", "--detach")

    def containers(self, *filters: str, everything: bool = False) -> list[dict[str, t.Any]]:
        """What the engine says about the tenant's containers."""
        words = [word for one in (f"label=tenantry.tenant={self.name}", *filters) for word in ("--filter", one)]
        found = docker("ps", "--quiet", "--no-trunc", *(["--all"] if everything else []), *words).split()
        return t.cast("list[dict[str, t.Any]]", json.loads(docker("inspect", *found))) if found else []

    def container(self, service: str, everything: bool = False) -> dict[str, t.Any]:
        """The only container of a service."""
        (one,) = self.containers(f"label=tenantry.service={service}", everything=everything)
        return one

    def healthy(self, service: str) -> dict[str, t.Any]:
        """The only container of a service, once its check succeeds."""
        return t.cast(
            "dict[str, t.Any]",
            until(f"{service} is healthy", lambda: self._in_state(service, "healthy")),
        )

    def unhealthy(self, service: str) -> dict[str, t.Any]:
        return t.cast(
            "dict[str, t.Any]",
            until(f"{service} is unhealthy", lambda: self._in_state(service, "unhealthy")),
        )

    def _in_state(self, service: str, state: str) -> dict[str, t.Any] | None:
        one = self.container(service)
        return one if one["State"]["Health"]["Status"] == state else None

    def remove(self) -> None:
        mine = ["--filter", f"label=tenantry.tenant={self.name}"]
        if found := docker("ps", "--all", "--quiet", *mine).split():
            docker("rm", "--force", "--volumes", *found)
        for kind in ("network", "volume"):
            if found := docker(kind, "ls", "--quiet", *mine).split():
                docker(kind, "rm", *found)


def _labels(of: dict[str, t.Any]) -> list[str]:
    return [f"--label={key}={value}" for key, value in of["labels"].items()]
