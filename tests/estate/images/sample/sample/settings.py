# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The environment of the container, read in one place."""

from __future__ import annotations

import os


def text(name: str, default: str = "") -> str:
    """An environment variable; an empty one counts as absent."""
    return os.environ.get(name) or default


def number(name: str, default: float) -> float:
    """An environment variable as a number; ends the program with a clear message when it is none."""
    value = text(name)
    try:
        return float(value) if value else default
    except ValueError:
        raise SystemExit(f"sample: {name}={value!r} is not a number") from None


def secret(name: str) -> str | None:
    """The content of the file that ``<name>_FILE`` names, or None when the variable is absent."""
    path = text(f"{name}_FILE")
    if not path:
        return None
    try:
        with open(path, encoding="utf-8") as file:
            return file.read().rstrip("\n")
    except OSError as error:
        raise SystemExit(f"sample: cannot read {name}_FILE {path}: {error.strerror} (uid {os.getuid()})") from None


def identity() -> dict[str, str]:
    """Who answers: the same fields in every role."""
    return {
        "tenant": text("TENANTRY_TENANT"),
        "service": text("TENANTRY_SERVICE"),
        "version": text("SAMPLE_VERSION"),
        "release": text("TENANTRY_RELEASE"),
        "hostname": os.uname().nodename,
    }


def say(message: str) -> None:
    """One line to the container's log."""
    print(f"sample: {message}", flush=True)
