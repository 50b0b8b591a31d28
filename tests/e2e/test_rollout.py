# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A version goes out ring by ring, and does not agree with some tenants."""

from __future__ import annotations

import collections
import itertools
import json
import threading
import time

import pytest
from conftest import Fleet, forget

RINGS, PER_RING = 3, 10
SICK = ["e2e-r0-3", "e2e-r0-7"]  # of the first ring, where a rollout is to find out
# The image says its version; of these tenants a check of their own finds it wrong.
ONLY_ONE = json.dumps(["sh", "-c", '[ "$SAMPLE_VERSION" = 1.0.0 ] || { echo "it does not agree with me"; exit 1; }'])


def names(ring: int | None = None) -> list[str]:
    rings = range(RINGS) if ring is None else [ring]
    return [f"e2e-r{one}-{number}" for one in rings for number in range(PER_RING)]


@pytest.fixture(scope="module")
def rollout(fleet: Fleet):
    """Thirty tenants in three rings."""
    patience, fleet.patience = fleet.patience, 1500
    for name in names():
        fleet.add(name, ring=int(name[5]))
    insert = "INSERT INTO hooks (tenant, name, event, service, command) VALUES (?, 'agree', 'post_health', 'web', ?)"
    for name in SICK:
        fleet.sql("INSERT INTO services (tenant, name) VALUES (?, 'web')", name)
        fleet.sql(insert, name, ONLY_ONE)
    assert fleet.play("deploy", "--limit", "e2e-r?-*").code == 0
    yield fleet
    forget(fleet, names())
    fleet.patience = patience


class Everybody(threading.Thread):
    """Asks one tenant after the other, all the time."""

    def __init__(self, fleet: Fleet) -> None:
        super().__init__(daemon=True)
        self.fleet = fleet
        self.answers: dict[str, set[str]] = collections.defaultdict(set)
        self.count = 0
        self.done = threading.Event()

    def run(self) -> None:
        for name in itertools.cycle(names()):
            if self.done.is_set():
                return
            self.answers[name].add(self.fleet.version(name))
            self.count += 1
            time.sleep(0.02)

    def stop(self) -> None:
        self.done.set()
        self.join()


def versions(fleet: Fleet) -> dict[str, str]:
    return {name: fleet.version(name).partition(" ")[2] for name in names()}


UPGRADE = ("upgrade", "--limit", "e2e-r?-*", "-e", "release_version=1.1.0", "-e", "rollout_max_failures=1")


def test_the_first_ring_stops_a_rollout_and_an_acknowledged_second_run_finishes_it(rollout):
    users = Everybody(rollout)
    users.start()
    run = rollout.play(*UPGRADE)
    users.stop()
    assert run.code != 0
    assert users.count > 100
    wrong = {name: found for name, found in users.answers.items() if found - {f"{name} 1.0.0", f"{name} 1.1.0"}}
    assert wrong == {}, "nobody lost a request"
    for name in SICK:
        assert f"{name}: " in run.text
    assert "it does not agree with me" in run.text
    upgraded = [name for name, version in versions(rollout).items() if version == "1.1.0"]
    assert upgraded, "the first ring was begun"
    assert set(upgraded) <= set(names(0)) - set(SICK), "and no other one"
    assert f"{len(names()) - len(SICK) - len(upgraded)} tenants wait" in run.text
    held = rollout.sql(
        "SELECT tenant FROM overrides WHERE released_at IS NULL AND tenant LIKE 'e2e-r%' ORDER BY tenant"
    )
    assert [name for (name,) in held] == sorted(upgraded), "only those are held that have it"
    assert "Nothing is to be done on the nodes." in rollout.play("deploy", "--limit", "e2e-r?-*").text

    refused = rollout.play(*UPGRADE, "--check")
    assert "2 refused" in refused.text
    rollout.sql("DELETE FROM hooks WHERE tenant LIKE 'e2e-r%'")
    users = Everybody(rollout)
    users.start()
    run = rollout.play(*UPGRADE, "-e", "acknowledge=true")
    users.stop()
    assert run.code == 0
    wrong = {name: found for name, found in users.answers.items() if found - {f"{name} 1.0.0", f"{name} 1.1.0"}}
    assert wrong == {}, "nobody lost a request"
    assert set(versions(rollout).values()) == {"1.1.0"}
