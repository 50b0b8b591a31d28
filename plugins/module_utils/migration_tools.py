# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each migration tool is asked, and what its answers mean. No input or output: a :data:`Run` does that."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import posixpath
import re
import typing as t

from .errors import TenantryError


class Version(t.NamedTuple):
    """One migration that the image has.

    :ivar sha256: of its file; None where the tool does not say which file that is.
    """

    name: str
    sha256: str | None = None


class Output(t.NamedTuple):
    """How one command of a tool ended.

    :ivar lines: the last lines of both streams, without secrets, for messages.
    :ivar files: contents by path, of those that were asked for.
    """

    exit_code: int
    stdout: str
    lines: list[str]
    files: t.Mapping[str, bytes]


class Run(t.Protocol):
    """Runs a command in a container of the image, and reads the files there that ``paths`` finds in what it printed."""

    def __call__(self, command: t.Sequence[str], paths: Paths | None = None) -> Output:
        """See the class.

        :param paths: from standard output to absolute paths.
        """


Paths = t.Callable[[str], t.Sequence[str]]


@dataclasses.dataclass(frozen=True)
class Status:
    """Where a database stands, as its tool sees it.

    :ivar known: what the image has, in the order of its application.
    :ivar applied: names in the same order; those that the image does not know stand in ``unknown`` instead.
    """

    known: tuple[Version, ...]
    applied: tuple[str, ...]
    unknown: tuple[str, ...] = ()

    @property
    def pending(self) -> list[str]:
        return [version.name for version in self.known if version.name not in self.applied]


class Tool:
    """One kind of migration tool.

    :param program: the words that start it.
    """

    program: tuple[str, ...] = ()

    def __init__(self, program: t.Sequence[str] = ()) -> None:
        self.words = tuple(program) or self.program

    def status(self, run: Run) -> Status:
        """Ask what is known and applied.

        :raises TenantryError: kind ``migration_status_failed``.
        """
        raise NotImplementedError

    def apply(self) -> list[str]:
        """The command that applies all that is pending."""
        raise NotImplementedError

    def undo(self, status: Status, keep: t.Collection[str]) -> list[list[str]]:
        """The commands that undo all that is applied but ``keep``.

        :raises TenantryError: kind ``migration_not_reversible`` where the tool has no way there.
        """
        raise NotImplementedError

    def sql(self, run: Run, status: Status) -> str | None:
        """What would be applied as SQL; None where the tool cannot say."""
        raise NotImplementedError


class Alembic(Tool):
    """Alembic's command line."""

    program = ("alembic",)

    _FIELD = re.compile(r"(Rev|Parent|Merges|Also depends on|Path): (.*)")

    def status(self, run: Run) -> Status:
        # Not history --indicate-current: that makes the version table where there is none, and this only asks.
        current, unknown = self._current(run)
        output = _asked(run, [*self.words, "history", "--verbose"], self._paths)
        entries = list(self._entries(output.stdout))
        parents = {entry["Rev"]: entry["parents"] for entry in entries}
        applied: set[str] = set()
        todo = current
        while todo:
            name = todo.pop()
            if name not in applied:
                applied.add(name)
                todo += parents.get(name, [])
        known = tuple(
            Version(entry["Rev"], _sha256(output.files.get(entry.get("Path", "")))) for entry in reversed(entries)
        )
        return Status(known, tuple(one.name for one in known if one.name in applied), unknown)

    def _current(self, run: Run) -> tuple[list[str], tuple[str, ...]]:
        """The newest revisions that are applied, and those that the image does not know."""
        output = run([*self.words, "current"])
        if output.exit_code == 0:
            return [line.split()[0] for line in output.stdout.splitlines() if line.strip()], ()
        unknown = re.findall(r"Can't locate revision identified by '([^']*)'", "\n".join(output.lines))
        if not unknown:
            raise _failed([*self.words, "current"], output)
        return [], tuple(dict.fromkeys(unknown))

    def _entries(self, text: str) -> t.Iterator[dict[str, t.Any]]:
        """The revisions, newest first. Their descriptions are indented."""
        entry: dict[str, t.Any] | None = None
        for line in text.splitlines():
            found = self._FIELD.fullmatch(line)
            if not found:
                continue
            name, value = found.groups()
            if name == "Rev":
                if entry is not None:
                    yield entry
                entry = {"Rev": value.split()[0], "parents": []}
            elif entry is not None and name == "Path":
                entry["Path"] = value
            elif entry is not None and value != "<base>":
                entry["parents"] += value.split(", ")
        if entry is not None:
            yield entry

    def _paths(self, text: str) -> list[str]:
        return [entry["Path"] for entry in self._entries(text) if "Path" in entry]

    def apply(self) -> list[str]:
        return [*self.words, "upgrade", "heads"]

    def undo(self, status: Status, keep: t.Collection[str]) -> list[list[str]]:
        # The tool undoes everything after a revision: that of the newest one that stays says all on a straight line.
        kept = [name for name in status.applied if name in keep]
        return [[*self.words, "downgrade", kept[-1] if kept else "base"]]

    def sql(self, run: Run, status: Status) -> str | None:
        start = status.applied[-1] if status.applied else "base"
        output = run([*self.words, "upgrade", f"{start}:heads", "--sql"])
        return output.stdout if output.exit_code == 0 else None


# Django's own loader knows squashed migrations, applied ones that no file is left of, and where each file stands.
_DJANGO_STATUS = """
import hashlib, importlib, json
from django.db import connection
from django.db.migrations.loader import MigrationLoader
loader = MigrationLoader(connection, ignore_no_migrations=True)
plan = []
for leaf in sorted(loader.graph.leaf_nodes()):
    plan += [key for key in loader.graph.forwards_plan(leaf) if key not in plan]
def digest(key):
    module = importlib.import_module(loader.graph.nodes[key].__module__)
    with open(module.__file__, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()
known = [[".".join(key), digest(key)] for key in plan]
applied = [".".join(key) for key in loader.applied_migrations]
replaced = [".".join(old) for new in loader.replacements.values() for old in new.replaces]
print("\\ntenantry " + json.dumps({"known": known, "applied": applied, "replaced": replaced}))
"""

_DJANGO_SQL = """
import io, json
from django.core.management import call_command
for app, name in json.loads({pending!r}):
    out = io.StringIO()
    call_command("sqlmigrate", app, name, stdout=out)
    print("-- " + app + "." + name + "\\n" + out.getvalue())
"""


class Django(Tool):
    """Django's ``manage.py``."""

    program = ("python", "manage.py")

    def status(self, run: Run) -> Status:
        command = [*self.words, "shell", "--verbosity", "0", "--command", _DJANGO_STATUS]
        output = _asked(run, command)
        found = re.search(r"^tenantry (\{.*\})$", output.stdout, re.MULTILINE)
        if not found:
            raise _failed(command[:3], output)
        answer = json.loads(found.group(1))
        known = tuple(Version(name, sha256) for name, sha256 in answer["known"])
        names = [version.name for version in known]
        unknown = sorted(set(answer["applied"]) - set(names) - set(answer["replaced"]))
        return Status(known, tuple(name for name in names if name in answer["applied"]), tuple(unknown))

    def apply(self) -> list[str]:
        return [*self.words, "migrate", "--noinput"]

    def undo(self, status: Status, keep: t.Collection[str]) -> list[list[str]]:
        commands = []
        undone = [name.split(".", 1)[0] for name in reversed(status.applied) if name not in keep]
        for app in dict.fromkeys(undone):
            kept = [name for name in status.applied if name in keep and name.split(".", 1)[0] == app]
            target = kept[-1].split(".", 1)[1] if kept else "zero"
            commands.append([*self.words, "migrate", "--noinput", app, target])
        return commands

    def sql(self, run: Run, status: Status) -> str | None:
        pending = json.dumps([name.split(".", 1) for name in status.pending])
        code = _DJANGO_SQL.format(pending=pending)
        output = run([*self.words, "shell", "--verbosity", "0", "--command", code])
        return output.stdout.strip("\n") if output.exit_code == 0 else None


class Dbmate(Tool):
    """dbmate with a folder of plain SQL.

    :param folder: absolute path of its migrations in the image.
    """

    program = ("dbmate",)

    _LINE = re.compile(r"\[([X ])\] (.+)")

    def __init__(self, program: t.Sequence[str] = (), folder: str = "/db/migrations") -> None:
        super().__init__(program)
        self.folder = folder

    def status(self, run: Run) -> Status:
        output = _asked(run, [*self.words, "status"], self._paths)
        entries = self._entries(output.stdout)
        missing = [name for name, _applied in entries if self._path(name) not in output.files]
        if missing:
            raise TenantryError(
                f"dbmate knows {', '.join(missing)}, but {self.folder} in its image has no such file: say where its "
                "migrations stand, by --migrations-dir in command or by the variable DBMATE_MIGRATIONS_DIR",
                "migration_status_failed",
            )
        known = tuple(Version(name, _sha256(output.files[self._path(name)])) for name, _applied in entries)
        return Status(known, tuple(name for name, applied in entries if applied))

    def _entries(self, text: str) -> list[tuple[str, bool]]:
        found = (self._LINE.fullmatch(line.rstrip()) for line in text.splitlines())
        return [(match.group(2), match.group(1) == "X") for match in found if match]

    def _path(self, name: str) -> str:
        return posixpath.join(self.folder, name)

    def _paths(self, text: str) -> list[str]:
        return [self._path(name) for name, _applied in self._entries(text)]

    def apply(self) -> list[str]:
        # Without its own lock: a waiter that holds a transaction open deadlocks with CREATE INDEX CONCURRENTLY.
        return [*self.words, "--no-dump-schema", "migrate", "--strict"]

    def undo(self, status: Status, keep: t.Collection[str]) -> list[list[str]]:
        undone = [name for name in status.applied if name not in keep]
        newest = list(status.applied[len(status.applied) - len(undone) :])
        if undone != newest:
            raise TenantryError(
                f"dbmate undoes the newest migrations first, and {', '.join(undone)} are not the newest of those that "
                f"are applied ({', '.join(status.applied)}): restore a backup instead",
                "migration_not_reversible",
            )
        return [[*self.words, "--no-dump-schema", "rollback"] for _name in undone]

    def sql(self, run: Run, status: Status) -> str | None:
        files = _asked(run, [*self.words, "status"], self._paths).files
        texts = (files[self._path(name)].decode("utf-8", "replace") for name in status.pending)
        return "\n".join(text.partition("-- migrate:down")[0].strip() for text in texts)


class Command(Tool):
    """Any tool, by the commands of its row.

    :param program: what applies everything that is pending.
    :param status_command: prints one JSON object with the lists ``applied``, ``pending`` and, where it knows,
        ``unknown``; None where nothing can be asked: then it is run every time.
    :param undo_command: undoes everything after the version that takes the place of the word ``{target}``.
    """

    def __init__(
        self,
        program: t.Sequence[str],
        status_command: t.Sequence[str] = (),
        undo_command: t.Sequence[str] = (),
    ) -> None:
        super().__init__(program)
        self.status_command = tuple(status_command)
        self.undo_command = tuple(undo_command)

    def status(self, run: Run) -> Status:
        output = _asked(run, self.status_command)
        try:
            answer = json.loads(output.stdout)
            applied, pending, unknown = (
                tuple(str(name) for name in answer[key]) for key in ("applied", "pending", "unknown")
            )
        except (ValueError, TypeError, KeyError) as error:
            raise TenantryError(
                f"{' '.join(self.status_command)} printed no JSON object with the lists applied, pending and unknown "
                f"({type(error).__name__}: {error}), but: {output.stdout.strip()[:200] or 'nothing'}",
                "migration_status_failed",
                logs=output.lines,
            ) from error
        return Status(tuple(Version(name) for name in (*applied, *pending)), applied, unknown)

    def apply(self) -> list[str]:
        return list(self.words)

    def undo(self, status: Status, keep: t.Collection[str]) -> list[list[str]]:
        if not self.undo_command:
            raise TenantryError(
                "this migration has no rollback command: give it one, or restore a backup", "migration_not_reversible"
            )
        kept = [name for name in status.applied if name in keep]
        target = kept[-1] if kept else ""
        return [[target if word == "{target}" else word for word in self.undo_command]]

    def sql(self, _run: Run, _status: Status) -> str | None:
        return None


def _asked(run: Run, command: t.Sequence[str], paths: Paths | None = None) -> Output:
    output = run(command, paths)
    if output.exit_code != 0:
        raise _failed(command, output)
    return output


def _failed(command: t.Sequence[str], output: Output) -> TenantryError:
    said = " | ".join(output.lines[-3:]) or "nothing"
    return TenantryError(
        f"{' '.join(command)} ended with code {output.exit_code} and said: {said}",
        "migration_status_failed",
        logs=output.lines,
    )


def _sha256(content: bytes | None) -> str | None:
    return hashlib.sha256(content).hexdigest() if content is not None else None
