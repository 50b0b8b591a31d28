# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Take away what a measurement left on the engine."""

from __future__ import annotations

import subprocess
import time

# How each kind is listed, and how it is called.
KINDS = {"container": (["ls", "-a"], "{{.ID}}"), "network": (["ls"], "{{.ID}}"), "volume": (["ls"], "{{.Name}}")}


# The engine lets go of a network a moment after its last container.
TRIES, PAUSE = 5, 3.0
# The command asks for all side by side, and some engines lock up when containers leave their networks in crowds.
AT_ONCE = 5


class LeftoversError(Exception):
    """Something could not be removed; the message says what the engine said."""


def remove(label: str, prefix: str) -> None:
    """Remove every container, network and volume whose label begins so, and nothing else.

    :raises LeftoversError: when something is still there after several tries.
    """
    for kind in KINDS:
        said = ""
        for turn in range(TRIES):
            if turn:
                time.sleep(PAUSE)
            found = _find(kind, label, prefix)
            if not found:
                break
            for first in range(0, len(found), AT_ONCE):
                said = _remove(kind, found[first : first + AT_ONCE]) or said
        else:
            raise LeftoversError(f"{len(_find(kind, label, prefix))} {kind}s stay: {said}")


def _remove(kind: str, names: list[str]) -> str:
    """Remove some; what the engine says against it."""
    force = ["-f"] if kind != "network" else []
    command = ["docker", kind, "rm", *force, *names]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    return done.stderr.strip().splitlines()[-1] if done.returncode else ""


def _find(kind: str, label: str, prefix: str) -> list[str]:
    listing, name = KINDS[kind]
    form = f'{name} {{{{.Label "{label}"}}}}'
    command = ["docker", kind, *listing, "--filter", f"label={label}", "--format", form]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return [line.split()[0] for line in listed.splitlines() if line.split()[1].startswith(prefix)]
