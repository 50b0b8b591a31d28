#!/usr/bin/python
# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Face of module_utils/canary.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: canary
short_description: Watch how a new release serves beside the old one
version_added: 0.1.0
description:
  - Reads Traefik's own metrics while both releases serve, and compares the share of answers with status 500 or more,
    and the mean time of an answer.
  - Fails as soon as the new release is worse than allowed. Changes nothing.
author:
  - tenantry.platform contributors (@tenantry)
extends_documentation_fragment:
  - tenantry.platform.traefik
  - tenantry.platform.operation
attributes:
  check_mode:
    description: Can run in check mode and predict changes without making them.
    support: full
  diff_mode:
    description: Returns what changed in diff mode.
    support: none
  idempotent:
    description: A second run in a row changes nothing.
    support: full
options:
  services:
    description: Services of the new release by full name, such as C(acme-web-1f0c9a2e@docker).
    type: list
    elements: str
    required: true
  beside:
    description: Services of the old release.
    type: list
    elements: str
    required: true
  seconds:
    description: How long to watch.
    type: float
    required: true
  max_errors:
    description: By how much the share of errors may be higher than that of the old release, from 0 to 1.
    type: float
    default: 0.01
  max_slowdown:
    description: How many times the old release's mean time an answer may take.
    type: float
    default: 2.0
  slowdown_floor:
    description:
      - By how many seconds an answer may take longer in any case.
      - Where answers take a millisecond, twice that is noise.
    type: float
    default: 0.05
  min_requests:
    description: With fewer requests than this in the time nothing is known, and nothing fails.
    type: int
    default: 20
"""

EXAMPLES = r"""
- name: Watch a tenth of the requests for a minute
  tenantry.platform.canary:
    services: [acme-web-1f0c9a2e@docker]
    beside: [acme-web-0c9a2e1f@docker]
    seconds: 60
"""

RETURN = r"""
new:
  description: What the new release answered; C(requests), C(errors) and C(mean_seconds).
  returned: success, and when error_kind is canary_failed
  type: dict
old:
  description: The same of the old release.
  returned: success, and when error_kind is canary_failed
  type: dict
known:
  description: Whether there were enough requests to know.
  returned: success
  type: bool
error_kind:
  description: C(canary_failed), C(edge_unreachable), C(requests_missing) or C(lock_lost).
  returned: failure
  type: str
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.tenantry.platform.plugins.module_utils.canary import CANARY_ARGUMENTS, watch
from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.module_utils.journal import OPERATION_ARGUMENT, step
from ansible_collections.tenantry.platform.plugins.module_utils.traefik_api import TraefikApi, traefik_argument_spec


def main() -> None:
    """Entry point."""
    module = AnsibleModule(
        argument_spec={**CANARY_ARGUMENTS, **traefik_argument_spec(), **OPERATION_ARGUMENT}, supports_check_mode=True
    )
    try:
        with step(None if module.check_mode else module.params["operation"]):
            result = watch(TraefikApi(module.params["api_url"], module.params["api_timeout"]), module.params)
    except TenantryError as error:
        module.fail_json(**error.as_result())
    module.exit_json(**result)


if __name__ == "__main__":
    main()
