# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Character strings of DNS records."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.tenantry.platform.plugins.module_utils import powerdns_txt


@given(st.binary(max_size=1200))
def test_any_bytes_come_back_from_their_quoted_form(data: bytes) -> None:
    assert powerdns_txt.decode(powerdns_txt.encode(data)) == data


@given(st.binary(max_size=1200))
def test_the_quoted_form_is_ascii_in_strings_of_at_most_255_bytes(data: bytes) -> None:
    content = powerdns_txt.encode(data)
    assert content.isascii()
    assert content.isprintable()
    strings = re.findall(r'"(?:[^"\\]|\\.)*"', content)
    assert all(len(powerdns_txt.decode(string)) <= 255 for string in strings)


@given(st.text(max_size=600))
def test_text_goes_and_comes_back_as_the_person_wrote_it(text: str) -> None:
    content, sent = powerdns_txt.from_user(text, "unquoted")
    assert content == sent
    assert powerdns_txt.to_user(content, sent, "unquoted") == text


@given(st.binary(max_size=600), st.integers(min_value=1, max_value=100))
def test_cuts_between_strings_mean_nothing(data: bytes, size: int) -> None:
    cut = " ".join(powerdns_txt.quoted(data[i : i + size]) for i in range(0, len(data) or 1, size))
    assert powerdns_txt.decode(cut) == data


def test_api_text_is_sent_with_the_cuts_it_has_and_compared_without() -> None:
    content, sent = powerdns_txt.from_user('"ab"  "cd"', "api")
    assert sent == '"ab"  "cd"'
    assert content == '"abcd"'


def test_what_is_not_utf_8_stays_quoted() -> None:
    assert powerdns_txt.to_user('"\\255"', '"\\255"', "unquoted") == '"\\255"'


@pytest.mark.parametrize("text", ["", "plain", '"open', 'a"b"', '"a" b', '"a\\"', "'a'"])
def test_quoted_text_without_its_quotes_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a series of strings in double quotes"):
        powerdns_txt.from_user(text, "quoted")


def test_an_escape_beyond_a_byte_is_refused() -> None:
    with pytest.raises(ValueError, match="ends at 255"):
        powerdns_txt.decode('"\\256"')


@pytest.mark.parametrize(
    ("content", "risky"),
    [
        ('"plain; text"', False),
        ('"\\195\\169"', False),
        ('"\\001\\031\\127\\128\\255"', False),
        ('"a\\"b"', True),
        ('"a\\\\b"', True),
        ('"\\034"', True),
        ('"\\065"', True),
        ("a\\.b.test.", True),
    ],
)
def test_escapes_that_powerdns_5_1_corrupts_are_found(content: str, risky: bool) -> None:
    assert powerdns_txt.escapes_printable(content) is risky
