# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The faults: what is killed, cut or taken away, and how it comes back."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import signal
import subprocess
import threading
import time
import typing as t
from pathlib import Path

from node import TENANTS_SIZE, Node, command_line, descendants
from over_ssh import TENANTS_ROOT

#: How long the engine is away: longer than any step waits without noticing.
ENGINE_AWAY_SECONDS = 4.0
REGISTRY = ["OUTPUT", "-p", "tcp", "--dport", "5000", "-j", "REJECT", "--reject-with", "tcp-reset"]
NAMESERVER = "tenantry-nameserver"


@dataclasses.dataclass
class Scene:
    """Where a fault strikes.

    :ivar process: the run; None before it began.
    :ivar database: directory of the tenant database.
    :ivar control: what the command lines of the run's SSH connections contain.
    """

    node: Node
    database: Path
    control: str
    process: subprocess.Popen[str] | None = None
    returning: threading.Thread | None = None


def nothing(_scene: Scene) -> None:
    """What was hit comes back on its own, or not at all."""


@dataclasses.dataclass(frozen=True)
class Fault:
    """One way to be hit.

    :ivar strike: does it; what it says of itself.
    :ivar mend: after the run: brings back what is away.
    :ivar lasts: until the end of the run, so that it is tried from its begin too.
    :ivar loses: whether users may lose requests by the fault alone.
    """

    strike: t.Callable[[Scene], str]
    mend: t.Callable[[Scene], None] = nothing
    lasts: bool = False
    loses: bool = False


def controller(scene: Scene) -> str:
    """SIGKILL of ansible-playbook. Its workers have sessions of their own, and live on."""
    assert scene.process
    os.killpg(scene.process.pid, signal.SIGKILL)
    return "ansible-playbook killed"


def power(scene: Scene) -> str:
    """The controller is gone with everything that ran on it."""
    assert scene.process
    found = descendants(scene.process.pid)
    found += [int(one) for one in os.listdir("/proc") if one.isdigit() and scene.control in command_line(int(one))]
    for pid in found:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return f"{len(found)} processes of the controller killed"


def module(scene: Scene) -> str:
    """SIGKILL of the module on the node."""
    found = scene.node.modules()
    for pid in found:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return f"{len(found)} processes of modules killed"


def engine(scene: Scene) -> str:
    """SIGKILL of dockerd. Its containers live on, and it comes back after a while."""
    count = scene.node.kill(lambda words: words.startswith("dockerd "))

    def come_back() -> None:
        time.sleep(ENGINE_AWAY_SECONDS)
        scene.node.run("/usr/local/sbin/tenantry-dockerd", "start")

    scene.returning = threading.Thread(target=come_back)
    scene.returning.start()
    return f"{count} engine killed"


def engine_back(scene: Scene) -> None:
    """Wait until it is."""
    if scene.returning:
        scene.returning.join()


def proxy(scene: Scene) -> str:
    """SIGKILL of Traefik. Its engine starts it again."""
    return f"{scene.node.kill(lambda words: words.split(' ')[0].endswith('traefik'))} proxy killed"


def connection(scene: Scene) -> str:
    """Every connection to the node is cut; a new one can be made."""
    return f"{scene.node.kill(lambda words: words.startswith('sshd: root'))} processes of connections killed"


def nameserver(scene: Scene) -> str:
    """PowerDNS is down."""
    scene.node.run("docker", "stop", "--time=0", _container(scene))
    return "PowerDNS stopped"


def nameserver_back(scene: Scene) -> None:
    """Start it."""
    scene.node.run("docker", "start", _container(scene))


def _container(scene: Scene) -> str:
    found = scene.node.run("docker", "ps", "-aq", f"--filter=label=com.docker.compose.project={NAMESERVER}").split()
    return found[0]


def registry(scene: Scene) -> str:
    """Nothing answers at the registry's port."""
    scene.node.run("iptables", "--insert", *REGISTRY)
    return "registry cut off"


def registry_back(scene: Scene) -> None:
    """Let them through again."""
    scene.node.run("iptables", "--delete", *REGISTRY)


def database(scene: Scene) -> str:
    """The tenant database is gone."""
    scene.database.rename(scene.database.with_suffix(".away"))
    return "tenant database moved away"


def database_back(scene: Scene) -> None:
    """Move it back. Nobody may have made another one."""
    scene.database.with_suffix(".away").rename(scene.database)


def disk(scene: Scene) -> str:
    """No byte is left where the releases are."""
    for spare in range(16):
        numbers = os.statvfs(scene.node.path(TENANTS_ROOT))
        used = (numbers.f_blocks - numbers.f_bfree + spare) * numbers.f_frsize
        with contextlib.suppress(subprocess.CalledProcessError):
            scene.node.in_mounts("mount", "--options", f"remount,size={used}", TENANTS_ROOT)
            return f"disk full at {used} bytes"
    raise RuntimeError("the file system of the tenants could not be made full")


def disk_back(scene: Scene) -> None:
    """Room again."""
    scene.node.in_mounts("mount", "--options", f"remount,size={TENANTS_SIZE}", TENANTS_ROOT)


FAULTS: dict[str, Fault] = {
    "controller": Fault(controller),
    "power": Fault(power),
    "module": Fault(module),
    "connection": Fault(connection),
    "engine": Fault(engine, engine_back, lasts=True),
    "proxy": Fault(proxy, loses=True),
    "nameserver": Fault(nameserver, nameserver_back, lasts=True),
    "registry": Fault(registry, registry_back, lasts=True),
    "database": Fault(database, database_back, lasts=True),
    "disk": Fault(disk, disk_back, lasts=True),
}


def restore(scene: Scene) -> None:
    """Bring back what a driver that was killed itself left away."""
    with contextlib.suppress(RuntimeError):
        scene.node.run("/usr/local/sbin/tenantry-dockerd", "start")
    for fault in FAULTS.values():
        with contextlib.suppress(RuntimeError, OSError, IndexError, subprocess.CalledProcessError):
            fault.mend(scene)
