# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Begin and end of an operation on a tenant's node: lock, journal, and what an interrupted one left."""

from __future__ import annotations

import contextlib
import os
import typing as t

from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.module_utils.fallback import Fallback, routed
from ansible_collections.tenantry.platform.plugins.module_utils.journal import Journal
from ansible_collections.tenantry.platform.plugins.module_utils.lock import Holder, TenantLock
from ansible_collections.tenantry.platform.plugins.module_utils.release_tree import ReleaseTree


def begin(params: dict[str, t.Any]) -> dict[str, t.Any]:
    """Take the tenant's lock and open the journal.

    :returns: the ``operation`` to hand to every step, and ``settle``: what an interrupted operation left to put right.
    :raises TenantryError: ``locked``, with the holder, when another operation runs.
    """
    tree = ReleaseTree(params["root"], params["tenant"])
    tree.ensure()
    lock, journal = TenantLock(tree.deploy_path), Journal(tree.deploy_path)
    holder = Holder(operation=params["id"], tenant=tree.tenant, action=params["action"], **params["holder"])
    token = lock.acquire(holder, wait=params["wait"], takeover=params["takeover"])
    before = journal.interrupted()
    due = _fallback(tree, params["route_file"])
    settle = None
    if before or due:  # an operation that could not load back has ended
        left = _left_behind(tree, before or journal.read() or {}, params["route_file"])
        settle = {**left, "fallback": due}
    journal.begin(params["id"], params["action"], _origin(before))
    return {
        "changed": True,
        "operation": {"root": params["root"], "tenant": tree.tenant, "id": params["id"], "token": token},
        "current": _current(tree),
        "settle": settle,
    }


def _fallback(tree: ReleaseTree, route_file: str) -> dict[str, t.Any] | None:
    """What has to be loaded back before anything else; what need not is forgotten.

    Whoever does not say where the route is does not know, and changes nothing.
    """
    if not route_file:
        return None
    fallback = Fallback(tree)
    due = fallback.due(route_file)
    if due is None:
        fallback.clear()
    return due


def _origin(before: dict[str, t.Any] | None) -> dict[str, t.Any] | None:
    """What stays on record of the interrupted operation; of several in a row, the first."""
    if not before:
        return None
    return before.get("interrupted") or {key: before.get(key) for key in ("operation", "action", "started_at")}


def _current(tree: ReleaseTree) -> str | None:
    try:
        return tree.current()
    except TenantryError:
        return None


def _left_behind(tree: ReleaseTree, journal: dict[str, t.Any], route_file: str) -> dict[str, t.Any]:
    """Which release serves, by the route, and which are left over.

    The route decides, because it is what users see: a switch that was cut after the route of the new release alone was
    renamed in goes forward, every earlier one back. So does one of which a hook after the switch did not end well.
    """
    current = _current(tree)
    seen = routed(tree, route_file)
    # While both are routed, nothing was switched yet.
    serve = current if not seen or current in seen else seen[-1]
    if serve and current and serve != current and not _hooks_ended_well(tree, serve, journal):
        serve = current
    origin = (journal.get("interrupted") or {}).get("operation")
    newer = [release for release in tree.releases() if release != serve and (current is None or release > current)]
    # After a rollback, good releases of others are newer than the current one too.
    left = [release for release in newer if _made_by(tree, release, {journal.get("operation"), origin})]
    return {
        "operation": journal.get("operation"),
        "action": journal.get("action"),
        "last_step": (journal.get("steps") or [{}])[-1].get("step"),
        "serve": serve,
        "discard": left,
    }


def _hooks_ended_well(tree: ReleaseTree, release: str, journal: dict[str, t.Any]) -> bool:
    """Whether the hooks of a release that come after its switch ended well in an operation."""
    hooks = (tree.manifest(release) or {}).get("hooks") or []
    wanted = {hook_step(one["event"], one["name"]) for one in hooks if one["event"] == "post_switch"}
    return wanted <= {one["step"] for one in journal.get("steps") or [] if one["result"] == "done"}


def hook_step(event: str, name: str) -> str:
    """What the journal calls a hook."""
    return f"hook-{event}-{name}"


def _made_by(tree: ReleaseTree, release: str, operations: set[str | None]) -> bool:
    """Whether one of these operations made a release; an unfinished one does not say, and is nobody's."""
    manifest = tree.manifest(release)
    return manifest is None or manifest.get("operation") in operations


def end(params: dict[str, t.Any]) -> dict[str, t.Any]:
    """Close the journal and give the lock back; who lost the lease leaves the journal to the next one.

    :returns: the steps, and what the current release was made of, for the ledger; ``changed`` is False when the lock
        was not this operation's any more.
    """
    tree = ReleaseTree(params["root"], params["tenant"])
    lock, journal = TenantLock(tree.deploy_path), Journal(tree.deploy_path)
    holder = lock.read()
    if holder is None or (holder.operation, holder.token) != (params["id"], params["token"]):
        return {"changed": False, "steps": [], **_applied(tree)}
    if params["outcome"] == "lost":
        steps = (journal.read() or {}).get("steps", [])
    else:
        steps = journal.end(params["outcome"], params["release"])
    if params["outcome"] in ("success", "failure"):
        _fallback(tree, params.get("route_file") or "")
    lock.release(params["id"], params["token"])
    return {"changed": True, "steps": steps, **_applied(tree)}


def _applied(tree: ReleaseTree) -> dict[str, t.Any]:
    """Id of the current release, and what its manifest says that it was made of."""
    current = _current(tree)
    manifest: dict[str, t.Any] = {}
    with contextlib.suppress(TenantryError):  # the next plan says what is wrong with it
        manifest = (tree.manifest(current) if current else None) or {}
    return {"current": current, "made_of": {key: manifest.get(key) for key in ("spec_digest", "version")}}


def break_lock(params: dict[str, t.Any]) -> dict[str, t.Any]:
    """Remove whatever lock the tenant has: a person decided that its holder is dead."""
    tree = ReleaseTree(params["root"], params["tenant"])
    if not os.path.isdir(tree.deploy_path):
        return {"changed": False, "holder": None}
    lock = TenantLock(tree.deploy_path)
    holder = lock.read()
    if holder is None:
        return {"changed": False, "holder": None}
    return {"changed": lock.release(holder.operation, holder.token), "holder": holder.describe()}


STATES = {"begun": begin, "ended": end, "unlocked": break_lock}
