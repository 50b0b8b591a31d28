# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is to be done about the backups of a tenant: orders, each for one run of the module ``backup``. Pure."""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

from ansible_collections.tenantry.platform.plugins.module_utils.backup_driver import FULL
from ansible_collections.tenantry.platform.plugins.plugin_utils.backups import due
from ansible_collections.tenantry.platform.plugins.plugin_utils.backups.due import PGBACKREST, Known, Policy
from ansible_collections.tenantry.platform.plugins.plugin_utils.render import names

PRESENT, VERIFIED, PRUNED = STATES = ("present", "verified", "pruned")
RESTIC = "restic"


@dataclasses.dataclass(frozen=True)
class Wishes:
    """What a run is asked for.

    :ivar only_due: only what is due now, else everything that is named.
        :ivar service: of this name alone; empty for all.
        :ivar kind: what to make with pgBackRest when it is not asked what is due.
        :ivar repository: in this one alone; empty for all.
        :ivar jitter: seconds by which a tenant is due later at most.
        :ivar root: where nodes keep tenants.
    """

    now: datetime.datetime
    state: str = PRESENT
    only_due: bool = False
    service: str = ""
    kind: str = FULL
    repository: str = ""
    jitter: int = due.JITTER
    root: str = "/srv/tenantry"


@dataclasses.dataclass(frozen=True)
class Order:
    """One run of the module.

    :ivar policy: whose backups are made; those of a service have one place, so that pruning knows no policy.
    :ivar first: whether there was no backup yet in one of them.
    """

    service: str
    engine: str
    policy: str
    kind: str
    repositories: tuple[str, ...]
    database: t.Mapping[str, t.Any] | None
    run_as: str
    volumes: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    retention_days: int = 30
    keep_last: int = 3
    first: bool = False

    def as_dict(self) -> dict[str, t.Any]:
        """As a fact."""
        return {key: list(one) if isinstance(one, tuple) else one for key, one in vars(self).items()}


#: By policy and repository.
Ledger = t.Mapping[tuple[str, str], Known]


def orders(
    spec: t.Mapping[str, t.Any], policies: t.Sequence[Policy], known: Ledger, wishes: Wishes
) -> list[dict[str, t.Any]]:
    """What a run does for one tenant.

    :param policies: ``tenant_policies.backups``.
    """
    chosen = [one for one in policies if not wishes.service or one["service"] == wishes.service]
    runs = spec["state"] == "active"
    if wishes.state == PRESENT:
        found = [order for policy in chosen for order in _made(spec, policy, known, wishes)] if runs else []
    else:
        # pgBackRest works in the container of its server.
        found = [
            order
            for group in _by_place(one for one in chosen if runs or one["engine"] != PGBACKREST)
            for order in _kept(group, wishes)
        ]
    return [one.as_dict() for one in found]


def _made(spec: t.Mapping[str, t.Any], policy: Policy, known: Ledger, wishes: Wishes) -> t.Iterator[Order]:
    late = due.jitter(spec["name"], policy["name"], wishes.jitter)
    possible = [kind for kind, _schedule in due.kinds(policy)]
    named = wishes.kind if wishes.kind in possible else possible[0]
    by_kind: dict[str, list[str]] = {}
    for repository in _wanted(policy["repositories"], wishes):
        has = known.get((policy["name"], repository), due.NOTHING)
        kind = due.due(policy, has, late, wishes.now) if wishes.only_due else named
        if kind is not None:
            by_kind.setdefault(kind, []).append(repository)
    for kind in possible:
        if kind in by_kind:
            first = any(known.get((policy["name"], one), due.NOTHING).newest is None for one in by_kind[kind])
            files = _files(spec, policy, wishes)
            yield _order(policy, by_kind[kind], kind=kind, first=first, **files)


def _files(spec: t.Mapping[str, t.Any], policy: Policy, wishes: Wishes) -> dict[str, tuple[str, ...]]:
    """What restic stores. Without anything, the module takes the volumes that containers of the service mount."""
    volumes = tuple(policy["volumes"])
    if policy["engine"] != RESTIC or not policy["configuration"]:
        return {"volumes": volumes}
    if not volumes:
        service = next(one for one in spec["services"] if one["name"] == policy["service"])
        generations = spec.get("generations") or {}
        own = sorted({volume["name"] for volume in service["volumes"]})
        volumes = tuple(names.volume(spec["name"], one, generations.get(one)) for one in own)
    home = f"{wishes.root}/{spec['name']}"
    return {"volumes": volumes, "paths": (f"{home}/releases", f"{home}/shared")}


def _by_place(policies: t.Iterable[Policy]) -> list[list[Policy]]:
    """Policies whose backups lie beside each other."""
    groups: dict[tuple[str, str], list[Policy]] = {}
    for policy in policies:
        groups.setdefault((policy["service"], policy["engine"]), []).append(policy)
    return list(groups.values())


def _kept(policies: t.Sequence[Policy], wishes: Wishes) -> t.Iterator[Order]:
    """Verifying or pruning what some policies keep beside each other: what one of them keeps stays."""
    everywhere = list(dict.fromkeys(name for policy in policies for name in policy["repositories"]))
    repositories = _wanted(everywhere, wishes)
    if repositories:
        days = max(policy["retention_days"] for policy in policies)
        last = max(policy["keep_last"] for policy in policies)
        yield _order(policies[0], repositories, retention_days=days, keep_last=last)


def _wanted(repositories: t.Iterable[str], wishes: Wishes) -> list[str]:
    return [name for name in repositories if not wishes.repository or name == wishes.repository]


def _order(policy: Policy, repositories: t.Sequence[str], kind: str = "", **values: t.Any) -> Order:
    return Order(
        service=policy["service"],
        engine=policy["engine"],
        policy=policy["name"],
        kind=kind,
        repositories=tuple(repositories),
        database=policy["database"],
        run_as=policy["run_as"],
        **values,
    )
