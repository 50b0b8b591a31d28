# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Data of single records in one canonical form per type, so that equal ones compare equal. Errors are ValueErrors."""

from __future__ import annotations

import base64
import binascii
import functools
import ipaddress
import re
import typing as t

from ansible_collections.tenantry.platform.plugins.module_utils import powerdns_name, powerdns_txt

TEXT_TYPES = ("SPF", "TXT")
_TOKEN = re.compile(r'(?:"(?:[^"\\]|\\.)*"|[^\s"])+', re.DOTALL)
_SPACE = re.compile(r'("(?:[^"\\]|\\.)*")|\s+', re.DOTALL)
# Parameters of SVCB and HTTPS in the order of their numbers, which is the order that PowerDNS insists on.
_SVC_KEYS = ("mandatory", "alpn", "no-default-alpn", "port", "ipv4hint", "ech", "ipv6hint", "dohpath")
_SVC_QUOTED = ("ech", "dohpath")

Parser = t.Callable[[list[str]], str]


def canonical(rtype: str, content: str) -> str:
    """One record's data in canonical form; text types are expected as quoted strings.

    :raises ValueError: the data cannot be of this type.
    """
    if rtype in TEXT_TYPES:
        return powerdns_txt.encode(powerdns_txt.decode(content))
    return _PARSERS.get(rtype, " ".join)(_tokens(content))


@functools.lru_cache(maxsize=4096)
def canonical_stored(rtype: str, content: str) -> str:
    """As :func:`canonical`, for what a server already holds: whatever that is, it has a form.

    Remembered, as many names of a zone have the address of one node.
    """
    try:
        return canonical(rtype, content)
    except ValueError:
        return content


def from_user(rtype: str, text: str, transformation: powerdns_txt.Transformation) -> tuple[str, str]:
    """What a person wrote, as (canonical form, text to send).

    :raises ValueError: the data cannot be of this type.
    """
    if rtype in TEXT_TYPES:
        return powerdns_txt.from_user(text, transformation)
    content = canonical(rtype, text)
    return content, _sendable(rtype, content, text)


def to_user(rtype: str, content: str, stored: str, transformation: powerdns_txt.Transformation) -> str:
    """A stored record as the person wrote it."""
    return powerdns_txt.to_user(content, stored, transformation) if rtype in TEXT_TYPES else content


def _sendable(rtype: str, content: str, text: str) -> str:
    # 4.x knows the parameter dohpath by its number only, 5.1 by its name only; the writer knows the server.
    if rtype in ("HTTPS", "SVCB") and re.search(r"\skey7=", text, re.IGNORECASE):
        return content.replace(" dohpath=", " key7=", 1)
    return content


def _tokens(content: str) -> list[str]:
    tokens = _TOKEN.findall(content) if '"' in content else content.split()
    if '"' in content and "".join(tokens) != _SPACE.sub(lambda found: found.group(1) or "", content):
        raise ValueError(f"{content!r} has a quote without its partner")
    if not tokens:
        raise ValueError("the value is empty")
    return tokens


def _number(limit: int) -> Parser:
    def parse(tokens: list[str]) -> str:
        token = tokens[0]
        if not (token.isascii() and token.isdigit()) or int(token) > limit:
            raise ValueError(f"{token!r} is not a number from 0 to {limit}")
        return str(int(token))

    return parse


def _ipv4(tokens: list[str]) -> str:
    return str(ipaddress.IPv4Address(tokens[0]))


def _ipv6(tokens: list[str]) -> str:
    if "%" in tokens[0]:
        raise ValueError(f"{tokens[0]!r} has a zone index, which means nothing in DNS")
    address = ipaddress.IPv6Address(tokens[0])
    # Python 3.13 writes a mapped address with dots, which PowerDNS 4.x refuses.
    if address.ipv4_mapped is not None:
        low = int(address) & 0xFFFFFFFF
        return f"::ffff:{low >> 16:x}:{low & 0xFFFF:x}"
    return str(address)


def _host(tokens: list[str]) -> str:
    return powerdns_name.target(tokens[0])


def _string(tokens: list[str]) -> str:
    data = powerdns_txt.unquoted(tokens[0])
    if len(data) > powerdns_txt.CHUNK:
        raise ValueError("a character string is longer than 255 bytes")
    return powerdns_txt.quoted(data)


def _long_string(tokens: list[str]) -> str:
    return powerdns_txt.quoted(powerdns_txt.unquoted(tokens[0]))


def _tag(tokens: list[str]) -> str:
    if not (tokens[0].isascii() and tokens[0].isalnum()):
        raise ValueError(f"{tokens[0]!r} is not a CAA tag such as issue, issuewild or iodef")
    return tokens[0].lower()


def _hex(tokens: list[str]) -> str:
    text = "".join(tokens).lower()
    try:
        bytes.fromhex(text)
    except ValueError as exc:
        raise ValueError(f"{text!r} is not hexadecimal") from exc
    return text


def _base64(tokens: list[str]) -> str:
    text = "".join(tokens)
    try:
        base64.b64decode(text, validate=True)
    except binascii.Error as exc:
        raise ValueError(f"{text!r} is not base64") from exc
    return text


def _fields(*parsers: Parser) -> Parser:
    """A parser for data made of several fields; the last one takes everything that is left where it can use it."""

    def parse(tokens: list[str]) -> str:
        rest_is_one = parsers[-1] in (_hex, _base64)
        if len(tokens) < len(parsers) or (len(tokens) > len(parsers) and not rest_is_one):
            raise ValueError(f"{' '.join(tokens)!r} has {len(tokens)} fields where {len(parsers)} are expected")
        heads = [parser([token]) for parser, token in zip(parsers[:-1], tokens)]
        return " ".join([*heads, parsers[-1](tokens[len(parsers) - 1 :])])

    return parse


def _service(tokens: list[str]) -> str:
    """SVCB and HTTPS: parameters without needless quotes, in the order of their numbers."""
    head = _fields(_number(65535), _host)(tokens[:2])
    found: dict[int, str] = {}
    for token in tokens[2:]:
        key, equals, value = token.partition("=")
        number = _service_key(key.lower())
        if number in found:
            raise ValueError(f"parameter {key} stands twice in {' '.join(tokens)!r}")
        found[number] = _service_parameter(number, value if equals else None)
    return " ".join([head, *(found[number] for number in sorted(found))])


def _service_key(key: str) -> int:
    if key in _SVC_KEYS:
        return _SVC_KEYS.index(key)
    numbered = re.fullmatch(r"key(\d{1,5})", key)
    if not numbered or int(numbered.group(1)) > 65535:
        raise ValueError(f"{key!r} is not a service parameter; unknown ones are written as key65333")
    return int(numbered.group(1))


def _service_parameter(number: int, value: str | None) -> str:
    key = _SVC_KEYS[number] if number < len(_SVC_KEYS) else f"key{number}"
    if value is None:
        return key
    data = powerdns_txt.unquoted(value) if value else b""
    if key in _SVC_QUOTED or number >= len(_SVC_KEYS):
        return f"{key}={powerdns_txt.quoted(data)}"
    items = data.decode("utf-8").split(",")
    if key == "mandatory":
        items = sorted(items, key=lambda item: _service_key(item.lower()))
    elif key == "ipv4hint" and items != ["auto"]:
        items = [_ipv4([item]) for item in items]
    elif key == "ipv6hint" and items != ["auto"]:
        items = [_ipv6([item]) for item in items]
    elif key == "port":
        items = [_number(65535)(items)]
    plain = ",".join(items)
    if re.search(r'[\s"]', plain):
        raise ValueError(f"parameter {key} has a value with white space or quotes")
    return f"{key}={plain}"


def _location(tokens: list[str]) -> str:
    """LOC as PowerDNS writes it: seconds with three digits, sizes in metres with two, and all four sizes."""
    match = re.fullmatch(
        r"(\d+)(?: (\d+))?(?: ([\d.]+))? ([NS]) (\d+)(?: (\d+))?(?: ([\d.]+))? ([EW])((?: -?[\d.]+m?){1,4})",
        " ".join(tokens).upper().replace("M", "m"),
    )
    if not match:
        raise ValueError(f"{' '.join(tokens)!r} is not a location such as 52 22 23.000 N 4 53 32.000 E -2.00m")
    parts = []
    for degrees, minutes, seconds, side in (match.group(1, 2, 3, 4), match.group(5, 6, 7, 8)):
        parts.append(f"{int(degrees)} {int(minutes or 0)} {float(seconds or 0):.3f} {side}")
    sizes = [float(size.rstrip("m")) for size in match.group(9).split()]
    sizes += [0.0, 1.0, 10000.0, 10.0][len(sizes) :]
    return " ".join([*parts, *(f"{size:.2f}m" for size in sizes)])


_U8, _U16 = _number(255), _number(65535)
_HASH = _fields(_U8, _U8, _U8, _hex)
_DELEGATION = _fields(_U16, _U8, _U8, _hex)
_KEY = _fields(_U16, _U8, _U8, _base64)
_ONE_HOST = _fields(_host)

_PARSERS: dict[str, Parser] = {
    "A": _fields(_ipv4),
    "AAAA": _fields(_ipv6),
    "AFSDB": _fields(_U16, _host),
    "ALIAS": _ONE_HOST,
    "CAA": _fields(_U8, _tag, _long_string),
    "CDNSKEY": _KEY,
    "CDS": _DELEGATION,
    "CNAME": _ONE_HOST,
    "DNAME": _ONE_HOST,
    "DNSKEY": _KEY,
    "DS": _DELEGATION,
    "HINFO": _fields(_string, _string),
    "HTTPS": _service,
    "LOC": _location,
    "MX": _fields(_U16, _host),
    "NAPTR": _fields(_U16, _U16, _string, _string, _string, _host),
    "NS": _ONE_HOST,
    "OPENPGPKEY": _fields(_base64),
    "PTR": _ONE_HOST,
    "SMIMEA": _HASH,
    "SRV": _fields(_U16, _U16, _U16, _host),
    "SSHFP": _fields(_U8, _U8, _hex),
    "SVCB": _service,
    "TLSA": _HASH,
    "URI": _fields(_U16, _U16, _long_string),
}
# What the modules take: the types above, text, and LUA, whose program is nobody's to rewrite.
TYPES = tuple(sorted([*_PARSERS, *TEXT_TYPES, "LUA"]))
