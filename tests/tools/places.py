# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the checks find things, and the environment in which they run commands."""

from __future__ import annotations

import dataclasses
import os
import re
import subprocess
from pathlib import Path

from environments import BUILD, ENVIRONMENTS, ROOT, interpreters, works

REPORTS = BUILD / "reports"
CACHE = BUILD / "cache"


@dataclasses.dataclass(frozen=True)
class Core:
    """One ansible-core to test with: its virtual environment, its copy of the collection, its home directory.

    ansible-test insists on a checkout below ``ansible_collections/tenantry/platform`` that is no symlink, keeps virtual
    environments in the copy, and caches downloads in the home directory. Two versions share none of these.
    """

    name: str
    venv: Path
    collections: Path
    home: Path

    @property
    def collection(self) -> Path:
        """Root of the copied collection."""
        return self.collections / "ansible_collections" / "tenantry" / "platform"

    @property
    def python(self) -> Path:
        """The interpreter that runs this ansible-core."""
        return self.venv / "bin" / "python"

    def tool(self, name: str) -> str:
        """Path of a command in the virtual environment."""
        return str(self.venv / "bin" / name)

    def ask(self, code: str) -> str:
        """What a line of Python prints in the virtual environment."""
        result = subprocess.run([str(self.python), "-c", code], capture_output=True, text=True, check=True)
        return result.stdout.strip()

    def version(self) -> str:
        """Version of ansible-core, such as ``2.21.5``."""
        return self.ask("from importlib.metadata import version; print(version('ansible-core'))")

    def python_version(self) -> str:
        """Version of the controller's Python, such as ``3.13``."""
        return self.ask("import sys; print('%d.%d' % sys.version_info[:2])")

    def test_pythons(self) -> list[str]:
        """Python versions that this ansible-test knows, without those older than the collection supports."""
        code = (
            "from ansible_test._util.target.common.constants import *;"
            "print(*REMOTE_ONLY_PYTHON_VERSIONS, *CONTROLLER_PYTHON_VERSIONS)"
        )
        return [version for version in self.ask(code).split() if number(version) >= (3, 9)]

    def environment(self, **extra: str) -> dict[str, str]:
        """Environment for commands of this core."""
        return {
            **os.environ,
            "PATH": os.pathsep.join([str(self.venv / "bin"), *path_without_shims()]),
            "ANSIBLE_COLLECTIONS_PATH": str(self.collections),
            "ANSIBLE_NOCOLOR": "1",
            "LC_ALL": "C.UTF-8",
            **extra,
        }


NEWEST = Core("newest", ENVIRONMENTS["newest"].path, BUILD, BUILD / "home" / "newest")
# The same core in a copy of its own: what talks to servers runs beside what reads files.
SERVERS = Core("newest", ENVIRONMENTS["newest"].path, BUILD / "servers", BUILD / "home" / "servers")
OLDEST = Core("oldest", ENVIRONMENTS["oldest"].path, BUILD / "oldest", BUILD / "home" / "oldest")


def number(version: str) -> tuple[int, ...]:
    """``3.13`` as something that can be compared."""
    return tuple(int(part) for part in re.findall(r"\d+", version))


def path_without_shims() -> list[str]:
    """PATH without pyenv's shims.

    ansible-test takes the first ``python3.9`` on PATH; a shim of a version that is not active exists and then
    answers "command not found".
    """
    return [part for part in os.environ.get("PATH", "").split(os.pathsep) if part and "shims" not in Path(part).parts]


def python_for(version: str) -> Path | None:
    """A Python of that version on this machine, or None."""
    return next((path for path in interpreters(version) if works(path)), None)


def copied_files() -> list[str]:
    """Paths of the checkout that belong to the collection: tracked, or new and not ignored."""
    git = [
        "git",
        "-c",
        "safe.directory=*",
        "-C",
        str(ROOT),
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
    ]
    listed = subprocess.run(git, capture_output=True, text=True, check=True).stdout
    # What serves a plain clone only is in no tarball either; the link would make every walker run in circles.
    clone_only = ("playbooks/ansible.cfg", "playbooks/collections/")
    names = (name for name in listed.split("\0") if name and not name.startswith(clone_only))
    return sorted(name for name in names if os.path.lexists(ROOT / name))
