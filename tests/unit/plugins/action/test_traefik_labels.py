# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action traefik_labels as a task calls it."""

from __future__ import annotations

import typing as t

import pytest
from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.play_context import PlayContext
from ansible.playbook.task import Task
from ansible.plugins.connection.local import Connection
from ansible.template import Templar

from ansible_collections.tenantry.platform.plugins.action.traefik_labels import ActionModule
from ansible_collections.tenantry.platform.tests.unit.plugins.plugin_utils.render import builders
from ansible_collections.tenantry.platform.tests.unit.plugins.plugin_utils.render.builders import RELEASE, spec


def run(*, check: bool = False, **arguments: t.Any) -> dict[str, t.Any]:
    task, context, loader = Task(), PlayContext(), DataLoader()
    task.args, task.async_val, task.check_mode = arguments, 0, check
    action = ActionModule(
        task=task,
        connection=Connection(context, "/dev/null"),
        play_context=context,
        loader=loader,
        templar=Templar(loader=loader),
        shared_loader_obj=None,
    )
    return t.cast("dict[str, t.Any]", action.run(task_vars={}))


def test_labels_and_what_they_lead_to_are_returned() -> None:
    assert run(spec=spec(), service="web", release=RELEASE) == {
        "changed": False,
        "labels": {
            "tenantry.managed": "true",
            "traefik.docker.network": "acme_default",
            "traefik.enable": "true",
            "traefik.http.services.acme-web-1f0c9a2e.loadbalancer.server.port": "8080",
        },
        "expect": {
            "routers": {"acme-main@file": {"rule": "Host(`acme.demo.test`)", "service": "acme-main", "priority": 1000}},
            "services": {"acme-web-1f0c9a2e@docker": 1},
        },
    }


def test_check_mode_tells_the_same() -> None:
    asked = {"spec": builders.by_labels(), "service": "green", "release": RELEASE}
    assert run(check=True, **asked) == run(**asked)


def test_an_edge_without_a_file_provider_gets_the_full_set() -> None:
    found = run(spec=spec(), service="web", release=RELEASE, via="labels")
    assert found["labels"]["traefik.http.routers.acme-1f0c9a2e-main.rule"] == "Host(`acme.demo.test`)"
    assert found["labels"]["traefik.http.routers.acme-1f0c9a2e-main.tls"] == "true"
    assert list(found["expect"]["routers"]) == ["acme-1f0c9a2e-main@docker"]
    assert not any("acme-web-1f0c9a2e" in label for label in found["labels"])


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"service": "nobody"}, "has no service 'nobody': name one of web"),
        ({"release": "latest"}, "no release id"),
        ({"spec": {"name": "acme"}}, "no spec of a tenant"),
        ({"spec": {}}, "no spec of a tenant"),
        ({"spec": spec(services=None)}, "no spec of a tenant"),
        ({"spec": spec(routes=["web"])}, "no spec of a tenant"),
        ({"spec": spec(routes=[builders.route(hostname="a.test`) || Host(`b.test")])}, "is no hostname"),
    ],
)
@pytest.mark.parametrize("via", ["spec", "labels"])
def test_wrong_input_fails_with_a_reason(changes: dict[str, t.Any], why: str, via: str) -> None:
    result = run(**{"spec": spec(), "service": "web", "release": RELEASE, "via": via, **changes})
    assert result["failed"] is True
    assert result["error_kind"] == "invalid"
    assert why in result["msg"]


@pytest.mark.parametrize("missing", ["spec", "service", "release"])
def test_what_is_required_is_required(missing: str) -> None:
    asked = {"spec": spec(), "service": "web", "release": RELEASE}
    del asked[missing]
    with pytest.raises(AnsibleError, match=missing):
        run(**asked)


def test_an_unknown_way_is_refused() -> None:
    with pytest.raises(AnsibleError, match="via"):
        run(spec=spec(), service="web", release=RELEASE, via="magic")
