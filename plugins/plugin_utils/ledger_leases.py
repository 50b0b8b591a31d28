# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lease under which one operation at a time works on a tenant, from its begin to its end."""

from __future__ import annotations

import json
import time
import typing as t

from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.module_utils.lock import POLL_SECONDS, TTL_SECONDS
from ansible_collections.tenantry.platform.plugins.plugin_utils import database as db
from ansible_collections.tenantry.platform.plugins.plugin_utils import ledger_rows as rows
from ansible_collections.tenantry.platform.plugins.plugin_utils import operation_row
from ansible_collections.tenantry.platform.plugins.plugin_utils.ledger_requests import Requests

try:
    import sqlalchemy as sa
except ImportError:  # database.connect() says what to install
    sa = None  # type: ignore[assignment]

if t.TYPE_CHECKING:
    from sqlalchemy.engine import Connection

# As long as the lock on the node, which it stands for in the database.
LEASE_SECONDS = TTL_SECONDS


class Leases(Requests):
    """Begins, signs of life and ends of operations. Every method is one transaction, unless it says that it waits."""

    def __init__(self, database: db.Database, lease_seconds: int = LEASE_SECONDS) -> None:
        super().__init__(database)
        self.lease_seconds = lease_seconds

    def begin(
        self,
        tenant: str,
        action: str | None,
        requested_by: str,
        source: str | None = None,
        target: str | None = None,
        request: str | None = None,
        *,
        holder: t.Mapping[str, t.Any] | None = None,
        wait: float = 0.0,
    ) -> operation_row.Begun:
        """Take the tenant's lease for an operation, and record that it runs.

        :param action: what the plan calls it; None for a request whose action does not matter any more.
        :param source: digest of the spec that was applied before.
        :param target: digest of the spec that is wanted. An upgrade between the two that failed before was
            acknowledged, or this one would not begin.
        :param request: id of the row to carry out; without it, one is made.
        :param holder: who runs it, as :func:`operating.holder` says it.
        :param wait: seconds to wait for another operation to end, in transactions one after the other.
        :raises TenantryError: ``unknown_operation``; ``foreign_request`` of another tenant or action; ``done_already``
            when the request ended before; ``superseded`` when a newer one of the tenant began; ``locked``, with the
            holder.
        """
        asked = operation_row.Asked(
            operation_row.plain(tenant),
            None if action is None else operation_row.plain(action),
            operation_row.plain(requested_by),
            source,
            target,
            operation_row.plain(request) if request else None,
            dict(holder or {"by": operation_row.plain(requested_by)}),
        )
        deadline = time.monotonic() + wait
        while True:
            try:
                begun = self._begin(asked)
                break
            except TenantryError as error:
                left = deadline - time.monotonic()
                if error.error_kind == "locked" and left > 0:
                    time.sleep(min(POLL_SECONDS, max(0.05, left)))
                    continue
                if error.error_kind == "locked" and asked.request is None:
                    self._turn_away(asked, error)
                raise
        if isinstance(begun, TenantryError):
            raise begun
        return begun

    @rows.again
    def _begin(self, asked: operation_row.Asked) -> operation_row.Begun | TenantryError:
        """One try; what it returns as an error was written, what it raises wrote nothing."""
        with self.database.writing() as connection:
            token = rows.next_token(self.database, connection, asked.tenant)
            present = rows.clock_reading(connection)
            if asked.request is None:
                made = self._insert(connection, asked.tenant, t.cast(str, asked.action), asked.by)
                row = self._row(connection, made)
            else:
                row = self._row(connection, asked.request)
                operation_row.refuse_foreign(row, asked)
                refusal = self._refusal(connection, row)
                if refusal is not None and refusal.error_kind == "superseded" and row.status in operation_row.WAITING:
                    self._overtaken(connection, row, refusal)
                    return refusal
                if refusal is not None:
                    raise refusal
            running = self._running(connection, asked.tenant)
            for one in running:
                if operation_row.lives(one, present):
                    raise operation_row.locked(one)
            self._recover(connection, [one for one in running if one.id != row.id], row.id)
            self._take(connection, row, token, asked)
            self._acknowledge(connection, asked)
        before = operation_row.taken(running[0]) if running else None
        return operation_row.Begun(row.id, token, asked.request is not None, before)

    def _take(self, connection: Connection, row: t.Any, token: int, asked: operation_row.Asked) -> None:
        """Compare and set: nothing but the row as it was read becomes the running one."""
        operations = self.database.table("operations")
        as_read = (operations.c.id == row.id) & (operations.c.status == row.status)
        as_read &= operations.c.token.is_(None) if row.token is None else operations.c.token == row.token
        values = {
            "status": "running",
            "token": token,
            "attempt": operations.c.attempt + 1,
            "lease_holder": json.dumps(asked.holder, sort_keys=True),
            "heartbeat_at": rows.clock(connection),
            "lease_seconds": self.lease_seconds,
            "started_at": rows.now(),
            "source": asked.source,
            "target": asked.target,
            "error_kind": None,
            "message": None,
        }
        if connection.execute(operations.update().where(as_read).values(**values)).rowcount != 1:
            raise TenantryError(f"operation {row.id} changed while it was taken; run again", "database_busy")

    @rows.again
    def beat(self, operation: str, token: int) -> None:
        """Say that an operation lives.

        :raises TenantryError: ``lease_lost`` when the token is not that of the lease any more.
        """
        operations = self.database.table("operations")
        mine = (operations.c.id == operation) & (operations.c.token == token) & (operations.c.status == "running")
        with self.database.writing() as connection:
            beaten = operations.update().where(mine).values(heartbeat_at=rows.clock(connection))
            if not connection.execute(beaten).rowcount:
                raise self._lost(connection, operation)

    @rows.again
    def finish(
        self,
        operation: str,
        token: int,
        status: str,
        error_kind: str | None = None,
        message: str | None = None,
        release: str | None = None,
        steps: t.Sequence[t.Mapping[str, t.Any]] = (),
        spec_digest: str | None = None,
        version: str | None = None,
    ) -> None:
        """Record how an operation ended. What it ended as once is not changed again.

        Earlier operations on the tenant that it went on after are settled with it: recovered when it left the tenant
        whole, else fatal.

        :param token: of the lease.
        :param status: ``success``, ``failure`` (the tenant is whole), ``fatal``, ``cancelled`` (nothing was done) or
            ``recovered`` (it never told, and the tenant is whole).
        :param release: the release that serves now; of a success it is recorded as applied.
        :param steps: the node's journal: ``step``, ``result``, ``began_at``, ``ended_at``.
        :param spec_digest: digest of the spec that the release was made of.
        :param version: version of the tenant in that spec.
        :raises TenantryError: ``unknown_operation``; ``lease_lost``, and nothing was written.
        """
        operations, table = self.database.table("operations"), self.database.table("operation_steps")
        mine = (operations.c.id == operation) & (operations.c.token == token)
        tenant = self.requested(operation)["tenant"]
        values = {
            "status": status,
            "error_kind": error_kind,
            "message": message or None,
            "release_id": release,
            "finished_at": rows.now(),
        }
        with self.database.writing() as connection:
            rows.queue(self.database, connection, tenant)
            ended = operations.update().where(mine & (operations.c.status == "running")).values(**values)
            if not connection.execute(ended).rowcount:
                row = self._row(connection, operation)
                if operation_row.ended_itself(row, token):
                    return
                raise self._lost(connection, operation)
            if steps:
                connection.execute(table.insert(), operation_row.steps(operation, steps))
            if status != "cancelled":
                self._settle(connection, tenant, token, "fatal" if status == "fatal" else "recovered")
            if status == "success" and release:
                known = {"spec_digest": spec_digest, "version": version}
                self._record_release(connection, tenant, release, operation, known)

    def unended(self, tenants: t.Container[str]) -> list[t.Any]:
        """Rows of operations on these tenants that claim to run, though nobody works on them any more."""
        operations = self.database.table("operations")
        query = sa.select(*rows.raw(operations)).where(
            operations.c.status == "running", operations.c.action.not_in(operation_row.APART)
        )
        with self.database.reading() as connection:
            present = rows.clock_reading(connection)
            found = list(connection.execute(query))
        return [one for one in found if one.tenant in tenants and not operation_row.lives(one, present)]

    @rows.again
    def give_back(self, begun: operation_row.Begun, error_kind: str | None, message: str | None) -> None:
        """Take a begin back that the node refused, most often because another operation has its lock.

        Whose lease was taken over has it again: that its lock stands proves that it lives. A request waits again,
        unless the node refused it for a reason that stays.

        :raises TenantryError: ``unknown_operation``.
        """
        operations = self.database.table("operations")
        row = self.requested(begun.id)
        mine = (operations.c.id == begun.id) & (operations.c.token == begun.token) & (operations.c.status == "running")
        unleased = {"lease_holder": None, "heartbeat_at": None, "lease_seconds": None}
        values: dict[str, t.Any] = {"status": "cancelled", "error_kind": error_kind, "message": message or None}
        values["finished_at"] = rows.now()
        if begun.before is not None and begun.before.operation == begun.id:
            values = operation_row.leased(begun.before)
        elif begun.requested and error_kind in operation_row.TRANSIENT:
            values = {"status": "pending", "started_at": None, "token": None, **unleased}
        with self.database.writing() as connection:
            rows.queue(self.database, connection, row["tenant"])
            if not connection.execute(operations.update().where(mine).values(**values)).rowcount:
                return
            if begun.before is not None and begun.before.operation != begun.id:
                theirs = (operations.c.id == begun.before.operation) & (operations.c.status == "recovering")
                restored = {**operation_row.leased(begun.before), "error_kind": None, "message": None}
                connection.execute(operations.update().where(theirs).values(**restored))

    @rows.again
    def break_lease(self, tenant: str) -> list[str]:
        """Take the lease of a tenant from whoever has it: a person decided that the holder is dead.

        :returns: ids of the operations that had it.
        """
        with self.database.writing() as connection:
            rows.queue(self.database, connection, tenant)
            running = self._running(connection, tenant)
            self._recover(connection, running, None)
            return [one.id for one in running]

    # -- pieces ----------------------------------------------------------------------------------------------------

    def _running(self, connection: Connection, tenant: str) -> list[t.Any]:
        """What runs on a tenant, the newest first; kept from heartbeats until the transaction ends."""
        operations = self.database.table("operations")
        query = sa.select(*rows.raw(operations)).where(operations.c.tenant == tenant, operations.c.status == "running")
        return list(connection.execute(query.order_by(operations.c.token.desc()).with_for_update()))

    @rows.again
    def _turn_away(self, asked: operation_row.Asked, error: TenantryError) -> None:
        """Leave on record that somebody wanted to and could not."""
        with self.database.writing() as connection:
            rows.next_token(self.database, connection, asked.tenant)
            values = {"status": "cancelled", "error_kind": error.error_kind, "message": error.message}
            times = {"started_at": rows.now(), "finished_at": rows.now()}
            digests = {"source": asked.source, "target": asked.target}
            self._insert(connection, asked.tenant, t.cast(str, asked.action), asked.by, **values, **times, **digests)

    def _overtaken(self, connection: Connection, row: t.Any, refusal: TenantryError) -> None:
        operations = self.database.table("operations")
        mine = (operations.c.id == row.id) & operations.c.status.in_(operation_row.WAITING)
        values = {"status": "cancelled", "error_kind": "superseded", "message": refusal.message}
        connection.execute(operations.update().where(mine).values(**values, finished_at=rows.now()))

    def _recover(self, connection: Connection, dead: t.Sequence[t.Any], by: str | None) -> None:
        """What began and can say nothing any more waits for the end of another one."""
        operations = self.database.table("operations")
        why = f"it never ended; operation {by} goes on after it" if by else "it never ended; a person took its lease"
        for one in dead:
            mine = (operations.c.id == one.id) & (operations.c.status == "running")
            values = {"status": "recovering", "error_kind": operation_row.ABANDONED, "message": why}
            connection.execute(operations.update().where(mine).values(**values))

    def _settle(self, connection: Connection, tenant: str, token: int, status: str) -> None:
        operations = self.database.table("operations")
        older = (operations.c.tenant == tenant) & (operations.c.token < token)
        older &= operations.c.status == "recovering"
        connection.execute(operations.update().where(older).values(status=status, finished_at=rows.now()))

    def _lost(self, connection: Connection, operation: str) -> TenantryError:
        operations = self.database.table("operations")
        row = connection.execute(sa.select(*rows.raw(operations)).where(operations.c.id == operation)).first()
        if row is None:
            why = "it is not in the ledger any more"
        elif row.status == "running":
            why = f"{operation_row.holder_of(row).get('by', 'another run')} carries it out now, attempt {row.attempt}"
        else:
            why = f"the ledger has it as {row.status}" + (f": {row.message}" if row.message else "")
        return TenantryError(
            f"operation {operation} lost its lease on the tenant: {why}; nothing was written, look at what runs there "
            "now, then run again",
            "lease_lost",
        )

    def _acknowledge(self, connection: Connection, asked: operation_row.Asked) -> None:
        if asked.action != "upgrade":
            return
        operations = self.database.table("operations")
        same = (operations.c.source == asked.source) & (operations.c.target == asked.target)
        acknowledged = {"acknowledged_at": rows.now(), "acknowledged_by": asked.by}
        connection.execute(
            operations.update()
            .where((operations.c.tenant == asked.tenant) & same & self._blamed())
            .values(**acknowledged)
        )

    def _blamed(self) -> t.Any:
        """Operations that failed because of what they were to bring, and that nobody acknowledged."""
        table = self.database.table("operations")
        return (
            table.c.status.in_(("failure", "fatal"))
            & table.c.error_kind.in_(operation_row.BLAMED)
            & table.c.acknowledged_at.is_(None)
            & table.c.source.is_not(None)
        )

    def _record_release(
        self, connection: Connection, tenant: str, release: str, operation: str, known: dict[str, str | None]
    ) -> None:
        applied = self.database.table("applied_releases")
        mine = (applied.c.tenant == tenant) & (applied.c.release_id == release)
        values: dict[str, t.Any] = {key: value for key, value in known.items() if value is not None}
        values.update(operation=operation, applied_at=rows.now())
        if not connection.execute(applied.update().where(mine).values(**values)).rowcount:
            connection.execute(applied.insert().values(tenant=tenant, release_id=release, **values))
