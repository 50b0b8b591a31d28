# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a release renders for a database that archives its WAL."""

from __future__ import annotations

import copy
import json
import typing as t

import pytest

from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.plugin_utils.render import backups, compose, files
from ansible_collections.tenantry.platform.tests.unit.plugins.plugin_utils.render import builders

Spec = dict[str, t.Any]


@pytest.fixture
def of() -> Spec:
    return builders.with_backups()


def backing(of: Spec) -> dict[str, t.Any]:
    return t.cast("dict[str, t.Any]", compose.backing_project(of, builders.images(of)))


def configuration(of: Spec) -> dict[str, t.Any]:
    (found,) = (file for file in rendered(of) if "pgbackrest.conf" in file["path"])
    return found


def rendered(of: Spec) -> list[dict[str, t.Any]]:
    return files.release_files(of, builders.RELEASE, builders.images(of), {}, builders.repositories(of))


def test_the_configuration_is_a_secret_of_the_servers_user(of):
    found = configuration(of)
    assert (found["base"], found["mode"], found["owner"], found["sensitive"]) == ("shared", "0400", 999, True)
    assert found["path"].startswith("secrets/postgres/pgbackrest.conf-")
    assert "repo1-path=/srv/backup/gust/postgres/pgbackrest\n" in found["content"]
    assert "repo2-s3-key-secret=plain-secret_key\n" in found["content"]
    assert "pg1-user=app\n" in found["content"]


def test_no_secret_stands_in_what_others_can_read(of):
    texts = [file["content"] for file in rendered(of) if not file["sensitive"]]
    texts.append(json.dumps(files.manifest(of, builders.RELEASE, builders.resolved(of), rendered(of), None, "")))
    assert not [text for text in texts if "plain-" in text or "VAULT" in text or "TENANTRY_SECRET" in text]


@pytest.mark.parametrize("secret", ["access_key", "secret_key", "passphrase"])
def test_a_changed_key_moves_the_configuration_and_so_restarts_the_server(of, secret):
    other = copy.deepcopy(of)
    other["backups"][0]["repositories"][1][secret] = "env:TENANTRY_SECRET_NEW"
    assert configuration(of)["path"] != configuration(other)["path"]
    assert backing(of)["services"]["postgres"] != backing(other)["services"]["postgres"]
    assert backing(of)["services"]["redis"] == backing(other)["services"]["redis"]


def test_the_same_configuration_stays_where_it_is(of):
    assert configuration(of)["path"] == configuration(builders.with_backups())["path"]


def test_another_superuser_or_data_directory_is_another_configuration(of):
    other = copy.deepcopy(of)
    other["services"][0]["environment"]["PGDATA"] = "/var/lib/postgresql/data/cluster"
    assert "pg1-path=/var/lib/postgresql/data/cluster\n" in configuration(other)["content"]
    assert configuration(of)["path"] != configuration(other)["path"]


def test_the_servers_own_words_stay_before_those_of_archiving(of):
    assert backing(of)["services"]["postgres"]["command"][:3] == ["postgres", "-c", "work_mem=8MB"]
    of["services"][0]["command"] = None
    words = backing(of)["services"]["postgres"]["command"]
    assert words[:3] == ["postgres", "-c", "archive_mode=on"]
    assert "archive_timeout=30" in words


def test_a_way_out_is_there_for_the_database_alone_and_only_where_it_needs_one(of):
    assert {name: list(one["networks"]) for name, one in backing(of)["services"].items()} == {
        "postgres": ["backing", "backup"],
        "redis": ["backing"],
    }
    assert {one["name"]: one["internal"] for one in compose.networks(of)} == {
        "gust_default": False,
        "gust_backing": True,
        "gust_backup": False,
    }
    del of["backups"][0]["repositories"][1]
    assert list(backing(of)["networks"]) == ["backing"]
    assert len(compose.networks(of)) == 2


def test_the_manifest_says_what_a_later_run_needs(of):
    manifest = files.manifest(of, builders.RELEASE, builders.resolved(of), rendered(of), None, "")
    assert manifest["backups"] == [
        {
            "service": "postgres",
            "engine": "pgbackrest",
            "project_name": "gust",
            "database": {"user": "app", "name": "app", "password_file": None},
            "run_as": "999:999",
            "repositories": ["local", "offsite"],
            "directories": ["/srv/backup"],
        }
    ]
    assert manifest["generations"] == {"data": "r20261122t010203"}


def test_a_service_without_such_a_policy_is_as_it_was(of):
    without = {**of, "backups": []}
    server = backing(without)["services"]["postgres"]
    assert (server["command"], list(server["networks"])) == (["postgres", "-c", "work_mem=8MB"], ["backing"])
    assert [mount["type"] for mount in server["volumes"]] == ["volume"]
    assert backups.listed(without) == []


def test_a_release_is_not_rendered_without_its_secrets(of):
    with pytest.raises(TenantryError, match="secrets of backup repository local of tenant gust were not given"):
        files.release_files(of, builders.RELEASE, builders.images(of), {}, {})
