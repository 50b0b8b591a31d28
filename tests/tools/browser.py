# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``make browser``: the drift report in a real browser; pictures of it in build/reports/browser."""

from __future__ import annotations

import shutil
import sys

from machine import need
from places import NEWEST, REPORTS, ROOT
from stage import Stage, pytest_summaries
from tree import copy


def main() -> int:
    """Have a browser, run the tests with it."""
    stage = Stage("browser")
    need({"chromium": "chromium"})
    copy(NEWEST)
    pictures = REPORTS / "browser"
    shutil.rmtree(pictures, ignore_errors=True)
    environment = NEWEST.environment(PY_COLORS="0", PYTHONPATH=str(NEWEST.collections), TENANTRY_PICTURES=str(pictures))
    command = ["-m", "pytest", "-p", "no:cacheprovider", "--verbose", "--no-header", str(ROOT / "tests" / "browser")]
    stage.check("the drift report", [str(NEWEST.python), *command], env=environment, judge=pytest_summaries)
    return stage.finish()


if __name__ == "__main__":
    sys.exit(main())
