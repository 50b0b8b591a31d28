# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the release of a tenant takes the place of another one, from the manifests of both. No input or output."""

from __future__ import annotations

import typing as t

from ansible_collections.tenantry.platform.plugins.module_utils import compare

Manifest = t.Mapping[str, t.Any]


def serving(manifest: Manifest) -> list[str]:
    """App services that take requests, or that one that does depends on."""
    return [
        name for name, one in sorted(manifest["services"].items()) if one["kind"] == "app" and not one.get("worker")
    ]


def workers(manifest: Manifest) -> list[str]:
    """App services that change places after the switch."""
    return [name for name, one in sorted(manifest["services"].items()) if one["kind"] == "app" and one.get("worker")]


def way(strategy: str, new: Manifest, old: Manifest | None) -> str:
    """What is really done: steps between two releases need requests that both can serve.

    :param strategy: of the tenant.
    :param old: manifest of the release that serves; None where none does.
    """
    if old is None or old["release"] == new["release"]:
        return "blue_green"
    if strategy == "recreate":
        return "recreate"
    both_by_file = new["route"]["file"] and old["route"]["file"]
    if strategy == "canary":
        return "canary" if both_by_file else "blue_green"
    if strategy == "rolling":
        return "rolling" if both_by_file and _most(new) > 1 else "blue_green"
    return "blue_green"


def turns(new: Manifest, old: Manifest) -> list[dict[str, t.Any]]:
    """A rolling replacement, turn by turn, but for the last one, which is that of every strategy.

    In each turn one more replica of each new service serves and one less of each old service. No service is ever
    without a replica, and never are there more than one in excess.

    :returns: per turn ``replicas`` of the new services, ``expect`` and ``old_expect`` (servers by service of the
        proxy), ``weight`` and ``old_weight``, and ``keep`` replicas of the old services.
    """
    count = _most(new)
    steps = []
    for turn in range(1, count):
        replicas = {name: _part(new, name, turn, count) for name in serving(new)}
        before = {name: _left(old, name, turn - 1, count) for name in serving(old)}
        steps.append(
            {
                "replicas": replicas,
                "expect": _servers(new, replicas),
                "old_expect": _servers(old, before),
                "weight": turn,
                "old_weight": count - turn,
                "keep": {name: _left(old, name, turn, count) for name in serving(old)},
            }
        )
    return steps


def stages(
    manifest: Manifest,
    how: t.Mapping[str, t.Any],
    hooked: t.Collection[str] = (),
    *,
    switching: bool = False,
    first_event: str = "",
    jobs: bool = False,
    in_place: t.Mapping[str, str] | None = None,
    parts: t.Sequence[int] = (),
    waits: bool = False,
    promoting: bool = False,
    closed: bool = False,
) -> list[dict[str, t.Any]]:
    """What makes a release the one that runs, is routed and is current; only what there is something to do for.

    A task that is skipped costs a fork of Ansible for every tenant, so that none is asked whether it is needed.

    :param how: what the filter ``release_strategy`` says.
    :param hooked: events for which there is a hook.
    :param switching: whether it takes the place of another one, by a deploy, a rollback or a promotion.
    :param first_event: of the hooks that come before anything else.
    :param jobs: whether its jobs run, and the hooks around them.
    :param in_place: digests of the backing services that run as they must, by name.
    :param parts: weights of a canary.
    :param waits: whether the canary then waits for somebody to decide.
    :param promoting: whether it was the canary that waited: what comes before its first request was done.
    :param closed: whether its routes turn everybody away.
    :returns: per stage ``file``, the tasks file, and what these tasks need: ``event``, ``turn`` or ``part``.
    """

    def hooks(*events: str) -> list[dict[str, t.Any]]:
        return [{"file": "hooks", "event": event} for event in events if event in hooked]

    def when(needed: t.Any, *files: str) -> list[dict[str, t.Any]]:
        return [{"file": file} for file in files] if needed else []

    before = hooks("post_health", "pre_switch") if not promoting else []
    found = hooks(first_event)
    # To find them all in place again costs a module, a tenth of the time until users have the new release.
    if manifest["projects"]["backing"] and not (switching and in_place and in_place == compare.backing(manifest)):
        found += when(any(one["directories"] for one in manifest.get("backups") or ()), "places")
        found += [{"file": "backing"}]
    migrations = manifest.get("migrations") or []
    before_jobs, after_jobs = (hooks("pre_migrate"), hooks("post_migrate")) if jobs else ([], [])
    found += before_jobs
    # A rollback, too: an older image says so when the database has become too new for it.
    found += when(migrations and switching and not promoting, "migrate")
    if jobs:
        found += when(any(one["kind"] == "job" for one in manifest["services"].values()), "jobs")
    found += after_jobs
    found += when(how["way"] == "recreate", "recreate")
    for number, turn in enumerate(how["turns"]):
        found += [{"file": "replica", "turn": turn}, *(before if number == 0 else []), {"file": "turn", "turn": turn}]
    starts = not switching or how["serving"] or not how["workers"]
    found += when(manifest["projects"]["app"] and starts, "app")
    found += before if not how["turns"] else []
    found += [{"file": "canary", "part": part} for part in (parts if how["way"] == "canary" else ())]
    if waits:
        return [*found, {"file": "wait"}]
    found += [{"file": "route"}, *hooks("post_switch"), *when(how["workers"], "workers"), {"file": "activate"}]
    contracts = switching and any(one["kind"] == "contract" for one in migrations)
    last = when(contracts and (jobs or promoting), "contract")
    return [*found, *when(closed, "closed"), *hooks("pre_drain"), {"file": "retire"}, *last]


def _most(manifest: Manifest) -> int:
    return max((int(manifest["services"][name]["replicas"]) for name in serving(manifest)), default=1)


def _part(manifest: Manifest, name: str, turn: int, count: int) -> int:
    """So many replicas of a service serve after so many of all turns; at least one."""
    return max(1, int(manifest["services"][name]["replicas"]) * turn // count)


def _left(manifest: Manifest, name: str, turn: int, count: int) -> int:
    """So many replicas of a service still serve after so many of all turns; at least one."""
    replicas = int(manifest["services"][name]["replicas"])
    return max(1, replicas - replicas * turn // count)


def _servers(manifest: Manifest, replicas: t.Mapping[str, int]) -> dict[str, int]:
    """Servers that the proxy must have, by full name of its services."""
    suffix = "-" + manifest["release"].rsplit("-", 1)[1] + "@docker"
    names = {f"{manifest['tenant']}-{name}{suffix}": count for name, count in replicas.items()}
    return {full: names.get(full, count) for full, count in manifest["route"]["expect"]["services"].items()}
