# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""As much of an engine as decides which images are pulled and removed; the real one is for the integration targets."""

from __future__ import annotations

import dataclasses
import typing as t

import docker.errors
import requests

from ansible_collections.tenantry.platform.plugins.module_utils.engine import Engine


def refusal(status: int, words: str) -> docker.errors.APIError:
    answer = requests.Response()
    answer.status_code = status
    kind = docker.errors.NotFound if status == 404 else docker.errors.APIError
    return kind(words, answer, words)


@dataclasses.dataclass
class FakeClient:
    """Stands for ``docker.APIClient``.

    :ivar images: inspect data by reference.
    :ivar registry: digest by ``repository:tag``.
    :ivar entries: of the list of containers.
    :ivar before_pull: called with the reference before a pull is done; what it raises ends the pull.
    :ivar in_use: references whose removal the engine refuses.
    """

    root: str = "/var/lib/docker"
    images: dict[str, dict[str, t.Any]] = dataclasses.field(default_factory=dict)
    registry: dict[str, str] = dataclasses.field(default_factory=dict)
    entries: list[dict[str, t.Any]] = dataclasses.field(default_factory=list)
    details: dict[str, dict[str, t.Any]] = dataclasses.field(default_factory=dict)
    before_pull: t.Callable[[str], None] = lambda _ref: None
    in_use: tuple[str, ...] = ()
    calls: list[str] = dataclasses.field(default_factory=list)

    def engine(self, host: str = "unix:///run/none.sock") -> Engine:
        return Engine(self, host)

    def asked(self, name: str) -> list[str]:
        return [call for call in self.calls if call.split(" ")[0] == name]

    def info(self) -> dict[str, t.Any]:
        self.calls.append("info")
        return {"DockerRootDir": self.root, "RegistryConfig": {}}

    def version(self) -> dict[str, t.Any]:
        self.calls.append("version")
        return {"Os": "linux", "Arch": "amd64"}

    def inspect_image(self, ref: str) -> dict[str, t.Any]:
        if ref not in self.images:
            raise refusal(404, f"No such image: {ref}")
        return self.images[ref]

    def inspect_distribution(self, ref: str) -> dict[str, t.Any]:
        self.calls.append(f"resolve {ref}")
        return {"Descriptor": {"digest": self.registry[ref]}}

    def pull(self, repository: str, tag: str, **_options: t.Any) -> t.Iterator[dict[str, t.Any]]:
        ref = f"{repository}@{tag}"
        self.calls.append(f"pull {ref}")
        self.before_pull(ref)
        self.images[ref] = {"Id": f"id-of-{tag[-4:]}", "Size": 1000}
        yield {"status": "done"}

    def remove_image(self, ref: str, force: bool, noprune: bool) -> None:
        self.calls.append(f"remove {ref}")
        assert not force
        assert noprune
        if ref in self.in_use:
            raise refusal(409, f"conflict: unable to delete {ref}: a container uses it")
        if ref not in self.images:
            raise refusal(404, f"No such image: {ref}")
        del self.images[ref]

    # -- containers ------------------------------------------------------------------------------------------------

    def containers(self, filters: dict[str, list[str]], **options: bool) -> list[dict[str, t.Any]]:
        assert options == {"all": True}
        wanted = [one.partition("=")[::2] for one in filters["label"]]
        return [
            entry
            for entry in self.entries
            if set(wanted) <= set((entry.get("Labels") or {}).items())  # every label as it was asked for
        ]

    def inspect_container(self, container: str) -> dict[str, t.Any]:
        if container not in self.details:
            raise refusal(404, "No such container")
        return self.details[container]

    def stop(self, container: str, timeout: int) -> None:
        self.calls.append(f"stop {container} {timeout}")

    def remove_container(self, container: str, force: bool, v: bool) -> None:
        self.calls.append(f"remove {container} force={force} v={v}")
        del self.details[container]
        self.entries = [entry for entry in self.entries if entry["Id"] != container]
