# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Record sets: from the API, to the API, and for people."""

from __future__ import annotations

import typing as t

from ansible_collections.tenantry.platform.plugins.module_utils.powerdns_rrset import (
    Comment,
    RecordSet,
    Value,
    all_from_api,
    from_api,
)


def api_item(**fields: t.Any) -> dict[str, t.Any]:
    return {
        "name": "Www.Demo.test",
        "type": "A",
        "ttl": 60,
        "records": [{"content": "192.0.2.1", "disabled": False}],
        "comments": [],
        **fields,
    }


def comment(account: str) -> dict[str, t.Any]:
    return {"content": "x", "account": account, "modified_at": 1}


def test_a_name_is_lower_case_and_absolute_whatever_case_was_asked_for() -> None:
    assert from_api(api_item()).key == ("www.demo.test.", "A")


def test_a_set_without_records_is_not_there() -> None:
    assert all_from_api({"rrsets": [api_item(records=[], ttl=0, comments=[comment("tenant:a")])]}) == {}


def test_order_of_values_and_time_of_comments_do_not_count() -> None:
    records = [{"content": c, "disabled": False} for c in ("192.0.2.1", "192.0.2.2")]
    first = from_api(api_item(records=records, comments=[comment("a")]))
    second = from_api(api_item(records=records[::-1], comments=[{**comment("a"), "modified_at": 2}]))
    assert first == second


def test_a_disabled_value_is_another_value() -> None:
    assert from_api(api_item()) != from_api(api_item(records=[{"content": "192.0.2.1", "disabled": True}]))


def test_comments_are_named_only_where_they_change() -> None:
    old = from_api(api_item(comments=[comment("ops")]))
    changed = old.with_values([Value("192.0.2.9")])
    owned = RecordSet(old.name, old.type, old.ttl, old.values, old.comments | {Comment("mine", "tenant:a")})
    assert "comments" not in changed.replacement(old)
    assert owned.replacement(old)["comments"] == [
        {"content": "x", "account": "ops", "modified_at": 1},
        {"content": "mine", "account": "tenant:a"},
    ]


def test_one_account_is_the_owner_and_several_are_none() -> None:
    assert from_api(api_item(comments=[comment("tenant:a"), comment("")])).as_dict()["owner"] == "tenant:a"
    shared = from_api(api_item(comments=[comment("tenant:b"), comment("tenant:a")])).as_dict()
    assert (shared["owner"], shared["owners"]) == (None, ["tenant:a", "tenant:b"])


def test_text_is_shown_as_it_was_written_or_as_it_is_stored() -> None:
    stored = from_api(api_item(type="TXT", records=[{"content": '"a" "\\195\\169"', "disabled": True}]))
    assert stored.as_dict()["value"] == ["a\u00e9"]
    assert stored.as_dict("quoted")["value"] == ['"a\\195\\169"']
    assert stored.as_dict("api")["value"] == ['"a" "\\195\\169"']
    assert stored.as_dict("api")["disabled_value"] == ['"a" "\\195\\169"']
