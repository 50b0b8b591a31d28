# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A tenant's database brought to what a release's image wants, by the tool of that image, and back.

Nothing is applied twice, nothing is applied over what somebody changed, and nobody else waits for a lock longer than
``lock_timeout``. When this module dies, its container works on and the next run waits for that.
"""

from __future__ import annotations

import contextlib
import dataclasses
import re
import typing as t

from . import database_session
from .database_session import DATABASE_ARGUMENT, Database
from .engine import Engine
from .errors import TenantryError
from .migration_container import MigrationContainer
from .migration_database import DATABASES, Applied, Begun, MigrationDatabase
from .migration_tools import Alembic, Command, Dbmate, Django, Output, Status, Tool
from .one_off import ONE_OFF_ARGUMENTS, OneOff
from .polling import Deadline, Pause

KINDS = ("reversible", "expand", "irreversible", "contract")
#: What an older release runs on as well: it may find such versions in the database that its image does not know.
COMPATIBLE = ("reversible", "expand")
#: What nobody takes back: it needs somebody's word that this version was tried.
FINAL = ("irreversible", "contract")

MIGRATION_ARGUMENTS: dict[str, t.Any] = {
    **ONE_OFF_ARGUMENTS,
    **DATABASE_ARGUMENT,
    "project_src": {"type": "path", "required": True},
    "service": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["applied", "rolled_back", "status"], "default": "applied"},
    "name": {"type": "str", "default": "main"},
    "files": {"type": "list", "elements": "str", "default": ["migrations.yaml"]},
    "driver": {"type": "str", "choices": ["alembic", "django", "dbmate", "command"], "required": True},
    "command": {"type": "list", "elements": "str", "default": []},
    "status_command": {"type": "list", "elements": "str", "default": []},
    "rollback_command": {"type": "list", "elements": "str", "default": []},
    "kind": {"type": "str", "choices": list(KINDS), "default": "expand"},
    "release": {"type": "str", "default": ""},
    "target": {"type": "list", "elements": "str"},
    "snapshot": {"type": "str", "default": ""},
    "validated": {"type": "bool", "default": False},
    "timeout": {"type": "int", "default": 600},
    "lock_wait": {"type": "int", "default": 60},
    "lock_timeout": {"type": "int", "default": 3},
    "lock_retries": {"type": "int", "default": 10},
}

MIGRATION_REQUIRED_IF = [("driver", "command", ["command"])]

#: How tools and servers say that a lock was not to be had in time.
LOCK_TIMEOUT = re.compile(
    r"lock timeout|LockNotAvailable|\b55P03\b|Lock wait timeout exceeded|Query execution was interrupted", re.IGNORECASE
)
RETRY_PAUSE = (1.0, 10.0)
#: Parts of a schema that stand in a message; ``left_behind`` has them all.
SHOWN = 5


@dataclasses.dataclass
class Migration:
    """One migration of a tenant, under way.

    :ivar container: runs the tool.
    :ivar database: None where nobody said which it is: then there is no lock, no record and no look at indexes.
    :ivar params: the module's options.
    """

    container: MigrationContainer
    tool: Tool
    database: MigrationDatabase | None
    params: t.Mapping[str, t.Any]

    @property
    def label(self) -> str:
        return f"migration {self.params['name']} of project {self.params['project_name']}"

    def status(self) -> dict[str, t.Any]:
        """Only say where it stands.

        :raises TenantryError: kinds ``migration_status_failed``, ``migration_unknown``, ``migration_changed``,
            ``migration_not_validated``.
        """
        if not self._can_ask():
            self._refuse_unvalidated(["what its command does"])
            nothing = Status((), ())
            return {**self._result(nothing, nothing), "pending": [self.params["name"]]}
        status = self._read()
        self._refuse_unvalidated(status.pending)
        return self._result(status, status)

    def applied(self, check_mode: bool) -> dict[str, t.Any]:
        """Apply what is pending.

        :raises TenantryError: kinds as for :meth:`status`, and ``migration_failed``, ``migration_timeout``,
            ``migration_blocked``, ``migration_invalid_index``.
        """
        if not self._can_ask():
            return self._applied_blindly(check_mode)
        before = self._read()
        if not before.pending:
            return self._result(before, before)
        self._refuse_unvalidated(before.pending)
        if check_mode:
            wanted = dataclasses.replace(before, applied=tuple(version.name for version in before.known))
            return self._result(before, wanted, sql=self.tool.sql(self.container.run, before))
        invalid = self._begin(before)
        shape = self._shape()
        try:
            self._apply()
            self._refuse_invalid(invalid)
        except TenantryError as error:
            raise self._after_failure(error, before, invalid, shape) from error
        after = self.tool.status(self.container.run)
        if after.pending:
            raise self._after_failure(
                TenantryError(f"{self.label}: its tool ended well but left migrations pending", "migration_failed"),
                before,
                invalid,
                shape,
            )
        self._record(after)
        return self._result(before, after)

    def rolled_back(self, check_mode: bool) -> dict[str, t.Any]:
        """Undo what was applied for a release, or all but the given versions.

        :raises TenantryError: kinds as for :meth:`status`, and ``migration_not_reversible``, ``migration_failed``.
        """
        keep = self._target()
        if keep is None:
            status = self._read()
            return self._result(status, status)
        before = self._read(strict=True)
        undone = [name for name in before.applied if name not in keep]
        if not undone:
            return self._result(before, before)
        self._refuse_irreversible(undone)
        wanted = dataclasses.replace(before, applied=tuple(name for name in before.applied if name in keep))
        if check_mode:
            return self._result(before, wanted)
        after = self._undo(before, keep)
        if after.applied != wanted.applied:
            raise TenantryError(
                f"{self.label}: its tool said that it undid {', '.join(undone)}, but applied are now "
                f"{', '.join(after.applied) or 'none'} instead of {', '.join(wanted.applied) or 'none'}: restore a "
                "backup, or put it right by hand",
                "migration_failed",
                **self._facts(before, after),
            )
        return self._result(before, after)

    def _can_ask(self) -> bool:
        return not isinstance(self.tool, Command) or bool(self.tool.status_command)

    def _applied_blindly(self, check_mode: bool) -> dict[str, t.Any]:
        """A command that nobody can ask what is pending: it runs every time, and has to bear that."""
        nothing = Status((), ())
        if not check_mode:
            self._refuse_unvalidated(["what its command does"])
            self._apply()
        return {**self._result(nothing, nothing), "changed": True}

    def _read(self, strict: bool = False) -> Status:
        """Where the database stands; refuses what makes every next step a risk.

        :param strict: whether versions that the image does not know are refused, whatever their kind.
        """
        status = self.tool.status(self.container.run)
        recorded = self.database.recorded() if self.database else {}
        changed = [
            version.name
            for version in status.known
            for ours in [recorded.get(version.name)]
            if ours and ours.sha256 and version.sha256 and ours.sha256 != version.sha256
        ]
        if changed:
            raise TenantryError(
                f"{self.label}: the files of {', '.join(changed)} were changed after they had been applied, so that "
                "the database is not what the files say: put the files back, and change the schema with a new "
                "migration",
                "migration_changed",
                versions=changed,
                **self._facts(status, status),
            )
        # Not every tool sees what it has no file of.
        known = {version.name for version in status.known}
        unknown = tuple(dict.fromkeys([*status.unknown, *(name for name in recorded if name not in known)]))
        if not unknown:
            return status
        return self._with_unknown(dataclasses.replace(status, unknown=unknown), recorded, strict)

    def _with_unknown(self, status: Status, recorded: t.Mapping[str, Applied], strict: bool) -> Status:
        """An older image in front of what a newer release applied."""
        strange = [
            name for name in status.unknown if strict or name not in recorded or recorded[name].kind not in COMPATIBLE
        ]
        # Its tool may not be able to say what is applied any more.
        applied = tuple(one.name for one in status.known if one.name in status.applied or one.name in recorded)
        status = dataclasses.replace(status, applied=applied)
        if strange or status.pending:
            names = ", ".join(strange or status.unknown)
            raise TenantryError(
                f"{self.label}: the database has {names}, which this image does not know: they are of a newer release. "
                "Deploy that one, roll it back with its own image, or restore a backup from before it",
                "migration_unknown",
                **self._facts(status, status),
            )
        return status

    def _refuse_unvalidated(self, pending: t.Sequence[str]) -> None:
        kind = self.params["kind"]
        if pending and kind in FINAL and not self.params["validated"]:
            raise TenantryError(
                f"{self.label}: {', '.join(pending)} would be applied, and nobody can take that back, because they are "
                f"declared {kind}: try this version on a copy (playbook rehearse), then run again with "
                "migration_validated_version set to it",
                "migration_not_validated",
                pending=list(pending),
            )

    def _refuse_irreversible(self, undone: t.Sequence[str]) -> None:
        recorded = self.database.recorded() if self.database else {}
        final = [
            name
            for name in undone
            if (recorded[name].kind if name in recorded else self.params["kind"]) != "reversible"
        ]
        if final:
            raise TenantryError(
                f"{self.label}: {', '.join(final)} cannot be undone, because they were not declared reversible: leave "
                "them (an older release runs on what only adds), or restore a backup from before them",
                "migration_not_reversible",
                versions=final,
            )

    def _target(self) -> t.Collection[str] | None:
        """The versions that stay applied; None where this release never began to migrate."""
        if self.params["target"] is not None:
            return t.cast("list[str]", self.params["target"])
        if self.database is None:
            raise TenantryError(
                f"{self.label}: without database nobody knows what was applied before: say what stays in target",
                "invalid",
            )
        begun = self.database.begun()
        return begun.before if begun and begun.release == self.params["release"] else None

    def _begin(self, before: Status) -> list[str]:
        """Note where it begins; gives the indexes that are invalid already.

        What an earlier run left that was killed while it built an index is removed first.
        """
        if self.database is None:
            return []
        invalid = self.database.invalid_indexes()
        last = self.database.begun()
        ours = [name for name in invalid if last and last.before == before.applied and name not in last.invalid]
        for name in ours:
            self.database.drop_index(name)
        left = [name for name in invalid if name not in ours]
        # A second attempt of the same release began where the first one did.
        if last is None or last.release != self.params["release"] or not self.params["release"]:
            self.database.begin(Begun(self.params["release"], before.applied, tuple(left)))
        return left

    def _apply(self) -> None:
        deadline = Deadline(self.params["timeout"])
        pause = Pause(*RETRY_PAUSE)
        for attempt in range(self.params["lock_retries"] + 1):
            output = self.container.run_limited(self.tool.apply(), deadline)
            if output.exit_code == 0:
                return
            blocked = LOCK_TIMEOUT.search("\n".join(output.lines))
            if not blocked:
                raise self._failed(output)
            if attempt == self.params["lock_retries"] or deadline.passed():
                within = f"within {self.params['lock_timeout']} s"
                raise TenantryError(
                    f"{self.label}: in {attempt + 1} tries it did not get a lock {within}, "
                    "because a transaction of somebody else holds it: end that one, or try when there is less to do",
                    "migration_blocked",
                    logs=self._tail(output),
                )
            pause.sleep(deadline)

    def _refuse_invalid(self, before: t.Collection[str]) -> None:
        """An index that could not be built stays behind, is used by nobody, and slows every write."""
        broken = [name for name in self.database.invalid_indexes() if name not in before] if self.database else []
        if broken:
            raise TenantryError(
                f"{self.label}: building the index {', '.join(broken)} failed, though the tool said that all went well",
                "migration_invalid_index",
                indexes=broken,
            )

    def _shape(self) -> set[str]:
        return self.database.shape() if self.database else set()

    def _after_failure(
        self, error: TenantryError, before: Status, invalid: t.Collection[str], shape: set[str]
    ) -> TenantryError:
        """The same error, which says in what state the database is now; what can be put back was."""
        notes = []
        after = before
        left: list[str] = []
        try:
            notes += self._without_broken_indexes(invalid)
            after = self.tool.status(self.container.run)
            new = [name for name in after.applied if name not in before.applied]
            if new and self.params["kind"] == "reversible":
                after = self._undo(after, before.applied)
                notes.append(f"{', '.join(new)} had been applied and were undone")
            elif new and self.params["snapshot"]:
                notes.append(f"{', '.join(new)} were applied")
            elif new:
                self._record(after)
                notes.append(f"{', '.join(new)} were applied and stay, because they are declared {self.params['kind']}")
            else:
                notes.append("nothing of it is applied")
            if after.applied == before.applied and not self.params["snapshot"]:
                left = sorted(self._shape() ^ shape)
        except TenantryError as next_error:
            notes.append(f"what is applied now is not known ({next_error.message})")
        if self.params["snapshot"]:
            notes.append(f"snapshot {self.params['snapshot']} from before it is loaded back")
        if left:
            more = f" and {len(left) - SHOWN} more" if len(left) > SHOWN else ""
            notes.append(
                f"but it worked without a transaction and left {', '.join(left[:SHOWN])}{more} different from before: "
                "put that right by hand, or restore a backup, before the next try"
            )
        facts = {**error.details, "left_behind": left, **self._facts(before, after)}
        return TenantryError(f"{error.message}; {'; '.join(notes)}", error.error_kind, **facts)

    def _without_broken_indexes(self, before: t.Collection[str]) -> list[str]:
        if self.database is None:
            return []
        broken = [name for name in self.database.invalid_indexes() if name not in before]
        for name in broken:
            self.database.drop_index(name)
        return [f"the index {', '.join(broken)} that could not be built was removed"] if broken else []

    def _undo(self, before: Status, keep: t.Collection[str]) -> Status:
        for command in self.tool.undo(before, keep):
            output = self.container.run_limited(command, Deadline(self.params["timeout"]))
            if output.exit_code != 0:
                raise self._failed(output)
        after = self.tool.status(self.container.run)
        if self.database:
            self.database.forget(name for name in before.applied if name not in after.applied)
        return after

    def _record(self, after: Status) -> None:
        if self.database is None:
            return
        recorded = self.database.recorded()
        new = [one for one in after.known if one.name in after.applied and one.name not in recorded]
        self.database.record(
            (Applied(one.name, one.sha256, self.params["kind"]) for one in new), self.params["release"]
        )

    def _failed(self, output: Output) -> TenantryError:
        tail = self._tail(output)
        return TenantryError(
            f"{self.label} ended with code {output.exit_code}; its last log lines: {' | '.join(tail[-5:]) or 'none'}",
            "migration_failed",
            exit_code=output.exit_code,
            logs=tail,
        )

    def _tail(self, output: Output) -> list[str]:
        return output.lines[-self.params["log_lines"] :]

    def _facts(self, before: Status, after: Status) -> dict[str, t.Any]:
        return {
            "before": list(before.applied),
            "after": list(after.applied),
            "pending": after.pending,
            "unknown_applied": list(after.unknown),
        }

    def _result(self, before: Status, after: Status, sql: str | None = None) -> dict[str, t.Any]:
        return {
            "changed": before.applied != after.applied,
            **self._facts(before, after),
            "sql": sql,
            "diff": {"before": {self.label: list(before.applied)}, "after": {self.label: list(after.applied)}},
        }


def tool_from(params: t.Mapping[str, t.Any], place: MigrationContainer) -> Tool:
    """The tool that the option ``driver`` names."""
    command = params["command"]
    if params["driver"] == "alembic":
        return Alembic(command)
    if params["driver"] == "django":
        return Django(command)
    if params["driver"] == "dbmate":
        return Dbmate(command, place.dbmate_folder(command))
    return Command(command, params["status_command"], params["rollback_command"])


def run(engine: Engine, params: t.Mapping[str, t.Any], check_mode: bool) -> dict[str, t.Any]:
    """Do what the option ``state`` says; returns a module result.

    :raises TenantryError: see :class:`Migration`, and ``migration_locked``, ``database_down``, and those of a one-off.
    """
    asks = check_mode or params["state"] == "status"
    with contextlib.ExitStack() as stack:
        database = None
        if params["database"]:
            wanted = Database.from_option(params["database"])
            session = stack.enter_context(database_session.connect(engine, wanted, params["tenant"]))
            database = DATABASES[wanted.engine](session, params["name"])
            database.lock(params["lock_wait"])
            if not asks:
                database.prepare()
        one_off = OneOff.from_params(engine, params, "migration", _keep)
        container = MigrationContainer(one_off, database, params["timeout"], params["lock_timeout"])
        container.wait_for_left_over()
        if not asks:
            container.prepare()
        migration = Migration(container, tool_from(params, container), database, params)
        if params["state"] == "status":
            return migration.status()
        if params["state"] == "rolled_back":
            return migration.rolled_back(check_mode)
        return migration.applied(check_mode)


def _keep() -> None:
    """It goes on whoever died: nobody ends one that works on data."""
