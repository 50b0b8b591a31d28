# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a bare machine lacks, from Debian's packages. Standard library only."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path


class MachineError(Exception):
    """The machine lacks something, and what to do about it."""


def privileged(argv: list[str]) -> list[str] | None:
    """The command as root, or None when this user cannot become root without being asked."""
    if os.geteuid() == 0:
        return argv
    if (
        shutil.which("sudo")
        and subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode == 0
    ):
        return ["sudo", "-n", "DEBIAN_FRONTEND=noninteractive", *argv]
    return None


def install(package: str, reason: str) -> None:
    """Install a Debian package, or say what to do.

    :param reason: what is missing, as the person who waits should read it.
    """
    advice = f"{reason}; run as root: apt-get install {package}"
    command = privileged(["apt-get", "install", "-y", "-qq", "--no-install-recommends", package])
    if command is None or not shutil.which("apt-get"):
        raise MachineError(advice)
    print(f"{reason}: installing {package} by apt", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    # A bare machine may have no package lists yet; those that are there are tried first because that is free.
    if subprocess.run(command, env=environment, check=False, capture_output=True).returncode == 0:
        return
    update = privileged(["apt-get", "update", "-qq"]) or []
    subprocess.run(update, env=environment, check=False, stdout=subprocess.DEVNULL)
    if subprocess.run(command, env=environment, check=False, stdout=subprocess.DEVNULL).returncode != 0:
        raise MachineError(f"apt-get install {package} failed (see above); {advice}")


def unpack(packages: tuple[str, ...], file: str, target: Path) -> None:
    """Take one file out of a Debian package without installing it: some start a server when they are installed.

    :param packages: the first of these that has the file; Debian's releases differ.
    """
    update = privileged(["apt-get", "update", "-qq"]) or ["true"]
    with tempfile.TemporaryDirectory() as folder:
        # A bare machine may have no package lists yet; those that are there are tried first because that is free.
        for before in (["true"], update):
            subprocess.run(before, check=False, stdout=subprocess.DEVNULL)
            for package in packages:
                shutil.rmtree(folder)
                os.mkdir(folder)
                command = ["apt-get", "download", "-qq", package]
                if subprocess.run(command, cwd=folder, check=False, capture_output=True).returncode == 0:
                    archive = str(next(Path(folder).glob("*.deb")))
                    subprocess.run(["dpkg-deb", "--extract", archive, f"{folder}/root"], check=True)
                    found = Path(folder) / "root" / file
                    if found.is_file():
                        target.parent.mkdir(parents=True, exist_ok=True)
                        shutil.copy2(found, target)
                        return
    raise MachineError(f"there is no command {target.name}, and apt-get download {packages[-1]} failed")


def need(commands: dict[str, str]) -> None:
    """Make sure that commands are there, given as command: package."""
    for command, package in commands.items():
        if not shutil.which(command):
            install(package, f"there is no command {command}")
