# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One node for all tests."""

from __future__ import annotations

import pytest
from node import Node


@pytest.fixture(name="node", scope="session")
def node_fixture() -> Node:
    return Node()
