# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all parts of the ledger share: ids, times, transactions that meet each other, rows as people read them."""

from __future__ import annotations

import datetime
import functools
import random
import secrets
import time
import typing as t

from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.plugin_utils import database_schema, spec_overrides

try:
    import sqlalchemy as sa
except ImportError:  # database.connect() says what to install
    sa = None  # type: ignore[assignment]

if t.TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from ansible_collections.tenantry.platform.plugins.plugin_utils import database as db

Row = dict[str, t.Any]

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
# SQLite takes 32,766 parameters in a statement, and servers have limits of their own.
_AT_ONCE = 1000
_TRIES = 6


def new_id() -> str:
    """A ULID: 26 characters that sort by time."""
    number = (int(time.time() * 1000) << 80) | secrets.randbits(80)
    return "".join(_CROCKFORD[(number >> shift) & 31] for shift in range(125, -1, -5))


def now() -> datetime.datetime:
    """The time for rows: UTC, to the second."""
    return datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)


def clock(connection: Connection) -> t.Any:
    """The time by which leases are judged, for a statement: controllers may disagree, the database does not.

    Not that of the transaction, which may have waited for another one. SQLite's clock is this machine's.
    """
    if connection.dialect.name == "sqlite":
        return datetime.datetime.now(datetime.timezone.utc)
    return sa.func.clock_timestamp() if connection.dialect.name == "postgresql" else sa.func.utc_timestamp()


def clock_reading(connection: Connection) -> datetime.datetime:
    """The time of :func:`clock`, as a value."""
    wanted = clock(connection)
    if isinstance(wanted, datetime.datetime):
        return wanted
    if connection.dialect.name != "postgresql":
        wanted = sa.func.utc_timestamp(6)  # columns there hold whole seconds, the clock need not
    found = spec_overrides.moment(connection.execute(sa.select(wanted)).scalar_one())
    return t.cast(datetime.datetime, found)  # a clock always says something


Method = t.TypeVar("Method", bound=t.Callable[..., t.Any])


def again(method: Method) -> Method:
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


def portions(tenants: t.Sequence[str]) -> t.Iterator[t.Sequence[str]]:
    """Names in as many statements as it takes."""
    for start in range(0, len(tenants), _AT_ONCE):
        yield tenants[start : start + _AT_ONCE]


def next_token(database: db.Database, connection: Connection, tenant: str) -> int:
    """Count the tenant's fencing token up; the transactions that write about the tenant come one after the other."""
    tokens = database.table("fencing_tokens")
    mine = tokens.c.tenant == tenant
    if not connection.execute(tokens.update().where(mine).values(token=tokens.c.token + 1)).rowcount:
        connection.execute(tokens.insert().values(tenant=tenant, token=1))
    return int(connection.execute(sa.select(tokens.c.token).where(mine)).scalar_one())


def queue(database: db.Database, connection: Connection, tenant: str) -> None:
    """Wait until no other transaction writes about the tenant: servers let them overlap, and then deadlock."""
    tokens = database.table("fencing_tokens")
    connection.execute(tokens.update().where(tokens.c.tenant == tenant).values(token=tokens.c.token))


def raw(table: t.Any) -> list[t.Any]:
    """All columns as the database has them: other programs write times too, and SQLite takes any text."""
    return [sa.type_coerce(column, sa.types.NULLTYPE).label(column.name) for column in table.c]


def moment(value: t.Any) -> datetime.datetime | None:
    """A time of a row; one that cannot be read counts as none, the inventory tells about it."""
    try:
        return spec_overrides.moment(value)
    except ValueError:
        return None


def time_of(text: str | None) -> datetime.datetime | None:
    """A time from ISO 8601 text; UTC where it names no offset.

    :raises TenantryError: ``invalid``.
    """
    try:
        return spec_overrides.moment(text or None)
    except ValueError as error:
        raise TenantryError(str(error), "invalid") from None


def shown(row: t.Any) -> Row:
    """A row for people and programs: times as ISO 8601 text."""
    return {
        name: _instant(value) if database_schema.is_time(name) else value
        for name, value in row._mapping.items()
        if name != "last"
    }


def _instant(value: t.Any) -> str | None:
    found = moment(value)
    return None if found is None else found.isoformat(timespec="milliseconds").replace("+00:00", "Z")
