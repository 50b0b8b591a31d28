# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``make systemd``: roles that make timers under a real systemd, in its own namespaces; needs root or sudo."""

from __future__ import annotations

import os
import sys

import promtool
from machine import need
from places import NEWEST, ROOT
from stage import Stage, pytest_summaries
from tree import copy

COMMANDS = {"systemd-analyze": "systemd", "nsenter": "util-linux"}


def main() -> int:
    """Have the commands, run the tests."""
    stage = Stage("systemd")
    need(COMMANDS)
    copy(NEWEST)
    environment = NEWEST.environment(
        PY_COLORS="0",
        PYTHONPATH=str(NEWEST.collections),
        ANSIBLE_COLLECTIONS_PATH=str(NEWEST.collections),
        TENANTRY_PROMTOOL=str(promtool.path()),
    )
    # What takes long is left to whoever asks for this stage alone.
    chosen = ["-m", "not long"] if os.environ.get("TENANTRY_ALL_STAGES") else []
    command = ["-m", "pytest", "-p", "no:cacheprovider", "--verbose", "--no-header", str(ROOT / "tests" / "systemd")]
    stage.check(
        "roles under a real systemd", [str(NEWEST.python), *command, *chosen], env=environment, judge=pytest_summaries
    )
    return stage.finish()


if __name__ == "__main__":
    sys.exit(main())
