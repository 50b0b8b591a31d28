#!/usr/bin/python
# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: one record set of a PowerDNS zone."""

from __future__ import annotations

DOCUMENTATION = r"""
module: powerdns_record
short_description: Manage one record set of a PowerDNS zone
version_added: 0.1.0
author: tenantry.platform contributors (@tenantry)
description:
  - Make a record set of a zone of the PowerDNS Authoritative Server present or absent, or add single values to it
    and remove them from it.
  - Only what differs is written, and read back. If nothing differs, nothing is written and the serial stays.
  - Several record sets of one zone are faster and safer in one call of M(tenantry.platform.powerdns_records).
  - "Adds C(error_kind) C(out_of_zone), C(foreign_owner), C(not_owned), C(exists), C(conflict),
    C(comments_unsupported) and C(verify_failed)."
extends_documentation_fragment:
  - tenantry.platform.powerdns
  - tenantry.platform.powerdns.attributes
  - tenantry.platform.powerdns.record_set
  - tenantry.platform.powerdns.txt
options:
  zone:
    description:
      - Name of the zone, with or without the final dot.
    type: str
    required: true
  adopt:
    description:
      - With O(owner), take over a record set that nobody owns.
    type: bool
    default: false
  zone_required:
    description:
      - Fail when the zone is not there even if the record set should be absent.
    type: bool
    default: false
  notify:
    description:
      - Tell the secondaries after a change.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Publish an address
  tenantry.platform.powerdns_record:
    api_url: http://127.0.0.1:8081
    api_key: "{{ vault_pdns_api_key }}"
    zone: demo.test
    prefix: status
    type: A
    ttl: 60
    value: [192.0.2.20]

- name: Publish a mail policy; quotes and the cuts after 255 bytes are made by the module
  tenantry.platform.powerdns_record:
    api_url: http://127.0.0.1:8081
    api_key: "{{ vault_pdns_api_key }}"
    zone: demo.test
    record: _dmarc.demo.test
    type: TXT
    value: ["v=DMARC1; p=none; rua=mailto:a@demo.test,mailto:b@demo.test"]

- name: Add this node to those that answer for a name
  tenantry.platform.powerdns_record:
    api_url: http://127.0.0.1:8081
    api_key: "{{ vault_pdns_api_key }}"
    zone: demo.test
    record: pool.demo.test
    type: A
    value: ["{{ ansible_host }}"]
    solo: false

- name: Remove a record set, whatever it holds
  tenantry.platform.powerdns_record:
    api_url: http://127.0.0.1:8081
    api_key: "{{ vault_pdns_api_key }}"
    zone: demo.test
    prefix: status
    type: A
    state: absent
"""

RETURN = r"""
zone:
  description: Absolute name of the zone.
  returned: success
  type: str
  sample: demo.test.
changes:
  description: Names and types by what happened to them, or would happen after check mode, in the lists C(created),
    C(updated), C(deleted),
    C(pruned) (always empty) and C(unchanged).
  returned: success
  type: dict
  sample:
    created: [status.demo.test. A]
    deleted: []
    pruned: []
    unchanged: []
    updated: []
record_sets:
  description: The record set as it is now, or would be after check mode. Empty when it is absent.
  returned: success
  type: list
  elements: dict
  sample:
    - comments: []
      disabled: false
      disabled_value: []
      name: status.demo.test.
      owner: null
      owners: []
      ttl: 60
      type: A
      value: [192.0.2.20]
serial_before:
  description: Serial of the zone before the change; null when the zone is not there.
  returned: success
  type: int
serial_after:
  description: Serial after it. In check mode the serial before.
  returned: success
  type: int
applied:
  description: Name and type of the record set if it was written.
  returned: success, and failure of a write
  type: list
  elements: str
pending:
  description: Name and type of the record set if it was to be written and was not, because of check mode or a
    failure.
  returned: success, and failure of a write
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
    ITEM_RULES,
    connect,
    connection_options,
    record_set_options,
)
from ansible_collections.tenantry.platform.plugins.module_utils.powerdns_records import ensure_record_set


def main() -> None:
    """Hand the options over and report."""
    module = AnsibleModule(
        argument_spec={**connection_options(), **record_set_options()}, supports_check_mode=True, **ITEM_RULES
    )
    try:
        result = ensure_record_set(connect(module.params), module.params, module.check_mode)
        for warning in result.pop("warnings"):
            module.warn(warning)
        module.exit_json(**result)
    except TenantryError as exc:
        module.fail_json(**exc.as_result())


if __name__ == "__main__":
    main()
