# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A node with a tenant's database and cache on it, and the processes that make its backups."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import time
import typing as t

from ansible_collections.tenantry.platform.plugins.module_utils.backup import BACKUP_ARGUMENTS
from ansible_collections.tenantry.platform.plugins.module_utils.backup_process import MARK
from ansible_collections.tenantry.platform.plugins.module_utils.backup_restore import RESTORE_ARGUMENTS

MODULE = pathlib.Path(__file__).with_name("module.py")
END_OF_LOCK = """
select pg_terminate_backend(pid) from pg_stat_activity where query like '%pg_sleep%' and pid <> pg_backend_pid()
"""
ARGUMENTS = {"backup": BACKUP_ARGUMENTS, "backup_info": BACKUP_ARGUMENTS, "restore": RESTORE_ARGUMENTS}


def command(*words: str, check: bool = True, **more: t.Any) -> str:
    """What a command writes."""
    done = subprocess.run(words, capture_output=True, check=False, **more)
    assert not check or done.returncode == 0, (words, done.stderr.decode())
    return done.stdout.decode().strip()


def until(what: str, true: t.Callable[[], t.Any], seconds: float = 40, pause: float = 0.02) -> t.Any:
    """What a condition returns once it holds."""
    deadline = time.monotonic() + seconds
    while not (result := true()):
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(pause)
    return result


class Module:
    """A module at work."""

    def __init__(self, name: str, options: dict[str, t.Any]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(MODULE), name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        assert self._process.stdin
        self._process.stdin.write(json.dumps(options).encode())
        self._process.stdin.close()

    def kill(self) -> None:
        """As the out-of-memory killer does, or a node that is switched off."""
        self._process.kill()
        self._process.wait()

    def result(self) -> dict[str, t.Any]:
        """What it returns in the end."""
        assert self._process.stdout
        assert self._process.stderr
        text, errors = self._process.stdout.read(), self._process.stderr.read()
        self._process.wait(120)
        assert text, errors.decode()
        return t.cast("dict[str, t.Any]", json.loads(text))


class Node:
    """The node."""

    def __init__(self) -> None:
        self.options: dict[str, t.Any] = json.loads(os.environ["TENANTRY_BACKUP_OPTIONS"])
        self.images: dict[str, str] = self.options.pop("images")
        self.tenant: str = self.options["tenant"]
        self.root = pathlib.Path(self.options["spool"]).parent
        self.local: list[dict[str, str]] = self.options["repositories"][:1]
        self.snapshots = self.root / "snapshots"

    def start(self, name: str = "backup", **changes: t.Any) -> Module:
        """Start a module."""
        defaults = {key: argument.get("default") for key, argument in ARGUMENTS[name].items()}
        return Module(name, {**defaults, **self.options, "repositories": self.local, **changes})

    def run(self, name: str = "backup", **changes: t.Any) -> dict[str, t.Any]:
        """Run a module to its end."""
        return self.start(name, **changes).result()

    def refused(self, name: str = "backup", **changes: t.Any) -> dict[str, t.Any]:
        """The same for one that must fail."""
        result = self.run(name, **changes)
        assert "error_kind" in result, result
        return result

    def done(self, name: str = "backup", **changes: t.Any) -> dict[str, t.Any]:
        """The same for one that must not."""
        result = self.run(name, **changes)
        assert "error_kind" not in result, result
        return result

    def labels(self, **changes: t.Any) -> list[str]:
        """Labels of the whole backups in the first repository, or the directory."""
        listed = self.done("backup_info", **changes)["repositories"][0]
        assert listed["ok"], listed
        return [one["label"] for one in listed["backups"] if not one["error"]]

    @property
    def postgres(self) -> str:
        return f"{self.tenant}-postgres-1"

    def crashed(self) -> bool:
        """Whether the server ever restarted all its processes because one ended as it should not."""
        logged = command("sh", "-c", f"docker logs {self.postgres} 2>&1")
        assert "database system is ready" in logged
        return "reinitializing" in logged

    def psql(self, statement: str) -> str:
        return command("docker", "exec", self.postgres, "psql", "-U", "app", "-d", "shop", "-Atqc", statement)

    @contextlib.contextmanager
    def locked(self) -> t.Iterator[None]:
        """Hold a lock that pg_dump waits for."""
        statement = "begin; lock goods in access exclusive mode; select 'locked'; select pg_sleep(120)"
        words = ["docker", "exec", self.postgres, "psql", "-U", "app", "-d", "shop", "-Atqc", statement]
        held = "select count(*) from pg_locks where mode = 'AccessExclusiveLock' and granted and relation is not null"
        with subprocess.Popen(words, stdout=subprocess.DEVNULL) as process:
            try:
                until("the table is locked", lambda: int(self.psql(held)) > 0, pause=0.2)
                yield
            finally:
                self.psql(END_OF_LOCK)
                process.wait(30)

    def tools(self, name: str) -> list[int]:
        """Ids of the marked processes of this tenant that are called so, on the node and in its containers."""
        return [pid for pid in _processes() if _name(pid) == name and _mark(pid).startswith(f"{self.tenant}\t")]

    def kill(self, name: str, number: int = signal.SIGKILL) -> None:
        """Kill such a process as soon as there is one."""
        for pid in until(f"{name} runs", lambda: self.tools(name), pause=0.005):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def spooled(self) -> list[str]:
        """Files in the spool, without locks."""
        found = pathlib.Path(self.options["spool"]).rglob("*")
        return [str(path) for path in found if path.is_file() and path.name != "lock" and ".cache" not in path.parts]


def _processes() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def _name(pid: int) -> str:
    with contextlib.suppress(OSError):
        return pathlib.Path(f"/proc/{pid}/comm").read_text().strip()
    return ""


def _mark(pid: int) -> str:
    with contextlib.suppress(OSError):
        for variable in pathlib.Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
            if variable.startswith(f"{MARK}=".encode()):
                return variable.decode().partition("=")[2]
    return ""
