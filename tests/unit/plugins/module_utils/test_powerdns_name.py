# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of zones, record sets and targets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.tenantry.platform.plugins.module_utils import powerdns_name

LABELS = st.from_regex(r"[A-Za-z0-9_]([A-Za-z0-9_/-]{0,20}[A-Za-z0-9_])?", fullmatch=True)
NAMES = st.lists(LABELS, min_size=1, max_size=6).map(".".join)


@given(NAMES)
def test_an_absolute_name_is_its_own_absolute_name(name: str) -> None:
    once = powerdns_name.absolute(name)
    assert powerdns_name.absolute(once) == once == name.lower() + "."


@given(NAMES)
def test_case_and_final_dot_do_not_make_another_name(name: str) -> None:
    assert powerdns_name.absolute(name.upper() + ".") == powerdns_name.absolute(name.lower())


@given(NAMES, NAMES)
def test_a_prefix_lies_in_its_zone_and_is_the_same_set_as_the_full_name(prefix: str, zone: str) -> None:
    zone = powerdns_name.zone_name(zone)
    name = powerdns_name.record_name(zone, prefix=prefix)
    assert powerdns_name.under(name, zone)
    assert powerdns_name.record_name(zone, record=name) == name


@pytest.mark.parametrize("prefix", ["", "@"])
def test_an_empty_prefix_is_the_zone_itself(prefix: str) -> None:
    assert powerdns_name.record_name("demo.test.", prefix=prefix) == "demo.test."


@pytest.mark.parametrize("record", ["www.other.test", "xdemo.test", "test", "www.demo.test.evil"])
def test_a_name_out_of_the_zone_is_refused(record: str) -> None:
    with pytest.raises(powerdns_name.OutOfZoneError, match=r"is out of zone demo\.test\."):
        powerdns_name.record_name("demo.test.", record=record)


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "a..b",
        ".a",
        "a b.test",
        "a\n.test",
        "a*b.test",
        "x.*.test",
        "*",
        "a\\032b.test",
        "x" * 64 + ".test",
        ".".join(["x" * 60] * 5),
        "a.test\u0000",
        "a;b.test",
        "a'b.test",
        "{{ x }}.test",
        "-\u00fc.test",
    ],
)
def test_a_name_that_powerdns_would_refuse_is_refused_before(name: str) -> None:
    with pytest.raises(ValueError, match=r"own records|international|longer than 253"):
        powerdns_name.absolute(name)


@pytest.mark.parametrize(
    ("name", "encoded"),
    [
        ("b\u00fccher.test", "xn--bcher-kva.test."),
        ("B\u00dcCHER.test", "xn--bcher-kva.test."),
        ("b\u00fccher\u3002test", "xn--bcher-kva.test."),
        ("stra\u00dfe.test", "xn--strae-oqa.test."),
        ("*.demo.test", "*.demo.test."),
        ("_acme-challenge.demo.test", "_acme-challenge.demo.test."),
    ],
)
def test_international_names_and_those_of_services_are_encoded(name: str, encoded: str) -> None:
    assert powerdns_name.absolute(name) == encoded


@pytest.mark.parametrize(
    ("text", "target"),
    [(".", "."), ("Foo.Test", "foo.test."), ("a\\.b.test.", "a\\.b.test."), ("a\\032b.test", "a\\032b.test.")],
)
def test_a_target_may_be_the_root_and_hold_escapes(text: str, target: str) -> None:
    assert powerdns_name.target(text) == target
    assert powerdns_name.target(target) == target


@pytest.mark.parametrize("text", ["", "a..b", "a b", 'a"b.test', "a\\", "x" * 64, "a\\99.test"])
def test_what_is_no_host_name_is_no_target(text: str) -> None:
    with pytest.raises(ValueError, match="is not a host name"):
        powerdns_name.target(text)


def test_a_wildcard_is_no_zone() -> None:
    with pytest.raises(ValueError, match="is not the name of a zone"):
        powerdns_name.zone_name("*.demo.test")


def test_a_suffix_counts_by_labels_and_not_by_letters() -> None:
    assert powerdns_name.under("a.demo.test.", "demo.test.")
    assert powerdns_name.under("demo.test.", "demo.test.")
    assert not powerdns_name.under("ademo.test.", "demo.test.")
