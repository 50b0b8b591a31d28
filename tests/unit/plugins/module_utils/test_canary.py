# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a new release is worse than the old one, by what the proxy counted."""

from __future__ import annotations

import pytest

from ansible_collections.tenantry.platform.plugins.module_utils import canary
from ansible_collections.tenantry.platform.plugins.module_utils.canary import Budget, Traffic
from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError

METRICS = """\
# TYPE traefik_service_requests_total counter
traefik_service_requests_total{code="200",method="GET",protocol="http",service="acme-web-new@docker"} 90
traefik_service_requests_total{code="404",method="GET",protocol="http",service="acme-web-new@docker"} 5
traefik_service_requests_total{code="502",method="POST",protocol="http",service="acme-web-new@docker"} 5
traefik_service_requests_total{code="200",method="GET",protocol="http",service="acme-web-old@docker"} 1e+03
traefik_service_request_duration_seconds_sum{code="200",method="GET",protocol="http",service="acme-web-new@docker"} 2.5
traefik_service_request_duration_seconds_count{code="200",method="GET",service="acme-web-new@docker"} 90
traefik_config_reloads_total 7
"""


def test_traffic_is_read_from_the_metrics_of_the_services_that_are_meant():
    assert Traffic.read(METRICS, {"acme-web-new@docker"}) == Traffic(100, 5, 2.5)
    assert Traffic.read(METRICS, {"acme-web-old@docker"}) == Traffic(1000, 0, 0)
    assert Traffic.read(METRICS, {"other@docker"}) == Traffic()


def test_only_what_came_since_counts_and_a_restarted_proxy_counts_from_nothing():
    assert Traffic(100, 5, 2.5).since(Traffic(40, 5, 2.0)) == Traffic(60, 0, 0.5)
    assert Traffic(3, 1, 0.1).since(Traffic(40, 5, 2.0)) == Traffic(3, 1, 0.1)


@pytest.mark.parametrize(
    ("new", "old", "why"),
    [
        (Traffic(100, 0, 2), Traffic(1000, 0, 20), ""),
        (Traffic(100, 2, 2), Traffic(1000, 0, 20), "2 of 100 requests to the new release failed"),
        (Traffic(100, 2, 2), Traffic(1000, 20, 20), ""),
        (Traffic(19, 19, 2), Traffic(1000, 0, 20), ""),
        (Traffic(100, 0, 8), Traffic(1000, 0, 20), "80 ms for a request, the old one 20 ms; 70 ms are allowed"),
        (Traffic(100, 0, 5), Traffic(1000, 0, 20), ""),
        (Traffic(100, 0, 0.24), Traffic(1000, 0, 1), ""),
        (
            Traffic(100, 0, 250),
            Traffic(1000, 0, 1000),
            "2500 ms for a request, the old one 1000 ms; 2000 ms are allowed",
        ),
        (Traffic(100, 0, 8), Traffic(19, 0, 0.1), ""),
        (Traffic(0, 0, 0), Traffic(0, 0, 0), ""),
    ],
)
def test_a_new_release_may_be_a_little_worse(new, old, why):
    found = Budget(0.01, 2.0, 0.05, 20).exceeded(new, old)
    assert why in found
    assert bool(found) == bool(why)


class Api:
    """A proxy whose counters grow with every reading."""

    def __init__(self, errors):
        self.readings = 0
        self.errors = errors

    def metrics(self):
        self.readings += 1
        line = 'traefik_service_requests_total{{code="{}",service="{}"}} {}\n'
        return (
            line.format(200, "new", self.readings * 50)
            + line.format(500, "new", self.readings * self.errors)
            + line.format(200, "old", self.readings * 500)
        )


PARAMS = {
    "services": ["new"],
    "beside": ["old"],
    "seconds": 0.05,
    "max_errors": 0.01,
    "max_slowdown": 2.0,
    "slowdown_floor": 0.05,
    "min_requests": 20,
}


def test_a_watch_ends_with_what_was_counted():
    result = canary.watch(Api(0), PARAMS)
    assert result["known"] and result["new"]["errors"] == 0
    assert result["old"]["requests"] == 10 * result["new"]["requests"]


def test_a_watch_fails_as_soon_as_the_budget_is_exceeded():
    with pytest.raises(TenantryError) as caught:
        canary.watch(Api(5), {**PARAMS, "seconds": 600}, sleep=lambda _seconds: None)
    assert caught.value.error_kind == "canary_failed"
    assert caught.value.details["new"]["errors"] == 5


def test_too_little_traffic_is_not_known_and_no_failure():
    result = canary.watch(Api(5), {**PARAMS, "services": ["nobody"]})
    assert result["known"] is False
