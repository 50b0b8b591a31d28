# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Upgrades and rollbacks of single tenants, their hooks, and the ways in which releases change places."""

from __future__ import annotations

import contextlib
import http.client
import json
import threading
import time
import typing as t

import demo_check
import pytest
from conftest import CORES, Fleet

GONE_WRONG = json.dumps(["sh", "-c", "echo it went wrong; exit 3"])


def operations(fleet: Fleet, name: str) -> list[tuple[str, str]]:
    return fleet.sql("SELECT action, status FROM operations WHERE tenant = ? ORDER BY token", name)


def holds(fleet: Fleet, name: str) -> list[tuple[str, str]]:
    live = "SELECT field, value FROM overrides WHERE tenant = ? AND released_at IS NULL ORDER BY field"
    return fleet.sql(live, name)


def steps(fleet: Fleet, name: str) -> list[str]:
    """Steps of the last operation on the node."""
    return [one["step"] for one in fleet.journal(name)["steps"]]


def deployed(fleet: Fleet, name: str, **columns: t.Any) -> str:
    fleet.add(name, **columns)
    assert fleet.play("deploy", "--limit", name).code == 0
    return name


COPIED = "kind, image, command, port, memory, health_type, health_path, health_interval, run_as, stop_grace_period"
COPY = f"INSERT INTO services (tenant, name, {COPIED}) SELECT ?, ?, {COPIED} FROM services WHERE stack = 'tiny'"  # noqa: S608


def beside_web(fleet: Fleet, name: str, service: str) -> None:
    """A second app service of a tenant, like the first one."""
    fleet.sql(COPY, name, service)


class Users(threading.Thread):
    """Somebody who asks all the time, slowly and quickly, and remembers every answer."""

    def __init__(self, fleet: Fleet, name: str) -> None:
        super().__init__(daemon=True)
        self.fleet, self.name_of = fleet, name
        self.answers: list[str] = []
        self.done = threading.Event()

    def run(self) -> None:
        while not self.done.is_set():
            try:
                self.answers.append(self.fleet.version(self.name_of))
            except (OSError, http.client.HTTPException) as error:
                self.answers.append(repr(error))
            time.sleep(0.05)


@contextlib.contextmanager
def asked(fleet: Fleet, name: str) -> t.Iterator[Users]:
    users = Users(fleet, name)
    users.start()
    try:
        yield users
    finally:
        users.done.set()
        users.join()


@pytest.mark.parametrize("core", CORES)
def test_an_upgrade_holds_until_a_rollback_and_that_until_the_database_decides_again(fleet, core):
    name = deployed(fleet, f"e2e-up-{core}")
    first = fleet.current(name)
    run = fleet.play("upgrade", "--limit", name, "-e", "release_version=1.1.0", core=core)
    assert run.code == 0, "upgraded"
    assert f"{name}  upgrade    web 1.0.0 → 1.1.0" in run.text
    assert fleet.version(name) == f"{name} 1.1.0"
    assert holds(fleet, name) == [("version", "1.1.0")]
    run = fleet.play("deploy", "--limit", name, core=core)
    assert (run.code, fleet.version(name)) == (0, f"{name} 1.1.0")
    assert "held: version=1.1.0" in run.text

    run = fleet.play("rollback", "--limit", name, "-e", "reason=slow", core=core)
    assert run.code == 0, "rolled back"
    assert f"back to {first}; web 1.1.0 → 1.0.0" in run.text
    assert (fleet.version(name), fleet.current(name)) == (f"{name} 1.0.0", first)
    assert holds(fleet, name) == [("release", first)]
    run = fleet.play("deploy", "--limit", name, core=core)
    assert (run.code, fleet.current(name)) == (0, first)
    assert f"held: release={first}" in run.text

    run = fleet.play("rollback", "--limit", name, core=core)
    assert run.code != 0, "there is nothing before"
    assert f"no good release served before {first}" in run.text
    assert (fleet.version(name), holds(fleet, name)) == (f"{name} 1.0.0", [("release", first)])

    fleet.sql("UPDATE tenants SET version = '2.0.0' WHERE name = ?", name)
    run = fleet.play("deploy", "--limit", name, "-e", "release_holds=true", core=core)
    assert (run.code, fleet.version(name), holds(fleet, name)) == (0, f"{name} 2.0.0", [])
    assert [one for one, _status in operations(fleet, name)] == ["deploy", "upgrade", "rollback", "deploy"]


def test_a_rollback_twice_goes_on_backwards_and_a_named_one_anywhere(fleet):
    name = deployed(fleet, "e2e-back")
    releases = [fleet.current(name)]
    for version in ("1.1.0", "2.0.0"):
        assert fleet.play("upgrade", "--limit", name, "-e", f"release_version={version}").code == 0
        releases.append(fleet.current(name))
    for release in reversed(releases[:-1]):
        assert fleet.play("rollback", "--limit", name).code == 0
        assert fleet.current(name) == release
    assert fleet.play("rollback", "--limit", name, "-e", f"rollback_release={releases[2]}").code == 0
    assert fleet.version(name) == f"{name} 2.0.0"
    run = fleet.play("rollback", "--limit", name, "-e", "rollback_release=20200101T000000Z-00000000")
    assert run.code != 0
    assert "is not there; there are" in run.text
    run = fleet.play("rollback", "--limit", name, "-e", "rollback_release=yesterday")
    assert run.code != 0
    assert "rollback_release: 'yesterday' is not the id of a release" in run.text
    assert fleet.version(name) == f"{name} 2.0.0"


def test_check_mode_says_where_an_upgrade_and_a_rollback_would_go(fleet):
    name = "e2e-back"
    before, held = fleet.containers(name), holds(fleet, name)
    run = fleet.play("upgrade", "--limit", name, "-e", "release_version=1.0.0", "--check")
    assert (run.code, f"{name}  upgrade    web 2.0.0 → 1.0.0" in run.text) == (0, True)
    run = fleet.play("rollback", "--limit", name, "--check")
    assert (run.code, f"{name}  rollback   back to " in run.text) == (0, True)
    run = fleet.play("stop", "--limit", name, "--check")
    assert (run.code, f"{name}  stop       stopped in the database" in run.text) == (0, True)
    assert (fleet.containers(name), holds(fleet, name)) == (before, held)


def test_what_failed_is_not_tried_again_until_somebody_acknowledges_it(fleet):
    name = deployed(fleet, "e2e-poison")
    release = fleet.current(name)
    with asked(fleet, name) as users:
        run = fleet.play("upgrade", "--limit", name, "-e", "release_version=broken")
    assert run.code != 0
    assert set(users.answers) == {f"{name} 1.0.0"}
    assert (fleet.current(name), holds(fleet, name)) == (release, [])
    run = fleet.play("upgrade", "--limit", name, "-e", "release_version=broken")
    assert run.code != 0
    assert "this failed before (upgrade 01" in run.text
    assert holds(fleet, name) == []
    assert fleet.play("deploy", "--limit", name).code == 0, "a plain deploy is not kept from anything"
    run = fleet.play("upgrade", "--limit", name, "-e", "release_version=broken", "-e", "acknowledge=true")
    assert run.code != 0
    assert operations(fleet, name)[1:] == [("upgrade", "failure"), ("upgrade", "failure")]
    assert fleet.version(name) == f"{name} 1.0.0"


def test_an_upgrade_of_one_service_leaves_the_others(fleet):
    name = fleet.add("e2e-single")
    beside_web(fleet, name, "side")
    assert fleet.play("deploy", "--limit", name).code == 0
    versions = json.dumps({"service_versions": {"side": "1.1.0"}})
    run = fleet.play("upgrade", "--limit", name, "-e", versions)
    assert run.code == 0
    assert "side 1.0.0 → 1.1.0" in run.text
    assert "web 1.0.0" not in run.text
    assert holds(fleet, name) == [("version.side", "1.1.0")]
    run = fleet.play("upgrade", "--limit", name, "-e", json.dumps({"service_versions": {"nobody": "1.1.0"}}))
    assert run.code != 0
    assert "there is no app or job service nobody" in run.text


def test_what_was_not_said_is_refused(fleet):
    assert "say to which version" in fleet.play("upgrade", "--limit", "e2e-back").text
    assert "would reach every tenant" in fleet.play("upgrade", "-e", "release_version=1.0.0").text
    assert "would reach every tenant" in fleet.play("rollback").text
    number = fleet.play("upgrade", "--limit", "e2e-back", "-e", json.dumps({"release_version": 1.1}))
    assert number.code != 0
    assert "1.1 is not text" in number.text


# -- hooks ---------------------------------------------------------------------------------------------------------


def hook(fleet: Fleet, name: str, event: str, command: str = '["sh", "-c", "echo here"]') -> None:
    fleet.sql("INSERT OR IGNORE INTO services (tenant, name) VALUES (?, 'web')", name)
    insert = "INSERT INTO hooks (tenant, name, event, service, command) VALUES (?, ?, ?, 'web', ?)"
    fleet.sql(insert, name, event.replace("_", "-"), event, command)


EVENTS = [
    "pre_deploy",
    "pre_migrate",
    "post_migrate",
    "post_health",
    "pre_switch",
    "post_switch",
    "pre_drain",
    "post_deploy",
]


def test_hooks_run_in_their_order_in_containers_of_the_new_release(fleet):
    name = fleet.add("e2e-hooks")
    for event in [*EVENTS, "pre_rollback", "post_rollback", "on_failure"]:
        hook(fleet, name, event)
    assert fleet.play("deploy", "--limit", name).code == 0
    ran = [step for step in steps(fleet, name) if step.startswith("hook-")]
    assert ran == [f"hook-{event}-{event.replace('_', '-')}" for event in EVENTS]
    after = "hook-post_switch-post-switch"
    order = [step for step in steps(fleet, name) if step in ("app", "route", "activate", after)]
    assert order == ["app", "route", after, "activate"]
    assert fleet.play("upgrade", "--limit", name, "-e", "release_version=1.1.0").code == 0
    assert fleet.play("rollback", "--limit", name).code == 0
    ran = [step.split("-")[1] for step in steps(fleet, name) if step.startswith("hook-")]
    no_jobs = [event for event in EVENTS[1:-1] if "migrate" not in event]
    assert ran == ["pre_rollback", *no_jobs, "post_rollback"]
    assert not [one for one in fleet.containers(name) if "-hook-" in one]


@pytest.mark.parametrize("event", ["pre_deploy", "pre_switch", "post_switch"])
def test_a_hook_that_fails_leaves_the_old_release_serving(fleet, event):
    name = deployed(fleet, f"e2e-h-{event.replace('_', '-')}")
    release, containers = fleet.current(name), fleet.containers(name)
    hook(fleet, name, event, GONE_WRONG)
    hook(fleet, name, "on_failure")
    with asked(fleet, name) as users:
        run = fleet.play("upgrade", "--limit", name, "-e", "release_version=1.1.0")
    assert run.code != 0
    assert "ended with code 3" in run.text
    assert "it went wrong" in run.text
    allowed = {f"{name} 1.0.0"} | ({f"{name} 1.1.0"} if event == "post_switch" else set())
    assert set(users.answers) <= allowed
    assert (fleet.version(name), fleet.current(name)) == (f"{name} 1.0.0", release)
    assert fleet.containers(name) == containers
    assert holds(fleet, name) == []
    refused = fleet.play("upgrade", "--limit", name, "-e", "release_version=1.1.0")
    assert "this failed before" in refused.text


def test_a_hook_that_fails_after_it_all_is_told_and_changes_nothing(fleet):
    name = fleet.add("e2e-late")
    hook(fleet, name, "post_deploy", GONE_WRONG)
    run = fleet.play("deploy", "--limit", name)
    assert run.code == 0
    assert f"{name}: warning: hook post_deploy failed: hook hook-post-deploy of project" in run.text
    assert fleet.version(name) == f"{name} 1.0.0"


def test_task_files_of_the_operator_are_hooks_too(fleet, tmp_path):
    name = deployed(fleet, "e2e-tasks")
    release = fleet.current(name)
    tasks = tmp_path / "hook.yml"
    tasks.write_text(
        f"""\
- name: Write down what is known
  ansible.builtin.copy:
    content: "{{{{ [tenant.name, tenant_hook.event, tenant_hook.previous_release] | join(' ') }}}}"
    dest: {tmp_path}/seen
    mode: "0600"
""",
        encoding="utf-8",
    )
    given = json.dumps({"tenant_hook_tasks": {"pre_switch": [str(tasks)]}})
    run = fleet.play("upgrade", "--limit", name, "-e", "release_version=1.1.0", "-e", given)
    assert run.code == 0
    assert (tmp_path / "seen").read_text(encoding="utf-8") == f"{name} pre_switch {release}"


# -- strategies ----------------------------------------------------------------------------------------------------


class Counter(threading.Thread):
    """How many containers of a service run at once, at most and at least, while releases change places."""

    def __init__(self, name: str) -> None:
        super().__init__(daemon=True)
        self.name_of = name
        self.counts: list[int] = []
        self.done = threading.Event()

    def run(self) -> None:
        while not self.done.is_set():
            label = f"label=tenantry.tenant={self.name_of}"
            running = demo_check.docker("ps", "-q", "--filter", label, "--filter", "label=tenantry.service=web")
            self.counts.append(len(running.split()))
            time.sleep(0.2)


def replicas(fleet: Fleet, name: str, count: int, strategy: str) -> str:
    fleet.add(name, strategy=strategy)
    fleet.sql("INSERT INTO services (tenant, name, replicas) VALUES (?, 'web', ?)", name, count)
    assert fleet.play("deploy", "--limit", name).code == 0
    return name


def test_rolling_replaces_replicas_one_by_one_and_nobody_notices(fleet):
    name = replicas(fleet, "e2e-rolling", 3, "rolling")
    counter = Counter(name)
    counter.start()
    with asked(fleet, name) as users:
        run = fleet.play("upgrade", "--limit", name, "-e", "release_version=1.1.0")
        counter.done.set()
        counter.join()
    assert run.code == 0
    assert set(users.answers) == {f"{name} 1.0.0", f"{name} 1.1.0"}
    assert (min(counter.counts), max(counter.counts)) == (3, 4)
    assert len(fleet.containers(name)) == 3
    with asked(fleet, name) as users:
        assert fleet.play("rollback", "--limit", name).code == 0
    assert set(users.answers) == {f"{name} 1.0.0", f"{name} 1.1.0"}


def test_a_rolling_upgrade_that_fails_half_way_puts_every_replica_back(fleet):
    name = "e2e-rolling"
    hook(fleet, name, "post_switch", GONE_WRONG)
    release = fleet.current(name)
    with asked(fleet, name) as users:
        run = fleet.play("upgrade", "--limit", name, "-e", "release_version=1.1.0")
    assert run.code != 0
    assert set(users.answers) <= {f"{name} 1.0.0", f"{name} 1.1.0"}
    assert (fleet.version(name), fleet.current(name)) == (f"{name} 1.0.0", release)
    assert len(fleet.containers(name)) == 3
    assert fleet.play("drift", "--limit", name).code == 0


QUICK = json.dumps({"tenant_canary_steps": [20, 50], "tenant_canary_seconds": 4, "tenant_canary_min_requests": 5})


def test_a_canary_gets_a_growing_part_of_the_requests(fleet):
    name = replicas(fleet, "e2e-canary", 1, "canary")
    with asked(fleet, name) as users:
        run = fleet.play("upgrade", "--limit", name, "-e", "release_version=1.1.0", "-e", QUICK)
    assert run.code == 0
    assert set(users.answers) == {f"{name} 1.0.0", f"{name} 1.1.0"}
    watched = [step for step in steps(fleet, name) if step.startswith(("share", "canary", "route"))]
    assert watched == ["share-20", "canary-20", "share-50", "canary-50", "route"]
    assert fleet.version(name) == f"{name} 1.1.0"


WAITING = json.dumps({**json.loads(QUICK), "tenant_canary_steps": [40], "tenant_canary_wait": True})


def test_a_canary_waits_until_it_is_aborted_or_promoted(fleet):
    name = "e2e-canary"
    release = fleet.current(name)
    for playbook in ("abort", "promote"):
        assert "no canary waits here" in fleet.play(playbook, "--limit", name).text
        run = fleet.play("upgrade", "--limit", name, "-e", "release_version=2.0.0", "-e", WAITING)
        assert run.code == 0
        assert f"{name}  canary " in run.text
        with asked(fleet, name) as users:
            assert "a canary waits" in fleet.play("deploy", "--limit", name).text
            assert fleet.play("drift", "--limit", name).code == 0
            assert fleet.play("upgrade", "--limit", name, "-e", "release_version=1.0.0").code != 0
        assert set(users.answers) == {f"{name} 1.1.0", f"{name} 2.0.0"}
        assert (fleet.current(name), len(fleet.containers(name))) == (release, 2)
        with asked(fleet, name) as users:
            assert fleet.play(playbook, "--limit", name).code == 0
        assert set(users.answers) <= {f"{name} 1.1.0", f"{name} 2.0.0"}
        assert len(fleet.containers(name)) == 1
        assert fleet.version(name) == (f"{name} 1.1.0" if playbook == "abort" else f"{name} 2.0.0")
        assert "Nothing is to be done on the nodes." in fleet.play("deploy", "--limit", name).text


def test_recreate_stops_first_says_so_to_users_and_comes_back_where_it_fails(fleet):
    name = replicas(fleet, "e2e-recreate", 1, "recreate")
    counter = Counter(name)
    counter.start()
    with asked(fleet, name) as users:
        run = fleet.play("upgrade", "--limit", name, "-e", "release_version=1.1.0")
        counter.done.set()
        counter.join()
    assert run.code == 0
    assert max(counter.counts) == 1
    assert set(users.answers) == {f"{name} 1.0.0", "503", f"{name} 1.1.0"}
    release = fleet.current(name)
    with asked(fleet, name) as users:
        run = fleet.play("upgrade", "--limit", name, "-e", "release_version=broken")
    assert run.code != 0
    assert set(users.answers) <= {f"{name} 1.1.0", "503"}
    assert (fleet.version(name), fleet.current(name)) == (f"{name} 1.1.0", release)


def test_workers_change_places_after_the_switch_and_never_work_twice(fleet):
    name = fleet.add("e2e-worker")
    beside_web(fleet, name, "mill")
    fleet.sql("INSERT INTO routes (tenant, service) VALUES (?, 'web')", name)
    assert fleet.play("deploy", "--limit", name).code == 0
    mills: list[int] = []
    done = threading.Event()

    def count() -> None:
        while not done.is_set():
            label = f"label=tenantry.tenant={name}"
            running = demo_check.docker("ps", "-q", "--filter", label, "--filter", "label=tenantry.service=mill")
            mills.append(len(running.split()))
            time.sleep(0.2)

    counting = threading.Thread(target=count, daemon=True)
    counting.start()
    with asked(fleet, name) as users:
        run = fleet.play("upgrade", "--limit", name, "-e", "release_version=1.1.0")
    done.set()
    counting.join()
    assert run.code == 0
    assert max(mills) == 1
    assert set(users.answers) == {f"{name} 1.0.0", f"{name} 1.1.0"}
    order = [step for step in steps(fleet, name) if step in ("app", "route", "stop-workers", "workers", "activate")]
    assert order == ["app", "route", "stop-workers", "workers", "activate"]


# -- maintenance ---------------------------------------------------------------------------------------------------


def test_a_closed_tenant_turns_everybody_away_until_it_is_opened(fleet):
    name = deployed(fleet, "e2e-closed")
    containers = fleet.containers(name)
    run = fleet.play("maintenance", "--limit", name, "-e", "reason=move")
    assert run.code == 0
    assert fleet.version(name) == "503"
    assert fleet.containers(name) == containers
    run = fleet.play("deploy", "--limit", name)
    assert run.code == 0
    assert "Nothing is to be done on the nodes." in run.text
    assert "held: maintenance=on" in run.text
    assert fleet.play("drift", "--limit", name).code == 0
    assert fleet.play("doctor", "--limit", name).code == 0
    assert fleet.play("upgrade", "--limit", name, "-e", "release_version=1.1.0").code == 0
    assert fleet.version(name) == "503"
    assert fleet.play("maintenance", "--limit", name, "-e", "maintenance=off").code == 0
    assert fleet.version(name) == f"{name} 1.1.0"


def test_the_history_tells_what_was_done(fleet):
    run = fleet.play("history", "--limit", "e2e-closed")
    assert run.code == 0
    assert [line.split()[2:4] for line in run.text.splitlines() if " e2e-closed " in line][:1] == [
        ["deploy", "success"]
    ]
    operation = fleet.sql("SELECT id FROM operations WHERE tenant = 'e2e-closed' ORDER BY token DESC LIMIT 1")[0][0]
    run = fleet.play("history", "-e", f"operation={operation}")
    assert "route " in run.text
    assert "is not in the ledger" in fleet.play("history", "-e", "operation=01").text
    applied = fleet.sql("SELECT version, spec_digest FROM applied_releases WHERE tenant = 'e2e-closed'")
    assert {version for version, _digest in applied} == {"1.0.0", "1.1.0"}
    assert all(digest for _version, digest in applied)
