# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Docker engine: used as it is where one answers, installed and started where none does."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import shutil
import signal
import time
import typing as t

from tenantry_estate import compose_plugin, packages
from tenantry_estate.shell import EstateError, as_root, attempt, run, say, tail
from tenantry_estate.state import State

# The engine's own pools end at 31 networks; a fleet needs two a tenant.
POOL = "base=10.128.0.0/9,size=27"
SOCKET = pathlib.Path("/var/run/docker.sock")
PIDFILE = pathlib.Path("/run/docker.pid")
CONFIGURATION = pathlib.Path("/etc/docker/daemon.json")
LOG = pathlib.Path("/var/log/tenantry-estate-dockerd.log")
START_SECONDS = 60.0
STOP_SECONDS = 60.0


def ensure(state: State) -> None:
    """An engine answers and knows ``docker compose``; the state says whether the estate started it.

    :raises EstateError: when none can be had, with what to do.
    """
    version = answers()
    started_before = bool(state.data["engine"].get("started")) and alive(state.data["engine"].get("pid"))
    if version is None:
        if os.environ.get("DOCKER_HOST"):
            raise EstateError(
                f"no Docker engine answers at DOCKER_HOST={os.environ['DOCKER_HOST']}: start it, or unset that"
            )
        _refuse_closed_socket()
        _install()
        version = answers()
    running = remove_stale_pidfile(PIDFILE) if version is None else None
    if running is not None:
        say(f"dockerd runs already as process {running} but does not answer yet, waiting for it")
        wait(running, _refuse_closed_socket)
    elif version is None:
        pid = start()
        # Kept before anything can fail: whoever started an engine has to stop it.
        state.data["engine"] = {"started": True, "log": str(LOG), "pid": pid}
        state.save()
        wait(pid, _claim_socket)
    elif not started_before:
        if state.data["engine"].get("started") is not False:
            say(f"using the Docker engine {version} that runs already, only what is labelled tenantry.estate=true")
            _warn_of_small_pools()
        state.data["engine"] = {"started": False, "log": None}
    state.save()
    compose_plugin.ensure(state.directory)


def answers() -> str | None:
    """The engine's version, or None when none answers."""
    shown = attempt(["docker", "version", "--format", "{{.Server.Version}}"], timeout=30)
    return shown.stdout.strip() or None if shown.returncode == 0 else None


def start() -> int:
    """Start dockerd without waiting for it; gives its pid."""
    flags = pool_flags(CONFIGURATION)
    say(f"starting dockerd {' '.join(flags)}, its log is {LOG}")
    script = 'setsid dockerd "$@" >>"$0" 2>&1 </dev/null & echo $!'
    return int(run(as_root(["sh", "-c", script, str(LOG), *flags]), timeout=30))


def wait(pid: int, meanwhile: t.Callable[[], None]) -> None:
    """Wait until the engine of that process answers.

    :param meanwhile: called after each time it did not answer.
    :raises EstateError: with the last lines of its log when the process ends or takes too long.
    """
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and _name(pid):
        version = answers()
        if version is not None:
            say(f"Docker engine {version} answers")
            return
        meanwhile()
        time.sleep(0.3)
    raise EstateError(f"dockerd does not answer; the end of its log {LOG}:\n{tail(_read(LOG))}")


def stop(state: State) -> None:
    """Stop the engine if, and only if, the estate started it and it is still the same process."""
    engine = state.data["engine"]
    pid = engine.get("pid")
    if engine.get("started") and pid and pid == read_pid(PIDFILE) and alive(pid):
        say(f"stopping the Docker engine that the estate started (process {pid})")
        run(as_root(["kill", f"-{int(signal.SIGTERM)}", str(pid)]))
        deadline = time.monotonic() + STOP_SECONDS
        while alive(pid):
            if time.monotonic() > deadline:
                raise EstateError(f"dockerd (process {pid}) did not stop within {STOP_SECONDS:g} s; its log is {LOG}")
            time.sleep(0.2)
    state.data["engine"] = {}


def remove_stale_pidfile(pidfile: pathlib.Path) -> int | None:
    """Remove a pid file whose process is gone or is no dockerd: dockerd refuses to start while it is there.

    :returns: the pid when that dockerd lives (then the file stays), else None.
    """
    pid = read_pid(pidfile)
    if alive(pid):
        return pid
    if pidfile.exists():
        say(f"removing {pidfile}: no dockerd runs as process {pid}")
        run(as_root(["rm", "-f", str(pidfile)]))
    return None


def read_pid(pidfile: pathlib.Path) -> int | None:
    """The pid in the file; None when the file is absent or holds something else."""
    with contextlib.suppress(OSError, ValueError):
        return int(pidfile.read_text(encoding="ascii").strip())
    return None


def alive(pid: int | None, name: str = "dockerd") -> bool:
    """Whether that process lives and carries that name: pids are used again."""
    return pid is not None and _name(pid) == name


def _name(pid: int) -> str | None:
    """The name of a living process; None for one that is gone, or dead and only not yet collected by its parent."""
    with contextlib.suppress(OSError):
        lines = pathlib.Path(f"/proc/{int(pid)}/status").read_text(encoding="utf-8").splitlines()
        fields = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
        if not fields["State"].startswith(("Z", "X")):
            return fields["Name"]
    return None


def pool_flags(configuration: pathlib.Path) -> list[str]:
    """The address pool as a flag, unless the engine's configuration has one: dockerd refuses both at once."""
    with contextlib.suppress(OSError, ValueError):
        if "default-address-pools" in json.loads(configuration.read_text(encoding="utf-8")):
            return []
    return ["--default-address-pool", POOL]


def _install() -> None:
    if shutil.which("dockerd") is None or shutil.which("docker") is None:
        if shutil.which("apt-get") is None:
            raise EstateError(
                "no Docker engine answers, and this is no Debian or Ubuntu (no apt-get):"
                " install and start Docker 20.10 or newer with compose v2, then run this again"
            )
        packages.install(["docker.io", "iptables"], "no Docker engine answers")
        if shutil.which("docker") is None:
            # Debian 12 has the client in docker.io, later ones in a package of its own.
            packages.install(["docker-cli"], "docker.io came without it")
        if pathlib.Path("/run/systemd/system").is_dir():
            # There the package starts the engine itself.
            time.sleep(3)
    packages.install(["iptables"] if shutil.which("iptables") is None else [], "the engine's networks need it")


def _refuse_closed_socket() -> None:
    """An engine that runs but not for this user is no reason to start another one."""
    shown = attempt(["docker", "version"], timeout=30)
    if "permission denied" in (shown.stdout + shown.stderr).lower():
        raise EstateError(
            "a Docker engine runs, but this user may not use its socket: run this as root,"
            " or add yourself to its group (sudo usermod -aG docker $USER) and log in again"
        )


def _claim_socket() -> None:
    """Whoever may start an engine through sudo may use it, at once and not only after the next login."""
    if SOCKET.exists() and not os.access(SOCKET, os.W_OK):
        run(as_root(["chown", str(os.geteuid()), str(SOCKET)]))


def _warn_of_small_pools() -> None:
    shown = attempt(["docker", "info", "--format", "{{json .DefaultAddressPools}}"])
    if shown.returncode == 0 and shown.stdout.strip() in ("null", "[]", ""):
        say("it has the default address pools, which end at 31 networks: enough for the demo, not for a fleet")


def _read(path: pathlib.Path) -> str:
    with contextlib.suppress(OSError):
        return path.read_text(encoding="utf-8", errors="replace")
    return "(cannot be read)"
