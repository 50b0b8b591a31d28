# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's side of an operation: who asks, whether a holder is dead, and what the end is called."""

from __future__ import annotations

import os
import socket
import typing as t

from ansible_collections.tenantry.platform.plugins.module_utils.lock import process_start
from ansible_collections.tenantry.platform.plugins.plugin_utils import report

# Seconds that a step of a run that was killed may go on working on its node: the longest waits for health.
PATIENCE = 180
# Why a request is not carried out: the tenant did not fail, it was not touched.
REFUSED = ("unknown_operation", "foreign_request", "superseded")
# What a person reads when an action ended well.
DONE = {
    "deploy": "deployed",
    "upgrade": "upgraded",
    "rollback": "rolled_back",
    "fill": "filled",
    "restore": "restored",
    "confirm": "confirmed",
    "promote": "promoted",
    "abort": "aborted",
    "converge": "converged",
    "stop": "stopped",
    "remove": "removed",
    "heal": "healed",
}


def boot_id() -> str:
    """Where a pid means something: this boot of the controller and its pid namespace; empty where nobody tells.

    Containers on one machine share the boot, and each has processes of its own.
    """
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as stream:
            return f"{stream.read().strip()} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return ""


def holder(requested_by: str) -> dict[str, t.Any]:
    """Who asks, for the lock. Task workers are forked, so the run itself is the parent process."""
    run = os.getppid()
    return {
        "by": requested_by,
        "controller": socket.gethostname(),
        "controller_boot": boot_id(),
        "controller_pid": run,
        "controller_pid_start": process_start(run),
    }


def is_dead_here(other: dict[str, t.Any]) -> bool:
    """Whether the holder of a lock ran on this controller, in this boot, and is gone.

    Of any other controller nothing is known: its lock expires by time.
    """
    if not other.get("controller_boot") or other["controller_boot"] != boot_id():
        return False
    return process_start(other["controller_pid"]) != other["controller_pid_start"]


def done_already(message: str) -> dict[str, t.Any]:
    """The fact that the report reads, of a request that was carried out before."""
    return {"status": "done", "message": message, "error_kind": None}


def not_begun(failure: dict[str, t.Any]) -> dict[str, t.Any]:
    """The fact that the report reads, of an operation that never had its lock: whatever serves, serves as before."""
    result = failure.get("result") or {}
    kind = result.get("error_kind")
    if kind in REFUSED:
        return {"status": "refused", "message": report.clean_lines(result.get("msg")), "error_kind": kind}
    return {"status": "failed", "message": report.failure_text(failure), "error_kind": kind}


def lost_lease(failure: dict[str, t.Any]) -> bool:
    """Whether a step, or undoing one, was refused because another run has the operation's lease."""
    return "lease_lost" in [
        one.get("error_kind")
        for result in (failure.get("result") or {}, failure.get("undo") or {})
        for one in (result, *(result.get("results") or ()))
    ]


def kept_snapshots(tenant: str, snapshots: t.Sequence[t.Mapping[str, t.Any]]) -> str:
    """What a failure is to say of the snapshots that were kept before it: each on a line of its own."""
    command = f"ansible-playbook tenantry.platform.load_snapshot --limit {tenant}"
    return "".join(
        f"\n  service {one['service']} as it was before its migrations is kept as snapshot {one['label']}; "
        f"to have it back: {command} -e snapshot_label={one['label']}"
        for one in snapshots
    )


def error_kind(result: t.Mapping[str, t.Any]) -> str | None:
    """Class of a failed result; of a loop, that of its first failed item."""
    failed = [one for one in result.get("results") or () if one.get("failed")]
    found = [one.get("error_kind") for one in (result, *failed)]
    return next((str(one) for one in found if one), None)


def outcome(
    action: str, ended: str, failure: dict[str, t.Any] | None, serving: str | None, reached: str = ""
) -> dict[str, t.Any]:
    """The fact that the report reads.

    :param ended: ``success``, ``failure`` (rescued) or ``fatal`` (could not be rescued).
    :param serving: the release that is current now.
    :param reached: what a success is called where it is not what the action was for, such as ``canary``.
    """
    if ended == "success":
        return {"status": reached or DONE[action], "release": serving, "message": "", "error_kind": None}
    result = (failure or {}).get("result") or {}
    message = report.failure_text(failure or {})
    if ended == "failure":
        message += (
            f"\n  release {serving} serves as before" if serving else "\n  no release serves: there was none before"
        )
    else:
        message += "\n  run again to settle it, or look with tenantry.platform.status"
    return {
        "status": "failed" if ended == "failure" else "fatal",
        "release": serving,
        "message": message,
        "error_kind": error_kind(result),
    }
