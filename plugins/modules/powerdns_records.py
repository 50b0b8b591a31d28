#!/usr/bin/python
# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: many record sets of one zone at once."""

from __future__ import annotations

DOCUMENTATION = r"""
module: powerdns_records
short_description: Manage many record sets of a PowerDNS zone at once
version_added: 0.1.0
author: tenantry.platform contributors (@tenantry)
description:
  - Make record sets of one zone present or absent, and remove those that an owner no longer wants.
  - The zone is read once, compared, and only what differs is written, in one transaction of the server; then it is
    read back.
    If nothing differs, nothing is written and the serial stays.
  - Larger changes are cut by O(batch_bytes). All changes of one name stay in one transaction, and a failure tells in
    C(applied) and C(pending)
    which were made.
  - "Adds C(error_kind) C(out_of_zone), C(duplicate), C(foreign_owner), C(not_owned), C(out_of_scope), C(exists),
    C(conflict), C(max_prune),
     C(comments_unsupported) and C(verify_failed)."
extends_documentation_fragment:
  - tenantry.platform.powerdns
  - tenantry.platform.powerdns.attributes
  - tenantry.platform.powerdns.txt
options:
  zone:
    description:
      - Name of the zone, with or without the final dot.
    type: str
    required: true
  record_sets:
    description:
      - The record sets. Each name and type may stand there once.
    type: list
    elements: dict
    required: true
    aliases: [records]
    suboptions:
      record:
        description: Full name, with or without the final dot. It must lie in the zone.
        type: str
        aliases: [name]
      prefix:
        description: Name relative to the zone. Empty or V(@) means the zone itself.
        type: str
      type:
        description: Type of the record set.
        type: str
        required: true
        choices: [A, AAAA, AFSDB, ALIAS, CAA, CDNSKEY, CDS, CNAME, DNAME, DNSKEY, DS, HINFO, HTTPS, LOC, LUA, MX,
          NAPTR, NS,
                  OPENPGPKEY, PTR, SMIMEA, SPF, SRV, SSHFP, SVCB, TLSA, TXT, URI]
      value:
        description: Data of the records, as a list of strings; see M(tenantry.platform.powerdns_record).
        type: raw
        aliases: [content]
      ttl:
        description: Time to live in seconds. If left out, an existing record set keeps its own, and a new one gets
          300.
        type: int
      disabled:
        description: Keep the records on the server, and do not serve them.
        type: bool
        default: false
      state:
        description: Whether the record set, or with O(record_sets[].solo=false) the values, should be there.
        type: str
        default: present
        choices: [present, absent]
      on_existing:
        description: What to do with a record set that is there with other data.
        type: str
        default: replace
        choices: [replace, keep, keep_and_warn, keep_and_fail]
      solo:
        description: Whether the values are all that the record set should have; see
          M(tenantry.platform.powerdns_record).
        type: bool
        default: true
      owner:
        description: Owner of this record set, if not O(owner).
        type: str
      comment:
        description: Text of the owner's comment.
        type: str
  owner:
    description:
      - Who owns the record sets, such as V(tenant:acme); up to 40 printable ASCII characters without spaces.
      - It is stored as the account of a comment. A record set with another owner is never changed, one without owner
        only with O(adopt=true);
        either fails before anything is written.
      - If left out, comments are neither looked at nor changed.
    type: str
  ownership:
    description:
      - V(comment) tells by O(owner) which record sets are ours.
      - V(scope) is for backends that store no comments (LMDB before 5.1). Everything at and below O(prune_scope) is
        ours, and nothing else.
    type: str
    default: comment
    choices: [comment, scope]
  adopt:
    description:
      - Take over record sets that nobody owns.
    type: bool
    default: false
  prune:
    description:
      - Delete record sets that are not listed, carry O(owner) and no other account, and lie under O(prune_scope).
      - The SOA record and the NS records of the zone itself are never pruned.
    type: bool
    default: false
  prune_owners:
    description:
      - Further owners whose record sets are pruned, so that one call can clean up for many.
    type: list
    elements: str
    default: []
  prune_scope:
    description:
      - Names at and below which record sets may be pruned. The whole zone if left out.
    type: list
    elements: str
    default: []
  max_prune:
    description:
      - Fail, before anything is written, if more record sets than this would be pruned.
    type: int
  batch_bytes:
    description:
      - Largest body to send. PowerDNS takes 2 MB unless C(webserver-max-bodysize) says otherwise.
    type: int
    default: 1000000
  zone_required:
    description:
      - Fail when the zone is not there even if all record sets should be absent.
    type: bool
    default: false
  notify:
    description:
      - Tell the secondaries after a change.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Publish the names of a tenant, and remove those it no longer has
  tenantry.platform.powerdns_records:
    api_url: http://127.0.0.1:8081
    api_key_file: /etc/tenantry/pdns-api-key
    zone: demo.test
    owner: tenant:acme
    prune: true
    max_prune: 10
    record_sets:
      - record: acme.demo.test
        type: A
        value: [192.0.2.10]
      - record: acme.demo.test
        type: AAAA
        value: ["2001:db8::10"]

- name: Turn an address into an alias, in one transaction
  tenantry.platform.powerdns_records:
    api_url: http://127.0.0.1:8081
    api_key_file: /etc/tenantry/pdns-api-key
    zone: demo.test
    record_sets:
      - prefix: www
        type: A
        state: absent
      - prefix: www
        type: CNAME
        value: [acme.demo.test]

- name: Remove everything that a tenant has in a zone
  tenantry.platform.powerdns_records:
    api_url: http://127.0.0.1:8081
    api_key_file: /etc/tenantry/pdns-api-key
    zone: demo.test
    owner: tenant:acme
    prune: true
    record_sets: []
"""

RETURN = r"""
zone:
  description: Absolute name of the zone.
  returned: success
  type: str
  sample: demo.test.
changes:
  description: Names and types by what happened to them, or would happen after check mode.
  returned: success
  type: dict
  contains:
    created:
      description: Record sets that were not there.
      type: list
      elements: str
      sample: [acme.demo.test. A]
    updated:
      description: Record sets that were there with other data.
      type: list
      elements: str
    deleted:
      description: Record sets that are absent now.
      type: list
      elements: str
    pruned:
      description: Record sets that were not listed.
      type: list
      elements: str
    unchanged:
      description: Record sets that were as they should be.
      type: list
      elements: str
record_sets:
  description: The listed record sets that are there now, or would be after check mode.
  returned: success
  type: list
  elements: dict
  sample:
    - comments: [managed by tenantry.platform]
      disabled: false
      disabled_value: []
      name: acme.demo.test.
      owner: tenant:acme
      owners: [tenant:acme]
      ttl: 300
      type: A
      value: [192.0.2.10]
serial_before:
  description: Serial of the zone before the change; null when the zone is not there.
  returned: success
  type: int
serial_after:
  description: Serial after it. In check mode the serial before.
  returned: success
  type: int
applied:
  description: Names and types of the record sets that were written.
  returned: success, and failure of a write
  type: list
  elements: str
pending:
  description: Those that were not, because of check mode or a failure.
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
    connect,
    connection_options,
    record_sets_options,
)
from ansible_collections.tenantry.platform.plugins.module_utils.powerdns_records import ensure_record_sets


def main() -> None:
    """Hand the options over and report."""
    module = AnsibleModule(argument_spec={**connection_options(), **record_sets_options()}, supports_check_mode=True)
    try:
        result = ensure_record_sets(connect(module.params), module.params, module.check_mode)
        for warning in result.pop("warnings"):
            module.warn(warning)
        module.exit_json(**result)
    except TenantryError as exc:
        module.fail_json(**exc.as_result())


if __name__ == "__main__":
    main()
