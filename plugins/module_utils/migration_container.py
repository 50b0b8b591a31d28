# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The container in which a migration tool works: one command each, its output read, its image's files read."""

from __future__ import annotations

import dataclasses
import posixpath
import typing as t

from . import engine_containers, engine_images
from .engine_containers import Container
from .errors import TenantryError
from .migration_database import MigrationDatabase
from .migration_tools import Output, Paths
from .one_off import OneOff
from .polling import Deadline

#: Seconds for a command that only asks.
ASK_SECONDS = 120
#: Lines of a failed tool in which its reason is looked for: a traceback pushes it far up.
LINES = 200
#: Where dbmate looks when nobody says anything.
DBMATE_FOLDER = "db/migrations"


@dataclasses.dataclass
class MigrationContainer:
    """Runs commands in one-off containers of a release's image.

    :ivar database: whose sessions of the container are ended that hold up others; None where it is not known.
    :ivar timeout: seconds that the whole migration may take.
    :ivar lock_timeout: seconds that one statement may wait for a lock.
    """

    one_off: OneOff
    database: MigrationDatabase | None
    timeout: float
    lock_timeout: float

    def wait_for_left_over(self) -> None:
        """What a killed module left running is waited for, not ended: it may be half-way.

        :raises TenantryError: kind ``migration_timeout``.
        """
        deadline = Deadline(self.timeout)
        for container in self.one_off.left_over():
            if container.state == "running":
                self.one_off.wait(container, deadline)

    def prepare(self) -> None:
        """Make what the tool's container needs, and leave no earlier one behind."""
        self.one_off.prepare()
        self.one_off.clean_up()

    def run(self, command: t.Sequence[str], paths: Paths | None = None) -> Output:
        """Run a command that only asks; see migration_tools.Run."""
        return self._run(command, Deadline(ASK_SECONDS), {}, paths)

    def run_limited(self, command: t.Sequence[str], deadline: Deadline) -> Output:
        """Run a command that changes the schema, so that nobody else waits for it for long.

        :raises TenantryError: kind ``migration_timeout``.
        """
        if self.database is None:
            return self._run(command, deadline, {})
        given = self.one_off.definition().definition.get("environment") or {}
        environment = self.database.environment(given, self.lock_timeout, deadline.remaining())
        return self._run(command, deadline, environment)

    def dbmate_folder(self, command: t.Sequence[str]) -> str:
        """Where the tool's command line, the service's environment or its image say that its migrations stand."""
        definition = self.one_off.definition()
        config = engine_images.config(self.one_off.engine, definition.image)
        variables = dict(text.split("=", 1) for text in config.get("Env") or [] if "=" in text)
        variables.update(definition.definition.get("environment") or {})
        folder = _option(command) or variables.get("DBMATE_MIGRATIONS_DIR") or DBMATE_FOLDER
        return posixpath.normpath(posixpath.join(config.get("WorkingDir") or "/", folder))

    def _run(
        self,
        command: t.Sequence[str],
        deadline: Deadline,
        environment: t.Mapping[str, str],
        paths: Paths | None = None,
    ) -> Output:
        one_off = dataclasses.replace(self.one_off, command=tuple(command), environment=environment, log_lines=LINES)
        container = one_off.start(one_off.definition())
        watched = dataclasses.replace(one_off, keep=lambda: self._keep(container))
        try:
            ended = watched.wait(container, deadline)
        except TenantryError as error:
            if error.error_kind == "migration_timeout":  # then it was stopped; else it works on
                one_off.remove(container)
            raise
        stdout = engine_containers.stdout(one_off.engine, ended)
        files = self._files(ended, paths(stdout)) if paths and ended.exit_code == 0 else {}
        output = Output(ended.exit_code, stdout, one_off.log(ended), files)
        one_off.remove(ended)
        return output

    def _keep(self, container: Container) -> None:
        self.one_off.keep()
        if self.database is not None:
            self.database.end_blocked(
                [address for address in container.networks.values() if address], self.lock_timeout
            )

    def _files(self, container: Container, paths: t.Iterable[str]) -> dict[str, bytes]:
        """Contents by path; without those that are not there."""
        found = {path: engine_containers.file_content(self.one_off.engine, container, path) for path in paths}
        return {path: content for path, content in found.items() if content is not None}


def _option(command: t.Sequence[str]) -> str:
    """The folder that dbmate's command line names."""
    for word, following in zip(command, [*command[1:], ""]):
        if word in ("-d", "--migrations-dir"):
            return following
        if word.startswith("--migrations-dir="):
            return word.partition("=")[2]
    return ""
