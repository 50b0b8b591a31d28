# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an operation on a tenant is about to do and what it did, on the node, so that the next run can settle it."""

from __future__ import annotations

import contextlib
import os
import threading
import time
import typing as t

from ansible_collections.tenantry.platform.plugins.module_utils import durable
from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.module_utils.lock import TTL_SECONDS, TenantLock

BEAT_SECONDS = TTL_SECONDS / 6

# The `operation` option of every module that changes a node; documented in doc_fragments/operation.py.
OPERATION_ARGUMENT: dict[str, t.Any] = {
    "operation": {
        "type": "dict",
        "options": {
            "root": {"type": "path", "required": True},
            "tenant": {"type": "str", "required": True},
            "id": {"type": "str", "required": True},
            "token": {"type": "int", "required": True, "no_log": False},
            "lease": {"type": "int"},
            "step": {"type": "str", "required": True},
        },
    }
}


def deploy_directory(root: str, tenant: str) -> str:
    """Where lock and journal of a tenant stand."""
    return os.path.join(root, tenant, ".deploy")


def instant(seconds: float | None = None) -> str:
    """A time that people compare with others: as :func:`now`, to the millisecond.

    :param seconds: since 1970; the present by default.
    """
    seconds = time.time() if seconds is None else seconds
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{int(seconds * 1000) % 1000:03d}Z"


def now() -> str:
    """The time for journals and manifests: UTC, ISO 8601, to the second."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


class Journal:
    """``.deploy/journal.json``: the one operation that runs or ran last."""

    def __init__(self, directory: str) -> None:
        self.path = os.path.join(directory, "journal.json")

    def read(self) -> dict[str, t.Any] | None:
        """The journal, or None before the first operation."""
        return durable.read_json(self.path)

    def interrupted(self) -> dict[str, t.Any] | None:
        """The journal of an operation that never said how it ended."""
        data = self.read()
        return data if data and not data.get("ended_at") else None

    def begin(self, operation: str, action: str, interrupted: dict[str, t.Any] | None) -> None:
        """Start a new journal; what an interrupted one left to settle is carried along until that is done."""
        durable.replace_json(
            self.path,
            {
                "schema": 1,
                "operation": operation,
                "action": action,
                "started_at": now(),
                "ended_at": None,
                "outcome": None,
                "interrupted": interrupted,
                "steps": [],
            },
        )

    def step_begins(self, step: str) -> None:
        """Intent: written before anything changes."""
        data = self.read() or {}
        data.setdefault("steps", []).append({"step": step, "began_at": instant(), "ended_at": None, "result": None})
        durable.replace_json(self.path, data)

    def step_ends(self, result: str) -> None:
        """Result of the last step: ``done`` or an error kind."""
        data = self.read() or {}
        last = data["steps"][-1]
        last["ended_at"] = instant()
        last["result"] = result
        durable.replace_json(self.path, data)

    def note(self, detail: str) -> None:
        """What is to be known of the last step besides how it ends."""
        data = self.read() or {}
        data["steps"][-1]["detail"] = detail
        durable.replace_json(self.path, data)

    def end(self, outcome: str, release: str | None) -> list[dict[str, t.Any]]:
        """Close the journal and return its steps."""
        data = self.read() or {}
        data.update(ended_at=now(), outcome=outcome, release=release, interrupted=None)
        durable.replace_json(self.path, data)
        return data.get("steps", [])


def note(operation: dict[str, t.Any] | None, detail: str) -> None:
    """Say something of the step that is being run, for the journal and the ledger; without an operation nothing."""
    if operation is not None:
        Journal(deploy_directory(operation["root"], operation["tenant"])).note(detail)


@contextlib.contextmanager
def step(operation: dict[str, t.Any] | None) -> t.Iterator[t.Callable[[], None]]:
    """Run one step of an operation between two journal entries, under the lock, with a heartbeat.

    A run that was killed may leave its module working on the node: the next run waits for it. A step that only waits
    calls what this returns at each look; then the next run need not wait, and the step ends with ``lock_lost``.

    :param operation: the module's ``operation`` option; None does nothing (the module is used alone, or in check mode).
    :returns: what says that the step only waits from now on.
    :raises TenantryError: ``lock_lost`` before anything was written when the operation lost its lock.
    """
    if operation is None:
        yield lambda: None
        return
    directory = deploy_directory(operation["root"], operation["tenant"])
    lock, journal = TenantLock(directory), Journal(directory)
    identity = (operation["id"], operation["token"])
    lock.renew(*identity, step=operation["step"], working=True)
    journal.step_begins(operation["step"])
    stop = threading.Event()

    def beat() -> None:
        while not stop.wait(BEAT_SECONDS):
            try:
                lock.renew(*identity, step=operation["step"], working=True)
            except (TenantryError, OSError):
                return  # the next step notices; this one cannot be stopped half-way from here

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    result = "done"
    try:
        yield lambda: lock.keep_or_yield(*identity)
    except TenantryError as error:
        result = error.error_kind
        raise
    except BaseException:
        result = "failed"
        raise
    finally:
        stop.set()
        thread.join()
        # Losing the lock while working means somebody else's journal stands there now: leave it alone.
        with contextlib.suppress(TenantryError):
            lock.renew(*identity, step=operation["step"])
            journal.step_ends(result)
