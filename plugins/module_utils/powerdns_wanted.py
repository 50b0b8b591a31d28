# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What options ask for: record sets to be present or absent, checked and normalized before anything is read."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.tenantry.platform.plugins.module_utils import powerdns_content, powerdns_name, powerdns_txt
from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.module_utils.powerdns_rrset import Comment, Key, RecordSet, Value

DEFAULT_TTL = 300
DEFAULT_COMMENT = "managed by tenantry.platform"
# RFC 2181, section 8. PowerDNS 4.7 stores larger and negative numbers without a word.
LARGEST_TTL = 2**31 - 1
LONGEST_OWNER = 40


@dataclass(frozen=True)
class Wanted:
    """One record set as somebody wants it.

    :param values: for ``state=absent`` with ``solo`` they may be empty, which means whatever is there.
    :param ttl: seconds; None keeps what is there and gives a new set the default.
    :param solo: the values are all there shall be; otherwise other values stay untouched.
    """

    name: str
    type: str
    values: frozenset[Value]
    present: bool = True
    ttl: int | None = None
    on_existing: str = "replace"
    solo: bool = True
    owner: str | None = None
    comment: str | None = None

    @property
    def key(self) -> Key:
        """Name and type."""
        return self.name, self.type

    @property
    def label(self) -> str:
        """Name and type for people."""
        return f"{self.name} {self.type}"

    def applied_to(self, before: RecordSet | None) -> RecordSet | None:
        """The set that should be stored after this; None when there should be none."""
        stored = before.values if before else frozenset()
        if not self.present:
            left = frozenset() if self.solo else stored - self._same_content(stored)
            return before.with_values(left) if before and left else None
        values = self.values if self.solo else (stored - self._same_content(stored)) | self.values
        ttl = self.ttl if self.ttl is not None else before.ttl if before else DEFAULT_TTL
        return RecordSet(self.name, self.type, ttl, values, self._comments(before))

    def _same_content(self, stored: frozenset[Value]) -> frozenset[Value]:
        contents = {value.content for value in self.values}
        return frozenset(value for value in stored if value.content in contents)

    def _comments(self, before: RecordSet | None) -> frozenset[Comment]:
        """Ours beside everybody else's: a comment of another account is never dropped."""
        stored = before.comments if before else frozenset()
        if self.owner is None and self.comment is None:
            return stored
        account = self.owner or ""
        ours = frozenset(comment for comment in stored if comment.account == account)
        if ours and self.comment in (None, *(comment.content for comment in ours)):
            return stored
        return (stored - ours) | {Comment(self.comment or DEFAULT_COMMENT, account)}


def parse(
    items: t.Sequence[t.Mapping[str, t.Any]],
    zone: str,
    owner: str | None,
    transformation: powerdns_txt.Transformation,
) -> list[Wanted]:
    """Options as wanted record sets.

    :param zone: absolute name.
    :param owner: for items that name none.
    :raises TenantryError: ``invalid``, ``out_of_zone`` or ``duplicate``, with the position and the name of the item.
    """
    wanted: list[Wanted] = []
    seen: dict[Key, int] = {}
    for position, item in enumerate(items):
        try:
            one = _parse_item(item, zone, owner, transformation)
        except ValueError as exc:
            where = f"{item.get('record') or item.get('name') or item.get('prefix') or '@'} {item.get('type')}"
            kind = "out_of_zone" if isinstance(exc, powerdns_name.OutOfZoneError) else "invalid"
            raise TenantryError(
                f"record set {where} (item {position}) for zone {zone}: {exc}",
                kind,
                record_set=where,
                position=position,
            ) from exc
        if one.key in seen:
            raise TenantryError(
                f"record set {one.label} stands twice, as item {seen[one.key]} and item {position}: join their values",
                "duplicate",
                record_set=one.label,
                position=position,
            )
        seen[one.key] = position
        wanted.append(one)
    return wanted


def normalized(record_sets: t.Sequence[t.Mapping[str, t.Any]], zone: str) -> list[dict[str, t.Any]]:
    """Wanted record sets (``name``, ``type``, ``ttl``, ``value``) as :meth:`RecordSet.as_dict` shows stored ones.

    :raises TenantryError: as :func:`parse`.
    """
    sets = (one.applied_to(None) for one in parse(record_sets, zone, None, "unquoted"))
    return [one.as_dict() for one in sets if one is not None]


def checked_owner(owner: str | None) -> str | None:
    """An owner that fits into the account column of every backend.

    :raises ValueError: it does not.
    """
    if owner is None:
        return None
    if not 0 < len(owner) <= LONGEST_OWNER or not owner.isascii() or not owner.isprintable() or " " in owner:
        raise ValueError(f"owner {owner!r} is not 1 to {LONGEST_OWNER} printable ASCII characters without spaces")
    return owner


def _parse_item(
    item: t.Mapping[str, t.Any], zone: str, owner: str | None, transformation: powerdns_txt.Transformation
) -> Wanted:
    record = item.get("record")
    name = powerdns_name.record_name(zone, item.get("name") if record is None else record, item.get("prefix"))
    rtype = item["type"]
    present = item.get("state", "present") == "present"
    solo = item.get("solo", True)
    values = _values(item.get("value"), rtype, item.get("disabled", False), transformation)
    if not values and (present or not solo):
        raise ValueError("value is missing")
    if present and rtype in ("CNAME", "DNAME") and len(values) > 1:
        raise ValueError(f"{rtype} takes one value, and {len(values)} are given")
    ttl = item.get("ttl")
    if ttl is not None and not 0 <= ttl <= LARGEST_TTL:
        raise ValueError(f"ttl {ttl} is not from 0 to {LARGEST_TTL}")
    comment = item.get("comment")
    if comment == "":
        raise ValueError("comment is empty, and PowerDNS stores no empty comments")
    item_owner = item.get("owner")
    return Wanted(
        name=name,
        type=rtype,
        values=values,
        present=present,
        ttl=ttl,
        on_existing=item.get("on_existing", "replace"),
        solo=solo,
        owner=checked_owner(owner if item_owner is None else item_owner),
        comment=comment,
    )


def _values(given: t.Any, rtype: str, disabled: bool, transformation: powerdns_txt.Transformation) -> frozenset[Value]:
    values: set[Value] = set()
    for text in _texts(given):
        value = Value(*_with_disabled(powerdns_content.from_user(rtype, text, transformation), disabled))
        if value in values:
            raise ValueError(f"value {text!r} stands there twice")
        values.add(value)
    return frozenset(values)


def _with_disabled(texts: tuple[str, str], disabled: bool) -> tuple[str, bool, str]:
    content, sent = texts
    return content, disabled, sent


def _texts(given: t.Any) -> list[str]:
    if given is None:
        return []
    texts = given if isinstance(given, (list, tuple)) else [given]
    for text in texts:
        if isinstance(text, bool) or not isinstance(text, (str, int)):
            raise ValueError(f"value {text!r} is not a string")
    return [str(text) for text in texts]
