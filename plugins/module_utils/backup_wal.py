# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far servers are with handing over their WAL."""

from __future__ import annotations

import json
import typing as t

from . import backup_pg_dump, backup_server
from .backup_process import Mark
from .backup_server import Account, Server
from .engine import Engine
from .errors import TenantryError
from .polling import Deadline
from .redaction import Redactor

_WAL = """select json_build_object(
  'last_archived_at', to_char(last_archived_time at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
  'age_seconds', extract(epoch from now() - last_archived_time),
  'last_archived', last_archived_wal,
  'failed', failed_count,
  'ready', (select count(*) from pg_ls_archive_statusdir() where name like '%.ready'),
  'archive_mode', current_setting('archive_mode'))
from pg_stat_archiver"""

#: The option `services`; documented in modules/backup_wal_info.py.
SERVICES_ARGUMENT: dict[str, t.Any] = {
    "type": "list",
    "elements": "dict",
    "required": True,
    "options": {
        "tenant": {"type": "str", "required": True},
        "service": {"type": "str", "required": True},
        "user": {"type": "str", "default": "postgres"},
        "name": {"type": "str"},
        "password_file": {"type": "str", "no_log": False},
        "run_as": {"type": "str", "default": ""},
    },
}


def read(server: Server, deadline: Deadline) -> dict[str, t.Any]:
    """Of one server.

    :raises TenantryError: what asking it raises.
    """
    found: dict[str, t.Any] = json.loads(backup_pg_dump.query(server, _WAL, deadline))
    return found


def read_all(engine: Engine, services: t.Sequence[t.Mapping[str, t.Any]], timeout: float) -> list[dict[str, t.Any]]:
    """Of many servers of a node, one after the other. One that cannot be asked is told so, and hides no other.

    :param services: as :data:`SERVICES_ARGUMENT` has them.
    :param timeout: seconds that each has.
    """
    return [_told(engine, one, Deadline(timeout)) for one in services]


def _told(engine: Engine, one: t.Mapping[str, t.Any], deadline: Deadline) -> dict[str, t.Any]:
    tenant, service = one["tenant"], one["service"]
    identity = {"tenant": tenant, "service": service}
    try:
        container = backup_server.find(engine, tenant, service, None)
        account, run_as = Account.from_option(one, "postgres"), one.get("run_as") or ""
        server = Server(engine, container, tenant, service, account, Mark(tenant, service), Redactor([]), run_as)
        return {**identity, **read(backup_server.with_password(server, deadline), deadline), "error": ""}
    except TenantryError as error:
        return {**identity, "error": error.message}
