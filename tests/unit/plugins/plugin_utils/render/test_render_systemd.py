# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Units and environment files, read back by the rules of systemd.syntax(7) and systemd.service(5).

tests/systemd asks a real systemd the same.
"""

from __future__ import annotations

import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.tenantry.platform.plugins.filter import systemd_environment, systemd_unit
from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.plugin_utils.render import systemd

HOSTILE = [
    "",
    " ",
    "%h",
    "100%",
    "%%",
    "$HOME",
    "${HOME}",
    "`id`",
    "'",
    '"',
    '\\"',
    "\\",
    "\\n",
    "\\x41",
    'a" b "c',
    "; /bin/false",
    "#",
    "{{ 1 }}",
    "--",
    "é\U0001f600\u202e",
]
BREAKS = ["a\nb", "a\rb", "a\0b", "\x1b[31m", "\x85", "\u2028", "\ud800", "a\n[Service]\nExecStart=/bin/sh"]
PRINTABLE = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")))


def words(text):
    """A list as systemd takes it apart: quotes and backslashes first, specifiers then."""
    found = []
    for part in re.findall(r'"(?:[^"\\]|\\.)*"|[^\s"]+', text):
        plain = re.sub(r"\\(.)", r"\1", part[1:-1]) if part[0] == '"' else part
        assert part[0] == '"' or not set(part) & set("'\\")
        assert not re.search("%(?!%)", plain.replace("%%", ""))
        found.append(plain.replace("%%", "%"))
    return found


def assignments(text):
    """An environment file as systemd reads it."""
    found = {}
    for line in text.splitlines():
        name, value = re.fullmatch(r'([A-Za-z_][A-Za-z0-9_]*)="((?:[^"\\]|\\["\\`$])*)"', line).groups()
        found[name] = re.sub(r"\\(.)", r"\1", value)
    return found


def only(name, value):
    """The one line of a setting."""
    return systemd.unit({"Service": {name: value}}).removeprefix(f"[Service]\n{name}=").removesuffix("\n")


def test_a_unit_has_sections_settings_and_a_comment_in_their_order():
    sections = {
        "Unit": {"Description": "100 % drift", "After": ["a.target", "b.target"]},
        "Service": {
            "Nice": 10,
            "PrivateTmp": True,
            "User": "",
            "ReadWritePaths": [],
            "Environment": {"A": "b c", "D": 1},
        },
    }
    assert systemd.unit(sections, "Hello\nthere") == (
        "# Hello\n# there\n\n[Unit]\nDescription=100 %% drift\nAfter=a.target b.target\n"
        '\n[Service]\nNice=10\nPrivateTmp=yes\nEnvironment="A=b c"\nEnvironment=D=1\n'
    )


@pytest.mark.parametrize("value", HOSTILE)
def test_every_argument_arrives_as_it_is_and_no_variable_is_expanded(value):
    # A colon before a command is what switches variables off.
    assert words(only("ExecStart", ["/bin/a b", value, "end"])) == [":/bin/a b", value, "end"]


@given(st.lists(PRINTABLE, min_size=1))
def test_any_list_of_words_is_read_back(values):
    assert words(only("ReadWritePaths", values)) == values
    assert "\n" not in only("ReadWritePaths", values)


@given(st.dictionaries(st.from_regex(r"[A-Za-z_][A-Za-z0-9_]*", fullmatch=True), PRINTABLE))
def test_any_environment_is_read_back(variables):
    assert assignments(systemd.environment(variables)) == variables


@pytest.mark.parametrize("value", BREAKS)
def test_what_ends_a_line_is_refused_wherever_it_stands(value):
    for settings in ({"User": value}, {"ExecStart": ["/bin/a", value]}, {"Environment": {"A": value}}, {value: "x"}):
        with pytest.raises(TenantryError) as refused:
            systemd.unit({"Service": settings})
        assert refused.value.error_kind == "invalid"
    with pytest.raises(TenantryError):
        systemd.environment({"SECRET": value})
    with pytest.raises(TenantryError):
        systemd.environment({value: "x"})


def test_a_refusal_names_the_variable_and_not_its_value():
    with pytest.raises(TenantryError, match="cannot write PASSWORD for systemd") as refused:
        systemd.environment({"PASSWORD": "hunter2\n"})
    assert "hunter2" not in f"{refused.value} {refused.value.details}"


@pytest.mark.parametrize("value", [" a", "a ", "a\\"])
def test_a_line_that_systemd_would_trim_or_continue_is_refused(value):
    with pytest.raises(TenantryError, match="begins or ends with a blank"):
        only("User", value)


@pytest.mark.parametrize("value", [1.5, object(), {"A": ["b"]}, ["/bin/a", None]])
def test_what_is_no_text_is_refused(value):
    with pytest.raises(TenantryError, match="not text"):
        only("ExecStart", value)


def test_an_environment_file_is_sorted_and_may_be_empty():
    assert systemd.environment({}) == ""
    assert systemd.environment({"B": "$x", "A": 1}) == 'A="1"\nB="\\$x"\n'


def test_every_printable_character_outside_of_quotes_is_harmless():
    unquoted = {c for c in string.printable.strip() if systemd.word(c, "x") == c}
    assert not unquoted & set("\"'\\%$;#*?`|&<>(){}[]~! ")


def test_the_filters_hand_over_and_fail_as_filters_do():
    assert (
        systemd_unit.FilterModule().filters()["systemd_unit"]({"Unit": {"After": "x"}}, "c")
        == "# c\n\n[Unit]\nAfter=x\n"
    )
    assert systemd_environment.FilterModule().filters()["systemd_environment"]({"A": "b"}) == 'A="b"\n'
    for name, call in (("User", systemd_unit.systemd_unit), ("PASSWORD", systemd_environment.systemd_environment)):
        with pytest.raises(Exception, match=f"cannot write {name} for systemd"):
            call({"Service": {name: "a\nb"}} if name == "User" else {name: "a\nb"})
