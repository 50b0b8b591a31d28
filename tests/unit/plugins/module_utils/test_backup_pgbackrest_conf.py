# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The configuration of pgBackRest."""

from __future__ import annotations

import configparser

import pytest

from ansible_collections.tenantry.platform.plugins.module_utils.backup_pgbackrest_conf import (
    Cluster,
    Settings,
    mounts,
    place,
    places,
    render,
    server_arguments,
)
from ansible_collections.tenantry.platform.plugins.module_utils.backup_repository import Repository
from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError

LOCAL = Repository("local", "posix", "/srv/backup", "one")
OFFSITE = Repository(
    "offsite", "s3", "/fleet", "two", "https://s3.test:8333", "backups", "eu-1", "/etc/ca.pem", "AK", "SK"
)
ACME = Cluster("acme", "postgres", user="app", database="shop")


def parsed(text: str) -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser(delimiters="=", comment_prefixes=())
    parser.read_string(text)
    return parser


def test_repositories_are_numbered_in_their_order_and_each_has_its_own_passphrase() -> None:
    found = parsed(render(ACME, [LOCAL, OFFSITE]))["global"]
    assert (found["repo1-type"], found["repo2-type"]) == ("posix", "s3")
    assert found["repo1-path"] == "/srv/backup/acme/postgres/pgbackrest"
    assert found["repo2-path"] == "/fleet/acme/postgres/pgbackrest"
    assert found["repo1-cipher-pass"] == LOCAL.passphrase_of("acme", "postgres")
    assert found["repo2-cipher-pass"] == OFFSITE.passphrase_of("acme", "postgres")
    assert found["repo1-cipher-type"] == found["repo2-cipher-type"] == "aes-256-cbc"
    assert "repo1-s3-bucket" not in found


def test_a_configuration_says_which_repositories_have_which_number() -> None:
    wanted = tuple(place(one, "acme", "postgres") for one in (LOCAL, OFFSITE))
    assert wanted == ("/srv/backup/acme/postgres/pgbackrest", "s3.test:8333/backups/fleet/acme/postgres/pgbackrest")
    assert places(render(ACME, [LOCAL, OFFSITE])) == wanted
    assert places(render(ACME, [OFFSITE, LOCAL])) == wanted[::-1]
    assert places(render(ACME, [])) == ()
    assert not [one for one in wanted if "one" in one or "SK" in one]


def test_s3_is_asked_with_the_path_in_front_and_its_certificate_checked() -> None:
    found = parsed(render(ACME, [OFFSITE]))["global"]
    assert found["repo1-s3-endpoint"] == "s3.test:8333"
    assert found["repo1-s3-uri-style"] == "path"
    assert found["repo1-storage-ca-file"] == "/etc/ca.pem"
    assert (found["repo1-s3-key"], found["repo1-s3-key-secret"]) == ("AK", "SK")


def test_nothing_expires_by_itself_and_blocks_are_stored_where_the_tool_can() -> None:
    assert parsed(render(ACME, [LOCAL]))["global"]["expire-auto"] == "n"
    assert "repo1-block" not in parsed(render(ACME, [LOCAL]))["global"]
    assert parsed(render(ACME, [LOCAL], Settings(block=True)))["global"]["repo1-block"] == "y"


def test_the_stanza_says_how_to_reach_the_server() -> None:
    found = parsed(render(ACME, [LOCAL]))["acme-postgres"]
    assert dict(found) == {
        "pg1-path": "/var/lib/postgresql/data",
        "pg1-socket-path": "/run/postgresql",
        "pg1-port": "5432",
        "pg1-user": "app",
        "pg1-database": "shop",
    }


def test_what_the_server_waits_for_gives_up_sooner() -> None:
    found = parsed(render(ACME, [LOCAL]))
    for name in ("global:archive-push", "global:archive-get"):
        assert int(found[name]["protocol-timeout"]) > int(found[name]["db-timeout"])
        assert int(found[name]["protocol-timeout"]) < int(found["global"]["protocol-timeout"])


def test_only_what_is_archived_passes_through_a_spool() -> None:
    found = parsed(render(ACME, [LOCAL]))
    assert [name for name in found if "archive-async" in found[name]] == ["global:archive-push"]


@pytest.mark.parametrize("change", [{"user": "app\nrepo1-path=/"}, {"data_path": "/x\n[global]"}, {"database": "a b"}])
def test_a_value_that_would_be_another_line_is_refused(change: dict[str, str]) -> None:
    with pytest.raises(TenantryError) as caught:
        render(Cluster("acme", "postgres", **change), [LOCAL])
    assert caught.value.error_kind == "invalid"


def test_the_server_hands_its_wal_to_its_own_stanza() -> None:
    words = server_arguments(ACME, 120)
    assert words[::2] == ["-c"] * 3
    assert words[1::2] == [
        "archive_mode=on",
        "archive_timeout=120",
        "archive_command=pgbackrest --stanza=acme-postgres archive-push %p",
    ]


def test_a_container_sees_its_own_part_of_a_directory_and_the_certificates() -> None:
    assert mounts([LOCAL, OFFSITE], "acme", "postgres") == [
        ("/srv/backup/acme/postgres/pgbackrest", True),
        ("/etc/ca.pem", False),
    ]
