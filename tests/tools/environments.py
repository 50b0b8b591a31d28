# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make the two virtual environments that every make target works in.

``newest``  build/venv       the newest ansible-core that the newest Python here can run, and all development tools
``oldest``  build/venv-2.16  the oldest supported ansible-core (2.16), on a Python that it supports

A stamp in each environment holds a digest of what went into it, so a second call returns at once.
Standard library only: it runs on a bare machine, before anything is installed.
"""

from __future__ import annotations

import argparse
import dataclasses
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
import typing as t
from pathlib import Path

import machine
from machine import MachineError

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
CONSTRAINTS = Path(__file__).resolve().parent / "constraints"
# ansible-test reads this one when it makes environments for unit tests.
UNIT_TESTS = ROOT / "tests" / "unit"
STAMP = "tenantry-stamp"
# What makes a plain clone a collection that ansible finds.
LINK = ROOT / "playbooks" / "collections" / "ansible_collections" / "tenantry" / "platform"
# What ansible and its tests cannot do without; a Python built without headers lacks some of them.
NEEDED = "import ssl, sqlite3, ctypes, zlib, bz2, venv"


@dataclasses.dataclass(frozen=True)
class Environment:
    """One virtual environment: where it is and what goes into it."""

    name: str
    path: Path
    pythons: tuple[str, ...]
    override: str

    def constraints(self, version: str) -> Path:
        """The exact versions for one Python version, as ``make lock`` wrote them."""
        if self.name == "oldest":
            return CONSTRAINTS / "ansible-2.16.txt"
        return CONSTRAINTS / f"python-{version}.txt"

    def requirements(self) -> tuple[Path, ...]:
        """Requirement files of this environment."""
        if self.name == "oldest":
            return (ROOT / "requirements.txt", CONSTRAINTS / "ansible-2.16.in")
        return (ROOT / "requirements-dev.txt",)

    def python(self) -> Path:
        """The interpreter inside."""
        return self.path / "bin" / "python"


ENVIRONMENTS = {
    "newest": Environment("newest", BUILD / "venv", ("3.13", "3.12", "3.11"), "TENANTRY_PYTHON"),
    "oldest": Environment("oldest", BUILD / "venv-2.16", ("3.11", "3.10"), "TENANTRY_PYTHON_216"),
}


def say(message: str) -> None:
    """One line for the person who waits."""
    print(f"venv: {message}", flush=True)


def pyenv_root() -> Path:
    """Where pyenv keeps the Pythons it built, whether or not pyenv is active."""
    return Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")


def interpreters(version: str) -> t.Iterator[Path]:
    """Every place where Python ``version`` (such as ``3.12``) may be, best first.

    A pyenv shim is an executable that may answer "command not found", so each candidate is asked to prove itself.
    """
    name = f"python{version}"
    built = sorted(pyenv_root().glob(f"versions/{version}*/bin/{name}"), reverse=True)
    on_path = [Path(part) / name for part in os.environ.get("PATH", "").split(os.pathsep) if part]
    yield from [outside(path) for path in on_path if "shims" not in path.parts]
    yield from built
    yield from (Path("/usr/local/bin") / name, Path("/usr/bin") / name)


def outside(python: Path) -> Path:
    """The interpreter that a virtual environment was made with: an active one may be the very one to make anew."""
    return python.resolve() if (python.parent.parent / "pyvenv.cfg").is_file() else python


def works(python: Path) -> bool:
    """Whether the interpreter starts and has what we need."""
    if not os.access(python, os.X_OK):
        return False
    try:
        result = subprocess.run([str(python), "-c", NEEDED], capture_output=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return result.returncode == 0


def version_of(python: Path) -> str:
    """``3.12`` for any Python 3.12."""
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    return subprocess.run([str(python), "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def find(environment: Environment) -> tuple[Path, str]:
    """The interpreter for an environment and its version."""
    chosen = os.environ.get(environment.override)
    if chosen:
        path = Path(shutil.which(chosen) or chosen)
        if not works(path):
            raise MachineError(f"{environment.override}={chosen} does not start, or lacks one of: {NEEDED[7:]}")
        return path, version_of(path)
    for version in environment.pythons:
        for path in interpreters(version):
            if works(path):
                return path, version
    raise MachineError(
        f"no Python {' or '.join(environment.pythons)} found on PATH, in {pyenv_root()}/versions, /usr/local/bin or "
        f"/usr/bin; install one (Debian: apt-get install python3 python3-venv), or name it in {environment.override}"
    )


def digest(environment: Environment, python: Path) -> str:
    """Digest of everything that decides what is in the environment."""
    state = hashlib.sha256()
    version = subprocess.run([str(python), "-VV"], capture_output=True, check=True).stdout
    state.update(version + str(python).encode())
    files = [*environment.requirements(), ROOT / "requirements.txt", environment.constraints(version_of(python))]
    files += [UNIT_TESTS / "requirements.txt"]
    for path in files:
        state.update(path.read_bytes())
    return state.hexdigest()


def ensure_venv_module(python: Path, version: str) -> None:
    """Debian keeps ensurepip in a package of its own."""
    probe = [str(python), "-c", "import ensurepip, venv"]
    if subprocess.run(probe, capture_output=True, check=False).returncode != 0:
        machine.install(f"python{version}-venv", f"{python} has no ensurepip")


def run(argv: list[str]) -> None:
    """A command that has to succeed; its own words are the explanation."""
    if subprocess.run(argv, check=False, stdin=subprocess.DEVNULL).returncode != 0:
        raise MachineError(f"this command failed (see above): {' '.join(argv)}")


def install(environment: Environment, python: Path, version: str, constrained: bool = True) -> None:
    """Make the environment from nothing."""
    ensure_venv_module(python, version)
    shutil.rmtree(environment.path, ignore_errors=True)
    run([str(python), "-m", "venv", str(environment.path)])
    pip = [str(environment.python()), "-m", "pip", "--disable-pip-version-check", "--quiet", "--quiet"]
    if constrained:
        pip += ["install", "--constraint", str(environment.constraints(version))]
    else:
        pip += ["install"]
    run([*pip, "--upgrade", "pip"])
    run([*pip, *(part for path in environment.requirements() for part in ("--requirement", str(path)))])


def announce_core(environment: Environment, version: str) -> None:
    """Say loudly when this machine cannot run the newest ansible-core."""
    core = installed_core(environment)
    if environment.name == "newest" and version == "3.11":
        say("!" * 100)
        say("NO PYTHON 3.12 OR NEWER HERE: the newest ansible-core needs it.")
        say(f"'newest' means ansible-core {core} on Python {version} in this run, the newest that this Python can run.")
        say("Install Python 3.12 or 3.13 (pyenv, or TENANTRY_PYTHON=/path/to/python3.13) to test with the newest one.")
        say("!" * 100)


def installed_core(environment: Environment) -> str:
    """Version of ansible-core inside."""
    code = "from importlib.metadata import version; print(version('ansible-core'))"
    return subprocess.run(
        [str(environment.python()), "-c", code], capture_output=True, text=True, check=True
    ).stdout.strip()


def mend_link(link: Path) -> None:
    """A checkout without symbolic links (core.symlinks=false, some archives) has a file that holds the target."""
    if link.is_file() and not link.is_symlink():
        target = link.read_text(encoding="utf-8").strip()
        link.unlink()
        link.symlink_to(target)
        say(f"{link} is a symbolic link again")


def ensure(name: str) -> Path:
    """Make the environment when it is missing or outdated; return its path."""
    environment = ENVIRONMENTS[name]
    BUILD.mkdir(exist_ok=True)
    with open(BUILD / f".{environment.path.name}.lock", "w", encoding="ascii") as lock:
        # Two make targets may start at once; the second one waits and then finds the work done.
        fcntl.flock(lock, fcntl.LOCK_EX)
        python, version = find(environment)
        wanted = digest(environment, python)
        stamp = environment.path / STAMP
        if not stamp.is_file() or stamp.read_text(encoding="ascii") != wanted:
            began = time.monotonic()
            say(f"making {environment.path.relative_to(ROOT)} with {python} (Python {version})")
            install(environment, python, version)
            stamp.write_text(wanted, encoding="ascii")
            took = round(time.monotonic() - began)
            say(f"{environment.path.relative_to(ROOT)} is ready: ansible-core {installed_core(environment)}, {took} s")
        announce_core(environment, version)
    return environment.path


def lock(name: str) -> None:
    """Resolve the newest versions afresh and write them down as constraints."""
    environment = ENVIRONMENTS[name]
    python, version = find(environment)
    fresh = dataclasses.replace(environment, path=BUILD / f"lock-{name}-{version}")
    install(fresh, python, version, constrained=False)
    frozen = subprocess.run(
        [str(fresh.python()), "-m", "pip", "freeze", "--all"], capture_output=True, text=True, check=True
    ).stdout
    shutil.rmtree(fresh.path)
    pins = sorted((line for line in frozen.splitlines() if "==" in line and "setuptools" not in line), key=str.lower)
    header = f"# Written by `make lock` with Python {version}: what the tests of this collection were last run with.\n"
    write_constraints(environment.constraints(version), header, pins)
    if name == "oldest":
        # The same versions for every Python that controller code runs on; node code on 3.9 takes what it finds.
        bound = [f'{pin} ; python_version >= "3.10"' for pin in pins if not pin.startswith(("ansible-core", "pip="))]
        write_constraints(UNIT_TESTS / "constraints.txt", header, bound)


def write_constraints(path: Path, header: str, pins: list[str]) -> None:
    """One file of exact versions."""
    path.write_text(header + "\n".join(pins) + "\n", encoding="ascii")
    say(f"wrote {path.relative_to(ROOT)}: {len(pins)} packages")


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=("ensure", "lock"))
    parser.add_argument("names", nargs="*", choices=[*ENVIRONMENTS, []], help="newest, oldest; default: both")
    arguments = parser.parse_args()
    try:
        mend_link(LINK)
        for name in arguments.names or list(ENVIRONMENTS):
            if arguments.action == "lock":
                lock(name)
            else:
                ensure(name)
    except MachineError as error:
        print(f"venv: error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
