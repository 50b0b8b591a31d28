# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a new release serves as well as the old one beside it, by what the proxy counted meanwhile."""

from __future__ import annotations

import dataclasses
import re
import time
import typing as t

from .errors import TenantryError
from .traefik_api import TraefikApi

POLL_SECONDS = 2.0

CANARY_ARGUMENTS: dict[str, t.Any] = {
    "services": {"type": "list", "elements": "str", "required": True},
    "beside": {"type": "list", "elements": "str", "required": True},
    "seconds": {"type": "float", "required": True},
    "max_errors": {"type": "float", "default": 0.01},
    "max_slowdown": {"type": "float", "default": 2.0},
    "slowdown_floor": {"type": "float", "default": 0.05},
    "min_requests": {"type": "int", "default": 20},
}

_REQUESTS = "traefik_service_requests_total"
_SECONDS = "traefik_service_request_duration_seconds_sum"
_SAMPLE = re.compile(r"(\w+)\{(.*)\} (\S+)")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


@dataclasses.dataclass(frozen=True)
class Traffic:
    """What services answered.

    :ivar requests: how many; ``errors``: with a status of 500 or more; ``seconds``: that all of them took together.
    """

    requests: float = 0
    errors: float = 0
    seconds: float = 0

    @classmethod
    def read(cls, metrics: str, services: t.Collection[str]) -> Traffic:
        """Sum over services, from the proxy's metrics."""
        requests = errors = seconds = 0.0
        for line in metrics.splitlines():
            found = _SAMPLE.fullmatch(line) if line.startswith((_REQUESTS, _SECONDS)) else None
            if found is None:
                continue
            labels = dict(_LABEL.findall(found.group(2)))
            if labels.get("service") not in services:
                continue
            value = float(found.group(3))
            if found.group(1) == _SECONDS:
                seconds += value
            else:
                requests += value
                errors += value if labels.get("code", "").startswith("5") else 0
        return cls(requests, errors, seconds)

    def since(self, before: Traffic) -> Traffic:
        """What came between two readings. A proxy that was restarted meanwhile counts from nothing."""
        if self.requests < before.requests:
            return self
        return Traffic(
            self.requests - before.requests, self.errors - before.errors, max(0.0, self.seconds - before.seconds)
        )

    @property
    def error_share(self) -> float:
        """Share of requests that were errors."""
        return self.errors / self.requests if self.requests else 0.0

    @property
    def mean_seconds(self) -> float:
        """What one request took."""
        return self.seconds / self.requests if self.requests else 0.0

    def as_dict(self) -> dict[str, t.Any]:
        """For results of modules."""
        return {"requests": int(self.requests), "errors": int(self.errors), "mean_seconds": round(self.mean_seconds, 4)}


@dataclasses.dataclass(frozen=True)
class Budget:
    """What a new release may do worse than the old one."""

    max_errors: float
    max_slowdown: float
    slowdown_floor: float  # seconds; what is slower by less is noise where answers take a millisecond
    min_requests: int

    def exceeded(self, new: Traffic, old: Traffic) -> str:
        """Why the new release is worse; empty while it is not, or too little is known."""
        if new.requests < self.min_requests:
            return ""
        if new.error_share > old.error_share + self.max_errors:
            return (
                f"{new.errors:.0f} of {new.requests:.0f} requests to the new release failed ({new.error_share:.1%}), "
                f"of the old one {old.error_share:.1%}; {self.max_errors:.1%} more are allowed"
            )
        enough = old.requests >= self.min_requests and old.mean_seconds > 0
        most = max(old.mean_seconds * self.max_slowdown, old.mean_seconds + self.slowdown_floor)
        if enough and new.mean_seconds > most:
            return (
                f"the new release takes {new.mean_seconds * 1000:.0f} ms for a request, the old one "
                f"{old.mean_seconds * 1000:.0f} ms; {most * 1000:.0f} ms are allowed"
            )
        return ""


def watch(
    api: TraefikApi, params: t.Mapping[str, t.Any], sleep: t.Callable[[float], None] = time.sleep
) -> dict[str, t.Any]:
    """Compare two releases while both serve; returns a module result.

    :raises TenantryError: kind ``canary_failed`` as soon as the budget is exceeded, and those of the proxy.
    """
    budget = Budget(params["max_errors"], params["max_slowdown"], params["slowdown_floor"], params["min_requests"])
    sides = (frozenset(params["services"]), frozenset(params["beside"]))
    first = api.metrics()
    begin = [Traffic.read(first, side) for side in sides]
    deadline = time.monotonic() + params["seconds"]
    while True:
        left = deadline - time.monotonic()
        if left > 0:
            sleep(min(POLL_SECONDS, left))
        metrics = api.metrics()
        new, old = (Traffic.read(metrics, side).since(before) for side, before in zip(sides, begin))
        why = budget.exceeded(new, old)
        if why:
            raise TenantryError(why, "canary_failed", new=new.as_dict(), old=old.as_dict())
        if left <= 0:
            known = new.requests >= budget.min_requests
            return {"changed": False, "new": new.as_dict(), "old": old.as_dict(), "known": known}
