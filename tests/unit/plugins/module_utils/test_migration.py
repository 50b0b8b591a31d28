# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is applied, refused, tried again and undone, with a tool and a database that remember what they were asked.

The integration target of the module tries the same on real ones.
"""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.tenantry.platform.plugins.module_utils import migration as module
from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.module_utils.migration import Migration
from ansible_collections.tenantry.platform.plugins.module_utils.migration_database import Applied, Begun
from ansible_collections.tenantry.platform.plugins.module_utils.migration_tools import Output, Status, Tool, Version


class Database:
    """As much of a database as a migration asks it."""

    def __init__(self, *recorded: Applied, begun: Begun | None = None) -> None:
        self.versions = {one.version: one for one in recorded}
        self.last = begun
        self.invalid: list[str] = []
        self.parts = {"column public.notes.id bigint"}

    def recorded(self) -> dict[str, Applied]:
        return dict(self.versions)

    def record(self, versions: t.Iterable[Applied], _release: str) -> None:
        self.versions.update({one.version: one for one in versions})

    def forget(self, versions: t.Iterable[str]) -> None:
        for version in list(versions):
            self.versions.pop(version, None)

    def begin(self, begun: Begun) -> None:
        self.last = begun

    def begun(self) -> Begun | None:
        return self.last

    def invalid_indexes(self) -> list[str]:
        return list(self.invalid)

    def drop_index(self, name: str) -> None:
        self.invalid.remove(name)

    def shape(self) -> set[str]:
        return set(self.parts)


class FakeTool(Tool):
    """Knows versions, some of them applied. Each apply does what ``script`` says next, or all that is pending."""

    program = ("fake",)

    def __init__(self, known: str, applied: str = "", unknown: str = "") -> None:
        super().__init__()
        self.known, self.applied, self.unknown = list(known), list(applied), tuple(unknown)
        self.script: list[t.Callable[[], Output]] = []
        self.ran: list[str] = []

    def status(self, _run: t.Any) -> Status:
        applied = tuple(name for name in self.known if name in self.applied)
        return Status(tuple(Version(name, f"sha of {name}") for name in self.known), applied, self.unknown)

    def apply(self) -> list[str]:
        return ["fake", "up"]

    def undo(self, status: Status, keep: t.Collection[str]) -> list[list[str]]:
        return [["fake", "down", *(name for name in status.applied if name not in keep)]]

    def sql(self, _run: t.Any, status: Status) -> str | None:
        return f"SQL of {', '.join(status.pending)}"

    def run(self, command: t.Sequence[str]) -> Output:
        self.ran.append(" ".join(command))
        if command[1] == "down":
            self.applied = [name for name in self.applied if name not in command[2:]]
            return done()
        if self.script:
            return self.script.pop(0)()
        self.applied = list(self.known)
        return done()


def done(code: int = 0, *lines: str) -> Output:
    return Output(code, "", list(lines), {})


class Container:
    def __init__(self, tool: FakeTool) -> None:
        self.tool = tool

    def run(self, *_command: t.Any) -> Output:
        return done()

    def run_limited(self, command: t.Sequence[str], _deadline: t.Any) -> Output:
        return self.tool.run(command)


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RETRY_PAUSE", (0.0, 0.0))


def migration(tool: FakeTool, database: Database | None = None, **changes: t.Any) -> Migration:
    params = {
        "name": "main",
        "project_name": "acme-00000002",
        "kind": "expand",
        "validated": False,
        "snapshot": "",
        "release": "2",
        "target": None,
        "timeout": 60,
        "lock_timeout": 3,
        "lock_retries": 2,
        "log_lines": 3,
        **changes,
    }
    return Migration(t.cast("t.Any", Container(tool)), tool, t.cast("t.Any", database or Database()), params)


def refused(call: t.Callable[[], t.Any]) -> TenantryError:
    with pytest.raises(TenantryError) as raised:
        call()
    return raised.value


def test_what_is_pending_is_applied_and_recorded_once() -> None:
    tool, database = FakeTool("ab", "a"), Database()
    result = migration(tool, database).applied(False)
    assert (result["changed"], result["before"], result["after"], result["pending"]) == (True, ["a"], ["a", "b"], [])
    assert database.versions["b"] == Applied("b", "sha of b", "expand")
    assert database.last == Begun("2", ("a",), ())
    assert not migration(tool, database).applied(False)["changed"]
    assert tool.ran == ["fake up"]


def test_check_mode_shows_it_and_does_nothing() -> None:
    tool, database = FakeTool("ab", "a"), Database()
    result = migration(tool, database).applied(True)
    assert (result["changed"], result["after"], result["sql"]) == (True, ["a", "b"], "SQL of b")
    assert (tool.ran, database.versions, database.last) == ([], {}, None)


def test_a_file_that_was_changed_after_it_was_applied_is_refused() -> None:
    database = Database(Applied("a", "another", "expand"))
    error = refused(lambda: migration(FakeTool("ab", "a"), database).applied(False))
    assert (error.error_kind, error.details["versions"]) == ("migration_changed", ["a"])


def test_an_older_image_lives_with_what_only_adds_and_with_nothing_else() -> None:
    database = Database(Applied("a", None, "expand"), Applied("b", None, "expand"))
    # What is current is unknown, and so its tool cannot say that a is applied.
    result = migration(FakeTool("a", "", "b"), database).applied(False)
    assert (result["changed"], result["after"], result["unknown_applied"]) == (False, ["a"], ["b"])
    # A tool that does not see what it has no file of.
    assert migration(FakeTool("a", "a"), database).status()["unknown_applied"] == ["b"]
    for strange in (Database(Applied("a", None, "expand"), Applied("b", None, "contract")), Database()):
        error = refused(lambda strange=strange: migration(FakeTool("a", "", "b"), strange).applied(False))
        assert error.error_kind == "migration_unknown"
    pending = refused(lambda: migration(FakeTool("ac", "a", "b"), database).applied(False))
    assert pending.error_kind == "migration_unknown"
    newer = migration(FakeTool("a", "a", "b"), database, target=[])
    assert refused(lambda: newer.rolled_back(False)).error_kind == "migration_unknown"


def test_what_nobody_can_take_back_needs_a_word() -> None:
    for kind in ("contract", "irreversible"):
        tool = FakeTool("ab", "a")
        assert refused(migration(tool, kind=kind).status).error_kind == "migration_not_validated"
        assert migration(tool, kind=kind, validated=True).applied(False)["after"] == ["a", "b"]
        assert migration(tool, kind=kind).status()["pending"] == []


def test_a_lock_that_is_not_to_be_had_is_asked_for_again_and_given_up() -> None:
    tool = FakeTool("ab", "a")
    tool.script = [lambda: done(1, "ERROR: canceling statement due to lock timeout")]
    assert migration(tool).applied(False)["changed"]
    assert tool.ran == ["fake up"] * 2
    tool = FakeTool("ab", "a")
    tool.script = [lambda: done(1, "psycopg.errors.LockNotAvailable")] * 3
    error = refused(lambda: migration(tool).applied(False))
    assert (error.error_kind, len(tool.ran)) == ("migration_blocked", 3)
    assert "in 3 tries it did not get a lock within 3 s" in error.message
    assert "nothing of it is applied" in error.message


def half(tool: FakeTool, database: Database) -> t.Callable[[], Output]:
    def apply() -> Output:
        tool.applied.append("b")
        database.parts.add("column public.notes.b text")
        return done(1, "no such column")

    return apply


def test_a_failure_leaves_what_its_kind_says() -> None:
    tool, database = FakeTool("abc", "a"), Database()
    tool.script = [half(tool, database)]
    error = refused(lambda: migration(tool, database).applied(False))
    assert (error.error_kind, error.details["after"], error.details["left_behind"]) == (
        "migration_failed",
        ["a", "b"],
        [],
    )
    assert "b were applied and stay, because they are declared expand" in error.message
    assert list(database.versions) == ["a", "b"]
    tool, database = FakeTool("abc", "a"), Database()
    tool.script = [half(tool, database)]
    error = refused(lambda: migration(tool, database, kind="reversible").applied(False))
    assert error.details["after"] == ["a"]
    assert "b had been applied and were undone" in error.message
    assert "left column public.notes.b text different from before" in error.message
    assert error.details["left_behind"] == ["column public.notes.b text"]


def test_what_is_loaded_back_is_nothing_to_mend_and_nothing_to_record() -> None:
    tool, database = FakeTool("abc", "a"), Database()
    tool.script = [half(tool, database)]
    error = refused(
        lambda: migration(tool, database, kind="irreversible", validated=True, snapshot="s1").applied(False)
    )
    assert error.message.endswith("b were applied; snapshot s1 from before it is loaded back")
    assert (error.details["left_behind"], list(database.versions)) == ([], [])


def test_an_index_that_could_not_be_built_is_removed_though_the_tool_ended_well() -> None:
    tool, database = FakeTool("ab", "a"), Database()

    def apply() -> Output:
        database.invalid.append("public.title")
        return done()

    tool.script = [apply]
    error = refused(lambda: migration(tool, database).applied(False))
    assert error.error_kind == "migration_invalid_index"
    assert "the index public.title that could not be built was removed" in error.message
    assert database.invalid == []


def test_an_index_that_a_killed_run_left_is_removed_and_one_from_before_stays() -> None:
    tool, database = FakeTool("ab", "a"), Database(begun=Begun("2", ("a",), ("public.old",)))
    database.invalid = ["public.old", "public.left"]
    assert migration(tool, database).applied(False)["changed"]
    assert database.invalid == ["public.old"]


def test_a_release_is_undone_to_where_it_began_also_when_it_was_tried_twice() -> None:
    tool, database = FakeTool("abc", "a"), Database()
    tool.script = [half(tool, database)]
    refused(lambda: migration(tool, database).applied(False))
    assert migration(tool, database).applied(False)["changed"]
    database.versions = {name: Applied(name, None, "reversible") for name in "bc"}
    result = migration(tool, database, kind="reversible").rolled_back(False)
    assert (result["changed"], result["after"]) == (True, ["a"])
    assert database.versions == {}
    assert not migration(tool, database, kind="reversible").rolled_back(False)["changed"]


def test_a_release_that_never_began_to_migrate_undoes_nothing() -> None:
    tool = FakeTool("ab", "ab")
    assert not migration(tool, Database(begun=Begun("1", (), ())), kind="reversible").rolled_back(False)["changed"]
    assert tool.ran == []


def test_only_what_was_declared_reversible_is_undone() -> None:
    database = Database(Applied("b", None, "expand"))
    tool = FakeTool("ab", "ab")
    error = refused(lambda: migration(tool, database, kind="reversible", target=["a"]).rolled_back(False))
    assert (error.error_kind, error.details["versions"], tool.ran) == ("migration_not_reversible", ["b"], [])
