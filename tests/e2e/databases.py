# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tenants with a PostgreSQL of their own, as rows of the tenant database."""

from __future__ import annotations

import json
import re

import demo
import demo_check
from conftest import Fleet

READY = json.dumps(["pg_isready", "-q", "-h", "127.0.0.1", "-U", "app"])
SERVE = json.dumps(["python3", "-m", "serve", "notes.web:application"])
VARIABLE = "INSERT INTO service_environment (tenant, service, name, value) VALUES (?, ?, ?, ?)"
SECRET = "INSERT INTO service_secrets (tenant, service, secret) VALUES (?, ?, 'password')"


def secret() -> str:
    """A secret of the demo, as vault text."""
    found = re.search(r"\$ANSIBLE_VAULT;[^']*", (demo.INVENTORY / "seed.sql").read_text(encoding="utf-8"))
    assert found
    return found.group()


def add_server(fleet: Fleet, name: str) -> None:
    """A tenant with a PostgreSQL, the service `server`, and nothing else."""
    fleet.add(name, version="1.0.0")
    fleet.sql("INSERT INTO secrets (tenant, name, vault) VALUES (?, 'password', ?)", name, secret())
    fleet.sql(
        "INSERT INTO services (tenant, name, kind, image, port, memory, health_type, health_command, health_interval,"
        " health_start_period, run_as, tmpfs, database) VALUES (?, 'server', 'backing', 'tenantry/postgres:15', 5432,"
        " '256m', 'command', ?, 2, 60, '999:999', '[\"/tmp\", \"/run/postgresql\"]', 'postgresql')",
        name,
        READY,
    )
    data = "INSERT INTO service_volumes (tenant, service, name, path) VALUES (?, 'server', 'data', ?)"
    fleet.sql(data, name, "/var/lib/postgresql/data")
    fleet.sql(SECRET, name, "server")
    for variable, value in (("POSTGRES_USER", "app"), ("POSTGRES_PASSWORD_FILE", "/run/secrets/password")):
        fleet.sql(VARIABLE, name, "server", variable, value)


def add_notes(fleet: Fleet, name: str) -> None:
    """The same with an application that migrates it by Alembic."""
    add_server(fleet, name)
    fleet.sql(
        "INSERT INTO services (tenant, name, image, command, run_as) VALUES (?, 'web', 'tenantry/notes', ?, '10002')",
        name,
        SERVE,
    )
    fleet.sql(SECRET, name, "web")
    for variable, value in (
        ("DATABASE_HOST", "server"),
        ("DATABASE_USER", "app"),
        ("DATABASE_PASSWORD_FILE", "/run/secrets/password"),
    ):
        fleet.sql(VARIABLE, name, "web", variable, value)
    fleet.sql("INSERT INTO service_dependencies (tenant, service, depends_on) VALUES (?, 'web', 'server')", name)
    fleet.sql("INSERT INTO migrations (tenant, service, driver) VALUES (?, 'web', 'alembic')", name)


def query(name: str, statement: str) -> str:
    """What the server of a tenant answers."""
    words = ["exec", f"{name}-server-1", "psql", "-X", "-A", "-t", "-U", "app", "-c", statement]
    return demo_check.docker(*words).strip()
