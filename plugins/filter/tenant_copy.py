# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The spec of a copy of a tenant."""

from __future__ import annotations

DOCUMENTATION = r"""
name: tenant_copy
short_description: The spec of a copy of a tenant
version_added: 0.1.0
author:
  - tenantry.platform contributors (@tenantry)
description:
  - Makes of a tenant's spec that of a copy, on which a backup or an upgrade can be tried. It is called like
    V(acme--drill), has volumes and networks of its own that lead nowhere, and no routes, records or hooks.
positional: purpose, images
options:
  _input:
    description: The variable C(tenant).
    type: dict
    required: true
  purpose:
    description: V(drill) is the tenant as it was left, without jobs and migrations. V(rehearsal) has them, too.
    type: str
    choices: [drill, rehearsal]
    required: true
  images:
    description:
      - Images of a release by service, as its manifest has them. Without them, those that the spec wants.
    type: dict
"""

EXAMPLES = r"""
- name: Say what the copy runs
  ansible.builtin.debug:
    msg: "{{ copy.services | map(attribute='image') | join(', ') }}"
  vars:
    copy: "{{ tenant | tenantry.platform.tenant_copy('drill', serving.manifest.images) }}"
"""

RETURN = r"""
_value:
  description: The spec of the copy.
  type: dict
"""

from ansible.errors import AnsibleFilterError

from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.plugin_utils import copies


def tenant_copy(spec, purpose, images=None):
    """See DOCUMENTATION."""
    try:
        return copies.copied(spec, purpose, images or None)
    except TenantryError as error:
        raise AnsibleFilterError(error.message) from error
    except (KeyError, TypeError, AttributeError) as error:
        raise AnsibleFilterError(f"this is no spec of a tenant: {type(error).__name__} {error}") from error


class FilterModule:
    """The filter."""

    def filters(self):
        """By name."""
        return {"tenant_copy": tenant_copy}
