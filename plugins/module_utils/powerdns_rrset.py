# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A record set: what the name server holds under one name and type, in a form that compares."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field, replace

from ansible_collections.tenantry.platform.plugins.module_utils import powerdns_content, powerdns_txt

Key = tuple[str, str]


@dataclass(frozen=True, order=True)
class Value:
    """Data of one record. ``stored`` is how the server holds it or shall get it; only the canonical form compares."""

    content: str
    disabled: bool = False
    stored: str = field(default="", compare=False)


@dataclass(frozen=True)
class Comment:
    """A comment of a record set. A non-empty ``account`` says who owns the set."""

    content: str
    account: str = ""
    modified_at: int | None = field(default=None, compare=False)

    def to_api(self) -> dict[str, t.Any]:
        """As the API takes it; the time of a comment that was there already goes along, a new one gets the server's."""
        stamp = {} if self.modified_at is None else {"modified_at": self.modified_at}
        return {"content": self.content, "account": self.account, **stamp}


@dataclass(frozen=True)
class RecordSet:
    """All records of one name and type.

    :param name: absolute, lower case, IDNA encoded.
    :param ttl: seconds.
    """

    name: str
    type: str
    ttl: int
    values: frozenset[Value]
    comments: frozenset[Comment] = frozenset()

    @property
    def key(self) -> Key:
        """Name and type."""
        return self.name, self.type

    @property
    def label(self) -> str:
        """Name and type for people, such as ``www.example.com. A``."""
        return f"{self.name} {self.type}"

    @property
    def owners(self) -> tuple[str, ...]:
        """Accounts that the comments name, sorted."""
        return tuple(sorted({comment.account for comment in self.comments if comment.account}))

    @property
    def any_disabled(self) -> bool:
        """True when at least one record is kept but not served."""
        return any(value.disabled for value in self.values)

    def with_values(self, values: t.Iterable[Value]) -> RecordSet:
        """The same set with other records."""
        return replace(self, values=frozenset(values))

    def replacement(self, before: RecordSet | None) -> dict[str, t.Any]:
        """The PATCH entry that makes this set the stored one.

        Comments are named only where they change: the server keeps them otherwise, and a backend
        without comments (LMDB before 5.1) refuses every entry that names some.
        """
        entry: dict[str, t.Any] = {
            "name": self.name,
            "type": self.type,
            "ttl": self.ttl,
            "changetype": "REPLACE",
            "records": [
                {"content": value.stored or value.content, "disabled": value.disabled} for value in sorted(self.values)
            ],
        }
        if self.comments != (before.comments if before else frozenset()):
            comments = sorted(self.comments, key=lambda comment: (comment.account, comment.content))
            entry["comments"] = [comment.to_api() for comment in comments]
        return entry

    def edit(self, changetype: t.Literal["EXTEND", "PRUNE"], value: Value) -> dict[str, t.Any]:
        """The PATCH entry that adds or removes one record and leaves the others to the server."""
        record = {"content": value.stored or value.content, "disabled": False}
        return {"name": self.name, "type": self.type, "ttl": self.ttl, "changetype": changetype, "records": [record]}

    def removal(self) -> dict[str, t.Any]:
        """The PATCH entry that deletes this set with its comments."""
        return {"name": self.name, "type": self.type, "changetype": "DELETE"}

    def as_dict(self, transformation: powerdns_txt.Transformation = "unquoted") -> dict[str, t.Any]:
        """As modules return it. ``owner`` is None without an owner and when several accounts claim the set."""
        owners = self.owners
        return {
            "name": self.name,
            "type": self.type,
            "ttl": self.ttl,
            "value": sorted(self._shown(value, transformation) for value in self.values),
            "disabled": self.any_disabled,
            "disabled_value": sorted(self._shown(value, transformation) for value in self.values if value.disabled),
            "owner": owners[0] if len(owners) == 1 else None,
            "owners": list(owners),
            "comments": sorted(comment.content for comment in self.comments),
        }

    def _shown(self, value: Value, transformation: powerdns_txt.Transformation) -> str:
        return powerdns_content.to_user(self.type, value.content, value.stored or value.content, transformation)


def from_api(item: t.Mapping[str, t.Any]) -> RecordSet:
    """A record set as the API gives it."""
    rtype = item["type"]
    return RecordSet(
        name=_stored_name(item["name"]),
        type=rtype,
        ttl=item["ttl"],
        values=frozenset(
            Value(powerdns_content.canonical_stored(rtype, record["content"]), record["disabled"], record["content"])
            for record in item["records"]
        ),
        comments=frozenset(
            Comment(comment["content"], comment["account"], comment.get("modified_at")) for comment in item["comments"]
        ),
    )


def all_from_api(zone: t.Mapping[str, t.Any], names: t.Collection[str] | None = None) -> dict[Key, RecordSet]:
    """The record sets of a zone by name and type, all or those of some names.

    Sets without records are left out: a comment alone makes one appear, and PowerDNS 4.7 shows
    the comments of a whole zone so when one name is asked for.
    """
    wanted = None if names is None else frozenset(names)
    items = (item for item in zone["rrsets"] if item["records"])
    sets = (from_api(item) for item in items if wanted is None or _stored_name(item["name"]) in wanted)
    return {record_set.key: record_set for record_set in sets}


def _stored_name(name: str) -> str:
    name = name.lower()
    return name if name.endswith(".") else name + "."
