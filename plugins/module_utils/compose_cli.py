# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Docker Compose v2 by its command line: argv lists, an environment of its own, one error that says what it said."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shutil
import signal
import subprocess
import typing as t

from . import compose_orphans
from .engine import Engine
from .engine_containers import clean_lines
from .errors import TenantryError
from .polling import Deadline
from .redaction import Redactor

#: What compose may know of the module's environment. No COMPOSE_*, no values that files could interpolate.
PASSED_ON = ("HOME", "DOCKER_CONFIG", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH", "XDG_RUNTIME_DIR", "TMPDIR")

#: A login over SSH without a shell profile often lacks /usr/local/bin.
SEARCH_PATH = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")

LOOK_EVERY = 0.3
TERMINATE_SECONDS = 5
TAIL_LINES = 15


@dataclasses.dataclass(frozen=True)
class Compose:
    """One compose project on one engine.

    :param project: compose project name.
    :param source: project directory; relative paths in files count from it.
    :param files: compose files, in order.
    """

    engine: Engine
    project: str
    source: str
    files: tuple[str, ...]
    profiles: tuple[str, ...] = ()
    redactor: Redactor = dataclasses.field(default_factory=Redactor)

    def argv(self, *command: str) -> list[str]:
        """The whole command line.

        :raises TenantryError: kind ``compose_missing`` when there is no docker command.
        """
        # The empty environment file keeps a stray .env of the directory out of the interpolation.
        words = [docker_command(), "compose", "--ansi", "never", "--progress", "plain", "--env-file", os.devnull]
        words += ["--project-name", self.project, "--project-directory", self.source]
        for name in self.files:
            words += ["--file", os.path.join(self.source, name)]
        for profile in self.profiles:
            words += ["--profile", profile]
        return [*words, *command]

    def run(
        self, *command: str, timeout: float, watch: t.Callable[[], None] | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        """Run one compose command to its end.

        :param timeout: seconds until it is stopped.
        :param watch: called every 0.3 s meanwhile; what it raises stops the command and passes through.
        :raises TenantryError: kinds ``compose_missing``, ``compose_failed``, ``compose_timeout``.
        """
        argv = self.argv(*command)
        process = _start(argv, self.source, environment(self.engine, self.project))
        try:
            stdout, stderr = _follow(process, timeout, watch)
        except subprocess.TimeoutExpired as error:
            raise TenantryError(
                f"docker compose {command[0]} of project {self.project} did not end within {timeout:g} s and was "
                "stopped: look at the engine's load and log, or raise the timeout",
                "compose_timeout",
                cmd=argv,
            ) from error
        finally:
            _end(process)
        if process.returncode != 0:
            raise self._failure(argv, command[0], process.returncode, stderr)
        return subprocess.CompletedProcess(argv, process.returncode, stdout, stderr)

    def _failure(self, argv: list[str], verb: str, code: int, stderr: bytes) -> TenantryError:
        if not has_plugin(self.engine):
            return compose_missing("`docker compose version` fails")
        tail = self.redactor.lines(clean_lines(stderr)[-TAIL_LINES:])
        # Progress lines begin with a space; what went wrong does not.
        words = [line for line in tail if line.strip() and not line.startswith(" ")] or tail
        said = words[-1].strip() if words else "nothing"
        return TenantryError(
            f"docker compose {verb} of project {self.project} ended with code {code} and said: {said}",
            "compose_failed",
            cmd=argv,
            rc=code,
            stderr_tail=tail,
        )


def environment(engine: Engine, project: str) -> dict[str, str]:
    """What a compose process gets to see."""
    kept = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    ours = {"PATH": search_path(), "LC_ALL": "C.UTF-8", "DOCKER_HOST": engine.host}
    return {**kept, **ours, compose_orphans.MARK: compose_orphans.mark(engine.host, project)}


def search_path() -> str:
    own = [part for part in os.environ.get("PATH", "").split(os.pathsep) if part]
    return os.pathsep.join([*own, *(part for part in SEARCH_PATH if part not in own)])


def docker_command() -> str:
    """Path of the docker command.

    :raises TenantryError: kind ``compose_missing``.
    """
    found = shutil.which("docker", path=search_path())
    if found is None:
        raise compose_missing("there is no docker command in PATH")
    return found


def has_plugin(engine: Engine) -> bool:
    """Whether ``docker compose`` is there at all."""
    process = _start([docker_command(), "compose", "version"], None, environment(engine, ""))
    try:
        process.communicate(timeout=30)
    except subprocess.TimeoutExpired:
        return True
    finally:
        _end(process)
    return process.returncode == 0


def compose_missing(what: str) -> TenantryError:
    return TenantryError(
        f"Docker Compose v2 is missing on this node ({what}): install the compose plugin of the docker command (role "
        "tenantry.platform.node does; Debian 13: apt install docker-compose; Docker's packages: docker-compose-plugin)",
        "compose_missing",
    )


def _start(argv: list[str], directory: str | None, env: dict[str, str]) -> subprocess.Popen[bytes]:
    # A session of its own, so that stopping it reaches the plugin that the docker command starts. Not run_command:
    # that watches nothing meanwhile, and utils know no AnsibleModule.
    return subprocess.Popen(  # pylint: disable=ansible-bad-function
        argv,
        cwd=directory,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def _follow(
    process: subprocess.Popen[bytes], timeout: float, watch: t.Callable[[], None] | None
) -> tuple[bytes, bytes]:
    deadline = Deadline(timeout)
    while True:
        try:
            return process.communicate(timeout=min(LOOK_EVERY, deadline.remaining()))
        except subprocess.TimeoutExpired:
            if deadline.passed():
                raise
            if watch is not None:
                watch()


def _end(process: subprocess.Popen[bytes]) -> None:
    """Leave no process behind; what ended by itself left none."""
    if process.poll() is not None:
        return
    for number in (signal.SIGTERM, signal.SIGKILL):
        # To the whole group, also once its leader is gone: a child may be slower, or deaf to the first signal.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=TERMINATE_SECONDS)
