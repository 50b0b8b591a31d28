# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The servers of a node: proxy, name server, and the machine that a node is made of."""

from __future__ import annotations

import json
import pathlib
import socket

from conftest import HARDENED, Workshop, ask, docker, eventually
from tenantry_estate.registry import HOST, NETWORK, free_port

KEY = "k3y/=_.~-"
CAPABILITIES = ("SYS_ADMIN", "NET_ADMIN", "NET_RAW", "SYS_PTRACE", "MKNOD", "SYS_NICE", "DAC_READ_SEARCH")


def test_powerdns_on_the_hosts_network_answers_what_its_api_was_told(
    workshop: Workshop, tmp_path: pathlib.Path
) -> None:
    key = tmp_path / "key"
    key.write_text(KEY + "\n", encoding="utf-8")
    key.chmod(0o644)
    api, dns = free_port(28100, 28199), free_port(28200, 28299)
    options = (
        "--network=host",
        "--user=953:953",
        "--tmpfs=/run/powerdns",
        f"--volume={workshop.volume('powerdns')}:/var/lib/powerdns",
        f"--volume={key}:/run/secrets/key:ro",
        "--env=PDNS_API_KEY_FILE=/run/secrets/key",
        f"--env=PDNS_API_PORT={api}",
        f"--env=PDNS_DNS_PORT={dns}",
        f"--env=PDNS_DNS_ADDRESS={HOST}",
    )
    server = workshop.run("powerdns", "powerdns:4.7", options=(*HARDENED, *options))
    address, zones = f"{HOST}:{api}", "/api/v1/servers/localhost/zones"
    eventually(lambda: ask(address, zones, X_API_Key=KEY).status == 200)
    assert ask(address, zones, X_API_Key="wrong").status == 401
    zone = {
        "name": "demo.test.",
        "kind": "Native",
        "nameservers": ["ns1.demo.test."],
        "rrsets": [{"name": "acme.demo.test.", "type": "A", "ttl": 60, "records": [{"content": "192.0.2.10"}]}],
    }
    assert ask(address, zones, "POST", body=json.dumps(zone), X_API_Key=KEY).status == 201

    def dig() -> str:
        return docker("exec", server, "dig", "+short", f"@{HOST}", "-p", str(dns), "acme.demo.test")

    assert dig() == "192.0.2.10"
    assert KEY not in docker("top", server)
    docker("stop", "--time=5", server)
    assert docker("inspect", "--format={{.State.ExitCode}}", server) == "143"
    docker("start", server)
    eventually(lambda: ask(address, zones, X_API_Key=KEY).status == 200)
    assert dig() == "192.0.2.10"


def test_traefik_on_the_hosts_network_routes_to_a_labelled_container(workshop: Workshop) -> None:
    web_port, api_port = free_port(28300, 28399), free_port(28400, 28499)
    labels = {
        "estate.test": workshop.prefix,
        "traefik.enable": "true",
        f"traefik.http.routers.{workshop.prefix}.rule": "Host(`acme.demo.test`)",
        f"traefik.http.services.{workshop.prefix}.loadbalancer.server.port": "8080",
    }
    options = ("--env=TENANTRY_TENANT=acme", *(f"--label={name}={value}" for name, value in labels.items()))
    workshop.run("web", "sample:2.0.0", options=(*HARDENED, *options))
    arguments = (
        f"--entryPoints.web.address={HOST}:{web_port}",
        f"--entryPoints.traefik.address={HOST}:{api_port}",
        "--api.insecure=true",
        "--providers.docker.exposedByDefault=false",
        f"--providers.docker.constraints=Label(`estate.test`, `{workshop.prefix}`)",
    )
    mounts = ("--network=host", "--volume=/var/run/docker.sock:/var/run/docker.sock")
    workshop.run("traefik", "traefik:3.7.15", *arguments, options=(*HARDENED, *mounts))
    eventually(lambda: ask(f"{HOST}:{api_port}", "/api/version").status == 200)
    assert ask(f"{HOST}:{api_port}", "/api/version").body["Version"] == "3.7.15"
    eventually(lambda: ask(f"{HOST}:{web_port}", "/version", Host="acme.demo.test").status == 200)
    answer = ask(f"{HOST}:{web_port}", "/version", Host="acme.demo.test").body
    assert (answer["tenant"], answer["version"]) == ("acme", "2.0.0")


def test_a_machine_answers_over_ssh_and_reaches_the_registry_as_its_own(
    workshop: Workshop, images: dict[str, dict[str, str]]
) -> None:
    registry = images["machine:bookworm"]["ref"].partition("/")[0]
    options = (
        f"--network={NETWORK}",
        "--tmpfs=/run",
        *(f"--security-opt={what}=unconfined" for what in ("seccomp", "apparmor", "systempaths")),
        *(f"--cap-add={name}" for name in CAPABILITIES),
        "--env=AUTHORIZED_KEY=ssh-ed25519 AAAA test",
        f"--env=REGISTRY_FORWARD={registry.rpartition(':')[2]}:tenantry-estate-registry:5000",
    )
    machine = workshop.run("machine", "machine:bookworm", options=options)
    host = workshop.address(machine, 22).rpartition(":")[0]

    def banner() -> bytes:
        try:
            with socket.create_connection((host, 22), timeout=5) as connection:
                return connection.recv(100)
        except OSError:
            return b""

    assert eventually(banner).startswith(b"SSH-2.0-OpenSSH")
    assert docker("exec", machine, "sh", "-c", "command -v docker dockerd || echo none") == "none"
    assert docker("exec", machine, "sudo", "-u", "admin", "sudo", "-n", "id", "-u") == "0"
    assert docker("exec", machine, "sh", "-c", "stat --format='%U %a' ~admin/.ssh/authorized_keys") == "admin 600"
    assert "tenantry/sample" in docker("exec", machine, "curl", "-sf", f"http://{registry}/v2/_catalog")
    assert "cannot" not in docker("logs", machine)
