# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The node of the faults: a machine in a container, whose processes this machine sees and can kill."""

from __future__ import annotations

import contextlib
import functools
import os
import signal
import subprocess
import typing as t
from pathlib import Path

import bare_machine
from over_ssh import TENANTS_ROOT

NAME = "tenantry-faults-machine"
IMAGE = "tenantry-estate/machine:bookworm"
#: Where the tenants live is a file system of its own, which can be made full without anybody else noticing.
TENANTS_SIZE = "4g"


class Node:
    """A machine with an engine of its own.

    It needs root on this machine: faults are signals to processes of the node, and looks at its files, without asking
    the node for them.
    """

    def start(self, public_key: Path) -> str:
        """Start a bare machine; its address."""
        tenants = f"--tmpfs={TENANTS_ROOT}:size={TENANTS_SIZE},mode=0711,exec"
        return bare_machine.start(NAME, IMAGE, public_key, "tenantry.faults=node", tenants)

    def runs(self) -> bool:
        """Whether an earlier run left it."""
        command = ["docker", "inspect", "--format", "{{.State.Running}}", NAME]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip() == "true"

    def remove(self) -> None:
        bare_machine.remove(NAME)

    @functools.cached_property
    def container(self) -> str:
        return bare_machine.docker("inspect", "--format", "{{.Id}}", NAME)

    @functools.cached_property
    def init(self) -> int:
        """Pid of its first process, as this machine counts."""
        return int(bare_machine.docker("inspect", "--format", "{{.State.Pid}}", NAME))

    def path(self, inside: str) -> Path:
        """A file of the node."""
        return Path(f"/proc/{self.init}/root{inside}")

    def run(self, *command: str, check: bool = True) -> str:
        """Output of a command in the node.

        :raises subprocess.CalledProcessError: when it fails, unless ``check`` is false.
        """
        done = subprocess.run(
            ["docker", "exec", NAME, *command], capture_output=True, text=True, check=False, timeout=120
        )
        if check and done.returncode:
            raise RuntimeError(f"in the node: {' '.join(command)}: {done.stderr.strip()}")
        return done.stdout

    def in_mounts(self, *command: str) -> None:
        """Run a command of this machine on the file systems of the node: sooner than one that the engine starts."""
        subprocess.run(["nsenter", f"--target={self.init}", "--mount", *command], check=True, capture_output=True)

    # -- processes -------------------------------------------------------------------------------------------------

    def processes(self, matches: t.Callable[[str], bool]) -> list[int]:
        """Pids of the node's processes with a command line that matches, those of its containers too; newest first."""
        found = []
        for pid in sorted((int(one) for one in os.listdir("/proc") if one.isdigit()), reverse=True):
            with contextlib.suppress(OSError):
                if matches(command_line(pid)) and self.container in Path(f"/proc/{pid}/cgroup").read_text("ascii"):
                    found.append(pid)
        return found

    def kill(self, matches: t.Callable[[str], bool]) -> int:
        """SIGKILL for these processes; how many there were."""
        found = self.processes(matches)
        for pid in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return len(found)

    def modules(self) -> list[int]:
        """Modules of ansible that work in the node."""
        return self.processes(is_module)


def command_line(pid: int) -> str:
    """Words of a process; empty when it is gone or belongs to the kernel."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return ""


def is_module(words: str) -> bool:
    """Whether a command line is that of a module of ansible, or of the shell around it."""
    # A pipelined one comes by its standard input.
    return "AnsiballZ_" in words or words == "/usr/bin/python3"


def descendants(pid: int) -> list[int]:
    """Processes that a process started, and those that they started; itself first."""
    children: dict[int, list[int]] = {}
    for one in (int(name) for name in os.listdir("/proc") if name.isdigit()):
        with contextlib.suppress(OSError, IndexError):
            parent = int(Path(f"/proc/{one}/stat").read_bytes().rsplit(b")", 1)[1].split()[1])
            children.setdefault(parent, []).append(one)
    found = [pid]
    for one in found:
        found += children.get(one, [])
    return found
