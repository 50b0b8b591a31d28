# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON and text out of whatever a task returned."""

from __future__ import annotations

import math
import typing as t

MAXIMUM_TEXT = 20_000  # of one side of a difference; a page is for reading


def jsonable(value: t.Any) -> t.Any:
    """A value that any JSON parser reads back: results hold tagged strings, dates, bytes and NaN too."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else str(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, t.Mapping):
        return {str(key): jsonable(one) for key, one in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [jsonable(one) for one in value]
    return str(value)


def clip(text: str, maximum: int = MAXIMUM_TEXT) -> str:
    """The beginning of a long text, and how much of it is missing."""
    return text if len(text) <= maximum else f"{text[:maximum]}\n… {len(text) - maximum} more characters"
