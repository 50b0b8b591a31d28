#!/usr/bin/python
# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: a zone of a PowerDNS server."""

from __future__ import annotations

DOCUMENTATION = r"""
module: powerdns_zone
short_description: Manage a zone of a PowerDNS server
version_added: 0.1.0
author: tenantry.platform contributors (@tenantry)
description:
  - Create a zone of the PowerDNS Authoritative Server, keep its settings, or delete it.
  - A new zone answers at once, also for names that were asked for before it was there.
  - "Adds C(error_kind) C(not_empty) (the zone holds records of others) and C(verify_failed) (the server holds
    something else than was written)."
extends_documentation_fragment:
  - tenantry.platform.powerdns
  - tenantry.platform.powerdns.attributes
options:
  zone:
    description:
      - Name of the zone, with or without the final dot.
    type: str
    required: true
  state:
    description:
      - Whether the zone should be there.
      - V(absent) fails when the zone holds more than SOA, NS and record sets of O(owner), unless O(force=true).
    type: str
    default: present
    choices: [present, absent]
  kind:
    description:
      - How the zone is replicated. A new zone is V(Native) if this is left out, an existing one stays what it is; so
        with all options below.
    type: str
    choices: [Native, Master, Slave]
  masters:
    description:
      - Addresses of the servers that a zone of O(kind=Slave) is copied from.
    type: list
    elements: str
  nameservers:
    description:
      - Names of the NS records of the zone itself. Needed for a new zone, unless it is of O(kind=Slave).
    type: list
    elements: str
  soa:
    description:
      - Fields of the SOA record. The serial belongs to the server.
    type: dict
    suboptions:
      mname:
        description: Primary name server. The first of O(nameservers) in a new zone.
        type: str
      rname:
        description: Mail address of the person responsible, with a dot in place of the at sign. C(hostmaster.) and
          the zone in a new zone.
        type: str
      refresh:
        description: Seconds until secondaries look for changes. 10800 in a new zone.
        type: int
      retry:
        description: Seconds until they look again after a failure. 3600 in a new zone.
        type: int
      expire:
        description: Seconds until they give the zone up. 604800 in a new zone.
        type: int
      minimum:
        description: Seconds for which resolvers remember that a name does not exist. 3600 in a new zone.
        type: int
  soa_edit_api:
    description:
      - How the serial moves with each change through the API. V(DEFAULT) in a new zone. With V(OFF) it never moves,
        and V(EPOCH) gives
        two changes in one second the same serial.
    type: str
    choices: [DEFAULT, INCREASE, EPOCH, SOA-EDIT, SOA-EDIT-INCREASE, "OFF"]
  dnssec:
    description:
      - Whether the server signs the zone. A new zone is not signed if this is left out.
      - V(false) removes the keys of a signed zone.
    type: bool
  api_rectify:
    description:
      - Whether the server keeps the chain of denials right on each change. V(true) if left out with O(dnssec=true).
    type: bool
  account:
    description:
      - Account of the zone, a text for people.
    type: str
  metadata:
    description:
      - Metadata of the zone, from kind to a list of values. Kinds that are not named stay; an empty list removes one.
    type: dict
  owner:
    description:
      - With O(state=absent), record sets that only this owner claims do not keep the zone from being deleted.
    type: str
  force:
    description:
      - With O(state=absent), delete the zone whatever it holds.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Create the zone of the tenants
  tenantry.platform.powerdns_zone:
    api_url: http://127.0.0.1:8081
    api_key_file: /etc/tenantry/pdns-api-key
    zone: demo.test
    nameservers: [ns1.demo.test]
    soa_edit_api: INCREASE

- name: Sign it
  tenantry.platform.powerdns_zone:
    api_url: http://127.0.0.1:8081
    api_key_file: /etc/tenantry/pdns-api-key
    zone: demo.test
    dnssec: true

- name: Delete it once nothing but its SOA and NS records is left
  tenantry.platform.powerdns_zone:
    api_url: http://127.0.0.1:8081
    api_key_file: /etc/tenantry/pdns-api-key
    zone: demo.test
    state: absent
"""

RETURN = r"""
zone:
  description: Absolute name of the zone.
  returned: success
  type: str
  sample: demo.test.
exists:
  description: Whether the zone is there now, or would be after check mode.
  returned: success
  type: bool
properties:
  description: Its settings (kind, masters, account, soa_edit_api, dnssec, api_rectify, nameservers, soa, and the
    metadata that was asked for).
  returned: success
  type: dict
serial_before:
  description: Serial before the change; null when the zone was not there.
  returned: success
  type: int
serial_after:
  description: Serial after it. In check mode the serial before.
  returned: success
  type: int
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
    zone_options,
)
from ansible_collections.tenantry.platform.plugins.module_utils.powerdns_zone import ensure_zone


def main() -> None:
    """Hand the options over and report."""
    module = AnsibleModule(argument_spec={**connection_options(), **zone_options()}, supports_check_mode=True)
    try:
        module.exit_json(**ensure_zone(connect(module.params), module.params, module.check_mode))
    except TenantryError as exc:
        module.fail_json(**exc.as_result())


if __name__ == "__main__":
    main()
