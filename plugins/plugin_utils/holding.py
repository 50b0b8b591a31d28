# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Holds that a run writes for its tenants, pretends in check mode, or takes back where it did not succeed."""

from __future__ import annotations

import typing as t

from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.plugin_utils import (
    fleet,
    ledger,
    notes,
    recovering,
    report,
    spec_overrides,
)


def run(
    task_vars: dict[str, t.Any], arguments: t.Mapping[str, t.Any], by: str, check_mode: bool = False
) -> dict[str, t.Any]:
    """Do what the module's option ``state`` says to the tenants of the play.

    :param arguments: options of M(tenantry.platform.override).
    :returns: result of the module.
    :raises TenantryError: what :meth:`ledger.Ledger.hold` raises.
    """
    book = ledger.Ledger.open(task_vars["tenantry_database"])
    if arguments["state"] == "withdrawn" and arguments["by_tenant"] is not None:
        names = list(arguments["by_tenant"])
        changed = [] if check_mode else book.withdraw_versions(names, by)
        return {"changed": bool(changed), "tenants": changed}
    if arguments["state"] == "withdrawn":
        request = notes.read(notes.REQUEST)
        # What a release serves from that is current is not taken from under it.
        failed = [
            one for one in report.not_well(fleet.outcomes(task_vars) or []) if not recovering.switched(task_vars, one)
        ]
        changed = book.withdraw(request, failed, by) if request and not check_mode else []
        return {"changed": bool(changed), "tenants": changed}
    wanted = _wanted(task_vars, arguments)
    if arguments["state"] == "present" and _needless(book, fleet.request(task_vars), wanted):
        return {"changed": False, "tenants": [], "diff": _diff({})}
    written = book.hold(
        wanted,
        reason=arguments["reason"],
        until=arguments["until"],
        by=by,
        instead_of=arguments["instead_of"],
        request=_request(),
        check_mode=check_mode,
    )
    if check_mode:
        _pretend(written)
    return {"changed": bool(written), "tenants": sorted(written), "diff": _diff(written)}


def _needless(book: ledger.Ledger, request: str, wanted: t.Sequence[ledger.Hold]) -> bool:
    """Whether the request of this run will not be carried out: what it held then would stay, and undo a newer one.

    :raises TenantryError: ``unknown_operation``, ``foreign_request``.
    """
    if not request:
        return False
    tenant = book.requested(request)["tenant"]
    others = sorted({one.tenant for one in wanted} - {tenant})
    if others:
        raise TenantryError(
            f"request {request} is about tenant {tenant}, this run would hold {', '.join(others)}: limit the run to "
            "the tenant of its request",
            "foreign_request",
        )
    return book.refusal(request) is not None


def _wanted(task_vars: dict[str, t.Any], arguments: t.Mapping[str, t.Any]) -> list[ledger.Hold]:
    by_tenant = arguments["by_tenant"]
    if by_tenant is None:
        by_tenant = dict.fromkeys(task_vars["ansible_play_hosts_all"], arguments["fields"])
    gone = arguments["state"] == "absent"
    return [
        ledger.Hold(tenant, field, None if gone or value is None else _text(field, value))
        for tenant, fields in by_tenant.items()
        for field, value in fields.items()
    ]


def _text(field: str, value: t.Any) -> str:
    """YAML reads 1.10 as a number, and the version 1.10 is not 1.1."""
    if not isinstance(value, str):
        raise TenantryError(f"{field} {value!r} is not text: quote it, such as '\"1.10\"'", "invalid")
    return str.__str__(value)


def _request() -> str:
    request = notes.read(notes.REQUEST)
    if request is None:
        request = ledger.new_id()
        notes.write(notes.REQUEST, request)
    return str(request)


def _pretend(written: t.Mapping[str, t.Mapping[str, t.Mapping[str, t.Any] | None]]) -> None:
    """Let the inventory see, when it is read again, what check mode did not write."""
    pretended = notes.read(notes.PRETENDED) or {}
    for tenant, fields in written.items():
        for field, row in fields.items():
            shown = row and {**row, "expires_at": spec_overrides.written(row["expires_at"])}
            pretended.setdefault(tenant, {})[field] = shown
    notes.write(notes.PRETENDED, pretended)


def with_pretended(overrides: dict[t.Any, list[t.Any]]) -> bool:
    """Add what was pretended in this run to override rows by tenant; whether there was anything."""
    pretended = notes.read(notes.PRETENDED)
    for tenant, fields in (pretended or {}).items():
        kept = [row for row in overrides.get(tenant, ()) if row["field"] not in fields]
        overrides[tenant] = kept + [row for row in fields.values() if row is not None]
    return bool(pretended)


def _diff(written: t.Mapping[str, t.Mapping[str, t.Mapping[str, t.Any] | None]]) -> dict[str, str]:
    lines = [
        f"{tenant}: {field} " + ("is not held any more" if row is None else f"held at {row['value']}")
        for tenant, fields in sorted(written.items())
        for field, row in sorted(fields.items())
    ]
    return {"before": "", "after": "".join(f"{line}\n" for line in lines)}
