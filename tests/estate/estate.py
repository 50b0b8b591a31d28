# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The test estate: ``estate.py engine | images [name..] | registry | up [name..] | down | status``; see README.md."""

from __future__ import annotations

import argparse
import sys

from tenantry_estate import cleanup, engine, images, registry, report
from tenantry_estate.catalogue import USUAL, chosen
from tenantry_estate.shell import EstateError
from tenantry_estate.state import State, lock


def main(arguments: list[str]) -> int:
    """Run one command; gives the exit code."""
    parser = argparse.ArgumentParser(prog="estate.py", description="Real servers for tests and the demo.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("engine", help="make sure that a Docker engine and docker compose answer")
    building = [commands.add_parser("images", help="build the images whose sources changed")]
    commands.add_parser("registry", help="run the local registry and push the images that are built")
    building.append(commands.add_parser("up", help="all of that, and the images named beside the usual ones"))
    for each in building:
        each.add_argument("names", nargs="*", metavar="name", help="an image, one of its tags, or a group")
    commands.add_parser("down", help="remove what the estate made, and stop the engine if the estate started it")
    commands.add_parser("status", help="what there is")
    chosen_command = parser.parse_args(arguments)
    try:
        if chosen_command.command == "status":
            print(report.status(State()))
            return 0
        with lock():
            run(chosen_command.command, getattr(chosen_command, "names", []))
    except EstateError as error:
        print(f"estate: error: {error}", file=sys.stderr)
        return 1
    return 0


def run(command: str, names: list[str]) -> None:
    """One command that changes something."""
    state = State()
    if command == "down":
        cleanup.down(state)
        return
    wanted = chosen(names)
    engine.ensure(state)
    if command == "images":
        images.ensure(wanted, state)
    if command == "up":
        images.ensure([*USUAL, *wanted], state)
    if command in ("registry", "up"):
        registry.ensure(state)
        registry.push(state)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
