# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options become wanted record sets, or an error that names the item."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.tenantry.platform.plugins.module_utils import powerdns_wanted
from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.module_utils.powerdns_rrset import Comment, RecordSet, Value

ZONE = "demo.test."


def parse(*items: dict[str, t.Any], owner: str | None = None) -> list[powerdns_wanted.Wanted]:
    return powerdns_wanted.parse(items, ZONE, owner, "unquoted")


def item(**fields: t.Any) -> dict[str, t.Any]:
    return {"record": "a.demo.test", "type": "A", "value": ["192.0.2.1"], **fields}


def stored(*contents: str, ttl: int = 60, comments: tuple[Comment, ...] = ()) -> RecordSet:
    return RecordSet("a.demo.test.", "A", ttl, frozenset(Value(c) for c in contents), frozenset(comments))


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"ttl": -1}, "invalid"),
        ({"ttl": 2**31}, "invalid"),
        ({"value": ["192.0.2.1", "192.0.2.01"]}, "invalid"),
        ({"value": ["192.0.2.1", " 192.0.2.1"]}, "invalid"),
        ({"value": None}, "invalid"),
        ({"value": []}, "invalid"),
        ({"value": [True]}, "invalid"),
        ({"value": {"a": 1}}, "invalid"),
        ({"value": None, "state": "absent", "solo": False}, "invalid"),
        ({"type": "CNAME", "value": ["a.test", "b.test"]}, "invalid"),
        ({"comment": ""}, "invalid"),
        ({"owner": "x" * 41}, "invalid"),
        ({"owner": "two words"}, "invalid"),
        ({"owner": ""}, "invalid"),
        ({"prefix": "a"}, "invalid"),
        ({"record": "a.other.test"}, "out_of_zone"),
    ],
)
def test_a_wrong_item_is_named_with_its_position(fields: dict[str, t.Any], kind: str) -> None:
    with pytest.raises(TenantryError) as caught:
        parse(item(record="fine.demo.test"), item(**fields))
    assert caught.value.error_kind == kind
    assert caught.value.details["position"] == 1
    assert "item 1" in caught.value.message


def test_one_name_and_type_may_stand_there_once_however_it_is_written() -> None:
    with pytest.raises(TenantryError, match="item 0 and item 1") as caught:
        parse(item(), {"prefix": "A", "type": "A", "value": ["192.0.2.2"]})
    assert caught.value.error_kind == "duplicate"


def test_a_single_string_is_one_value_and_is_not_cut_at_commas() -> None:
    (one,) = parse({"prefix": "_dmarc", "type": "TXT", "value": "v=DMARC1; rua=mailto:a@b.test,mailto:c@d.test"})
    assert {value.content for value in one.values} == {'"v=DMARC1; rua=mailto:a@b.test,mailto:c@d.test"'}


def test_a_left_out_ttl_keeps_what_is_there_and_is_300_in_a_new_set() -> None:
    (one,) = parse(item())
    after, new = one.applied_to(stored("192.0.2.9", ttl=77)), one.applied_to(None)
    assert after is not None
    assert new is not None
    assert (after.ttl, new.ttl) == (77, 300)


def test_an_owner_of_an_item_goes_before_that_of_all() -> None:
    first, second = parse(item(), item(record="b.demo.test", owner="tenant:b"), owner="tenant:a")
    assert (first.owner, second.owner) == ("tenant:a", "tenant:b")


def test_comments_of_others_stay_when_an_owner_writes_its_own() -> None:
    other = Comment("do not touch", "ops", 1700000000)
    (one,) = parse(item(), owner="tenant:a")
    after = one.applied_to(stored("192.0.2.9", comments=(other,)))
    assert after is not None
    assert after.comments == {other, Comment(powerdns_wanted.DEFAULT_COMMENT, "tenant:a")}


def test_an_owner_keeps_the_text_of_its_comment_unless_it_gives_another() -> None:
    mine = Comment("mine", "tenant:a", 1700000000)
    before = stored("192.0.2.1", comments=(mine,))
    (same,) = parse(item(), owner="tenant:a")
    (changed,) = parse(item(comment="new"), owner="tenant:a")
    assert same.applied_to(before) == before
    after = changed.applied_to(before)
    assert after is not None
    assert after.comments == {Comment("new", "tenant:a")}


def test_values_beside_others_are_added_and_removed_alone() -> None:
    before = stored("192.0.2.1", "192.0.2.2")
    (add,) = parse(item(value=["192.0.2.3"], solo=False))
    (remove,) = parse(item(value=["192.0.2.1", "192.0.2.9"], solo=False, state="absent"))
    assert add.applied_to(before) == stored("192.0.2.1", "192.0.2.2", "192.0.2.3")
    assert remove.applied_to(before) == stored("192.0.2.2")


def test_removing_the_last_value_removes_the_set() -> None:
    (remove,) = parse(item(solo=False, state="absent"))
    assert remove.applied_to(stored("192.0.2.1")) is None


def test_a_disabled_value_is_enabled_and_not_added_twice() -> None:
    before = RecordSet("a.demo.test.", "A", 60, frozenset([Value("192.0.2.1", disabled=True), Value("192.0.2.2")]))
    (one,) = parse(item(solo=False))
    assert one.applied_to(before) == stored("192.0.2.1", "192.0.2.2")


def test_wanted_sets_look_like_stored_ones_once_normalized() -> None:
    shown = powerdns_wanted.normalized(
        [{"name": "A.demo.test", "type": "AAAA", "ttl": 60, "value": ["2001:DB8::0:1"]}], "demo.test."
    )
    assert shown == [RecordSet("a.demo.test.", "AAAA", 60, frozenset([Value("2001:db8::1")])).as_dict()]
