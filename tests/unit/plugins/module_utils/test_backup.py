# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Several repositories: each by itself, and what follows for all."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.tenantry.platform.plugins.module_utils import backup
from ansible_collections.tenantry.platform.plugins.module_utils.backup import Outcome, of_each
from ansible_collections.tenantry.platform.plugins.module_utils.backup_driver import (
    SNAPSHOT,
    Backup,
    Choice,
    Finding,
    Keep,
)
from ansible_collections.tenantry.platform.plugins.module_utils.backup_options import Request
from ansible_collections.tenantry.platform.plugins.module_utils.backup_restore import choose
from ansible_collections.tenantry.platform.plugins.module_utils.backup_server import Account
from ansible_collections.tenantry.platform.plugins.module_utils.backup_spool import Spool
from ansible_collections.tenantry.platform.plugins.module_utils.engine import Engine
from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.module_utils.polling import Deadline

KEEP = Keep(30, 3)


def made(label: str, repository: str = "local", at: str = "2026-11-22T01:00:00Z", **more: t.Any) -> Backup:
    return Backup(label, "pg_dump", SNAPSHOT, repository, at, at, 10, 100, **more)


@dataclasses.dataclass
class Broken:
    """A driver of which some repositories fail.

    :ivar failing: name to the kind of its failure.
    """

    repositories: tuple[str, ...]
    failing: dict[str, str]
    findings: tuple[Finding, ...] = ()
    finished: bool = False
    limits: list[float] = dataclasses.field(default_factory=list)

    def _fail(self, repository: str) -> None:
        if repository in self.failing:
            raise TenantryError(f"{repository} is broken", self.failing[repository])

    def check(self, deadline: Deadline) -> None:
        pass

    def prepare(self, deadline: Deadline) -> None:
        pass

    def make(self, repository: str, deadline: Deadline) -> list[Backup]:
        self.limits.append(deadline.seconds)
        self._fail(repository)
        return [made("new", repository)]

    def finish(self) -> None:
        self.finished = True

    def backups(self, repository: str, *_rest: object) -> list[Backup]:
        self._fail(repository)
        return [made("old", repository)]

    def verify(self, repository: str, *_rest: object) -> list[Finding]:
        self._fail(repository)
        return [one for one in self.findings if one.repository == repository]

    def prune(self, repository: str, *_rest: object) -> list[str]:
        self._fail(repository)
        return ["old"]


@pytest.fixture
def request_(tmp_path: t.Any) -> Request:
    spool = Spool(str(tmp_path), "acme", "postgres")
    return Request(
        Engine(None, "unix:///none"), "acme", "postgres", "pg_dump", (), "/snapshots", Account("app", "app"), spool
    )


def test_a_repository_that_fails_does_not_hide_that_the_other_has_its_backup(request_: Request) -> None:
    driver = Broken(("local", "offsite"), {"local": "repository_unreachable"})
    with pytest.raises(TenantryError) as caught:
        backup._present(request_, driver, Deadline(60))
    result = caught.value.as_result()
    assert result["error_kind"] == "backup_partial"
    assert "kept in offsite and not kept in local (local: local is broken)" in result["msg"]
    assert result["changed"]
    assert [(one["name"], one["ok"]) for one in result["repositories"]] == [("local", False), ("offsite", True)]
    assert result["repositories"][1]["backups"][0]["label"] == "new"
    assert driver.finished


def test_when_all_fail_alike_the_failure_is_theirs(request_: Request) -> None:
    for failing, kind in (
        ({"local": "disk_full", "offsite": "disk_full"}, "disk_full"),
        ({"local": "disk_full", "offsite": "backup_timeout"}, "backup_failed"),
    ):
        with pytest.raises(TenantryError) as caught:
            backup._present(request_, Broken(("local", "offsite"), failing), Deadline(60))
        assert caught.value.error_kind == kind
        assert not caught.value.details["changed"]


def test_a_repository_that_hangs_has_its_share_of_the_time_alone(request_: Request) -> None:
    driver = Broken(("one", "two", "three"), {})
    backup._present(request_, driver, Deadline(90))
    assert [round(seconds) for seconds in driver.limits] == [30, 45, 90]


def test_the_message_tells_size_duration_and_where(request_: Request) -> None:
    result = backup._present(request_, Broken(("local", "offsite"), {}), Deadline(60))
    assert result["msg"].startswith("pg_dump of service postgres of tenant acme: 100 bytes in ")
    assert result["msg"].endswith("kept in local, offsite")
    assert result["labels"] == ["new"]
    assert result["diff"]["after"] == {"backups": {"local": ["new"], "offsite": ["new"]}}


def test_damage_is_told_before_what_could_not_be_read(request_: Request) -> None:
    finding = Finding("local", "old", "a byte is another one")
    driver = Broken(("local", "offsite"), {"offsite": "repository_unreachable"}, (finding,))
    with pytest.raises(TenantryError, match="local: old: a byte is another one") as caught:
        backup._verified(request_, driver, Deadline(60))
    assert caught.value.error_kind == "backup_damaged"
    with pytest.raises(TenantryError) as caught:
        backup._verified(request_, Broken(("local", "offsite"), {"offsite": "disk"}), Deadline(60))
    assert caught.value.error_kind == "backup_unverified"
    assert backup._verified(request_, Broken(("local",), {}), Deadline(60))["findings"] == []


def test_pruning_names_what_is_gone(request_: Request) -> None:
    result = backup._pruned(request_, Broken(("local", "offsite"), {}), Deadline(60), KEEP, check_mode=False)
    assert result["changed"]
    assert result["removed"] == {"local": ["old"], "offsite": ["old"]}
    with pytest.raises(TenantryError) as caught:
        backup._pruned(request_, Broken(("local", "offsite"), {"local": "x"}), Deadline(60), KEEP, check_mode=False)
    assert caught.value.error_kind == "backup_partial"


def outcomes(*backups: Backup, broken: str = "") -> list[Outcome[list[Backup]]]:
    names = list(dict.fromkeys(one.repository for one in backups))
    found = [Outcome(name, 0.0, [one for one in backups if one.repository == name]) for name in names]
    failed = [Outcome[list[Backup]](broken, 0.0, error=TenantryError("it is away", "x"))] if broken else []
    return [*failed, *found]


def test_the_newest_whole_backup_is_restored_and_of_two_alike_the_first() -> None:
    found = outcomes(
        made("a", at="2026-11-20T00:00:00Z"),
        made("b", at="2026-11-21T00:00:00Z"),
        made("c", at="2026-11-22T00:00:00Z", error="torn"),
        made("b", "offsite", at="2026-11-21T00:00:00Z"),
    )
    assert choose("it", found, Choice()) == found[0].value[1]
    assert choose("it", found, Choice(), ("offsite",)).repository == "offsite"
    assert choose("it", found, Choice(label="a")).label == "a"


def test_nothing_newer_than_the_wanted_moment_is_restored() -> None:
    found = outcomes(made("a", at="2026-11-20T00:00:00.500Z"), made("b", at="2026-11-21T00:00:00Z"))
    assert choose("it", found, Choice(target_time="2026-11-20T23:00:00Z")).label == "a"
    assert choose("it", found, Choice(target_time="2026-11-21T01:00:00+01:00")).label == "b"
    with pytest.raises(TenantryError, match="from before 2026-11-19") as caught:
        choose("it", found, Choice(target_time="2026-11-19T00:00:00Z"))
    assert caught.value.error_kind == "backup_missing"


def test_a_repository_that_is_away_is_named_when_no_other_has_a_backup() -> None:
    with pytest.raises(TenantryError, match="offsite: it is away"):
        choose("it", outcomes(broken="offsite"), Choice())
    assert choose("it", outcomes(made("a"), broken="offsite"), Choice()).label == "a"


def test_of_backups_of_several_volumes_one_has_to_be_named() -> None:
    found = outcomes(made("a", source="acme_one"), made("a", source="acme_two"))
    with pytest.raises(TenantryError, match="acme_one, acme_two: say of which"):
        choose("it", found, Choice())
    assert choose("it", found, Choice(source="acme_two")).source == "acme_two"


def test_a_volume_that_a_restore_made_is_the_same_as_the_one_before() -> None:
    first, second = (
        made("a", source="acme_data"),
        made("b", at="2026-11-22T02:00:00Z", source="acme_data-r20261122t013000"),
    )
    both = [Outcome("local", 0.0, [first, second])]
    assert choose("files", both, Choice()) == second
    assert choose("files", both, Choice(source="acme_data")) == second
    assert choose("files", both, Choice(source="acme_data", target_time="2026-11-22T01:30:00Z")) == first
    other = [Outcome("local", 0.0, [first, made("c", at="2026-11-22T03:00:00Z", source="acme_data-old")])]
    assert choose("files", other, Choice(source="acme_data")) == first


def test_every_repository_is_asked_though_one_fails() -> None:
    driver = Broken(("a", "b"), {"a": "x"})
    found = of_each(driver, Deadline(60), driver.backups)
    assert [(one.repository, one.error is None) for one in found] == [("a", False), ("b", True)]
