#!/usr/bin/python
# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Face of the release tree."""

from __future__ import annotations

DOCUMENTATION = r"""
module: release
short_description: Prepare, activate and retire the releases of a tenant
version_added: 0.1.0
description:
  - A release is an immutable directory below C(<root>/<tenant>/releases/). Its manifest C(RELEASE.json) is written
    last, so that a directory without one is known to be unfinished.
  - Exactly one release is current. It becomes so by one rename of the link C(current).
  - With O(spec) the files are rendered on the controller by the action plugin of the same name, which also decrypts the
    tenant's secrets. Without it O(files) and O(manifest) are taken as given.
extends_documentation_fragment:
  - tenantry.platform.operation
options:
  state:
    description:
      - V(prepared) writes a new release.
      - V(active) makes a prepared release the current one.
      - V(stopped) records that the tenant's current release was stopped on purpose.
      - V(closed) records that the tenant's current release runs and its routes turn everybody away, as O(route_file)
        says.
      - V(canary) records that O(release) gets O(weight) per cent of the requests, as O(route_file) says, until somebody
        decides.
      - V(guarded) records that O(snapshots) have to be loaded back unless O(release) comes to serve, or in any
        case. The module
        M(tenantry.platform.operation) gives them to the next operation, as long as O(route_file) turns everybody away.
      - V(unguarded) records that they were loaded back, or need not be.
      - V(bad) marks a release so that nothing chooses it again.
      - V(absent) removes one release, or with no O(release) everything of the tenant but the record of its operations.
      - V(pruned) removes what O(keep) does not ask to keep, and secret files of backing services that no release
        names any more.
    type: str
    choices: [prepared, active, stopped, closed, canary, guarded, unguarded, bad, absent, pruned]
    default: prepared
  root:
    description: Directory that holds the tenants of the node.
    type: path
    default: /srv/tenantry
  tenant:
    description: Name of the tenant.
    type: str
    required: true
  release:
    description: Id of the release, such as V(20261121T041833Z-1f0c9a2e). With O(spec) and none given a new one is made.
    type: str
  spec:
    description: Spec of the tenant, as the inventory plugin P(tenantry.platform.tenants#inventory) gives it.
    type: dict
  images:
    description: What each image name of the spec was resolved to, as M(tenantry.platform.images) returns it.
    type: dict
  files:
    description: Files of the release that hold no secret.
    type: list
    elements: dict
    default: []
    suboptions: &file
      path:
        description: Path inside the base.
        type: str
        required: true
      content:
        description: Text of the file.
        type: str
        required: true
      mode:
        description: Mode in octal digits.
        type: str
        default: "0640"
      owner:
        description: Numeric user that owns the file.
        type: int
        default: 0
      base:
        description: Whether the file belongs to this release, or to the directory C(shared) that outlives it.
        type: str
        choices: [release, shared]
        default: release
  secret_files:
    description: Files of the release that hold secrets; their text is never shown.
    type: list
    elements: dict
    default: []
    suboptions: *file
  manifest:
    description: What C(RELEASE.json) shall say.
    type: dict
  reason:
    description: Why the release is bad.
    type: str
  route_file:
    description: The tenant's file in the proxy's directory. Needed for O(state=closed), O(state=canary) and
      O(state=guarded).
    type: path
  weight:
    description: Per cent of the requests. Needed for O(state=canary).
    type: int
  snapshots:
    description: With O(state=guarded), C(service), C(engine), C(label) and C(database) of each.
    type: list
    elements: dict
    default: []
  keep:
    description: How many good releases to keep besides the current one and the one before it.
    type: int
    default: 5
  pinned:
    description: Releases that are kept whatever their age.
    type: list
    elements: str
    default: []
attributes:
  check_mode:
    description: Can run in check_mode and return changed status prediction without modifying the node.
    support: full
  diff_mode:
    description: Returns details on what has changed or will change, secrets left out.
    support: full
  idempotent:
    description: When run twice in a row with the same release, the second run changes nothing.
    support: partial
    details: With O(state=prepared) and no O(release) each run makes a new release.
seealso:
  - module: tenantry.platform.stack
  - module: tenantry.platform.operation
author:
  - tenantry.platform contributors (@tenantry)
"""

EXAMPLES = r"""
- name: Prepare a release of a tenant
  tenantry.platform.release:
    tenant: "{{ tenant.name }}"
    spec: "{{ tenant }}"
    images: "{{ pulled.images }}"
  register: prepared

- name: Make it current
  tenantry.platform.release:
    state: active
    tenant: "{{ tenant.name }}"
    release: "{{ prepared.release }}"

- name: Keep three good releases besides the current one and the one before
  tenantry.platform.release:
    state: pruned
    tenant: acme
    keep: 3
"""

RETURN = r"""
release:
  description: Id of the release.
  returned: success
  type: str
  sample: 20261121T041833Z-1f0c9a2e
previous:
  description: Id of the release that was current before.
  returned: when O(state=active)
  type: str
path:
  description: Directory of the release on the node.
  returned: when O(state=prepared) or O(state=active)
  type: str
manifest:
  description: Manifest of the release.
  returned: when O(state=prepared) or O(state=active)
  type: dict
pruned:
  description: Ids of the releases that were removed.
  returned: when O(state=pruned)
  type: list
  elements: str
pruned_secrets:
  description: Paths below C(shared) of the secret files that were removed.
  returned: when O(state=pruned)
  type: list
  elements: str
error_kind:
  description: Class of the failure, such as V(disk_full), V(unfinished), V(bad_release) or V(lock_lost).
  returned: failure
  type: str
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.tenantry.platform.plugins.module_utils import release_states
from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.module_utils.journal import OPERATION_ARGUMENT


def _file_options(secret: bool) -> dict:
    content = {"type": "str", "required": True, **({"no_log": True} if secret else {})}
    return {
        "path": {"type": "str", "required": True},
        "content": content,
        "mode": {"type": "str", "default": "0640"},
        "owner": {"type": "int", "default": 0},
        "base": {"type": "str", "choices": ["release", "shared"], "default": "release"},
    }


ARGUMENTS = {
    "state": {
        "type": "str",
        "choices": [
            "prepared",
            "active",
            "stopped",
            "closed",
            "canary",
            "guarded",
            "unguarded",
            "bad",
            "absent",
            "pruned",
        ],
        "default": "prepared",
    },
    "root": {"type": "path", "default": "/srv/tenantry"},
    "tenant": {"type": "str", "required": True},
    "release": {"type": "str"},
    "spec": {"type": "dict"},
    "images": {"type": "dict"},
    "files": {"type": "list", "elements": "dict", "default": [], "options": _file_options(secret=False)},
    "secret_files": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "no_log": False,
        "options": _file_options(secret=True),
    },
    "manifest": {"type": "dict"},
    "reason": {"type": "str"},
    "route_file": {"type": "path"},
    "weight": {"type": "int"},
    "snapshots": {"type": "list", "elements": "dict", "default": []},
    "keep": {"type": "int", "default": 5, "no_log": False},
    "pinned": {"type": "list", "elements": "str", "default": []},
    **OPERATION_ARGUMENT,
}


def main() -> None:
    """Entry point."""
    module = AnsibleModule(
        argument_spec=ARGUMENTS,
        required_if=[
            ("state", "prepared", ("release", "manifest")),
            ("state", "active", ("release",)),
            ("state", "bad", ("release", "reason")),
            ("state", "closed", ("route_file",)),
            ("state", "canary", ("release", "weight", "route_file")),
            ("state", "guarded", ("snapshots", "route_file")),
        ],
        supports_check_mode=True,
    )
    try:
        module.exit_json(**release_states.run(module.params, module.check_mode))
    except TenantryError as error:
        module.fail_json(**error.as_result())


if __name__ == "__main__":
    main()
