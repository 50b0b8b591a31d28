# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prometheus's own tool for rules and metrics."""

from __future__ import annotations

import shutil
from pathlib import Path

import machine
from environments import BUILD


def path() -> Path:
    """Where promtool is; taken from Debian's package when this machine has none."""
    installed = shutil.which("promtool")
    if installed:
        return Path(installed)
    unpacked = BUILD / "tools" / "promtool"
    if not unpacked.is_file():
        machine.unpack(("promtool", "prometheus"), "usr/bin/promtool", unpacked)
    return unpacked
