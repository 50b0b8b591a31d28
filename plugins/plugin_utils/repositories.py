# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Repositories of backups as modules are given them: from their names, with their secrets in plain text."""

from __future__ import annotations

import typing as t

from ansible_collections.tenantry.platform.plugins.module_utils.backup_repository import SECRETS
from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.plugin_utils import secret_values
from ansible_collections.tenantry.platform.plugins.plugin_utils.spec_repositories import stored_for

Entry = t.Mapping[str, t.Any]


def options(
    wanted: t.Iterable[t.Any], tenant: str, known: t.Mapping[str, Entry], decrypt: secret_values.Decrypt
) -> list[t.Any]:
    """The option ``repositories`` of the modules of backups.

    :param wanted: names of repositories; what is something else stays as it is.
    :param known: the hostvar ``tenantry_repositories``.
    :raises TenantryError: ``unknown_repository``, ``secret``.
    """
    result: list[t.Any] = []
    for one in wanted:
        if not isinstance(one, str):
            result.append(one)
            continue
        name = str.__str__(one)
        if name not in known:
            raise TenantryError(
                f"there is no backup repository {name} that may be used: it is not in the relation repositories, not "
                f"enabled or not valid; there are {', '.join(sorted(known)) or 'none'}",
                "unknown_repository",
            )
        result.append(revealed(name, stored_for(tenant, known[name]), decrypt))
    return result


def revealed(name: str, stored: Entry, decrypt: secret_values.Decrypt) -> dict[str, t.Any]:
    """One repository as the modules take it.

    :param stored: its entry, with secrets as the tenant database stores them.
    :raises TenantryError: ``secret``.
    """
    given = {key: value for key, value in stored.items() if value is not None}
    for key in SECRETS:
        if key in given:
            given[key] = secret_values.reveal(f"{key} of backup repository {name}", given[key], decrypt)
    return {**given, "name": name}
