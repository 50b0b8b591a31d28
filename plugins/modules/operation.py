#!/usr/bin/python
# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Face of an operation's begin and end."""

from __future__ import annotations

DOCUMENTATION = r"""
module: operation
short_description: Begin and end an operation on a tenant
version_added: 0.1.0
description:
  - An operation is one requested action on a tenant. It holds the tenant's lease in the tenant database and its lock on
    the node, writes a journal there, and is recorded in the tenant database.
  - The lock is a file that every step renews. It is taken over when its holder missed its time and no process of it
    works on the node, or at once when the holder ran on this controller and is gone.
  - When the operation before it never ended, the result says what it left, so that it can be settled first.
  - The lease keeps a second run away, whichever controller it comes from. Every step renews it. It is taken over when
    its holder missed its time, or at once when that ran on this controller and is gone; what the old holder then still
    sends is refused with C(lease_lost).
  - The action plugin of the same name takes the lease, records the operation and tells the node who asks. Where the
    tenant database cannot be reached at the end, the operation ends on the node all the same, and the outcome says so.
options:
  state:
    description:
      - V(begun) takes the lock and opens the journal; V(ended) closes the journal and gives the lock back.
      - V(unlocked) removes a lock and a lease whose holder a person knows to be dead.
    type: str
    choices: [begun, ended, unlocked]
    required: true
  root:
    description: Directory that holds the tenants of the node.
    type: path
    default: /srv/tenantry
  tenant:
    description: Name of the tenant.
    type: str
    required: true
  action:
    description: What is done, such as V(deploy). Needed for O(state=begun).
    type: str
  source_digest:
    description: Digest of the spec that was applied before, for the record in the tenant database.
    type: str
  target_digest:
    description: Digest of the spec that is wanted, for the record in the tenant database.
    type: str
  request:
    description:
      - Id of the row of the relation C(operations) that asked for it, for O(state=begun). Without it, a row is made.
      - A request runs once. Of one that ended before, RV(done) is true and nothing else happens. One that is not there,
        is about another tenant or action, or that a newer one of the tenant has overtaken, is refused.
      - Handled by the action plugin.
    type: str
    default: ''
  id:
    description: Id of the operation. The action plugin makes one for O(state=begun).
    type: str
  token:
    description: Fencing token that O(state=begun) returned. Needed for O(state=ended).
    type: int
  ledger:
    description:
      - Whether the tenant database knows of the operation. One on a copy of a tenant, for a drill or a rehearsal, is
        recorded and kept apart from others on its node alone.
      - Handled by the action plugin.
    type: bool
    default: true
  lease:
    description:
      - Fencing token of the lease, C(operation.lease) of what O(state=begun) returned. Needed for O(state=ended) beside
        O(id).
      - Handled by the action plugin.
    type: int
  wait:
    description: Seconds to wait for another operation on the tenant to end.
    type: float
    default: 0
  takeover:
    description: Token of a holder that is known to be dead on its controller. Set by the action plugin.
    type: int
  holder:
    description: Who asks. Set by the action plugin.
    type: dict
  route_file:
    description: The tenant's route file, which tells which release serves when the operation before was interrupted.
    type: path
    default: ''
  outcome:
    description:
      - How the operation ended.
      - V(lost) gives the lock back and leaves the journal open, for the run that has the lease now. Set by the action
        plugin.
    type: str
    choices: [success, failure, fatal, lost]
    default: success
  release:
    description: The release that serves now.
    type: str
  reached:
    description:
      - What a success is called where it is not what the action was for, such as V(canary). Handled by the action
        plugin.
    type: str
    default: ''
  warnings:
    description: What else the report should tell. Handled by the action plugin.
    type: list
    elements: str
    default: []
  forget:
    description:
      - Fields of the tenant whose overrides go with a success, such as V(volume.*) where its volumes are gone. Handled
        by the action plugin.
    type: list
    elements: str
    default: []
  failure:
    description:
      - What failed; C(step), the name of the task, C(result), what it returned, and C(undo), what undoing it returned
        when that failed too. Handled by the action plugin, which makes the outcome of it.
    type: dict
attributes:
  check_mode:
    description: Can run in check_mode and return changed status prediction without modifying the node.
    support: none
  diff_mode:
    description: Returns details on what has changed or will change.
    support: none
  idempotent:
    description: When run twice in a row with the same arguments, the second run changes nothing.
    support: partial
    details: Beginning is an event; ending or unlocking twice changes nothing the second time.
author:
  - tenantry.platform contributors (@tenantry)
"""

EXAMPLES = r"""
- name: Begin to deploy
  tenantry.platform.operation:
    state: begun
    tenant: "{{ tenant.name }}"
    action: deploy
  register: begun

- name: End it
  tenantry.platform.operation:
    state: ended
    tenant: "{{ tenant.name }}"
    id: "{{ begun.operation.id }}"
    token: "{{ begun.operation.token }}"
    lease: "{{ begun.operation.lease }}"
    action: deploy
    outcome: success

- name: Carry out what somebody asked for, if it was not done before
  tenantry.platform.operation:
    state: begun
    tenant: "{{ tenant.name }}"
    action: deploy
    request: 01JD6Z8V7K3T5Q9W2X4Y6Z8A0B
  register: begun

- name: Remove the lock of a run that died with its machine
  tenantry.platform.operation:
    state: unlocked
    tenant: acme
"""

RETURN = r"""
operation:
  description: The option C(operation) of the steps, without the step's name.
  returned: when O(state=begun) and it began
  type: dict
done:
  description: Whether the request was carried out before, so that nothing began.
  returned: when O(state=begun)
  type: bool
current:
  description: Id of the current release.
  returned: when it began, or O(state=ended)
  type: str
made_of:
  description: C(spec_digest) and C(version) of the current release.
  returned: when O(state=ended)
  type: dict
settle:
  description: What an interrupted operation left; which release serves, and which are left over.
  returned: when O(state=begun) and it began
  type: dict
steps:
  description: The journal's steps.
  returned: when O(state=ended)
  type: list
  elements: dict
outcome:
  description: How it ended, for the report; also the fact C(tenantry_outcome).
  returned: when O(state=ended), or RV(done)
  type: dict
holder:
  description: Who holds, or held, the lock.
  returned: when locked or O(state=unlocked)
  type: raw
error_kind:
  description:
    - Class of the failure, such as V(locked), V(superseded), V(foreign_request) or V(unknown_operation).
  returned: failure
  type: str
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.tenantry.platform.plugins.module_utils import operation
from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError

ARGUMENTS = {
    "state": {"type": "str", "choices": ["begun", "ended", "unlocked"], "required": True},
    "root": {"type": "path", "default": "/srv/tenantry"},
    "tenant": {"type": "str", "required": True},
    "action": {"type": "str"},
    "source_digest": {"type": "str"},
    "target_digest": {"type": "str"},
    "request": {"type": "str", "default": ""},
    "id": {"type": "str"},
    "token": {"type": "int", "no_log": False},
    "ledger": {"type": "bool", "default": True},
    "lease": {"type": "int"},
    "wait": {"type": "float", "default": 0},
    "takeover": {"type": "int"},
    "holder": {"type": "dict"},
    "route_file": {"type": "path", "default": ""},
    "outcome": {
        "type": "str",
        "choices": ["success", "failure", "fatal", "lost"],
        "default": "success",
    },
    "release": {"type": "str"},
    "reached": {"type": "str", "default": ""},
    "warnings": {"type": "list", "elements": "str", "default": []},
    "forget": {"type": "list", "elements": "str", "default": []},
    "failure": {"type": "dict"},
}


def main() -> None:
    """Entry point."""
    module = AnsibleModule(
        argument_spec=ARGUMENTS,
        required_if=[("state", "begun", ("id", "action", "holder")), ("state", "ended", ("id", "token"))],
        supports_check_mode=False,
    )
    try:
        module.exit_json(**operation.STATES[module.params["state"]](module.params))
    except TenantryError as error:
        module.fail_json(**error.as_result())


if __name__ == "__main__":
    main()
