# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rollouts by rings: who comes when, and when it stops. Pure."""

from __future__ import annotations

import itertools
import typing as t

LOST = "the rollout ended before its ring: every tenant of an earlier ring was lost; run again to go on"
_NAMED = 5


def sizes(rings: t.Iterable[int]) -> list[int]:
    """How many tenants each ring has, in the order in which they come.

    :param rings: of each tenant, in order.
    """
    return [len(list(members)) for _ring, members in itertools.groupby(rings)]


def line(rings: t.Sequence[int], max_failures: int) -> str:
    """What a person reads before a rollout."""
    parts = [f"ring {ring}: {len(list(members))}" for ring, members in itertools.groupby(sorted(rings))]
    return f"Rollout: {', '.join(parts)}; stops after more than {max_failures} failed"


def stopped(failed: t.Collection[str], max_failures: int) -> str:
    """Why a tenant was not begun."""
    names = sorted(failed)
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return (
        f"the rollout stopped, because more than {max_failures} failed: {', '.join(names[:_NAMED])}{more}; "
        "run again to go on"
    )
