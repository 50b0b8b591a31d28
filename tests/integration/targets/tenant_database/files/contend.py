# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes that contend for the lease of one tenant, on whatever tenant database the URL names.

``contend.py URL [SCHEMA]`` prints what happened as JSON. Unit tests run the same on SQLite.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import sys
import time
import typing as t

from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.plugin_utils import ledger, operating

ROUNDS = 100
CONTENDERS = 8
TENANT = "contended"
# A lease that is free, one whose holder died, and one request that is delivered to everybody.
KINDS = ("free", "abandoned", "delivered")
_CONTEXT = multiprocessing.get_context("fork")


def elsewhere() -> dict[str, t.Any]:
    """A holder of which nobody here can say whether it lives."""
    return dict(operating.holder("ann"), controller="elsewhere", controller_boot="of another machine")


def contend(
    settings: dict[str, t.Any], rounds: int = ROUNDS, contenders: int = CONTENDERS
) -> list[list[tuple[str, t.Any]]]:
    """By round how each contender ended: ``won`` with its token, or an error kind with None."""
    barrier, said, requests = _CONTEXT.Barrier(contenders + 1), _CONTEXT.Queue(), _CONTEXT.Queue()
    arguments = (settings, rounds, barrier, said, requests)
    processes = [_CONTEXT.Process(target=_contender, args=arguments, daemon=True) for _number in range(contenders)]
    for process in processes:
        process.start()
    book = ledger.Ledger.open(settings)
    found = []
    for number in range(rounds):
        kind = KINDS[number % len(KINDS)]
        request = book.request(TENANT, "deploy", "ann") if kind == "delivered" else None
        if kind == "abandoned":
            ledger.Ledger(book.database, lease_seconds=1).begin(TENANT, "deploy", "ann", holder=elsewhere())
            _age(book)
        for _contender_of_many in range(contenders):
            requests.put(request)
        barrier.wait(60)  # everybody goes
        results = [said.get(timeout=60) for _one in range(contenders)]
        found.append([(result, token) for result, _operation, token in results])
        for result, operation, token in results:
            if result == "won":
                book.finish(operation, token, "success")
    for process in processes:
        process.join(60)
    return found


def _contender(settings: dict[str, t.Any], rounds: int, barrier: t.Any, said: t.Any, requests: t.Any) -> None:
    book = ledger.Ledger.open(settings)
    for _number in range(rounds):
        request = requests.get(timeout=60)
        barrier.wait(60)
        try:
            begun = book.begin(TENANT, "deploy", "ann", request=request, holder=elsewhere())
            said.put(("won", begun.id, begun.token))
        except TenantryError as error:
            said.put((error.error_kind, None, None))


def _age(book: ledger.Ledger) -> None:
    """Make the lease that is held look as if its holder had missed its time."""
    operations = book.database.table("operations")
    old = ledger.now().replace(year=2020)
    with book.database.writing() as connection:
        mine = (operations.c.tenant == TENANT) & (operations.c.status == "running")
        connection.execute(operations.update().where(mine).values(heartbeat_at=old))


def killed(settings: dict[str, t.Any], lease_seconds: int, holder: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
    """Kill a holder that was alive a moment ago, and see how long it blocks and what its token is good for.

    :param holder: who it says that it is; by default itself.
    """
    told = _CONTEXT.Queue()
    process = _CONTEXT.Process(target=_hold, args=(settings, lease_seconds, holder, told), daemon=True)
    process.start()
    operation, token = told.get(timeout=60)
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    book = ledger.Ledger.open(settings)
    began = time.monotonic()
    begun = book.begin(TENANT, "deploy", "bob", wait=10 * lease_seconds)
    blocked = time.monotonic() - began
    refused = []
    for late in (lambda: book.beat(operation, token), lambda: book.finish(operation, token, "success")):
        try:
            late()
            refused.append("")
        except TenantryError as error:
            refused.append(error.error_kind)
    book.finish(begun.id, begun.token, "success")
    return {
        "blocked": blocked,
        "refused": refused,
        "tokens": [token, begun.token],
        "status": book.requested(operation)["status"],
    }


def _hold(settings: dict[str, t.Any], lease_seconds: int, holder: dict[str, t.Any] | None, told: t.Any) -> None:
    book = ledger.Ledger(ledger.Ledger.open(settings).database, lease_seconds)
    own = dict(
        operating.holder("ann"),
        controller_pid=os.getpid(),
        controller_pid_start=operating.process_start(os.getpid()),
    )
    begun = book.begin(TENANT, "deploy", "ann", holder=holder or own)
    book.beat(begun.id, begun.token)
    told.put((begun.id, begun.token))
    time.sleep(600)


def main() -> None:
    """Contend, kill, and print."""
    settings = {"url": sys.argv[1], "schema": sys.argv[2] if len(sys.argv) > 2 else ""}
    began = time.monotonic()
    found = contend(settings)
    tokens = [token for one in found for result, token in one if result == "won"]
    result = {
        "rounds": len(found),
        "with_one_winner": sum(1 for one in found if [result for result, _token in one].count("won") == 1),
        "others": sorted({result for one in found for result, _token in one} - {"won"}),
        "tokens_grow": tokens == sorted(set(tokens)),
        "seconds": round(time.monotonic() - began, 1),
        "killed_elsewhere": killed(settings, 3, elsewhere()),
        "killed_here": killed(settings, 60),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
