# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The applications whose schema real tools keep: Alembic, Django, dbmate."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import pathlib
import time
import typing as t

import pytest
from conftest import HARDENED, Workshop, ask, docker, eventually, secret

pytestmark = pytest.mark.long

PASSWORD = "s3cr\"et \\ 'x' $y/@"


@dataclasses.dataclass(frozen=True)
class Application:
    """One of the two applications that serve, and the words of its tool."""

    name: str
    uid: int
    path: str
    table: str
    up: tuple[str, ...]
    down: tuple[str, ...]
    state: tuple[str, ...]  # prints what is applied
    folder: str  # of its migrations
    writer: str  # by which the expanding migration is known there


NOTES = Application(
    name="notes",
    uid=10002,
    path="/notes",
    table="notes",
    up=("alembic", "upgrade", "head"),
    down=("alembic", "downgrade", "3f2a9c51d7e0"),
    state=("alembic", "current"),
    folder="/app/alembic/versions",
    writer="8b61e4f0a2c9",
)
BLOG = Application(
    name="blog",
    uid=10003,
    path="/posts",
    table="posts_post",
    up=("python", "manage.py", "migrate"),
    down=("python", "manage.py", "migrate", "posts", "0001"),
    state=("python", "manage.py", "showmigrations", "--plan"),
    folder="/app/posts/migrations",
    writer="[X]  posts.0002_post_writer",
)
APPLICATIONS = pytest.mark.parametrize("application", [NOTES, BLOG], ids=lambda application: application.name)


class Databases:
    """One PostgreSQL for all tests here, a database for each."""

    def __init__(self, workshop: Workshop, directory: pathlib.Path) -> None:
        self.workshop = workshop
        self.password = secret(directory, "password", PASSWORD)
        self.made = 0
        options = (
            "--user=999:999",
            "--tmpfs=/tmp",
            "--tmpfs=/run/postgresql",
            self.password,
            "--env=POSTGRES_USER=app",
            "--env=POSTGRES_PASSWORD_FILE=/run/secrets/password",
        )
        self.server = workshop.run("postgres", "postgres:15", options=(*HARDENED, *options))
        workshop.healthy(self.server)

    def ask(self, database: str, statement: str) -> str:
        """What a superuser is told."""
        return docker("exec", self.server, "psql", "-U", "app", "-d", database, "-Atc", statement)


@dataclasses.dataclass(frozen=True)
class Server:
    """A web server of one version; its container has the tool too."""

    container: str
    address: str

    def run(self, command: t.Sequence[str]) -> str:
        """What the tool says, which must succeed."""
        return docker("exec", self.container, *command)

    def count(self, application: Application) -> int:
        """How many rows it sees; it must also be able to add one."""
        assert ask(self.address, application.path, "POST", body="a title").status == 200
        answer = ask(self.address, application.path)
        assert answer.status == 200, answer.body
        return answer.body["count"]


class Tenant:
    """A database of its own, and containers of an application that use it."""

    def __init__(self, databases: Databases, uid: int, table: str) -> None:
        self.databases = databases
        self.table = table
        self.workshop = databases.workshop
        databases.made += 1
        self.database = f"tenant{databases.made}"
        databases.ask("app", f"CREATE DATABASE {self.database}")
        self.options = (
            *HARDENED,
            f"--user={uid}:{uid}",
            databases.password,
            "--env=DATABASE_HOST=postgres",
            f"--env=DATABASE_NAME={self.database}",
            "--env=DATABASE_USER=app",
            "--env=DATABASE_PASSWORD_FILE=/run/secrets/password",
            "--env=TENANTRY_RELEASE=r1",
        )

    def ask(self, statement: str) -> str:
        """What the database says; TABLE stands for the application's."""
        return self.databases.ask(self.database, statement.replace("TABLE", self.table))

    def run(self, image: str, *command: str, options: t.Sequence[str] = ()) -> str:
        """A one-off container that must succeed; gives what it said."""
        return self.workshop.once(image, *command, options=(*self.options, *options))

    def fails(self, image: str, *command: str, options: t.Sequence[str] = ()) -> str:
        """A one-off container that must fail; gives what it said on standard error."""
        with pytest.raises(AssertionError) as failure:
            self.run(image, *command, options=options)
        return str(failure.value)

    def serve(self, image: str, *options: str) -> Server:
        """A web server that answers."""
        name = f"{self.database}-{image.replace(':', '-')}"
        container = self.workshop.run(name, image, options=(*self.options, *options))
        server = Server(container, self.workshop.address(container, 8080))
        eventually(lambda: ask(server.address, "/health").status == 200)
        return server


@pytest.fixture(scope="module")
def databases(images: dict[str, dict[str, str]], tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Databases]:
    """The server."""
    workshop = Workshop(images)
    yield Databases(workshop, tmp_path_factory.mktemp("databases"))
    workshop.close()


@APPLICATIONS
def test_two_neighbouring_versions_serve_at_once_before_and_after_each_migration(
    databases: Databases, application: Application
) -> None:
    tenant, name = Tenant(databases, application.uid, application.table), application.name
    old, middle, new = (tenant.serve(f"{name}:{version}") for version in ("1.0.0", "1.1.0", "2.0.0"))
    assert application.writer not in middle.run(application.state)
    old.run(application.up)
    assert [server.count(application) for server in (old, middle)] == [1, 2]

    middle.run(application.up)
    assert application.writer in middle.run(application.state)
    assert [server.count(application) for server in (old, middle, new)] == [3, 4, 5]
    assert tenant.ask("SELECT count(*) FROM TABLE WHERE writer = author") == "5"

    middle.run(application.down)
    assert [server.count(application) for server in (old, middle)] == [6, 7]
    new.run(application.up)
    assert [server.count(application) for server in (middle, new)] == [8, 9]
    assert "author" not in ask(new.address, application.path).body["columns"]
    assert ask(new.address, "/version").body["version"] == "2.0.0"
    with pytest.raises(AssertionError, match=r"cannot be undone|is not reversible"):
        new.run(application.down)


@APPLICATIONS
def test_a_migration_that_fails_leaves_what_its_version_is_for(databases: Databases, application: Application) -> None:
    tenant, name = Tenant(databases, application.uid, application.table), application.name
    server = tenant.serve(f"{name}:1.1.0")
    server.run(application.up)
    assert [server.count(application) for _number in range(2)] == [1, 2]

    assert "duplicate key" in tenant.fails(f"{name}:half", *application.up)
    assert tenant.ask("SELECT to_regclass('tags') IS NULL") == "t"
    assert "duplicate key" in tenant.fails(f"{name}:half-autocommit", *application.up)
    assert tenant.ask("SELECT count(*) FROM tags") == "1"

    assert "could not create unique index" in tenant.fails(f"{name}:concurrent", *application.up)
    indexes = "SELECT indisvalid FROM pg_index WHERE indrelid = 'TABLE'::regclass AND NOT indisprimary"
    assert tenant.ask(indexes) == "f"

    with concurrent.futures.ThreadPoolExecutor() as pool:
        reader = pool.submit(tenant.ask, "BEGIN; SELECT FROM TABLE; SELECT pg_sleep(300)")
        eventually(lambda: tenant.ask("SELECT count(*) FROM pg_locks WHERE relation = 'TABLE'::regclass") != "0")
        limit = ("--env=PGOPTIONS=-c lock_timeout=300",)
        assert "lock timeout" in tenant.fails(f"{name}:slow-lock", *application.up, options=limit)
        tenant.ask("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE relation = 'TABLE'::regclass")
        assert isinstance(reader.exception(), AssertionError)
    assert server.count(application) == 3


@APPLICATIONS
def test_an_edited_version_has_the_same_migrations_with_another_content(
    databases: Databases, application: Application
) -> None:
    tenant, name = Tenant(databases, application.uid, application.table), application.name

    def sums(version: str) -> dict[str, str]:
        listing = tenant.run(f"{name}:{version}", "sh", "-c", f"sha256sum {application.folder}/*.py").splitlines()
        return {path: digest for digest, path in map(str.split, listing)}

    before, after = sums("1.1.0"), sums("edited")
    assert list(before) == list(after)
    assert len(before.items() - after.items()) == 1
    tenant.run(f"{name}:edited", *application.up)


def test_an_application_that_stops_drains_and_finishes_what_is_in_flight(databases: Databases) -> None:
    tenant = Tenant(databases, NOTES.uid, NOTES.table)
    server = tenant.serve("notes:1.0.0", "--env=DRAIN_SECONDS=1")
    server.run(NOTES.up)
    tenant.workshop.healthy(server.container)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        slow = pool.submit(ask, server.address, "/slow?seconds=3", "POST", "body")
        time.sleep(0.3)
        stop = pool.submit(docker, "stop", "--time=20", server.container)
        eventually(lambda: ask(server.address, "/health").status == 503, 2)
        assert server.count(NOTES) == 1
        eventually(lambda: ask(server.address, "/version").status == 0, 5)
        assert not slow.done()
        assert slow.result().body["slept"] == 3.0
        stop.result()
    assert docker("inspect", "--format={{.State.ExitCode}}", server.container) == "0"


def test_dbmate_keeps_the_schema_of_postgresql(databases: Databases) -> None:
    tenant = Tenant(databases, 10004, "tickets")
    check_dbmate(tenant)
    assert "duplicate key" in tenant.fails("dbmate:half", "dbmate", "up")
    assert tenant.ask("SELECT to_regclass('tags') IS NULL") == "t"


def test_dbmate_keeps_the_schema_of_mariadb(databases: Databases) -> None:
    tenant = Tenant(databases, 10004, "tickets")
    options = (
        "--user=996:996",
        "--tmpfs=/tmp",
        "--tmpfs=/run/mysqld",
        databases.password,
        f"--env=MARIADB_DATABASE={tenant.database}",
        "--env=MARIADB_USER=app",
        "--env=MARIADB_PASSWORD_FILE=/run/secrets/password",
        "--env=MARIADB_ROOT_PASSWORD_FILE=/run/secrets/password",
    )
    server = tenant.workshop.run("mariadb", "mariadb:10.11", options=(*HARDENED, *options))
    tenant.workshop.healthy(server)
    tenant.options += ("--env=DATABASE_ENGINE=mariadb", "--env=DATABASE_HOST=mariadb")
    check_dbmate(tenant)
    # What changes tables commits at once in MariaDB: the half that was done stays.
    assert "Duplicate entry" in tenant.fails("dbmate:half", "dbmate", "up")
    assert docker("exec", server, "mariadb", "--silent", "--execute=SELECT * FROM tags", tenant.database) == "first"


def check_dbmate(tenant: Tenant) -> None:
    """dbmate applies, lists and rolls back."""
    tenant.run("dbmate:1.0.0", "dbmate", "up")
    assert "Pending: 1" in tenant.run("dbmate:1.1.0", "dbmate", "status")
    tenant.run("dbmate:1.1.0", "dbmate", "up")
    assert "Pending: 0" in tenant.run("dbmate:1.1.0", "dbmate", "status", "--exit-code")
    tenant.run("dbmate:1.1.0", "dbmate", "rollback")
    assert "Pending: 1" in tenant.run("dbmate:edited", "dbmate", "status")
