# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The machine became a node: engine, proxy and name server of its own."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

from conftest import NODE, Client

testinfra_hosts = [NODE]
Host = t.Any

COLLECTION = Path(__file__).resolve().parents[4]
LISTENERS = (COLLECTION / "roles/node/files/foreign_listeners.py").read_text(encoding="utf-8")


def test_the_machine_has_an_engine_of_its_own(host: Host) -> None:
    info = json.loads(host.check_output("docker info --format '{{json .}}'"))
    assert info["Name"] == "node1"
    assert "tenantry.managed=true" in info["Labels"]
    assert info["LiveRestoreEnabled"]
    assert "tenantry-estate-registry:5000" in info["RegistryConfig"]["IndexConfigs"]


def test_the_engine_answers_compose_2(host: Host) -> None:
    assert host.check_output("docker compose version --short").lstrip("v").startswith("2.")


def test_networks_come_from_the_large_pool(host: Host) -> None:
    pools = json.loads(host.check_output("docker info --format '{{json .DefaultAddressPools}}'"))
    assert pools == [{"Base": "10.128.0.0/9", "Size": 27}]


def test_the_start_script_knows_that_the_engine_runs(host: Host) -> None:
    assert host.run("/usr/local/sbin/tenantry-dockerd status").rc == 0


def test_traefik_and_powerdns_run_hardened_and_by_digest(host: Host) -> None:
    names = ("tenantry-edge-traefik-1", "tenantry-nameserver-powerdns-1")
    for container in json.loads(host.check_output("docker inspect " + " ".join(names))):
        assert container["State"]["Running"], container["Name"]
        assert container["HostConfig"]["ReadonlyRootfs"], container["Name"]
        assert container["HostConfig"]["CapDrop"] == ["ALL"], container["Name"]
        assert "@sha256:" in container["Config"]["Image"], container["Name"]


def test_the_api_of_traefik_answers_on_the_loopback_address_only(host: Host, address: str) -> None:
    assert json.loads(host.check_output("curl -fsS http://127.0.0.1:8080/api/version"))["Version"].startswith("3.")
    assert host.run(f"curl -fsS --max-time 5 http://{address}:8080/api/version").rc == 7


def test_the_api_of_powerdns_answers_on_the_loopback_address_only(host: Host, address: str) -> None:
    assert host.check_output("curl -sS -o /dev/null -w '%{http_code}' http://127.0.0.1:8081/api/v1/servers") == "401"
    assert host.run(f"curl -fsS --max-time 5 http://{address}:8081/api/v1/servers").rc == 7


def test_the_api_key_is_readable_for_root_alone_and_shown_nowhere(host: Host) -> None:
    file = host.file("/srv/tenantry-nameserver/api-key")
    assert (file.user, file.mode) == ("root", 0o400)
    key = file.content_string.strip()
    assert len(key) >= 32
    assert key not in host.check_output("docker inspect tenantry-nameserver-powerdns-1")
    assert key not in host.check_output("ps -eww -o args")
    assert key not in host.check_output("cat /srv/tenantry-nameserver/config/compose.yaml")


def test_private_keys_are_readable_for_root_alone(host: Host) -> None:
    for name in host.file("/srv/tenantry-edge/certs").listdir():
        file = host.file(f"/srv/tenantry-edge/certs/{name}")
        assert (file.user, file.mode) == ("root", 0o600)


def test_the_zone_is_served(host: Host, address: str) -> None:
    dig = "docker exec tenantry-nameserver-powerdns-1 dig +short +time=3"
    assert host.check_output(f"{dig} @{address} molecule.test NS") == "ns1.molecule.test."
    assert host.check_output(f"{dig} +tcp @{address} molecule.test SOA").startswith("ns1.molecule.test. ")
    assert host.check_output(f"{dig} @{address} ns1.molecule.test A") == address


def test_ports_that_somebody_else_holds_are_noticed_with_the_holder(host: Host) -> None:
    def phrases(project: str) -> list[str]:
        wanted = "tcp/0.0.0.0/443 tcp/127.0.0.1/8080 udp//53 tcp//9"
        found: list[str] = json.loads(
            host.check_output(f"python3 -c %s /var/run/docker.sock {project} {wanted}", LISTENERS)
        )
        return found

    edge, nameserver = phrases("tenantry-nameserver"), phrases("tenantry-edge")
    assert len(edge) == 2
    assert all("traefik (pid " in one and "of container tenantry-edge-traefik-1" in one for one in edge)
    assert len(nameserver) == 1
    assert nameserver[0].startswith("port 53/udp on all addresses is held by pdns_server (pid ")


def test_https_answers_with_the_given_certificate(client: Client) -> None:
    assert client.https("nobody.molecule.test").status == 404


def test_plain_http_redirects_to_https(client: Client) -> None:
    answer = client.plain_http("nobody.molecule.test", "/x?y=1")
    assert answer.status == 301
    assert answer.headers["location"] == "https://nobody.molecule.test/x?y=1"
