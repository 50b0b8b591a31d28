# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The callback in real runs of ansible-playbook.

The actions that plan are stubs here, which say what a file says: what they really find is their own tests' matter, and
what the callback makes of it is this one's.
"""

from __future__ import annotations

import json
import os
import re
import sys
import textwrap
from pathlib import Path

from ansible_collections.tenantry.platform.plugins.callback import drift
from ansible_collections.tenantry.platform.plugins.plugin_utils.fleet import packed
from ansible_collections.tenantry.platform.tests.unit.plugins.plugin_utils.drift import drift_runs as runs
from ansible_collections.tenantry.platform.tests.unit.plugins.tenant_databases import Tenants, ansible

NAME = "tenantry.platform.drift"
SECRET = "correct-horse-battery"
ACTION = """
import json
from pathlib import Path
from ansible.plugins.action import ActionBase

class ActionModule(ActionBase):
    BYPASS_HOST_LOOP = True
    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        super().run(tmp, task_vars)
        return json.loads(Path(self._task.args["says"]).read_text())
"""
CONNECTION = """
from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.connection import ConnectionBase

DOCUMENTATION = "name: nowhere\\nshort_description: Never answers\\ndescription: Never answers.\\noptions: {}"

class Connection(ConnectionBase):
    transport = "nowhere"

    def _connect(self):
        raise AnsibleConnectionFailure("nobody answers")

    def exec_command(self, *args, **kwargs):
        raise AnsibleConnectionFailure("nobody answers")

    put_file = fetch_file = exec_command

    def close(self):
        pass
"""
# Discovery takes the shims of version managers for interpreters.
HERE = f"ansible_connection=local ansible_python_interpreter={sys.executable}"
HOSTS = f"[fleet]\nh1 {HERE}\nh2 {HERE}\n"


def project(directory, playbook, **says):
    """A directory with a playbook beside a collection whose actions say what they are told."""
    collection = directory / "collections" / "ansible_collections" / "tenantry" / "platform"
    for room in ("action", "modules", "connection"):
        (collection / "plugins" / room).mkdir(parents=True)
    real = Path(drift.__file__).parents[1]
    for room in ("callback", "plugin_utils", "module_utils"):
        (collection / "plugins" / room).symlink_to(real / room)
    for name in ("plan_readers", "plan", "plan_outcomes", "report"):
        (collection / "plugins" / "action" / f"{name}.py").write_text(ACTION)
        (collection / "plugins" / "modules" / f"{name}.py").write_text("")
    (collection / "plugins" / "connection" / "nowhere.py").write_text(CONNECTION)
    for name, result in says.items():
        (directory / f"{name}.json").write_text(json.dumps({"changed": False, **result}))
    (directory / "site.yml").write_text(textwrap.dedent(playbook))
    (directory / "hosts").write_text(HOSTS)


def play(directory, *arguments, **environment):
    """Run it; the report, and everything that was written or that the callback printed."""
    given = {"ANSIBLE_CALLBACKS_ENABLED": NAME, "TENANTRY_DRIFT_DIRECTORY": str(directory / "out"), **environment}
    ran = ansible("playbook", "-i", "hosts", "site.yml", *arguments, cwd=directory, **given)
    written = {path.name: path.read_text(encoding="utf-8") for path in sorted((directory / "out").glob("*"))}
    data = json.loads(written["drift.json"]) if "drift.json" in written else None
    # Newest ansible-core prints the message of a failed task that has no_log to stderr by itself.
    printed = re.findall(r"^.*drift report.*$", ran.stdout + ran.stderr, re.MULTILINE | re.IGNORECASE)
    return ran, data and runs.valid(data), "".join([*printed, *written.values()])


def changed(data):
    """What every change is about."""
    return [(one["host"], one["task"], one["item"], one["class"]) for one in data["changes"]]


CHECKED = f"""
- hosts: fleet
  gather_facts: false
  tasks:
    - name: Loop
      ansible.builtin.copy:
        content: "{{{{ item.text }}}}"
        dest: "{{{{ item.dest }}}}"
        mode: "0600"
      loop:
        - {{dest: "{{{{ here }}}}/a", text: new}}
        - {{dest: "{{{{ here }}}}/file/b", text: cannot}}
      loop_control:
        label: "{{{{ item.dest | basename }}}}"
      ignore_errors: true
      when: inventory_hostname == "h1"
    - name: Try
      when: inventory_hostname == "h1"
      block:
        - name: Fail and be rescued
          ansible.builtin.fail:
            msg: never mind
      rescue:
        - name: Rescue
          ansible.builtin.debug:
            msg: fine
    - name: Delegated
      ansible.builtin.file:
        path: "{{{{ here }}}}/a"
        mode: "0600"
      delegate_to: h2
      when: inventory_hostname == "h1"
    - name: Once
      ansible.builtin.file:
        path: "{{{{ here }}}}/once"
        state: directory
        mode: "0700"
      run_once: true
    - name: Secret
      ansible.builtin.copy:
        content: {SECRET}
        dest: "{{{{ here }}}}/secret"
        mode: "0600"
      no_log: true
    - name: Secrets
      ansible.builtin.copy:
        content: "{{{{ item }}}}"
        dest: "{{{{ here }}}}/secret-{{{{ inventory_hostname }}}}"
        mode: "0600"
      loop: [{SECRET}-1, {SECRET}-2]
      no_log: true
      when: inventory_hostname == "h1"
    - name: Secret failure
      ansible.builtin.fail:
        msg: {SECRET}
      no_log: true
      ignore_errors: true
    - name: Runs for real
      ansible.builtin.command: "true"
      check_mode: false
      when: inventory_hostname == "h1"
    - name: Skipped
      ansible.builtin.command: "true"
    - name: In memory
      ansible.builtin.add_host:
        name: h9
      when: inventory_hostname == "h1"
    - name: First time
      ansible.builtin.include_tasks: included.yml
      when: inventory_hostname == "h1"
    - name: Second time
      ansible.builtin.include_tasks: included.yml
      when: inventory_hostname == "h1"
    - name: Fail for good
      ansible.builtin.fail:
        msg: that was it
      when: inventory_hostname == "h2"

- hosts: gone
  gather_facts: false
  tasks:
    - name: Ask
      ansible.builtin.ping:
"""


def test_a_run_with_check_and_diff_tells_every_change_and_no_secret(tmp_path):
    project(tmp_path, CHECKED)
    (tmp_path / "hosts").write_text(HOSTS + "[gone]\nh3 ansible_connection=tenantry.platform.nowhere\n")
    (tmp_path / "included.yml").write_text(
        "- name: Included\n  ansible.builtin.copy: {content: x, dest: '{{ here }}/included', mode: '0600'}\n"
    )
    (tmp_path / "a").write_text("old\n")
    (tmp_path / "a").chmod(0o644)
    (tmp_path / "file").write_text("")
    ran, data, everything = play(tmp_path, "--check", "--diff", "-e", f"here={tmp_path}")
    would = "would_change"
    assert changed(data) == [
        ("h1", "Loop", "a", would),
        ("h1", "Delegated", None, would),
        ("h1", "Once", None, would),
        ("h1", "Secret", None, would),
        ("h1", "Secrets", None, would),
        ("h1", "Secrets", None, would),
        ("h1", "Runs for real", None, "executed"),
        ("h1", "Included", None, would),
        ("h1", "Included", None, would),
        ("h2", "Secret", None, would),
    ], ran.stdout
    by_task = {one["task"]: one for one in data["changes"]}
    loop = by_task["Loop"]["diff"][0]
    assert (loop["before"], loop["after"]) == ("old\n", "new")
    assert by_task["Delegated"]["delegate_to"] == "h2"
    assert '"mode": "0600"' in by_task["Delegated"]["diff"][0]["after"]
    assert by_task["Once"]["run_once"]
    assert (by_task["Secret"]["hidden"], by_task["Secret"]["diff"]) == (True, [])
    assert len({one["id"] for one in data["changes"]}) == len(data["changes"])
    assert SECRET not in everything
    errors = [(one["kind"], one["host"], one["task"], one["message"]) for one in data["errors"]]
    assert errors[0] == ("failed", "h2", "Fail for good", "that was it")
    assert errors[1][:3] == ("unreachable", "h3", "Ask")
    assert len(errors) == 2
    assert {name: one["status"] for name, one in data["hosts"].items()} == {
        "h1": "ok",
        "h2": "failed",
        "h3": "unreachable",
    }
    assert (data["mode"], data["complete"], data["exit"], data["tenants"]) == ("check", False, 1, {})
    assert data["playbook"] == "site.yml"
    # No plan, so nothing about the fleet.
    assert sorted(os.listdir(tmp_path / "out")) == ["drift.html", "drift.json"]


def test_without_diff_a_change_is_named_and_an_enforcing_run_without_a_plan_writes_nothing(tmp_path):
    project(
        tmp_path,
        """
        - hosts: fleet
          gather_facts: false
          tasks:
            - name: Touch
              ansible.builtin.copy: {content: x, dest: "{{ here }}/new", mode: "0600"}
              run_once: true
        """,
    )
    _ran, data, _everything = play(tmp_path, "--check", "-e", f"here={tmp_path}")
    assert changed(data) == [("h1", "Touch", None, "would_change")]
    assert (data["changes"][0]["diff"], data["complete"], data["exit"]) == ([], True, 0)
    before = sorted((path.name, path.stat().st_mtime_ns) for path in (tmp_path / "out").iterdir())
    ran, _data, _everything = play(tmp_path, "-e", f"here={tmp_path}")
    assert ran.returncode == 0
    assert sorted((path.name, path.stat().st_mtime_ns) for path in (tmp_path / "out").iterdir()) == before


FLEET = """
- hosts: fleet
  gather_facts: false
  tasks:
    - name: Readers
      tenantry.platform.plan_readers:
        says: "{{ playbook_dir }}/readers.json"
    - name: Compare
      tenantry.platform.plan:
        says: "{{ playbook_dir }}/plan.json"
      when: not (skip_plan | default(false))
    - name: Stop in the middle
      ansible.builtin.fail:
        msg: stopped
      when: stop | default(false)
    - name: Outcomes
      tenantry.platform.plan_outcomes:
        says: "{{ playbook_dir }}/outcomes.json"
      when: apply | default(false)
    - name: Report
      tenantry.platform.report:
        says: "{{ playbook_dir }}/rows.json"
"""


def fleet(directory):
    """A playbook that plans, perhaps applies, and reports."""
    verdicts = [runs.verdict("acme", "drift", runs.finding()), runs.verdict("globex")]
    unread = [runs.verdict(one["tenant"], "unreachable") for one in verdicts]
    project(
        directory,
        FLEET,
        readers={"ansible_facts": {"tenantry_plan": packed(unread)}},
        plan={"ansible_facts": {"tenantry_plan": packed(verdicts)}},
        outcomes={"ansible_facts": {}},
        rows={"tenants": [runs.row("acme", "drift"), runs.row("globex", "in_sync")]},
    )


def statuses(data):
    """By tenant."""
    return {name: one["status"] for name, one in data["tenants"].items()}


def test_a_plan_becomes_json_metrics_and_a_page(tmp_path):
    fleet(tmp_path)
    (tmp_path / "ansible.cfg").write_text(
        f"[defaults]\ncallbacks_enabled = {NAME}\n[tenantry_drift]\njson = reports/fleet.json\nmode = 0600\n"
    )
    # Options from the file, where a relative path is relative to it, and from the environment.
    ran = ansible(
        "playbook",
        "-i",
        "hosts",
        "site.yml",
        cwd=tmp_path,
        ANSIBLE_STDOUT_CALLBACK="minimal",
        TENANTRY_DRIFT_HTML=str(tmp_path / "fleet.html"),
        TENANTRY_DRIFT_PROMETHEUS=str(tmp_path / "fleet.prom"),
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    data = runs.valid(json.loads((tmp_path / "reports" / "fleet.json").read_bytes()))
    assert statuses(data) == {"acme": "drift", "globex": "in_sync"}
    assert (data["mode"], data["complete"], data["exit"], data["limit"]) == ("check", True, 2, None)
    assert data["findings"][0]["live"] == "2g"
    assert "acme-web-1" in (tmp_path / "fleet.html").read_text(encoding="utf-8")
    assert 'tenantry_drift_tenants{status="drift"} 1' in (tmp_path / "fleet.prom").read_text(encoding="utf-8")
    modes = [(tmp_path / name).stat().st_mode & 0o777 for name in ("reports/fleet.json", "fleet.html", "fleet.prom")]
    assert modes == [0o600, 0o600, 0o644]
    assert re.search(
        r"^Drift report: 1 drift, 1 in_sync, 1 findings: /\S+/reports/fleet.json", ran.stdout, re.MULTILINE
    )
    assert "WARNING" not in ran.stderr


def test_a_run_that_broke_off_is_never_complete(tmp_path):
    fleet(tmp_path)
    _ran, stopped, _everything = play(tmp_path, "-e", '{"stop": true}')
    assert (stopped["mode"], stopped["complete"], stopped["exit"]) == ("enforce", False, 1)
    assert statuses(stopped)["acme"] == "drift"
    (tmp_path / "rows.json").write_text(json.dumps({"tenants": []}))
    _ran, unplanned, _everything = play(tmp_path, "-e", '{"skip_plan": true}')
    assert statuses(unplanned) == {"acme": "unreachable", "globex": "unreachable"}
    assert (unplanned["complete"], unplanned["exit"]) == (False, 4)


def test_what_an_enforcing_run_with_a_limit_mended_is_resolved_and_metrics_stay(tmp_path):
    fleet(tmp_path)
    (tmp_path / "rows.json").write_text(
        json.dumps({"tenants": [runs.row("acme", "converged"), runs.row("globex", "in_sync")]})
    )
    _ran, data, _everything = play(tmp_path, "-e", '{"apply": true}', "--limit", "h1")
    assert statuses(data) == {"acme": "converged", "globex": "in_sync"}
    assert (data["mode"], data["limit"], data["exit"], data["findings"][0]["resolved"]) == ("enforce", "h1", 0, True)
    assert sorted(os.listdir(tmp_path / "out")) == ["drift.html", "drift.json"]


def test_a_result_that_makes_no_sense_is_a_warning_and_an_incomplete_report(tmp_path):
    fleet(tmp_path)
    (tmp_path / "plan.json").write_text(json.dumps({"ansible_facts": {"tenantry_plan": packed([{"node": "no name"}])}}))
    ran, data, everything = play(tmp_path, TENANTRY_DRIFT_PROMETHEUS=str(tmp_path / "hosts" / "no.prom"))
    assert ran.returncode == 0
    assert (data["complete"], data["errors"][0]["kind"]) == (False, "lost")
    assert "in_sync" not in statuses(data).values() or data["exit"] == 1
    assert "a result could not be read: KeyError" in everything
    words = " ".join(ran.stderr.split())
    assert "drift report: a result could not be read: KeyError" in words
    assert "was not written" in words


def test_tenants_whose_node_does_not_answer_are_reported_so_by_the_real_playbook(tmp_path):
    tenants = Tenants.make(tmp_path)
    tenants.tenant("acme")
    tenants.tenant("globex")
    (tmp_path / "tenants.yml").write_text(
        f"plugin: tenantry.platform.tenants\ndatabase: {tenants.settings['url']}\n", encoding="utf-8"
    )
    ran = ansible(
        "playbook",
        "-i",
        "tenants.yml",
        "tenantry.platform.status",
        "-e",
        json.dumps({"ansible_ssh_executable": "/nowhere/ssh"}),
        cwd=tmp_path,
        ANSIBLE_CALLBACKS_ENABLED=NAME,
        TENANTRY_DRIFT_DIRECTORY=str(tmp_path / "out"),
    )
    data = runs.valid(json.loads((tmp_path / "out" / "drift.json").read_bytes()))
    assert statuses(data) == {"acme": "unreachable", "globex": "unreachable"}, ran.stdout + ran.stderr
    assert (data["mode"], data["complete"], data["exit"]) == ("check", False, 4)
    assert "This report is not complete" in (tmp_path / "out" / "drift.html").read_text(encoding="utf-8")
