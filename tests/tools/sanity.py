# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``make sanity``: everything on the newest ansible-core, what differs between versions on the oldest."""

from __future__ import annotations

import sys

from places import NEWEST, OLDEST, Core
from sandbox import available, environment, judge_junit, prepare_home
from stage import Stage
from tree import copy

# The other tests read the files alone and would say on the oldest what they say on the newest.
ON_OLDEST = ("--test", "validate-modules", "--test", "import", "--test", "compile")


def run(stage: Stage, core: Core, arguments: tuple[str, ...]) -> None:
    """Sanity tests on one ansible-core."""
    copy(core)
    prepare_home(core)
    available(core, stage)
    command = [core.tool("ansible-test"), "sanity", "--local", "--junit", "--color", "no", *arguments]
    stage.check(
        f"ansible-core {core.version()}",
        command,
        cwd=core.collection,
        env=environment(core),
        judge=judge_junit(core),
    )


def main() -> int:
    """Newest, then oldest."""
    stage = Stage("sanity")
    run(stage, NEWEST, ())
    run(stage, OLDEST, ON_OLDEST)
    return stage.finish()


if __name__ == "__main__":
    sys.exit(main())
