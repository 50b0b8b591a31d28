# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Face: an operation in the tenant database and on the node."""

from __future__ import annotations

from ansible.plugins.action import ActionBase

from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.plugin_utils import fleet, ledger, operating


class ActionModule(ActionBase):
    """See modules/operation.py for documentation."""

    def run(self, tmp=None, task_vars=None):
        """Begin or end the operation in both places."""
        super().run(tmp, task_vars)
        arguments = dict(self._task.args)
        try:
            if arguments.get("state") == "begun":
                return self._begin(arguments, task_vars)
            if arguments.get("state") == "ended":
                return self._end(arguments, task_vars)
            return self._on_node(arguments, task_vars)
        except TenantryError as error:
            return {"failed": True, **error.as_result()}

    def _on_node(self, arguments, task_vars):
        return self._execute_module("tenantry.platform.operation", module_args=arguments, task_vars=task_vars)

    def _begin(self, arguments, task_vars):
        by = fleet.requested_by(task_vars)
        book = ledger.Ledger.open(task_vars["tenantry_database"])
        digests = {name: arguments.pop(f"{name}_digest", None) or None for name in ("source", "target")}
        begun = book.begin(arguments["tenant"], arguments["action"], by, **digests)
        arguments.update(id=begun.id, holder=operating.holder(by))
        result = self._on_node(arguments, task_vars)
        if result.get("error_kind") == "locked" and operating.is_dead_here(result["holder"]):
            # What that run left working on the node comes to its own end, and is waited for.
            wait = max(float(arguments.get("wait") or 0), operating.PATIENCE)
            result = self._on_node(dict(arguments, takeover=result["holder"]["token"], wait=wait), task_vars)
        if result.get("failed"):
            book.finish(begun.id, "cancelled", error_kind=result.get("error_kind"), message=result.get("msg"))
        return result

    def _end(self, arguments, task_vars):
        failure, warnings = arguments.pop("failure", None), arguments.pop("warnings", [])
        result = {"changed": False, "steps": [], "current": None}
        if arguments.get("id"):
            result = self._on_node(arguments, task_vars)
        ended = "fatal" if result.get("failed") else arguments["outcome"]
        reached = arguments.pop("reached", "")
        outcome = operating.outcome(
            arguments["action"], ended, failure or {"result": result}, result.get("current"), reached
        )
        if arguments.get("id"):
            book = ledger.Ledger.open(task_vars["tenantry_database"])
            book.finish(
                arguments["id"],
                ended,
                error_kind=outcome["error_kind"],
                message=outcome["message"],
                release=outcome["release"],
                steps=result.get("steps") or [],
            )
        outcome["warnings"] = [str(one) for one in warnings]
        outcome["run"] = fleet.localhost_fact(task_vars, "tenantry_run", {}).get("id")
        return dict(result, failed=False, ansible_facts={fleet.OUTCOME: outcome}, outcome=outcome)
