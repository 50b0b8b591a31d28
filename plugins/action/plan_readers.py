# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Face: which hosts read the nodes."""

from __future__ import annotations

from ansible.plugins.action import ActionBase

from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.plugin_utils import fleet, ledger, planner, spec_overrides
from ansible_collections.tenantry.platform.plugins.plugin_utils.spec import digest

ARGUMENTS = {
    "request": {"type": "str", "choices": list(planner.REQUESTS), "default": "deploy"},
    "release": {"type": "str"},
}


class ActionModule(ActionBase):
    """See modules/plan_readers.py for documentation."""

    BYPASS_HOST_LOOP = True
    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        """Sort the hosts of the play and pick one reader for each node."""
        super().run(tmp, task_vars)
        _result, arguments = self.validate_argument_spec(ARGUMENTS)
        covered = fleet.sort_hosts(task_vars, task_vars["ansible_play_hosts_all"])
        try:
            replays = planner.replays(covered, arguments["request"], arguments["release"])
        except TenantryError as error:
            return {"failed": True, **error.as_result()}
        readers = {
            reader: {name: digest(covered.specs[name]) for name in names} for reader, names in covered.readers.items()
        }
        zones = sorted({spec["zone"] for spec in covered.specs.values()})
        # Every fact of a run is set here first: with a fact cache, those of the last run are still there.
        facts = {
            "tenantry_run": {"id": ledger.new_id(), "began": spec_overrides.written(ledger.now())},
            "tenantry_covered": [*covered.specs, *covered.invalid, *covered.nodes],
            "tenantry_readers": list(readers),
            "tenantry_read": readers,
            "tenantry_replays": replays,
            "tenantry_holds": {},
            "tenantry_zones_read": zones,
            "tenantry_plan": fleet.packed(planner.unread(covered)),
            "tenantry_orders": {},
            "tenantry_apply": [],
            "tenantry_closing": fleet.EVERYBODY,
            "tenantry_rings": [],
            "tenantry_rows": None,
            "tenantry_dns_present": [],
            "tenantry_dns_absent": [],
            "tenantry_dns_errors": {},
            "tenantry_cleaners": [],
            "tenantry_failed": {},
            "tenantry_unread": {},
        }
        return {"changed": False, "ansible_facts": facts, "readers": readers}
