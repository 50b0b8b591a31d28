# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Face: an operation in the tenant database and on the node."""

from __future__ import annotations

import contextlib
import time

from ansible.errors import AnsibleConnectionFailure
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase

from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.plugin_utils import fleet, ledger, operating, stepping


class ActionModule(ActionBase):
    """See modules/operation.py for documentation."""

    def run(self, tmp=None, task_vars=None):
        """Begin or end the operation in both places."""
        super().run(tmp, task_vars)
        arguments = dict(self._task.args)
        in_ledger = {"begun": self._begin, "ended": self._end, "unlocked": self._unlock}
        states = in_ledger if boolean(arguments.pop("ledger", True)) else {"begun": self._begin_on_node}
        try:
            return states.get(arguments.get("state"), self._on_node)(arguments, task_vars)
        except TenantryError as error:
            return {"failed": True, **error.as_result()}

    def _on_node(self, arguments, task_vars):
        return self._execute_module("tenantry.platform.operation", module_args=arguments, task_vars=task_vars)

    def _begin(self, arguments, task_vars):
        book = ledger.Ledger.open(task_vars["tenantry_database"])
        begins = time.monotonic()
        wait = float(arguments.pop("wait", None) or 0)
        try:
            begun, holder = self._lease(book, arguments, wait, task_vars)
        except TenantryError as error:
            if error.error_kind != "done_already":
                raise
            outcome = self._told(operating.done_already(error.message), [], task_vars)
            return {"changed": False, "done": True, "ansible_facts": {fleet.OUTCOME: outcome}, "outcome": outcome}
        wait = max(0.0, wait - (time.monotonic() - begins))
        arguments.update(id=begun.id, holder=holder, wait=wait)
        try:
            with stepping.Lease(task_vars["tenantry_database"], begun.id, begun.token).kept():
                result = self._locked(arguments, task_vars)
        except AnsibleConnectionFailure as error:
            self._give_back(book, begun, "unreachable", str(error))
            raise
        if result.get("failed"):
            self._give_back(book, begun, result.get("error_kind"), result.get("msg"))
            return result
        return dict(result, done=False, operation=dict(result["operation"], lease=begun.token))

    def _begin_on_node(self, arguments, task_vars):
        wait = float(arguments.pop("wait", None) or 0)
        arguments.update(id=ledger.new_id(), holder=operating.holder(fleet.requested_by(task_vars)), wait=wait)
        return self._locked(arguments, task_vars)

    def _give_back(self, book, begun, error_kind, message):
        # Why the node refused is what people need to know; a lease that is not given back runs out.
        with contextlib.suppress(TenantryError):
            book.give_back(begun, error_kind, message)

    def _lease(self, book, arguments, wait, task_vars):
        """The lease, before the lock on the node."""
        by = fleet.requested_by(task_vars)
        holder = operating.holder(by)
        digests = {name: arguments.pop(f"{name}_digest", None) or None for name in ("source", "target")}
        request = arguments.pop("request", None) or None
        begun = book.begin(
            arguments["tenant"], arguments["action"], by, **digests, request=request, holder=holder, wait=wait
        )
        return begun, holder

    def _locked(self, arguments, task_vars):
        result = self._on_node(arguments, task_vars)
        if result.get("error_kind") == "locked" and operating.is_dead_here(result["holder"]):
            # What that run left working on the node comes to its own end, and is waited for.
            wait = max(arguments["wait"], operating.PATIENCE)
            result = self._on_node(dict(arguments, takeover=result["holder"]["token"], wait=wait), task_vars)
        return result

    def _end(self, arguments, task_vars):
        failure, warnings = arguments.pop("failure", None) or {}, list(arguments.pop("warnings", None) or [])
        lease, forgotten = arguments.pop("lease", None), arguments.pop("forget", None) or []
        if not arguments.get("id"):
            outcome = self._told(operating.not_begun(failure), warnings, task_vars)
            result = {"changed": False, "steps": [], "current": None, "made_of": {}}
            return dict(result, ansible_facts={fleet.OUTCOME: outcome}, outcome=outcome)
        if lease is None:
            raise TenantryError("state=ended needs the lease that state=begun returned", "invalid")
        arguments.setdefault("outcome", "success")
        if operating.lost_lease(failure):
            arguments["outcome"] = "lost"
        result = self._on_node(arguments, task_vars)
        ended = "fatal" if result.get("failed") or arguments["outcome"] == "lost" else arguments["outcome"]
        reached = arguments.pop("reached", "")
        outcome = operating.outcome(
            arguments["action"], ended, failure or {"result": result}, result.get("current"), reached
        )
        try:
            book = ledger.Ledger.open(task_vars["tenantry_database"])
            if ended == "success" and forgotten:
                book.forget(arguments["tenant"], forgotten, fleet.requested_by(task_vars))
            book.finish(
                arguments["id"],
                int(lease),
                ended,
                error_kind=outcome["error_kind"],
                message=outcome["message"],
                release=outcome["release"],
                steps=result.get("steps") or [],
                **(result.get("made_of") or {}),
            )
        except TenantryError as error:
            # It ended on the node all the same.
            warnings.append(f"the ledger does not have this end, the next operation settles it: {error.message}")
        outcome = self._told(outcome, warnings, task_vars)
        return dict(result, failed=False, ansible_facts={fleet.OUTCOME: outcome}, outcome=outcome)

    def _told(self, outcome, warnings, task_vars):
        run = fleet.localhost_fact(task_vars, "tenantry_run", {}).get("id")
        return dict(outcome, warnings=[str(one) for one in warnings], run=run)

    def _unlock(self, arguments, task_vars):
        result = self._on_node(arguments, task_vars)
        if not result.get("failed"):
            broken = ledger.Ledger.open(task_vars["tenantry_database"]).break_lease(arguments["tenant"])
            result["changed"] = bool(result.get("changed") or broken)
        return result
