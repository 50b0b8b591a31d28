# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From rows of a real database to specs: defaults, stacks, validation, who keeps a hostname, overrides."""

from __future__ import annotations

import json

import pytest

from ansible_collections.tenantry.platform.plugins.plugin_utils import spec
from ansible_collections.tenantry.platform.tests.unit.plugins.tenant_databases import DIGEST, Tenants


@pytest.fixture
def tenants(tmp_path):
    return Tenants.make(tmp_path)


def one(tenants, name="acme", **limits):
    fleet = tenants.fleet(**limits)
    assert name in fleet.specs, fleet.invalid
    return fleet.specs[name]


def services(found):
    return {service["name"]: service for service in found["services"]}


# -- a whole tenant ------------------------------------------------------------------------------------------------


def test_one_row_is_a_whole_tenant(tenants):
    tenants.sql("INSERT INTO tenants (name, stack) VALUES ('acme', 'standard')")
    found = one(tenants)
    assert list(found) == [
        "schema", "name", "display_name", "state", "node", "zone", "subdomain", "tier", "ring", "strategy",
        "version", "pinned_version", "maintenance", "addresses", "ttl", "services", "routes", "secrets",
        "migrations", "hooks", "release", "closed", "held", "generations", "backups",
    ]  # fmt: skip
    assert {key: found[key] for key in list(found)[:15]} == {
        "schema": 1,
        "name": "acme",
        "display_name": "acme",
        "state": "active",
        "node": "node1",
        "zone": "example.com",
        "subdomain": "acme",
        "tier": "standard",
        "ring": 0,
        "strategy": "blue_green",
        "version": "1.0",
        "pinned_version": None,
        "maintenance": {"window": None, "timezone": "UTC"},
        "addresses": ["192.0.2.10", "2001:db8::10"],
        "ttl": 300,
    }
    assert found["routes"] == [
        {
            "name": "main",
            "hostname": "acme.example.com",
            "path_prefix": "/",
            "tls": True,
            "sticky": False,
            "via": "file",
            "backends": [{"service": "web", "weight": 1}],
            "access": [],
        }
    ]
    assert services(found)["web"] == {
        "name": "web",
        "kind": "app",
        "database": None,
        "image": "registry.example/web:1.0",
        "command": None,
        "port": 8080,
        "replicas": 1,
        "cpus": None,
        "memory": 134217728,
        "health": {
            "type": "tcp",
            "path": None,
            "command": None,
            "interval": 10,
            "timeout": 5,
            "retries": 3,
            "start_period": 10,
        },
        "depends_on": [],
        "environment": {},
        "labels": {},
        "volumes": [],
        "secrets": [],
        "stop_grace_period": 30,
        "hardening": {
            "user": None,
            "read_only": True,
            "cap_add": [],
            "no_new_privileges": True,
            "pids_limit": 200,
            "tmpfs": ["/tmp"],
            "memory_swap": None,
        },
    }
    json.dumps(found)


def test_a_tenant_without_a_stack_needs_one_service(tenants):
    tenants.tenant("acme", stack=None)
    assert tenants.problems("acme") == {"services": "there is none: add a row to services, or name a stack"}
    tenants.add("services", tenant="acme", name="site", image="registry.example/site:2", port=80)
    assert one(tenants)["routes"][0]["backends"] == [{"service": "site", "weight": 1}]


def test_the_default_node_and_zone_are_those_of_the_settings(tenants):
    tenants.add("nodes", name="node2")
    tenants.add("zones", name="example.org", nameserver="node1")
    tenants.tenant("acme")
    assert set(tenants.problems("acme")) == {"node", "zone"}
    tenants.add("settings", name="default_node", value="node2")
    tenants.add("settings", name="default_zone", value="example.org")
    assert (one(tenants)["node"], one(tenants)["zone"]) == ("node2", "example.org")


def test_a_tenants_rows_stand_over_those_of_its_stack(tenants):
    tenants.tenant("acme")
    tenants.tenant("plain")
    tenants.add("service_environment", stack="standard", service="web", name="A", value="stack")
    tenants.add("service_environment", stack="standard", service="web", name="B", value="stack")
    tenants.add("services", tenant="acme", name="web", replicas=3)
    tenants.add("services", tenant="acme", name="db", enabled=0)
    tenants.add("services", tenant="acme", name="extra", image="registry.example/extra:1", port=81)
    tenants.add("service_environment", tenant="acme", service="web", name="B", value="own")
    found = services(one(tenants))
    assert list(found) == ["extra", "web"]
    assert (found["web"]["replicas"], found["web"]["memory"]) == (3, 134217728)
    assert found["web"]["environment"] == {"A": "stack", "B": "own"}
    plain = services(one(tenants, "plain"))
    assert list(plain) == ["db", "web"]
    assert plain["web"]["environment"] == {"A": "stack", "B": "stack"}


def test_environment_of_all_services_reaches_apps_and_jobs_and_no_database(tenants):
    tenants.tenant("acme")
    tenants.add("service_environment", stack="standard", service="web", name="A", value="stack service")
    tenants.add("service_environment", stack="standard", name="A", value="stack")
    tenants.add("service_environment", stack="standard", name="B", value="stack")
    tenants.add("service_environment", tenant="acme", name="A", value="tenant")
    found = services(one(tenants))
    assert found["web"]["environment"] == {"A": "tenant", "B": "stack"}
    assert found["db"]["environment"] == {}


def test_equal_services_of_many_tenants_are_one_object(tenants):
    for number in range(3):
        tenants.tenant(f"t{number}")
    fleet = tenants.fleet()
    assert len({id(found["services"][1]) for found in fleet.specs.values()}) == 1


# -- versions ------------------------------------------------------------------------------------------------------


def image(tenants, name="acme", service="web", **limits):
    return services(one(tenants, name, **limits))[service]["image"]


def test_a_version_reaches_images_that_name_none(tenants):
    tenants.tenant("acme")
    assert image(tenants) == "registry.example/web:1.0"
    tenants.sql("UPDATE tenants SET version = '1.1.0' WHERE name = 'acme'")
    assert image(tenants) == "registry.example/web:1.1.0"
    assert image(tenants, service="db") == "registry.example/db:15"
    tenants.sql("UPDATE tenants SET pinned_version = '1.0.9' WHERE name = 'acme'")
    assert image(tenants) == "registry.example/web:1.0.9"
    tenants.sql(f"UPDATE tenants SET pinned_version = '{DIGEST}' WHERE name = 'acme'")  # noqa: S608
    assert image(tenants) == f"registry.example/web@{DIGEST}"
    tenants.add("services", tenant="acme", name="web", version="7")
    assert image(tenants) == "registry.example/web:7"
    tenants.sql("UPDATE services SET image = 'registry.example/web:8' WHERE tenant = 'acme'")
    assert image(tenants) == "registry.example/web:8"


def test_a_database_image_never_takes_the_version_of_the_tenant(tenants):
    tenants.tenant("acme", version="2.0")
    tenants.sql("UPDATE services SET image = 'registry.example/db' WHERE name = 'db'")
    assert "has neither tag nor digest" in tenants.problems("acme")["services.db.image"]


def test_an_image_without_registry_takes_the_default_one(tenants):
    tenants.tenant("acme")
    tenants.sql("UPDATE services SET image = 'web' WHERE name = 'web'")
    assert image(tenants) == "web:1.0"
    tenants.add("settings", name="default_registry", value="127.0.0.1:5055")
    assert "is on the node" in tenants.problems("acme")["services.web.image"]
    assert image(tenants, listed=["127.0.0.1:5055"]) == "127.0.0.1:5055/web:1.0"
    # What an operator names is trusted.
    assert image(tenants, default="10.0.0.1:5000") == "10.0.0.1:5000/web:1.0"


def test_only_listed_registries_when_an_operator_says_so(tenants):
    tenants.tenant("acme")
    assert "not listed" in tenants.problems("acme", only_listed=True)["services.web.image"]
    assert image(tenants, only_listed=True, listed=["registry.example"]) == "registry.example/web:1.0"


# -- routes and access ---------------------------------------------------------------------------------------------


def routes(tenants, name="acme"):
    return {route["name"]: route for route in one(tenants, name)["routes"]}


def test_routes_by_weight(tenants):
    tenants.tenant("acme")
    tenants.add("services", tenant="acme", name="green", image="registry.example/web:2", port=80)
    tenants.add("routes", tenant="acme", hostname="www.acme.test", via="labels", sticky=1)
    tenants.add("route_backends", tenant="acme", route="main", service="web", weight=3)
    tenants.add("route_backends", tenant="acme", route="main", service="green")
    found = routes(tenants)["main"]
    assert found["backends"] == [{"service": "green", "weight": 1}, {"service": "web", "weight": 3}]
    assert (found["hostname"], found["via"], found["sticky"], found["tls"]) == ("www.acme.test", "labels", True, True)


def test_a_route_that_is_off_is_none(tenants):
    tenants.tenant("acme")
    tenants.add("routes", tenant="acme", enabled=0)
    assert routes(tenants) == {}


@pytest.mark.parametrize("service", ["db", "nobody"])
def test_a_route_leads_to_an_app_with_a_port(tenants, service):
    tenants.tenant("acme")
    tenants.add("routes", tenant="acme", service=service)
    assert tenants.problems("acme") == {"routes.main.backends": f"{service} is no app service with a port"}


def test_access_rules_of_route_service_and_tenant_in_this_order(tenants):
    tenants.tenant("acme")
    tenants.add("services", tenant="acme", name="web")
    tenants.add("routes", tenant="acme")
    tenants.add("access_rules", tenant="acme", action="deny", cidr="10.3.0.0/16")
    tenants.add("access_rules", tenant="acme", service="web", position=2, action="allow", cidr="10.2.0.0/16")
    tenants.add("access_rules", tenant="acme", service="web", position=1, action="deny", cidr="10.2.1.7")
    tenants.add("access_rules", tenant="acme", route="main", action="allow", cidr="2001:db8::/32")
    assert [(rule["action"], rule["cidr"]) for rule in routes(tenants)["main"]["access"]] == [
        ("allow", "2001:db8::/32"),
        ("deny", "10.2.1.7/32"),
        ("allow", "10.2.0.0/16"),
        ("deny", "10.3.0.0/16"),
    ]


def test_allowing_everyone_needs_its_flag(tenants):
    tenants.tenant("acme")
    tenants.add("access_rules", tenant="acme", action="allow", cidr="0.0.0.0/0")
    assert "allows everyone" in tenants.problems("acme")["access_rules.cidr"]
    tenants.sql("UPDATE access_rules SET everyone = 1")
    assert tenants.problems("acme") == {}


def test_a_rule_for_something_that_does_not_exist_is_refused(tenants):
    tenants.tenant("acme")
    tenants.add("access_rules", checks=False, tenant="acme", service="wbe", action="allow", cidr="10.0.0.0/8")
    assert tenants.problems("acme") == {"access_rules.wbe": "there is no service of that name"}


# -- hostnames -----------------------------------------------------------------------------------------------------


def test_the_first_tenant_keeps_a_hostname_and_the_second_is_told_whose_it_is(tenants):
    tenants.tenant("first")
    tenants.add("routes", tenant="first", hostname="shop.example.org")
    tenants.tenant("second")
    tenants.add("routes", checks=False, tenant="second", hostname="SHOP.example.org.")
    assert tenants.problems("first") == {}
    assert tenants.problems("second") == {
        "routes.main.hostname": "'shop.example.org' belongs to tenant first, which was there first"
    }


@pytest.mark.parametrize("hostname", ["evil.shop.example.org", "example.org", "shop.example.org"])
def test_nobody_gets_a_name_above_or_below_somebody_elses(tenants, hostname):
    tenants.tenant("first")
    tenants.add("routes", tenant="first", hostname="shop.example.org")
    tenants.tenant("second")
    tenants.add("routes", tenant="second", hostname=hostname, path_prefix="/x")
    assert "tenant first, which was there first" in tenants.problems("second")["routes.main.hostname"]
    assert tenants.problems("first") == {}


def test_names_below_ones_own_are_ones_own(tenants):
    tenants.tenant("first")
    tenants.add("routes", tenant="first", name="main", hostname="example.org")
    tenants.add("routes", tenant="first", name="shop", hostname="shop.example.org")
    tenants.add("routes", tenant="first", name="api", hostname="shop.example.org", path_prefix="/api")
    assert len(routes(tenants, "first")) == 3


def test_the_name_that_follows_from_a_subdomain_is_taken_too(tenants):
    tenants.tenant("first")
    tenants.add("routes", tenant="first", hostname="second.example.com")
    tenants.tenant("second")
    tenants.tenant("third", subdomain="first")
    assert set(tenants.problems("second")) == {"subdomain"}
    assert set(tenants.problems("third")) == {"subdomain"}


def test_a_hidden_tenant_keeps_its_hostnames(tenants):
    tenants.tenant("first", tier="hidden")
    tenants.tenant("second", subdomain="first")
    fleet = tenants.fleet({"column": "tier", "value": "standard"})
    assert set(fleet.invalid) == {"second"}
    assert fleet.known == ["first", "second"]


def test_a_removed_tenant_gives_its_names_back(tenants):
    tenants.tenant("first", state="removed")
    tenants.tenant("second", subdomain="first")
    assert tenants.problems("second") == {}
    assert tenants.problems("first") == {}


@pytest.mark.parametrize("hostname", ["example.com", "com.", "mail.example.com", "www.example.com"])
def test_names_of_the_platform_are_nobodys(tenants, hostname):
    tenants.tenant("acme")
    tenants.add("routes", tenant="acme", hostname=hostname)
    assert set(tenants.problems("acme")) == {"routes.main.hostname"}


def test_a_name_in_other_letters_becomes_its_ascii_form(tenants):
    tenants.tenant("acme")
    tenants.add("routes", checks=False, tenant="acme", hostname="Bücher.example.org")
    assert routes(tenants)["main"]["hostname"] == "xn--bcher-kva.example.org"


# -- secrets -------------------------------------------------------------------------------------------------------

VAULT = """$ANSIBLE_VAULT;1.1;AES256
39396631353538316562326465623232643539666632383565393136653735323932616565393761
6338356431303763353333393136616535643434653666320a626335363638646135313430623738
36346535366130616163313637613831323735306634633237396235633434663932333339353562
3763646632313963360a326663333533303531653737366132386230643439343638613832653466
37333637376438666534323464663334656236623639386237376336343735373934"""


def with_secret(tenants, **columns):
    tenants.tenant("acme")
    tenants.add("secrets", checks=False, tenant="acme", name="token", **columns)
    return tenants.problems("acme")


def test_a_secret_is_vault_text_or_a_reference(tenants):
    assert with_secret(tenants, vault=VAULT) == {}
    assert one(tenants)["secrets"] == [{"name": "token", "vault": VAULT, "reference": None}]


@pytest.mark.parametrize(
    ("reference", "becomes"),
    [
        ("env:TENANTRY_SECRET_A", "env:TENANTRY_SECRET_A"),
        ("file:/etc/tenantry/secrets/{tenant}/token", "file:/etc/tenantry/secrets/acme/token"),
    ],
)
def test_a_reference_is_below_what_the_operator_allows(tenants, reference, becomes):
    assert with_secret(tenants, reference=reference) == {}
    assert one(tenants)["secrets"][0]["reference"] == becomes


@pytest.mark.parametrize(
    "columns",
    [
        {"vault": "hunter2"},
        {"vault": "$ANSIBLE_VAULT;1.1;AES256\nhunter2"},
        {"vault": "$ANSIBLE_VAULT;1.1;AES256\n68756e74657232"},
        {"reference": "hunter2"},
        {"reference": "file:/etc/shadow"},
        {"reference": "file:/etc/tenantry/secrets/../../shadow"},
        {"reference": "env:TENANTRY_DATABASE_PASSWORD"},
        {"reference": "env:TENANTRY_SECRET_A\n"},
        {},
    ],
)
def test_anything_else_is_refused_and_not_shown(tenants, columns):
    problems = with_secret(tenants, **columns)
    assert set(problems) == {"secrets.token"}
    assert "hunter2" not in problems["secrets.token"]


def test_a_service_cannot_name_a_secret_that_there_is_not(tenants):
    tenants.tenant("acme")
    tenants.add("services", tenant="acme", name="web")
    tenants.add("service_secrets", tenant="acme", service="web", secret="token")
    assert tenants.problems("acme") == {"services.web.secrets": "there is no secret token"}


def test_a_value_of_the_environment_is_in_no_reason(tenants):
    tenants.tenant("acme")
    tenants.add("services", tenant="acme", name="web")
    tenants.add("service_environment", tenant="acme", service="web", name="A", value="hunter2" * 30000)
    assert "hunter2" not in str(tenants.problems("acme"))


# -- services ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("columns", "health"),
    [
        ({}, "tcp"),
        ({"health_path": "/up"}, "http"),
        ({"health_command": '["true"]'}, "command"),
        ({"kind": "job"}, "none"),
        ({"health_type": "http"}, "http"),
    ],
)
def test_every_service_has_a_check(tenants, columns, health):
    tenants.tenant("acme", stack=None)
    tenants.add("services", tenant="acme", name="site", image="a:1", port=80, **columns)
    assert services(one(tenants))["site"]["health"]["type"] == health


@pytest.mark.parametrize(
    ("columns", "field"),
    [
        ({"health_type": "none"}, "health_type"),
        ({"health_type": "http", "port": None}, "health_type"),
        ({"health_type": "tcp", "port": None}, "health_type"),
        ({"health_type": "command"}, "health_command"),
        ({"kind": "backing", "replicas": 2}, "replicas"),
        ({"memory_swap": "128m"}, "memory_swap"),
        ({"memory": "128m", "memory_swap": "64m"}, "memory_swap"),
        ({"cap_add": '["SYS_ADMIN"]'}, "cap_add"),
        ({"cap_add": "NET_RAW"}, "cap_add"),
        ({"command": "sh -c true"}, "command"),
        ({"command": "[]"}, "command"),
        ({"command": '["a", 1]'}, "command"),
        ({"tmpfs": '["/proc/x"]'}, "tmpfs"),
        ({"tmpfs": '["/a:/b"]'}, "tmpfs"),
        ({"run_as": "root"}, "run_as"),
        ({"image": None}, "image"),
        ({"read_only_root": "maybe"}, "read_only_root"),
        ({"health_path": "up"}, "health_path"),
        ({"port": "80a"}, "port"),
        ({"cpus": "a lot"}, "cpus"),
    ],
)
def test_a_service_that_cannot_be_is_refused(tenants, columns, field):
    tenants.tenant("acme", stack=None)
    tenants.add("services", checks=False, **{"tenant": "acme", "name": "site", "image": "a:1", "port": 80, **columns})
    assert set(tenants.problems("acme")) == {f"services.site.{field}"}


def test_services_that_wait_for_each_other_are_refused(tenants):
    tenants.tenant("acme", stack=None)
    for name, other in (("a", "b"), ("b", "c"), ("c", "a")):
        tenants.add("services", tenant="acme", name=name, image="a:1", port=80)
        tenants.add("service_dependencies", tenant="acme", service=name, depends_on=other)
    assert set(tenants.problems("acme")) == {"services.a.depends_on", "services.b.depends_on", "services.c.depends_on"}


def test_all_that_is_wrong_is_said_at_once(tenants):
    tenants.tenant("acme", ring="far", checks=False)
    tenants.add("services", tenant="acme", name="web", image="APP")
    tenants.add("service_environment", tenant="acme", service="web", name="LD_PRELOAD", value="x")
    assert set(tenants.problems("acme")) == {
        "ring",
        "services.web.image",
        "services.web.environment.'LD_PRELOAD'",
    }


# -- what is shared ------------------------------------------------------------------------------------------------


def test_a_bad_node_or_zone_costs_only_its_tenants(tenants):
    tenants.add("settings", name="default_node", value="node1")
    tenants.add("settings", name="default_zone", value="example.com")
    tenants.add("nodes", name="node2", ipv4="999.1.1.1")
    tenants.add("zones", name="example.net", nameserver="node2")
    tenants.tenant("good")
    tenants.tenant("lost", node="node2")
    tenants.tenant("nameless", zone="example.net")
    fleet = tenants.fleet()
    assert list(fleet.specs) == ["good"]
    assert set(fleet.invalid) == {"node2", "lost", "nameless"}
    assert list(fleet.nodes) == ["node1"]


def test_two_values_for_one_group_are_refused(tenants):
    tenants.tenant("first", tier="a-b")
    tenants.tenant("second", tier="a_b")
    assert tenants.problems("first") == {}
    assert "tier_a_b" in tenants.problems("second")["tier"]


def test_a_tenant_cannot_be_called_like_a_node(tenants):
    tenants.tenant("node1")
    fleet = tenants.fleet()
    assert list(fleet.nodes) == ["node1"]
    assert [problems[0]["field"] for problems in fleet.invalid.values()] == ["name"]
    assert list(fleet.invalid) == ["quarantined-tenant-1"]


def test_a_tenant_cannot_be_called_like_a_release_of_another(tenants):
    tenants.tenant("acme")
    tenants.tenant("acme-0badcafe")
    tenants.tenant("acme-0badcaf")
    fleet = tenants.fleet()
    assert list(fleet.specs) == ["acme", "acme-0badcaf"]
    assert [problem["reason"] for problems in fleet.invalid.values() for problem in problems] == [
        "'acme-0badcafe' ends like a release, in eight hexadecimal digits: choose another name"
    ]


def test_a_bad_rule_for_everybody_quarantines_nobody(tenants):
    tenants.tenant("acme")
    tenants.add("ignore_rules", kind="container", reason="\x1b[2J")
    fleet = tenants.fleet()
    assert list(fleet.specs) == ["acme"]
    assert list(fleet.invalid) == ["quarantined-ignore-rules-0"]


def test_policies_stand_beside_the_spec(tenants):
    tenants.tenant("acme")
    tenants.add("ignore_rules", kind="container", reason="known", expires_at="2030-01-01T00:00:00Z")
    found = tenants.fleet().policies["acme"]
    assert found["backups"] == []
    assert found["ignore_rules"][0]["expires_at"] == "2030-01-01T00:00:00Z"


def migration(tenants, **columns):
    tenants.tenant("acme")
    tenants.add("migrations", checks=False, stack="standard", **{"service": "web", "driver": "alembic", **columns})
    fleet = tenants.fleet()
    return fleet.specs["acme"]["migrations"][0] if "acme" in fleet.specs else fleet.invalid["acme"]


def test_a_migration_is_of_the_only_database_there_is(tenants):
    tenants.sql("UPDATE services SET database = 'postgresql' WHERE name = 'db'")
    found = migration(tenants, driver="command", command='["app", "up"]', status_command='["app", "status"]')
    assert found == {
        "name": "main", "service": "web", "driver": "command", "command": ["app", "up"],
        "status_command": ["app", "status"], "rollback_command": None, "database": "db", "kind": "expand",
        "timeout": 600, "lock_timeout": 3,
    }  # fmt: skip


def test_a_migration_without_a_database_that_can_be_asked_has_none(tenants):
    assert migration(tenants)["database"] is None


@pytest.mark.parametrize(
    ("columns", "field", "reason"),
    [
        ({"driver": "command"}, "command", "is missing: driver is command"),
        ({"status_command": '["x"]'}, "status_command", "is for driver command: alembic is asked in its own way"),
        ({"driver": "rails"}, "driver", "rails"),
        ({"kind": "fast"}, "kind", "fast"),
        ({"name": "m" * 25}, "name", "longer than 24"),
        ({"lock_timeout": 0}, "lock_timeout", "0"),
        ({"service": "db"}, "service", "there is no app or job service db"),
        ({"database": "web"}, "database", "there is no backing service web whose database is postgresql or mariadb"),
    ],
)
def test_what_is_wrong_with_a_migration_is_named(tenants, columns, field, reason):
    (problem,) = migration(tenants, **columns)
    assert problem["field"] == f"migrations.{columns.get('name', 'main')}.{field}"
    assert reason in problem["reason"]


def test_a_mariadb_whose_database_has_no_name_cannot_be_migrated(tenants):
    tenants.sql("UPDATE services SET database = 'mariadb' WHERE name = 'db'")
    (problem,) = migration(tenants)
    assert problem == {
        "field": "migrations.main.database",
        "reason": "service db has no variable MARIADB_DATABASE, so that nobody knows which database it is",
    }


def test_only_a_backing_service_is_a_database(tenants):
    tenants.tenant("acme")
    tenants.sql("UPDATE services SET database = 'redis' WHERE name = 'web'")
    (problem,) = tenants.fleet().invalid["acme"]
    assert problem["field"] == "services.web.database"


# -- overrides -----------------------------------------------------------------------------------------------------


def hold(tenants, field="state", value="stopped", **columns):
    given = {"tenant": "acme", "field": field, "value": value, "reason": "unpaid", "created_by": "ann", **columns}
    tenants.add("overrides", checks=False, **given)


def test_an_override_is_folded_in_and_shown(tenants):
    tenants.tenant("acme")
    hold(tenants, expires_at="2099-01-01 00:00:00")
    hold(tenants, "version", "0.9")
    found = one(tenants)
    assert found["state"] == "stopped"
    assert services(found)["web"]["image"] == "registry.example/web:0.9"
    assert found["held"] == [
        {"field": "state", "value": "stopped", "reason": "unpaid", "by": "ann", "until": "2099-01-01T00:00:00Z",
         "was": "active"},
        {"field": "version", "value": "0.9", "reason": "unpaid", "by": "ann", "until": None, "was": "1.0"},
    ]  # fmt: skip
    assert tenants.fleet().groups["acme"] == [
        "node_node1",
        "tier_standard",
        "ring_0",
        "state_stopped",
        "zone_example_com",
    ]


def test_the_newest_override_counts(tenants):
    tenants.tenant("acme")
    hold(tenants, value="removed")
    hold(tenants, value="suspended")
    assert one(tenants)["state"] == "suspended"


@pytest.mark.parametrize(
    "columns", [{"expires_at": "2020-01-01T00:00:00+02:00"}, {"released_at": "2020-01-01 00:00:00"}]
)
def test_an_override_that_is_over_does_not_count(tenants, columns):
    tenants.tenant("acme")
    hold(tenants, **columns)
    assert (one(tenants)["state"], one(tenants)["held"]) == ("active", [])


@pytest.mark.parametrize(
    ("columns", "field"),
    [
        ({"value": "gone"}, "overrides.state.value"),
        ({"field": "version", "value": "a b"}, "overrides.version.value"),
        ({"expires_at": "soon"}, "overrides.state.expires_at"),
        ({"field": "image", "value": "x"}, "overrides.image.field"),
    ],
)
def test_an_override_that_cannot_be_quarantines_its_tenant(tenants, columns, field):
    tenants.tenant("acme")
    tenants.tenant("other")
    hold(tenants, **columns)
    assert set(tenants.problems("acme")) == {field}
    assert tenants.problems("other") == {}


# -- digest --------------------------------------------------------------------------------------------------------


def test_the_digest_follows_what_is_rendered_and_nothing_else(tenants):
    tenants.tenant("acme")
    before = spec.digest(one(tenants))
    tenants.sql(
        "UPDATE tenants SET display_name = 'Other', state = 'stopped', ring = 3, tier = 'x', strategy = 'canary'"
    )
    assert spec.digest(one(tenants)) == before
    tenants.sql("UPDATE tenants SET version = '2'")
    changed = spec.digest(one(tenants))
    assert changed != before
    hold(tenants, "version", "1.0")
    assert spec.digest(one(tenants)) == before
