# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Repositories of backups: whose part is where, and under which passphrase."""

from __future__ import annotations

import pytest

from ansible_collections.tenantry.platform.plugins.module_utils.backup_repository import (
    Repository,
    from_options,
    part,
)
from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError

POSIX = {"name": "local", "kind": "posix", "path": "/srv/backup", "passphrase": "correct horse"}
S3 = {
    **POSIX,
    "name": "offsite",
    "kind": "s3",
    "path": "fleet/",
    "endpoint": "s3.test:8333",
    "bucket": "backups",
    "access_key": "AK",
    "secret_key": "SK",
}


def test_the_passphrase_of_a_service_is_the_same_for_ever() -> None:
    # Computed once by `openssl dgst -sha256 -hmac`: another value would make every backup unreadable.
    repository = Repository.from_option(POSIX)
    assert repository.passphrase_of("acme", "postgres") == (
        "707bcab8dde878fd74ab0c5c4ef2ce2edf71dc6cb1b21153b7edb738af3d2571"
    )


def test_every_service_of_every_tenant_in_every_repository_has_a_passphrase_of_its_own() -> None:
    one, other = Repository.from_option(POSIX), Repository.from_option({**POSIX, "passphrase": "another"})
    pairs = [("acme", "postgres"), ("acme", "redis"), ("bolt", "postgres"), ("a-b", "c"), ("a", "b-c")]
    found = {repository.passphrase_of(*pair) for repository in (one, other) for pair in pairs}
    assert len(found) == 10


def test_secrets_do_not_appear_when_a_repository_is_printed() -> None:
    assert "correct horse" not in repr(Repository.from_option(S3))
    assert "SK" not in repr(Repository.from_option(S3))


def test_every_service_has_a_place_of_its_own() -> None:
    assert Repository.from_option(POSIX).place("acme", "postgres", "restic") == "/srv/backup/acme/postgres/restic"
    assert Repository.from_option(S3).place("acme", "postgres", "restic") == "/fleet/acme/postgres/restic"
    assert Repository.from_option({**S3, "path": "/"}).place("acme", "db", "restic") == "/acme/db/restic"


def test_an_endpoint_without_a_scheme_is_one_over_tls() -> None:
    assert Repository.from_option(S3).endpoint == "https://s3.test:8333"
    assert Repository.from_option(S3).host == "s3.test:8333"


@pytest.mark.parametrize(
    "change",
    [
        {"path": "srv/backup"},
        {"path": "/srv/../etc"},
        {"path": "/srv/back up"},
        {"passphrase": " "},
        {"passphrase": "two\nlines"},
        {"name": "Two Words"},
    ],
)
def test_what_no_configuration_can_hold_is_refused(change: dict[str, str]) -> None:
    with pytest.raises(TenantryError) as caught:
        Repository.from_option({**POSIX, **change})
    assert caught.value.error_kind == "invalid"
    assert "two\nlines" not in caught.value.message


@pytest.mark.parametrize(
    "change",
    [
        {"endpoint": "http://s3.test"},
        {"endpoint": "https://s3.test/bucket"},
        {"endpoint": "s3.test\nrepo1-path=/"},
        {"bucket": "UPPER"},
        {"region": "eu west"},
        {"secret_key": "a\rb"},
    ],
)
def test_an_address_that_is_none_is_refused(change: dict[str, str]) -> None:
    with pytest.raises(TenantryError) as caught:
        Repository.from_option({**S3, **change})
    assert caught.value.error_kind == "invalid"


def test_two_repositories_of_one_name_are_refused() -> None:
    with pytest.raises(TenantryError, match="two repositories are called local"):
        from_options([POSIX, {**POSIX, "path": "/mnt"}])


@pytest.mark.parametrize("name", ["", "..", "a/b", "-a", "a b", "A", "a" * 64])
def test_a_name_that_is_no_part_of_a_path_is_refused(name: str) -> None:
    with pytest.raises(TenantryError):
        part(name, "tenant")
