# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``sample web|api|worker|scheduler|migrate|health``: one program, one role per container."""

from __future__ import annotations

import sys


def main(arguments: list[str]) -> int:
    """Run one role; the imports are here because a health check runs often and needs none of the servers."""
    command, rest = (arguments[0], arguments[1:]) if arguments else ("web", [])
    if command in ("web", "api"):
        from sample.server import serve

        return serve()
    if command == "worker":
        from sample.jobs import work

        return work()
    if command == "scheduler":
        from sample.jobs import schedule

        return schedule()
    if command == "migrate":
        from sample.migrate import main as migrate

        return migrate(rest)
    if command == "health":
        from sample.health import check

        return check(rest)
    print(f"sample: unknown command {command!r}: use web, api, worker, scheduler, migrate or health", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
