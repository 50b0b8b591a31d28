# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What killed runs of jobs and hooks left: removed by the next operation, and by nobody else."""

from __future__ import annotations

from ansible_collections.tenantry.platform.plugins.module_utils.stack_job import remove_left
from ansible_collections.tenantry.platform.tests.unit.plugins.module_utils.fake_engine import FakeClient


def container(name: str, state: str, tenant: str = "acme", **labels: str) -> tuple[dict, dict]:
    own = {
        "tenantry.managed": "true",
        "tenantry.tenant": tenant,
        **{key.replace("__", "."): value for key, value in labels.items()},
    }
    data = {"Id": name, "Name": f"/{name}", "Config": {"Labels": own, "StopTimeout": 7}, "State": {"Status": state}}
    return {"Id": name, "Labels": own}, data


def client(*containers: tuple[dict, dict]) -> FakeClient:
    return FakeClient(
        entries=[entry for entry, _data in containers], details={entry["Id"]: data for entry, data in containers}
    )


def one_off(name: str, state: str, operation: str, tenant: str = "acme", purpose: str = "job") -> tuple[dict, dict]:
    labels = {"com__docker__compose__oneoff": "True", "tenantry__operation": operation, "tenantry__purpose": purpose}
    return container(name, state, tenant, **labels)


def test_jobs_of_operations_that_do_not_live_are_removed_and_stopped_with_their_own_grace_period() -> None:
    engine = client(one_off("ran", "exited", "01"), one_off("runs", "running", "02"), one_off("made", "created", "01"))
    result = remove_left(engine.engine(), "acme", "03", 0, False)
    assert result["changed"]
    assert sorted(result["removed"]) == ["made", "ran", "runs"]
    assert [call for call in engine.calls if call.startswith("stop")] == ["stop runs 7"]
    assert engine.details == {}
    assert not remove_left(engine.engine(), "acme", "03", 0, False)["changed"]


def test_a_migration_that_works_on_is_waited_for_and_one_that_hangs_is_stopped() -> None:
    ends = client(one_off("ends", "running", "01", purpose="migration"))
    looks = []

    def inspect(name: str) -> dict:
        looks.append(name)
        if len(looks) > 2:
            ends.details["ends"]["State"]["Status"] = "exited"
        return ends.details["ends"]

    ends.inspect_container = inspect
    remove_left(ends.engine(), "acme", "03", 30, False)
    assert len(looks) > 2
    hangs = client(one_off("hangs", "running", "01", purpose="migration"))
    assert remove_left(hangs.engine(), "acme", "03", 0, False)["removed"] == ["hangs"]
    assert "stop hangs 7" in hangs.calls


def test_what_lives_and_what_is_not_ours_stays() -> None:
    engine = client(
        one_off("own", "running", "03"),
        one_off("of-another-tenant", "exited", "01", tenant="bolt"),
        container("by-hand", "running", com__docker__compose__oneoff="True"),
        container("service", "running", tenantry__operation="01", com__docker__compose__oneoff="False"),
        container("plain", "exited"),
    )
    result = remove_left(engine.engine(), "acme", "03", 0, False)
    assert not result["changed"]
    assert result["removed"] == []
    assert engine.calls == []


def test_check_mode_foretells_it() -> None:
    engine = client(one_off("ran", "exited", "01"))
    result = remove_left(engine.engine(), "acme", "03", 0, True)
    assert result["changed"]
    assert result["diff"] == {"before": {"ran": "present"}, "after": {}}
    assert engine.calls == []
