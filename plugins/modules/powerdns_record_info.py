#!/usr/bin/python
# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: read record sets of a PowerDNS zone."""

from __future__ import annotations

DOCUMENTATION = r"""
module: powerdns_record_info
short_description: Read record sets of a PowerDNS zone
version_added: 0.1.0
author: tenantry.platform contributors (@tenantry)
description:
  - Read record sets of a zone of the PowerDNS Authoritative Server, normalized, with their owners, in one request.
extends_documentation_fragment:
  - tenantry.platform.powerdns
  - tenantry.platform.powerdns.txt
attributes:
  check_mode:
    support: full
    description: Reads only, in check mode too.
  diff_mode:
    support: N/A
    description: Changes nothing.
  idempotent:
    support: full
    description: Changes nothing.
options:
  zone:
    description:
      - Name of the zone, with or without the final dot. A zone that is not there is no failure; see RV(zone_exists).
    type: str
    required: true
  record:
    description:
      - Full name of the record sets to return. All of the zone if left out.
    type: str
    aliases: [name]
  prefix:
    description:
      - The same relative to the zone. Empty or V(@) means the zone itself.
    type: str
  type:
    description:
      - Return record sets of this type only.
    type: str
  owner:
    description:
      - Return record sets that carry this owner only.
    type: str
"""

EXAMPLES = r"""
- name: Read what a tenant has in a zone
  tenantry.platform.powerdns_record_info:
    api_url: http://127.0.0.1:8081
    api_key_file: /etc/tenantry/pdns-api-key
    zone: demo.test
    owner: tenant:acme
  register: acme_records
"""

RETURN = r"""
zone:
  description: Absolute name of the zone.
  returned: success
  type: str
  sample: demo.test.
zone_exists:
  description: Whether the server has the zone.
  returned: success
  type: bool
serial:
  description: Serial of the zone; null when it is not there.
  returned: success
  type: int
record_sets:
  description: Record sets, sorted by name and type.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Absolute name.
      type: str
      sample: acme.demo.test.
    type:
      description: Type.
      type: str
      sample: A
    ttl:
      description: Time to live in seconds.
      type: int
      sample: 300
    value:
      description: Data of all records, sorted.
      type: list
      elements: str
      sample: [192.0.2.10]
    disabled:
      description: Whether at least one of them is not served.
      type: bool
    disabled_value:
      description: Those that are not served.
      type: list
      elements: str
    owner:
      description: The account that owns it; null when there is none, or several.
      type: str
      sample: tenant:acme
    owners:
      description: All accounts that claim it.
      type: list
      elements: str
    comments:
      description: Texts of all comments.
      type: list
      elements: str
api_calls:
  description: How many requests were sent.
  returned: success
  type: int
error_kind:
  description: Class of the failure.
  returned: failure
  type: str
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.module_utils.powerdns_options import (
    connect,
    connection_options,
    info_options,
)
from ansible_collections.tenantry.platform.plugins.module_utils.powerdns_records import record_info


def main() -> None:
    """Hand the options over and report."""
    module = AnsibleModule(
        argument_spec={**connection_options(), **info_options()},
        supports_check_mode=True,
        mutually_exclusive=[("record", "prefix")],
    )
    try:
        module.exit_json(**record_info(connect(module.params), module.params))
    except TenantryError as exc:
        module.fail_json(**exc.as_result())


if __name__ == "__main__":
    main()
