# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The node got the tenants of the tenant database, and they answer as a user would ask them."""

from __future__ import annotations

import json
import sqlite3
import typing as t

import pytest
from conftest import EPHEMERAL, NODE, Client

testinfra_hosts = [NODE]
Host = t.Any

EXPECTED = {"acme": "1.0.0", "globex": "1.1.0", "hooli": "1.0.0"}


def test_the_database_has_the_tenants_that_are_asked_below() -> None:
    with sqlite3.connect(EPHEMERAL / "tenants.sqlite3") as database:
        assert {name for (name,) in database.execute("SELECT name FROM tenants")} == set(EXPECTED)


@pytest.mark.parametrize("tenant", EXPECTED)
def test_each_tenant_answers_by_https_with_its_name_and_version(client: Client, tenant: str) -> None:
    answer = client.https(f"{tenant}.molecule.test", "/version")
    assert answer.status == 200
    assert (answer.json["tenant"], answer.json["version"]) == (tenant, EXPECTED[tenant])


@pytest.mark.parametrize("tenant", EXPECTED)
def test_the_name_of_each_tenant_leads_to_the_node(host: Host, address: str, tenant: str) -> None:
    dig = "docker exec tenantry-nameserver-powerdns-1 dig +short +time=3"
    assert host.check_output(f"{dig} @{address} {tenant}.molecule.test A") == address


@pytest.mark.parametrize("tenant", EXPECTED)
def test_each_tenant_has_a_current_release_with_a_manifest(host: Host, tenant: str) -> None:
    manifest = json.loads(host.file(f"/srv/tenantry/{tenant}/current/RELEASE.json").content_string)
    assert (manifest["tenant"], manifest["operation"] != "") == (tenant, True)


def test_two_replicas_of_globex_take_turns(client: Client) -> None:
    names = {client.https("globex.molecule.test", "/version").json["hostname"] for _turn in range(10)}
    assert len(names) == 2


def test_hooli_reaches_its_queue(client: Client) -> None:
    assert client.https("hooli.molecule.test", "/queue").status == 200


def test_the_containers_of_the_node_are_those_of_the_database(host: Host) -> None:
    listed = host.check_output(
        "docker ps --filter label=tenantry.managed=true --filter label=tenantry.tenant "
        '--format \'{{.Label "tenantry.tenant"}}/{{.Label "tenantry.service"}}\''
    )
    assert sorted(listed.split()) == ["acme/web", "globex/web", "globex/web", "hooli/redis", "hooli/web"]
    assert host.check_output("docker ps --filter label=tenantry.tenant --filter health=healthy --quiet | wc -l") == "5"
