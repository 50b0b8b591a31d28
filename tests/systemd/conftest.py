# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real systemd in namespaces of its own on this machine, and a fleet that it watches."""

from __future__ import annotations

import typing as t

import pytest
from controller import Controller


def pytest_configure(config: pytest.Config) -> None:
    """Name the mark of what `make test` leaves to `make systemd`."""
    config.addinivalue_line("markers", "long: not part of make test")


@pytest.fixture(name="controller", scope="session")
def controller_fixture(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Controller]:
    controller = Controller(tmp_path_factory.mktemp("controller"))
    try:
        controller.boot()
        controller.make_fleet()
        yield controller
    finally:
        controller.stop()
