# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules for single values of a spec: names, texts, numbers, commands.

Each takes what a database gave and returns it normalized, or raises ``ValueError`` with a reason that a person can act
on. Reasons show a value as ASCII and shortened, so that none can drive a terminal.
"""

from __future__ import annotations

import functools
import json
import re
import typing as t
import unicodedata

from ansible_collections.tenantry.platform.plugins.module_utils.release_tree import RELEASE_ID

MIB = 1024 * 1024
# Linux refuses to start a process with a longer argument or environment string, the end included (MAX_ARG_STRLEN).
LONGEST_STRING = 131072
# Docker refuses less.
LEAST_MEMORY = 6 * MIB

NAME = re.compile(r"[a-z]([a-z0-9-]{0,30}[a-z0-9])?")
# Words that mean something else to YAML, Ansible, Docker or this collection.
_RESERVED = """
    all ungrouped tenants nodes quarantined nameservers localhost null none true false yes no on off nan inf
    traefik edge nameserver powerdns registry docker compose default backing host bridge shared current releases
    www mail smtp imap pop ftp mx ns ns1 ns2 ns3 ns4 dns wpad isatap autoconfig autodiscover hostmaster postmaster
    webmaster admin administrator root
"""
RESERVED_NAMES = frozenset(_RESERVED.split())
RESERVED_PREFIXES = ("tenantry", "quarantined-", "xn--")
# The app project of a release is <tenant>-<release8>: a tenant of such a name would be taken for one.
LIKE_A_RELEASE = re.compile(r".*-[0-9a-f]{8}")

ENVIRONMENT_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,254}")
RESERVED_ENVIRONMENT = ("TENANTRY_", "LD_", "DOCKER_", "COMPOSE_", "BUILDKIT_")
RESERVED_ENVIRONMENT_NAMES = frozenset({"BASH_ENV", "ENV", "IFS", "PROMPT_COMMAND", "SHELLOPTS", "BASHOPTS"})

LABEL_NAME = re.compile(r"[a-z0-9]([a-z0-9._/-]{0,253}[a-z0-9])?", re.IGNORECASE)
# Labels that programs on the node obey, and those by which this collection knows its own.
RESERVED_LABELS = (
    "prometheus.io",
    "traefik.",
    "tenantry.",
    "hosting.",
    "com.docker.",
    "io.docker.",
    "org.dockerproject.",
)

PART = re.compile(r"[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?")
CONTAINER_PATH = re.compile(r"(/[A-Za-z0-9._@+-]+)+")
KERNEL_PATHS = ("/proc", "/sys", "/dev", "/run/secrets", "/var/run/secrets")
SOCKETS = ("docker.sock", "containerd.sock", "podman.sock", "crio.sock")
PATH_PREFIX = re.compile(r"/|(/[A-Za-z0-9._~@-]+)+")
HEALTH_PATH = re.compile(r"/[!-~]{0,1023}")
SIZE = re.compile(r"([1-9][0-9]{0,14})([bkmg]?)")
CPUS = re.compile(r"(0|[1-9][0-9]{0,2})(\.[0-9]{1,3})?")
NUMBER = re.compile(r"0|[1-9][0-9]{0,8}")
USER = re.compile(r"(0|[1-9][0-9]{0,9})(:(0|[1-9][0-9]{0,9}))?")
VERSION = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}|sha256:[0-9a-f]{64}")
GENERATION = re.compile(r"[a-z0-9]{1,32}")
TIER = re.compile(r"[a-z]([a-z0-9_-]{0,30}[a-z0-9])?")
_DAY = "(?:mon|tue|wed|thu|fri|sat|sun)"
STATEMENT = re.compile(r"\s*(?:select|with)\b", re.IGNORECASE)
WINDOW = re.compile(rf"(?:daily|{_DAY}(?:[,-]{_DAY})*) (\d\d):(\d\d)-(\d\d):(\d\d)", re.ASCII)

# What Docker gives by default, and two that databases ask for. None of these reaches the host.
_CAPABILITIES = """
    AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID IPC_LOCK KILL MKNOD NET_BIND_SERVICE NET_RAW SETFCAP SETGID SETPCAP
    SETUID SYS_CHROOT SYS_NICE
"""
CAPABILITIES = frozenset(_CAPABILITIES.split())


def shown(value: t.Any) -> str:
    """A value in a reason: ASCII, one line, at most 60 characters."""
    text = ascii(value)
    return text if len(text) <= 60 else text[:57] + "..."


def segment(value: t.Any) -> str:
    """A name as part of the name of a field."""
    return value if isinstance(value, str) and PART.fullmatch(value) else shown(value)


def text(value: t.Any) -> str:
    """A string that can be stored and compared everywhere: no NUL, no half of a surrogate pair."""
    if not isinstance(value, str):
        raise ValueError(f"{shown(value)} is no text")
    if "\0" in value:
        raise ValueError("holds a NUL character")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError("is not valid UTF-8") from None
    return value


def line(value: t.Any, longest: int = 255) -> str:
    """Free text for people: one line without control, bidirectional or invisible characters."""
    for character in text(value):
        if unicodedata.category(character) in ("Cc", "Cf", "Co", "Cn", "Zl", "Zp"):
            raise ValueError(f"holds the character U+{ord(character):04X}, which is not for display")
    if not value.strip():
        raise ValueError("is blank")
    if len(value) > longest:
        raise ValueError(f"is longer than {longest} characters")
    return value


def matching(pattern: re.Pattern[str], says: str) -> t.Callable[[t.Any], str]:
    """A rule: the whole text matches. ``match`` would let a line break pass at the end."""

    def rule(value: t.Any) -> str:
        if not pattern.fullmatch(text(value)):
            raise ValueError(f"{shown(value)} is not {says}")
        return value

    return rule


def name(value: t.Any) -> str:
    """Name of a tenant, node, stack, service or route."""
    if not NAME.fullmatch(text(value)):
        raise ValueError(
            f"{shown(value)} is no name: use at most 32 lower-case letters, digits and hyphens, a letter first and no "
            "hyphen last"
        )
    if "--" in value:
        raise ValueError(f"{shown(value)} holds two hyphens in a row, which separate names on an engine")
    return value


def unreserved_name(value: t.Any) -> str:
    """Name of a tenant or node: also a host of the inventory, a project of the engine and a label of names."""
    if name(value) in RESERVED_NAMES or value.startswith(RESERVED_PREFIXES):
        raise ValueError(f"{shown(value)} is reserved: choose another name")
    if LIKE_A_RELEASE.fullmatch(value):
        raise ValueError(f"{shown(value)} ends like a release, in eight hexadecimal digits: choose another name")
    return value


part = matching(PART, "a name: use at most 63 lower-case letters, digits, _ and -")
tier = matching(TIER, "a tier: use at most 32 lower-case letters, digits, _ and -")
version = matching(VERSION, "a version: an image tag, or sha256: and 64 hexadecimal digits")
generation = matching(GENERATION, "a generation of a volume, such as r20261122t010203")
release = matching(RELEASE_ID, "the id of a release, such as 20261121T041833Z-1f0c9a2e")
path_prefix_text = matching(PATH_PREFIX, "a path prefix: / or /word/word without a slash at its end")
health_path = matching(HEALTH_PATH, "a path: begin with / and percent-encode other characters than printable ASCII")
user = matching(USER, "numeric: write uid or uid:gid")


def hook_name(value: t.Any) -> str:
    """As :func:`name`; with ``hook-`` before it, it is the name of a compose service."""
    if len(name(value)) > 27:
        raise ValueError(f"{shown(value)} is longer than 27 characters")
    return str.__str__(value)


def migration_name(value: t.Any) -> str:
    """As :func:`name`; with ``migrate-`` before it, it is the name of a compose service."""
    if len(name(value)) > 24:
        raise ValueError(f"{shown(value)} is longer than 24 characters")
    return str.__str__(value)


def path_prefix(value: t.Any) -> str:
    """Path prefix of a route."""
    if {".", ".."} & set(path_prefix_text(value).split("/")):
        raise ValueError(f"{shown(value)} holds . or .. as a segment")
    return value


def container_path(value: t.Any) -> str:
    """An absolute path inside a container that hides nothing of the kernel or the engine."""
    if not CONTAINER_PATH.fullmatch(text(value)) or {".", ".."} & set(value.split("/")):
        raise ValueError(f"{shown(value)} is no plain absolute path: use /, letters, digits and ._@+-")
    if any(value == kernel or value.startswith(kernel + "/") for kernel in KERNEL_PATHS):
        raise ValueError(f"{shown(value)} belongs to the kernel or the platform")
    if value.rsplit("/", 1)[1] in SOCKETS:
        raise ValueError(f"{shown(value)} is the name of an engine's socket")
    if len(value) > 255:
        raise ValueError("is longer than 255 characters")
    return value


def environment_name(value: t.Any) -> str:
    """Name of an environment variable that neither the platform, the loader nor a shell gives a meaning."""
    if not ENVIRONMENT_NAME.fullmatch(text(value)):
        raise ValueError(f"{shown(value)} is no name of a variable: use letters, digits and _, no digit first")
    if value.upper().startswith(RESERVED_ENVIRONMENT) or value in RESERVED_ENVIRONMENT_NAMES:
        raise ValueError(f"{shown(value)} is reserved")
    return value


def environment_value(key: str, value: t.Any) -> str:
    """Value of an environment variable; any text. Never shown: it may be a secret."""
    if len(f"{key}={text(value)}".encode()) + 1 > LONGEST_STRING:
        raise ValueError(f"is longer, with its name, than the {LONGEST_STRING} bytes that a process can be given")
    return value


def label_name(value: t.Any) -> str:
    """Name of a container label."""
    if not LABEL_NAME.fullmatch(text(value)):
        raise ValueError(f"{shown(value)} is no label: use letters, digits and ._/-")
    if value.lower().startswith(RESERVED_LABELS):
        raise ValueError(f"{shown(value)} is reserved: programs on the node obey labels of that kind")
    return value


def label_value(value: t.Any) -> str:
    """Value of a container label."""
    if len(text(value).encode()) > 65535:
        raise ValueError("is longer than 65535 bytes")
    return value


def integer(least: int, most: int) -> t.Callable[[t.Any], int]:
    """A rule: a whole number in decimal digits, in a range."""

    def rule(value: t.Any) -> int:
        # int() would take 1_000, full-width digits and surrounding blanks.
        if isinstance(value, str) and NUMBER.fullmatch(value):
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise ValueError(f"{shown(value)} is no whole number")
        if not least <= value <= most:
            raise ValueError(f"{value} is not between {least} and {most}")
        return value

    return rule


def flag(value: t.Any) -> bool:
    """True or false, as databases without that type say it too."""
    if isinstance(value, (bool, int)) and value in (0, 1):
        return bool(value)
    raise ValueError(f"{shown(value)} is neither true nor false (1 or 0)")


def choice(*values: str) -> t.Callable[[t.Any], str]:
    """A rule: one of some words."""

    def rule(value: t.Any) -> str:
        if text(value) not in values:
            raise ValueError(f"{shown(value)} is none of {', '.join(values)}")
        return value

    return rule


def size(value: t.Any) -> int:
    """Bytes, from a number of them or a text such as ``128m`` (b, k, m, g; powers of 1024)."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    found = SIZE.fullmatch(text(value))
    if not found:
        raise ValueError(f"{shown(value)} is no size: write bytes, or a whole number and k, m or g, such as 128m")
    return int(found[1]) * {"": 1, "b": 1, "k": 1024, "m": MIB, "g": 1024 * MIB}[found[2]]


def memory(value: t.Any) -> int:
    """Bytes of memory that a container may have."""
    result = size(value)
    if not LEAST_MEMORY <= result <= 2**53:
        raise ValueError(f"{shown(value)} is less than 6 MiB, the least that a container can have, or absurdly much")
    return result


def cpus(value: t.Any) -> str:
    """How many processors a container may use, as text so that it stays as it was written."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        value = f"{value:g}"
    if not CPUS.fullmatch(text(value)) or float(value) == 0:
        raise ValueError(f"{shown(value)} is no number of processors: write 0.5 or 2, with at most three decimals")
    return value


def words(value: t.Any) -> list[str]:
    """A list of strings, from its JSON."""
    if isinstance(value, str):
        try:
            value = json.loads(text(value))
        except (ValueError, RecursionError):
            raise ValueError(f'{shown(value)} is no JSON list of strings: write ["program", "argument"]') from None
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ValueError(f'{shown(value)} is no list of strings: write ["program", "argument"]')
    return [text(one) for one in value]


def names(value: t.Any) -> list[str]:
    """Names, each once, in their order."""
    found = list(dict.fromkeys(name(one) for one in words(value)))
    if not found:
        raise ValueError("names nothing")
    return found


def statement(value: t.Any) -> str:
    """One SQL statement that reads."""
    if not STATEMENT.match(text(value)) or ";" in value.strip().rstrip(";"):
        raise ValueError(f"{shown(value)} is not one SELECT")
    if len(value) > 4096:
        raise ValueError("is longer than 4096 characters")
    return value.strip().rstrip(";")


def command(value: t.Any) -> list[str]:
    """Arguments of a process, the program first."""
    result = words(value)
    if not result or not result[0]:
        raise ValueError("names no program")
    if any(len(one.encode()) + 1 > LONGEST_STRING for one in result):
        raise ValueError(f"has an argument longer than the {LONGEST_STRING} bytes that a process can be started with")
    return result


def capabilities(value: t.Any) -> list[str]:
    """Linux capabilities that a service needs in spite of the default of none."""
    result = sorted(set(words(value)))
    if refused := [one for one in result if one not in CAPABILITIES]:
        raise ValueError(f"{shown(refused[0])} cannot be given: choose of {', '.join(sorted(CAPABILITIES))}")
    return result


def paths(value: t.Any) -> list[str]:
    """Container paths that are empty directories in memory."""
    return sorted({container_path(one) for one in words(value)})


def window(value: t.Any) -> str:
    """A maintenance window: ``daily 02:00-04:00``, ``sat,sun 22:00-04:00``, ``mon-fri 01:00-02:30``."""
    found = WINDOW.fullmatch(text(value))
    if not found or int(found[1]) > 23 or int(found[3]) > 23 or int(found[2]) > 59 or int(found[4]) > 59:
        raise ValueError(f"{shown(value)} is no window: write daily 02:00-04:00 or sat,sun 22:00-04:00")
    return value


@functools.lru_cache(maxsize=1024)
def timezone(value: t.Any) -> str:
    """A zone of the IANA database."""
    import zoneinfo

    try:
        zoneinfo.ZoneInfo(text(value))
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        raise ValueError(f"{shown(value)} is no time zone: write a name such as Europe/Vienna") from None
    return value
