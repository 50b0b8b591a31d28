# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Character strings of DNS records (TXT and its relatives): bytes <-> quoted text. Errors are ValueErrors."""

from __future__ import annotations

import re
import typing as t

Transformation = t.Literal["unquoted", "quoted", "api"]

CHUNK = 255
_ESCAPE = re.compile(rb"\\(\d{3})|\\(.)", re.DOTALL)
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
# An escape of a printable character: \" \\ \. or \034. PowerDNS 5.1 drops the backslash and stores other data.
_ESCAPED_PRINTABLE = re.compile(r"\\(?:[^0-9]|0(?:3[2-9]|[4-9]\d)|1(?:[01]\d|2[0-6]))")


def encode(data: bytes) -> str:
    """Bytes as quoted strings of at most 255 bytes each, the way records hold them."""
    return " ".join(quoted(data[start : start + CHUNK]) for start in range(0, len(data) or 1, CHUNK))


def quoted(data: bytes) -> str:
    """Bytes as one quoted string: quotes and backslashes escaped, everything outside of ASCII as ``\\DDD``."""
    return '"' + "".join(_escaped(byte) for byte in data) + '"'


def decode(content: str) -> bytes:
    """The bytes of one or more quoted strings, joined: how they are cut into strings means nothing to a reader."""
    data = b""
    position = 0
    for found in _STRING.finditer(content):
        if content[position : found.start()].strip():
            break
        data += _unescaped(found.group(1))
        position = found.end()
    if not position or content[position:].strip():
        raise ValueError(f"{_short(content)} is not a series of strings in double quotes")
    return data


def unquoted(token: str) -> bytes:
    """The bytes of one string that may stand in quotes or not."""
    return decode(token) if token.startswith('"') else _unescaped(token)


def from_user(text: str, transformation: Transformation) -> tuple[str, str]:
    """What a person wrote, as the text to compare and the text to send."""
    if transformation == "unquoted":
        content = encode(text.encode("utf-8"))
        return content, content
    content = encode(decode(text))
    return content, text if transformation == "api" else content


def to_user(content: str, stored: str, transformation: Transformation) -> str:
    """The reverse of :func:`from_user`. What is no UTF-8 text stays quoted, as nothing else could show it."""
    if transformation == "api":
        return stored
    if transformation == "quoted":
        return content
    try:
        return decode(content).decode("utf-8")
    except ValueError:
        return content


def escapes_printable(content: str) -> bool:
    """True when the text holds an escape that PowerDNS 5.1 corrupts."""
    return bool(_ESCAPED_PRINTABLE.search(content))


def _escaped(byte: int) -> str:
    if byte in b'"\\':
        return "\\" + chr(byte)
    return chr(byte) if 0x20 <= byte < 0x7F else f"\\{byte:03d}"


def _unescaped(text: str) -> bytes:
    def char(found: re.Match[bytes]) -> bytes:
        if found.group(1) is None:
            return found.group(2)
        if int(found.group(1)) > 255:
            raise ValueError(f"{_short(text)} has the escape \\{found.group(1).decode()}, and a byte ends at 255")
        return bytes([int(found.group(1))])

    return _ESCAPE.sub(char, text.encode("utf-8"))


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:57] + "...")
