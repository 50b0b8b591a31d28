# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of zones, record sets and the targets inside records: absolute, lower case, IDNA. Errors are ValueErrors."""

from __future__ import annotations

import re

try:
    import idna

    HAS_IDNA = True
except ImportError:  # requests brings it along, so only an unusual installation lacks it
    HAS_IDNA = False

# What the API of PowerDNS takes in the name of a record set; it answers 422 to anything else.
LABEL = re.compile(r"[a-z0-9_/-]{1,63}")
DOTS = str.maketrans({"\u3002": ".", "\uff0e": ".", "\uff61": "."})
APEX = ("", "@")


class OutOfZoneError(ValueError):
    """A name that does not lie in the zone it was given for."""


def zone_name(text: str) -> str:
    """``Example.COM`` -> ``example.com.``"""
    name = absolute(text)
    if name.startswith("*."):
        raise ValueError(f"{text!r} is not the name of a zone")
    return name


def record_name(zone: str, record: str | None = None, prefix: str | None = None) -> str:
    """Absolute name of a record set.

    :param zone: an absolute name, as :func:`zone_name` gives.
    :param record: a full name.
    :param prefix: a name relative to the zone; empty or @ is the zone itself.
    """
    if (record is None) == (prefix is None):
        raise ValueError("give either record (a full name) or prefix (relative to the zone)")
    if prefix is not None:
        return zone if prefix in APEX else absolute(f"{prefix.rstrip('.')}.{zone}")
    name = absolute(record or "")
    if not under(name, zone):
        raise OutOfZoneError(f"{name} is out of zone {zone}; for a name relative to the zone use prefix")
    return name


def absolute(text: str) -> str:
    """A name that can own records: lower case, IDNA encoded, with the final dot; ``*`` only as the first label."""
    name = text.translate(DOTS)
    labels = [_ascii(label) for label in name[: -1 if name.endswith(".") else None].split(".")]
    for position, label in enumerate(labels):
        if not LABEL.fullmatch(label) and not (label == "*" and position == 0 and len(labels) > 1):
            raise ValueError(f"{text!r} cannot own records: label {label!r} is empty, too long or has other characters")
    return _whole(labels, text)


def target(text: str) -> str:
    """A name inside the data of a record. It may be the root, and may hold escapes such as ``\\.``."""
    if text == ".":
        return text
    labels = _split_escaped(text.translate(DOTS))
    for label in labels or [""]:
        if not label or len(re.sub(r"\\(\d{3}|.)", "x", label)) > 63 or re.search(r'[\s"]', label):
            raise ValueError(f"{text!r} is not a host name")
    return _whole(labels, text)


def under(name: str, suffix: str) -> bool:
    """True when an absolute name is the suffix or below it."""
    return name == suffix or suffix == "." or name.endswith("." + suffix)


def _whole(labels: list[str], text: str) -> str:
    name = ".".join(labels) + "."
    if len(name) > 254:
        raise ValueError(f"{text[:60]!r}... is longer than 253 characters")
    return name


def _split_escaped(text: str) -> list[str]:
    labels = re.findall(r"((?:[^.\\]|\\\d{3}|\\[^\d])*)(?:\.|$)", text)
    if labels and labels[-1] == "":
        labels.pop()
    if ".".join(labels) != (text[:-1] if text.endswith(".") and not text.endswith("\\.") else text):
        raise ValueError(f"{text!r} is not a host name")
    return [_ascii(label) for label in labels]


def _ascii(label: str) -> str:
    if label.isascii():
        return label.lower()
    if not HAS_IDNA:
        raise ValueError(f"{label!r} needs the Python library idna; install python3-idna, or write it as xn--...")
    try:
        return idna.encode(label, uts46=True).decode("ascii")
    except idna.IDNAError as exc:
        raise ValueError(f"{label!r} is not an international domain name: {exc}") from exc
