# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Face: render a spec on the controller, then let the module write it on the node."""

from __future__ import annotations

from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.plugin_utils import releasing
from ansible_collections.tenantry.platform.plugins.plugin_utils.stepping import StepBase


class ActionModule(StepBase):
    """See modules/release.py for documentation."""

    def step(self, arguments, task_vars):
        """Run the module, with rendered files when a spec is given."""
        spec, images = arguments.pop("spec", None), arguments.pop("images", None)
        if spec is not None:
            try:
                arguments.update(self._rendered(spec, images or {}, arguments))
            except TenantryError as error:
                return {"failed": True, **error.as_result()}
        return super().step(arguments, task_vars)

    def _rendered(self, spec, images, arguments):
        prepared = releasing.prepare(
            spec,
            images,
            self.decrypt,
            arguments.get("release") or releasing.new_id(),
            (arguments.get("operation") or {}).get("id"),
        )
        return {
            "tenant": spec["name"],
            "release": prepared.release,
            "files": prepared.files,
            "secret_files": prepared.secret_files,
            "manifest": prepared.manifest,
        }
