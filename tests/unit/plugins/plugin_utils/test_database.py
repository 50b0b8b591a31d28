# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections, schema versions and constraints of real databases."""

from __future__ import annotations

import sqlite3

import pytest

from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.plugin_utils import (
    database,
    database_migrate,
    database_schema,
    database_url,
)
from ansible_collections.tenantry.platform.tests.unit.plugins.tenant_databases import Tenants


@pytest.fixture
def tenants(tmp_path):
    return Tenants.make(tmp_path)


def kind(function, *arguments, **options):
    with pytest.raises(TenantryError) as caught:
        function(*arguments, **options)
    return caught.value.error_kind, caught.value.message


# -- addresses -----------------------------------------------------------------------------------------------------


def test_a_relative_path_is_relative_to_the_inventory_file():
    assert database_url.public(database_url.parse("sqlite:///a/../b.sqlite", "/srv/x")) == "sqlite:////srv/x/b.sqlite"
    assert database_url.public(database_url.parse("sqlite:////b.sqlite", "/srv/x")) == "sqlite:////b.sqlite"


@pytest.mark.parametrize(
    ("given", "driver"),
    [
        ("postgresql://u@h/d", "postgresql+psycopg"),
        ("postgres://u@h/d", "postgresql+psycopg"),
        ("mariadb://u@h/d", "mariadb+pymysql"),
        ("mysql://u@h/d", "mysql+pymysql"),
    ],
)
def test_the_driver_is_one_that_the_collection_needs_anyway(given, driver):
    assert database_url.parse(given).drivername == driver


@pytest.mark.parametrize("given", ["nonsense", "oracle://u@h/d", "sqlite://", "sqlite:///:memory:", "sqlite:///file:x"])
def test_an_address_that_is_none_is_refused(given):
    assert kind(database_url.parse, given)[0] == "database_url"


def test_a_password_is_in_no_message_and_still_used(monkeypatch):
    monkeypatch.delenv(database_url.PASSWORD_VARIABLE, raising=False)
    url = database_url.parse("postgresql://u:s3cret@127.0.0.1:1/d")
    assert "s3cret" not in database_url.public(url)
    what, message = kind(database.connect, {"url": "postgresql://u:s3cret@127.0.0.1:1/d"})
    assert what == "database_unreachable"
    assert "s3cret" not in message
    # The hostvar has no password; whoever read the inventory in this process left it.
    assert database_url.with_password(database_url.parse(database_url.public(url))).password == "s3cret"


def test_a_password_comes_from_the_environment(monkeypatch):
    monkeypatch.setenv(database_url.PASSWORD_VARIABLE, "from-environment")
    assert database_url.with_password(database_url.parse("postgresql://e@h/d")).password == "from-environment"


# -- missing, too old, too new -------------------------------------------------------------------------------------


def test_a_missing_file_is_an_error_and_never_made(tmp_path):
    path = tmp_path / "none.sqlite"
    what, message = kind(database.connect, {"url": f"sqlite:///{path}"})
    assert what == "database_missing"
    assert str(path) in message
    assert "tenantry.platform.database" in message
    assert not path.exists()


def test_a_file_without_the_schema_is_too_old(tmp_path):
    path = tmp_path / "empty.sqlite"
    path.touch()
    what, message = kind(database.connect, {"url": f"sqlite:///{path}"})
    assert what == "schema_too_old"
    assert "tenantry.platform.database" in message
    assert path.stat().st_size == 0


def test_a_file_that_is_no_database_says_so(tmp_path):
    path = tmp_path / "text.sqlite"
    path.write_text("This is a text of some length, and no database at all. " * 20, encoding="utf-8")
    assert kind(database.connect, {"url": f"sqlite:///{path}"})[0] == "database_unreadable"


@pytest.mark.parametrize(
    ("version", "what", "advice"),
    [("0000", "schema_too_old", "tenantry.platform.database"), ("0002", "schema_too_new", "upgrade the collection")],
)
def test_another_schema_version_says_what_to_do(tenants, version, what, advice):
    tenants.sql("UPDATE schema_version SET version_num = ?", version)
    found, message = kind(database.connect, tenants.settings)
    assert found == what
    assert advice in message
    assert version in message


def test_a_newer_schema_is_never_upgraded(tenants):
    tenants.sql("UPDATE schema_version SET version_num = '0002'")
    assert kind(database_migrate.upgrade, tenants.settings)[0] == "schema_too_new"
    assert tenants.sql("SELECT version_num FROM schema_version") == [("0002",)]


# -- making one ----------------------------------------------------------------------------------------------------


def test_check_mode_tells_and_makes_nothing(tmp_path):
    path = tmp_path / "sub" / "new.sqlite"
    done = database_migrate.upgrade({"url": f"sqlite:///{path}"}, check_mode=True)
    assert (done.changed, done.before, done.pending) == (True, None, ["0001"])
    assert not path.parent.exists()


def test_making_twice_changes_nothing_and_seeds_once(tmp_path):
    seed = tmp_path / "seed.sql"
    seed.write_text("INSERT INTO stacks (name) VALUES ('a;b');\n-- done\n".replace("a;b", "ab"), encoding="utf-8")
    settings = {"url": f"sqlite:///{tmp_path / 'new.sqlite'}"}
    first = database_migrate.upgrade(settings, str(seed))
    assert (first.changed, first.seeded) == (True, True)
    second = database_migrate.upgrade(settings, str(seed))
    assert (second.changed, second.seeded, second.before) == (False, False, "0001")


def test_a_seed_with_a_semicolon_in_a_text_is_one_statement(tmp_path):
    seed = tmp_path / "seed.sql"
    seed.write_text("INSERT INTO stacks (name, description)\n VALUES ('x', 'a;\nb''s;');", encoding="utf-8")
    database_migrate.upgrade({"url": f"sqlite:///{tmp_path / 'new.sqlite'}"}, str(seed))
    assert Tenants(tmp_path / "new.sqlite").sql("SELECT description FROM stacks") == [("a;\nb's;",)]


def test_a_seed_that_fails_leaves_no_database(tmp_path):
    seed = tmp_path / "seed.sql"
    seed.write_text("INSERT INTO stacks (name) VALUES ('x');\nINSERT INTO nope VALUES (1);\n", encoding="utf-8")
    path = tmp_path / "new.sqlite"
    assert kind(database_migrate.upgrade, {"url": f"sqlite:///{path}"}, str(seed))[0] == "seed_failed"
    assert not path.exists()


def test_a_missing_seed_says_so_before_anything_is_made(tmp_path):
    path = tmp_path / "new.sqlite"
    assert kind(database_migrate.upgrade, {"url": f"sqlite:///{path}"}, str(tmp_path / "no.sql"))[0] == "seed_missing"
    assert not path.exists()


def test_readers_do_not_wait_for_writers(tenants):
    assert tenants.sql("PRAGMA journal_mode") == [("wal",)]


def test_a_prefix_stands_before_every_relation(tmp_path):
    settings = {"url": f"sqlite:///{tmp_path / 'new.sqlite'}", "prefix": "ten_"}
    database_migrate.upgrade(settings)
    names = {
        name for (name,) in Tenants(tmp_path / "new.sqlite").sql("SELECT name FROM sqlite_master WHERE type = 'table'")
    }
    assert {name for name in names if not name.startswith(("ten_", "sqlite_"))} == set()
    assert database.connect(settings).table("tenants").name == "ten_tenants"


# -- the schema itself ---------------------------------------------------------------------------------------------


def test_the_tables_have_exactly_the_columns_that_are_read(tenants):
    for name, columns in database_schema.COLUMNS.items():
        assert [row[1] for row in tenants.sql(f"PRAGMA table_info({name})")] == columns.split(), name
    tables = {name for (name,) in tenants.sql("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert tables - {"sqlite_sequence"} == {*database_schema.COLUMNS, "schema_version"}


@pytest.mark.parametrize(
    ("relation", "columns"),
    [
        ("tenants", {"name": "Acme"}),
        ("tenants", {"name": "a--b"}),
        ("tenants", {"name": "a b"}),
        ("tenants", {"name": ""}),
        ("tenants", {"name": "acme", "state": "gone"}),
        ("tenants", {"name": "acme", "ring": -1}),
        ("tenants", {"name": "acme", "subdomain": "ACME"}),
        ("tenants", {"name": "acme", "node": "nowhere"}),
        ("tenants", {"name": "acme", "zone": "nowhere.test"}),
        ("tenants", {"name": "acme", "stack": "nothing"}),
        ("services", {"name": "web", "image": "a:1"}),
        ("services", {"tenant": "first", "stack": "standard", "name": "x", "image": "a:1"}),
        ("services", {"tenant": "nobody", "name": "web", "image": "a:1"}),
        ("services", {"tenant": "first", "name": "web", "memory": "0"}),
        ("services", {"tenant": "first", "name": "web", "cpus": "-1"}),
        ("services", {"tenant": "first", "name": "web", "port": 0}),
        ("services", {"tenant": "first", "name": "web", "replicas": 0}),
        ("services", {"tenant": "first", "name": "web", "kind": "other"}),
        ("service_environment", {"tenant": "first", "service": "web", "name": "A", "value": "b"}),
        ("service_environment", {"tenant": "first", "name": "A=B", "value": "b"}),
        ("routes", {"tenant": "first", "hostname": "App.Example.com"}),
        ("routes", {"stack": "standard", "hostname": "app.example.com"}),
        ("routes", {"tenant": "first", "path_prefix": "a"}),
        ("routes", {"tenant": "first", "via": "air"}),
        ("access_rules", {"tenant": "first", "action": "maybe", "cidr": "10.0.0.0/8"}),
        ("secrets", {"tenant": "first", "name": "x", "vault": "plain text"}),
        ("secrets", {"tenant": "first", "name": "x", "reference": "plain text"}),
        ("secrets", {"tenant": "first", "name": "x"}),
        ("secrets", {"tenant": "first", "name": "x", "vault": "$ANSIBLE_VAULT;1.1;AES256\n00", "reference": "env:A"}),
        ("overrides", {"tenant": "first", "field": "image", "value": "x"}),
        ("repositories", {"name": "local", "kind": "posix", "path": "/other", "passphrase": "env:A"}),
        ("repositories", {"name": "x", "kind": "posix", "path": "/x", "passphrase": "plain text"}),
        ("repositories", {"name": "x", "kind": "posix", "path": "/x"}),
        ("repositories", {"name": "x", "kind": "posix", "path": "x", "passphrase": "env:A"}),
        ("repositories", {"name": "x", "kind": "ftp", "path": "/x", "passphrase": "env:A"}),
        ("repositories", {"name": "x", "kind": "s3", "path": "/x", "passphrase": "env:A", "bucket": "x"}),
        ("repositories", {"name": "x", "kind": "posix", "path": "/x", "passphrase": "env:A", "endpoint": "http://x"}),
        ("repositories", {"name": "x", "kind": "posix", "path": "/x", "passphrase": "env:A", "retention_days": 0}),
        ("backup_policies", {"stack": "standard", "service": "nothing"}),
        ("backup_policies", {"stack": "standard", "service": "db", "engine": "tar"}),
        ("backup_policies", {"stack": "standard", "service": "db", "keep_last": 0}),
        ("ignore_rules", {"kind": "container", "reason": ""}),
    ],
)
def test_the_schema_itself_refuses(tenants, relation, columns):
    tenants.tenant("first")
    with pytest.raises(sqlite3.IntegrityError):
        tenants.add(relation, **columns)


def test_a_hostname_and_path_are_taken_once(tenants):
    tenants.tenant("first")
    tenants.tenant("second")
    tenants.add("routes", tenant="first", hostname="app.example.org")
    with pytest.raises(sqlite3.IntegrityError):
        tenants.add("routes", tenant="second", hostname="app.example.org")


def test_a_tenant_takes_its_rows_with_it(tenants):
    tenants.tenant("first")
    tenants.add("services", tenant="first", name="web")
    tenants.add("service_environment", tenant="first", service="web", name="A", value="b")
    tenants.add("routes", tenant="first")
    tenants.add("access_rules", tenant="first", action="deny", cidr="10.0.0.0/8")
    tenants.sql("DELETE FROM tenants WHERE name = 'first'")
    for relation in ("services", "service_environment", "routes", "access_rules"):
        assert tenants.sql(f"SELECT count(*) FROM {relation} WHERE tenant IS NOT NULL") == [(0,)]  # noqa: S608


# -- reading -------------------------------------------------------------------------------------------------------


def names(tenants, *where):
    return [row["name"] for row in tenants.rows(*where).tenants]


def test_filters_are_evaluated_by_the_database(tenants):
    tenants.add("nodes", name="node2")
    tenants.add("settings", name="default_node", value="node1")
    tenants.tenant("a", tier="premium", ring=1)
    tenants.tenant("b", state="removed")
    tenants.tenant("c", node="node2", ring=2, version="2.0")
    assert names(tenants) == ["a", "b", "c"]
    assert names(tenants, {"column": "tier", "value": "premium"}) == ["a"]
    assert names(tenants, {"column": "state", "operator": "ne", "value": "removed"}) == ["a", "c"]
    assert names(
        tenants, {"column": "ring", "operator": "ge", "value": 1}, {"column": "ring", "operator": "lt", "value": 2}
    ) == ["a"]
    assert names(tenants, {"column": "node", "operator": "in", "value": ["node1"]}) == ["a", "b"]
    assert names(tenants, {"column": "node", "operator": "not_in", "value": ["node1"]}) == ["c"]
    assert names(tenants, {"column": "version", "operator": "is_null"}) == ["a", "b"]
    assert names(tenants, {"column": "version", "operator": "ne", "value": "1"}) == ["a", "b", "c"]
    assert names(tenants, {"column": "name", "operator": "like", "value": "_"}) == ["a", "b", "c"]
    assert [row["name"] for row in tenants.rows({"column": "name", "value": "a"}).known] == ["a", "b", "c"]


@pytest.mark.parametrize(
    "where",
    [
        {"column": "1=1; DROP TABLE tenants", "value": "x"},
        {"column": "name", "operator": "OR 1=1", "value": "x"},
        {"column": "name", "value": ["a"]},
        {"column": "name", "operator": "in", "value": "a"},
        {"column": "name", "value": "a", "more": 1},
        {"value": "a"},
    ],
)
def test_a_filter_that_is_none_is_refused(tenants, where):
    assert kind(tenants.rows, where)[0] == "invalid_option"


def test_a_filter_value_is_never_part_of_the_statement(tenants):
    tenants.tenant("a")
    assert names(tenants, {"column": "name", "value": "x' OR '1'='1"}) == []


def test_text_that_is_no_utf8_costs_only_the_row_it_is_in(tenants):
    tenants.tenant("good")
    tenants.tenant("bad")
    tenants.sql("UPDATE tenants SET display_name = CAST(x'ff41' AS TEXT) WHERE name = 'bad'")
    assert tenants.problems("bad") == {"display_name": "is not valid UTF-8"}
    assert tenants.problems("good") == {}


def test_views_of_a_companys_own_tables_are_as_good_as_tables(tmp_path):
    theirs = Tenants(tmp_path / "company.sqlite")
    database_migrate.upgrade({"url": f"sqlite:///{theirs.path}", "prefix": "our_"})
    theirs.sql("CREATE TABLE customers (nr INTEGER PRIMARY KEY, slug TEXT, label TEXT, paid INTEGER)")
    theirs.sql("INSERT INTO customers (slug, label, paid) VALUES ('acme', 'Acme', 1), ('late', 'Late', 0)")
    for relation in database_schema.COLUMNS:
        theirs.sql(f"CREATE VIEW v_{relation} AS SELECT * FROM our_{relation}")  # noqa: S608
    theirs.sql("CREATE VIEW v_schema_version AS SELECT '0001' AS version_num")
    theirs.sql("DROP VIEW v_tenants")
    theirs.sql(
        "CREATE VIEW v_tenants AS SELECT nr AS id, slug AS name, label AS display_name, "
        "CASE paid WHEN 1 THEN 'active' ELSE 'suspended' END AS state, 'standard' AS stack, NULL AS node, "
        "NULL AS zone, NULL AS subdomain, 'standard' AS tier, 0 AS ring, 'recreate' AS strategy, NULL AS version, "
        "NULL AS pinned_version, "
        "NULL AS maintenance_window, 'UTC' AS maintenance_timezone, NULL AS created_at FROM customers"
    )
    theirs.sql("INSERT INTO our_nodes (name) VALUES ('node1')")
    theirs.sql("INSERT INTO our_zones (name) VALUES ('example.com')")
    theirs.sql("INSERT INTO our_stacks (name) VALUES ('standard')")
    theirs.sql(
        "INSERT INTO our_services (stack, name, image, port) VALUES ('standard', 'web', 'registry.example/a:1', 80)"
    )
    theirs.settings["prefix"] = "v_"
    fleet = theirs.fleet()
    assert fleet.invalid == {}
    assert {name: one["state"] for name, one in fleet.specs.items()} == {"acme": "active", "late": "suspended"}
