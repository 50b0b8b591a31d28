# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Take away what a measurement left on the engine."""

from __future__ import annotations

import subprocess

# How each kind is listed, and how it is called.
KINDS = {"container": (["ls", "-a"], "{{.ID}}"), "network": (["ls"], "{{.ID}}"), "volume": (["ls"], "{{.Name}}")}


def remove(label: str, prefix: str) -> None:
    """Remove every container, network and volume whose label begins so, and nothing else."""
    for kind, (listing, name) in KINDS.items():
        form = f'{name} {{{{.Label "{label}"}}}}'
        command = ["docker", kind, *listing, "--filter", f"label={label}", "--format", form]
        listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        found = [line.split()[0] for line in listed.splitlines() if line.split()[1].startswith(prefix)]
        if found:
            force = ["-f"] if kind != "network" else []
            subprocess.run(["docker", kind, "rm", *force, *found], stdout=subprocess.DEVNULL, check=True)
