# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same answer everywhere: exit code and report of each ansible-core, and under ansible-runner as AWX calls it."""

from __future__ import annotations

import json
import shutil
import subprocess
import typing as t
from pathlib import Path

import demo_check
import pytest
from conftest import CORES, Run, forget

PREFIX = "e2e-same"
# What is of the run and not of the fleet.
OF_THE_RUN = ("report_id", "started", "finished", "playbook", "inventory_revision")


@pytest.fixture(scope="module")
def mixed(fleet):
    """A tenant for each answer."""
    names = {answer: f"{PREFIX}-{answer}" for answer in ("well", "drift", "conflict", "pending", "held")}
    for name in names.values():
        fleet.add(name)
    assert fleet.play("deploy", "--limit", f"{PREFIX}-*").code == 0
    web = "label=tenantry.service=web"
    for answer in ("drift", "conflict"):
        found = demo_check.docker("ps", "-q", "--filter", f"label=tenantry.tenant={names[answer]}", "--filter", web)
        demo_check.docker("update", "--memory", "256m", "--memory-swap", "256m", found)
    fleet.sql("INSERT INTO services (tenant, name, memory) VALUES (?, 'web', '96m')", names["conflict"])
    fleet.sql("UPDATE tenants SET version = '1.1.0' WHERE name = ?", names["pending"])
    assert fleet.play("stop", "--limit", names["held"], "-e", "reason=unpaid").code == 0
    fleet.add(f"{PREFIX}-invalid", subdomain="www")
    yield fleet
    fleet.sql("DELETE FROM tenants WHERE name = ?", f"{PREFIX}-invalid")
    forget(fleet, sorted(names.values()))


def report(directory: Path) -> dict[str, t.Any]:
    """A report without what is of its run."""
    found = json.loads((directory / "drift.json").read_text(encoding="utf-8"))
    for key in OF_THE_RUN:
        found.pop(key, None)
    for one in [*found["findings"], *found["ignored"]]:
        one.pop("first_seen")
    return json.loads(json.dumps(found).replace(str(directory), "DIRECTORY"))


def settings(directory: Path) -> dict[str, str]:
    return {"ANSIBLE_CALLBACKS_ENABLED": "tenantry.platform.drift", "TENANTRY_DRIFT_DIRECTORY": str(directory)}


def by_hand(fleet: t.Any, directory: Path, core: str, playbook: str, *arguments: str) -> Run:
    return fleet.play(playbook, "--limit", f"{PREFIX}-*", *arguments, core=core, **settings(directory))


def by_runner(fleet: t.Any, directory: Path, core: str, playbook: str, *arguments: str) -> Run:
    """As AWX does it: a project with a playbook of its own, runner's stdout callback, AWX's variables."""
    private = directory / "runner"
    shutil.rmtree(private, ignore_errors=True)
    (private / "project").mkdir(parents=True)
    (private / "env").mkdir()
    plays = [{"name": "Call the collection", "import_playbook": f"tenantry.platform.{playbook}"}]
    (private / "project" / "site.yml").write_text(json.dumps(plays), encoding="utf-8")
    environment = fleet.settings(core, **settings(directory), ANSIBLE_INVENTORY_UNPARSED_FAILED="True")
    extra = {"awx_user_name": "ann", "awx_job_id": 7, "tower_job_id": 7, "awx_job_launch_type": "manual"}
    (private / "env" / "extravars").write_text(json.dumps(extra), encoding="utf-8")
    command = ["ansible-runner", "run", str(private), "-p", "site.yml", "-i", "1"]
    command += ["--inventory", environment["ANSIBLE_INVENTORY"], "--limit", f"{PREFIX}-*"]
    if arguments:
        command.append(f"--cmdline={' '.join(arguments)}")
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    print(done.stdout, done.stderr)
    events = list((private / "artifacts" / "1" / "job_events").iterdir())
    assert len(events) > 5  # it was runner's own callback that printed
    return Run(done.returncode, done.stdout + done.stderr)


WAYS = {
    "newest": (by_hand, "newest"),
    "oldest": (by_hand, "oldest"),
    "newest under runner": (by_runner, "newest"),
    "oldest under runner": (by_runner, "oldest"),
}


def everywhere(fleet: t.Any, tmp_path: Path, playbook: str, *arguments: str) -> tuple[int, dict[str, t.Any]]:
    """Exit code and report, after they were found to be the same everywhere."""
    found = {}
    for way, (call, core) in WAYS.items():
        directory = tmp_path / way.replace(" ", "-")
        directory.mkdir()
        run = call(fleet, directory, core, playbook, *arguments)
        assert "[WARNING]: Failure using method" not in run.text
        found[way] = (run.code, report(directory))
    first = found["newest"]
    for way, answer in found.items():
        assert answer == first, way
    return first


def test_a_drift_run_ends_and_reports_the_same_everywhere(mixed, tmp_path):
    assert set(CORES) == {"newest", "oldest"}
    code, found = everywhere(mixed, tmp_path, "drift")
    assert code == 2
    assert {name.removeprefix(f"{PREFIX}-"): one["status"] for name, one in found["tenants"].items()} == {
        "well": "in_sync",
        "drift": "drift",
        "conflict": "conflict",
        "pending": "pending",
        "held": "held",
        "invalid": "invalid",
    }


def test_a_deploy_in_check_mode_ends_and_reports_the_same_everywhere(mixed, tmp_path):
    code, found = everywhere(mixed, tmp_path, "deploy", "--check")
    assert code == 2  # for the tenant in quarantine
    assert found["mode"] == "check"


def test_what_cannot_be_read_ends_and_is_reported_the_same_everywhere(mixed, tmp_path, monkeypatch):
    monkeypatch.setitem(mixed.environment, "DOCKER_HOST", f"unix://{tmp_path}/no.sock")
    code, found = everywhere(mixed, tmp_path, "drift")
    assert code == 4  # also where something else is wrong: a tenant is in quarantine
    assert found["complete"] is False
