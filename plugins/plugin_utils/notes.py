# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one run of ansible-playbook remembers for itself, also across reading the inventory again.

Facts may come from the cache of an earlier run, and no inventory plugin sees them. These notes stand in the run's own
temporary directory, which ansible-core removes at its end.
"""

from __future__ import annotations

import os
import typing as t

from ansible import constants

from ansible_collections.tenantry.platform.plugins.module_utils import durable

REQUEST = "request"  # the id that all holds of this run carry
RECOVERY = "recovery"  # the id of what is restored
PRETENDED = "pretended"  # holds that check mode would write, by tenant and field


def read(name: str) -> t.Any:
    """A note of this run, None where there is none."""
    return durable.read_json(_path(name))


def write(name: str, value: t.Any) -> None:
    """Remember something that JSON can hold."""
    durable.replace_json(_path(name), value)


def _path(name: str) -> str:
    return os.path.join(constants.DEFAULT_LOCAL_TMP, f"tenantry-{name}.json")
