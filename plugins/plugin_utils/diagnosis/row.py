# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The first link: what the database says of a tenant."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.tenantry.platform.plugins.plugin_utils.diagnosis import commands
from ansible_collections.tenantry.platform.plugins.plugin_utils.diagnosis.link import BROKEN, OK, UNKNOWN, Case, Link

NAME = "row"
WORD = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?")
#: What the inventory calls a row whose name cannot be a host's.
NAMELESS = re.compile(r"quarantined-([a-z-]+)-([0-9]+)")
#: Relations of the contract whose rows have a name and columns of their own.
NAMED = ("services", "routes", "migrations", "backup_policies")
TABLES = {"tenant": "tenants", "node": "nodes"}


def quarantined(host: str, invalid: t.Sequence[t.Mapping[str, str]], kind: str) -> Link:
    """Rows that failed validation: the walk ends here.

    :param kind: ``tenant`` or ``node``.
    """
    nameless = NAMELESS.fullmatch(host)
    kind = nameless.group(1) if nameless else kind
    places = dict.fromkeys(filter(None, (place(host, kind, problem["field"]) for problem in invalid)))
    after = commands.nodes(host) if kind == "node" else commands.deploy(host)
    first, *others = (f"{one['field']}: {one['reason']}" for one in invalid)
    return Link(
        NAME,
        BROKEN,
        f"in quarantine: {first}",
        others,
        commands.PLAYBOOK + "deploy" if nameless else after,
        f"correct {', '.join(places) or 'the rows'}; then",
        blocks=True,
    )


def place(host: str, kind: str, field: str) -> str:
    """Column and row of a field; empty for one that is no column of a single row."""
    parts = field.split(".")
    nameless = NAMELESS.fullmatch(host)
    if kind not in TABLES or not all(WORD.fullmatch(part) for part in parts):
        return ""
    if len(parts) == 1:
        where = f"id = {nameless.group(2)}" if nameless else f"name = '{host}'"
        return f"{TABLES[kind]}.{parts[0]} where {where}"
    if len(parts) == 3 and parts[0] == "repositories":
        return f"{parts[0]}.{parts[2]} where name = '{parts[1]}'"
    if len(parts) == 3 and parts[0] in NAMED and not nameless:
        # A tenant's row stands over that of its stack, and either may be the wrong one.
        return f"{parts[0]}.{parts[2]} where tenant = '{host}' and name = '{parts[1]}', or in its stack"
    return ""


def judge(case: Case) -> Link:
    """State, holds, and who works on the tenant."""
    verdict, live = case.verdict, case.live
    evidence = [f"held: {one}" for one in verdict["held"]]
    if live.get("lock") and verdict["status"] == "unknown":
        return Link(
            NAME,
            UNKNOWN,
            f"an operation runs: {live['lock']['text']}",
            evidence,
            commands.again(case.tenant),
            "wait until it ended, then look again"
            if not live["lock"]["manual"]
            else "somebody locked it by hand: ask them, then look again",
            blocks=True,
        )
    if live.get("interrupted"):
        evidence.append(f"{live['interrupted']} began and never ended: the next deploy settles it")
    if not case.active:
        return Link(NAME, OK, f"{_state(case)}: it does not serve on purpose", evidence, _start(case))
    if case.spec["closed"]:
        return Link(NAME, OK, "closed for maintenance on purpose", evidence, commands.open_again(case.tenant))
    if verdict["status"] == "pending" and case.current:
        evidence += [f"waits for a deploy: {reason}" for reason in verdict["reasons"]]
    return Link(NAME, OK, _state(case) + (f", release {case.current}" if case.current else ""), evidence)


def _state(case: Case) -> str:
    state = str(case.spec["state"])
    held = next((one for one in case.spec["held"] if one["field"] == "state"), None)
    return state if held is None else f"held {state} by {held['by']}, {held['was']} in its row"


def _start(case: Case) -> str:
    """A removed tenant is not brought back by a habit."""
    return "" if case.spec["state"] == "removed" else commands.start(case.tenant)
