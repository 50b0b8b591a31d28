# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compose files read as the services they want."""

from __future__ import annotations

import json

import pytest

from ansible_collections.tenantry.platform.plugins.module_utils.compose_cli import Compose
from ansible_collections.tenantry.platform.plugins.module_utils.engine import Engine
from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.module_utils.stack_project import Project, load

LABELS = {"tenantry.managed": "true", "tenantry.tenant": "acme", "tenantry.spec_digest": "sha256:1"}


def project(tmp_path, services: dict, **parts) -> Project:
    data = {"services": services, "networks": {"default": {"name": "acme_default", "external": True}}, **parts}
    (tmp_path / "compose.yaml").write_text(json.dumps(data), encoding="utf-8")
    return load(Compose(Engine(None, ""), "acme-1f0c9a2e", str(tmp_path), ("compose.yaml",)))


def service(**fields) -> dict:
    return {"image": "app", "labels": LABELS, **fields}


def test_a_service_runs_once_on_the_default_network_unless_it_says_otherwise(tmp_path) -> None:
    found = project(
        tmp_path,
        {
            "web": service(),
            "two": service(deploy={"replicas": 2}, networks={"default": {"aliases": ["x"]}}),
            "none": service(scale=0, network_mode="none"),
            "host": service(network_mode="host"),
            "beside": service(network_mode="service:web"),
        },
    )
    assert found.owner == "acme"
    assert {name: one.replicas for name, one in found.services.items()} == {
        "web": 1,
        "two": 2,
        "none": 0,
        "host": 1,
        "beside": 1,
    }
    assert found.services["web"].networks == found.services["two"].networks == {"acme_default"}
    assert found.services["none"].networks == {"none"}
    assert found.services["host"].networks == {"host"}
    assert found.services["beside"].networks is None


def test_labels_and_dependencies_may_be_lists_or_mappings(tmp_path) -> None:
    labels = [f"{key}={value}" for key, value in LABELS.items()]
    found = project(
        tmp_path,
        {"web": service(labels=labels, depends_on=["db"]), "db": service(depends_on={"q": {}}), "q": service()},
    )
    assert found.services["web"].labels == LABELS
    assert found.services["web"].depends_on == ("db",)
    assert found.services["db"].depends_on == ("q",)


def test_a_doubled_dollar_is_one(tmp_path) -> None:
    found = project(tmp_path, {"web": service(labels={**LABELS, "x": "a$$b"}, image="reg/a$$b")})
    assert found.services["web"].labels["x"] == "a$b"
    assert found.services["web"].image == "reg/a$b"


def test_profiles_switch_services_on_and_names_choose_among_all(tmp_path) -> None:
    found = project(tmp_path, {"web": service(), "migrate": service(profiles=["job"])})
    assert set(found.chosen((), ())) == {"web"}
    assert set(found.chosen(("job",), ())) == {"web", "migrate"}
    assert set(found.chosen((), ("migrate",))) == {"migrate"}
    with pytest.raises(TenantryError, match="has no service wed; it has migrate, web"):
        found.chosen((), ("wed",))


@pytest.mark.parametrize(
    ("services", "parts", "words"),
    [
        ({}, {}, "no service"),
        ({"web": {"image": "app"}}, {}, "these lack it: web"),
        ({"web": service(), "x": service(labels={"tenantry.managed": "true"})}, {}, "they name: , acme"),
        ({"web": service()}, {"networks": {}}, "network default in compose.yaml is not external"),
        (
            {"web": service()},
            {"volumes": {"data": {"name": "acme_data"}}},
            "volume data in compose.yaml is not external",
        ),
        ({"web": service()}, {"volumes": {"data": None}}, "volume data in compose.yaml is not external"),
    ],
)
def test_what_would_leave_objects_without_our_labels_is_refused(tmp_path, services, parts, words) -> None:
    with pytest.raises(TenantryError, match=words) as caught:
        project(tmp_path, services, **parts)
    assert caught.value.error_kind == "invalid"


def test_the_platforms_own_services_name_no_tenant(tmp_path) -> None:
    labels = {"tenantry.managed": "true", "tenantry.spec_digest": "sha256:1"}
    assert project(tmp_path, {"edge": service(labels=labels)}).owner == ""


def test_a_missing_file_says_that_there_is_no_release(tmp_path) -> None:
    with pytest.raises(TenantryError, match=r"has no file .*compose.yaml: prepare its release first") as caught:
        load(Compose(Engine(None, ""), "acme-1f0c9a2e", str(tmp_path), ("compose.yaml",)))
    assert caught.value.error_kind == "files_missing"
