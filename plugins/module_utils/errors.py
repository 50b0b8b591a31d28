# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one exception that utils raise and faces turn into a failure."""

from __future__ import annotations

import typing as t


class TenantryError(Exception):
    """Something went wrong that a person or a program can act on.

    :param message: names object, action and cause, then what to do.
    :param error_kind: machine-readable class of the failure, such as ``unreachable`` or ``invalid``.
    :param details: JSON-able facts for the module result; never a secret.
    """

    def __init__(self, message: str, error_kind: str, **details: t.Any) -> None:
        super().__init__(message)
        self.message = message
        self.error_kind = error_kind
        self.details = details

    def as_result(self) -> dict[str, t.Any]:
        """Keyword arguments for ``fail_json``."""
        return {"msg": self.message, "error_kind": self.error_kind, **self.details}
