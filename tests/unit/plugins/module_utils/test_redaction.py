# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets that must not reach logs and messages."""

from __future__ import annotations

import pytest

from ansible_collections.tenantry.platform.plugins.module_utils.redaction import Redactor


@pytest.mark.parametrize(
    ("secret", "text", "shown"),
    [
        ("hunter22", "password=hunter22;", "password=********;"),
        ("p@ss/w rd", "postgres://u:p%40ss%2Fw%20rd@db", "postgres://u:********@db"),
        ("p@ss/w rd", "q=p%40ss%2Fw+rd", "q=********"),
        ('a"b\\c', '{"k": "a\\"b\\\\c"}', '{"k": "********"}'),
        ("-----BEGIN KEY-----\nMIIBVgIBADANB\n-----END KEY-----\n", "line MIIBVgIBADANB", "line ********"),
        ("trailing\n", "it is trailing here", "it is ******** here"),
        ("", "nothing to hide", "nothing to hide"),
    ],
)
def test_a_secret_is_masked_in_every_form_it_takes(secret: str, text: str, shown: str) -> None:
    assert Redactor([secret]).text(text) == shown


def test_a_secret_within_a_longer_one_leaves_no_rest() -> None:
    assert Redactor(["abc", "abcdef"]).lines(["x abcdef y", "abc"]) == ["x ******** y", "********"]


def test_short_lines_of_a_long_secret_mask_no_other_words() -> None:
    assert Redactor(["first line of it\nok\n"]).text("all is ok") == "all is ok"


def test_what_secret_files_hold_is_masked(tmp_path) -> None:
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "token").write_text("hunter22\n", encoding="utf-8")
    (tmp_path / "key").write_bytes(b"\xff\xfebinary")
    redactor = Redactor.from_params({"redact": ["abc"], "redact_files": [str(tmp_path), str(tmp_path / "none")]})
    assert redactor.text("hunter22 abc hunter2") == "******** ******** hunter2"
