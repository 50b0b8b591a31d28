# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sample application with its database and its queue, as hardened as a tenant's containers are."""

from __future__ import annotations

import concurrent.futures
import json
import pathlib
import socket
import struct
import time

import pytest
from conftest import HARDENED, Workshop, ask, docker, eventually, secret

PASSWORD = "s3cr\"et 'x' $y"
HEALTH = ("--health-cmd=sample health", "--health-interval=1s", "--health-retries=2")
APP = (*HARDENED, "--user=10001:10001", "--tmpfs=/tmp")


class Tenant:
    """A tenant's containers, one password for all of them."""

    def __init__(self, workshop: Workshop, directory: pathlib.Path) -> None:
        self.workshop = workshop
        self.password = secret(directory, "password", PASSWORD)

    def postgres(self, volume: str) -> str:
        """The database."""
        options = ("--user=999:999", "--tmpfs=/tmp", "--tmpfs=/run/postgresql", self.password)
        environment = (
            "--env=POSTGRES_USER=app",
            '--env=POSTGRES_DB=sh"op',
            "--env=POSTGRES_PASSWORD_FILE=/run/secrets/password",
        )
        mount = f"--volume={volume}:/var/lib/postgresql/data"
        return self.workshop.run("postgres", "postgres:15", options=(*HARDENED, *options, *environment, mount))

    def redis(self) -> str:
        """The queue."""
        options = ("--user=998:998", self.password, "--env=REDIS_PASSWORD_FILE=/run/secrets/password")
        mount = f"--volume={self.workshop.volume('redis')}:/data"
        return self.workshop.run("redis", "redis:7", options=(*HARDENED, *options, mount))

    def options(self, service: str) -> tuple[str, ...]:
        """What every container of the application gets."""
        environment = {
            "TENANTRY_TENANT": "acme",
            "TENANTRY_SERVICE": service,
            "TENANTRY_RELEASE": "20261121T041833Z-1f0c9a2e",
            "DATABASE_HOST": "postgres",
            "DATABASE_USER": "app",
            "DATABASE_NAME": 'sh"op',
            "DATABASE_PASSWORD_FILE": "/run/secrets/password",
            "REDIS_HOST": "redis",
            "REDIS_PASSWORD_FILE": "/run/secrets/password",
            "JOB_SECONDS": "0.1",
            "SCHEDULE_SECONDS": "0.5",
        }
        return (*APP, self.password, *(f"--env={name}={value}" for name, value in environment.items()))


@pytest.fixture
def tenant(workshop: Workshop, tmp_path: pathlib.Path) -> Tenant:
    """A tenant without containers yet."""
    return Tenant(workshop, tmp_path)


def test_a_tenant_of_six_services_works_without_any_privilege(tenant: Tenant) -> None:
    workshop = tenant.workshop
    postgres, redis = tenant.postgres(workshop.volume("postgres")), tenant.redis()
    workshop.healthy(postgres)
    workshop.healthy(redis)

    def migrate(*arguments: str) -> str:
        return workshop.once("sample:1.0.0", "migrate", *arguments, options=tenant.options("migrate"))

    assert json.loads(migrate("status")) == {"applied": [], "pending": ["0001", "0002"], "unknown": []}
    with concurrent.futures.ThreadPoolExecutor() as pool:
        said = list(pool.map(lambda _number: migrate(), range(3)))
    assert sum("applied migration 0001" in text for text in said) == 1
    assert sum("nothing to migrate" in text for text in said) == 2
    assert "undid migration 0002" in migrate("down", "--target", "0001")
    assert json.loads(migrate("status"))["pending"] == ["0002"]
    assert "applied migration 0002" in migrate("up")

    roles = {
        role: workshop.run(role, "sample:1.1.0", role, options=(*tenant.options(role), *HEALTH))
        for role in ("web", "worker", "scheduler")
    }
    for container in roles.values():
        workshop.healthy(container)
    address = workshop.address(roles["web"], 8080)
    assert ask(address, "/version").body == {
        "tenant": "acme",
        "service": "web",
        "version": "1.1.0",
        "release": "20261121T041833Z-1f0c9a2e",
        "hostname": docker("inspect", "--format={{.Config.Hostname}}", roles["web"]),
    }
    assert ask(address, "/db", "POST", body="a note").status == 200
    assert ask(address, "/db").body["notes"] == 1
    assert ask(address, "/queue", "POST").status == 200
    eventually(lambda: ask(address, "/queue").body["done"] >= 3)
    assert ask(address, "/headers", X_Forwarded_For="192.0.2.7").body["x_forwarded_for"] == "192.0.2.7"

    docker("stop", "--time=10", redis)
    eventually(lambda: ask(address, "/queue").status == 503)
    docker("stop", "--time=20", *roles.values(), postgres)
    codes = docker("inspect", "--format={{.State.ExitCode}}", *roles.values(), postgres, redis).split()
    assert codes == ["0"] * 5
    for container in (*roles.values(), postgres, redis):
        log = docker("logs", container)
        assert PASSWORD not in log


def test_a_server_that_stops_drains_and_finishes_what_is_in_flight(workshop: Workshop) -> None:
    web = workshop.run("web", "sample:1.0.0", options=(*APP, "--env=DRAIN_SECONDS=2"))
    address = workshop.address(web, 8080)
    eventually(lambda: ask(address, "/health").status == 200)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        slow = pool.submit(ask, address, "/slow?seconds=4", "POST", "body")
        time.sleep(0.3)
        stop = pool.submit(docker, "stop", "--time=20", web)
        eventually(lambda: ask(address, "/health").status == 503, 2)
        assert ask(address, "/version").status == 200
        eventually(lambda: ask(address, "/version").status == 0, 4)
        assert not slow.done()
        assert slow.result().body["slept"] == 4.0
        stop.result()
    assert docker("inspect", "--format={{.State.ExitCode}}", web) == "0"


class WebSocket:
    """A client of RFC 6455 for short messages."""

    def __init__(self, address: str) -> None:
        host, _colon, port = address.partition(":")
        self.connection = socket.create_connection((host, int(port)), 15)
        self.stream = self.connection.makefile("rb")
        self.connection.sendall(
            b"GET /ws HTTP/1.1\r\nHost: acme\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        head = [line.strip() for line in iter(self.stream.readline, b"\r\n")]
        assert head[0].split()[1] == b"101"
        # Key and answer are the example of RFC 6455, section 1.3.
        assert b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in head

    def send(self, opcode: int, payload: bytes) -> None:
        """One frame; a mask of zeros leaves everything as it is."""
        self.connection.sendall(bytes((0x80 | opcode, 0x80 | len(payload), 0, 0, 0, 0)) + payload)

    def receive(self) -> tuple[int, bytes]:
        """Opcode and payload of the next frame."""
        first, size = self.stream.read(2)
        return first & 0x0F, self.stream.read(size)


def test_an_open_websocket_is_told_that_its_server_goes_away_and_stops_it_no_longer(workshop: Workshop) -> None:
    web = workshop.run("web", "sample:1.0.0", options=(*APP, "--env=DRAIN_SECONDS=2"))
    address = workshop.address(web, 8080)
    eventually(lambda: ask(address, "/health").status == 200)
    polite, deaf = WebSocket(address), WebSocket(address)
    polite.send(0x9, b"are you there")
    assert polite.receive() == (0xA, b"are you there")
    with concurrent.futures.ThreadPoolExecutor() as pool:
        stop = pool.submit(docker, "stop", "--time=20", web)
        eventually(lambda: ask(address, "/health").status == 503, 2)
        polite.send(0x1, b"during the drain")
        assert polite.receive() == (0x1, b"during the drain")
        going_away = (0x8, struct.pack("!H", 1001))
        assert polite.receive() == deaf.receive() == going_away
        polite.send(*going_away)
        stop.result()
    assert docker("inspect", "--format={{.State.ExitCode}}", web) == "0"


def test_a_worker_finishes_its_job_before_it_stops(tenant: Tenant) -> None:
    workshop = tenant.workshop
    workshop.healthy(tenant.redis())
    options = (*tenant.options("worker"), "--env=JOB_SECONDS=3", "--env=SCHEDULE_SECONDS=60")
    worker = workshop.run("worker", "sample:1.0.0", "worker", options=options)
    workshop.run("scheduler", "sample:1.0.0", "scheduler", options=options)
    web = workshop.run("web", "sample:1.0.0", "web", options=options)
    address = workshop.address(web, 8080)
    eventually(lambda: (ask(address, "/queue").body or {}).get("doing") == 1)
    docker("stop", "--time=20", worker)
    assert "finished the current job" in docker("logs", worker)
    assert ask(address, "/queue").body == {"waiting": 0, "doing": 0, "done": 1}


def test_the_broken_version_never_gets_healthy_and_logs_why(workshop: Workshop) -> None:
    web = workshop.run("web", "sample:broken", options=(*APP, *HEALTH))
    eventually(lambda: docker("inspect", "--format={{.State.Health.Status}}", web) == "unhealthy")
    assert ask(workshop.address(web, 8080), "/health").status == 500
    assert ask(workshop.address(web, 8080), "/version").body["version"] == "broken"
    assert "broken on purpose" in docker("logs", web)


@pytest.mark.parametrize(
    "after", [0.1, 0.5, pytest.param(0.9, marks=pytest.mark.long), pytest.param(1.3, marks=pytest.mark.long)]
)
def test_a_database_killed_during_its_first_start_comes_up_whole(tenant: Tenant, after: float) -> None:
    workshop = tenant.workshop
    volume = workshop.volume("postgres")
    postgres = tenant.postgres(volume)
    time.sleep(after)
    docker("kill", postgres)
    docker("start", postgres)
    workshop.healthy(postgres)
    query = ("psql", "--username=app", "--dbname", 'sh"op', "--no-align", "--tuples-only", "--command")
    assert docker("exec", postgres, *query, "SHOW data_checksums") == "on"
    assert docker("exec", postgres, "find", "/var/lib/postgresql/data", "-name", ".initdb*") == ""


def test_a_database_refuses_a_volume_with_foreign_files(tenant: Tenant) -> None:
    workshop = tenant.workshop
    volume = workshop.volume("postgres")
    workshop.once("base:bookworm", "touch", "/data/precious", options=(f"--volume={volume}:/data",))
    postgres = tenant.postgres(volume)
    eventually(lambda: docker("inspect", "--format={{.State.Status}}", postgres) == "exited")
    listing = workshop.once("base:bookworm", "ls", "/data", options=(f"--volume={volume}:/data",))
    assert listing == "precious"
