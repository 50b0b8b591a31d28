# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Running commands, as this user or as root, with an error that shows what they said."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import typing as t

TAIL_LINES = 15


class EstateError(Exception):
    """Something the person at the keyboard can act on; the message says what and how."""


def say(message: str) -> None:
    """One line of progress. Nothing is said when nothing is done."""
    print(f"estate: {message}", flush=True)


def tail(text: str, lines: int = TAIL_LINES) -> str:
    """The last lines, indented, for the end of an error message."""
    return "\n".join(f"    {line}" for line in text.rstrip().splitlines()[-lines:])


def attempt(argv: t.Sequence[str], *, timeout: float = 60) -> subprocess.CompletedProcess[str]:
    """Run a command whose failure is an answer; a missing program gives return code 127, a timeout 124."""
    try:
        return subprocess.run(
            list(argv),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            check=False,
        )
    except FileNotFoundError:
        return subprocess.CompletedProcess(list(argv), 127, "", f"{argv[0]}: not installed")
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(list(argv), 124, "", f"no answer within {timeout:g} s")


def run(
    argv: t.Sequence[str],
    *,
    env: t.Mapping[str, str] | None = None,
    stdin: t.IO[bytes] | None = None,
    timeout: float = 1800,
) -> str:
    """Run a command that must succeed; gives its standard output.

    :param env: added to this process's environment.
    :param stdin: an open file to read from.
    :param timeout: seconds.
    :raises EstateError: with the command, its return code and its last lines.
    """
    command = shlex.join(argv)
    try:
        done = subprocess.run(
            list(argv),
            stdin=stdin if stdin is not None else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(env or {})},
            timeout=timeout,
            check=False,
        )
    except FileNotFoundError:
        raise EstateError(f"cannot run {command}: {argv[0]} is not installed") from None
    except subprocess.TimeoutExpired as error:
        said = (error.stdout or b"").decode(errors="replace")
        raise EstateError(f"{command} did not end within {timeout:g} s; it said last:\n{tail(said)}") from None
    output = done.stdout.decode(errors="replace")
    if done.returncode:
        raise EstateError(f"{command} failed with return code {done.returncode}:\n{tail(output)}")
    return output


def as_root(argv: t.Sequence[str]) -> list[str]:
    """The command, through sudo unless this is root already.

    :raises EstateError: when this is not root and sudo would ask for a password or is absent.
    """
    if os.geteuid() == 0:
        return list(argv)
    if shutil.which("sudo") is None or attempt(["sudo", "-n", "true"]).returncode:
        raise EstateError(
            f"{argv[0]} needs root, and sudo without a password is not available: run this as root, allow sudo,"
            " or install and start a Docker engine (20.10 or newer, with compose v2) yourself"
        )
    return ["sudo", "-n", "env", "DEBIAN_FRONTEND=noninteractive", *argv]
