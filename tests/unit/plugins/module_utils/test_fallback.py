# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When data from before a migration are loaded back: never when somebody may have written since."""

from __future__ import annotations

import pathlib
import typing as t

import pytest

from ansible_collections.tenantry.platform.plugins.module_utils import operation, release_states
from ansible_collections.tenantry.platform.plugins.module_utils.fallback import Fallback
from ansible_collections.tenantry.platform.plugins.module_utils.release_tree import ReleaseTree

OLD, NEW = "20261121T041833Z-00000001", "20261121T051833Z-00000002"
SNAPSHOTS = [{"service": "postgres", "engine": "pg_dump", "label": "20261121T051900.001Z-postgres-pg_dump"}]
HOLDER = {
    "by": "ann",
    "controller": "control",
    "controller_boot": "boot",
    "controller_pid": 1,
    "controller_pid_start": 1,
}
CLOSED = '{"http": {"services": {"acme-web": {"loadBalancer": {"servers": []}}}}}'


class Tenant:
    """One whose upgrade was guarded."""

    def __init__(self, root: pathlib.Path, routed: bool = True) -> None:
        self.root = root
        self.route = root / "acme.yml"
        self.tree = ReleaseTree(str(root), "acme")
        for release in (OLD, NEW):
            self.tree.prepare(
                release, [], {"tenant": "acme", "release": release, "files": {}, "operation": "op1", "hooks": []}
            )
        self.tree.activate(OLD)
        self.begin("op1")
        if routed:
            self.route.write_text(CLOSED, encoding="utf-8")
        self.record("guarded", release=NEW, snapshots=SNAPSHOTS, route_file=str(self.route))

    def record(self, state: str, check_mode: bool = False, **more: t.Any) -> dict[str, t.Any]:
        params = {"root": str(self.root), "tenant": "acme", "state": state, "operation": None, "release": None, **more}
        return release_states.run(params, check_mode)

    def begin(self, name: str, **more: t.Any) -> dict[str, t.Any]:
        held = operation.TenantLock(self.tree.deploy_path).read()
        params = {"root": str(self.root), "tenant": "acme", "id": name, "action": "deploy", "holder": HOLDER, "wait": 0}
        self.begun = operation.begin({**params, "takeover": held and held.token, "route_file": str(self.route), **more})
        return self.begun

    def end(self, outcome: str, **more: t.Any) -> None:
        operation.end({**self.begun["operation"], "outcome": outcome, "release": None, **more})

    def due(self) -> bool:
        return Fallback(self.tree).due(str(self.route)) is not None

    def serve(self, *releases: str) -> None:
        text = "".join(f'{{"name": "acme-web-{release[-8:]}@docker"}}' for release in releases)
        self.route.write_text(text, encoding="utf-8")


@pytest.fixture
def tenant(tmp_path: pathlib.Path) -> Tenant:
    return Tenant(tmp_path)


def test_while_users_are_turned_away_the_next_operation_has_to_load_back(tenant: Tenant) -> None:
    settle = tenant.begin("op2")["settle"]
    assert settle["fallback"]["snapshots"] == SNAPSHOTS
    assert (settle["serve"], settle["discard"]) == (OLD, [NEW])
    assert tenant.begin("op3")["settle"]["fallback"], "it was killed before it did"


def test_once_it_is_loaded_back_nobody_does_it_again(tenant: Tenant) -> None:
    tenant.begin("op2")
    assert tenant.record("unguarded", check_mode=True)["changed"]
    assert tenant.due()
    assert tenant.record("unguarded")["changed"]
    assert not tenant.record("unguarded")["changed"]
    assert tenant.begin("op3")["settle"]["fallback"] is None


@pytest.mark.parametrize("releases", [(NEW,), (OLD,), (OLD, NEW)])
def test_what_users_wrote_is_never_replaced(tenant: Tenant, releases: tuple[str, ...]) -> None:
    tenant.serve(*releases)
    assert tenant.begin("op2")["settle"]["fallback"] is None
    tenant.route.write_text(CLOSED, encoding="utf-8")
    assert not tenant.due(), "also when it is closed later on"


def test_a_route_that_somebody_took_away_says_nothing_and_nothing_is_replaced(tenant: Tenant) -> None:
    tenant.route.unlink()
    assert not tenant.due()


def test_of_a_tenant_without_routes_the_release_that_is_current_decides(tmp_path: pathlib.Path) -> None:
    tenant = Tenant(tmp_path, routed=False)
    assert tenant.due()
    tenant.tree.activate(NEW)
    assert not tenant.due()


def test_a_closed_tenant_whose_new_release_is_current_has_its_new_data(tenant: Tenant) -> None:
    tenant.tree.activate(NEW)
    assert tenant.begin("op2")["settle"]["fallback"] is None


@pytest.mark.parametrize(("outcome", "kept"), [("success", False), ("failure", False), ("fatal", True)])
def test_an_operation_that_ended_leaves_it_only_where_it_could_not_load_back(
    tenant: Tenant, outcome: str, kept: bool
) -> None:
    if outcome != "fatal":
        tenant.serve(OLD)
    tenant.end(outcome, route_file=str(tenant.route))
    assert (Fallback(tenant.tree).read() is not None) == kept
    settle = tenant.begin("op2")["settle"]
    assert (settle is not None) == kept, "the journal of the operation before says that it ended"


def test_who_does_not_say_where_the_route_is_changes_nothing(tenant: Tenant) -> None:
    tenant.end("success")
    tenant.begin("op2", route_file="")
    assert tenant.due()


def test_the_reader_of_a_release_says_what_is_due(tenant: Tenant) -> None:
    assert release_states.read(str(tenant.root), "acme", None)["fallback"] is None
    due = release_states.read(str(tenant.root), "acme", None, str(tenant.route))["fallback"]
    assert (due["release"], due["snapshots"]) == (NEW, SNAPSHOTS)
