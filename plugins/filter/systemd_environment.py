# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text of an environment file of systemd from data."""

from __future__ import annotations

DOCUMENTATION = r"""
name: systemd_environment
short_description: Write a file for EnvironmentFile of a systemd unit
version_added: 0.1.0
author:
  - tenantry.platform contributors (@tenantry)
description:
  - Quotes values so that systemd reads each as it was given, and refuses line breaks and other control characters.
  - A refusal names the variable and never its value.
options:
  _input:
    description: Values by name of the environment variable.
    type: dict
    required: true
seealso:
  - plugin: tenantry.platform.systemd_unit
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Write what a service must not have on its command line
  ansible.builtin.copy:
    content: "{{ {'TENANTRY_DATABASE_PASSWORD': password} | tenantry.platform.systemd_environment }}"
    dest: /etc/tenantry/hello.env
    mode: "0600"
  no_log: true
"""

RETURN = r"""
_value:
  description: Content of the file, sorted by name.
  type: str
"""

from ansible.errors import AnsibleFilterError

from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.plugin_utils.render import systemd


def systemd_environment(variables):
    """Face: hand over, and fail as a filter does."""
    try:
        return systemd.environment(variables)
    except TenantryError as error:
        raise AnsibleFilterError(error.message) from error


class FilterModule:
    """Names of the filters in this file."""

    def filters(self):
        """As Ansible asks for them."""
        return {"systemd_environment": systemd_environment}
