# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``docker compose``: Debian 12 has none, so Debian 13's package is unpacked into the CLI's plugin directory.

The machine's apt sources stay as they are: apt runs with a configuration and state of its own.
"""

from __future__ import annotations

import pathlib
import shutil

from tenantry_estate import packages
from tenantry_estate.shell import EstateError, as_root, attempt, run, say

PLUGIN = pathlib.Path("/usr/local/lib/docker/cli-plugins/docker-compose")
SUITE = "trixie"
MIRROR = "http://deb.debian.org/debian"
KEYRING = pathlib.Path("/usr/share/keyrings/debian-archive-keyring.gpg")


def ensure(directory: pathlib.Path) -> None:
    """The plugin answers; installs it when it does not.

    :param directory: where apt's private state may live.
    :raises EstateError: when it cannot be had.
    """
    if _answers():
        return
    if shutil.which("apt-get") is None:
        raise EstateError(
            "docker compose (v2) is not installed, and there is no apt-get to get it: install the plugin yourself"
        )
    packages.install(["debian-archive-keyring"] if not KEYRING.exists() else [], "to check Debian's packages")
    say(f"installing docker compose from Debian {SUITE} as {PLUGIN}")
    binary = _fetch(directory / "apt")
    run(as_root(["install", "-D", "-m", "0755", str(binary), str(PLUGIN)]))
    shutil.rmtree(directory / "apt")
    if not _answers():
        said = attempt(["docker", "compose", "version"])
        raise EstateError(
            f"docker compose does not run although {PLUGIN} is there: {(said.stderr or said.stdout).strip()}"
        )


def _answers() -> bool:
    # Without the plugin the client of Docker 20.10 prints its help, with return code 0.
    shown = attempt(["docker", "compose", "version", "--short"])
    return shown.returncode == 0 and shown.stdout.strip().lstrip("v").startswith(("2", "3", "4", "5"))


def _fetch(directory: pathlib.Path) -> pathlib.Path:
    """Download the package with the private apt and unpack it; gives the plugin's file."""
    shutil.rmtree(directory, ignore_errors=True)
    for name in ("lists/partial", "archives/partial", "download", "root"):
        (directory / name).mkdir(parents=True)
    (directory / "status").touch()
    (directory / "sources.list").write_text(f"deb [signed-by={KEYRING}] {MIRROR} {SUITE} main\n", encoding="utf-8")
    options = {
        "Dir::Etc::SourceList": directory / "sources.list",
        "Dir::Etc::SourceParts": "/dev/null",
        "Dir::Etc::Preferences": "/dev/null",
        "Dir::Etc::PreferencesParts": "/dev/null",
        "Dir::State": directory,
        "Dir::State::Lists": directory / "lists",
        "Dir::State::Status": directory / "status",
        "Dir::Cache": directory,
        "Dir::Cache::Archives": directory / "archives",
        # No other user could write into this directory.
        "APT::Sandbox::User": "root",
        "Acquire::Languages": "none",
    }
    apt = ["apt-get", "-q", *(f"-o{key}={value}" for key, value in options.items())]
    run([*apt, "update"])
    run(["sh", "-c", 'cd "$0" && exec "$@"', str(directory / "download"), *apt, "download", "docker-compose"])
    package = next((directory / "download").glob("docker-compose_*.deb"), None)
    if package is None:
        raise EstateError(f"apt downloaded no docker-compose package from Debian {SUITE}")
    run(["dpkg-deb", "--extract", str(package), str(directory / "root")])
    binary = next((directory / "root").glob("usr/**/cli-plugins/docker-compose"), None)
    if binary is None:
        raise EstateError(f"{package.name} holds no cli-plugins/docker-compose")
    return binary
