# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a heal may put right: drifted tenants go back to their last applied release, and nothing else happens."""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

from ansible_collections.tenantry.platform.plugins.plugin_utils import maintenance, spec_overrides

#: Classes of findings that a heal may be asked to put right. A conflict and what is pending never are.
CLASSES = ("drift", "missing", "extra")
#: Heals of this long count for the back-off.
HORIZON = datetime.timedelta(hours=24)

Finding = t.Mapping[str, t.Any]


@dataclasses.dataclass(frozen=True)
class Limits:
    """What may be healed, and when.

    :ivar classes: of findings, at any time.
    :ivar window_classes: of findings, while the tenant's maintenance window is open.
    :ivar backoff: seconds to leave a tenant alone after a first heal, doubled by each further one of a day: somebody
        else changes it, and a fight helps nobody.
    """

    classes: t.Sequence[str] = CLASSES
    window_classes: t.Sequence[str] = ()
    backoff: int = 300

    def now_allowed(self, spec: t.Mapping[str, t.Any], now: datetime.datetime) -> set[str]:
        """Classes that may be healed now."""
        window = spec["maintenance"]
        is_open = maintenance.is_open(window["window"], window["timezone"], now)
        return {*self.classes, *(self.window_classes if is_open else ())}


def refusal(
    spec: t.Mapping[str, t.Any],
    findings: t.Sequence[Finding],
    limits: Limits,
    heals: t.Sequence[datetime.datetime],
    now: datetime.datetime,
) -> str:
    """Why a drifted tenant is left alone; empty for one that may be healed.

    A release is put back as a whole, so one finding that may not be healed leaves the others.

    :param findings: those that count: neither ignored nor pending.
    :param heals: when the tenant was healed, of the last 24 hours, oldest first.
    """
    allowed = limits.now_allowed(spec, now)
    for one in findings:
        if one["class"] == "conflict":
            return f"{one['text']}: a person decides, in the database, and deploys"
        if one["kind"] == "volume":
            return f"{one['text']}: restore it, or deploy to begin with an empty one"
        if one["class"] not in allowed and one["class"] in limits.window_classes:
            return f"{one['text']}: waits for the maintenance window {spec['maintenance']['window']}"
        if one["class"] not in allowed:
            return f"{one['text']}: {one['class']} is not among what is healed"
    return _backing_off(limits.backoff, heals, now)


def _backing_off(backoff: int, heals: t.Sequence[datetime.datetime], now: datetime.datetime) -> str:
    if not heals:
        return ""
    wait = datetime.timedelta(seconds=backoff * 2 ** (len(heals) - 1))
    until = heals[-1] + min(wait, HORIZON)
    if now >= until:
        return ""
    times = "once" if len(heals) == 1 else f"{len(heals)} times"
    return (
        f"it was healed {times} in 24 hours and differs again: left alone until "
        f"{spec_overrides.written(until)}, find out who changes it"
    )
