# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Copies of tenants: like them inside, and unknown to everybody outside."""

from __future__ import annotations

import json

import pytest

from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.plugin_utils import copies, releasing
from ansible_collections.tenantry.platform.plugins.plugin_utils.render import names
from ansible_collections.tenantry.platform.tests.unit.plugins.plugin_utils.render import builders

RELEASE = builders.RELEASE


def rendered(purpose="drill", **changes):
    """Arguments of the module release, for the copy of a tenant of six services."""
    spec = {**builders.six_services(), **changes}
    return prepared(copies.copied(spec, purpose))


def prepared(copy):
    found = {
        one["image"]: {"digest": "sha256:" + "1" * 64, "ref": one["image"], "name": one["image"]}
        for one in copy["services"]
    }
    return releasing.prepare(copy, found, lambda _text: "plain", RELEASE, None)


def projects(made):
    return [json.loads(one["content"]) for one in made.files if one["path"] in ("compose.yaml", "backing.yaml")]


def test_a_copy_has_no_routes_no_records_and_no_hooks():
    made = rendered()
    assert made.manifest["route"] == {"file": None, "expect": {"routers": {}, "services": {}}}
    assert made.manifest["records"] == []
    assert made.manifest["hooks"] == []
    assert made.manifest["urls"] == []


def test_nothing_of_a_copy_is_seen_by_the_proxy_or_taken_for_a_tenants():
    for project in projects(rendered()):
        for service in project["services"].values():
            assert not [label for label in service["labels"] if label.startswith("traefik.")]
            assert service["labels"]["tenantry.purpose"] == "rehearsal"
            assert service["labels"]["tenantry.tenant"] == "acme--drill"


def test_a_copy_reaches_nobody_and_does_not_start_again_by_itself():
    made = rendered()
    assert all(one["internal"] for one in made.manifest["networks"])
    assert {one["restart"] for project in projects(made) for one in project["services"].values()} == {"no"}


def test_the_volumes_of_a_copy_are_its_own():
    volumes = [one["name"] for one in rendered(generations={"postgres": "r20261122t010203"}).manifest["volumes"]]
    assert volumes
    assert all(one.startswith("acme--drill_") and "-r2026" not in one for one in volumes)


def test_an_application_sees_the_name_of_its_tenant_and_can_see_that_it_is_a_copy():
    for project in projects(rendered("rehearsal")):
        for service in project["services"].values():
            assert service["environment"]["TENANTRY_TENANT"] == "acme"
            assert service["environment"]["TENANTRY_COPY"] == "rehearsal"


def test_a_drill_runs_no_jobs_and_a_rehearsal_does():
    kinds = [
        {one["kind"] for one in copies.copied(builders.six_services(), purpose)["services"]}
        for purpose in names.PURPOSES
    ]
    assert kinds == [{"app", "backing"}, {"app", "backing", "job"}]


def test_a_drill_runs_the_images_that_serve_and_only_their_services():
    spec = builders.six_services()
    images = {"web": {"name": "registry.example/web:0.9.0"}, "postgres": {"name": "registry.example/postgres:15"}}
    services = copies.copied(spec, "drill", images)["services"]
    assert {one["name"]: one["image"] for one in services} == {name: one["name"] for name, one in images.items()}
    assert all(set(one["depends_on"]) <= set(images) for one in services)


def test_no_tenant_can_be_called_like_a_copy():
    for name in ("acme--drill", "acme--rehearsal"):
        with pytest.raises(TenantryError):
            names.tenant_name(name)
    assert names.tenant_name(names.copy_name("acme", "drill")) == "acme--drill"


@pytest.mark.parametrize(
    ("tenant", "purpose"), [("acme", "holiday"), ("acme--drill", "drill"), ("../x", "drill"), ("Acme", "drill")]
)
def test_only_a_tenant_has_copies_and_only_for_what_they_are_for(tenant, purpose):
    with pytest.raises(TenantryError):
        names.copy_name(tenant, purpose)


def test_a_spec_that_says_it_is_a_copy_is_called_like_one():
    spec = copies.copied(builders.spec(), "drill")
    with pytest.raises(TenantryError):
        names.named({**spec, "name": "other--drill"})
    assert names.named(builders.spec())["name"] == "acme"


def test_nobody_is_led_to_a_copy():
    copy = copies.copied(builders.spec(), "drill")
    with pytest.raises(TenantryError):
        prepared({**copy, "routes": [builders.route()]})
