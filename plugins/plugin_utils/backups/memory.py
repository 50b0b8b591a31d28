# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the ledger has of the backups of some tenants, read once for all of them."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.tenantry.platform.plugins.module_utils.backup_driver import DIFFERENTIAL, INCREMENTAL
from ansible_collections.tenantry.platform.plugins.plugin_utils.backups import due, status
from ansible_collections.tenantry.platform.plugins.plugin_utils.backups.due import Known, Policy
from ansible_collections.tenantry.platform.plugins.plugin_utils.backups.status import Last
from ansible_collections.tenantry.platform.plugins.plugin_utils.ledger_backups import Backups

Row = dict[str, t.Any]
#: Service, engine, policy, repository: a policy whose engine was changed begins anew.
Place = tuple[str, str, str, str]


@dataclasses.dataclass
class Memory:
    """Of each tenant what there is in each place."""

    made: dict[str, dict[Place, list[Row]]] = dataclasses.field(default_factory=dict)
    failed: dict[str, dict[Place, Row]] = dataclasses.field(default_factory=dict)
    said: dict[str, dict[Place, list[Row]]] = dataclasses.field(default_factory=dict)
    drilled: dict[str, dict[str, Row]] = dataclasses.field(default_factory=dict)
    read: dict[str, dict[tuple[str, str], str]] = dataclasses.field(default_factory=dict)

    @classmethod
    def of(cls, backups: Backups, tenants: t.Sequence[str]) -> Memory:
        """Read it.

        :raises TenantryError: of the database.
        """
        memory = cls()
        for row in backups.latest(tenants):
            memory.made.setdefault(row["tenant"], {}).setdefault(_place(row), []).append(row)
        for row in backups.failures(tenants):
            memory.failed.setdefault(row["tenant"], {})[_place(row)] = row
        for row in backups.latest(tenants, status="failure"):
            memory.said.setdefault(row["tenant"], {}).setdefault(_place(row), []).append(row)
        for row in backups.drills(tenants):
            memory.drilled.setdefault(row["tenant"], {})[row["service"]] = row
        for row in backups.verified(tenants):
            place = (row["service"], row["repository"])
            memory.read.setdefault(row["tenant"], {})[place] = row["verified_at"]
        return memory

    def last(self, tenant: str, policies: t.Iterable[Policy]) -> dict[tuple[str, str], Last]:
        """By policy and repository what there is."""
        found = {}
        for policy in policies:
            for repository in policy["repositories"]:
                place = (policy["service"], policy["engine"], policy["name"], repository)
                found[policy["name"], repository] = self._last(tenant, place)
        return found

    def _last(self, tenant: str, place: Place) -> Last:
        made = self.made.get(tenant, {}).get(place, [])
        began = {row["kind"]: status.moment(row["started_at"]) for row in made}
        complete = [at for kind, at in began.items() if at and kind not in (INCREMENTAL, DIFFERENTIAL)]
        failed = self.failed.get(tenant, {}).get(place)
        known = Known(
            max(complete, default=None),
            max((at for at in began.values() if at), default=None),
            int(failed["failures"]) if failed else 0,
            status.moment(failed["failed_at"]) if failed else None,
        )
        said = max(self.said.get(tenant, {}).get(place, []), key=_ended, default=None) if failed else None
        return Last(known, max(made, key=_ended, default=None), str(said["message"] or "") if said else "")

    def known(self, tenant: str, policies: t.Iterable[Policy]) -> dict[tuple[str, str], Known]:
        """The same for what is due."""
        return {place: last.known for place, last in self.last(tenant, policies).items() if last.known != due.NOTHING}

    def everything(self, tenant: str) -> t.Iterator[Row]:
        """The newest backup in each place, also of policies that are not there any more."""
        for rows in self.made.get(tenant, {}).values():
            yield max(rows, key=_ended)


def _place(row: Row) -> Place:
    return (row["service"], row["engine"], row["policy"], row["repository"])


def _ended(row: Row) -> str:
    return str(row["finished_at"] or "")
