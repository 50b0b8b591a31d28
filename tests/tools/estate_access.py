# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The real servers that tests talk to: started here, described in build/estate/estate.json."""

from __future__ import annotations

import json
import sys
import typing as t

from places import BUILD, ROOT
from stage import Stage


def up(stage: Stage, *names: str) -> dict[str, t.Any] | None:
    """Engine, images and registry; None when they did not come up.

    :param names: of images, or groups of them, beside the usual ones.
    """
    if not stage.check("estate up", [sys.executable, str(ROOT / "tests" / "estate" / "estate.py"), "up", *names]):
        return None
    state: dict[str, t.Any] = json.loads((BUILD / "estate" / "estate.json").read_text(encoding="utf-8"))
    return state
