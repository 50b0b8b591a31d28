# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``make units``: unit tests where they matter.

Controller and node code on the Python of the newest and of the oldest ansible-core, node code on Python 3.9 besides.
"""

from __future__ import annotations

import sys

from places import NEWEST, OLDEST, ROOT, Core, python_for
from sandbox import environment, judge_junit, prepare_home
from stage import Stage
from tree import copy

NODE_PYTHON = "3.9"
UNITS = ROOT / "tests" / "unit" / "plugins"


def run(stage: Stage, core: Core, python: str, *folders: str) -> None:
    """Unit tests of one ansible-core on one Python; all of them, or those of some folders."""
    command = [core.tool("ansible-test"), "units", "--venv", "--color", "no", "--python", python, *folders]
    stage.check(
        f"ansible-core {core.version()}, Python {python}",
        command,
        cwd=core.collection,
        env=environment(core),
        judge=judge_junit(core),
    )


def main() -> int:
    """Every combination that is not the same code on a Python in between."""
    stage = Stage("units")
    for core in (NEWEST, OLDEST):
        copy(core)
        prepare_home(core)
    run(stage, NEWEST, NEWEST.python_version())
    # Code of nodes runs below on an older Python; the version of ansible-core is nothing to it.
    rooms = [room for room in sorted(UNITS.iterdir()) if room.name != "module_utils" and any(room.glob("test_*.py"))]
    run(stage, OLDEST, OLDEST.python_version(), *(f"{room.relative_to(ROOT)}/" for room in rooms))
    if python_for(NODE_PYTHON):
        run(stage, NEWEST, NODE_PYTHON)
    else:
        stage.note(f"unit tests of node code did not run on Python {NODE_PYTHON}: not on this machine")
    return stage.finish()


if __name__ == "__main__":
    sys.exit(main())
