# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked of a node, and what leaves it; real servers answer in the target tenant_probe_info."""

from __future__ import annotations

import json
import socket

import pytest

from ansible_collections.tenantry.platform.plugins.module_utils import tenant_probe
from ansible_collections.tenantry.platform.plugins.module_utils.engine import Engine
from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError

RELEASE = "20261121T041833Z-1f0c9a2e"
SECRET = "hunter22"


def inspected(service, *, tenant="acme", state="exited", labels=None, **changes):
    """As much of an inspect as is read."""
    own = {"tenantry.managed": "true", "tenantry.service": service, **({"tenantry.tenant": tenant} if tenant else {})}
    return {
        "Id": f"id-{tenant}-{service}",
        "Name": f"/{tenant}-{service}-1",
        "Config": {"Labels": {**own, **(labels or {})}, "Image": "sample"},
        "State": {"Status": state, "ExitCode": 3, "FinishedAt": "2026-11-21T04:18:33.5Z", **changes},
        "NetworkSettings": {"Networks": {"acme_default": {"IPAddress": "127.0.0.1"}}},
    }


class Client:
    """The engine's answers."""

    api_version, timeout = "1.41", 5

    def __init__(self, containers):
        self.containers_by_id = {one["Id"]: one for one in containers}

    def containers(self, **_options):
        return [{"Id": one["Id"], "Labels": one["Config"]["Labels"]} for one in self.containers_by_id.values()]

    def inspect_container(self, one):
        return self.containers_by_id[one]

    def logs(self, one, **options):
        assert options["tail"] == 5
        return f"{one} says {SECRET}\nand \x1b[31mred".encode()


@pytest.fixture(name="closed")
def find_closed_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@pytest.fixture(name="probe")
def make_probe(tmp_path, closed, monkeypatch):
    """Probe the tenant acme on a node whose engine has these containers; without any, the engine does not answer."""

    def connect(containers):
        if not containers:
            raise TenantryError("no engine answers", "engine_unreachable")
        return Engine(Client(containers), "tcp://nowhere")

    def probe(*containers, **asked):
        monkeypatch.setattr(tenant_probe, "connect", lambda *_arguments: connect(containers))
        params = {
            "tenants": {"acme": {"ports": {"web": closed}, **asked}},
            "root": str(tmp_path),
            "api_url": f"http://127.0.0.1:{closed}",
            "api_timeout": 1,
            "edge_address": "127.0.0.1",
            "edge_http_port": closed,
            "edge_https_port": closed,
            "check_certificate": True,
            "timeout": 1,
            "log_lines": 5,
            "docker_host": None,
            "docker_timeout": 5,
        }
        return tenant_probe.probe(params)

    return probe


def release(tmp_path, name=RELEASE, secret=SECRET):
    """A finished release with a secret."""
    directory = tmp_path / "acme" / "releases" / name
    (directory / "secrets" / "web").mkdir(parents=True)
    (directory / "secrets" / "web" / "word").write_text(secret, encoding="utf-8")
    services = {"web": {"kind": "app", "replicas": 2}, "migrate": {"kind": "job", "replicas": 1}}
    manifest = {"projects": {"app": "acme-1f0c9a2e", "backing": None}, "services": services}
    (directory / "RELEASE.json").write_text(json.dumps(manifest), encoding="utf-8")


def test_a_node_without_engine_and_proxy_is_a_result_and_no_failure(probe):
    result = probe(url="http://acme.test/")
    assert result["engine_error"] == "no engine answers"
    assert result["edge"]["version"] is None
    assert [one["error"] for one in result["edge"]["entry_points"]] == ["Connection refused"] * 2
    acme = result["tenants"]["acme"]
    assert (acme["request"]["status"], acme["request"]["error"]) == (0, "Connection refused")
    assert (acme["containers"], acme["release"], acme["error"]) == ([], None, "")


def test_without_a_url_no_request_is_sent(probe):
    assert probe()["tenants"]["acme"]["request"] is None


def test_containers_of_others_and_of_jobs_stay_out_and_those_of_the_proxy_are_apart(probe):
    result = probe(
        inspected("web"),
        inspected("web", tenant="other"),
        inspected("migrate", labels={"com.docker.compose.oneoff": "True"}),
        inspected("traefik", tenant=None),
        inspected("powerdns", tenant=None),
    )
    assert [one["name"] for one in result["tenants"]["acme"]["containers"]] == ["acme-web-1"]
    (proxy,) = result["edge"]["containers"]
    assert (proxy["state"], proxy["exit_code"], proxy["finished"]) == ("exited", 3, "2026-11-21T04:18:33.5Z")


def test_no_secret_of_any_release_leaves_the_node(probe, tmp_path):
    release(tmp_path)
    release(tmp_path, "20261101T000000Z-00000000", "older")
    health = {"Status": "unhealthy", "Log": [{"Output": f"wrong {SECRET}\n"}]}
    result = probe(inspected("web", Health=health, Error="older and wiser"))
    assert SECRET not in json.dumps(result)
    (web,) = result["tenants"]["acme"]["containers"]
    assert web["health_output"] == ["wrong ********"]
    assert web["error"] == "******** and wiser"
    assert web["logs"] == ["id-acme-web says ********", "and red"]


def test_what_serves_has_no_log_and_its_port_is_tried(probe, closed):
    (web,) = probe(inspected("web", state="running"))["tenants"]["acme"]["containers"]
    assert web["logs"] == []
    assert web["reached"] == {"address": "127.0.0.1", "port": closed, "error": "Connection refused"}


def test_what_does_not_run_or_has_no_port_is_not_connected_to(probe):
    containers = probe(inspected("web"), inspected("worker", state="running"))["tenants"]["acme"]["containers"]
    assert [one["reached"] for one in containers] == [None, None]


def test_services_of_the_current_release_are_told_without_jobs(probe, tmp_path):
    release(tmp_path)
    (tmp_path / "acme" / "current").symlink_to(f"releases/{RELEASE}")
    acme = probe()["tenants"]["acme"]
    assert acme["release"] == RELEASE
    assert acme["services"] == {"web": {"kind": "app", "replicas": 2, "project": "acme-1f0c9a2e"}}


def test_a_current_release_that_is_none_is_told_beside_the_containers(probe, tmp_path):
    release(tmp_path)
    (tmp_path / "acme" / "current").symlink_to("/nowhere")
    acme = probe(inspected("web"))["tenants"]["acme"]
    assert "no finished release" in acme["error"]
    assert len(acme["containers"]) == 1
