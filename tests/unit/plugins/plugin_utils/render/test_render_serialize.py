# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text that JSON and YAML readers give back byte for byte."""

from __future__ import annotations

import json
import typing as t

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.plugin_utils.render.serialize import digest, dump

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
# What readers disagree about comes up more often than by chance.
HARD = st.text(
    st.sampled_from(
        list("\x00\t\n\r\x1b\x7f\x80\x85\x9f\xa0\u2028\u2029\ufeff\ufffe\uffff😀\U0010ffff\"\\'{}$%:#&*!|> -?,[]`a")
    )
)
SCALAR = st.one_of(st.none(), st.booleans(), st.integers(-(2**63), 2**63 - 1), TEXT, HARD)
# A longer key is refused, escaped as it would be written.
KEY = (TEXT | HARD).filter(lambda key: len(json.dumps(key)) < 1000)
DATA = st.recursive(
    SCALAR, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEY, inner, max_size=4), max_leaves=12
)


class Wrapped(str):
    """Stands for the strings that ansible marks."""

    def __str__(self) -> str:
        return "not this"


@given(DATA)
def test_json_and_yaml_give_the_data_back(data: t.Any) -> None:
    text = dump(data)
    assert json.loads(text) == data
    assert yaml.safe_load(text) == data
    if hasattr(yaml, "CSafeLoader"):
        # The reader in C is the ancestor of the one that compose and Traefik use.
        assert yaml.load(text, Loader=yaml.CSafeLoader) == data


@given(DATA)
def test_a_number_stays_a_number_and_a_flag_a_flag(data: t.Any) -> None:
    assert json.dumps(yaml.safe_load(dump(data)), sort_keys=True) == json.dumps(data, sort_keys=True)


@pytest.mark.parametrize("code", [*range(0x7F, 0xA0), 0x2028, 0x2029, 0xFEFF, 0xFFFE, 0xFFFF])
def test_a_character_that_yaml_refuses_leaves_escaped(code: int) -> None:
    assert f"\\u{code:04x}" in dump({"a": chr(code)})
    assert chr(code) not in dump({chr(code): "a"})


def test_an_astral_character_stays_as_it_is() -> None:
    assert dump(["😀"]) == '[\n  "😀"\n]\n'


def test_keys_keep_their_order_and_the_text_ends_in_a_newline() -> None:
    assert dump({"b": 1, "a": {}}) == '{\n  "b": 1,\n  "a": {}\n}\n'


def test_a_subclass_of_str_is_written_as_the_characters_it_holds() -> None:
    assert json.loads(dump({Wrapped("key"): Wrapped("value")})) == {"key": "value"}


@pytest.mark.parametrize(
    "data",
    [
        {"a": "\ud800"},
        {"\udfff": 1},
        {"a": float("nan")},
        {"a": float("inf")},
        {"a": 1e22},
        {"a": 2**63},
        {1: "a"},
        {"a": b"bytes"},
        {"a": {1, 2}},
        {"k" * 1001: 1},
    ],
)
def test_what_a_reader_would_change_is_refused(data: t.Any) -> None:
    with pytest.raises(TenantryError) as refused:
        dump(data)
    assert refused.value.error_kind == "invalid"


def test_a_refusal_names_the_place_and_not_the_value() -> None:
    with pytest.raises(TenantryError, match=r"at services\.0\.environment\.KEY") as refused:
        dump({"services": [{"environment": {"KEY": "top secret \ud800"}}]})
    assert "top secret" not in refused.value.message


def test_the_longest_key_that_is_taken_can_be_read() -> None:
    data = {"outer": {"k" * 998: "v"}}
    assert yaml.safe_load(dump(data)) == data


@given(st.dictionaries(TEXT, SCALAR))
def test_a_digest_does_not_depend_on_the_order_of_keys(data: dict[str, t.Any]) -> None:
    assert digest(data) == digest(dict(reversed(list(data.items()))))


def test_a_digest_tells_a_string_from_a_number() -> None:
    assert digest({"a": 1}) != digest({"a": "1"})


def test_a_digest_does_not_see_what_class_a_string_has() -> None:
    assert digest({Wrapped("key"): Wrapped("value")}) == digest({"key": "value"})


@pytest.mark.parametrize("data", [{"a": float("nan")}, {"a": b"bytes"}, {1: 1, "a": 1}])
def test_what_has_no_canonical_form_has_no_digest(data: t.Any) -> None:
    with pytest.raises(TenantryError) as refused:
        digest(data)
    assert refused.value.error_kind == "invalid"
