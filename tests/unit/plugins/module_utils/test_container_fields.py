# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A container as wanted and as inspected, in the same fields."""

from __future__ import annotations

import copy

import pytest

from ansible_collections.tenantry.platform.plugins.module_utils import container_fields

IMAGE = {
    "Cmd": ["serve"],
    "Entrypoint": ["/start"],
    "User": "app",
    "Env": ["PATH=/bin", "LANG=C.UTF-8"],
    "Labels": {"maker": "us"},
    "Volumes": {"/scratch": {}},
}
# As render/compose.py writes it, and as engine 20.10 inspects what compose 2.26 made of it.
SERVICE = {
    "image": "registry.test/web@sha256:1",
    "environment": {"KEY": "value", "LANG": "de"},
    "labels": {"tenantry.managed": "true"},
    "networks": {"default": {}, "backing": {}},
    "restart": "unless-stopped",
    "init": True,
    "stop_grace_period": "15s",
    "healthcheck": {"test": ["CMD", "true"], "interval": "2s", "timeout": "5s", "retries": 3, "start_period": "10s"},
    "volumes": [
        {"type": "volume", "source": "data", "target": "/data", "read_only": False},
        {"type": "bind", "source": "./secrets/web/key", "target": "/run/secrets/key", "read_only": True},
    ],
    "cap_drop": ["ALL"],
    "cap_add": ["CHOWN"],
    "security_opt": ["no-new-privileges:true"],
    "read_only": True,
    "tmpfs": ["/tmp", "/cache:size=1m"],
    "user": "10001:10001",
    "pids_limit": 200,
    "cpus": "0.5",
    "mem_limit": 134217728,
    "memswap_limit": 134217728,
    "logging": {"driver": "json-file", "options": {"max-size": "10m"}},
}
INSPECTED = {
    "Config": {
        "Image": "registry.test/web@sha256:1",
        "Cmd": ["serve"],
        "Entrypoint": ["/start"],
        "User": "10001:10001",
        "Env": ["KEY=value", "LANG=de", "PATH=/bin"],
        "Labels": {"maker": "us", "tenantry.managed": "true", "com.docker.compose.project": "acme-00000001"},
        "StopTimeout": 15,
        "Healthcheck": {
            "Test": ["CMD", "true"],
            "Interval": 2000000000,
            "Timeout": 5000000000,
            "StartPeriod": 10000000000,
            "Retries": 3,
        },
    },
    "HostConfig": {
        "Tmpfs": {"/tmp": "", "/cache": "size=1m"},
        "ReadonlyRootfs": True,
        "CapDrop": ["ALL"],
        "CapAdd": ["CAP_CHOWN"],
        "SecurityOpt": ["no-new-privileges:true"],
        "PidsLimit": 200,
        "Memory": 134217728,
        "MemorySwap": 134217728,
        "NanoCpus": 500000000,
        "CpuQuota": 0,
        "RestartPolicy": {"Name": "unless-stopped", "MaximumRetryCount": 0},
        "Init": True,
        "LogConfig": {"Type": "json-file", "Config": {"max-size": "10m"}},
        "Privileged": False,
        "PortBindings": {},
        "Devices": None,
        "NetworkMode": "1ad623e4316a",
        "PidMode": "",
        "IpcMode": "private",
    },
    "Mounts": [
        {"Type": "volume", "Name": "acme_data", "Source": "/var/lib/docker/x", "Destination": "/data", "RW": True},
        {"Type": "bind", "Source": "/srv/acme/secrets/web/key", "Destination": "/run/secrets/key", "RW": False},
        {"Type": "volume", "Name": "a1" * 32, "Source": "/var/lib/docker/y", "Destination": "/scratch", "RW": True},
    ],
    "NetworkSettings": {"Networks": {"acme_default": {}, "acme_backing": {}}},
}
NETWORKS = {"default": "acme_default", "backing": "acme_backing"}


def wanted(**changes):
    return container_fields.wanted({**SERVICE, **changes}, "/srv/acme", NETWORKS, {"data": "acme_data"}, IMAGE)


def inspected(*path, value):
    """The inspected container with one thing changed."""
    data = copy.deepcopy(INSPECTED)
    place = data
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return container_fields.live(data)


def fields(before, after):
    return [field for field, _before, _after in container_fields.differences(before, after)]


def test_a_container_as_compose_made_it_has_no_difference():
    assert fields(wanted(), container_fields.live(INSPECTED)) == []


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        (("Config", "Image"), "registry.test/web@sha256:2", "image"),
        (("Config", "Cmd"), ["sh"], "command"),
        (("Config", "Entrypoint"), ["/bin/sh"], "entrypoint"),
        (("Config", "User"), "", "user"),
        (("Config", "Env"), ["KEY=other", "LANG=de", "PATH=/bin"], "env.KEY"),
        (("Config", "Env"), ["KEY=value", "LANG=de"], "env.PATH"),
        (
            ("Config", "Labels"),
            {"maker": "us", "tenantry.managed": "true", "traefik.enable": "true"},
            "labels.traefik.enable",
        ),
        (("Config", "StopTimeout"), None, "stop_grace_period"),
        (("Config", "Healthcheck"), {"Test": ["NONE"]}, "health.interval"),
        (("HostConfig", "Tmpfs"), {"/tmp": ""}, "tmpfs./cache"),
        (("HostConfig", "ReadonlyRootfs"), False, "read_only"),
        (("HostConfig", "CapDrop"), None, "cap_drop"),
        (("HostConfig", "CapAdd"), ["CAP_SYS_ADMIN", "CHOWN"], "cap_add"),
        (("HostConfig", "SecurityOpt"), ["seccomp=unconfined"], "security_opt"),
        (("HostConfig", "PidsLimit"), 0, "pids_limit"),
        (("HostConfig", "Memory"), 0, "memory"),
        (("HostConfig", "MemorySwap"), -1, "memory_swap"),
        (("HostConfig", "NanoCpus"), 0, "cpus"),
        (("HostConfig", "RestartPolicy"), {"Name": "always"}, "restart"),
        (("HostConfig", "Init"), None, "init"),
        (("HostConfig", "LogConfig"), {"Type": "none", "Config": {}}, "logging.driver"),
        (("HostConfig", "Privileged"), True, "privileged"),
        (("HostConfig", "PortBindings"), {"80/tcp": [{"HostIp": "", "HostPort": "8000"}]}, "ports"),
        (("HostConfig", "Devices"), [{"PathOnHost": "/dev/sda"}], "devices"),
        (("HostConfig", "PidMode"), "host", "namespaces.pid"),
        (("HostConfig", "NetworkMode"), "container:abc", "namespaces.network"),
        (("Mounts", 1, "Source"), "/etc/shadow", "mounts./run/secrets/key"),
        (("Mounts", 1, "RW"), True, "mounts./run/secrets/key"),
        (("Mounts", 2), {"Type": "bind", "Source": "/run/docker.sock", "Destination": "/s", "RW": True}, "mounts./s"),
        (("NetworkSettings", "Networks"), {"acme_default": {}}, "networks"),
    ],
)
def test_each_change_by_hand_is_a_difference(path, value, field):
    assert field in fields(wanted(), inspected(*path, value=value))


def test_cores_are_the_same_by_quota():
    data = copy.deepcopy(INSPECTED)
    data["HostConfig"].update(NanoCpus=0, CpuQuota=25000, CpuPeriod=50000)
    assert fields(wanted(), container_fields.live(data)) == []


def test_what_the_image_gives_is_not_a_difference_and_what_a_service_takes_over_is_its_own():
    assert fields(wanted(command=["serve"], user=None), inspected("Config", "User", value="app")) == []
    assert (
        fields(wanted(healthcheck={"disable": True}), inspected("Config", "Healthcheck", value={"Test": ["NONE"]}))
        == []
    )


def test_values_that_may_be_secrets_are_told_apart_without_being_shown():
    hidden = container_fields.hidden(wanted(), "salt")
    assert "value" not in str(hidden["env"])
    assert hidden["env"]["KEY"] == container_fields.digest("value", "salt")
    assert hidden["env"]["KEY"] != container_fields.digest("value", "pepper")
    assert container_fields.digest(None, "salt") is None
