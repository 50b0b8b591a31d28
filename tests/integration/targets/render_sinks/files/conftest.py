# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tenants that go when their tests are done."""

from __future__ import annotations

import typing as t

import pytest
from engine import Tenant


@pytest.fixture(name="tenant", scope="module")
def tenant_fixture(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Tenant]:
    tenant = Tenant(tmp_path_factory.mktemp("node"))
    yield tenant
    tenant.remove()
