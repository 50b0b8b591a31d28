# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From wanted and stored record sets to the changes between them. Pure: nothing is read or written here."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.tenantry.platform.plugins.module_utils import powerdns_name
from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.module_utils.powerdns_rrset import Key, RecordSet, Value
from ansible_collections.tenantry.platform.plugins.module_utils.powerdns_wanted import Wanted

Action = t.Literal["created", "updated", "deleted", "pruned"]
ACTIONS: tuple[Action, ...] = ("created", "updated", "deleted", "pruned")
NAMED_IN_ERRORS = 10


@dataclass(frozen=True)
class Policy:
    """What may be touched in a zone.

    :param owners: accounts whose sets may be pruned; empty where ownership is not by comment.
    :param scope: prune only at and below these absolute names. With ``by_scope`` they are also all that may be changed.
    :param by_scope: a name under ``scope`` makes a set ours, whatever its comments say.
    :param adopt: sets without an owner may be taken over.
    """

    zone: str
    owners: frozenset[str] = frozenset()
    scope: tuple[str, ...] = ()
    by_scope: bool = False
    adopt: bool = False
    prune: bool = False
    max_prune: int | None = None

    def in_scope(self, name: str) -> bool:
        """True when a name lies at or below one of the scopes."""
        return any(powerdns_name.under(name, suffix) for suffix in self.scope)


@dataclass(frozen=True)
class Change:
    """One record set that has to change. ``wanted`` is None for a pruned one."""

    action: Action
    before: RecordSet | None
    after: RecordSet | None
    wanted: Wanted | None = None

    @property
    def _one(self) -> RecordSet:
        one = self.after or self.before
        if one is None:
            raise AssertionError("a change from nothing to nothing")
        return one

    @property
    def key(self) -> Key:
        """Name and type."""
        return self._one.key

    @property
    def label(self) -> str:
        """Name and type for people."""
        return self._one.label

    @property
    def partial(self) -> bool:
        """True when other values of the set are none of our business (``solo=false``)."""
        return self.wanted is not None and not self.wanted.solo

    @property
    def editable(self) -> bool:
        """True when EXTEND and PRUNE can do it: single values come and go while everything else stays.

        EXTEND drops disabled records (measured on 4.9.17 and 5.1.5) and writes no comments. It does not
        look for a CNAME either; the conflict check of the plan does.
        """
        if not self.partial:
            return False
        before, after = self.before, self.after
        for one in (before, after):
            if one is not None and one.any_disabled:
                return False
        if before is None:
            return after is not None and not after.comments
        return after is None or (before.ttl == after.ttl and before.comments == after.comments)

    def entries(self, can_edit: bool) -> list[dict[str, t.Any]]:
        """What a PATCH has to hold for this change.

        :param can_edit: the server knows EXTEND and PRUNE.
        """
        if can_edit and self.editable:
            old = self.before.values if self.before else frozenset[Value]()
            new = self.after.values if self.after else frozenset[Value]()
            removed = [self._one.edit("PRUNE", value) for value in sorted(old - new)]
            return removed + [self._one.edit("EXTEND", value) for value in sorted(new - old)]
        if self.after is None:
            return [self._one.removal()]
        return [self.after.replacement(self.before)]

    def holds_in(self, stored: RecordSet | None) -> bool:
        """True when the server holds what this change was to bring about; comments of others may come and go."""
        ttl_holds = self.partial or stored is None or self.after is None or stored.ttl == self.after.ttl
        return ttl_holds and stored == (self.wanted.applied_to(stored) if self.wanted else None)


@dataclass
class Plan:
    """All changes of one zone, in the order of the wanted sets, pruned ones last."""

    changes: list[Change] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    result: list[RecordSet] = field(default_factory=list)

    def labels(self) -> dict[str, list[str]]:
        """Names and types by what happens to them."""
        by_action: dict[str, list[str]] = {
            action: [c.label for c in self.changes if c.action == action] for action in ACTIONS
        }
        return {**by_action, "unchanged": self.unchanged}


def make_plan(wanted: t.Sequence[Wanted], stored: t.Mapping[Key, RecordSet], policy: Policy) -> Plan:
    """Compare, and refuse everything that must not be written before anything is.

    :param stored: at least all sets of the wanted names; the whole zone when ``policy.prune`` is set.
    :raises TenantryError: ``foreign_owner``, ``not_owned``, ``out_of_scope``, ``exists``, ``conflict``, ``max_prune``.
    """
    plan = Plan()
    _check_scope(wanted, policy)
    _check_owners(wanted, stored, policy)
    for one in wanted:
        before = stored.get(one.key)
        after = _target(one, before, plan)
        if after is not None:
            plan.result.append(after)
        if before == after:
            plan.unchanged.append(one.label)
        else:
            action: Action = "created" if before is None else "deleted" if after is None else "updated"
            plan.changes.append(Change(action, before, after, one))
    if policy.prune:
        _prune(wanted, stored, policy, plan)
    _check_conflicts(stored, plan)
    return plan


def _target(one: Wanted, before: RecordSet | None, plan: Plan) -> RecordSet | None:
    """What should be stored, with regard to ``on_existing``."""
    after = one.applied_to(before)
    if before is None or before == after or one.on_existing == "replace":
        return after
    if not one.present and one.solo and one.values in (frozenset(), before.values):
        return after
    message = f"record set {one.label} exists with other data (ttl {before.ttl}, {_contents(before)})"
    if one.on_existing == "keep_and_fail":
        raise TenantryError(
            f"{message} and on_existing=keep_and_fail: nothing was written", "exists", record_set=before.as_dict()
        )
    if one.on_existing == "keep_and_warn":
        plan.warnings.append(f"{message}; kept, as on_existing=keep_and_warn says")
    return before


def _check_scope(wanted: t.Sequence[Wanted], policy: Policy) -> None:
    outside = [one.label for one in wanted if not policy.in_scope(one.name)] if policy.by_scope else []
    if outside:
        raise TenantryError(
            f"{_listed(outside)} lies outside of prune_scope ({', '.join(policy.scope)}), "
            "and ownership=scope makes everything else somebody else's",
            "out_of_scope",
            record_sets=outside,
        )


def _check_owners(wanted: t.Sequence[Wanted], stored: t.Mapping[Key, RecordSet], policy: Policy) -> None:
    foreign: dict[str, list[str]] = {}
    unowned: list[str] = []
    for one in wanted:
        before = stored.get(one.key)
        if before is None or one.owner is None or one.owner in before.owners:
            continue
        if before.owners:
            foreign[one.label] = list(before.owners)
        elif not policy.adopt:
            unowned.append(one.label)
    if foreign:
        named = _listed([f"{label} (owner {', '.join(owners)})" for label, owners in foreign.items()])
        raise TenantryError(
            f"in zone {policy.zone} somebody else owns {named}: nothing was written; "
            "remove it there first, or choose another name",
            "foreign_owner",
            record_sets=foreign,
        )
    if unowned:
        raise TenantryError(
            f"in zone {policy.zone} nobody owns {_listed(unowned)}: nothing was written; "
            "set adopt=true to take them over",
            "not_owned",
            record_sets=unowned,
        )


def _prune(wanted: t.Sequence[Wanted], stored: t.Mapping[Key, RecordSet], policy: Policy, plan: Plan) -> None:
    keep = {one.key for one in wanted}
    pruned: list[RecordSet] = []
    for key, one in sorted(stored.items()):
        if key in keep or one.type == "SOA" or key == (policy.zone, "NS") or not policy.in_scope(one.name):
            continue
        owners = set(one.owners)
        if policy.by_scope or (len(owners) == 1 and owners <= policy.owners):
            pruned.append(one)
        elif owners & policy.owners:
            plan.warnings.append(f"{one.label} is not pruned, as several claim it: {', '.join(one.owners)}")
    if policy.max_prune is not None and len(pruned) > policy.max_prune:
        labels = [one.label for one in pruned]
        raise TenantryError(
            f"prune would delete {len(pruned)} record sets of zone {policy.zone} and max_prune is {policy.max_prune}: "
            f"nothing was written; {_listed(labels)}",
            "max_prune",
            record_sets=labels,
        )
    plan.changes.extend(Change("pruned", one, None) for one in pruned)


def _check_conflicts(stored: t.Mapping[Key, RecordSet], plan: Plan) -> None:
    """A CNAME stands alone under its name. EXTEND would not notice, and check mode would promise what fails."""
    changed = {change.key: change.after for change in plan.changes}
    touched = {key[0] for key, after in changed.items() if after is not None}
    types: dict[str, set[str]] = {name: set() for name in touched}
    for name, rtype in {**stored, **changed}:
        if name in touched and changed.get((name, rtype), stored.get((name, rtype))) is not None:
            types[name].add(rtype)
    conflicts = {name: sorted(found) for name, found in types.items() if "CNAME" in found and len(found) > 1}
    if conflicts:
        named = _listed([f"{name} ({', '.join(found)})" for name, found in sorted(conflicts.items())])
        raise TenantryError(
            f"a CNAME and other records cannot share a name: {named}; nothing was written; "
            "remove the others in the same call with state=absent",
            "conflict",
            record_sets=[f"{name} {rtype}" for name, found in sorted(conflicts.items()) for rtype in found],
        )


def _listed(labels: t.Sequence[str]) -> str:
    shown = ", ".join(labels[:NAMED_IN_ERRORS])
    return shown if len(labels) <= NAMED_IN_ERRORS else f"{shown} and {len(labels) - NAMED_IN_ERRORS} more"


def _contents(one: RecordSet) -> str:
    return ", ".join(sorted(value.content for value in one.values))
