# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the platform writes into the tenant database: operations, their steps, and what people hold against it."""

from __future__ import annotations

import dataclasses
import datetime
import fnmatch
import typing as t

from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.plugin_utils import database as db
from ansible_collections.tenantry.platform.plugins.plugin_utils import ledger_rows as rows
from ansible_collections.tenantry.platform.plugins.plugin_utils import operation_row, spec_overrides
from ansible_collections.tenantry.platform.plugins.plugin_utils.ledger_leases import Leases
from ansible_collections.tenantry.platform.plugins.plugin_utils.ledger_rows import Row, new_id, now
from ansible_collections.tenantry.platform.plugins.plugin_utils.operation_row import (
    BLAMED,
    NEVER_TOLD,
    NOTHING_TO_DO,
    Begun,
    abandoned,
)

try:
    import sqlalchemy as sa
except ImportError:  # database.connect() says what to install
    sa = None  # type: ignore[assignment]

if t.TYPE_CHECKING:
    from sqlalchemy.engine import Connection

__all__ = ["BLAMED", "NEVER_TOLD", "NOTHING_TO_DO", "Begun", "Hold", "Ledger", "Row", "new_id", "now"]

# In the place of a tenant's name: what orders the transactions that write holds. No tenant can be called so.
_HOLDS = "*holds*"


@dataclasses.dataclass(frozen=True)
class Hold:
    """A field of a tenant to hold at a value; None releases the hold."""

    tenant: str
    field: str
    value: str | None


class Ledger(Leases):
    """Operations and overrides of a tenant database."""

    @classmethod
    def open(cls, settings: t.Mapping[str, t.Any]) -> Ledger:
        """The ledger of the database that the inventory names in ``tenantry_database``.

        :raises TenantryError: what :func:`database.connect` raises.
        """
        return cls(db.connect(settings))

    # -- what was done ---------------------------------------------------------------------------------------------

    def unacknowledged(self) -> dict[str, dict[tuple[str, str], str]]:
        """By tenant, and by digests of the specs before and wanted, which operation failed because of the change."""
        table = self.database.table("operations")
        query = sa.select(table).where(self._blamed()).order_by(table.c.token)
        found: dict[str, dict[tuple[str, str], str]] = {}
        with self.database.reading() as connection:
            for row in connection.execute(query):
                began = spec_overrides.written(rows.moment(row.started_at))
                told = f"{row.action} {row.id} of {began}, {row.error_kind}"
                found.setdefault(row.tenant, {})[row.source, row.target] = told
        return found

    def started(self, action: str, since: datetime.datetime) -> dict[str, list[datetime.datetime]]:
        """When operations of an action began, by tenant, oldest first; those that never got the lock do not count."""
        table = self.database.table("operations")
        query = (
            sa.select(table.c.tenant, table.c.started_at)
            .where(table.c.action == action, table.c.status != "cancelled", table.c.started_at >= since)
            .order_by(table.c.started_at)
        )
        found: dict[str, list[datetime.datetime]] = {}
        with self.database.reading() as connection:
            for tenant, started_at in connection.execute(query):
                found.setdefault(tenant, []).append(spec_overrides.moment(started_at) or since)
        return found

    def failed(self, since: datetime.datetime) -> list[str]:
        """Tenants of which an operation failed that began since then."""
        table = self.database.table("operations")
        query = sa.select(table.c.tenant).where(
            table.c.status.in_(("failure", "fatal", "cancelled")),
            table.c.started_at >= since,
            table.c.action.not_in(operation_row.APART),
        )
        with self.database.reading() as connection:
            return [row.tenant for row in connection.execute(query.distinct())]

    def last_end(self, tenants: t.Sequence[str], since: datetime.datetime) -> datetime.datetime | None:
        """When the last operation ended that began on one of these tenants since then; None where none did."""
        table = self.database.table("operations")
        query = sa.select(table.c.tenant, table.c.finished_at).where(
            table.c.started_at >= since,
            table.c.finished_at.is_not(None),
            table.c.action.not_in(operation_row.APART),
        )
        chosen = set(tenants)
        with self.database.reading() as connection:
            ends = [rows.moment(row.finished_at) for row in connection.execute(query) if row.tenant in chosen]
        return max((one for one in ends if one is not None), default=None)

    def history(self, tenants: t.Sequence[str], limit: int) -> list[Row]:
        """The last operations of each tenant, oldest first: columns of the relation, with times in UTC as text.

        What has no end and no sign of life any more has the status ``abandoned``.
        """
        table = self.database.table("operations")
        last = sa.func.row_number().over(partition_by=table.c.tenant, order_by=table.c.sequence.desc()).label("last")
        found = []
        with self.database.reading() as connection:
            present = rows.clock_reading(connection)
            for some in rows.portions(tenants):
                numbered = sa.select(*rows.raw(table), last).where(table.c.tenant.in_(some)).subquery()
                query = sa.select(numbered).where(numbered.c.last <= limit)
                for row in connection.execute(query.order_by(numbered.c.tenant, numbered.c.sequence)):
                    changed = {"status": "abandoned"} if abandoned(row, present) else {}
                    found.append({**rows.shown(row), **changed})
        return found

    def steps(self, operation: str) -> list[Row]:
        """The steps of one operation, in their order: ``name``, ``status``, ``started_at``, ``finished_at``,
        ``detail``.

        :raises TenantryError: ``unknown_operation``.
        """
        operations, table = self.database.table("operations"), self.database.table("operation_steps")
        query = sa.select(table).where(table.c.operation == operation).order_by(table.c.position)
        with self.database.reading() as connection:
            if connection.execute(sa.select(operations.c.id).where(operations.c.id == operation)).first() is None:
                raise TenantryError(f"operation {operation} is not in the ledger", "unknown_operation")
            return [rows.shown(row) for row in connection.execute(query)]

    # -- overrides -------------------------------------------------------------------------------------------------

    @rows.again
    def hold(
        self,
        wanted: t.Sequence[Hold],
        *,
        reason: str,
        by: str,
        until: str | None = None,
        instead_of: t.Sequence[str] = (),
        request: str | None = None,
        check_mode: bool = False,
    ) -> dict[str, dict[str, Row | None]]:
        """Hold fields of tenants, or release holds.

        A value that the tenant's own row has already needs no hold: an older hold of the field is then released.

        :param until: when the holds end by themselves, ISO 8601; UTC where it names no offset.
        :param instead_of: fields whose holds are released beside; ``version.*`` is that of every service.
        :param request: what :meth:`withdraw` takes all of it back by.
        :returns: by tenant and field what changed: the new row, None for a hold that was released.
        :raises TenantryError: ``invalid`` for a value or time that cannot be, ``unknown_tenant``.
        """
        expires = _until(until)
        wanted = [Hold(str.__str__(one.tenant), one.field, one.value) for one in wanted]
        for one in wanted:
            _check_value(one)
        changed: dict[str, dict[str, Row | None]] = {}
        with self.database.writing() as connection:
            if not check_mode:
                rows.next_token(self.database, connection, _HOLDS)
            own = self._own_values(connection, sorted({one.tenant for one in wanted}))
            live: dict[str, dict[str, Row]] = {}
            for row in self._live(connection):
                live.setdefault(row["tenant"], {})[row["field"]] = row
            for one in [*wanted, *_beside(wanted, live, instead_of)]:
                if one.tenant not in own:
                    raise TenantryError(f"tenant {one.tenant} is not in the tenant database", "unknown_tenant")
                held = live.get(one.tenant, {}).get(one.field)
                value = None if one.value == own[one.tenant].get(one.field) else one.value
                if value is None and held is None:
                    continue
                if held is not None and value is not None and _same(held, value, reason, expires):
                    continue
                new = None if value is None else _hold_row(one, value, reason, expires, by, request)
                changed.setdefault(one.tenant, {})[one.field] = new
                if not check_mode:
                    self._replace_hold(connection, one, new, by, request)
        return changed

    @rows.again
    def withdraw(self, request: str, tenants: t.Sequence[str], by: str) -> list[str]:
        """Take back what a request held of these tenants: its own holds go, and those come back that it released.

        :returns: the tenants for which that changed something.
        """
        table = self.database.table("overrides")
        # One that its operator released meanwhile stays released.
        mine = (table.c.request == request) & table.c.released_at.is_(None)
        replaced = (table.c.released_request == request) & (table.c.request.is_(None) | (table.c.request != request))
        found: set[str] = set()
        with self.database.writing() as connection:
            rows.next_token(self.database, connection, _HOLDS)
            for condition in (mine, replaced):
                query = sa.select(table.c.tenant).where(condition)
                found.update(row.tenant for row in self._of(connection, query, table.c.tenant, tenants))
            for some in rows.portions(sorted(found)):
                chosen = table.c.tenant.in_(some)
                connection.execute(table.update().where(mine & chosen).values(released_at=now(), released_by=by))
                back = {"released_at": None, "released_by": None, "released_request": None}
                connection.execute(table.update().where(replaced & chosen).values(**back))
        return sorted(found)

    def withdraw_versions(self, tenants: t.Sequence[str], by: str) -> list[str]:
        """Take back the request by which the version of each tenant is held, so that what was held before is again.

        :returns: the tenants for which that changed something.
        """
        with self.database.reading() as connection:
            live = [row for row in self._live(connection) if row["tenant"] in set(tenants)]
        requests: dict[str, set[str]] = {}
        for row in live:
            if row["field"].partition(".")[0] == "version" and row["request"]:
                requests.setdefault(row["request"], set()).add(row["tenant"])
        return sorted(name for request, names in requests.items() for name in self.withdraw(request, sorted(names), by))

    @rows.again
    def forget(self, tenant: str, fields: t.Sequence[str], by: str) -> None:
        """Release what overrides say of these fields of a tenant; ``volume.*`` is that of every volume."""
        table = self.database.table("overrides")
        with self.database.writing() as connection:
            rows.next_token(self.database, connection, _HOLDS)
            live = [row["field"] for row in self._live(connection) if row["tenant"] == tenant]
            gone = [field for field in live if any(fnmatch.fnmatchcase(field, pattern) for pattern in fields)]
            mine = (table.c.tenant == str.__str__(tenant)) & table.c.released_at.is_(None) & table.c.field.in_(gone)
            connection.execute(table.update().where(mine).values(released_at=now(), released_by=by))

    def holds(self, tenants: t.Sequence[str] | None = None) -> list[dict[str, t.Any]]:
        """What is held now, oldest first.

        :param tenants: of whom; of all by default.
        :returns: ``tenant``, ``field``, ``value``, ``reason``, ``by``, ``since`` and ``until``; times in UTC.
        """
        with self.database.reading() as connection:
            live = self._live(connection)
        return [
            {
                "tenant": row["tenant"],
                "field": row["field"],
                "value": row["value"],
                "reason": row["reason"],
                "by": row["created_by"],
                "since": spec_overrides.written(rows.moment(row["created_at"])),
                "until": spec_overrides.written(row["expires_at"]),
            }
            for row in live
            if tenants is None or row["tenant"] in tenants
        ]

    def _own_values(self, connection: Connection, tenants: t.Sequence[str]) -> dict[str, dict[str, t.Any]]:
        """By tenant what its own row says in the fields that can be held."""
        table = self.database.table("tenants")
        version = sa.func.coalesce(table.c.pinned_version, table.c.version).label("version")
        query = sa.select(table.c.name, table.c.state, version)
        return {
            row.name: {"state": row.state, "version": row.version}
            for row in self._of(connection, query, table.c.name, tenants)
        }

    def _live(self, connection: Connection) -> list[Row]:
        """Holds that count, of every tenant, oldest first."""
        table = self.database.table("overrides")
        names = ("tenant", "field", "value", "reason", "created_by", "created_at", "expires_at", "request")
        # Times are read as they are: people write them too, and SQLite takes any text.
        columns = [sa.type_coerce(table.c[name], sa.types.NULLTYPE) for name in names]
        query = sa.select(*columns).where(table.c.released_at.is_(None)).order_by(table.c.id)
        found = [dict(zip(names, row)) for row in connection.execute(query)]
        for row in found:
            row["expires_at"] = rows.moment(row["expires_at"])
        return [row for row in found if row["expires_at"] is None or row["expires_at"] > now()]

    def _of(self, connection: Connection, query: t.Any, column: t.Any, tenants: t.Sequence[str]) -> t.Iterator[t.Any]:
        """Rows of some tenants, however many there are."""
        for some in rows.portions(tenants):
            yield from connection.execute(query.where(column.in_(some)))

    def _replace_hold(self, connection: Connection, hold: Hold, row: Row | None, by: str, request: str | None) -> None:
        table = self.database.table("overrides")
        mine = (table.c.tenant == hold.tenant) & (table.c.field == hold.field) & table.c.released_at.is_(None)
        released = {"released_at": now(), "released_by": by, "released_request": request}
        connection.execute(table.update().where(mine).values(**released))
        if row is not None:
            connection.execute(table.insert().values(tenant=hold.tenant, created_at=now(), **row))


def _beside(wanted: t.Sequence[Hold], live: t.Mapping[str, t.Mapping[str, Row]], fields: t.Sequence[str]) -> list[Hold]:
    """Releases of the holds of these fields, but for what is wanted itself."""
    asked = {(one.tenant, one.field) for one in wanted}
    return [
        Hold(tenant, field, None)
        for tenant in sorted({one.tenant for one in wanted})
        for field in live.get(tenant, {})
        if (tenant, field) not in asked and any(fnmatch.fnmatchcase(field, pattern) for pattern in fields)
    ]


def _hold_row(
    hold: Hold, value: str, reason: str, expires: datetime.datetime | None, by: str, request: str | None
) -> Row:
    return {
        "field": hold.field,
        "value": value,
        "reason": reason,
        "created_by": by,
        "expires_at": expires,
        "request": request,
    }


def _check_value(hold: Hold) -> None:
    if hold.value is None:
        return
    try:
        spec_overrides.check(hold.field, hold.value)
    except ValueError as error:
        raise TenantryError(f"{hold.field} cannot be held: {error}", "invalid") from None


def _until(text: str | None) -> datetime.datetime | None:
    until = rows.time_of(text)
    if until is not None and until <= now():
        raise TenantryError(f"{text!r} is over: a hold that ends then holds nothing", "invalid")
    return until


def _same(held: t.Mapping[str, t.Any], value: str, reason: str, expires: datetime.datetime | None) -> bool:
    return (held["value"], held["reason"], held["expires_at"]) == (value, reason, expires)
