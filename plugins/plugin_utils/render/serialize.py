# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Data to text that JSON and YAML 1.1 / 1.2 parsers read alike, byte for byte.

Everything a release holds is serialized here and never spliced into a template. JSON is nearly YAML; the
differences, which this module closes:

- YAML readers refuse raw DEL, C1 controls, the BOM and the two non-characters of the BMP, and fold raw NEL and
  U+2028 / U+2029 as line breaks. All of them leave as ``\\uXXXX``, which both languages read.
- YAML parsers do not join the two halves of an escaped surrogate pair, so astral characters stay raw.
- A YAML reader looks for the colon of a plain ``key: value`` pair within 1024 characters only.
- YAML 1.1 reads ``1e+22`` as a string, so a float has to have a short form.
"""

from __future__ import annotations

import hashlib
import json
import re
import typing as t

from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError

_YAML_REFUSES = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_PLAIN_FLOAT = re.compile(r"-?[0-9]+\.[0-9]+")
_LONGEST_KEY = 1000
_LARGEST_INT = 2**63


def dump(data: t.Any) -> str:
    """Text of ``data``: indented JSON that is YAML too, keys in their given order, ending in a newline.

    :param data: dicts with string keys, lists, tuples, strings (also of a subclass), ints, short floats, bools, None.
    :raises TenantryError: kind ``invalid`` for anything that a reader would give back changed.
    """
    text = json.dumps(_plain(data, ()), ensure_ascii=False, allow_nan=False, indent=2)
    return _YAML_REFUSES.sub(lambda found: f"\\u{ord(found.group()):04x}", text) + "\n"


def digest(data: t.Any) -> str:
    """``sha256:<hex>`` of the canonical JSON of ``data``: the same whatever the order of keys.

    A plan takes one of every tenant, so this leaves the walk through the data to the encoder in C.

    :raises TenantryError: kind ``invalid`` for what JSON has no form for.
    """
    try:
        text = json.dumps(data, ensure_ascii=True, allow_nan=False, sort_keys=True, separators=(",", ":"))
    except (TypeError, ValueError) as error:
        raise TenantryError(f"cannot take the digest of data: {error}; correct that value", "invalid") from error
    return "sha256:" + hashlib.sha256(text.encode("ascii")).hexdigest()


def _plain(value: t.Any, path: tuple[str, ...]) -> t.Any:
    """The same data of built-in types alone, so that no subclass decides how it is written."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _text(value, path)
    if isinstance(value, int):
        if not -_LARGEST_INT <= value < _LARGEST_INT:
            raise _refusal(path, "a whole number does not fit 64 bits")
        return int(value)
    if isinstance(value, float):
        if not _PLAIN_FLOAT.fullmatch(repr(float(value))):
            raise _refusal(path, "a float has no plain decimal form")
        return float(value)
    if isinstance(value, dict):
        return {_key(key, path): _plain(item, (*path, str(key))) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item, (*path, str(index))) for index, item in enumerate(value)]
    raise _refusal(path, f"a value of type {type(value).__name__} has no form in JSON")


def _text(value: str, path: tuple[str, ...]) -> str:
    plain = str.__str__(value)
    if _SURROGATE.search(plain):
        raise _refusal(path, "a string holds a lone surrogate, which is no character")
    return plain


def _key(key: t.Any, path: tuple[str, ...]) -> str:
    if not isinstance(key, str):
        raise _refusal(path, f"a key is of type {type(key).__name__}, not a string")
    if len(json.dumps(key)) > _LONGEST_KEY:
        raise _refusal(path, f"a key is longer than {_LONGEST_KEY} characters, more than YAML readers look ahead")
    return _text(key, path)


def _refusal(path: tuple[str, ...], why: str) -> TenantryError:
    where = ".".join(path).encode("ascii", "backslashreplace").decode("ascii")[:200] or "top"
    return TenantryError(f"cannot serialize data at {where}: {why}; correct that value", "invalid", where=where)
