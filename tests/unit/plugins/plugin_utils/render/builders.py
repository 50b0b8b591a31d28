# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Specs for tests of renderers: whole, normalized, and as small as they can be."""

from __future__ import annotations

import typing as t

RELEASE = "20261121T041833Z-1f0c9a2e"
NEXT_RELEASE = "20261122T031500Z-77aa01bc"


def service(name: str, kind: str = "app", **changes: t.Any) -> dict[str, t.Any]:
    """An app service on port 8080 with a check of its port; ``hardening`` and ``health`` may be given in part."""
    built: dict[str, t.Any] = {
        "name": name,
        "kind": kind,
        "image": f"registry.example/{name}:1.0.0",
        "command": None,
        "port": 8080,
        "replicas": 1,
        "cpus": "0.5",
        "memory": 134217728,
        "health": {
            "type": "none" if kind == "job" else "tcp",
            "path": None,
            "command": None,
            "interval": 1,
            "timeout": 5,
            "retries": 3,
            "start_period": 1,
        },
        "depends_on": [],
        "environment": {},
        "labels": {},
        "volumes": [],
        "secrets": [],
        "database": None,
        "stop_grace_period": 30,
        "hardening": {
            "user": "10001:10001",
            "read_only": True,
            "cap_add": [],
            "no_new_privileges": True,
            "pids_limit": 200,
            "tmpfs": ["/tmp"],
            "memory_swap": None,
        },
    }
    for part in ("health", "hardening"):
        built[part].update(changes.pop(part, {}))
    return {**built, **changes}


def route(name: str = "main", **changes: t.Any) -> dict[str, t.Any]:
    """A route by file over TLS to the service ``web``."""
    return {
        "name": name,
        "hostname": "acme.demo.test",
        "path_prefix": "/",
        "tls": True,
        "sticky": False,
        "via": "file",
        "backends": [{"service": "web", "weight": 1}],
        "access": [],
        **changes,
    }


def spec(name: str = "acme", **changes: t.Any) -> dict[str, t.Any]:
    """A tenant with one service, ``web``, and one route to it."""
    return {
        "schema": 1,
        "name": name,
        "display_name": name.title(),
        "state": "active",
        "node": "node1",
        "zone": "demo.test",
        "subdomain": name,
        "tier": "standard",
        "ring": 0,
        "strategy": "blue_green",
        "pinned_version": None,
        "maintenance": {"window": None, "timezone": "UTC"},
        "addresses": ["192.0.2.10", "2001:db8::10"],
        "ttl": 300,
        "services": [service("web")],
        "routes": [route()],
        "secrets": [],
        "migrations": [],
        "hooks": [],
        "held": [],
        "closed": False,
        "generations": {},
        "backups": [],
        **changes,
    }


def secret(name: str, vault: str = "$ANSIBLE_VAULT;1.1;AES256\n3031") -> dict[str, t.Any]:
    return {"name": name, "vault": vault, "reference": None}


def images(of: dict[str, t.Any]) -> dict[str, str]:
    """By service the reference that its image was resolved to."""
    return {name: image["ref"] for name, image in resolved(of).items()}


def resolved(of: dict[str, t.Any]) -> dict[str, dict[str, str]]:
    """By service name, digest and reference of its image."""
    return {one["name"]: _resolved(one["image"], index) for index, one in enumerate(of["services"])}


def _resolved(image: str, index: int) -> dict[str, str]:
    digest = f"sha256:{index + 1:064x}"
    repository = image.partition("@")[0].rpartition(":")[0]
    return {"name": image, "digest": digest, "ref": f"{repository}@{digest}"}


def six_services() -> dict[str, t.Any]:
    """web, api, worker, scheduler, postgres, redis, and a job; a secret in three of them."""
    database = {"DATABASE_HOST": "postgres", "DATABASE_PASSWORD_FILE": "/run/secrets/db_password"}
    both = ["postgres", "redis"]
    return spec(
        services=[
            service(
                "api",
                environment=database,
                depends_on=both,
                secrets=["db_password"],
                health={"type": "http", "path": "/health"},
            ),
            service(
                "migrate",
                "job",
                command=["migrate", "up"],
                depends_on=["postgres"],
                environment=database,
                secrets=["db_password"],
                port=None,
            ),
            service(
                "postgres",
                "backing",
                port=5432,
                cpus=None,
                memory=268435456,
                environment={"POSTGRES_PASSWORD_FILE": "/run/secrets/db_password"},
                volumes=[{"name": "data", "path": "/var/lib/postgresql/data", "read_only": False}],
                secrets=["db_password"],
                stop_grace_period=60,
                hardening={"user": "999:999", "tmpfs": ["/tmp", "/run/postgresql"]},
            ),
            service(
                "redis", "backing", port=6379, command=["redis-server", "--save", ""], hardening={"user": "998:998"}
            ),
            service(
                "scheduler",
                command=["scheduler"],
                port=None,
                depends_on=["redis"],
                health={"type": "command", "command": ["test", "-e", "/tmp/alive"]},
            ),
            service(
                "web",
                command=["web"],
                environment={"MOTTO": "100 % of $HOME\n", "API": "http://api:8080"},
                labels={"com.example.team": "a,b"},
                depends_on=["api", *both],
                health={"type": "http", "path": "/health"},
            ),
            service("worker", command=["worker"], port=None, depends_on=both),
        ],
        secrets=[secret("db_password")],
    )


def two_replicas() -> dict[str, t.Any]:
    """Two replicas of web, and visitors that stay with the one they met."""
    return spec("bolt", services=[service("web", replicas=2)], routes=[route(hostname="bolt.demo.test", sticky=True)])


def access_rules() -> dict[str, t.Any]:
    """An allowed network with a denied one inside it."""
    rules = [
        {"action": "deny", "cidr": "10.9.0.0/16"},
        {"action": "allow", "cidr": "10.0.0.0/8"},
        {"action": "allow", "cidr": "2001:db8::/32"},
    ]
    return spec("crate", routes=[route(hostname="crate.demo.test", access=rules)])


def two_hostnames() -> dict[str, t.Any]:
    """Two hostnames, one of them outside of the zone, and a prefix with a service of its own."""
    return spec(
        "delta",
        services=[service("api"), service("web")],
        routes=[
            route("api", hostname="delta.demo.test", path_prefix="/api", backends=[{"service": "api", "weight": 1}]),
            route("main", hostname="delta.demo.test"),
            route("own-name", hostname="www.delta.example", tls=False),
        ],
    )


def by_labels() -> dict[str, t.Any]:
    """50/50 over two services by labels alone, one of which has two containers."""
    return spec(
        "echo",
        services=[service("blue", replicas=2), service("green", port=9090)],
        routes=[
            route(
                hostname="echo.demo.test",
                via="labels",
                backends=[{"service": "blue", "weight": 1}, {"service": "green", "weight": 1}],
                access=[{"action": "deny", "cidr": "192.0.2.0/24"}],
            )
        ],
    )


def with_secret() -> dict[str, t.Any]:
    """One secret that two services with different users read."""
    return spec(
        "fjord",
        services=[
            service("cache", "backing", port=6379, secrets=["token"], hardening={"user": "998:998"}),
            service("web", secrets=["token"], hardening={"user": None}),
        ],
        routes=[route(hostname="fjord.demo.test")],
        secrets=[secret("token", "$ANSIBLE_VAULT;1.1;AES256\n3132")],
    )


def with_hooks() -> dict[str, t.Any]:
    """A hook before the jobs and one after the switch, beside a database."""
    return {
        **with_secret(),
        "hooks": [
            {"name": "warm", "event": "pre_migrate", "service": "web", "command": ["app", "warm"], "timeout": 60},
            {"name": "smoke", "event": "post_switch", "service": "web", "command": ["app", "$HOME"], "timeout": 300},
        ],
    }


def with_migrations() -> dict[str, t.Any]:
    """A database that Alembic migrates, and a command of its own that nobody can ask."""
    of = with_secret()
    backing = next(service for service in of["services"] if service["kind"] == "backing")
    backing.update(database="postgresql", environment={"POSTGRES_USER": "app", "POSTGRES_DB": "$hop"})
    migration = {"service": "web", "status_command": None, "rollback_command": None, "timeout": 600, "lock_timeout": 3}
    return {
        **of,
        "migrations": [
            {"name": "main", "driver": "alembic", "command": None, "database": backing["name"], "kind": "reversible",
             **migration},
            {"name": "search", "driver": "command", "command": ["app", "$reindex"], "database": None,
             "kind": "expand", **migration},
        ],
    }  # fmt: skip


def with_backups() -> dict[str, t.Any]:
    """A PostgreSQL that hands its WAL to a disk of the node and to S3, restored once."""
    local = {
        "name": "local", "kind": "posix", "path": "/srv/backup", "endpoint": None, "bucket": None, "region": None,
        "ca_file": None, "access_key": None, "secret_key": None, "passphrase": "env:TENANTRY_SECRET_LOCAL",
    }  # fmt: skip
    offsite = {
        "name": "offsite", "kind": "s3", "path": "/fleet", "endpoint": "https://s3.example.com:8333",
        "bucket": "backups", "region": "eu-1", "ca_file": "/etc/ssl/s3.pem", "access_key": "env:TENANTRY_SECRET_ID",
        "secret_key": "file:/etc/tenantry/secrets/s3", "passphrase": "$ANSIBLE_VAULT;1.1;AES256\n3334",
    }  # fmt: skip
    return spec(
        "gust",
        services=[
            service(
                "postgres",
                "backing",
                port=5432,
                database="postgresql",
                command=["postgres", "-c", "work_mem=8MB"],
                environment={"POSTGRES_USER": "app"},
                volumes=[{"name": "data", "path": "/var/lib/postgresql/data", "read_only": False}],
                hardening={"user": "999:999"},
            ),
            service("redis", "backing", port=6379),
            service("web", depends_on=["postgres"]),
        ],
        routes=[route(hostname="gust.demo.test")],
        backups=[{"service": "postgres", "repositories": [local, offsite], "archive_timeout": 30}],
        generations={"data": "r20261122t010203"},
    )


def repositories(of: dict[str, t.Any]) -> dict[str, dict[str, t.Any]]:
    """Repositories of a spec with secrets in plain text, as they are when a release is rendered."""
    return {
        one["name"]: {**one, **{key: f"plain-{key}" for key in ("access_key", "secret_key", "passphrase") if one[key]}}
        for entry in of["backups"]
        for one in entry["repositories"]
    }


DEMOS: dict[str, t.Callable[[], dict[str, t.Any]]] = {
    build.__name__: build
    for build in (
        six_services,
        two_replicas,
        access_rules,
        two_hostnames,
        by_labels,
        with_secret,
        with_hooks,
        with_migrations,
        with_backups,
    )
}
