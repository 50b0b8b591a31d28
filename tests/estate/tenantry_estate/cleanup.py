# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Taking the estate down: only what carries its label."""

from __future__ import annotations

from tenantry_estate import engine
from tenantry_estate.registry import LABEL
from tenantry_estate.shell import attempt, run, say
from tenantry_estate.state import State


def down(state: State) -> None:
    """Remove the estate's containers, networks and volumes, and stop the engine if the estate started it.

    Images stay: they are what makes the next start quick.
    """
    if engine.answers() is not None:
        for kind, listing, removal in (
            ("container", ["container", "ls", "--all"], ["container", "rm", "--force", "--volumes"]),
            ("network", ["network", "ls"], ["network", "rm"]),
            ("volume", ["volume", "ls"], ["volume", "rm"]),
        ):
            shown = attempt(["docker", *listing, "--quiet", f"--filter=label={LABEL}"])
            names = shown.stdout.split()
            if names:
                say(f"removing {len(names)} {kind}{'s' if len(names) > 1 else ''} labelled {LABEL}")
                run(["docker", *removal, *names])
    state.data.update(registry=None, images={})
    engine.stop(state)
    state.save()
