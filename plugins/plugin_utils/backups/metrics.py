# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a fleet stands with its backups, as metrics. Pure.

Times are given as such and not as ages, so that they grow old also when nobody writes them any more.
"""

from __future__ import annotations

import collections
import datetime
import typing as t

from ansible_collections.tenantry.platform.plugins.plugin_utils import exposition
from ansible_collections.tenantry.platform.plugins.plugin_utils.backups import status
from ansible_collections.tenantry.platform.plugins.plugin_utils.backups.status import Line
from ansible_collections.tenantry.platform.plugins.plugin_utils.exposition import Family, Number

Value = t.Callable[[Line], t.Optional[Number]]


def render(lines: t.Sequence[Line], fleet: str, now: datetime.datetime) -> bytes:
    """The text of the file."""
    present = int(now.timestamp())
    made = [one for one in lines if one.status != status.INVALID]
    watched = [one for one in made if one.status != status.IDLE]
    tenants = collections.Counter(_worst(lines).values())
    families = [
        # 0 without any: an alert must be able to tell that from a tenant that nobody wants to back up.
        _policies("last_success", "When the last backup began", watched, lambda one: _epoch(one.at) or 0),
        _policies("due", "When the next backup is due, or was", watched, lambda one: _epoch(one.due_at)),
        _policies("failures", "Failures in a row since the last backup", watched, lambda one: one.failures, ""),
        _policies("size", "Bytes that the last backup takes", made, lambda one: one.bytes, "_bytes"),
        _policies(
            "verified", "When the backups were last read and found whole", made, lambda one: _epoch(one.verified_at)
        ),
        _services("wal_archived", "When WAL was last handed over", watched, lambda one: _ago(present, one.wal_age)),
        _services("wal_ready", "Segments of WAL that wait to be handed over", watched, lambda one: one.wal_ready, ""),
        _services("drill", "When a restore was last tried", made, lambda one: _epoch(one.drill_at)),
        _services("drill_success", "Whether the last try of a restore went well", made, _drilled, ""),
        _services(
            "drill_duration",
            "How long the last try took until the service answered",
            made,
            lambda one: one.rto,
            "_seconds",
        ),
        Family(
            "tenantry_backup_tenants",
            "Tenants by the worst status of their backups",
            [({"status": name}, tenants[name]) for name in sorted(status.STATUSES)],
        ),
        Family("tenantry_backup_check_timestamp_seconds", "When all this was looked at", [({}, present)]),
    ]
    return exposition.render(families, fleet)


def _policies(name: str, text: str, lines: t.Iterable[Line], value: Value, unit: str = "_timestamp_seconds") -> Family:
    labelled = (
        (
            {"tenant": one.tenant, "service": one.service, "policy": one.policy, "repository": one.repository},
            value(one),
        )
        for one in lines
    )
    return _family(name + unit, text, labelled)


def _services(name: str, text: str, lines: t.Iterable[Line], value: Value, unit: str = "_timestamp_seconds") -> Family:
    # What is known of the service stands in each of its lines.
    found = {(one.tenant, one.service): value(one) for one in lines if value(one) is not None}
    labelled = (({"tenant": tenant, "service": service}, known) for (tenant, service), known in found.items())
    return _family(name + unit, text, labelled)


def _family(name: str, text: str, labelled: t.Iterable[tuple[dict[str, str], Number | None]]) -> Family:
    samples = [(labels, value) for labels, value in labelled if value is not None]
    return Family(f"tenantry_backup_{name}", text, samples)


def _worst(lines: t.Iterable[Line]) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in lines:
        rank = status.STATUSES.index
        found[one.tenant] = max(found.get(one.tenant, one.status), one.status, key=rank)
    return found


def _epoch(at: datetime.datetime | None) -> int | None:
    return None if at is None else int(at.timestamp())


def _ago(present: int, seconds: float | None) -> int | None:
    return None if seconds is None else present - int(seconds)


def _drilled(one: Line) -> int | None:
    return None if one.drill_status is None else int(one.drill_status == "success")
