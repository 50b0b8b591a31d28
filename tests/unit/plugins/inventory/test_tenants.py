# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory plugin through ansible-inventory and ansible-playbook, from real databases."""

from __future__ import annotations

import json
import shutil
import sys
import time

import pytest

from ansible_collections.tenantry.platform.plugins.plugin_utils import database_migrate
from ansible_collections.tenantry.platform.tests.unit.plugins.tenant_databases import (
    SEED,
    Tenants,
    ansible,
    plain,
    source,
)

try:
    from sqlalchemy import event
    from sqlalchemy.engine import Engine
except ImportError:  # not where only modules are tested
    event = Engine = None


@pytest.fixture
def tenants(tmp_path):
    return Tenants.make(tmp_path)


class Inventory:
    """An inventory file beside a database."""

    def __init__(self, directory, tenants):
        self.directory = directory
        self.path = directory / "tenants.yml"
        self.write(database=f"sqlite:///{tenants.path.name}")

    def write(self, **options):
        self.path.write_text(json.dumps({"plugin": "tenantry.platform.tenants", **options}), encoding="utf-8")

    def command(self, command, *arguments, **environment):
        return ansible(command, "-i", self.path, *arguments, cwd=self.directory, **environment)

    def listing(self, **environment):
        """Groups, host variables and messages."""
        done = self.command("inventory", "--list", **environment)
        assert done.returncode == 0, done.stderr
        listed = plain(json.loads(done.stdout))
        return listed, listed.pop("_meta")["hostvars"], " ".join(done.stderr.split())

    def failure(self, **environment):
        """What is said when it cannot be read."""
        done = self.command("inventory", "--list", **environment)
        assert done.returncode != 0, done.stdout
        return " ".join(done.stderr.split())


@pytest.fixture
def inventory(tmp_path, tenants):
    return Inventory(tmp_path, tenants)


def members(groups, name):
    return groups.get(name, {}).get("hosts", [])


# -- hosts, groups, variables --------------------------------------------------------------------------------------


def test_tenants_and_nodes_become_hosts_in_groups(tenants, inventory):
    tenants.add("nodes", name="node2", connection="local", ipv4="192.0.2.20", max_parallel=3)
    tenants.add("nodes", name="node-3", ssh_user="deploy", ssh_port=2222, python_interpreter="/opt/py/bin/python3")
    tenants.add("settings", name="default_node", value="node1")
    tenants.tenant("acme", display_name="Acme GmbH", tier="premium")
    tenants.tenant("globex", node="node2", state="stopped", ring=2)
    tenants.tenant("initech", node="node-3")
    groups, hosts, _messages = inventory.listing()
    assert members(groups, "tenants") == ["acme", "globex", "initech"]
    assert members(groups, "nodes") == ["node1", "node2", "node-3"]
    assert members(groups, "nameservers") == ["node1"]
    assert members(groups, "quarantined") == []
    assert members(groups, "node_node1") == ["node1", "acme"]
    assert members(groups, "node_node_3") == ["node-3", "initech"]
    assert members(groups, "tier_premium") == ["acme"]
    assert members(groups, "ring_2") == ["globex"]
    assert members(groups, "state_stopped") == ["globex"]
    assert members(groups, "zone_example_com") == ["acme", "globex", "initech"]
    assert hosts["acme"]["tenant"]["display_name"] == "Acme GmbH"
    assert hosts["acme"]["tenantry_known"] == ["acme", "globex", "initech"]
    assert hosts["acme"]["tenantry_zones"] == {"example.com": {"nameserver": "node1", "ttl": 300}}
    assert hosts["node2"]["node"]["max_parallel"] == 3
    connection = {name: value for name, value in hosts["acme"].items() if name.startswith("ansible_")}
    assert connection == {
        "ansible_host": "node1.example.net",
        "ansible_connection": "ssh",
        "ansible_python_interpreter": "/usr/bin/python3",
        "ansible_pipelining": True,
    }
    assert hosts["globex"]["ansible_connection"] == "local"
    assert "ansible_pipelining" not in hosts["globex"]
    assert hosts["globex"]["ansible_python_interpreter"] == sys.executable
    assert (hosts["initech"]["ansible_user"], hosts["initech"]["ansible_port"]) == ("deploy", 2222)
    assert hosts["initech"]["ansible_host"] == "node-3"
    assert hosts["initech"]["ansible_python_interpreter"] == "/opt/py/bin/python3"


def test_an_operator_adds_to_the_connection_in_group_vars(tenants, inventory):
    tenants.tenant("acme")
    (inventory.directory / "group_vars").mkdir()
    (inventory.directory / "group_vars" / "node_node1.yml").write_text("ansible_host: other\n", encoding="utf-8")
    (inventory.directory / "group_vars" / "all.yml").write_text("ansible_pipelining: false\n", encoding="utf-8")
    _groups, hosts, _messages = inventory.listing()
    assert {hosts[name]["ansible_host"] for name in ("acme", "node1")} == {"other"}
    assert {hosts[name]["ansible_pipelining"] for name in ("acme", "node1")} == {False}


def test_filters_hide_tenants_and_their_names_stay_known(tenants, inventory):
    tenants.tenant("acme", ring=0)
    tenants.tenant("globex", ring=1)
    tenants.tenant("broken", ring=1, tier="NO", checks=False)
    inventory.write(database="sqlite:///made.sqlite", where=[{"column": "ring", "operator": "lt", "value": 1}])
    groups, hosts, messages = inventory.listing()
    assert members(groups, "tenants") == ["acme"]
    assert members(groups, "quarantined") == []
    assert hosts["acme"]["tenantry_known"] == ["acme", "globex", "broken"]
    assert "quarantine" not in messages


def test_constructed_groups_and_variables(tenants, inventory):
    tenants.tenant("acme", tier="premium")
    tenants.tenant("globex", state="stopped", display_name="{{ 1 + 1 }}")
    inventory.write(
        database="sqlite:///made.sqlite",
        compose={"shown": "tenant.display_name"},
        groups={"running": "tenant.state == 'active'"},
        keyed_groups=[{"key": "tenant.strategy", "prefix": "strategy"}],
    )
    groups, hosts, _messages = inventory.listing()
    assert members(groups, "running") == ["acme"]
    assert members(groups, "strategy_blue_green") == ["acme", "globex"]
    assert hosts["globex"]["shown"] == "{{ 1 + 1 }}"


def test_a_cached_inventory_is_the_same_and_reads_no_database(tenants, inventory):
    tenants.tenant("acme")
    tenants.tenant("broken", tier="NO", checks=False)
    inventory.write(
        database="sqlite:///made.sqlite", cache=True, cache_plugin="ansible.builtin.jsonfile", cache_connection="cache"
    )
    first = inventory.listing()
    tenants.tenant("later")
    assert inventory.listing()[:2] == first[:2]
    assert "broken is in quarantine" in inventory.listing()[2]
    shutil.rmtree(inventory.directory / "cache")
    assert "later" in inventory.listing()[1]


def test_the_file_name_tells(inventory):
    other = inventory.directory / "others.yml"
    inventory.path.rename(other)
    inventory.path = other
    assert "database" not in inventory.failure()


def test_environment_names_another_database_and_registry(tenants, inventory):
    inventory.write(database="sqlite:///nowhere.sqlite")
    tenants.tenant("acme")
    tenants.sql("UPDATE services SET image = 'web' WHERE name = 'web'")
    _groups, hosts, _messages = inventory.listing(
        TENANTRY_DATABASE=f"sqlite:///{tenants.path}", TENANTRY_REGISTRY="127.0.0.1:5055"
    )
    assert hosts["acme"]["tenant"]["services"][1]["image"] == "127.0.0.1:5055/web:1.0"


# -- what goes wrong -----------------------------------------------------------------------------------------------


def test_a_bad_row_is_named_and_everyone_else_is_served(tenants, inventory):
    tenants.tenant("acme")
    tenants.tenant("broken")
    tenants.add("services", tenant="broken", name="web", image="APP")
    groups, hosts, messages = inventory.listing()
    assert members(groups, "tenants") == ["acme"]
    assert members(groups, "quarantined") == ["broken"]
    assert [one["field"] for one in hosts["broken"]["tenantry_invalid"]] == ["services.web.image"]
    assert "tenant" not in hosts["broken"]
    assert "broken is in quarantine: services.web.image: 'APP' is no image" in messages


def test_a_bad_row_ends_the_run_when_an_operator_wants_that(tenants, inventory):
    tenants.tenant("broken", tier="NO", checks=False)
    inventory.write(database="sqlite:///made.sqlite", on_invalid="fail")
    assert "broken is in quarantine: tier: 'NO' is not a tier" in inventory.failure()


def test_a_missing_database_says_what_to_do(inventory):
    inventory.write(database="sqlite:///none.sqlite")
    message = inventory.failure()
    assert "tenantry.platform.database" in message
    assert "database_missing" in message
    assert not (inventory.directory / "none.sqlite").exists()


def test_another_schema_says_what_to_do(tenants, inventory):
    tenants.sql("UPDATE schema_version SET version_num = '9999'")
    assert "upgrade the collection" in inventory.failure()


def test_the_password_of_a_server_is_nowhere(inventory):
    inventory.write(database="postgresql://u:s3cret@127.0.0.1:1/d", password="s3cret")
    message = inventory.failure()
    assert "database_unreachable" in message
    assert "s3cret" not in message


# -- strings stay strings ------------------------------------------------------------------------------------------

PLAY = """
- hosts: tenants:quarantined
  gather_facts: false
  tasks:
    - debug:
        msg: "{{ tenant.display_name }}|{{ tenant | to_json }}|{{ tenant.services | map(attribute='environment') }}"
      when: tenant is defined
    - debug: {var: tenant}
    - debug: {var: tenantry_invalid}
    - debug: {var: tenantry_known}
    - set_fact: {copied: "{{ hostvars[inventory_hostname] }}", held: "{{ tenant.held | default([]) }}"}
    - debug: {var: copied}
"""


def test_a_template_in_a_row_stays_text_in_every_play(tenants, inventory):
    evil = f"{{{{ lookup('pipe', 'touch {inventory.directory}/pwned') }}}}"
    tenants.tenant("acme", display_name=evil)
    tenants.add("services", tenant="acme", name="web")
    tenants.add("service_environment", tenant="acme", service="web", name="EVIL", value=evil)
    tenants.add("service_labels", tenant="acme", service="web", name="evil", value=evil)
    tenants.add("overrides", tenant="acme", field="state", value="stopped", reason=evil, created_by=evil)
    tenants.tenant(evil, checks=False)
    play = inventory.directory / "play.yml"
    play.write_text(PLAY, encoding="utf-8")
    done = inventory.command("playbook", play)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("lookup('pipe'") >= 10
    assert not (inventory.directory / "pwned").exists()


# -- size ----------------------------------------------------------------------------------------------------------


def many(tmp_path, count):
    rows = ", ".join(f"('t{number}', 'standard')" for number in range(count))
    directory = tmp_path / str(count)
    directory.mkdir()
    return directory, Tenants.make(directory, f"{SEED}\nINSERT INTO tenants (name, stack) VALUES {rows};")


def test_one_bad_row_among_a_thousand_is_one_tenant_less(tmp_path):
    directory, tenants = many(tmp_path, 1000)
    tenants.sql("UPDATE tenants SET ring = 'x' WHERE name = 't500'", checks=False)
    started = time.monotonic()
    groups, hosts, _messages = Inventory(directory, tenants).listing()
    print(f"1,000 tenants listed in {time.monotonic() - started:.1f} s")
    assert len(members(groups, "tenants")) == 999
    assert members(groups, "quarantined") == ["t500"]
    assert len(hosts["t1"]["tenantry_known"]) == 1000


def test_the_number_of_queries_does_not_follow_the_number_of_tenants(tmp_path):
    counts = []

    def count(*_arguments):
        counts[-1] += 1

    databases = {size: many(tmp_path, size)[1].settings for size in (1, 300)}
    event.listen(Engine, "before_cursor_execute", count)
    try:
        for size, settings in databases.items():
            for where in ([], [{"column": "state", "value": "active"}]):
                counts.append(0)
                assert len(source(settings, where=where).read().fleet.specs) == size
    finally:
        event.remove(Engine, "before_cursor_execute", count)
    assert counts == [counts[0]] * 4
    assert counts[0] < 35


def test_an_empty_database_is_an_empty_inventory(tmp_path, inventory):
    path = tmp_path / "empty.sqlite"
    database_migrate.upgrade({"url": f"sqlite:///{path}"})
    inventory.write(database="sqlite:///empty.sqlite")
    groups, hosts, _messages = inventory.listing()
    assert hosts == {}
    assert {"tenants", "nodes", "quarantined"} <= set(groups["all"]["children"])
