# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The link of routes: what the proxy was told, and what a client is answered."""

from __future__ import annotations

import ipaddress
import typing as t

from ansible_collections.tenantry.platform.plugins.plugin_utils.diagnosis import commands
from ansible_collections.tenantry.platform.plugins.plugin_utils.diagnosis.link import (
    BROKEN,
    NONE,
    OK,
    UNKNOWN,
    Case,
    Link,
)
from ansible_collections.tenantry.platform.plugins.plugin_utils.render import access, traefik

NAME = "route"
BACKEND = (502, 503, 504)


def url(spec: t.Mapping[str, t.Any]) -> str:
    """The URL that a person would open first; empty without a route."""
    routes = spec["routes"]
    first = next((route for route in routes if route["path_prefix"] == "/"), routes[0] if routes else None)
    return "" if first is None else traefik.url(first)


def judge(case: Case, edge: Link, container: Link, health: Link, database: Link) -> Link:
    """Routers and upstreams as they were applied, and a real request."""
    if not case.active:
        return _resting(case)
    if not case.spec["routes"]:
        return Link(NAME, NONE, "it has no route")
    reply = case.probe.get("request")
    if reply is None:
        return Link(NAME, UNKNOWN, "no request was sent")
    own, served, foreign = _findings(case)
    behind = [one for one in (edge, container, health, database) if not one.fine]
    text, arrived = _answered(case, reply, unrouted=bool(own or served or behind))
    certificate = (reply["certificate"] or {}).get("problem")
    if not arrived and edge.status == BROKEN:
        return Link(NAME, BROKEN, text, because=edge.name)
    if own:
        return Link(NAME, BROKEN, own[0], [*own[1:], *served, text], commands.deploy(case.tenant))
    if not arrived:
        return _unserved(case, text, served, reply, behind)
    if served:
        return _unserved(case, served[0], [*served[1:], text], reply, behind)
    if foreign:
        advice = "remove that router where it is defined: in a file below the proxy's directory dynamic, or in labels"
        return Link(NAME, BROKEN, foreign[0], [*foreign[1:], text], advice=advice)
    if certificate:
        return _refused(case, certificate, reply, text)
    return Link(NAME, OK, text)


def _findings(case: Case) -> tuple[list[str], list[str], list[str]]:
    """What differs at the proxy: in what we wrote, in who serves it, and what somebody else wrote."""
    own, served, foreign = [], [], []
    for one in case.findings("router", "upstream", "file"):
        if one["kind"] == "file":
            if one["name"].endswith(f"/dynamic/{case.tenant}.yml"):
                own.append(one["text"])
        elif one["kind"] == "upstream" or one["field"] == "status":
            served.append(one["text"])
        elif one["last"] is None:
            foreign.append(f"router {one['name']} takes a hostname of it: {one['live']}")
        else:
            own.append(one["text"])
    return own, served, foreign


def _answered(case: Case, reply: t.Mapping[str, t.Any], *, unrouted: bool) -> tuple[str, bool]:
    """What a client gets, and whether its request arrived at the app, or at a rule that refused it.

    :param unrouted: whether anything says that the proxy may have no route: some apps answer 404 in its words.
    """
    status, where = reply["status"], reply["url"]
    if not status:
        return f"{where}: {reply['error']}", False
    if status == 503 and case.spec["closed"]:
        return f"{where}: 503, closed for maintenance", True
    if status in BACKEND:
        return f"{where}: {status}, {'the proxy' if reply['of_proxy'] else 'what is behind the proxy'} gives up", False
    if status == 404 and reply["of_proxy"] and unrouted:
        return f"{where}: 404, the proxy has no route for it", False
    if status == 403 and (denied := _denied(case)):
        return f"{where}: 403, {denied}", True
    if status >= 500:
        return f"{where}: {status}, an error of the app itself", False
    return f"{where}: {status}", True


def _denied(case: Case) -> str:
    """The rules by which the probe is not let in; empty when they let it in."""
    wanted = url(case.spec)
    route = next(one for one in case.spec["routes"] if traefik.url(one) == wanted)
    ranges = access.effective_ranges(route["access"])
    client = ipaddress.ip_address(case.edge["entry_points"][0]["address"])
    if ranges is None or any(client in ipaddress.ip_network(one) for one in ranges):
        return ""
    rules = ", ".join(f"{rule['action']} {rule['cidr']}" for rule in route["access"])
    return f"access rules of route {route['name']} do not let {client} in ({rules})"


def _unserved(
    case: Case, text: str, evidence: list[str], reply: t.Mapping[str, t.Any], behind: t.Sequence[Link]
) -> Link:
    if behind:
        return Link(NAME, BROKEN, text, evidence, because=behind[0].name)
    if reply["status"] >= 500 and not reply["of_proxy"]:
        advice = f"that is for whoever makes the app; its log may tell more: {commands.logs(case.tenant)}"
        return Link(NAME, BROKEN, text, evidence, advice=advice)
    return Link(NAME, BROKEN, text, evidence, commands.restart(case.tenant))


def _refused(case: Case, problem: str, reply: t.Mapping[str, t.Any], text: str) -> Link:
    shown = reply["certificate"]
    evidence = [text, *([f"subject {shown['subject']}, issuer {shown['issuer']}"] if "subject" in shown else [])]
    return Link(
        NAME,
        BROKEN,
        f"its certificate {problem}",
        evidence,
        commands.nodes(case.node),
        "put a pair that is right where edge_certificates says; then",
    )


def _resting(case: Case) -> Link:
    state = case.spec["state"]
    if case.live.get("routed"):
        return Link(NAME, BROKEN, f"{state} in the database, and still routed", command=commands.deploy(case.tenant))
    return Link(NAME, NONE, str(state))
