# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook that one would write first, with the modules of community.docker, as something to compare with."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import typing as t
import zipfile
from pathlib import Path

import leftovers
from cpu import MeasureError, measure
from environments import ENVIRONMENTS, installed_core

HERE = Path(__file__).resolve().parent
LABEL = "bench.obvious"
PREFIX = "obvious-"
NEEDED = ("ansible_collections/community/docker/", "ansible_collections/community/library_inventory_filtering_v1/")
# The package ansible 9 holds ansible-core 2.16, and so on.
OLDEST_CORE, OLDEST_PACKAGE = 16, 9


def package_of(core: str) -> str:
    """The PyPI package that holds community.docker for an ansible-core, such as ``ansible==14.*`` for 2.21."""
    minor = int(core.split(".")[1])
    return f"ansible=={minor - OLDEST_CORE + OLDEST_PACKAGE}.*"


def get_collections(directory: Path) -> None:
    """community.docker out of the package ``ansible``: a package index is reached from more networks than Galaxy."""
    if (directory / "ansible_collections" / "community" / "docker").is_dir():
        return
    downloads = directory / "download"
    package = package_of(installed_core(ENVIRONMENTS["newest"]))
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "download", "--no-deps"]
    subprocess.run([*pip, "--dest", str(downloads), package], check=True)
    with zipfile.ZipFile(next(downloads.glob("ansible-*.whl"))) as wheel:
        wheel.extractall(directory, [name for name in wheel.namelist() if name.startswith(NEEDED)])
    shutil.rmtree(downloads)


class Obvious:
    """Tenants of the same shape as those of the bench's fleet, without database, releases, routing or plan.

    :param state: a directory for inventories and rendered files.
    :param registry: where the images are.
    """

    def __init__(self, state: Path, collections: Path, registry: str) -> None:
        self.state = state
        self.registry = registry
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
        inherited.pop("PYTHONDONTWRITEBYTECODE", None)
        self.environment = {
            **inherited,
            "ANSIBLE_COLLECTIONS_PATH": str(collections),
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "ANSIBLE_NOCOLOR": "1",
        }

    def run(self, count: int) -> tuple[float, str]:
        """CPU seconds and output of a run over the first ``count`` tenants."""
        inventory = self.state / f"hosts-{count}.json"
        inventory.write_text(json.dumps(self._inventory(count)), encoding="utf-8")
        command = ["ansible-playbook", "-i", str(inventory), str(HERE / "obvious" / "site.yml")]
        return measure(command, self.environment, self.state / "obvious.log")

    def do_nothing(self, count: int) -> float:
        """CPU seconds of a run that finds everything as it must be.

        :raises MeasureError: when it changed something.
        """
        spent, text = self.run(count)
        if text.count("changed=0 ") != count:
            raise MeasureError(f"{count} tenants should have been unchanged; the playbook printed:\n{text[-3000:]}")
        return spent

    def _inventory(self, count: int) -> dict[str, t.Any]:
        variables = {
            "ansible_connection": "local",
            "ansible_python_interpreter": sys.executable,
            "registry": self.registry,
            "files": str(self.state / "files"),
        }
        hosts: dict[str, t.Any] = {f"{PREFIX}{i:02}": {} for i in range(1, count + 1)}
        return {"all": {"hosts": hosts, "vars": variables}}

    def remove(self) -> None:
        """Everything that the playbook made."""
        leftovers.remove(LABEL, PREFIX)
