# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What came of an order, in each repository by itself: from the result of the module ``backup``. Pure."""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

from ansible_collections.tenantry.platform.plugins.plugin_utils.backups.orders import PRESENT, PRUNED, VERIFIED

Result = t.Mapping[str, t.Any]

FAILED, UNREACHABLE, BUSY, WAITING, READY = "failed", "unreachable", "busy", "waiting", "ready"
#: What a success is called.
DONE = {PRESENT: "made", VERIFIED: "verified", PRUNED: "pruned"}
#: In these a tenant lacks what the run was for.
BAD = (FAILED, UNREACHABLE)

_UNKNOWN = "it ended without a word"
#: Of a tenant that was never deployed.
_NOT_THERE = ("container_missing", "volume_missing")


@dataclasses.dataclass(frozen=True)
class Outcome:
    """Of one order in one repository.

    :ivar status: a value of :data:`DONE`, ``failed``, ``unreachable``, ``busy`` (another run works on the service, and
        this one was only to see that somebody does), ``waiting`` (there is nothing yet that could be backed up) or
        ``ready`` (check mode: it would be made, or what is named would go).
    :ivar started_at: ISO 8601, UTC.
    :ivar bytes: what it takes in the repository.
    :ivar source_bytes: what was read for it.
    :ivar removed: labels that are gone.
    """

    service: str
    engine: str
    policy: str
    kind: str
    repository: str
    status: str
    label: str | None = None
    started_at: str = ""
    finished_at: str = ""
    bytes: int | None = None
    source_bytes: int | None = None
    seconds: float = 0.0
    error_kind: str | None = None
    message: str = ""
    removed: t.Sequence[str] = ()

    def as_dict(self) -> dict[str, t.Any]:
        """As a fact."""
        return {**vars(self), "removed": list(self.removed)}


def outcomes(
    order: t.Mapping[str, t.Any],
    result: Result,
    now: datetime.datetime,
    *,
    state: str,
    only_due: bool,
    check_mode: bool,
) -> list[Outcome]:
    """What came of an order.

    :param result: of the module; ``unreachable`` or a failure before it knew of repositories counts for all of them.
    :param now: when it ended.
    :param only_due: whether the run was to make what is due, and nobody waits for this one.
    """
    told = {one["name"]: one for one in result.get("repositories") or ()}
    return [
        _outcome(order, result, told.get(name), now, name, state, only_due, check_mode)
        for name in order["repositories"]
    ]


def _outcome(
    order: t.Mapping[str, t.Any],
    result: Result,
    told: t.Mapping[str, t.Any] | None,
    now: datetime.datetime,
    name: str,
    state: str,
    only_due: bool,
    check_mode: bool,
) -> Outcome:
    seconds = float((told or {}).get("seconds") or 0.0)
    outcome = Outcome(
        order["service"],
        order["engine"],
        order["policy"],
        order["kind"],
        name,
        DONE[state],
        started_at=_written(now - datetime.timedelta(seconds=seconds)),
        finished_at=_written(now),
        seconds=seconds,
    )
    failure = _failure(order, result, told, name, only_due)
    if failure:
        return dataclasses.replace(outcome, **failure)
    if state == PRUNED:
        gone = tuple((result.get("removed") or {}).get(name) or ())
        return dataclasses.replace(outcome, status=READY if check_mode else outcome.status, removed=gone)
    if state == VERIFIED:
        return outcome
    if check_mode:
        return dataclasses.replace(outcome, status=READY)
    return _made(outcome, (told or {}).get("backups") or ())


def _failure(
    order: t.Mapping[str, t.Any], result: Result, told: t.Mapping[str, t.Any] | None, name: str, only_due: bool
) -> dict[str, t.Any]:
    """Fields of an outcome that is none; empty when it went well."""
    if result.get("unreachable"):
        return {"status": UNREACHABLE, "error_kind": UNREACHABLE, "message": str(result.get("msg") or _UNKNOWN)}
    if told is None:
        kind = str(result.get("error_kind") or FAILED)
        status = FAILED
        if only_due and kind == "backup_running":
            status = BUSY
        elif only_due and kind in _NOT_THERE and order["first"]:
            status = WAITING
        return {"status": status, "error_kind": kind, "message": str(result.get("msg") or _UNKNOWN)}
    if not told["ok"]:
        return {"status": FAILED, "error_kind": told["error_kind"], "message": told["error"]}
    wrong = [one for one in result.get("findings") or () if one["repository"] == name]
    if wrong:
        words = [f"{one['label']}: {one['problem']}" if one["label"] else str(one["problem"]) for one in wrong]
        return {"status": FAILED, "error_kind": "backup_damaged", "message": "; ".join(words)}
    return {}


def _made(outcome: Outcome, backups: t.Sequence[t.Mapping[str, t.Any]]) -> Outcome:
    """With what was made. Several volumes are stored under one label, and are one backup here."""
    if not backups:
        message = "the module was content, and names no backup"
        return dataclasses.replace(outcome, status=FAILED, error_kind="backup_failed", message=message)
    newest = [one for one in backups if one["label"] == backups[-1]["label"]]
    return dataclasses.replace(
        outcome,
        label=newest[0]["label"],
        # What a tool made in place of what was asked for, such as a full one in an empty repository.
        kind=newest[0]["kind"],
        started_at=min(one["started_at"] for one in newest),
        finished_at=max(one["finished_at"] for one in newest),
        bytes=sum(int(one["bytes"]) for one in newest),
        source_bytes=sum(int(one["source_bytes"]) for one in newest),
    )


def rows(tenant: str, found: t.Iterable[Outcome], operation: str | None) -> list[dict[str, t.Any]]:
    """Rows of the relation ``backups``: what was made, and what failed."""
    return [
        {
            "tenant": tenant,
            "service": one.service,
            "policy": one.policy,
            "engine": one.engine,
            "repository": one.repository,
            "label": one.label,
            "kind": one.kind,
            "status": "success" if one.status == DONE[PRESENT] else "failure",
            "started_at": one.started_at,
            "finished_at": one.finished_at,
            "bytes": one.bytes,
            "source_bytes": one.source_bytes,
            "error_kind": one.error_kind,
            "message": one.message or None,
            "operation": operation,
        }
        for one in found
        if one.status in (DONE[PRESENT], *BAD)
    ]


def _written(moment: datetime.datetime) -> str:
    return moment.astimezone(datetime.timezone.utc).isoformat(timespec="seconds").replace("+00:00", "Z")
