# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From names of repositories to what modules are given: secrets are had on the controller, and told nobody."""

from __future__ import annotations

import types

import pytest

from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.plugin_utils import backing_up, repositories

KNOWN = {
    "local": {"kind": "posix", "path": "/srv/backup", "endpoint": None, "access_key": None, "passphrase": "env:PHRASE",
              "retention_days": None},
    "offsite": {"kind": "s3", "path": "/fleet", "endpoint": "https://s3.example.com", "access_key": "env:KEY",
                "passphrase": "$ANSIBLE_VAULT;1.1;AES256\n3031", "retention_days": 90},
}  # fmt: skip


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    monkeypatch.setenv("PHRASE", "hunter2")
    monkeypatch.setenv("KEY", "access")


def options(*wanted):
    return repositories.options(wanted, "acme", KNOWN, lambda text: f"plain {text[-4:]}")


def test_a_name_becomes_a_whole_repository():
    assert options("offsite", "local") == [
        {"name": "offsite", "kind": "s3", "path": "/fleet", "endpoint": "https://s3.example.com",
         "access_key": "access", "passphrase": "plain 3031", "retention_days": 90},
        {"name": "local", "kind": "posix", "path": "/srv/backup", "passphrase": "hunter2"},
    ]  # fmt: skip


def test_a_repository_that_is_written_out_stays_as_it_is():
    given = {"name": "own", "kind": "posix", "path": "/own", "passphrase": "env:PHRASE"}
    assert options(given) == [given]


def test_each_tenant_may_have_keys_of_its_own(monkeypatch):
    monkeypatch.setenv("PHRASE_acme", "of acme alone")
    known = {"local": {**KNOWN["local"], "passphrase": "env:PHRASE_{tenant}"}}
    assert repositories.options(["local"], "acme", known, str)[0]["passphrase"] == "of acme alone"


def test_an_unknown_name_is_refused_with_those_that_there_are():
    with pytest.raises(TenantryError, match=r"no backup repository lost.*there are local, offsite") as raised:
        options("lost")
    assert raised.value.error_kind == "unknown_repository"


def test_a_secret_that_cannot_be_had_is_named_and_not_shown(monkeypatch):
    monkeypatch.delenv("PHRASE")
    with pytest.raises(TenantryError, match="passphrase of backup repository local is in the environment variable"):
        options("local")
    known = {"local": {**KNOWN["local"], "passphrase": "hunter2"}}
    with pytest.raises(TenantryError, match="passphrase of backup repository local is neither") as raised:
        repositories.options(["local"], "acme", known, str)
    assert "hunter2" not in raised.value.message


class Step(backing_up.BackupStepBase):
    """Without ansible around it."""

    def __init__(self, ran):
        self._task = types.SimpleNamespace(action="tenantry.platform.backup", check_mode=False, async_val=0)
        self._loader = types.SimpleNamespace(_vault=types.SimpleNamespace(decrypt=lambda _text: b"plain"))
        self.ran = ran

    def _execute_module(self, module_args=None, **_rest):
        self.ran.append(module_args["repositories"])
        return {"changed": True}


def test_a_module_is_given_whole_repositories():
    ran = []
    result = Step(ran).step({"repositories": ["offsite"]}, {"tenantry_repositories": KNOWN})
    assert result == {"changed": True}
    assert ran[0][0]["passphrase"] == "plain"


def test_a_module_does_not_run_without_them():
    ran = []
    result = Step(ran).step({"repositories": ["lost"]}, {})
    assert (result["failed"], result["error_kind"], ran) == (True, "unknown_repository", [])
