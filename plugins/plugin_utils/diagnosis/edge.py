# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The link of the proxy: whether it runs and takes connections."""

from __future__ import annotations

import typing as t

from ansible_collections.tenantry.platform.plugins.plugin_utils.diagnosis import commands
from ansible_collections.tenantry.platform.plugins.plugin_utils.diagnosis.link import BROKEN, NONE, OK, Case, Link

NAME = "edge"


def judge(case: Case) -> Link:
    """API and entry points of the proxy on the tenant's node."""
    if not case.active:
        return Link(NAME, NONE, str(case.spec["state"]))
    if not case.spec["routes"]:
        return Link(NAME, NONE, "no route leads through it")
    edge = case.edge
    closed = [one for one in edge["entry_points"] if one["error"]]
    evidence = [_closed(one) for one in closed] + [_container(one) for one in edge["containers"]]
    command = commands.nodes(case.node)
    if edge["error"] and len(closed) == len(edge["entry_points"]):
        return Link(NAME, BROKEN, f"Traefik on node {case.node} does not run", evidence, command, blocks=True)
    if edge["error"]:
        # The plan is blind without it, and so no deploy does anything.
        return Link(NAME, BROKEN, edge["error"], evidence, command, blocks=True)
    if closed:
        text = f"Traefik on node {case.node} runs, and does not take connections"
        return Link(NAME, BROKEN, text, evidence, command, blocks=True)
    where = ", ".join(f"{one['name']} {one['address']}:{one['port']}" for one in edge["entry_points"])
    return Link(NAME, OK, f"Traefik {edge['version']} answers and takes connections ({where})")


def _closed(entry: t.Mapping[str, t.Any]) -> str:
    return f"entry point {entry['name']} at {entry['address']}:{entry['port']}: {entry['error']}"


def _container(one: t.Mapping[str, t.Any]) -> str:
    if one["state"] == "running":
        return f"container {one['name']} runs"
    return f"container {one['name']} is {one['state']} since {one['finished']}, exit code {one['exit_code']}"
