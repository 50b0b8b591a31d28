# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The states of the module ``release``, one function each; every one predicts in check mode what it does otherwise."""

from __future__ import annotations

import os
import typing as t

from ansible_collections.tenantry.platform.plugins.module_utils import durable
from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.module_utils.fallback import Fallback
from ansible_collections.tenantry.platform.plugins.module_utils.journal import now, step
from ansible_collections.tenantry.platform.plugins.module_utils.release_tree import ReleaseTree

Params = dict[str, t.Any]
Result = dict[str, t.Any]


def run(params: Params, check_mode: bool) -> Result:
    """Bring a release to ``params["state"]``.

    :raises TenantryError: with the kinds that the states name.
    """
    tree = ReleaseTree(params["root"], params["tenant"])
    state = _STATES[params["state"]]
    with step(None if check_mode else params["operation"]):
        return state(tree, params, check_mode)


def _prepared(tree: ReleaseTree, params: Params, check_mode: bool) -> Result:
    release, manifest = params["release"], params["manifest"]
    if manifest.get("release") != release or manifest.get("tenant") != tree.tenant:
        raise TenantryError(
            f"the manifest names release {manifest.get('release')} of tenant {manifest.get('tenant')}, "
            f"not {release} of {tree.tenant}",
            "invalid",
        )
    written = tree.manifest(release)
    files = [dict(entry, sensitive=False) for entry in params["files"]]
    files += [dict(entry, sensitive=True) for entry in params["secret_files"]]
    result = {
        "changed": written is None,
        "release": release,
        "path": tree.directory(release),
        "manifest": manifest,
        "diff": _files_diff(tree, params["files"], release) if written is None else [],
    }
    if written is not None and written["files"] != manifest["files"]:
        raise TenantryError(f"release {release} of tenant {tree.tenant} exists with other files", "exists")
    if written is None and not check_mode:
        tree.prepare(release, files, manifest)
    return result


def _files_diff(tree: ReleaseTree, files: list[dict[str, t.Any]], release: str) -> list[dict[str, str]]:
    """What changes against the current release, file by file; secrets are not among ``files``."""
    try:
        current = tree.current()
    except TenantryError:
        current = None
    result = []
    for entry in files:
        before = ""
        if current:
            try:
                with open(
                    tree.file_path(current, entry["path"], entry.get("base") or "release"), encoding="utf-8"
                ) as stream:
                    before = stream.read()
            except FileNotFoundError:
                pass
        if before != entry["content"]:
            header = f"{tree.tenant}/{{}}/{entry['path']}"
            result.append(
                {
                    "before": before,
                    "after": entry["content"],
                    "before_header": header.format(current or "none"),
                    "after_header": header.format(release),
                }
            )
    return result


def _active(tree: ReleaseTree, params: Params, check_mode: bool) -> Result:
    release = params["release"]
    manifest = tree.finished(release)
    try:
        previous = tree.current()
    except TenantryError:
        previous = None  # a moved link is what this state mends
    if not check_mode:
        tree.activate(release)
        tree.set_state("active", (params["operation"] or {}).get("id"), release)
        if previous != release:
            tree.record({"at": now(), "event": "active", "release": release, "from": previous} | _who(params))
    return {
        "changed": previous != release,
        "release": release,
        "previous": previous,
        "path": tree.directory(release),
        "manifest": manifest,
        "diff": [_link_diff(tree, previous, release)] if previous != release else [],
    }


def _stopped(tree: ReleaseTree, params: Params, check_mode: bool) -> Result:
    before, applied = tree.state(), tree.applied()
    if not check_mode:
        tree.set_state("stopped", (params["operation"] or {}).get("id"), applied)
        if before != "stopped":
            tree.record({"at": now(), "event": "stopped", "release": applied} | _who(params))
    return {"changed": before != "stopped", "release": applied}


def _closed(tree: ReleaseTree, params: Params, check_mode: bool) -> Result:
    before, applied = (tree.state(), tree.other_route()), tree.applied()
    route = durable.sha256(params["route_file"])
    if not check_mode:
        tree.set_state("closed", (params["operation"] or {}).get("id"), applied, route)
        if before[0] != "closed":
            tree.record({"at": now(), "event": "closed", "release": applied} | _who(params))
    return {"changed": before != ("closed", route), "release": applied}


def _guarded(tree: ReleaseTree, params: Params, check_mode: bool) -> Result:
    release, fallback = params["release"], Fallback(tree)
    if release is not None:
        tree.finished(release)
    before = fallback.read() or {}
    wanted = {"release": release, "snapshots": params["snapshots"]}
    if not check_mode:
        fallback.note(release, params["snapshots"], params["operation"], params["route_file"])
    return {"changed": {key: before.get(key) for key in wanted} != wanted, "release": release}


def _unguarded(tree: ReleaseTree, params: Params, check_mode: bool) -> Result:
    fallback = Fallback(tree)
    noted = fallback.read()
    if noted is not None and not check_mode:
        tree.record({"at": now(), "event": "loaded_back", "release": noted["release"]} | _who(params))
        fallback.clear()
    return {"changed": noted is not None, "release": (noted or {}).get("release")}


def _canary(tree: ReleaseTree, params: Params, check_mode: bool) -> Result:
    release, applied = params["release"], tree.applied()
    tree.finished(release)
    canary = {"release": release, "weight": params["weight"]}
    route = durable.sha256(params["route_file"])
    changed = (tree.canary(), tree.other_route()) != (canary, route)
    if not check_mode:
        tree.set_state("canary", (params["operation"] or {}).get("id"), applied, route, canary)
        if changed:
            tree.record({"at": now(), "event": "canary", **canary} | _who(params))
    return {"changed": changed, "release": release}


def _who(params: Params) -> dict[str, t.Any]:
    return {"operation": (params["operation"] or {}).get("id")}


def _link_diff(tree: ReleaseTree, before: str | None, after: str | None) -> dict[str, str]:
    def text(release: str | None) -> str:
        return f"releases/{release}\n" if release else ""

    return {
        "before": text(before),
        "after": text(after),
        "before_header": tree.current_link,
        "after_header": tree.current_link,
    }


def _bad(tree: ReleaseTree, params: Params, check_mode: bool) -> Result:
    release = params["release"]
    changed = os.path.isdir(tree.directory(release)) and tree.bad(release) is None
    if changed and not check_mode:
        mark = {"at": now(), "reason": params["reason"]} | _who(params)
        tree.mark_bad(release, mark)
        tree.record({"at": now(), "event": "bad", "release": release, "reason": params["reason"]} | _who(params))
    return {"changed": changed, "release": release}


def _absent(tree: ReleaseTree, params: Params, check_mode: bool) -> Result:
    release = params["release"]
    if release is None:
        changed = bool(tree.releases()) or os.path.lexists(tree.current_link) or tree.has_secrets()
        if not check_mode:
            tree.remove_all()  # empty directories too: the operation itself made them
        if changed and not check_mode:
            tree.record({"at": now(), "event": "removed"} | _who(params))
        if not check_mode and os.path.isdir(tree.deploy_path):
            tree.set_state("removed", (params["operation"] or {}).get("id"), None)
        return {"changed": changed, "release": None}
    changed = os.path.isdir(tree.directory(release))
    if changed and not check_mode:
        tree.remove(release)
    return {"changed": changed, "release": release}


def _pruned(tree: ReleaseTree, params: Params, check_mode: bool) -> Result:
    pruned = [release for release in tree.prunable(params["keep"]) if release not in params["pinned"]]
    secrets = tree.unused_secrets(gone=pruned)
    if not check_mode:
        for release in pruned:
            tree.remove(release)
        tree.remove_secrets(secrets)
    return {
        "changed": bool(pruned or secrets),
        "release": tree.current(),
        "pruned": pruned,
        "pruned_secrets": secrets,
    }


_STATES: dict[str, t.Callable[[ReleaseTree, Params, bool], Result]] = {
    "prepared": _prepared,
    "active": _active,
    "stopped": _stopped,
    "closed": _closed,
    "canary": _canary,
    "guarded": _guarded,
    "unguarded": _unguarded,
    "bad": _bad,
    "absent": _absent,
    "pruned": _pruned,
}


def read(root: str, tenant: str, release: str | None, route_file: str | None = None) -> Result:
    """What the module ``release_info`` returns.

    :raises TenantryError: ``unfinished`` for a release without a manifest.
    """
    tree = ReleaseTree(root, tenant)
    try:
        current = tree.current()
    except TenantryError:
        current = None  # a release that is asked for by name, or was recorded, is there, whatever the link points at
    wanted = release or tree.applied()
    releases = []
    for one in tree.releases():
        bad = tree.bad(one)
        finished = tree.manifest(one) is not None
        releases.append(
            {"release": one, "finished": finished, "bad": bad is not None, "reason": (bad or {}).get("reason")}
        )
    return {
        "release": wanted,
        "current": current,
        "run_state": tree.state(),  # `state` beside `path` is for ansible the kind of a file
        "path": tree.directory(wanted) if wanted else None,
        "manifest": tree.finished(wanted) if wanted else None,
        "releases": releases,
        "fallback": Fallback(tree).due(route_file) if route_file else None,
    }
