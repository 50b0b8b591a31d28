#!/usr/bin/python
# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Face of module_utils/image_pull.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: images
short_description: Resolve image names to digests and pull what the engine lacks
version_added: 0.1.0
description:
  - Asks the registry of each image for the digest that its name has now, and pulls by that digest what the engine of
    the node does not have. What runs afterwards is named by digest, so that a tag that moves changes nothing.
  - A name that already carries a digest needs no registry when the engine has the image.
  - All names are resolved before the first pull, so that one wrong name costs no download.
  - A pull that would fill the disk is refused before it begins. How much it takes is estimated from the manifest in the
    registry - all its layers, times 4 for the compressed copy and what it unpacks to. A registry that wants credentials
    for that, as Docker Hub does, is not asked again, and then O(space_floor) alone decides. Where nothing is to be
    pulled, nothing is looked at.
  - What is pulled is recorded below O(root), for M(tenantry.platform.image_cleanup).
author:
  - tenantry.platform contributors (@tenantry)
extends_documentation_fragment:
  - tenantry.platform.docker
  - tenantry.platform.operation
attributes:
  check_mode:
    description: Can run in check mode and predict changes without making them.
    support: full
    details:
      - Asks the registry and pulls nothing.
  diff_mode:
    description: Returns what changed in diff mode.
    support: full
  idempotent:
    description: A second run in a row changes nothing.
    support: full
    details:
      - Unless somebody moves a tag in between.
options:
  names:
    description:
      - Images as C(repository:tag) or C(repository@sha256:…). Without tag and digest, C(latest).
      - Credentials for a private registry come from C(docker login) of the user that the module runs as.
    type: list
    elements: str
    required: true
  state:
    description: V(pulled) means resolved and on the engine.
    type: str
    choices: [pulled]
    default: pulled
  root:
    description:
      - Directory that holds the tenants of the node. There the file C(.images.json) says what was pulled, so that
        M(tenantry.platform.image_cleanup) may remove it some day. By default that of O(operation).
      - Without both nothing is recorded, and what is pulled stays.
    type: path
  space_floor:
    description:
      - How much must stay free on the filesystem of the images, and on that of O(root), for a pull to begin. A size
        such as V(2g) or V(500m) (powers of 1024), a number of bytes, or a share of the filesystem such as V(5%).
      - V(unchecked) means that nothing is estimated and nothing refused.
    type: str
    default: 1g
  space_path:
    description:
      - A path on the filesystem of the images. By default the directory that the engine names, or
        C(/var/lib/containerd) when it keeps images in a containerd of the system. An engine on another machine is
        looked at only with this.
    type: path
"""

EXAMPLES = r"""
- name: Have the images of a release
  tenantry.platform.images:
    names:
      - registry.example.com/shop/web:2.4.0
      - registry.example.com/postgres:15
  register: images

- name: Show what will run
  ansible.builtin.debug:
    msg: "{{ images.images['registry.example.com/shop/web:2.4.0'].ref }}"
"""

RETURN = r"""
images:
  description: What each name means, by name.
  returned: success
  type: dict
  contains:
    digest:
      description: Digest in the registry.
      type: str
      sample: sha256:f65484496597c064e6224a2992aea4a753efc029a06fd2ceef8aa9edd5611e1a
    ref:
      description: The reference to run.
      type: str
      sample: registry.example.com/shop/web@sha256:f65484496597c064e6224a2992aea4a753efc029a06fd2ceef8aa9edd5611e1a
    id:
      description: The engine's own id; null in check mode for what is not there yet.
      type: str
    pulled:
      description: Whether this run pulled it, or in check mode would.
      type: bool
space:
  description:
    - Room on the filesystem of the images before the pull; null where nothing was to be looked at. With
      C(disk_full_ahead), that where there is too little.
  returned: success, and when error_kind is disk_full_ahead
  type: dict
  contains:
    path:
      description: Where was looked.
      type: str
    free:
      description: Bytes that were free.
      type: int
    needed:
      description: Bytes that the pull takes, estimated; null where no registry told.
      type: int
    floor:
      description: Bytes that must stay free.
      type: int
error_kind:
  description:
    - C(image_missing) (with RV(image) and RV(registry)), C(registry_unreachable), C(engine_unreachable),
      C(sdk_missing), C(disk_full_ahead) before anything was pulled, C(disk_full), C(not_a_node), C(corrupt),
      C(lock_lost), C(invalid) or C(engine_error).
  returned: failure
  type: str
image:
  description: The name that failed.
  returned: failure, when one image is the cause
  type: str
registry:
  description: The registry of that image.
  returned: failure, when one image is the cause
  type: str
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.disk_space import DEFAULT_FLOOR
from ..module_utils.engine import connect, engine_argument_spec
from ..module_utils.errors import TenantryError
from ..module_utils.image_pull import Room, ensure_pulled
from ..module_utils.journal import OPERATION_ARGUMENT, step


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "names": {"type": "list", "elements": "str", "required": True},
            "state": {"type": "str", "choices": ["pulled"], "default": "pulled"},
            "root": {"type": "path"},
            "space_floor": {"type": "str", "default": DEFAULT_FLOOR},
            "space_path": {"type": "path"},
            **engine_argument_spec(),
            **OPERATION_ARGUMENT,
        },
        supports_check_mode=True,
    )
    try:
        with step(None if module.check_mode else module.params["operation"]):
            engine = connect(module.params["docker_host"], module.params["docker_timeout"])
            room = Room.from_params(module.params)
            result = ensure_pulled(engine, module.params["names"], room, module.check_mode)
    except TenantryError as error:
        module.fail_json(**error.as_result())
    module.exit_json(**result)


if __name__ == "__main__":
    main()
