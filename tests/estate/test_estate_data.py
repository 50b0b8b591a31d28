# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Databases and the object storage that their backups go to, as hardened as a tenant's containers are."""

from __future__ import annotations

import pathlib
import time

import pytest
from conftest import HARDENED, Workshop, docker, eventually, secret

pytestmark = pytest.mark.long

PASSWORD = "s3cr\"et \\ 'x' $y"
ACCESS_KEY = "Ak3y+=._~-"
SECRET_KEY = "Sk3y/+=._~-"
DATA = "/var/lib/postgresql/data"
ARCHIVE = ("-c", "archive_mode=on", "-c", "archive_command=pgbackrest --stanza=acme archive-push %p")
CONFIGURATION = f"""\
[global]
repo1-type=s3
repo1-path=/acme
repo1-s3-bucket=backups
repo1-s3-endpoint=s3:8333
repo1-s3-region=us-east-1
repo1-s3-uri-style=path
repo1-s3-key={ACCESS_KEY}
repo1-s3-key-secret={SECRET_KEY}
repo1-storage-ca-file=/run/secrets/certificate
repo1-cipher-type=aes-256-cbc
repo1-cipher-pass={PASSWORD}
repo1-bundle=y
repo1-block=y
compress-type=zst
start-fast=y
process-max=4
log-level-file=off
[acme]
pg1-path={DATA}
pg1-user=app
pg1-database=app
"""


def object_storage(workshop: Workshop, directory: pathlib.Path) -> tuple[str, str]:
    """A container of S3 with bucket ``backups``, and the mount of its certificate."""
    files = directory / "tls"
    files.mkdir()
    make = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=s3"
    names = "-addext subjectAltName=DNS:s3 -keyout /tls/key -out /tls/certificate"
    script = f"{make} {names} 2>/dev/null && chmod 0644 /tls/*"
    workshop.once("base:bookworm", "sh", "-c", script, options=(f"--volume={files}:/tls",))
    certificate = f"--volume={files}/certificate:/run/secrets/certificate:ro"
    options = (
        "--user=995:995",
        "--tmpfs=/tmp",
        certificate,
        f"--volume={files}/key:/run/secrets/key:ro",
        secret(directory, "access-key", ACCESS_KEY),
        secret(directory, "secret-key", SECRET_KEY),
        f"--volume={workshop.volume('s3')}:/data",
        "--env=S3_BUCKET=backups",
        "--env=S3_CERT_FILE=/run/secrets/certificate",
        "--env=S3_KEY_FILE=/run/secrets/key",
        "--env=S3_ACCESS_KEY_FILE=/run/secrets/access-key",
        "--env=S3_SECRET_KEY_FILE=/run/secrets/secret-key",
    )
    return workshop.run("s3", "s3:4.48", options=(*HARDENED, *options)), certificate


def test_postgres_archives_to_object_storage_and_comes_back_on_a_new_volume(
    workshop: Workshop, tmp_path: pathlib.Path
) -> None:
    storage, certificate = object_storage(workshop, tmp_path)
    configuration = tmp_path / "pgbackrest.conf"
    configuration.write_text(CONFIGURATION, encoding="utf-8")
    configuration.chmod(0o644)
    options = (
        *HARDENED,
        "--user=999:999",
        "--tmpfs=/tmp",
        "--tmpfs=/run/postgresql",
        "--env=POSTGRES_USER=app",
        "--env=POSTGRES_PASSWORD_FILE=/run/secrets/password",
        secret(tmp_path, "password", PASSWORD),
        certificate,
        f"--volume={configuration}:/etc/pgbackrest/pgbackrest.conf:ro",
    )
    volumes = [f"--volume={workshop.volume(name)}:{DATA}" for name in ("old", "new")]
    postgres = workshop.run("postgres", "postgres:15", "postgres", *ARCHIVE, options=(*options, volumes[0]))
    workshop.healthy(storage)
    workshop.healthy(postgres)

    def pgbackrest(*arguments: str) -> str:
        return docker("exec", postgres, "pgbackrest", "--stanza=acme", *arguments)

    def ask(server: str, statement: str) -> str:
        return docker("exec", server, "psql", "-U", "app", "-Atc", statement)

    assert docker("exec", postgres, "pgbackrest", "version") >= "pgBackRest 2.46"
    pgbackrest("stanza-create")
    ask(postgres, "CREATE TABLE rows AS SELECT generate_series(1, 20000) AS number")
    pgbackrest("--type=full", "backup")
    ask(postgres, "INSERT INTO rows VALUES (20001)")
    pgbackrest("--type=incr", "backup")
    ask(postgres, "INSERT INTO rows VALUES (20002)")
    assert "status: ok" in pgbackrest("--output=text", "--verbose", "verify")
    for key in (SECRET_KEY, PASSWORD):
        assert key not in docker("top", storage) + docker("top", postgres)
    # What was not archived yet is archived when the server stops.
    docker("stop", "--time=20", postgres)
    docker("kill", storage)
    docker("start", storage)
    workshop.healthy(storage)

    workshop.once("postgres:15", "pgbackrest", "--stanza=acme", "restore", options=(*options, volumes[1]))
    restored = workshop.run("restored", "postgres:15", "-c", "archive_mode=off", options=(*options, volumes[1]))
    workshop.healthy(restored)
    eventually(lambda: ask(restored, "SELECT pg_is_in_recovery()") == "f")
    assert ask(restored, "SELECT count(*) FROM rows") == "20002"
    docker("exec", restored, "pg_amcheck", "--username=app", "--database=app", "--install-missing", "--heapallindexed")
    assert "CREATE TABLE public.rows" in docker("exec", restored, "pg_dump", "--username=app", "app")
    docker("stop", "--time=20", restored)
    checksums = workshop.once("postgres:15", "pg_checksums", "--check", options=(*options, volumes[1]))
    assert "Bad checksums:  0" in checksums

    docker("stop", "--time=20", storage)
    codes = docker("inspect", "--format={{.State.ExitCode}}", postgres, restored, storage).split()
    assert codes == ["0", "0", "0"]


def mariadb(workshop: Workshop, directory: pathlib.Path, volume: str) -> str:
    """A MariaDB with a database ``sh`op`` of user ``app``."""
    options = (
        "--user=996:996",
        "--tmpfs=/tmp",
        "--tmpfs=/run/mysqld",
        secret(directory, "password", PASSWORD),
        f"--volume={volume}:/var/lib/mysql",
        "--env=MARIADB_DATABASE=sh`op_",
        "--env=MARIADB_USER=app",
        "--env=MARIADB_PASSWORD_FILE=/run/secrets/password",
        "--env=MARIADB_ROOT_PASSWORD_FILE=/run/secrets/password",
    )
    return workshop.run("mariadb", "mariadb:10.11", options=(*HARDENED, *options))


def as_root(server: str, statement: str) -> str:
    """What root is told over the socket, without a password."""
    return docker("exec", server, "mariadb", "--batch", "--skip-column-names", f"--execute={statement}")


def test_mariadb_keeps_its_data_over_a_kill(workshop: Workshop, tmp_path: pathlib.Path) -> None:
    server = mariadb(workshop, tmp_path, workshop.volume("mariadb"))
    workshop.healthy(server)

    def ask(user: str, statement: str, password: str = PASSWORD) -> str:
        client = ("mariadb", "--host=mariadb", f"--user={user}", "--batch", "--skip-column-names", "sh`op_")
        options = (*HARDENED, "--user=996:996", f"--env=MYSQL_PWD={password}")
        return workshop.once("mariadb:10.11", *client, f"--execute={statement}", options=options)

    assert ask("root", "SELECT current_user()") == "root@%"
    ask("app", "CREATE TABLE words (text varchar(99)); INSERT INTO words VALUES ('größer 🙂')")
    with pytest.raises(AssertionError, match="Access denied"):
        ask("root", "SELECT 1", password="")
    with pytest.raises(AssertionError, match="Access denied"):
        ask("app", "CREATE DATABASE other")
    docker("kill", server)
    docker("start", server)
    workshop.healthy(server)
    assert ask("app", "SELECT text, @@character_set_server FROM words") == "größer 🙂\tutf8mb4"
    assert "CREATE TABLE `words`" in docker("exec", server, "mariadb-dump", "--single-transaction", "sh`op_")
    docker("exec", server, "sh", "-c", "mariadb-backup --backup --stream=xbstream >/dev/null")
    assert PASSWORD not in docker("logs", server)
    docker("stop", "--time=20", server)
    assert docker("inspect", "--format={{.State.ExitCode}}", server) == "0"


@pytest.mark.parametrize("after", [0.4, 1.2])
def test_a_mariadb_killed_during_its_first_start_comes_up_whole(
    workshop: Workshop, tmp_path: pathlib.Path, after: float
) -> None:
    server = mariadb(workshop, tmp_path, workshop.volume("mariadb"))
    time.sleep(after)
    docker("kill", server)
    docker("start", server)
    workshop.healthy(server)
    assert as_root(server, "SELECT count(*) FROM mysql.user WHERE user IN ('root', 'app')") == "3"
    assert "sh`op_" in as_root(server, "SHOW DATABASES").splitlines()
    assert docker("exec", server, "find", "/var/lib/mysql", "-name", ".install*") == ""
