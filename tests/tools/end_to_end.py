# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``make e2e``: runs e2e.sh and counts its tests."""

from __future__ import annotations

import sys
from pathlib import Path

from places import NEWEST
from stage import Stage, pytest_summaries


def main() -> int:
    """The script sets up a fleet from an installed tarball and asks it from outside."""
    stage = Stage("e2e")
    environment = NEWEST.environment(PY_COLORS="0")
    script = str(Path(__file__).with_name("e2e.sh"))
    stage.check("demo and fleet from an installed tarball", [script], env=environment, judge=pytest_summaries)
    return stage.finish()


if __name__ == "__main__":
    sys.exit(main())
