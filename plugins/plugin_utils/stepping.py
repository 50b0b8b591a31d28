# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Steps of operations: modules that run on a node while the controller keeps the operation's lease alive.

No process lives as long as an operation, so each step says on the controller that the operation lives, before it and
while it runs, as the module itself does with the lock on the node.
"""

from __future__ import annotations

import contextlib
import threading
import typing as t

from ansible.module_utils.common.text.converters import to_text
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.plugin_utils import ledger
from ansible_collections.tenantry.platform.plugins.plugin_utils.ledger_leases import LEASE_SECONDS

BEAT_SECONDS = LEASE_SECONDS / 6
# Seconds that a step waits at its end for a heartbeat under way; a database that hangs must not hold up the tenant.
_PATIENCE = 1.0


class StepBase(ActionBase):
    """An action that runs the module of its own name, as a step of an operation where the task says of which."""

    _supports_check_mode = True
    _supports_async = True

    def run(self, tmp: t.Any = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Run the module."""
        super().run(tmp, task_vars)
        return self.step(dict(self._task.args), task_vars or {})

    def decrypt(self, text: str) -> str:
        """What Ansible-vault text holds, by the passwords of the run."""
        return str(to_text(self._loader._vault.decrypt(text)))  # the loader holds them

    def step(self, arguments: dict[str, t.Any], task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        """Run the module with these arguments, under the lease where they have an operation.

        :returns: its result; with ``lease_lost`` it did not run.
        """

        def module() -> dict[str, t.Any]:
            result: dict[str, t.Any] = self._execute_module(
                module_name=self._task.action,
                module_args=arguments,
                task_vars=task_vars,
                wrap_async=self._task.async_val,
            )
            return result

        operation = arguments.get("operation") or {}
        if self._task.check_mode or operation.get("lease") is None:
            return module()
        lease = Lease(task_vars["tenantry_database"], str(operation["id"]), int(operation["lease"]))
        try:
            lease.beat()
        except TenantryError as error:
            return {"failed": True, **error.as_result()}
        with lease.kept():
            return module()


class Lease:
    """The lease of an operation that was begun."""

    def __init__(self, database: t.Mapping[str, t.Any], operation: str, token: int) -> None:
        self.database = database
        self.operation = operation
        self.token = token

    def beat(self) -> None:
        """Say that the operation lives. A database that cannot be reached is told, and stops nothing.

        :raises TenantryError: ``lease_lost``.
        """
        try:
            ledger.Ledger.open(self.database).beat(self.operation, self.token)
        except TenantryError as error:
            if error.error_kind == "lease_lost":
                raise
            # The same words for every step: ansible shows a warning once.
            Display().warning(
                f"operation {self.operation} goes on without the tenant database, the tenant's lock on its node still "
                f"protects it: {error.message}"
            )

    @contextlib.contextmanager
    def kept(self, every: float = BEAT_SECONDS) -> t.Iterator[None]:
        """Say so from time to time, until the block ends."""
        stop = threading.Event()

        def keep() -> None:
            while not stop.wait(every):
                # What is lost is found before the next step; this one cannot be stopped half-way from here.
                with contextlib.suppress(TenantryError):
                    ledger.Ledger.open(self.database).beat(self.operation, self.token)

        thread = threading.Thread(target=keep, daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join(_PATIENCE)
