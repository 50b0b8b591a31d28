# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``make changelog``: fold the fragments into CHANGELOG.rst for the version in galaxy.yml, and list its new plugins.

Runs in the copy of the collection: elsewhere ansible-doc, which names the plugins, would not find them. May be repeated
until the version is tagged.
"""

from __future__ import annotations

import shutil
import subprocess
import sys

from places import NEWEST, ROOT
from tree import copy

WRITTEN = ("CHANGELOG.rst", "changelogs/changelog.yaml")


def main() -> int:
    """Release in the copy, bring the result back, remove what it consumed."""
    collection = copy(NEWEST)
    options = ["--update-existing", "--reload-plugins", "--refresh-plugins"]
    command = [NEWEST.tool("antsibull-changelog"), "release", *options]
    subprocess.run(command, cwd=collection, env=NEWEST.environment(), check=True)
    for name in WRITTEN:
        shutil.copy2(collection / name, ROOT / name)
    for fragment in sorted((ROOT / "changelogs" / "fragments").glob("*.y*ml")):
        if not (collection / "changelogs" / "fragments" / fragment.name).exists():
            fragment.unlink()
            print(f"folded in: changelogs/fragments/{fragment.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
