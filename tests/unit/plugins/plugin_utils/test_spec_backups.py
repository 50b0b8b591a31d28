# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Repositories of backups and the policies that use them, from rows of a real database."""

from __future__ import annotations

import pytest

from ansible_collections.tenantry.platform.plugins.plugin_utils import spec
from ansible_collections.tenantry.platform.plugins.plugin_utils import spec_rules as rules
from ansible_collections.tenantry.platform.tests.unit.plugins.tenant_databases import Tenants

# Well-formed, and nobody's.
VAULT = "$ANSIBLE_VAULT;1.1;AES256\n" + "\n".join(("61" * 32, "62" * 32, "63" * 16)).encode().hex()
S3 = {
    "name": "offsite", "kind": "s3", "path": "/fleet", "endpoint": "https://s3.example.com:8333", "bucket": "backups",
    "access_key": "env:TENANTRY_SECRET_KEY", "secret_key": "file:/etc/tenantry/secrets/s3", "passphrase": VAULT,
}  # fmt: skip


@pytest.fixture
def tenants(tmp_path):
    made = Tenants.make(tmp_path)
    made.sql("UPDATE services SET database = 'postgresql', run_as = '999:999' WHERE name = 'db'")
    return made


def policies(tenants, checks=True, **columns):
    """Those of a tenant with one policy, or what is wrong with it."""
    tenants.tenant("acme")
    tenants.add("backup_policies", checks=checks, **{"stack": "standard", "service": "db", **columns})
    fleet = tenants.fleet()
    return fleet.policies["acme"]["backups"] if "acme" in fleet.specs else fleet.invalid["acme"]


def test_one_row_is_a_whole_policy(tenants):
    assert policies(tenants) == [
        {
            "name": "main",
            "service": "db",
            "engine": "pgbackrest",
            "volume": None,
            "volumes": [],
            "repositories": ["local"],
            "schedule": "0 3 * * *",
            "incremental_schedule": "0 * * * *",
            "retention_days": 30,
            "keep_last": 3,
            "row_check": None,
            "configuration": False,
            "database": {"user": "postgres", "name": "postgres", "password_file": None},
            "run_as": "999:999",
        }
    ]


@pytest.mark.parametrize(
    ("database", "engine"), [("postgresql", "pgbackrest"), ("mariadb", "mariadb_dump"), ("redis", "redis")]
)
def test_the_engine_is_that_of_the_database(tenants, database, engine):
    tenants.sql("UPDATE services SET database = ? WHERE name = 'db'", database)
    tenants.add("service_environment", stack="standard", service="db", name="MARIADB_DATABASE", value="shop")
    (found,) = policies(tenants)
    assert found["engine"] == engine
    assert found["incremental_schedule"] == ("0 * * * *" if engine == "pgbackrest" else None)


def test_what_is_no_database_is_backed_up_as_files(tenants):
    tenants.add("service_volumes", stack="standard", service="web", name="files", path="/files")
    (found,) = policies(tenants, service="web", volume="files", configuration=1)
    assert (found["engine"], found["database"]) == ("restic", None)
    assert (found["volume"], found["volumes"], found["configuration"]) == ("files", ["acme_files"], True)


def test_accounts_are_backed_up_by_the_one_who_may_read_them(tenants):
    tenants.sql("UPDATE services SET database = 'mariadb' WHERE name = 'db'")
    for name, value in (("MARIADB_DATABASE", "shop"), ("MARIADB_USER", "app"), ("MARIADB_ROOT_PASSWORD_FILE", "/r")):
        tenants.add("service_environment", stack="standard", service="db", name=name, value=value)
    (found,) = policies(tenants)
    assert found["database"] == {"user": "root", "name": "shop", "password_file": "/r"}


def test_repositories_are_all_that_are_enabled_in_the_order_of_their_names(tenants):
    tenants.add("repositories", **S3)
    tenants.add("repositories", name="attic", kind="posix", path="/a", passphrase=VAULT)
    tenants.add("repositories", name="broken", kind="posix", path="/b", passphrase=VAULT, enabled=0)
    (found,) = policies(tenants)
    assert found["repositories"] == ["attic", "local", "offsite"]


def test_a_policy_names_repositories_in_its_own_order(tenants):
    tenants.add("repositories", **S3)
    (found,) = policies(tenants, repositories='["offsite", "local"]')
    assert found["repositories"] == ["offsite", "local"]


def test_a_disabled_repository_is_out_of_use_where_it_is_named_too(tenants):
    tenants.add("repositories", **{**S3, "enabled": 0})
    (found,) = policies(tenants, repositories='["offsite", "local"]')
    assert found["repositories"] == ["local"]


def test_the_fleet_has_its_repositories_with_secrets_as_they_are_stored(tenants):
    tenants.add("repositories", retention_days=90, **S3)
    found = tenants.fleet().repositories
    assert list(found) == ["local", "offsite"]
    assert found["offsite"] == {
        "kind": "s3", "path": "/fleet", "endpoint": "https://s3.example.com:8333", "bucket": "backups",
        "region": "us-east-1", "ca_file": None, "access_key": "env:TENANTRY_SECRET_KEY",
        "secret_key": "file:/etc/tenantry/secrets/s3", "passphrase": VAULT, "retention_days": 90,
    }  # fmt: skip


def test_a_disabled_policy_of_a_tenant_takes_that_of_its_stack_away(tenants):
    tenants.tenant("acme")
    tenants.add("services", tenant="acme", name="db")
    tenants.add("backup_policies", stack="standard", service="db")
    tenants.add("backup_policies", tenant="acme", service="db", enabled=0)
    fleet = tenants.fleet()
    assert fleet.policies["acme"]["backups"] == []
    assert fleet.specs["acme"]["backups"] == []


# -- what a release renders ----------------------------------------------------------------------------------------


def rendered(tenants):
    return tenants.fleet().specs["acme"]


def test_a_release_renders_where_a_database_archives_to(tenants):
    policies(tenants)
    assert rendered(tenants)["backups"] == [
        {
            "service": "db",
            "repositories": [
                {
                    "name": "local", "kind": "posix", "path": "/srv/backup", "endpoint": None, "bucket": None,
                    "region": None, "ca_file": None, "access_key": None, "secret_key": None,
                    "passphrase": "env:TENANTRY_SECRET_BACKUP",
                }
            ],
            "archive_timeout": 30,
        }
    ]  # fmt: skip


def test_tenants_of_one_stack_share_what_they_render(tenants):
    policies(tenants)
    tenants.tenant("bolt")
    specs = tenants.fleet().specs
    assert specs["acme"]["backups"][0] is specs["bolt"]["backups"][0]


def test_tenants_may_have_keys_of_their_own_in_one_repository(tenants):
    tenants.sql("UPDATE repositories SET passphrase = 'file:/etc/tenantry/secrets/{tenant}/backup'")
    policies(tenants)
    tenants.tenant("bolt")
    fleet = tenants.fleet()
    assert fleet.repositories["local"]["passphrase"] == "file:/etc/tenantry/secrets/{tenant}/backup"
    stored = {name: one["backups"][0]["repositories"][0]["passphrase"] for name, one in fleet.specs.items()}
    assert stored == {
        "acme": "file:/etc/tenantry/secrets/acme/backup",
        "bolt": "file:/etc/tenantry/secrets/bolt/backup",
    }


@pytest.mark.parametrize(
    ("statement", "pending"),
    [
        ("UPDATE repositories SET passphrase = 'env:TENANTRY_SECRET_OTHER'", True),
        ("UPDATE repositories SET path = '/mnt/backup'", True),
        ("UPDATE repositories SET retention_days = 7", False),
        ("UPDATE backup_policies SET schedule = '0 4 * * *'", False),
        ("UPDATE backup_policies SET incremental_schedule = '30 * * * *'", False),
        ("UPDATE backup_policies SET retention_days = 7, keep_last = 1", False),
        ("UPDATE backup_policies SET row_check = 'select count(*) from goods'", False),
        ("UPDATE backup_policies SET engine = 'pg_dump'", True),
    ],
)
def test_a_release_is_pending_when_what_it_renders_changes(tenants, statement, pending):
    policies(tenants)
    before = spec.digest(rendered(tenants))
    tenants.sql(statement)
    assert (spec.digest(rendered(tenants)) != before) is pending


def test_engines_that_run_beside_a_service_render_nothing(tenants):
    policies(tenants, engine="pg_dump")
    assert rendered(tenants)["backups"] == []


# -- what is wrong -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("columns", "field", "reason"),
    [
        ({"service": "web", "engine": "pgbackrest"}, "backup_policies.main.engine", "this is of kind app"),
        ({"engine": "redis"}, "backup_policies.main.engine", "for backing services of database redis"),
        ({"engine": "restic"}, "backup_policies.main.service", "has no volume"),
        ({"engine": "restic", "volume": "x"}, "backup_policies.main.volume", "service db has no volume x"),
        ({"volume": "x"}, "backup_policies.main.volume", "is for engine restic, and this is pgbackrest"),
        ({"configuration": 1}, "backup_policies.main.configuration", "is for engine restic"),
        ({"engine": "pg_dump", "incremental_schedule": "0 * * * *"}, "backup_policies.main.incremental_schedule", "is"),
        ({"row_check": "delete from goods"}, "backup_policies.main.row_check", "is not one SELECT"),
        ({"row_check": "select 1; drop table x"}, "backup_policies.main.row_check", "is not one SELECT"),
        ({"repositories": '["nowhere"]'}, "backup_policies.main.repositories", "there is no repository nowhere"),
        ({"repositories": "[]"}, "backup_policies.main.repositories", "names nothing"),
        ({"keep_last": 0}, "backup_policies.main.keep_last", "is not between 1 and 1000"),
        ({"schedule": "often"}, "backup_policies.main.schedule", "is no schedule"),
    ],
)
def test_what_is_wrong_with_a_policy_is_named(tenants, columns, field, reason):
    (problem,) = policies(tenants, checks=False, **columns)
    assert problem["field"] == field
    assert reason in problem["reason"]


def test_without_any_repository_a_policy_cannot_be_kept(tenants):
    tenants.sql("DELETE FROM repositories")
    (problem,) = policies(tenants)
    assert problem["field"] == "backup_policies.main.repositories"


def test_a_service_archives_by_one_policy(tenants):
    tenants.add("backup_policies", stack="standard", service="db", name="other")
    (problem,) = policies(tenants)
    assert problem["field"] == "backup_policies.other.service"


def test_a_server_that_archives_has_a_user_and_room_for_what_is_on_its_way(tenants):
    tenants.sql("UPDATE services SET run_as = NULL, tmpfs = '[\"/run/postgresql\"]' WHERE name = 'db'")
    assert {one["field"] for one in policies(tenants)} == {"services.db.run_as", "services.db.tmpfs"}


@pytest.mark.parametrize(
    ("columns", "column", "reason"),
    [
        ({"path": "relative"}, "path", "no plain absolute path"),
        ({"path": "/"}, "path", "the whole disk"),
        ({"path": "/proc/backup"}, "path", "belongs to the kernel"),
        ({"kind": "ftp"}, "kind", "none of posix, s3"),
        ({"kind": "s3"}, "endpoint", "is missing: kind is s3"),
        ({"passphrase": "hunter2"}, "passphrase", "is no reference"),
        ({"passphrase": "env:HOME"}, "passphrase", "is not below"),
        ({"passphrase": "file:/etc/{tenant}/secrets"}, "passphrase", "is not below"),
        ({"access_key": "env:TENANTRY_SECRET_X"}, "access_key", "is for kind s3"),
        ({"retention_days": 0}, "retention_days", "not between"),
        ({"name": "Lo cal"}, "name", "is no name"),
    ],
)
def test_a_wrong_repository_is_named_to_each_tenant_that_uses_it(tenants, columns, column, reason):
    row = {"name": "lost", "kind": "posix", "path": "/lost", "passphrase": VAULT, **columns}
    tenants.add("repositories", checks=False, **row)
    tenants.tenant("bolt", stack=None)
    tenants.add("services", tenant="bolt", name="web", image="a:1", port=80)
    found = policies(tenants)
    assert found[0]["field"] == f"repositories.{rules.segment(row['name'])}.{column}"
    assert reason in found[0]["reason"]
    assert "hunter2" not in str(found)
    assert "bolt" in tenants.fleet().specs


def test_a_wrong_repository_that_nobody_uses_is_nobodys_problem(tenants):
    tenants.add("repositories", checks=False, name="lost", kind="posix", path="x", passphrase=VAULT)
    (found,) = policies(tenants, repositories='["local"]')
    assert found["repositories"] == ["local"]


# -- generations of volumes ----------------------------------------------------------------------------------------


def generation(tenants, field="volume.data", value="r20261122t010203"):
    tenants.tenant("acme")
    tenants.add("service_volumes", stack="standard", service="db", name="data", path="/data")
    tenants.add("overrides", checks=False, tenant="acme", field=field, value=value, reason="", created_by="ann")
    return tenants.fleet()


def test_a_generation_is_part_of_what_is_rendered_and_no_hold(tenants):
    found = generation(tenants).specs["acme"]
    assert (found["generations"], found["held"]) == ({"data": "r20261122t010203"}, [])
    assert spec.digest(found) != spec.digest({**found, "generations": {}})


def test_a_generation_outlives_the_service_of_its_volume(tenants):
    # Or the data that was left would be back with the service.
    assert generation(tenants, "volume.other").specs["acme"]["generations"] == {"other": "r20261122t010203"}


@pytest.mark.parametrize(("field", "value"), [("volume.data", "R1"), ("volume.data", "a-b"), ("volume.Data", "r1")])
def test_a_generation_that_is_none_is_named(tenants, field, value):
    (problem,) = generation(tenants, field, value).invalid["acme"]
    assert problem["field"].startswith("overrides.")


def test_a_generation_never_means_another_volume(tenants):
    tenants.add("service_volumes", stack="standard", service="web", name="data-r20261122t010203", path="/x")
    (problem,) = generation(tenants).invalid["acme"]
    assert problem["field"] == "overrides.volume.data"


def test_a_volume_is_backed_up_in_its_live_generation(tenants):
    generation(tenants)
    tenants.add("backup_policies", stack="standard", service="db", engine="restic", volume="data")
    assert tenants.fleet().policies["acme"]["backups"][0]["volumes"] == ["acme_data-r20261122t010203"]
