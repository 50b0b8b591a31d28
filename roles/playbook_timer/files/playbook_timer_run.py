# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of a run of a playbook from outside it: when it began, how long it took, how it ended.

``begin`` runs before the playbook, ``end`` after it, whatever became of it: systemd calls ``end`` after a kill and
after a timeout too, and says in the environment how the run ended. Both run as root, because the directory of the
textfile collector is not the playbook's to write in. Standard library only, and no part of the collection: it must
work when that does not.
"""

from __future__ import annotations

import argparse
import os
import signal
import stat
import sys
import tempfile
import time

# What timeout(1) ends with. Ansible never does.
TIMED_OUT = 124
# The playbook did not even start, so there is no code of its own.
NOT_STARTED = 255
LARGEST = 64 * 1024 * 1024
METRICS = (
    ("exit_code", "How the last run ended: 0 well, 2 not all is well, 4 incomplete, 124 too long, 128 and more killed"),
    ("timestamp_seconds", "When the last run ended, however it did"),
    ("duration_seconds", "How long the last run took"),
    # A run may end with a code that looks like an answer before it asked anybody.
    ("reported", "Whether the last run wrote a report"),
)


def exit_code(environment: dict[str, str]) -> int:
    """One number for how the playbook ended, as a shell would give it."""
    if environment.get("SERVICE_RESULT") == "timeout":
        return TIMED_OUT
    kind, status = environment.get("EXIT_CODE"), environment.get("EXIT_STATUS", "")
    if kind == "exited" and status.isdigit():
        return int(status)
    if kind in ("killed", "dumped"):
        number = getattr(signal, f"SIG{status}", None)
        return 128 + int(number or 0)
    return NOT_STARTED


def render(metric: str, labels: list[str], values: dict[str, float]) -> bytes:
    """The metrics of a run; one without a value is left out.

    :param metric: what their names begin with.
    :param labels: ``name=value``.
    """
    pairs = [(name, value) for name, _equals, value in (one.partition("=") for one in labels)]
    text_of = [f'{name}="{_escape(value)}"' for name, value in pairs]
    lines = []
    for name, text in METRICS:
        if name in values:
            full = f"{metric}_run_{name}"
            lines += [
                f"# HELP {full} {text}.",
                f"# TYPE {full} gauge",
                f"{full}{{{','.join(text_of)}}} {values[name]:.15g}",
            ]
    return "\n".join([*lines, ""]).encode()


def _escape(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')


def replace(path: str, content: bytes) -> None:
    """The file is the old or the new one, whole, and everybody may read it."""
    # The collector reads only names that end with .prom.
    descriptor, temporary = tempfile.mkstemp(prefix=".tenantry-", suffix=".tmp", dir=os.path.dirname(path))
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def read_report(path: str) -> bytes:
    """The metrics that the playbook wrote.

    Its user owns the directory, and root reads: a link, a pipe or a second name of somebody's file is refused.

    :raises OSError: when it is not there, or not a plain file.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        about = os.fstat(descriptor)
        if not stat.S_ISREG(about.st_mode) or about.st_nlink != 1 or about.st_size > LARGEST:
            raise OSError(f"{path} is not a plain file with one name and at most {LARGEST} bytes")
        return file.read(LARGEST)


def is_newer(path: str, than: str) -> bool:
    """Whether a file was written after another one; one that is not there was not."""
    try:
        return os.lstat(path).st_mtime_ns >= os.lstat(than).st_mtime_ns
    except FileNotFoundError:
        return False


def begin(started: str) -> int:
    """Remember the time; monotonic, because clocks are set."""
    with open(started, "w", encoding="ascii") as file:
        file.write(f"{time.monotonic()}\n")
    return 0


def end(arguments: argparse.Namespace, started: str) -> int:
    """Write what is known of the run, then what the run itself found out."""
    values: dict[str, float] = {"exit_code": exit_code(dict(os.environ)), "timestamp_seconds": int(time.time())}
    try:
        with open(started, encoding="ascii") as file:
            values["duration_seconds"] = round(time.monotonic() - float(file.read()), 3)
    except (OSError, ValueError) as error:
        print(f"when the run began is not known: {error}", file=sys.stderr)
    if arguments.report:
        values["reported"] = int(is_newer(arguments.report, started))
    replace(f"{arguments.textfile}_run.prom", render(arguments.metric, arguments.label, values))
    if not arguments.report:
        return 0
    try:
        replace(f"{arguments.textfile}.prom", read_report(arguments.report))
    except FileNotFoundError:
        # No run ever came to its end. Alerts on absence say so.
        print(f"{arguments.report} is not there: no run has come to its end yet", file=sys.stderr)
    return 0


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("moment", choices=["begin", "end"])
    parser.add_argument("--metric", required=True, help="what the names of the metrics begin with")
    parser.add_argument("--label", action="append", default=[], help="name=value, a label of each of them")
    parser.add_argument("--textfile", required=True, help="path of what the textfile collector reads, without its end")
    parser.add_argument("--report", default="", help="metrics that the playbook itself writes, if it does")
    arguments = parser.parse_args()
    # Made by systemd for each run, and removed after it.
    started = os.path.join(os.environ["RUNTIME_DIRECTORY"], "started")
    return begin(started) if arguments.moment == "begin" else end(arguments, started)


if __name__ == "__main__":
    sys.exit(main())
