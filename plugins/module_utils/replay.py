# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which earlier release of a tenant can be made to serve again, and what it published."""

from __future__ import annotations

import typing as t

from ansible_collections.tenantry.platform.plugins.module_utils.release_tree import ReleaseTree

PREVIOUS = "previous"


def choose(tree: ReleaseTree, current: str | None, wanted: str) -> dict[str, t.Any]:
    """Look at the release that is asked for.

    :param current: the release that was applied last.
    :param wanted: its id, or ``previous``: the one that served before the current one.
    :returns: ``release``, None with a reason in ``why`` where it cannot be replayed; ``records``, ``images`` (names by
        service) and ``generations`` (by volume) of its manifest.
    """
    release = wanted
    if wanted == PREVIOUS:
        if current is None:
            return _refused("it has no release")
        before = tree.before(current)
        if before is None:
            return _refused(f"no good release served before {current}")
        release = before
    manifest = tree.manifest(release)
    bad = tree.bad(release)
    if manifest is None:
        good = [one for one in tree.releases() if tree.good(one)]
        return _refused(f"release {release} is not there; there are {', '.join(good) or 'none'}")
    if bad is not None:
        return _refused(f"release {release} is marked bad ({bad.get('reason')})")
    changed = tree.changed_files(release, manifest)
    if changed:
        return _refused(f"files of release {release} were edited: {', '.join(changed)}")
    return {
        "release": release,
        "why": "",
        "records": manifest["records"],
        "images": {service: image["name"] for service, image in manifest["images"].items()},
        "generations": manifest.get("generations") or {},
    }


def _refused(why: str) -> dict[str, t.Any]:
    return {"release": None, "why": why, "records": [], "images": {}, "generations": {}}
