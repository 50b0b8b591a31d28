# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What counts as proof that something restored is sound; the real servers are in the integration targets."""

from __future__ import annotations

import pytest

from ansible_collections.tenantry.platform.plugins.module_utils import backup_check, tenant_copy
from ansible_collections.tenantry.platform.plugins.module_utils.backup_check import Check
from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError


def said(answer: str) -> dict[str, object]:
    return backup_check._done(backup_check._rows("select", lambda: answer))


@pytest.mark.parametrize("answer", ["t", "1", "0.5", "123456"])
def test_a_number_above_zero_or_true_is_what_a_row_check_wants(answer: str) -> None:
    assert said(answer)["status"] == "passed"


@pytest.mark.parametrize("answer", ["f", "0", "-1", "", "nan", "1\n2", "many"])
def test_anything_else_is_no_proof(answer: str) -> None:
    found = said(answer)
    assert (found["status"], str(found["message"])[:10]) == ("failed", "it answers")


def test_a_policy_without_a_row_check_proves_nothing_and_fails_nothing() -> None:
    assert backup_check._done(backup_check._rows("", lambda: "0"))["status"] == "absent"


def test_a_tool_that_an_image_lacks_is_no_reason_to_doubt_its_data() -> None:
    def lacks() -> str:
        raise TenantryError("no pg_amcheck", "tool_missing")

    assert backup_check._done(Check("pg_amcheck", lacks))["status"] == "absent"


@pytest.mark.parametrize(
    ("name", "tool"),
    [
        ("dump.rdb", "redis-check-rdb"),
        ("appendonly.aof.1.base.rdb", "redis-check-rdb"),
        ("appendonly.aof.manifest", "redis-check-aof"),
        ("appendonly.aof", "redis-check-aof"),
        ("appendonly.aof.1.incr.aof", ""),
        ("nodes.conf", ""),
    ],
)
def test_each_file_of_redis_is_read_by_the_tool_that_knows_it(name: str, tool: str) -> None:
    assert backup_check._redis_tool(name) == tool


@pytest.mark.parametrize("name", ["acme--drill", "acme--rehearsal", "a--drill"])
def test_a_copy_is_known_by_its_name(name: str) -> None:
    assert tenant_copy.NAME.fullmatch(name)


@pytest.mark.parametrize(
    "name", ["acme", "acme-drill", "--drill", "acme--", "../acme--drill", "acme--drill/x", "Acme--drill"]
)
def test_what_could_be_a_tenant_or_a_path_is_no_copy(name: str) -> None:
    assert not tenant_copy.NAME.fullmatch(name)
