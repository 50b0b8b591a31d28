# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What there is, as a small table."""

from __future__ import annotations

from tenantry_estate import engine, images
from tenantry_estate.catalogue import IMAGES
from tenantry_estate.state import State


def status(state: State) -> str:
    """The engine, the registry and every image."""
    version = engine.answers()
    lines = [
        f"engine    {version or 'does not answer'}"
        + (" (started by the estate)" if state.data["engine"].get("started") else ""),
        f"registry  {state.data['registry'] or 'none'}",
        "",
        f"{'image':<21} {'built':<9} pushed",
    ]
    have = images.known([image.local for image in IMAGES]) if version else {}
    for image in IMAGES:
        word = "current" if images.current(image, have) else "outdated" if image.local in have else "no"
        digest = state.data["images"].get(image.key, {}).get("digest", "no")
        lines.append(f"{image.key:<21} {word:<9} {digest}")
    return "\n".join(lines)
