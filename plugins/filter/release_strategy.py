# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Steps by which a release takes the place of another one."""

from __future__ import annotations

DOCUMENTATION = r"""
name: release_strategy
short_description: Steps by which a release takes the place of another one
version_added: 0.1.0
author:
  - tenantry.platform contributors (@tenantry)
description:
  - Compares the manifests of two releases and says how the new one can take the place of the old one with the strategy
    that the tenant wants.
  - Where there is nothing between that could be served by both, because there is no old release, because a route is by
    labels alone, or because there is a single replica, the strategies V(canary) and V(rolling) are V(blue_green).
positional: strategy, old
options:
  _input:
    description: Manifest of the new release, as M(tenantry.platform.release_info) returns it.
    type: dict
    required: true
  strategy:
    description: What the tenant wants.
    type: str
    choices: [blue_green, canary, rolling, recreate]
    required: true
  old:
    description: Manifest of the release that serves, if there is one.
    type: dict
"""

EXAMPLES = r"""
- name: Say how it is replaced
  ansible.builtin.debug:
    msg: "{{ (target.manifest | tenantry.platform.release_strategy(tenant.strategy, serving.manifest)).way }}"
"""

RETURN = r"""
_value:
  description: >-
    C(way), the strategy that is possible; C(serving) and C(workers), the app services that take requests and those that
    do not; and C(turns) of a rolling replacement.
  type: dict
"""

from ansible.errors import AnsibleFilterError

from ansible_collections.tenantry.platform.plugins.plugin_utils import strategies


def release_strategy(manifest, strategy, old=None):
    """See DOCUMENTATION."""
    try:
        way = strategies.way(strategy, manifest, old)
        return {
            "way": way,
            "serving": strategies.serving(manifest),
            "workers": strategies.workers(manifest),
            "turns": strategies.turns(manifest, old) if way == "rolling" else [],
        }
    except (KeyError, TypeError, AttributeError) as error:
        raise AnsibleFilterError(f"this is no manifest of a release: {type(error).__name__} {error}") from error


class FilterModule:
    """The filter."""

    def filters(self):
        """By name."""
        return {"release_strategy": release_strategy}
