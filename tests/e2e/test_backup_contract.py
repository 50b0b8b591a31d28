# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From rows of the tenant database to a server that archives its WAL onto a disk and into S3, and to older data."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import typing as t
from pathlib import Path

import archives
import databases
import demo
import demo_check
import pytest
from conftest import ROOT, STATE, Fleet, forget, wait_for
from test_upgrade import holds

NAME = "e2e-kept"
SERVER = f"{NAME}-server-1"
DISK = STATE / "disk"
SECRETS = {"LOCAL": "one passphrase", "KEY": archives.SECRET_KEY, "SAME_KEY": archives.SECRET_KEY}
VOLUMES = f"label=tenantry.tenant={NAME}"


@pytest.fixture(scope="module")
def kept(fleet: Fleet) -> t.Iterator[Fleet]:
    """A tenant whose PostgreSQL is backed up as one row says, and repositories of the fleet."""
    subprocess.run([sys.executable, str(ROOT / "tests" / "estate" / "estate.py"), "up", "data"], check=True)
    DISK.mkdir(parents=True)
    fleet.environment.update({f"TENANTRY_SECRET_{name}": value for name, value in SECRETS.items()})
    image = f"{demo.read_estate()['registry']}/tenantry/s3:4.48"
    with archives.storage(image, STATE / "s3") as s3:
        wait_for(archives.is_ready, 180)
        _repositories(fleet, s3, databases.secret())
        _tenant(fleet)
        yield fleet
        forget(fleet, [NAME])
    fleet.sql("DELETE FROM repositories")


def _repositories(fleet: Fleet, s3: archives.Storage, vault: str) -> None:
    disk = "INSERT INTO repositories (name, kind, path, passphrase) VALUES ('disk', 'posix', ?, ?)"
    fleet.sql(disk, str(DISK), "env:TENANTRY_SECRET_LOCAL")
    access = STATE / "s3" / "tls" / "access"
    fleet.environment["TENANTRY_SECRET_ID"] = access.read_text(encoding="utf-8")
    fleet.sql(
        "INSERT INTO repositories (name, kind, path, endpoint, bucket, ca_file, access_key, secret_key, passphrase)"
        " VALUES ('offsite', 's3', '/fleet', ?, 'backups', ?, 'env:TENANTRY_SECRET_ID', 'env:TENANTRY_SECRET_KEY', ?)",
        s3.endpoint,
        str(s3.ca_file),
        vault,
    )


def _tenant(fleet: Fleet) -> None:
    databases.add_server(fleet, NAME)
    fleet.sql("INSERT INTO backup_policies (tenant, service) VALUES (?, 'server')", NAME)
    assert fleet.play("deploy", "--limit", NAME).code == 0


def inside(*words: str) -> str:
    """What a command in the server's container prints."""
    done = subprocess.run(["docker", "exec", SERVER, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def query(statement: str) -> str:
    return inside("psql", "-X", "-A", "-t", "-U", "app", "-c", statement).strip()


def archived(repository: int) -> set[str]:
    """WAL segments that a repository has, as pgBackRest lists them there."""
    words = [f"--stanza={NAME}-server", f"--repo={repository}", "--recurse", "repo-ls", f"archive/{NAME}-server"]
    return set(re.findall(r"/([0-9A-F]{24})-", inside("pgbackrest", *words)))


def server() -> dict[str, t.Any]:
    return json.loads(demo_check.docker("inspect", SERVER))[0]


def configurations(fleet: Fleet) -> list[Path]:
    return sorted((fleet.tenants_root / NAME / "shared" / "secrets" / "server").glob("pgbackrest.conf-*"))


def test_a_database_is_deployed_with_what_it_needs_to_archive(kept):
    found = server()
    assert sorted(found["NetworkSettings"]["Networks"]) == [f"{NAME}_backing", f"{NAME}_backup"]
    assert found["HostConfig"]["Init"] is True
    place = DISK / NAME / "server" / "pgbackrest"
    assert (place.stat().st_uid, place.stat().st_mode & 0o777) == (999, 0o750)
    (configuration,) = configurations(kept)
    assert (configuration.stat().st_uid, configuration.stat().st_mode & 0o777) == (999, 0o400)
    assert archives.SECRET_KEY not in json.dumps(found)
    manifest = json.loads((kept.tenants_root / NAME / "current" / "RELEASE.json").read_text(encoding="utf-8"))
    assert [one["repositories"] for one in manifest["backups"]] == [["disk", "offsite"]]
    assert archives.SECRET_KEY not in json.dumps(manifest)


def test_a_backup_is_made_as_the_policy_says_and_wal_reaches_the_disk_and_s3(kept):
    run = kept.play(str(ROOT / "tests" / "e2e" / "backup.yml"), "--limit", NAME, "-e", f"e2e_spool={STATE / 'spool'}")
    assert run.code == 0
    assert archives.SECRET_KEY not in run.text
    query("CREATE TABLE goods AS SELECT generate_series(1, 1000) AS number")
    segment = query("SELECT pg_walfile_name(pg_switch_wal())")
    for repository in (1, 2):
        wait_for(lambda number=repository: segment in archived(number))


def test_a_second_deploy_changes_nothing(kept):
    before, release = kept.containers(NAME), kept.current(NAME)
    run = kept.play("deploy", "--limit", NAME)
    assert run.code == 0
    assert "Nothing is to be done on the nodes." in run.text
    assert (kept.containers(NAME), kept.current(NAME)) == (before, release)


def test_what_renders_nothing_makes_no_release(kept):
    release = kept.current(NAME)
    kept.sql("UPDATE backup_policies SET schedule = '0 4 * * *', retention_days = 7 WHERE tenant = ?", NAME)
    assert "Nothing is to be done on the nodes." in kept.play("deploy", "--limit", NAME).text
    assert kept.current(NAME) == release


def test_a_changed_key_is_pending_and_then_the_one_that_is_used(kept):
    kept.sql("UPDATE repositories SET secret_key = 'env:TENANTRY_SECRET_SAME_KEY' WHERE name = 'offsite'")
    before = kept.containers(NAME)
    assert re.search(rf"{NAME}\s+deploy\s.*pgbackrest.conf", kept.play("plan", "--limit", NAME).text)
    assert kept.containers(NAME) == before
    assert kept.play("deploy", "--limit", NAME).code == 0
    assert kept.containers(NAME)[SERVER] != before[SERVER]
    assert len(configurations(kept)) == 2  # that of the release before stays as long as it does
    query("INSERT INTO goods VALUES (0)")
    segment = query("SELECT pg_walfile_name(pg_switch_wal())")
    wait_for(lambda: segment in archived(2))


def test_a_wrong_repository_is_named_and_what_serves_goes_on(kept):
    kept.sql("UPDATE repositories SET endpoint = endpoint || '/somewhere' WHERE name = 'offsite'")
    before = kept.containers(NAME)
    run = kept.play("deploy", "--limit", NAME)
    assert run.code != 0
    assert "repositories.offsite.endpoint" in run.text
    assert kept.containers(NAME) == before
    kept.sql("UPDATE repositories SET endpoint = replace(endpoint, '/somewhere', '') WHERE name = 'offsite'")


def test_a_disk_that_is_not_there_changes_nothing(kept):
    kept.sql("UPDATE repositories SET path = path || '-gone' WHERE name = 'disk'")
    before, release = kept.containers(NAME), kept.current(NAME)
    run = kept.play("deploy", "--limit", NAME)
    assert run.code != 0
    assert "mount its disk" in run.text
    assert kept.current(NAME) == release
    assert kept.containers(NAME)[SERVER] == before[SERVER]
    kept.sql("UPDATE repositories SET path = replace(path, '-gone', '') WHERE name = 'disk'")


# -- generations ---------------------------------------------------------------------------------------------------


def generation(kept: Fleet, value: str) -> None:
    insert = "INSERT INTO overrides (tenant, field, value, created_by) VALUES (?, 'volume.data', ?, 'test')"
    kept.sql(insert, NAME, value)


def test_a_generation_that_nobody_restored_is_refused_and_the_old_data_serves(kept):
    generation(kept, "r1")
    run = kept.play("deploy", "--limit", NAME)
    assert run.code != 0
    assert f"volume {NAME}_data-r1, which a restore filled, is not on this node" in run.text
    assert query("SELECT count(*) FROM goods") == "1001"


def test_a_generation_is_served_once_it_is_there(kept):
    labels = ["--label=tenantry.managed=true", f"--label=tenantry.tenant={NAME}"]
    demo_check.docker("volume", "create", *labels, f"{NAME}_data-r1")
    old, new = (_files(f"{NAME}_data{suffix}") for suffix in ("", "-r1"))
    demo_check.docker("stop", SERVER)
    subprocess.run(["cp", "--archive", f"{old}/.", new], check=True)
    demo_check.docker("start", SERVER)
    wait_for(_answers)
    query("INSERT INTO goods VALUES (-1)")
    assert kept.play("deploy", "--limit", NAME).code == 0
    mounts = [one.get("Name") for one in server()["Mounts"]]
    assert f"{NAME}_data-r1" in mounts
    assert query("SELECT count(*) FROM goods") == "1001"


def test_a_rollback_brings_the_old_data_back_and_no_later_run_the_new_one(kept):
    assert kept.play("rollback", "--limit", NAME).code == 0
    assert query("SELECT count(*) FROM goods") == "1002"
    assert [field for field, _value in holds(kept, NAME)] == ["release"]
    assert kept.play("deploy", "--limit", NAME, "-e", "release_holds=true").code == 0
    assert query("SELECT count(*) FROM goods") == "1002"
    assert f"{NAME}_data-r1" in demo_check.docker("volume", "ls", "--quiet", "--filter", VOLUMES).split()


def test_a_removed_tenant_takes_every_generation_along(kept):
    generation(kept, "r1")
    kept.sql("UPDATE tenants SET state = 'removed' WHERE name = ?", NAME)
    assert kept.play("deploy", "--limit", NAME, "-e", "remove_volumes=true").code == 0
    assert demo_check.docker("volume", "ls", "--quiet", "--filter", VOLUMES) == ""
    assert demo_check.docker("network", "ls", "--quiet", "--filter", VOLUMES) == ""
    assert holds(kept, NAME) == []
    # What was backed up stays: that is what it is for.
    assert list((DISK / NAME / "server" / "pgbackrest").iterdir())


def _files(volume: str) -> str:
    return demo_check.docker("volume", "inspect", "--format", "{{.Mountpoint}}", volume)


def _answers() -> bool:
    done = subprocess.run(
        ["docker", "exec", SERVER, "pg_isready", "-q", "-h", "127.0.0.1"], capture_output=True, check=False
    )
    return done.returncode == 0
