# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A bare Debian machine in a container, reached over SSH, in which an engine of its own can run. Standard library only.

``bare_machine.py start NAME IMAGE PUBLIC_KEY LABEL`` prints its address, ``bare_machine.py remove NAME`` takes it away.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

# What an engine needs, one by one, where --privileged may be refused.
CAPABILITIES = (
    "AUDIT_CONTROL",
    "AUDIT_READ",
    "DAC_READ_SEARCH",
    "IPC_LOCK",
    "IPC_OWNER",
    "LEASE",
    "LINUX_IMMUTABLE",
    "MAC_ADMIN",
    "MAC_OVERRIDE",
    "MKNOD",
    "NET_ADMIN",
    "NET_BROADCAST",
    "NET_RAW",
    "SYSLOG",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_MODULE",
    "SYS_NICE",
    "SYS_PACCT",
    "SYS_PTRACE",
    "SYS_RAWIO",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
)
OPTIONS = (
    "--init",
    "--tmpfs=/run",
    "--cgroupns=private",
    "--device-cgroup-rule=a *:* rwm",
    "--security-opt=apparmor=unconfined",
    "--security-opt=seccomp=unconfined",
    # Without it /proc/sys is read-only. Only the command line knows it.
    "--security-opt=systempaths=unconfined",
)
# Where the registry of the estate answers.
NETWORK = "tenantry-estate"
ADDRESS = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"


def docker(*arguments: str) -> str:
    """Output of a docker command.

    :raises subprocess.CalledProcessError: after the command said why.
    """
    return subprocess.run(["docker", *arguments], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()


def start(name: str, image: str, public_key: Path, label: str, *more: str) -> str:
    """Start it; its address.

    :param public_key: file of the key that may log in as root.
    :param more: further options of ``docker run``.
    """
    capabilities = [f"--cap-add={one}" for one in CAPABILITIES]
    names = [f"--name={name}", "--hostname=node1", f"--label={label}", f"--network={NETWORK}"]
    key = f"--env=AUTHORIZED_KEY={public_key.read_text(encoding='utf-8').strip()}"
    docker("run", "--detach", *names, *OPTIONS, *capabilities, key, *more, image)
    return docker("inspect", "--format", ADDRESS, name)


def remove(name: str) -> bool:
    """Remove it with the images of its engine; whether it was there."""
    command = ["docker", "rm", "--force", "--volumes", name]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    # Older clients call it a failure when there is none.
    if done.returncode and "No such container" not in done.stderr:
        raise SystemExit(done.stderr.strip())
    return bool(done.stdout.strip())


def main(arguments: list[str]) -> int:
    """Entry point."""
    if arguments[:1] == ["start"] and len(arguments) == 5:
        print(start(arguments[1], arguments[2], Path(arguments[3]), arguments[4]))
        return 0
    if arguments[:1] == ["remove"] and len(arguments) == 2:
        print("removed" if remove(arguments[1]) else "")
        return 0
    print(__doc__, file=sys.stderr)
    return 64


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
