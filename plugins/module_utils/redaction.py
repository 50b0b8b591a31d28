# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets taken out of text that people and reports will see."""

from __future__ import annotations

import json
import os
import typing as t
import urllib.parse

MASK = "********"

#: A line of a multi-line secret (a key in PEM) that is shorter than this says nothing and would mask innocent words.
SHORTEST_LINE = 8

REDACTION_ARGUMENTS: dict[str, t.Any] = {
    "redact": {"type": "list", "elements": "str", "default": [], "no_log": True},
    "redact_files": {"type": "list", "elements": "path", "default": []},
}


class Redactor:
    """Replaces each secret, also as it looks in a URL, in JSON and line by line, by asterisks.

    :param secrets: plain values; empty ones are ignored.
    """

    def __init__(self, secrets: t.Iterable[str] = ()) -> None:
        forms: set[str] = set()
        for secret in filter(None, secrets):
            lines = [line.strip() for line in secret.splitlines()]
            parts = {secret, secret.strip(), *(line for line in lines if len(line) >= SHORTEST_LINE)}
            for part in filter(None, parts):
                forms |= {
                    part,
                    urllib.parse.quote(part, safe=""),
                    urllib.parse.quote_plus(part),
                    json.dumps(part)[1:-1],
                }
        # Longest first: a secret that holds another must go as a whole.
        self._forms = sorted(forms, key=len, reverse=True)

    @classmethod
    def from_params(cls, params: t.Mapping[str, t.Any]) -> Redactor:
        """From the options ``redact`` and ``redact_files``."""
        return cls([*params["redact"], *(_content(path) for path in _files(params["redact_files"]))])

    def text(self, text: str) -> str:
        for form in self._forms:
            text = text.replace(form, MASK)
        return text

    def lines(self, lines: t.Iterable[str]) -> list[str]:
        return [self.text(line) for line in lines]


def _files(paths: t.Iterable[str]) -> t.Iterator[str]:
    """The files themselves, and those below directories; what is not there holds no secret."""
    for path in paths:
        if os.path.isfile(path):
            yield path
        for directory, _directories, names in os.walk(path):
            yield from (os.path.join(directory, name) for name in names)


def _content(path: str) -> str:
    with open(path, encoding="utf-8", errors="replace") as stream:
        return stream.read()
