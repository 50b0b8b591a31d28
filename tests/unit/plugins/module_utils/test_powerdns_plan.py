# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The changes between wanted and stored record sets, and what is refused before anything is written."""

from __future__ import annotations

import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.tenantry.platform.plugins.module_utils import powerdns_plan, powerdns_wanted
from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.module_utils.powerdns_plan import Policy, make_plan
from ansible_collections.tenantry.platform.plugins.module_utils.powerdns_rrset import Comment, Key, RecordSet, Value

ZONE = "demo.test."


def stored(prefix: str, rtype: str = "A", *contents: str, ttl: int = 300, owners: tuple[str, ...] = ()) -> RecordSet:
    name = f"{prefix}.{ZONE}" if prefix else ZONE
    comments = frozenset(Comment(powerdns_wanted.DEFAULT_COMMENT, owner) for owner in owners)
    return RecordSet(name, rtype, ttl, frozenset(Value(content) for content in contents or ("192.0.2.1",)), comments)


def live(*sets: RecordSet) -> dict[Key, RecordSet]:
    return {one.key: one for one in sets}


def want(*items: dict[str, t.Any], owner: str | None = None) -> list[powerdns_wanted.Wanted]:
    return powerdns_wanted.parse(items, ZONE, owner, "unquoted")


def a(prefix: str, *values: str, **fields: t.Any) -> dict[str, t.Any]:
    return {"prefix": prefix, "type": "A", "value": list(values or ("192.0.2.1",)), **fields}


def policy(**fields: t.Any) -> Policy:
    return Policy(ZONE, **{"scope": (ZONE,), **fields})


SETS = st.dictionaries(
    st.sampled_from(["a", "b", "c", "d"]),
    st.tuples(
        st.frozensets(st.sampled_from(["192.0.2.1", "192.0.2.2", "192.0.2.3"]), min_size=1),
        st.sampled_from([60, 300]),
    ),
)


def as_items(sets: dict[str, tuple[frozenset[str], int]]) -> list[dict[str, t.Any]]:
    return [a(prefix, *sorted(values), ttl=ttl) for prefix, (values, ttl) in sets.items()]


def as_live(sets: dict[str, tuple[frozenset[str], int]], owner: str) -> dict[Key, RecordSet]:
    return live(*(stored(p, "A", *values, ttl=ttl, owners=(owner,)) for p, (values, ttl) in sets.items()))


@given(SETS)
def test_equal_sets_need_no_change(sets: dict[str, tuple[frozenset[str], int]]) -> None:
    wanted = want(*as_items(sets), owner="tenant:a")
    plan = make_plan(wanted, as_live(sets, "tenant:a"), policy(owners=frozenset(["tenant:a"]), prune=True))
    assert plan.changes == []
    assert len(plan.unchanged) == len(sets)


@given(SETS, SETS)
def test_once_the_changes_are_made_nothing_is_left_to_do(
    desired: dict[str, tuple[frozenset[str], int]], there: dict[str, tuple[frozenset[str], int]]
) -> None:
    wanted = want(*as_items(desired), owner="tenant:a")
    state = as_live(there, "tenant:a")
    rules = policy(owners=frozenset(["tenant:a"]), prune=True)
    for change in make_plan(wanted, state, rules).changes:
        if change.after is None:
            del state[change.key]
        else:
            state[change.key] = change.after
        assert change.holds_in(state.get(change.key))
    assert make_plan(wanted, state, rules).changes == []
    assert {key[0].split(".")[0] for key in state} == set(desired)


def test_only_sets_of_exactly_that_owner_are_pruned() -> None:
    sets = live(
        stored("mine", owners=("tenant:a",)),
        stored("other", owners=("tenant:ab",)),
        stored("shared", owners=("ops", "tenant:a")),
        stored("nobody"),
    )
    plan = make_plan([], sets, policy(owners=frozenset(["tenant:a"]), prune=True))
    assert plan.labels()["pruned"] == ["mine.demo.test. A"]
    assert len(plan.warnings) == 1
    assert "shared.demo.test. A is not pruned" in plan.warnings[0]


def test_prune_stays_under_its_scope_and_never_takes_soa_or_apex_ns() -> None:
    owners = ("tenant:a",)
    sets = live(
        stored("", "SOA", "ns1.test. x.test. 1 2 3 4 5", owners=owners),
        stored("", "NS", "ns1.test.", owners=owners),
        stored("x.acme", owners=owners),
        stored("sub.acme", "NS", "ns1.test.", owners=owners),
        stored("xacme", owners=owners),
    )
    acme = make_plan([], sets, policy(owners=frozenset(owners), prune=True, scope=("acme.demo.test.",)))
    assert acme.labels()["pruned"] == ["sub.acme.demo.test. NS", "x.acme.demo.test. A"]
    everything = make_plan([], sets, policy(by_scope=True, prune=True))
    assert everything.labels()["pruned"] == [
        "sub.acme.demo.test. NS",
        "x.acme.demo.test. A",
        "xacme.demo.test. A",
    ]


def test_more_than_max_prune_is_refused() -> None:
    sets = live(stored("a", owners=("tenant:a",)), stored("b", owners=("tenant:a",)))
    rules = policy(owners=frozenset(["tenant:a"]), prune=True, max_prune=1)
    with pytest.raises(TenantryError, match="max_prune is 1") as caught:
        make_plan([], sets, rules)
    assert caught.value.error_kind == "max_prune"
    assert caught.value.details["record_sets"] == ["a.demo.test. A", "b.demo.test. A"]


@pytest.mark.parametrize("fields", [{}, {"state": "absent"}, {"solo": False, "value": ["192.0.2.9"]}])
def test_a_foreign_owner_is_refused_even_when_adopting(fields: dict[str, t.Any]) -> None:
    sets = live(stored("a", owners=("tenant:b",)))
    with pytest.raises(TenantryError, match="owner tenant:b") as caught:
        make_plan(want(a("a", **fields), owner="tenant:a"), sets, policy(adopt=True))
    assert caught.value.error_kind == "foreign_owner"
    assert caught.value.details["record_sets"] == {"a.demo.test. A": ["tenant:b"]}


def test_what_nobody_owns_is_taken_over_only_when_asked() -> None:
    sets = live(stored("a"))
    wanted = want(a("a"), owner="tenant:a")
    with pytest.raises(TenantryError, match="adopt=true") as caught:
        make_plan(wanted, sets, policy())
    assert caught.value.error_kind == "not_owned"
    (change,) = make_plan(wanted, sets, policy(adopt=True)).changes
    assert change.action == "updated"
    assert change.after is not None
    assert change.after.owners == ("tenant:a",)


def test_without_an_owner_comments_are_not_looked_at() -> None:
    sets = live(stored("a", owners=("tenant:b",)))
    (change,) = make_plan(want(a("a", "192.0.2.9")), sets, policy()).changes
    assert change.after is not None
    assert change.after.owners == ("tenant:b",)


def test_outside_of_its_scope_nothing_may_be_changed_when_the_scope_is_the_owner() -> None:
    with pytest.raises(TenantryError) as caught:
        make_plan(want(a("b")), {}, policy(by_scope=True, scope=("a.demo.test.",)))
    assert caught.value.error_kind == "out_of_scope"


def test_an_address_may_become_an_alias_in_one_call_only_if_it_goes() -> None:
    sets = live(stored("www"))
    cname = {"prefix": "www", "type": "CNAME", "value": "a.test"}
    with pytest.raises(TenantryError, match=r"www\.demo\.test\. \(A, CNAME\)") as caught:
        make_plan(want(cname), sets, policy())
    assert caught.value.error_kind == "conflict"
    plan = make_plan(want(cname, a("www", state="absent")), sets, policy())
    assert [change.action for change in plan.changes] == ["created", "deleted"]


def test_two_wanted_sets_can_conflict_with_each_other() -> None:
    with pytest.raises(TenantryError, match="cannot share a name"):
        make_plan(want(a("www"), {"prefix": "www", "type": "CNAME", "value": "a.test"}), {}, policy())


@pytest.mark.parametrize(("how", "changed", "warned"), [("replace", 1, 0), ("keep", 0, 0), ("keep_and_warn", 0, 1)])
@pytest.mark.parametrize("fields", [{}, {"state": "absent"}])
def test_an_existing_set_is_replaced_or_kept(fields: dict[str, t.Any], how: str, changed: int, warned: int) -> None:
    plan = make_plan(want(a("a", "192.0.2.9", on_existing=how, **fields)), live(stored("a")), policy())
    assert (len(plan.changes), len(plan.warnings)) == (changed, warned)


def test_an_existing_set_can_be_a_failure() -> None:
    with pytest.raises(TenantryError) as caught:
        make_plan(want(a("a", "192.0.2.9", on_existing="keep_and_fail")), live(stored("a")), policy())
    assert caught.value.error_kind == "exists"


def test_absent_with_its_values_deletes_what_has_exactly_these() -> None:
    fields = {"state": "absent", "on_existing": "keep_and_fail"}
    (change,) = make_plan(want(a("a", "192.0.2.1", **fields)), live(stored("a")), policy()).changes
    assert change.action == "deleted"


def entries(item: dict[str, t.Any], *sets: RecordSet, owner: str | None = None) -> list[str]:
    (change,) = make_plan(want(item, owner=owner), live(*sets), policy()).changes
    return [entry["changetype"] for entry in change.entries(can_edit=True)]


def test_single_values_are_edited_where_the_server_can_do_it_safely() -> None:
    there = stored("a", "A", "192.0.2.1", "192.0.2.2")
    assert entries(a("a", "192.0.2.3", "192.0.2.4", solo=False), there) == ["EXTEND", "EXTEND"]
    assert entries(a("a", "192.0.2.1", solo=False, state="absent"), there) == ["PRUNE"]
    assert entries(a("a", "192.0.2.1", "192.0.2.2", solo=False, state="absent"), there) == ["PRUNE", "PRUNE"]
    assert entries(a("a", "192.0.2.3", solo=False)) == ["EXTEND"]


def test_a_set_is_replaced_where_editing_would_lose_something() -> None:
    there = stored("a", "A", "192.0.2.2")
    disabled = RecordSet(there.name, "A", 300, frozenset([Value("192.0.2.2", disabled=True)]))
    assert entries(a("a", "192.0.2.3", solo=False, ttl=60), there) == ["REPLACE"]
    assert entries(a("a", "192.0.2.3", solo=False), disabled) == ["REPLACE"]
    assert entries(a("a", "192.0.2.3", solo=False, disabled=True), there) == ["REPLACE"]
    assert entries(a("a", "192.0.2.3", solo=False), owner="tenant:a") == ["REPLACE"]
    assert entries(a("a", "192.0.2.3"), there) == ["REPLACE"]


def test_an_old_server_gets_whole_sets() -> None:
    (change,) = make_plan(want(a("a", "192.0.2.3", solo=False)), live(stored("a")), policy()).changes
    (entry,) = change.entries(can_edit=False)
    assert [record["content"] for record in entry["records"]] == ["192.0.2.1", "192.0.2.3"]


def test_values_of_another_writer_beside_ours_are_no_mismatch() -> None:
    (change,) = make_plan(want(a("a", "192.0.2.3", solo=False)), live(stored("a")), policy()).changes
    assert change.holds_in(stored("a", "A", "192.0.2.1", "192.0.2.3", "192.0.2.77"))
    assert not change.holds_in(stored("a", "A", "192.0.2.77"))
    (solo,) = make_plan(want(a("a", "192.0.2.3")), live(stored("a")), policy()).changes
    assert not solo.holds_in(stored("a", "A", "192.0.2.3", "192.0.2.77"))


def test_a_comment_that_somebody_else_left_is_no_mismatch() -> None:
    (change,) = make_plan(want(a("a")), {}, policy()).changes
    assert change.holds_in(stored("a", owners=("ops",)))
    assert not change.holds_in(stored("a", ttl=7))
    assert not change.holds_in(None)


def test_what_was_deleted_and_came_back_is_a_mismatch() -> None:
    for wanted, rules in (
        (want(a("a", state="absent")), policy()),
        ([], policy(prune=True, owners=frozenset(["tenant:a"]))),
    ):
        (change,) = make_plan(wanted, live(stored("a", owners=("tenant:a",))), rules).changes
        assert change.holds_in(None)
        assert not change.holds_in(stored("a"))


def test_long_lists_in_errors_are_cut() -> None:
    sets = live(*(stored(f"h{i}") for i in range(30)))
    with pytest.raises(TenantryError, match="and 20 more"):
        make_plan(want(*(a(f"h{i}") for i in range(30)), owner="tenant:a"), sets, policy())
    assert powerdns_plan.NAMED_IN_ERRORS == 10
