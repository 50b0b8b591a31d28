# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What migration tools print, as they printed it (Alembic 1.20, dbmate 2.37), and what is asked of them."""

from __future__ import annotations

import hashlib
import typing as t

import pytest

from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.module_utils.migration_tools import (
    Alembic,
    Command,
    Dbmate,
    Django,
    Output,
    Paths,
    Status,
    Version,
)

HISTORY = """\
Rev: m4 (head) (mergepoint)
Merges: r2, r3
Path: /app/versions/m4_merged.py

    merged

    Revision ID: m4
    Revises: r2, r3
    Create Date: 2026-11-22 00:39:05.652640

Rev: r2
Parent: r1
Path: /app/versions/r2_second.py

    second thing
    Rev: this line is text
    Parent: and so is this

    Revision ID: r2

Rev: r3
Parent: r1
Path: /app/versions/r3_third.py

    third

Rev: r1 (branchpoint)
Parent: <base>
Branches into: r3, r2
Path: /app/versions/r1_first.py

    first
"""
UNKNOWN = ["INFO  [alembic.runtime.migration] Context impl PostgresqlImpl.",
           "FAILED: Can't locate revision identified by 'zzz'"]  # fmt: skip


class Fake:
    """A tool that answers by the last word of what it is asked; files have their path as content."""

    def __init__(self, **answers: str | tuple[int, str, list[str]]) -> None:
        self.answers = answers
        self.asked: list[list[str]] = []

    def __call__(self, command: t.Sequence[str], paths: Paths | None = None) -> Output:
        self.asked.append(list(command))
        found = next(answer for word, answer in self.answers.items() if word in " ".join(command))
        code, stdout, lines = found if isinstance(found, tuple) else (0, found, [])
        return Output(code, stdout, lines, {path: path.encode() for path in paths(stdout)} if paths else {})


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_alembic_says_what_is_applied_by_the_ancestors_of_what_is_current() -> None:
    status = Alembic().status(Fake(history=HISTORY, current="r2\n"))
    assert [version.name for version in status.known] == ["r1", "r3", "r2", "m4"]
    assert status.known[2].sha256 == sha256("/app/versions/r2_second.py")
    assert status.applied == ("r1", "r2")
    assert status.pending == ["r3", "m4"]
    assert status.unknown == ()


def test_alembic_with_nothing_applied_and_with_something_unknown_are_told_apart() -> None:
    nothing = Alembic().status(Fake(history=HISTORY, current=""))
    assert (nothing.applied, nothing.pending, nothing.unknown) == ((), ["r1", "r3", "r2", "m4"], ())
    newer = Alembic().status(Fake(history=HISTORY, current=(255, "", UNKNOWN)))
    assert newer.unknown == ("zzz",)


def test_a_tool_that_fails_to_answer_is_quoted() -> None:
    down = (1, "", ["Traceback", "OperationalError: connection refused"])
    with pytest.raises(TenantryError, match=r"alembic current ended with code 1 and said: .*connection refused"):
        Alembic().status(Fake(history=HISTORY, current=down))
    with pytest.raises(TenantryError, match="alembic history --verbose ended with code 1"):
        Alembic().status(Fake(history=down, current=""))


def test_alembic_goes_back_to_the_newest_that_stays() -> None:
    status = Status((Version("r1"), Version("r2"), Version("r3")), ("r1", "r2", "r3"))
    assert Alembic(["alembic", "-c", "x.ini"]).undo(status, ["r1"]) == [["alembic", "-c", "x.ini", "downgrade", "r1"]]
    assert Alembic().undo(status, []) == [["alembic", "downgrade", "base"]]


def test_alembic_shows_sql_from_where_it_stands() -> None:
    fake = Fake(upgrade="BEGIN;\nALTER TABLE x;\n")
    assert Alembic().sql(fake, Status((Version("r1"), Version("r2")), ("r1",))) == "BEGIN;\nALTER TABLE x;\n"
    assert fake.asked == [["alembic", "upgrade", "r1:heads", "--sql"]]
    assert Alembic().sql(Fake(upgrade=(1, "", ["needs a connection"])), Status((Version("r1"),), ())) is None


DJANGO = (
    "something that an application printed\n"
    'tenantry {"known": [["auth.0001_initial", "aa"], ["blog.0001_initial", "bb"], ["blog.0002_more", "cc"]], '
    '"applied": ["blog.0001_initial", "auth.0001_initial", "blog.0009_newer", "blog.0000_squashed"], '
    '"replaced": ["blog.0000_squashed"]}\n'
)


def test_django_says_what_is_applied_in_the_order_of_its_plan() -> None:
    status = Django().status(Fake(manage=DJANGO))
    assert status.known[1] == Version("blog.0001_initial", "bb")
    assert status.applied == ("auth.0001_initial", "blog.0001_initial")
    assert status.pending == ["blog.0002_more"]
    assert status.unknown == ("blog.0009_newer",)


def test_django_goes_back_app_by_app() -> None:
    names = ("auth.0001", "blog.0001", "auth.0002", "blog.0002", "shop.0001")
    status = Status(tuple(Version(name) for name in names), names)
    manage = ["python", "manage.py", "migrate", "--noinput"]
    assert Django().undo(status, ["auth.0001", "auth.0002", "blog.0001"]) == [
        [*manage, "shop", "zero"],
        [*manage, "blog", "0001"],
    ]


def test_django_that_prints_something_else_is_quoted() -> None:
    with pytest.raises(TenantryError, match="shell ended with code 0 and said: nothing"):
        Django().status(Fake(manage="no database here\n"))


DBMATE = "[X] 20260101_a.sql\n[ ] 20260102_b.sql\n\nApplied: 1\nPending: 1\n"


def test_dbmate_says_what_is_applied_and_its_files_are_read_where_they_stand() -> None:
    status = Dbmate(folder="/app/db").status(Fake(status=DBMATE))
    assert status == Status(
        (
            Version("20260101_a.sql", sha256("/app/db/20260101_a.sql")),
            Version("20260102_b.sql", sha256("/app/db/20260102_b.sql")),
        ),
        ("20260101_a.sql",),
    )
    assert Dbmate(folder="/app/db").sql(Fake(status=DBMATE), status) == "/app/db/20260102_b.sql"


def test_dbmate_that_keeps_its_files_elsewhere_is_asked_where() -> None:
    with pytest.raises(TenantryError, match=r"knows 20260101_a\.sql, 20260102_b\.sql, but /app/db in its image"):
        Dbmate(folder="/app/db").status(lambda *_asked: Output(0, DBMATE, [], {}))


def test_dbmate_undoes_the_newest_or_nothing() -> None:
    status = Status(tuple(Version(name) for name in "abc"), ("a", "b", "c"))
    assert len(Dbmate().undo(status, ["a"])) == 2
    with pytest.raises(TenantryError, match="newest") as raised:
        Dbmate().undo(status, ["a", "c"])
    assert raised.value.error_kind == "migration_not_reversible"


def test_any_tool_answers_in_json() -> None:
    tool = Command(["app", "migrate"], ["app", "status"], ["app", "down", "--to", "{target}"])
    status = tool.status(Fake(status='{"applied": ["1"], "pending": ["2"], "unknown": ["9"]}'))
    assert (status.applied, status.pending, status.unknown) == (("1",), ["2"], ("9",))
    assert tool.apply() == ["app", "migrate"]
    assert tool.undo(Status((), ("1", "2")), ["1"]) == [["app", "down", "--to", "1"]]
    assert tool.undo(Status((), ("1",)), []) == [["app", "down", "--to", ""]]


@pytest.mark.parametrize("printed", ["", "up to date", "[]", '{"applied": []}', '{"applied": 1, "pending": []}'])
def test_any_tool_that_answers_otherwise_is_quoted(printed: str) -> None:
    with pytest.raises(TenantryError, match="printed no JSON object") as raised:
        Command(["app"], ["app", "status"]).status(Fake(status=printed))
    assert raised.value.error_kind == "migration_status_failed"


def test_any_tool_without_a_way_back_says_so() -> None:
    with pytest.raises(TenantryError, match="has no rollback command"):
        Command(["app"]).undo(Status((), ("1",)), [])
