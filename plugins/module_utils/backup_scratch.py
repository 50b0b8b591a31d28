# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Containers in which a restore fills a volume: made from a service's image, hardened, and gone afterwards."""

from __future__ import annotations

import contextlib
import dataclasses
import re
import typing as t

from . import engine_containers, engine_images
from .engine import MANAGED, Engine
from .engine_containers import Container
from .errors import TenantryError
from .polling import Deadline

#: Of a container, the volume that it fills, by which the next run finds what a killed one left. Of a volume, the
#: restore that it was made for.
RESTORE_LABEL = "tenantry.restore"
PIDS_LIMIT = 512
LOG_LINES = 40
SAID_LINES = 4
_COMPLAINT = re.compile(r"\b(ERROR|FATAL|PANIC|\[ERROR\]|Fatal|Bad|Can't|cannot)\b")
#: Where servers of all kinds want to write beside their data; nothing of it is kept.
TMPFS = {"/tmp": "", "/run/postgresql": "mode=1777", "/run/mysqld": "mode=1777"}


@dataclasses.dataclass(frozen=True)
class Scratch:
    """How containers of one restore are made.

    :ivar labels: whose they are.
    :ivar data_path: where the volume is in them.
    :ivar network: name of one on the engine, or ``none``.
    :ivar user: ``uid:gid``; empty for the image's own.
    :ivar binds: further files and directories of the node, at the same or another place, to read.
    """

    engine: Engine
    labels: t.Mapping[str, str]
    volume: str
    image: str
    data_path: str
    network: str = "none"
    user: str = ""

    def owner(self) -> tuple[int, int]:
        """Whose files of the volume are: user and group of the containers.

        :raises TenantryError: kinds ``image_missing``, ``invalid`` for an image whose user is a name.
        """
        data = engine_images.inspect(self.engine, self.image)
        if data is None:
            raise TenantryError(
                f"the engine lacks image {self.image}, and a restore pulls nothing: run tenantry.platform.images first",
                "image_missing",
                images=[self.image],
            )
        user = self.user or str((data.get("Config") or {}).get("User") or "0")
        uid, _colon, gid = user.partition(":")
        if not (uid.isdigit() and (gid or uid).isdigit()):
            raise TenantryError(
                f"image {self.image} runs as {user!r}, and files belong to numbers: say which (user: 999:999)",
                "invalid",
            )
        return int(uid), int(gid or uid)

    @contextlib.contextmanager
    def running(
        self,
        entrypoint: t.Sequence[str] | None,
        command: t.Sequence[str] | None,
        environment: t.Mapping[str, str],
        binds: t.Mapping[str, str],
    ) -> t.Iterator[Container]:
        """A container, until the block ends.

        :param binds: path on the node to path in the container, to read.
        """
        client = self.engine.client
        with self.engine.doing(f"create a container to restore volume {self.volume}"):
            host = client.create_host_config(
                binds=[f"{self.volume}:{self.data_path}:rw", *(f"{one}:{at}:ro" for one, at in binds.items())],
                network_mode=self.network,
                init=True,
                cap_drop=["ALL"],
                security_opt=["no-new-privileges:true"],
                read_only=True,
                tmpfs=TMPFS,
                pids_limit=PIDS_LIMIT,
                log_config={"Type": "json-file", "Config": {"max-size": "10m", "max-file": "1"}},
            )
            uid, gid = self.owner()
            created = client.create_container(
                self.image,
                command=None if command is None else list(command),
                entrypoint=None if entrypoint is None else list(entrypoint),
                environment=dict(environment),
                user=f"{uid}:{gid}",
                labels={**self.labels, RESTORE_LABEL: self.volume},
                host_config=host,
            )["Id"]
        with self.engine.doing(f"inspect container {created[:12]}"):
            container = Container.from_inspect(client.inspect_container(created))
        try:
            engine_containers.start(self.engine, container)
            yield container
        finally:
            engine_containers.remove(self.engine, container, anonymous_volumes=True)

    def stopped(self, container: Container, deadline: Deadline) -> None:
        """Stop it in order, with all the time that is left: a server writes what it holds.

        :raises TenantryError: kind ``restore_failed`` when it had to be killed.
        """
        engine_containers.stop(self.engine, container, max(1, int(deadline.remaining())))
        now = engine_containers.reread(self.engine, container)
        if now is None or now.exit_code != 0:
            code = "nothing" if now is None else f"code {now.exit_code}"
            raise TenantryError(
                f"the server that restored volume {self.volume} ended with {code} when it was to stop; it said: "
                f"{self.said(container)}",
                "restore_failed",
            )

    def require_running(self, container: Container) -> None:
        """:raises TenantryError: kind ``restore_failed``, with the last words of a container that ended."""
        now = engine_containers.reread(self.engine, container)
        if now is None or now.state != "running":
            raise TenantryError(
                f"the server that restores volume {self.volume} ended; it said: {self.said(container)}",
                "restore_failed",
            )

    def said(self, container: Container) -> str:
        """What it complained of last, or its last log lines."""
        lines = engine_containers.log_tail(self.engine, container, LOG_LINES)
        complaints = [line for line in lines if _COMPLAINT.search(line)]
        return " | ".join((complaints or lines)[-SAID_LINES:]) or "nothing"

    def remove_left(self) -> None:
        """Remove containers of an earlier restore of the same volume: only a killed module leaves one."""
        for container in engine_containers.read(self.engine, [MANAGED, f"{RESTORE_LABEL}={self.volume}"]):
            engine_containers.remove(self.engine, container, anonymous_volumes=True)
