# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the platform writes into the tenant database: operations, their steps, and what people hold against it."""

from __future__ import annotations

import dataclasses
import datetime
import fnmatch
import functools
import random
import secrets
import time
import typing as t

from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.plugin_utils import database as db
from ansible_collections.tenantry.platform.plugins.plugin_utils import spec_overrides

try:
    import sqlalchemy as sa
except ImportError:  # database.connect() says what to install
    sa = None  # type: ignore[assignment]

if t.TYPE_CHECKING:
    from sqlalchemy.engine import Connection

Row = dict[str, t.Any]

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
# SQLite takes 32,766 parameters in a statement, and servers have limits of their own.
_AT_ONCE = 1000
_TRIES = 6
# Kinds of errors that tell that the new release is at fault, and not a server, the network or the disk.
BLAMED = ("unhealthy", "job_failed", "hook_failed")
# In the place of a tenant's name: what orders the transactions that write holds. No tenant can be called so.
_HOLDS = "*holds*"


@dataclasses.dataclass(frozen=True)
class Begun:
    """An operation that was recorded as running."""

    id: str
    token: int  # larger than that of every earlier operation on the tenant


@dataclasses.dataclass(frozen=True)
class Hold:
    """A field of a tenant to hold at a value; None releases the hold."""

    tenant: str
    field: str
    value: str | None


def new_id() -> str:
    """A ULID: 26 characters that sort by time."""
    number = (int(time.time() * 1000) << 80) | secrets.randbits(80)
    return "".join(_CROCKFORD[(number >> shift) & 31] for shift in range(125, -1, -5))


def now() -> datetime.datetime:
    """The time for rows: UTC, to the second."""
    return datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)


Method = t.TypeVar("Method", bound=t.Callable[..., t.Any])


def _again(method: Method) -> Method:
    """Repeat a transaction that met another one: two first rows of a tenant at once, a deadlock, a busy file."""

    @functools.wraps(method)
    def wrapper(*arguments: t.Any, **options: t.Any) -> t.Any:
        for turn in range(_TRIES):
            try:
                return method(*arguments, **options)
            except TenantryError as error:
                if error.error_kind not in ("database_constraint", "database_busy") or turn == _TRIES - 1:
                    raise
                time.sleep(random.uniform(0.01, 0.1) * 2**turn)
        raise AssertionError("unreachable")

    return t.cast(Method, wrapper)


class Ledger:
    """Operations and overrides of a tenant database. Every method is one transaction."""

    def __init__(self, database: db.Database) -> None:
        self.database = database

    @classmethod
    def open(cls, settings: t.Mapping[str, t.Any]) -> Ledger:
        """The ledger of the database that the inventory names in ``tenantry_database``.

        :raises TenantryError: what :func:`database.connect` raises.
        """
        return cls(db.connect(settings))

    # -- operations ------------------------------------------------------------------------------------------------

    @_again
    def begin(
        self, tenant: str, action: str, requested_by: str, source: str | None = None, target: str | None = None
    ) -> Begun:
        """Record that an operation runs.

        :param source: digest of the spec that was applied before.
        :param target: digest of the spec that is wanted. An upgrade between the two that failed before was
            acknowledged, or this one would not begin.
        """
        operations = self.database.table("operations")
        with self.database.writing() as connection:
            begun = Begun(new_id(), self._next_token(connection, tenant))
            if action == "upgrade":
                same = (operations.c.source == source) & (operations.c.target == target)
                acknowledged = {"acknowledged_at": now(), "acknowledged_by": requested_by}
                connection.execute(
                    operations.update()
                    .where((operations.c.tenant == tenant) & same & self._blamed())
                    .values(**acknowledged)
                )
            connection.execute(
                operations.insert().values(
                    id=begun.id,
                    tenant=tenant,
                    action=action,
                    status="running",
                    token=begun.token,
                    requested_by=requested_by,
                    started_at=now(),
                    source=source,
                    target=target,
                )
            )
        return begun

    def unacknowledged(self) -> dict[str, dict[tuple[str, str], str]]:
        """By tenant, and by digests of the specs before and wanted, which operation failed because of the change."""
        table = self.database.table("operations")
        query = sa.select(table).where(self._blamed()).order_by(table.c.token)
        found: dict[str, dict[tuple[str, str], str]] = {}
        with self.database.reading() as connection:
            for row in connection.execute(query):
                began = spec_overrides.written(_moment(row.started_at))
                told = f"{row.action} {row.id} of {began}, {row.error_kind}"
                found.setdefault(row.tenant, {})[row.source, row.target] = told
        return found

    def _blamed(self) -> t.Any:
        """Operations that failed because of what they were to bring, and that nobody acknowledged."""
        table = self.database.table("operations")
        return (
            table.c.status.in_(("failure", "fatal"))
            & table.c.error_kind.in_(BLAMED)
            & table.c.acknowledged_at.is_(None)
            & table.c.source.is_not(None)
        )

    def _next_token(self, connection: Connection, tenant: str) -> int:
        tokens = self.database.table("fencing_tokens")
        mine = tokens.c.tenant == tenant
        if not connection.execute(tokens.update().where(mine).values(token=tokens.c.token + 1)).rowcount:
            connection.execute(tokens.insert().values(tenant=tenant, token=1))
        return int(connection.execute(sa.select(tokens.c.token).where(mine)).scalar_one())

    def _queue(self, connection: Connection, tenant: str) -> None:
        """Wait until no other transaction writes about the tenant: servers let them overlap, and then deadlock."""
        tokens = self.database.table("fencing_tokens")
        connection.execute(tokens.update().where(tokens.c.tenant == tenant).values(token=tokens.c.token))

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
            table.c.status.in_(("failure", "fatal", "cancelled")), table.c.started_at >= since
        )
        with self.database.reading() as connection:
            return [row.tenant for row in connection.execute(query.distinct())]

    def last_end(self, tenants: t.Sequence[str], since: datetime.datetime) -> datetime.datetime | None:
        """When the last operation ended that began on one of these tenants since then; None where none did."""
        table = self.database.table("operations")
        query = sa.select(table.c.tenant, table.c.finished_at).where(
            table.c.started_at >= since, table.c.finished_at.is_not(None)
        )
        chosen = set(tenants)
        with self.database.reading() as connection:
            ends = [_moment(row.finished_at) for row in connection.execute(query) if row.tenant in chosen]
        return max((one for one in ends if one is not None), default=None)

    def history(self, tenants: t.Sequence[str], limit: int) -> list[dict[str, t.Any]]:
        """The last operations of each tenant, oldest first: columns of the relation, with times in UTC as text."""
        table = self.database.table("operations")
        last = sa.func.row_number().over(partition_by=table.c.tenant, order_by=table.c.token.desc()).label("last")
        found = []
        with self.database.reading() as connection:
            for some in _portions(tenants):
                numbered = sa.select(table, last).where(table.c.tenant.in_(some)).subquery()
                query = sa.select(numbered).where(numbered.c.last <= limit)
                found += [
                    _shown(row) for row in connection.execute(query.order_by(numbered.c.tenant, numbered.c.token))
                ]
        return found

    def steps(self, operation: str) -> list[dict[str, t.Any]]:
        """The steps of one operation, in their order: ``name``, ``status``, ``started_at``, ``finished_at``.

        :raises TenantryError: ``unknown_operation``.
        """
        operations, table = self.database.table("operations"), self.database.table("operation_steps")
        query = sa.select(table).where(table.c.operation == operation).order_by(table.c.position)
        with self.database.reading() as connection:
            if connection.execute(sa.select(operations.c.id).where(operations.c.id == operation)).first() is None:
                raise TenantryError(f"operation {operation} is not in the ledger", "unknown_operation")
            return [_shown(row) for row in connection.execute(query)]

    @_again
    def finish(
        self,
        operation: str,
        status: str,
        error_kind: str | None = None,
        message: str | None = None,
        release: str | None = None,
        steps: t.Sequence[t.Mapping[str, t.Any]] = (),
        spec_digest: str | None = None,
        version: str | None = None,
    ) -> None:
        """Record how an operation ended. What ended once is not changed again.

        Earlier operations on the tenant that never ended are superseded: this one held the tenant's lock after them.

        :param status: ``success``, ``failure``, ``fatal``, ``cancelled`` or ``superseded``.
        :param release: the release that serves now; of a success it is recorded as applied.
        :param steps: the node's journal: ``step``, ``result``, ``began_at``, ``ended_at``.
        :param spec_digest: digest of the spec that the release was made of.
        :param version: version of the tenant in that spec.
        :raises TenantryError: ``unknown_operation``.
        """
        operations, rows = self.database.table("operations"), self.database.table("operation_steps")
        mine = operations.c.id == operation
        with self.database.writing() as connection:
            wanted = sa.select(operations.c.status, operations.c.tenant, operations.c.token).where(mine)
            row = connection.execute(wanted).first()
            if row is None:
                raise TenantryError(f"operation {operation} is not in the ledger", "unknown_operation")
            self._queue(connection, row.tenant)
            # One that waited for the lock behind this one was taken for lost, and still ends.
            if row.status not in ("running", "superseded"):
                return
            connection.execute(
                operations.update()
                .where(mine)
                .values(
                    status=status,
                    error_kind=error_kind,
                    message=message or None,
                    release_id=release,
                    finished_at=now(),
                )
            )
            if steps:
                connection.execute(rows.insert(), [_step(operation, number, one) for number, one in enumerate(steps)])
            # A cancelled one never had the lock.
            if status != "cancelled":
                self._supersede(connection, row.tenant, row.token)
            if status == "success" and release:
                known = {"spec_digest": spec_digest, "version": version}
                self._record_release(connection, row.tenant, release, operation, known)

    def _supersede(self, connection: Connection, tenant: str, token: int) -> None:
        operations = self.database.table("operations")
        older = (operations.c.tenant == tenant) & (operations.c.token < token) & (operations.c.status == "running")
        connection.execute(operations.update().where(older).values(status="superseded", finished_at=now()))

    def _record_release(
        self, connection: Connection, tenant: str, release: str, operation: str, known: dict[str, str | None]
    ) -> None:
        applied = self.database.table("applied_releases")
        mine = (applied.c.tenant == tenant) & (applied.c.release_id == release)
        values: dict[str, t.Any] = {key: value for key, value in known.items() if value is not None}
        values.update(operation=operation, applied_at=now())
        if not connection.execute(applied.update().where(mine).values(**values)).rowcount:
            connection.execute(applied.insert().values(tenant=tenant, release_id=release, **values))

    # -- overrides -------------------------------------------------------------------------------------------------

    @_again
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
                self._next_token(connection, _HOLDS)
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

    @_again
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
            self._next_token(connection, _HOLDS)
            for condition in (mine, replaced):
                query = sa.select(table.c.tenant).where(condition)
                found.update(row.tenant for row in self._of(connection, query, table.c.tenant, tenants))
            for some in _portions(sorted(found)):
                chosen = table.c.tenant.in_(some)
                connection.execute(table.update().where(mine & chosen).values(released_at=now(), released_by=by))
                back = {"released_at": None, "released_by": None, "released_request": None}
                connection.execute(table.update().where(replaced & chosen).values(**back))
        return sorted(found)

    def holds(self, tenants: t.Sequence[str] | None = None) -> list[dict[str, t.Any]]:
        """What is held now, oldest first.

        :param tenants: of whom; of all by default.
        :returns: ``tenant``, ``field``, ``value``, ``reason``, ``by``, ``since`` and ``until``; times in UTC.
        """
        with self.database.reading() as connection:
            rows = self._live(connection)
        return [
            {
                "tenant": row["tenant"],
                "field": row["field"],
                "value": row["value"],
                "reason": row["reason"],
                "by": row["created_by"],
                "since": spec_overrides.written(_moment(row["created_at"])),
                "until": spec_overrides.written(row["expires_at"]),
            }
            for row in rows
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
        names = ("tenant", "field", "value", "reason", "created_by", "created_at", "expires_at")
        # Times are read as they are: people write them too, and SQLite takes any text.
        columns = [sa.type_coerce(table.c[name], sa.types.NULLTYPE) for name in names]
        query = sa.select(*columns).where(table.c.released_at.is_(None)).order_by(table.c.id)
        rows = [dict(zip(names, row)) for row in connection.execute(query)]
        for row in rows:
            row["expires_at"] = _moment(row["expires_at"])
        return [row for row in rows if row["expires_at"] is None or row["expires_at"] > now()]

    def _of(self, connection: Connection, query: t.Any, column: t.Any, tenants: t.Sequence[str]) -> t.Iterator[t.Any]:
        """Rows of some tenants, however many there are."""
        for some in _portions(tenants):
            yield from connection.execute(query.where(column.in_(some)))

    def _replace_hold(self, connection: Connection, hold: Hold, row: Row | None, by: str, request: str | None) -> None:
        table = self.database.table("overrides")
        mine = (table.c.tenant == hold.tenant) & (table.c.field == hold.field) & table.c.released_at.is_(None)
        released = {"released_at": now(), "released_by": by, "released_request": request}
        connection.execute(table.update().where(mine).values(**released))
        if row is not None:
            connection.execute(table.insert().values(tenant=hold.tenant, created_at=now(), **row))


def _portions(tenants: t.Sequence[str]) -> t.Iterator[t.Sequence[str]]:
    for start in range(0, len(tenants), _AT_ONCE):
        yield tenants[start : start + _AT_ONCE]


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


def _shown(row: t.Any) -> dict[str, t.Any]:
    """A row for people and programs: times as ISO 8601 text."""
    return {
        name: _instant(value) if name.endswith("_at") else value
        for name, value in row._mapping.items()
        if name != "last"
    }


def _instant(value: t.Any) -> str | None:
    moment = _moment(value)
    return None if moment is None else moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _step(operation: str, position: int, step: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    return {
        "operation": operation,
        "position": position,
        "name": step["step"],
        "status": step["result"] or "interrupted",
        "started_at": _time(step["began_at"]),
        "finished_at": _time(step["ended_at"]),
    }


def _check_value(hold: Hold) -> None:
    if hold.value is None:
        return
    try:
        spec_overrides.check(hold.field, hold.value)
    except ValueError as error:
        raise TenantryError(f"{hold.field} cannot be held: {error}", "invalid") from None


def _until(text: str | None) -> datetime.datetime | None:
    until = _time(text)
    if until is not None and until <= now():
        raise TenantryError(f"{text!r} is over: a hold that ends then holds nothing", "invalid")
    return until


def _same(held: t.Mapping[str, t.Any], value: str, reason: str, expires: datetime.datetime | None) -> bool:
    return (held["value"], held["reason"], held["expires_at"]) == (value, reason, expires)


def _moment(value: t.Any) -> datetime.datetime | None:
    """A time of a row; one that cannot be read counts as none, the inventory tells about it."""
    try:
        return spec_overrides.moment(value)
    except ValueError:
        return None


def _time(text: str | None) -> datetime.datetime | None:
    """A time from ISO 8601 text; UTC where it names no offset."""
    try:
        return spec_overrides.moment(text or None)
    except ValueError as error:
        raise TenantryError(str(error), "invalid") from None
