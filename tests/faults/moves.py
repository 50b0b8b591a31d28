# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an operator does to a tenant: the moves that faults hit, and what must be there before and after each."""

from __future__ import annotations

import dataclasses
import typing as t

from tenancy import TENANT, Tenancy

VERSIONS = ("1.0.0", "1.1.0")


@dataclasses.dataclass(frozen=True)
class Ends:
    """The versions that may serve: of nothing but one of these, whole.

    :ivar old: before the move; None for none.
    :ivar new: after it.
    """

    old: str | None
    new: str | None


@dataclasses.dataclass(frozen=True)
class Move:
    """One playbook.

    :ivar prepare: brings the tenant to where it begins.
    :ivar words: playbook and arguments.
    :ivar holds: the field of the override that makes it last; empty for a plain deploy.
    """

    prepare: t.Callable[[Tenancy], Ends]
    words: tuple[str, ...]
    holds: str = ""

    def command(self, ends: Ends) -> list[str]:
        """Playbook and arguments between these ends."""
        return [word.replace("{new}", str(ends.new)) for word in self.words]


def absent(tenancy: Tenancy) -> Ends:
    """There is no tenant."""
    tenancy.release_holds()
    tenancy.sql("UPDATE tenants SET state = 'removed', version = ? WHERE name = ?", VERSIONS[0], TENANT)
    if tenancy.converged != "removed":
        tenancy.must("deploy")
    tenancy.sql("UPDATE tenants SET state = 'active' WHERE name = ?", TENANT)
    return Ends(None, VERSIONS[0])


def serving(tenancy: Tenancy) -> str:
    """It serves what the database wants, and nothing is held."""
    version = tenancy.version() or VERSIONS[0]
    tenancy.release_holds()
    tenancy.sql("UPDATE tenants SET state = 'active', version = ? WHERE name = ?", version, TENANT)
    if tenancy.converged != "active":
        tenancy.must("deploy")
    return version


def before_upgrade(tenancy: Tenancy) -> Ends:
    """It serves, and there is another version."""
    old = serving(tenancy)
    return Ends(old, next(one for one in VERSIONS if one != old))


def before_rollback(tenancy: Tenancy) -> Ends:
    """It serves, and served another version before."""
    old = serving(tenancy)
    new = next(one for one in VERSIONS if one != old)
    last = "SELECT version FROM applied_releases WHERE tenant = ? ORDER BY id DESC LIMIT 2"
    if [row[0] for row in tenancy.sql(last, TENANT)] != [old, new]:
        for version in (new, old):
            tenancy.sql("UPDATE tenants SET version = ? WHERE name = ?", version, TENANT)
            tenancy.must("deploy")
    return Ends(old, new)


def before_end(tenancy: Tenancy) -> Ends:
    """It serves."""
    return Ends(serving(tenancy), None)


ONE = ("--limit", TENANT)

MOVES: dict[str, Move] = {
    "deploy": Move(absent, ("deploy",)),
    # An earlier case may have failed at the same versions.
    "upgrade": Move(
        before_upgrade,
        ("upgrade", *ONE, "-e", "release_version={new}", "-e", "acknowledge=true"),
        "version",
    ),
    "rollback": Move(before_rollback, ("rollback", *ONE), "release"),
    "stop": Move(before_end, ("stop", *ONE), "state"),
    "remove": Move(before_end, ("remove", *ONE, "-e", f"remove_confirm={TENANT}"), "state"),
}
