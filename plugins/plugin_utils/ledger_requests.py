# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Operations that were asked for, and what keeps one of them from being carried out."""

from __future__ import annotations

import datetime
import json
import typing as t

from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.plugin_utils import database as db
from ansible_collections.tenantry.platform.plugins.plugin_utils import ledger_rows as rows
from ansible_collections.tenantry.platform.plugins.plugin_utils import operation_row

try:
    import sqlalchemy as sa
except ImportError:  # database.connect() says what to install
    sa = None  # type: ignore[assignment]

if t.TYPE_CHECKING:
    from sqlalchemy.engine import Connection


class Requests:
    """Requests in the tenant database. Every method is one transaction."""

    def __init__(self, database: db.Database) -> None:
        self.database = database

    @rows.again
    def request(
        self,
        tenant: str,
        action: str,
        requested_by: str,
        parameters: t.Mapping[str, t.Any] | None = None,
        priority: int = 0,
        not_before: str | None = None,
    ) -> str:
        """Ask for an operation that a later run carries out.

        :param parameters: what it is to be done with; for whoever starts the run.
        :param priority: a larger one comes first.
        :param not_before: ISO 8601; UTC where it names no offset.
        :returns: its id.
        :raises TenantryError: ``invalid`` for what is no time.
        """
        due = rows.time_of(not_before)
        with self.database.writing() as connection:
            rows.next_token(self.database, connection, tenant)
            values = {
                "parameters": None if parameters is None else json.dumps(parameters, sort_keys=True),
                "priority": priority,
                "status": "pending" if due is None else "scheduled",
                "not_before": due,
            }
            return self._insert(connection, tenant, action, requested_by, **values)

    def next_requests(self, limit: int) -> list[rows.Row]:
        """What may be run now: of each tenant on which nothing runs the one request that comes first.

        :returns: rows, larger priorities first, then those that wait longest.
        """
        operations = self.database.table("operations")
        query = sa.select(*rows.raw(operations)).where(operations.c.status.in_((*operation_row.WAITING, "running")))
        with self.database.reading() as connection:
            present = rows.clock_reading(connection)
            found = connection.execute(query).all()
        busy = {row.tenant for row in found if row.status == "running" and not operation_row.expired(row, present)}
        first: dict[str, t.Any] = {}
        for row in found:
            due = rows.moment(row.not_before)
            if row.status == "running" or row.tenant in busy or (due is not None and due > present):
                continue
            other = first.get(row.tenant)
            if other is None or (-row.priority, row.sequence) < (-other.priority, other.sequence):
                first[row.tenant] = row
        # A time that nobody can read waits longest.
        oldest = datetime.datetime.min.replace(tzinfo=datetime.timezone.utc)
        ordered = sorted(
            first.values(), key=lambda row: (-row.priority, rows.moment(row.requested_at) or oldest, row.tenant)
        )
        return [rows.shown(row) for row in ordered[:limit]]

    def requested(self, operation: str) -> rows.Row:
        """The row of a request.

        :raises TenantryError: ``unknown_operation``.
        """
        with self.database.reading() as connection:
            return rows.shown(self._row(connection, operation))

    def refusal(self, operation: str) -> TenantryError | None:
        """Why a request would not be run, with what :meth:`begin` would raise; None when nothing speaks against it.

        :raises TenantryError: ``unknown_operation``.
        """
        with self.database.reading() as connection:
            return self._refusal(connection, self._row(connection, operation))

    @rows.again
    def record(
        self,
        asked: operation_row.Asked,
        status: str,
        began: datetime.datetime,
        *,
        error_kind: str | None = None,
        message: str | None = None,
        steps: t.Sequence[t.Mapping[str, t.Any]] = (),
    ) -> str:
        """Write down what was done apart from every lease, when it has ended.

        :param asked: of a request the row is ended, else one is made.
        :param steps: as a node's journal has them.
        :returns: the id of the operation.
        :raises TenantryError: ``unknown_operation``, ``foreign_request``, ``done_already``.
        """
        operations, table = self.database.table("operations"), self.database.table("operation_steps")
        values: dict[str, t.Any] = {"status": status, "error_kind": error_kind, "message": message or None}
        values.update(started_at=began, finished_at=rows.now(), attempt=1)
        with self.database.writing() as connection:
            rows.next_token(self.database, connection, asked.tenant)
            if asked.request is None:
                operation = self._insert(connection, asked.tenant, t.cast(str, asked.action), asked.by, **values)
            else:
                row = self._row(connection, asked.request)
                operation_row.refuse_foreign(row, asked)
                refusal = self._refusal(connection, row)
                if refusal is not None:
                    raise refusal
                operation = asked.request
                connection.execute(operations.update().where(operations.c.id == operation).values(**values))
            if steps:
                connection.execute(table.insert(), operation_row.steps(operation, steps))
        return operation

    # -- pieces ----------------------------------------------------------------------------------------------------

    def _row(self, connection: Connection, operation: str) -> t.Any:
        operations = self.database.table("operations")
        found = connection.execute(sa.select(*rows.raw(operations)).where(operations.c.id == operation)).first()
        if found is None:
            raise TenantryError(f"operation {operation} is not in the ledger", "unknown_operation")
        return found

    def _insert(self, connection: Connection, tenant: str, action: str, by: str, **values: t.Any) -> str:
        operations = self.database.table("operations")
        last = sa.select(sa.func.coalesce(sa.func.max(operations.c.sequence), 0)).where(operations.c.tenant == tenant)
        made: dict[str, t.Any] = {"id": rows.new_id(), "tenant": tenant, "action": action, "status": "pending"}
        made.update(sequence=int(connection.execute(last).scalar_one()) + 1, requested_by=by, requested_at=rows.now())
        connection.execute(operations.insert().values(**{**made, **values}))
        return str(made["id"])

    def _refusal(self, connection: Connection, row: t.Any) -> TenantryError | None:
        if row.status in operation_row.ENDED:
            how = row.status + (f" ({row.error_kind})" if row.error_kind else "")
            why = f"request {row.id} ended before, as {how}: it is not carried out again"
            return TenantryError(why, "done_already")
        if row.action in operation_row.BESIDE:
            return None
        operations = self.database.table("operations")
        newer = (operations.c.tenant == row.tenant) & (operations.c.sequence > row.sequence)
        newer &= operations.c.status.in_(operation_row.BEGAN) & operations.c.action.not_in(operation_row.BESIDE)
        query = sa.select(*rows.raw(operations)).where(newer).order_by(operations.c.sequence.desc())
        found = connection.execute(query.limit(1)).first()
        if found is None:
            return None
        return TenantryError(
            f"request {row.id} ({row.action} of tenant {row.tenant}) came too late: {found.action} {found.id} was "
            f"requested after it and is {found.status} already; ask again if it is still wanted",
            "superseded",
            newer=found.id,
        )
