# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text of a systemd unit from data."""

from __future__ import annotations

DOCUMENTATION = r"""
name: systemd_unit
short_description: Write a systemd unit from data
version_added: 0.1.0
author:
  - tenantry.platform contributors (@tenantry)
description:
  - Serializes settings so that systemd reads each value as it was given. Quotes, backslashes and C(%) are escaped, and
    C($) on command lines is not expanded.
  - A value with a line break or another control character is refused.
positional: comment
options:
  _input:
    description:
      - Settings by section. A string is taken as it stands; a list is words; a dictionary is one assignment for each
        environment variable; a list in a setting that begins with C(Exec) is a command and its arguments.
      - Booleans become C(yes) and C(no). What is empty is left out.
    type: dict
    required: true
  comment:
    description: Lines for the top of the file.
    type: str
    default: ''
seealso:
  - plugin: tenantry.platform.systemd_environment
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Write a unit whose arguments come from elsewhere
  ansible.builtin.copy:
    content: "{{ unit | tenantry.platform.systemd_unit(comment='Written by Ansible.') }}"
    dest: /etc/systemd/system/hello.service
    mode: "0644"
  vars:
    unit:
      Unit:
        Description: Say hello
      Service:
        Type: oneshot
        ExecStart: [/usr/bin/printf, "%s\n", "{{ greeting }}"]
"""

RETURN = r"""
_value:
  description: Content of the unit file.
  type: str
"""

from ansible.errors import AnsibleFilterError

from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.plugin_utils.render import systemd


def systemd_unit(sections, comment=""):
    """Face: hand over, and fail as a filter does."""
    try:
        return systemd.unit(sections, comment)
    except TenantryError as error:
        raise AnsibleFilterError(error.message) from error


class FilterModule:
    """Names of the filters in this file."""

    def filters(self):
        """As Ansible asks for them."""
        return {"systemd_unit": systemd_unit}
