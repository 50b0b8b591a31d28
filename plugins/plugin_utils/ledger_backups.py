# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tenant database knows of backups: made, verified, tried by a drill, and gone.

It is the platform's memory, and not the truth: what a repository really has, M(tenantry.platform.backup_info) says.
"""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

from ansible_collections.tenantry.platform.plugins.plugin_utils import database as db
from ansible_collections.tenantry.platform.plugins.plugin_utils import ledger_rows as rows
from ansible_collections.tenantry.platform.plugins.plugin_utils.ledger_rows import Row, now

try:
    import sqlalchemy as sa
except ImportError:  # database.connect() says what to install
    sa = None  # type: ignore[assignment]

_IDENTITY = ("tenant", "service", "engine", "repository", "label")
_PLACE = ("tenant", "service", "policy", "engine", "repository")


@dataclasses.dataclass(frozen=True)
class Backup:
    """One backup in one repository, or the attempt at one; fields are the columns of the relation ``backups``.

    :ivar label: None of one that failed. What one run made of several volumes has one label, and is one row.
    :ivar kind: ``full``, ``incremental``, ``differential`` or ``snapshot``.
    :ivar status: ``success`` or ``failure``.
    :ivar started_at: ISO 8601, UTC.
    :ivar operation: id of the operation that made it.
    """

    tenant: str
    service: str
    policy: str
    engine: str
    repository: str
    label: str | None
    kind: str
    status: str
    started_at: str
    finished_at: str
    bytes: int | None = None
    source_bytes: int | None = None
    error_kind: str | None = None
    message: str | None = None
    operation: str | None = None

    def values(self) -> Row:
        """Columns, as drivers take them."""
        found = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        for name, value in found.items():
            if name.endswith("_at"):
                found[name] = rows.time_of(value)
            elif isinstance(value, str):
                found[name] = str.__str__(value)
        return found


class Backups:
    """The relation ``backups`` of a tenant database. Every method is one transaction."""

    def __init__(self, database: db.Database) -> None:
        self.database = database

    @classmethod
    def open(cls, settings: t.Mapping[str, t.Any]) -> Backups:
        """Those of the database that the inventory names in ``tenantry_database``.

        :raises TenantryError: what :func:`database.connect` raises.
        """
        return cls(db.connect(settings))

    @rows.again
    def record(self, made: t.Sequence[Backup]) -> None:
        """Write down what came of backups. One that is known already is corrected: its run was told twice."""
        table = self.database.table("backups")
        with self.database.writing() as connection:
            for one in made:
                values = one.values()
                if one.label is not None:
                    same = sa.and_(*(table.c[name] == values[name] for name in _IDENTITY))
                    if connection.execute(table.update().where(same).values(**values)).rowcount:
                        continue
                connection.execute(table.insert().values(**values))

    def latest(self, tenants: t.Sequence[str], status: str = "success") -> list[Row]:
        """The newest backup of each service by policy, engine, repository and kind.

        :param status: ``success``: of those that were not removed since; ``failure``: the newest attempt that failed.
        :returns: columns of the relation, times in UTC as text.
        """
        table = self.database.table("backups")
        group = (table.c.tenant, table.c.service, table.c.policy, table.c.engine, table.c.repository, table.c.kind)
        newest = (table.c.finished_at.desc(), table.c.id.desc())
        condition = (table.c.status == status) & table.c.removed_at.is_(None)
        return self._last(tenants, group, newest, condition)

    def kept(self, tenants: t.Sequence[str]) -> list[Row]:
        """Every backup that was not removed, by service and repository, oldest first; as :meth:`latest` has them."""
        table = self.database.table("backups")
        there = (table.c.status == "success") & table.c.removed_at.is_(None)
        order = (table.c.tenant, table.c.service, table.c.repository, table.c.finished_at, table.c.id)
        found: list[Row] = []
        with self.database.reading() as connection:
            for some in rows.portions(tenants):
                query = sa.select(*rows.raw(table)).where(there & table.c.tenant.in_(some)).order_by(*order)
                found += [rows.shown(row) for row in connection.execute(query)]
        return found

    def failures(self, tenants: t.Sequence[str]) -> list[Row]:
        """How often a policy failed in a repository since the last backup there, where it did.

        :returns: ``tenant``, ``service``, ``policy``, ``engine``, ``repository``, ``failures``, and ``failed_at``.
        """
        table = self.database.table("backups")
        group = [table.c[name] for name in _PLACE]
        well = sa.select(*group, sa.func.max(table.c.finished_at).label("at")).where(table.c.status == "success")
        found: list[Row] = []
        with self.database.reading() as connection:
            for some in rows.portions(tenants):
                good = well.where(table.c.tenant.in_(some)).group_by(*group).subquery()
                same = sa.and_(*(good.c[name] == table.c[name] for name in _PLACE))
                since = good.c.at.is_(None) | (table.c.finished_at > good.c.at)
                failed_at = sa.type_coerce(sa.func.max(table.c.finished_at), sa.types.NULLTYPE).label("failed_at")
                query = sa.select(*group, sa.func.count().label("failures"), failed_at)
                query = query.select_from(table.outerjoin(good, same))
                query = query.where((table.c.status == "failure") & table.c.tenant.in_(some) & since).group_by(*group)
                found += [rows.shown(row) for row in connection.execute(query)]
        return found

    def verified(self, tenants: t.Sequence[str]) -> list[Row]:
        """When everything was last read that a repository has of a service.

        :returns: ``tenant``, ``service``, ``repository`` and ``verified_at``.
        """
        table = self.database.table("backups")
        group = (table.c.tenant, table.c.service, table.c.repository)
        last = sa.type_coerce(sa.func.max(table.c.verified_at), sa.types.NULLTYPE).label("verified_at")
        found: list[Row] = []
        with self.database.reading() as connection:
            for some in rows.portions(tenants):
                there = table.c.verified_at.is_not(None) & table.c.tenant.in_(some)
                query = sa.select(*group, last).where(there).group_by(*group)
                found += [rows.shown(row) for row in connection.execute(query)]
        return found

    def drills(self, tenants: t.Sequence[str]) -> list[Row]:
        """The newest drill of each service, whatever came of it; ``drill_seconds`` is how long a restore took.

        :returns: as :meth:`latest`, also of backups that were removed since.
        """
        table = self.database.table("backups")
        newest = (table.c.drill_at.desc(), table.c.id.desc())
        return self._last(tenants, (table.c.tenant, table.c.service), newest, table.c.drill_at.is_not(None))

    def _last(self, tenants: t.Sequence[str], group: t.Any, newest: t.Any, condition: t.Any) -> list[Row]:
        table = self.database.table("backups")
        last = sa.func.row_number().over(partition_by=group, order_by=newest).label("last")
        found = []
        with self.database.reading() as connection:
            for some in rows.portions(tenants):
                numbered = sa.select(*rows.raw(table), last).where(condition & table.c.tenant.in_(some)).subquery()
                query = sa.select(numbered).where(numbered.c.last == 1).order_by(numbered.c.tenant, numbered.c.id)
                found += [rows.shown(row) for row in connection.execute(query)]
        return found

    def mark_verified(self, tenant: str, service: str, repository: str, at: datetime.datetime | None = None) -> int:
        """Note that everything was read that a repository has of a service, and was whole.

        :param at: when the reading began: what was made later was not read.
        :returns: of how many backups that is now known.
        """
        table, moment = self.database.table("backups"), at or now()
        read = self._there(tenant, service, repository) & (table.c.finished_at <= moment)
        return self._mark(read, verified_at=moment)

    def mark_drilled(
        self,
        tenant: str,
        service: str,
        repository: str,
        label: str,
        *,
        status: str,
        seconds: float | None = None,
        message: str = "",
    ) -> int:
        """Note what came of a drill.

        :param status: ``success`` or ``failure``.
        :param seconds: how long it took until the restored service answered: the measured recovery time.
        :returns: 1, or 0 for a backup that is not known.
        """
        table = self.database.table("backups")
        values = {"drill_at": now(), "drill_status": status, "drill_seconds": seconds, "drill_message": message}
        return self._mark(self._there(tenant, service, repository) & (table.c.label == label), **values)

    def mark_removed(self, tenant: str, service: str, repository: str, labels: t.Sequence[str]) -> int:
        """Note which backups are gone; returns how many of them were known to be there."""
        table = self.database.table("backups")
        there = self._there(tenant, service, repository)
        return sum(
            self._mark(there & table.c.label.in_([str.__str__(one) for one in some]), removed_at=now())
            for some in rows.portions(labels)
        )

    def _there(self, tenant: str, service: str, repository: str) -> t.Any:
        table = self.database.table("backups")
        return (
            (table.c.tenant == str.__str__(tenant))
            & (table.c.service == str.__str__(service))
            & (table.c.repository == str.__str__(repository))
            & (table.c.status == "success")
            & table.c.removed_at.is_(None)
        )

    @rows.again
    def _mark(self, which: t.Any, **values: t.Any) -> int:
        table = self.database.table("backups")
        with self.database.writing() as connection:
            return int(connection.execute(table.update().where(which).values(**values)).rowcount)
