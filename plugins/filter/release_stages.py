# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is done, one after the other, to make a release serve."""

from __future__ import annotations

DOCUMENTATION = r"""
name: release_stages
short_description: What is done, one after the other, to make a release serve
version_added: 0.1.0
author:
  - tenantry.platform contributors (@tenantry)
description:
  - Gives the tasks files of the role P(tenantry.platform.tenant#role) that a release needs to run, be routed and be
    current, in their order, and none that would find nothing to do.
positional: how, hooked
options:
  _input:
    description: Manifest of the release, as M(tenantry.platform.release_info) returns it.
    type: dict
    required: true
  how:
    description: What P(tenantry.platform.release_strategy#filter) says of it.
    type: dict
    required: true
  hooked:
    description: Events for which there is a hook.
    type: list
    elements: str
    default: []
  switching:
    description: Whether it takes the place of another release, by a deploy, a rollback or a promotion.
    type: bool
    default: false
  first_event:
    description: Event of the hooks that come before anything else.
    type: str
    default: ''
  jobs:
    description: Whether its jobs run, and the hooks around them.
    type: bool
    default: false
  in_place:
    description:
      - Digests of the backing services that run as they must, by name. A release that switches and has the same ones
        does not look after them again.
    type: dict
    default: {}
  parts:
    description: Weights of a canary, in percent.
    type: list
    elements: int
    default: []
  waits:
    description: Whether the canary then waits for somebody to decide.
    type: bool
    default: false
  promoting:
    description: Whether it was the canary that waited. What comes before its first request was done then.
    type: bool
    default: false
  closed:
    description: Whether its routes turn everybody away.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Say what is done
  ansible.builtin.debug:
    msg: "{{ target.manifest | tenantry.platform.release_stages(how) | map(attribute='file') | join(', ') }}"
  vars:
    how: "{{ target.manifest | tenantry.platform.release_strategy('blue_green') }}"
"""

RETURN = r"""
_value:
  description: >-
    One for each stage: C(file), the tasks file without C(.yml), and of hooks their C(event), of a turn of a rolling
    replacement its C(turn), of a canary its C(part) in percent.
  type: list
  elements: dict
"""

from ansible.errors import AnsibleFilterError

from ansible_collections.tenantry.platform.plugins.plugin_utils import strategies


def release_stages(manifest, how, hooked=(), **options):
    """See DOCUMENTATION."""
    try:
        return strategies.stages(manifest, how, hooked, **options)
    except (KeyError, TypeError, AttributeError) as error:
        raise AnsibleFilterError(f"no stages of this release: {type(error).__name__} {error}") from error


class FilterModule:
    """The filter."""

    def filters(self):
        """By name."""
        return {"release_stages": release_stages}
