# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of the tenant database as they are, read with a fixed number of queries whatever the number of tenants.

Nothing is converted on the way: a value that a database without types let in must reach the validation, which names the
tenant and the field, and must not end the reading of all the others.
"""

from __future__ import annotations

import collections
import dataclasses
import typing as t

from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.plugin_utils.database import Database

try:
    import sqlalchemy as sa
except ImportError:  # database.connect() says what to install
    sa = None  # type: ignore[assignment]

if t.TYPE_CHECKING:
    from sqlalchemy.engine import Connection

Row = dict[str, t.Any]

# Relations whose rows belong to a tenant or a stack, in the order in which their rows are read.
OWNED = (
    "services",
    "service_environment",
    "service_labels",
    "service_volumes",
    "service_secrets",
    "service_dependencies",
    "hooks",
    "routes",
    "route_backends",
    "access_rules",
    "secrets",
    "migrations",
    "backup_policies",
)
FILTER_COLUMNS = (
    "name",
    "state",
    "stack",
    "node",
    "zone",
    "subdomain",
    "tier",
    "ring",
    "strategy",
    "version",
    "pinned_version",
)
OPERATORS = ("eq", "ne", "lt", "le", "gt", "ge", "in", "not_in", "like", "is_null", "is_not_null")


@dataclasses.dataclass(frozen=True)
class Filter:
    """A condition on a column of the tenants, evaluated by the database."""

    column: str
    operator: str
    value: t.Any = None

    @classmethod
    def of(cls, option: t.Mapping[str, t.Any]) -> Filter:
        """Check one entry of the inventory option ``where``.

        :raises TenantryError: ``invalid_option``.
        """
        column, operator, value = option.get("column"), option.get("operator") or "eq", option.get("value")
        if column not in FILTER_COLUMNS:
            raise _invalid(f"column {column!r} cannot be filtered: use one of {', '.join(FILTER_COLUMNS)}")
        if operator not in OPERATORS:
            raise _invalid(f"operator {operator!r} of column {column} is unknown: use one of {', '.join(OPERATORS)}")
        if unknown := set(option) - {"column", "operator", "value"}:
            raise _invalid(f"column {column} has unknown keys {', '.join(sorted(map(str, unknown)))}")
        if operator in ("in", "not_in"):
            if not isinstance(value, (list, tuple)) or not all(_is_scalar(one) for one in value):
                raise _invalid(f"operator {operator} of column {column} needs a list of strings or numbers")
            return cls(column, operator, tuple(_plain(one) for one in value))
        if operator not in ("is_null", "is_not_null") and not _is_scalar(value):
            raise _invalid(f"operator {operator} of column {column} needs a string or a number")
        return cls(column, operator, _plain(value))

    def condition(self, column: t.Any) -> t.Any:
        """The SQL expression; the value is always a bound parameter."""
        build: dict[str, t.Callable[[], t.Any]] = {
            "eq": lambda: column == self.value,
            "ne": lambda: column.is_distinct_from(self.value),
            "lt": lambda: column < self.value,
            "le": lambda: column <= self.value,
            "gt": lambda: column > self.value,
            "ge": lambda: column >= self.value,
            "in": lambda: column.in_(self.value),
            "not_in": lambda: sa.or_(column.is_(None), column.not_in(self.value)),
            "like": lambda: column.like(self.value),
            "is_null": lambda: column.is_(None),
            "is_not_null": lambda: column.is_not(None),
        }
        return build[self.operator]()


def _invalid(reason: str) -> TenantryError:
    return TenantryError(f"inventory option where: {reason}", "invalid_option")


def _is_scalar(value: t.Any) -> bool:
    return isinstance(value, (str, int)) and not isinstance(value, bool)


def _plain(value: t.Any) -> t.Any:
    """Without the marks that ansible puts on strings: drivers take exact types."""
    return str.__str__(value) if isinstance(value, str) else value


@dataclasses.dataclass
class Rows:
    """What the database holds about the fleet.

    ``owned`` has for each relation of :data:`OWNED` the rows by owner: ``("tenant", name)`` or ``("stack", name)``.
    """

    settings: dict[t.Any, t.Any] = dataclasses.field(default_factory=dict)
    nodes: list[Row] = dataclasses.field(default_factory=list)
    zones: list[Row] = dataclasses.field(default_factory=list)
    stacks: list[Row] = dataclasses.field(default_factory=list)
    repositories: list[Row] = dataclasses.field(default_factory=list)
    # Of every tenant, filtered or not: what its name and hostnames follow from.
    known: list[Row] = dataclasses.field(default_factory=list)
    tenants: list[Row] = dataclasses.field(default_factory=list)
    owned: dict[str, dict[tuple[str, t.Any], list[Row]]] = dataclasses.field(default_factory=dict)
    # Of every tenant, for the same reason as ``known``.
    overrides: dict[t.Any, list[Row]] = dataclasses.field(default_factory=dict)
    ignore_rules: dict[t.Any, list[Row]] = dataclasses.field(default_factory=dict)


def read(database: Database, filters: t.Sequence[Filter] = ()) -> Rows:
    """Read the fleet in one transaction.

    :param filters: conditions that tenants must meet to be among :attr:`Rows.tenants`.
    """
    with database.reading() as connection:
        reader = _Reader(database, connection)
        rows = Rows()
        rows.settings = {row["name"]: row["value"] for row in reader.rows("settings")}
        rows.nodes = reader.rows("nodes")
        rows.zones = reader.rows("zones")
        rows.stacks = reader.rows("stacks")
        rows.repositories = reader.rows("repositories")
        rows.known = reader.known()
        chosen = reader.chosen(filters, rows)
        rows.tenants = reader.rows("tenants", chosen)
        for name in OWNED:
            # Routes are read of every tenant: a hostname belongs to one, whether a filter shows it or not.
            every = name == "routes" or not filters
            rows.owned[name] = reader.by_owner(name, None if every else chosen)
        rows.overrides = reader.by_tenant("overrides", "released_at")
        rows.ignore_rules = reader.by_tenant("ignore_rules")
        return rows


class _Reader:
    """Reads relations through one connection."""

    def __init__(self, database: Database, connection: Connection) -> None:
        self.database = database
        self.connection = connection

    def rows(self, name: str, condition: t.Any = None) -> list[Row]:
        """All columns of a relation, unconverted, first made first."""
        table = self.database.table(name)
        columns = [column for column in table.c if column.name != "created_at"]
        return self._fetch(columns, table.c.id if "id" in table.c else None, condition)

    def _fetch(self, columns: t.Sequence[t.Any], order: t.Any, condition: t.Any) -> list[Row]:
        statement = sa.select(*(sa.type_coerce(column, sa.types.NULLTYPE).label(column.name) for column in columns))
        if condition is not None:
            statement = statement.where(condition)
        if order is not None:
            statement = statement.order_by(order)
        names = [column.name for column in columns]
        return [dict(zip(names, row)) for row in self.connection.execute(statement)]

    def known(self) -> list[Row]:
        table = self.database.table("tenants")
        names = ("id", "name", "state", "stack", "zone", "subdomain")
        return self._fetch([table.c[name] for name in names], table.c.id, None)

    def chosen(self, filters: t.Sequence[Filter], rows: Rows) -> t.Any:
        """The condition of the tenants relation; None when every tenant is wanted."""
        table = self.database.table("tenants")
        conditions = []
        for one in filters:
            column: t.Any = table.c[one.column]
            fallback = {"node": default_node(rows), "zone": default_zone(rows)}.get(one.column)
            if fallback is not None:
                column = sa.func.coalesce(column, sa.literal(fallback))
            conditions.append(one.condition(column))
        return sa.and_(*conditions) if conditions else None

    def by_owner(self, name: str, chosen: t.Any) -> dict[tuple[str, t.Any], list[Row]]:
        table, tenants = self.database.table(name), self.database.table("tenants")
        condition = None
        if chosen is not None:
            condition = sa.or_(table.c.tenant.is_(None), table.c.tenant.in_(sa.select(tenants.c.name).where(chosen)))
        grouped: dict[tuple[str, t.Any], list[Row]] = collections.defaultdict(list)
        for row in self.rows(name, condition):
            tenant, stack = row.pop("tenant"), row.pop("stack")
            grouped[("tenant", tenant) if tenant is not None else ("stack", stack)].append(row)
        return grouped

    def by_tenant(self, name: str, absent: str | None = None) -> dict[t.Any, list[Row]]:
        table = self.database.table(name)
        grouped: dict[t.Any, list[Row]] = collections.defaultdict(list)
        for row in self.rows(name, None if absent is None else table.c[absent].is_(None)):
            grouped[row.pop("tenant")].append(row)
        return grouped


def default_node(rows: Rows) -> t.Any:
    """The node of tenants that name none: the one that the settings name, else the only one."""
    return rows.settings.get("default_node") or (rows.nodes[0]["name"] if len(rows.nodes) == 1 else None)


def default_zone(rows: Rows) -> t.Any:
    """The zone of tenants that name none: the one that the settings name, else the only one."""
    return rows.settings.get("default_zone") or (rows.zones[0]["name"] if len(rows.zones) == 1 else None)
