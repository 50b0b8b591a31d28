# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Route files between two releases: requests shared among them, or turned away for a while. No input, no output."""

from __future__ import annotations

import copy
import functools
import math
import typing as t

Content = dict[str, t.Any]


def shared(new: Content, old: Content, weight: int, old_weight: int) -> Content:
    """Both releases serve what both have, in the relation of two weights.

    Routers and middlewares are those of the old one until the switch is done; what only the new one has is served by
    it at once.

    :param new: route file of the release that is to serve, ``old`` of the one that does. Services are weighted.
    :param weight: of the new one, from 1; ``old_weight`` too: a service of weight 0 breaks its route when it goes.
    """
    merged: Content = {}
    for kind in ("routers", "services", "middlewares"):
        objects = {**_objects(new, kind), **_objects(old, kind)}
        if objects:
            merged[kind] = objects
    for name in _objects(new, "services").keys() & _objects(old, "services").keys():
        merged["services"][name] = _share(
            _objects(new, "services")[name], _objects(old, "services")[name], weight, old_weight
        )
    return copy.deepcopy({"http": merged})


def closed(content: Content, retry_after: int, page_url: str = "") -> Content:
    """Every route answers 503 and says when to come again.

    :param content: route file whose services are weighted.
    :param retry_after: seconds.
    :param page_url: server whose path ``/503.html`` is the page to show; without one it is a line of Traefik's.
    """
    http = copy.deepcopy(content["http"])
    middlewares = http.setdefault("middlewares", {})
    for name in list(http["services"]):
        http["services"][name] = {"loadBalancer": {"servers": []}}
        header = {"Retry-After": str(retry_after), "Cache-Control": "no-store"}
        middlewares[f"{name}-closed"] = {"headers": {"customResponseHeaders": header}}
        if page_url:
            http["services"][f"{name}-page"] = {
                "loadBalancer": {"servers": [{"url": page_url}], "passHostHeader": False}
            }
            page = {"status": ["503"], "service": f"{name}-page", "query": "/{status}.html"}
            middlewares[f"{name}-page"] = {"errors": page}
    for router in http["routers"].values():
        # Behind what the route refuses anyway.
        parts = ("closed", "page") if page_url else ("closed",)
        router["middlewares"] = [*router.get("middlewares", ()), *(f"{router['service']}-{part}" for part in parts)]
    return {"http": http}


def _objects(content: Content, kind: str) -> Content:
    return t.cast("Content", content["http"].get(kind) or {})


def _share(new: Content, old: Content, weight: int, old_weight: int) -> Content:
    parts = [(_children(new), weight), (_children(old), old_weight)]
    totals = [sum(children.values()) for children, _weight in parts]
    weights: dict[str, int] = {}
    for (children, share), other in zip(parts, reversed(totals)):
        for name, one in children.items():
            weights[name] = weights.get(name, 0) + one * share * other
    divisor = functools.reduce(math.gcd, weights.values())
    listed = [{"name": name, "weight": value // divisor} for name, value in sorted(weights.items())]
    return {"weighted": {**old["weighted"], "services": listed}}


def _children(service: Content) -> dict[str, int]:
    return {one["name"]: int(one.get("weight", 1)) for one in service["weighted"]["services"]}
