# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Unit files and environment files of systemd, from data. Every value arrives as it was, or is refused.

systemd reads a value in three steps that a string must pass unchanged: quotes and backslashes, specifiers (``%h``),
and on command lines variables (``$HOME``). The last one is switched off by the prefix ``:`` of each command.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PLAIN = re.compile(r"[A-Za-z0-9_./:=@,+-]+")
_COMMANDS = "Exec"


def unit(sections: t.Mapping[str, t.Mapping[str, t.Any]], comment: str = "") -> str:
    """A unit file.

    A string is a value as it stands, a list is words, a dict is one assignment for each variable, a list below
    ``Exec…`` is a command and its arguments. What is empty is left out.

    :param sections: by section its settings, both in their given order.
    :raises TenantryError: kind ``invalid`` for what no unit can hold.
    """
    lines = [f"# {_text(line, 'comment')}" for line in comment.splitlines()]
    for section, settings in sections.items():
        lines += [""] if lines else []
        lines.append(f"[{_name(section)}]")
        for name, value in settings.items():
            lines += [f"{_name(name)}={text}" for text in _values(name, value)]
    return "\n".join([*lines, ""])


def environment(variables: t.Mapping[str, t.Any]) -> str:
    """A file for ``EnvironmentFile=``: sorted, so that it changes only when a value does.

    :raises TenantryError: kind ``invalid`` for what the file cannot hold; the message does not name the value.
    """
    lines = []
    for name in sorted(variables, key=str):
        value = re.sub(r'([\\"`$])', r"\\\1", _text(_plain(variables[name], _variable(name)), name))
        lines.append(f'{name}="{value}"')
    return "".join(f"{line}\n" for line in lines)


def word(value: t.Any, where: str) -> str:
    """One word of a list, in quotes when it needs them."""
    text = _text(_plain(value, where), where).replace("%", "%%")
    if _PLAIN.fullmatch(text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _values(name: str, value: t.Any) -> list[str]:
    if value in ("", None) or value == [] or value == {}:
        return []
    if isinstance(value, t.Mapping):
        return [word(f"{_variable(key)}={_plain(one, name)}", name) for key, one in value.items()]
    if isinstance(value, (list, tuple)):
        if name.startswith(_COMMANDS):
            value = [f":{_plain(value[0], name)}", *value[1:]]
        return [" ".join(word(one, name) for one in value)]
    return [_line(value, name)]


def _line(value: t.Any, where: str) -> str:
    """A value that systemd takes to the end of the line."""
    text = _text(_plain(value, where), where)
    if text != text.strip() or text.endswith("\\"):
        raise _refusal(where, "it begins or ends with a blank, or ends with a backslash")
    return text.replace("%", "%%")


def _plain(value: t.Any, where: str) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        return str(int(value))
    raise _refusal(where, f"it is of type {type(value).__name__}, not text")


def _text(value: str, where: str) -> str:
    """Refuse what ends a line, and what systemd drops a whole line for."""
    if any(ord(c) < 32 or 127 <= ord(c) < 160 or c in "\u2028\u2029" or "\ud800" <= c <= "\udfff" for c in value):
        raise _refusal(where, "it holds a line break or another control character")
    return value


def _name(name: t.Any) -> str:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise _refusal("a name of a section or setting", "it is none")
    return name


def _variable(name: t.Any) -> str:
    if not isinstance(name, str) or not _VARIABLE.fullmatch(name):
        raise _refusal("a name of an environment variable", "it is not made of letters, digits and underscores")
    return name


def _refusal(where: str, why: str) -> TenantryError:
    return TenantryError(f"cannot write {where} for systemd: {why}; correct that value", "invalid", where=where)
