#!/usr/bin/python
# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Face of module_utils/dns_question.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: dns_answer_info
short_description: Ask a name server, and tell what it answers
version_added: 0.1.0
description:
  - Sends questions to one name server over UDP, without recursion, and returns its answers.
  - A server that does not answer is part of the result, not a failure.
  - M(tenantry.platform.powerdns_record_info) tells what stands in a zone, this module what clients are really given.
options:
  server:
    description: Address of the name server. Names are not resolved.
    type: str
    default: 127.0.0.1
  port:
    description: Its port.
    type: int
    default: 53
  questions:
    description: What to ask.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Absolute name, with or without the final dot.
        type: str
        required: true
      type:
        description: Type of the wanted records.
        type: str
        choices: [A, AAAA]
        default: A
  timeout:
    description: Seconds that the server has for an answer. It is asked twice.
    type: float
    default: 2
attributes:
  check_mode:
    description: Can run in check_mode and return changed status prediction without modifying anything.
    support: full
  diff_mode:
    description: Returns details on what has changed or will change.
    support: N/A
    details:
      - Changes nothing.
  idempotent:
    description: When run twice in a row with the same arguments, the second run changes nothing.
    support: full
seealso:
  - module: tenantry.platform.powerdns_record_info
author:
  - tenantry.platform contributors (@tenantry)
"""

EXAMPLES = r"""
- name: Ask what clients are told
  tenantry.platform.dns_answer_info:
    questions:
      - name: acme.demo.test
        type: A
  register: told
"""

RETURN = r"""
answers:
  description: One for each question, in their order.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: The name that was asked for.
      type: str
    type:
      description: The type that was asked for.
      type: str
    rcode:
      description: C(NOERROR), C(NXDOMAIN), C(REFUSED) and so on; empty without an answer.
      type: str
      sample: NOERROR
    authoritative:
      description: Whether the server speaks for the zone.
      type: bool
    value:
      description: The addresses, sorted.
      type: list
      elements: str
      sample: [192.0.2.10]
    error:
      description: Why there is no answer; empty when there is one.
      type: str
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.tenantry.platform.plugins.module_utils import dns_question

QUESTION = {
    "name": {"type": "str", "required": True},
    "type": {"type": "str", "choices": list(dns_question.TYPES), "default": "A"},
}
ARGUMENTS = {
    "server": {"type": "str", "default": "127.0.0.1"},
    "port": {"type": "int", "default": 53},
    "questions": {"type": "list", "elements": "dict", "required": True, "options": QUESTION},
    "timeout": {"type": "float", "default": 2},
}


def main() -> None:
    """Entry point."""
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    module.exit_json(**dns_question.ask_all(module.params))


if __name__ == "__main__":
    main()
