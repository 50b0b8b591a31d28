# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Copy the checkout to a place where ansible-test, ansible-lint and molecule accept it as a collection.

Only changed files are written, so that caches keyed by time stay warm. What tools left in the copy (``tests/output``
with its virtual environments) stays; files that left the checkout leave the copy.
"""

from __future__ import annotations

import filecmp
import os
import shutil
import subprocess
from pathlib import Path

from places import ROOT, Core, copied_files

KEPT = (".git", ".ansible", "tests/output", "tests/integration/inventory", "tests/integration/integration_config.yml")


def copy(core: Core) -> Path:
    """Bring the copy for one ansible-core up to date; return its root."""
    target = core.collection
    target.mkdir(parents=True, exist_ok=True)
    wanted = copied_files()
    remove_others(target, set(wanted))
    for name in wanted:
        copy_one(ROOT / name, target / name)
    index(target)
    return target


def copy_one(source: Path, target: Path) -> None:
    """One file or link, when it differs."""
    if source.is_symlink():
        link = os.readlink(source)
        if not target.is_symlink() or os.readlink(target) != link:
            target.unlink(missing_ok=True)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.symlink_to(link)
        return
    if target.is_symlink():
        target.unlink()
    same = target.is_file() and filecmp.cmp(source, target, shallow=False)
    if not same or source.stat().st_mode != target.stat().st_mode:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target)


def remove_others(target: Path, wanted: set[str]) -> None:
    """Remove what is no longer in the checkout."""
    for directory, folders, files in os.walk(target, topdown=True):
        here = Path(directory).relative_to(target)
        folders[:] = [name for name in folders if (here / name).as_posix() not in KEPT]
        for name in files:
            path = (here / name).as_posix()
            if path not in wanted and path not in KEPT:
                (target / path).unlink()
    for directory, _folders, _files in os.walk(target, topdown=False):
        folder = Path(directory)
        if not folder.relative_to(target).as_posix().startswith(KEPT) and not any(folder.iterdir()):
            folder.rmdir()


def index(target: Path) -> None:
    """Make the copy a git repository: ansible-test and ansible-lint ask git which files there are.

    Without one they would find the repository around it, which ignores ``build/``, and would see no file at all.
    """
    git = ["git", "-c", "safe.directory=*", "-c", "core.autocrlf=false", "-C", str(target)]
    if not (target / ".git").exists():
        subprocess.run([*git, "init", "--quiet"], check=True)
    subprocess.run([*git, "add", "--all"], check=True, stderr=subprocess.DEVNULL)
