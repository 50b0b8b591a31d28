# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the release of a tenant takes the place of another one, from the manifests of both. No input or output."""

from __future__ import annotations

import typing as t

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
