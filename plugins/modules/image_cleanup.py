#!/usr/bin/python
# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Face of module_utils/image_cleanup.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: image_cleanup
short_description: Remove images that no release of a node needs any more
version_added: 0.1.0
description:
  - Removes from the engine what M(tenantry.platform.images) pulled onto it, and what neither the manifest of any
    release of any tenant below O(root) names nor any container on the engine uses, running or not, ours or not.
  - Only references that are recorded in C(.images.json) below O(root) are ever removed. An image that somebody else
    pulled, built or tagged stays, also when it is the same one - then it loses our reference only.
  - Layers that other images share stay with those.
author:
  - tenantry.platform contributors (@tenantry)
extends_documentation_fragment:
  - tenantry.platform.docker
attributes:
  check_mode:
    description: Can run in check mode and predict changes without making them.
    support: full
  diff_mode:
    description: Returns what changed in diff mode.
    support: full
  idempotent:
    description: A second run in a row changes nothing.
    support: full
options:
  state:
    description: V(pruned) means that images which nothing needs are gone.
    type: str
    choices: [pruned]
    default: pruned
  root:
    description: Directory that holds the tenants of the node.
    type: path
    default: /srv/tenantry
  min_age:
    description:
      - Seconds that an image stays after it was needed last - pulled, asked for by a deploy, or seen by this module as
        named or used.
      - It protects releases that are being prepared, whose images are on the node before any manifest names them. V(0)
        is safe only while no operation runs on the node.
    type: int
    default: 86400
notes:
  - Images carry no labels of ours; the record stands in their place.
seealso:
  - module: tenantry.platform.images
  - module: tenantry.platform.release
"""

EXAMPLES = r"""
- name: Remove images that nothing has needed for a day
  tenantry.platform.image_cleanup:

- name: Remove what nothing needs now, while nothing is deployed on the node
  tenantry.platform.image_cleanup:
    min_age: 0
  register: cleanup

- name: Tell what that gave
  ansible.builtin.debug:
    msg: "{{ cleanup.images | length }} images, {{ cleanup.freed | default(0, true) | human_readable }}"
"""

RETURN = r"""
images:
  description: What was removed, or in check mode would be, by reference.
  returned: success
  type: list
  elements: dict
  contains:
    ref:
      description: The reference.
      type: str
      sample: registry.example.com/shop/web@sha256:f65484496597c064e6224a2992aea4a753efc029a06fd2ceef8aa9edd5611e1a
    id:
      description: The engine's own id.
      type: str
    size:
      description: Bytes, as the engine counts them - with layers that other images share.
      type: int
size:
  description: Bytes of these images together. What they share with each other or with images that stay is in it.
  returned: success
  type: int
freed:
  description:
    - Bytes that the filesystem of the images has more than before; what others write there meanwhile counts too.
    - Null in check mode, and for an engine on another machine.
  returned: success
  type: int
error_kind:
  description:
    - C(corrupt) for a manifest or a record that cannot be read - then nothing is removed; C(engine_unreachable),
      C(engine_error), C(sdk_missing) or C(disk_full).
  returned: failure
  type: str
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.engine import connect, engine_argument_spec
from ..module_utils.errors import TenantryError
from ..module_utils.image_cleanup import CLEANUP_ARGUMENTS, clean


def main() -> None:
    module = AnsibleModule(argument_spec={**CLEANUP_ARGUMENTS, **engine_argument_spec()}, supports_check_mode=True)
    try:
        engine = connect(module.params["docker_host"], module.params["docker_timeout"])
        result = clean(engine, module.params, module.check_mode)
    except TenantryError as error:
        module.fail_json(**error.as_result())
    module.exit_json(**result)


if __name__ == "__main__":
    main()
