# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Canonical form of the data of every record type."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.tenantry.platform.plugins.module_utils import powerdns_content

DIGEST = "AB" * 32

# type, two ways to write one record, the canonical form
EQUAL = [
    ("A", "192.0.2.1", " 192.0.2.1 ", "192.0.2.1"),
    ("AAAA", "2001:DB8:0:0::1", "2001:db8::1", "2001:db8::1"),
    ("AAAA", "::ffff:192.0.2.1", "::FFFF:c000:201", "::ffff:c000:201"),
    ("AFSDB", "1 A.test", "1  a.test.", "1 a.test."),
    ("ALIAS", "Foo.Test", "foo.test.", "foo.test."),
    ("CAA", "0 ISSUE ca.test", '0  issue "ca.test"', '0 issue "ca.test"'),
    ("CAA", '0 issue "ca.test; a=b"', '0 issue "ca\\.test; a=b"', '0 issue "ca.test; a=b"'),
    ("CDNSKEY", "257 3 13 aGVs bG8=", "257 3 13 aGVsbG8=", "257 3 13 aGVsbG8="),
    ("CDS", f"12345 13 2 {DIGEST}", f"12345 13 2 {DIGEST.lower()}", f"12345 13 2 {DIGEST.lower()}"),
    ("CNAME", "B\u00fccher.test", "xn--bcher-kva.test.", "xn--bcher-kva.test."),
    ("DNAME", "A.test", "a.test.", "a.test."),
    ("DS", f"12345 13 2 {DIGEST[:10]} {DIGEST[10:]}", f"12345 13 2 {DIGEST}", f"12345 13 2 {DIGEST.lower()}"),
    ("HINFO", "PC Linux", '"PC"  "Linux"', '"PC" "Linux"'),
    ("HTTPS", '1 . port=443 alpn="h2,h3"', "1 . alpn=h2,h3 port=443", "1 . alpn=h2,h3 port=443"),
    (
        "LOC",
        "52 22 23 N 4 53 32 E -2m",
        "52 22 23.0 n 4 53 32.00 e -2.00 1m 10000m 10m",
        "52 22 23.000 N 4 53 32.000 E -2.00m 1.00m 10000.00m 10.00m",
    ),
    ("LUA", 'A  "ifportup(443, {})"', 'A "ifportup(443, {})"', 'A "ifportup(443, {})"'),
    ("MX", "010 Mail.test", "10  mail.test.", "10 mail.test."),
    ("NAPTR", "1 2 u E2U+sip !^.*$!x! .", '1 2 "u" "E2U+sip" "!^.*$!x!" .', '1 2 "u" "E2U+sip" "!^.*$!x!" .'),
    ("NS", "NS1.test", "ns1.test.", "ns1.test."),
    ("OPENPGPKEY", "aGVs bG8=", "aGVsbG8=", "aGVsbG8="),
    ("PTR", "Host.test", "host.test.", "host.test."),
    ("SMIMEA", f"3 1 1 {DIGEST}", f"3 1 1 {DIGEST.lower()}", f"3 1 1 {DIGEST.lower()}"),
    ("SPF", '"v=spf1" " -all"', '"v=spf1 -all"', '"v=spf1 -all"'),
    ("SRV", "0 5 5060 Sip.test", "0 5  5060 sip.test.", "0 5 5060 sip.test."),
    ("SSHFP", "1 1 ABCD", "1 1 ab cd", "1 1 abcd"),
    (
        "SVCB",
        "1 foo.test ipv6hint=2001:DB8::0:1 mandatory=port,alpn port=53 alpn=h2 key65333=abc ech=aGk=",
        '1 Foo.test. mandatory=alpn,port alpn="h2" port=53 ech="aGk=" ipv6hint=2001:db8::1 key65333="abc"',
        '1 foo.test. mandatory=alpn,port alpn=h2 port=53 ech="aGk=" ipv6hint=2001:db8::1 key65333="abc"',
    ),
    ("SVCB", "1 a.test key7=/q{?dns}", '1 a.test. dohpath="/q{?dns}"', '1 a.test. dohpath="/q{?dns}"'),
    ("TLSA", f"3 1 1 {DIGEST}", f"3 1 1 {DIGEST.lower()}", f"3 1 1 {DIGEST.lower()}"),
    ("TXT", '"a" "b"', '"ab"', '"ab"'),
    ("TXT", '"\\097b"', '"ab"', '"ab"'),
    ("TXT", '"\u00e9"', '"\\195\\169"', '"\\195\\169"'),
    ("URI", "10 1 https://a.test/", '10 1 "https://a.test/"', '10 1 "https://a.test/"'),
]

WRONG = [
    ("A", "192.0.2.400"),
    ("A", "192.0.2.1 192.0.2.2"),
    ("A", ""),
    ("A", "2001:db8::1"),
    ("AAAA", "fe80::1%eth0"),
    ("AAAA", "192.0.2.1"),
    ("CAA", "0 is-sue ca.test"),
    ("CAA", "256 issue ca.test"),
    ("CNAME", "a b"),
    ("CNAME", ""),
    ("DS", "1 2 3 xyz"),
    ("DS", "1 2 3"),
    ("HINFO", "x" * 256 + " y"),
    ("HTTPS", "1 . alpn=h2 alpn=h3"),
    ("HTTPS", '1 . alpn="h 2"'),
    ("HTTPS", "1 . what=1"),
    ("HTTPS", "1"),
    ("HTTPS", "1 . key70000=1"),
    ("LOC", "somewhere"),
    ("MX", "mail.test"),
    ("MX", "65536 mail.test"),
    ("MX", "-1 mail.test"),
    ("MX", "\u0661 mail.test"),
    ("NAPTR", '1 2 "u "E2U+sip" "" .'),
    ("OPENPGPKEY", "!"),
    ("SRV", "0 5 5060"),
    ("SSHFP", "1 1 abc"),
    ("TXT", "plain"),
]


@pytest.mark.parametrize(("rtype", "first", "second", "canonical"), EQUAL)
def test_two_ways_to_write_one_record_are_equal(rtype: str, first: str, second: str, canonical: str) -> None:
    assert powerdns_content.canonical(rtype, first) == canonical
    assert powerdns_content.canonical(rtype, second) == canonical


@pytest.mark.parametrize(("rtype", "_first", "_second", "canonical"), EQUAL)
def test_the_canonical_form_is_its_own(rtype: str, _first: str, _second: str, canonical: str) -> None:
    assert powerdns_content.canonical(rtype, canonical) == canonical
    assert powerdns_content.from_user(rtype, canonical, "quoted") == (canonical, canonical)


def test_every_type_that_the_modules_take_has_an_example_here() -> None:
    assert {rtype for rtype, *_rest in EQUAL} | {"DNSKEY"} == set(powerdns_content.TYPES)


@pytest.mark.parametrize(("rtype", "content"), WRONG)
def test_data_that_cannot_be_of_its_type_is_refused(rtype: str, content: str) -> None:
    with pytest.raises(ValueError):
        powerdns_content.canonical(rtype, content)


@given(st.sampled_from(powerdns_content.TYPES), st.text(max_size=60))
def test_whatever_a_server_holds_has_a_form_that_stays(rtype: str, content: str) -> None:
    once = powerdns_content.canonical_stored(rtype, content)
    assert powerdns_content.canonical_stored(rtype, once) == once


@given(st.ip_addresses(v=6))
def test_every_way_to_write_an_ipv6_address_is_equal(address: object) -> None:
    exploded = address.exploded.upper()  # type: ignore[attr-defined]
    assert powerdns_content.canonical("AAAA", exploded) == powerdns_content.canonical("AAAA", str(address))


def test_the_writer_names_the_parameter_as_the_server_knows_it() -> None:
    content, sent = powerdns_content.from_user("SVCB", "1 a.test key7=/q", "unquoted")
    assert content == '1 a.test. dohpath="/q"'
    assert sent == '1 a.test. key7="/q"'


def test_a_type_that_is_not_known_is_only_stripped_of_white_space() -> None:
    assert powerdns_content.canonical_stored("RP", "a.test.   B.test.") == "a.test. B.test."
