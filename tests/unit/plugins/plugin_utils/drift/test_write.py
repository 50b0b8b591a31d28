# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files a run writes, and how."""

from __future__ import annotations

import json
import os
import stat

import pytest

from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.plugin_utils.drift import summary
from ansible_collections.tenantry.platform.plugins.plugin_utils.drift.write import Places
from ansible_collections.tenantry.platform.tests.unit.plugins.plugin_utils.drift.drift_runs import (
    checked,
    finding,
    report,
    valid,
    verdict,
)

DEFAULTS = {"directory": None, "json": None, "html": None, "prometheus": None, "mode": "0640", "limited": True}


def places(**options):
    """From options."""
    return Places.of({**DEFAULTS, **options}.__getitem__)


def test_a_directory_gets_all_three_and_a_path_of_its_own_comes_first(tmp_path):
    made = places(directory=str(tmp_path), html="/elsewhere/fleet.html")
    assert made.wanted(limited=False, fleet=True) == {
        "json": str(tmp_path / "drift.json"),
        "html": "/elsewhere/fleet.html",
        "prometheus": str(tmp_path / "tenantry_drift.prom"),
    }
    assert places().wanted(limited=False, fleet=True) == {}


def test_metrics_of_the_fleet_survive_a_run_that_saw_a_part_of_it():
    made = places(directory="/reports")
    assert set(made.wanted(limited=True, fleet=True)) == {"json", "html"}
    assert set(made.wanted(limited=False, fleet=False)) == {"json", "html"}
    assert places(directory="/reports", limited=False).wanted(limited=True, fleet=True) == {}


def test_files_are_whole_and_have_their_modes(tmp_path):
    made = places(directory=str(tmp_path / "new" / "place"))
    data = report(checked(verdict("acme", "drift", finding())))
    wanted = made.wanted(limited=False, fleet=True)
    assert list(made.write(wanted, data)) == []
    directory = tmp_path / "new" / "place"
    modes = {name: stat.S_IMODE(os.stat(directory / name).st_mode) for name in os.listdir(directory)}
    assert modes == {"drift.json": 0o640, "drift.html": 0o640, "tenantry_drift.prom": 0o644}
    assert valid(json.loads((directory / "drift.json").read_bytes())) == data
    assert made.first_seen() == {data["findings"][0]["id"]: data["findings"][0]["first_seen"]}


def test_a_file_that_cannot_be_written_is_named_and_the_others_are_written(tmp_path):
    (tmp_path / "file").write_text("")
    made = places(json=str(tmp_path / "file" / "drift.json"), html=str(tmp_path / "drift.html"))
    problems = list(made.write(made.wanted(limited=False, fleet=True), report(checked(verdict("acme")))))
    assert [path for path, _why in problems] == [str(tmp_path / "file" / "drift.json")]
    assert (tmp_path / "drift.html").exists()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"schema": 1}', '{"schema": 1, "findings": [1], "ignored": []}'])
def test_a_broken_report_from_before_says_nothing(tmp_path, content):
    (tmp_path / "drift.json").write_text(content)
    assert places(directory=str(tmp_path)).first_seen() == {}


def test_a_mode_that_is_none_is_refused():
    with pytest.raises(TenantryError, match="mode rw-r----- is not octal"):
        places(mode="rw-r-----")


def test_the_report_in_one_line():
    known = finding(ignored_by={"reason": "known", "until": None})
    data = report(
        checked(verdict("acme", "drift", finding(), known), verdict("globex", "unreachable"), verdict("hooli"))
    )
    assert summary.line(data, {"json": "/reports/drift.json"}) == (
        "Drift report: 1 drift, 1 unreachable, 1 in_sync, 1 findings, 1 ignored, NOT COMPLETE: /reports/drift.json"
    )
