# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `make load` makes of what it counted."""

from __future__ import annotations

import datetime
import json
import math
import sqlite3
import sys
import time
import typing as t
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def tools(monkeypatch: pytest.MonkeyPatch) -> None:
    """The scripts import each other by their bare names."""
    monkeypatch.syspath_prepend(str(TESTS / "tools"))
    monkeypatch.syspath_prepend(str(TESTS / "load"))


def tally(seconds: int = 40, each: int = 120, failures: t.Sequence[t.Any] = ()) -> t.Any:
    """So many requests in each second from 1000 on."""
    from tally import Tally

    made = Tally(1000.0)
    made.ended = 1000.0 + seconds
    made.series["requests"] = [each] * seconds
    made.series["messages"] = [8] * seconds
    made.series["slow"] = [2] * seconds
    for failure in failures:
        made.fail(failure)
    return made


def failure(at: float, kind: str = "502", tenant: str = "load-blue-green-1") -> t.Any:
    """Something that failed."""
    from tally import Failure

    return Failure(kind, tenant, "GET /version", at)


def events() -> t.Any:
    """An upgrade from second 5 to 10, a rollback from 20 to 26, another upgrade from 30 to 34."""
    from events import Event

    return [
        Event("blue_green", 1, "load-blue-green-1", 1005.0, 1010.0),
        Event("rollback", 1, "load-blue-green-1", 1020.0, 1026.0),
        Event("blue_green", 2, "load-blue-green-3", 1030.0, 1034.0),
    ]


# -- counting ------------------------------------------------------------------------------------------------------


def test_counts_stand_in_their_seconds_and_survive_json() -> None:
    from tally import Tally

    made = Tally(50.0)
    for at in (50.0, 50.9, 53.2):
        made.sent(at, 0.01)
    made.count("messages", 51.5)
    made.fail(failure(53.3))
    made.ended = 54.0
    again = Tally.from_dict(json.loads(json.dumps(made.as_dict())))
    assert again.series == {"requests": [2, 0, 0, 1], "slow": [], "messages": [0, 1], "late": []}
    assert again.failures == made.failures
    assert (again.seconds, again.total("requests"), again.kinds()) == (4.0, 3, {"502": 1})


def test_only_requests_that_were_answered_well_make_the_rate() -> None:
    made = tally(10, 120, [failure(1001.0)] * 100 + [failure(1001.0, "websocket aborted")] * 7)
    assert made.answered_per_second == 110


@pytest.mark.parametrize(
    ("late", "share", "starved"),
    [(0.4, 1.0, False), (0.6, 0.005, False), (0.6, 0.02, True), (5.1, 0.001, True)],
    ids=["a little late", "few late", "many late", "one gap"],
)
def test_a_generator_that_was_kept_from_its_work_says_so(late: float, share: float, starved: bool) -> None:
    from tally import Tally

    made = Tally(0.0)
    for number in range(1000):
        made.sent(number / 100, late if number < share * 1000 else 0.0)
    assert bool(made.starved()) is starved


def test_a_generator_that_sent_nothing_proves_nothing() -> None:
    from tally import Tally

    assert Tally(0.0).starved() == "the generator sent no request"


# -- which event did it --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "number"),
    [(1000.0, 0), (1005.0, 0), (1012.0, 0), (1019.9, 0), (1020.0, 1), (1029.0, 1), (1030.1, 2), (2000.0, 2)],
)
def test_every_moment_belongs_to_the_event_that_began_last(at: float, number: int) -> None:
    from events import latest

    assert latest(events(), at) == events()[number]
    assert latest([], at) is None


def test_no_loss_and_no_request_is_counted_twice_or_never() -> None:
    from events import failures_of, total_of

    made = tally(40, 120, [failure(at) for at in (1001.0, 1006.0, 1021.0, 1031.0, 1039.0)])
    assert len(failures_of("blue_green", made, events())) == 4
    assert len(failures_of("rollback", made, events())) == 1
    assert total_of("blue_green", "requests", made, events()) == 120 * 30
    assert total_of("rollback", "requests", made, events()) == 120 * 10


def test_a_line_says_what_failed_when_around_which_event_and_of_whom() -> None:
    from events import around

    made = tally(40, 120, [failure(1021.5), failure(1022.25), failure(1031.0, "reset")])
    assert around(made, events()) == [
        "2 x 502, 1.5 to 2.2 s after the begin of rollback 1 (load-blue-green-1), which took 6.0 s",
        "1 x reset of load-blue-green-1, 1.0 to 1.0 s after the begin of blue_green 2 (load-blue-green-3), "
        "which took 4.0 s",
    ]
    assert around(made, [])[0] == "2 x 502 of load-blue-green-1, 21.5 to 22.2 s after the begin of no event"


# -- scenarios -----------------------------------------------------------------------------------------------------


def test_all_scenarios_run_unless_some_are_named_and_a_wrong_name_is_refused() -> None:
    from scenarios import ScenarioError, chosen

    assert [one.name for one in chosen("")] == ["blue_green", "canary", "rolling", "failed_health", "failed_hook"]
    assert [one.name for one in chosen("failed_hook, canary")] == ["canary", "failed_hook"]
    with pytest.raises(ScenarioError, match="SCENARIOS names blue; there are blue_green, canary"):
        chosen("canary,blue")


@pytest.mark.parametrize(
    ("text", "rounds", "each"),
    [("", 30, 15), ("1", 10, 5), ("0.1", 30, 2), ("0.1", 10, 1), ("0.001", 30, 1), ("2", 10, 10)],
)
def test_rounds_are_shared_by_the_tenants_and_each_gets_one_at_least(text: str, rounds: int, each: int) -> None:
    from scenarios import rounds_each, scale_of

    assert rounds_each(rounds, scale_of(text)) == each


@pytest.mark.parametrize("text", ["0", "-1", "many", "nan", "inf"])
def test_a_scale_that_is_none_is_refused(text: str) -> None:
    from scenarios import ScenarioError, scale_of

    with pytest.raises(ScenarioError, match="LOAD_ROUNDS"):
        scale_of(text)


def test_the_names_of_tenants_are_what_a_database_takes() -> None:
    import re

    from scenarios import SCENARIOS

    for scenario in SCENARIOS.values():
        for name in scenario.tenants():
            assert re.fullmatch(r"[a-z][a-z0-9-]{0,30}[a-z0-9]", name)
            assert "--" not in name


def operation(*steps: tuple[str, str], status: str = "success") -> t.Any:
    """An operation whose steps took two seconds each."""
    from scenarios import Operation, Step

    zero = datetime.datetime(2026, 11, 21, tzinfo=datetime.timezone.utc)
    times = [zero + datetime.timedelta(seconds=2 * i) for i in range(len(steps) + 1)]
    return Operation("01", status, tuple(Step(*one, times[i], times[i + 1]) for i, one in enumerate(steps)))


WELL = (("pull", "done"), ("release", "done"), ("app", "done"), ("route", "done"), ("activate", "done"))
SICK = (("pull", "done"), ("app", "unhealthy"), ("route", "done"), ("mark-bad", "done"))
UNHOOKED = (("app", "done"), ("route", "done"), ("post_switch", "hook_failed"), ("route", "done"))


def test_the_switch_is_the_route_of_the_new_release_and_not_the_way_back() -> None:
    assert operation(*WELL).seconds_to_switch == 8.0
    assert operation(*SICK).switch is None
    assert operation(*SICK).seconds_to_switch is None
    assert operation(*UNHOOKED).seconds_to_switch == 4.0
    assert operation().seconds_to_switch is None


@pytest.mark.parametrize(
    "text",
    ["2026-11-21 04:18:33.250000", "2026-11-21T04:18:33.250Z", "2026-11-21T05:18:33.250+01:00"],
)
def test_times_are_read_with_their_fraction_and_in_utc(text: str) -> None:
    from scenarios import moment

    assert moment(text) == datetime.datetime(2026, 11, 21, 4, 18, 33, 250000, tzinfo=datetime.timezone.utc)
    assert moment(None) is None


@pytest.mark.parametrize(
    ("scenario", "code", "found", "answers", "wrong"),
    [
        ("blue_green", 0, (WELL, "success"), {"1.1.0"}, ""),
        ("blue_green", 2, None, {"1.0.0"}, "it ended with 2 and the ledger has no operation of it: nothing was tried"),
        ("blue_green", 2, (SICK, "failure"), {"1.0.0"}, "it ended with 2"),
        ("blue_green", 0, (WELL, "success"), {"1.0.0"}, "users get 1.0.0 instead of 1.1.0"),
        ("blue_green", 0, (WELL, "success"), {"1.0.0", "1.1.0"}, "users get 1.0.0, 1.1.0 instead of 1.1.0"),
        ("blue_green", 0, (WELL, "success"), {"1.1.0", "status 502"}, "users get 1.1.0, status 502 instead of 1.1.0"),
        (
            "blue_green",
            0,
            (WELL[:3], "success"),
            {"1.1.0"},
            "it never switched; its steps: pull done, release done, app done",
        ),
        ("failed_health", 2, (SICK, "failure"), {"1.0.0"}, ""),
        (
            "failed_health",
            4,
            None,
            {"1.0.0"},
            "it ended with 4 and the ledger has no operation of it: nothing was tried",
        ),
        ("failed_health", 0, (SICK, "success"), {"1.0.0"}, "it must fail, and ended with 0"),
        ("failed_health", 2, (SICK, "failure"), {"broken"}, "users get broken instead of 1.0.0"),
        ("failed_health", 2, (SICK, "fatal"), {"1.0.0"}, "the ledger says fatal instead of failure"),
        ("failed_hook", 2, (UNHOOKED, "failure"), {"1.0.0"}, ""),
        ("failed_hook", 0, (WELL, "success"), {"1.1.0"}, "it must fail, and ended with 0"),
    ],
)
def test_a_move_must_end_as_its_scenario_says_and_must_have_been_tried(
    scenario: str, code: int, found: t.Any, answers: set[str], wrong: str
) -> None:
    from scenarios import SCENARIOS, judge

    tried = operation(*found[0], status=found[1]) if found else None
    assert judge(SCENARIOS[scenario].moves[0], "1.0.0", code, tried, answers) == wrong


def test_a_failure_at_the_wrong_place_proves_nothing() -> None:
    from scenarios import SCENARIOS, judge

    early = judge(SCENARIOS["failed_hook"].moves[0], "1.0.0", 2, operation(*SICK, status="failure"), {"1.0.0"})
    assert early.startswith("it never switched; its steps: pull done, app unhealthy")
    late = judge(SCENARIOS["failed_health"].moves[0], "1.0.0", 2, operation(*UNHOOKED, status="failure"), {"1.0.0"})
    assert late.startswith("it must fail before the switch")


def test_the_ratio_is_that_of_the_worse_tenant_and_none_without_both_sides() -> None:
    from scenarios import switch_ratio

    assert switch_ratio({1: [3.0, 9.0, 3.0], 3: [8.0]}, {1: [2.0], 3: [4.0, 4.0]}) == 2.0
    assert switch_ratio({1: [3.0], 3: []}, {1: [2.0], 3: [4.0]}) == 1.5
    assert switch_ratio({1: [3.0]}, {1: []}) is None


# -- what is said --------------------------------------------------------------------------------------------------


def outcomes(problem: str = "", failures: t.Sequence[t.Any] = ()) -> t.Any:
    """A scenario and a peer."""
    from events import Event
    from summary import Outcome

    peer = [Event("peer_compose_up", 1, "load-peer-compose-up-1", 1001.0, 1002.0)]
    lost = [failure(1001.5, tenant="load-peer-compose-up-1")] * 90
    return [
        Outcome("blue_green", ("blue_green", "rollback"), tally(failures=failures), events(), problem),
        Outcome("peer_compose_up", ("peer_compose_up",), tally(20, 120, lost), peer, has_goal=False),
    ]


def values(found: t.Any) -> dict[str, tuple[float, bool]]:
    """Value and verdict by name."""
    return {one.name: (one.value, one.met) for one in found}


def test_figures_count_losses_by_what_did_them_and_peers_have_no_goal() -> None:
    from summary import figures

    found = values(figures(outcomes(failures=[failure(1021.0)]), 1.7))
    assert found == {
        "lost_requests_blue_green": (0, True),
        "lost_requests_rollback": (1, False),
        "lost_requests_peer_compose_up": (90, True),
        "requests_per_second": (pytest.approx(119.975), True),
        "switch_time_ratio": (1.7, True),
    }


@pytest.mark.parametrize("starved", [False, True], ids=["a step was wrong", "the generator was starved"])
def test_what_is_no_proof_meets_no_goal_though_nothing_failed(starved: bool) -> None:
    from summary import figures

    made = outcomes("" if starved else "rollback 1: it ended with 2")
    if starved:
        made[0].tally.latest = 9.0
    found = values(figures(made))
    for name in ("lost_requests_blue_green", "lost_requests_rollback", "requests_per_second", "switch_time_ratio"):
        value, met = found[name]
        assert math.isnan(value)
        assert not met


def test_a_scenario_without_an_event_has_no_figure() -> None:
    made = outcomes()
    made[0].events = made[0].events[:1]
    assert made[0].lost("blue_green") == 0
    assert math.isnan(made[0].lost("rollback"))


def test_the_table_says_what_was_counted_and_what_is_no_proof() -> None:
    from summary import Outcome, text

    made = [*outcomes(failures=[failure(1021.0), failure(1022.0)]), Outcome("canary", ("canary",), problem="no\nmore")]
    assert text(made).splitlines() == [
        "scenario         events  median s  requests  slow  messages  lost  how",
        "blue_green            2       4.5      3600    60       240     0",
        "rollback              1       6.0      1200    20        80     2  2 x 502",
        "peer_compose_up       1       1.0      2400    40       160    90  90 x 502",
        "canary                0         -         -     -         -     -  no proof",
        "blue_green: lost: 2 x 502, 1.0 to 2.0 s after the begin of rollback 1 (load-blue-green-1), which took 6.0 s",
        "peer_compose_up: lost: 90 x 502, 0.5 to 0.5 s after the begin of peer_compose_up 1 (load-peer-compose-up-1), "
        "which took 1.0 s",
        "canary: no proof: no",
    ]


def test_the_page_gets_a_new_table_between_its_marks_and_nothing_else() -> None:
    from summary import BEGIN, END, figures, markdown, rewritten

    page = (TESTS.parent / "docs" / "performance.md").read_text(encoding="utf-8")
    table = markdown(outcomes(), figures(outcomes()), 2)
    assert "| rollback | 1 | 6.0 | 1200 | 20 | 80 | 0 |  |" in table
    assert "| `switch_time_ratio` | not measured | <= 2 | no |" in table
    once = rewritten(page, table)
    assert f"{BEGIN}\n{table}\n{END}" in once
    assert rewritten(once, table) == once
    assert (
        rewritten(once, "x").replace(f"{BEGIN}\nx\n{END}", "")
        == page[: page.index(BEGIN)] + page[page.index(END) + len(END) :]
    )
    with pytest.raises(ValueError, match="has no lines"):
        rewritten("# Nothing", table)


# -- what reads and starts -----------------------------------------------------------------------------------------


@pytest.fixture
def hosting(tmp_path: Path) -> t.Any:
    """Tenants that are only rows, and playbooks that always succeed."""
    from hosting import Hosting, Run

    class Rows(Hosting):
        played: t.ClassVar[list[tuple[str, ...]]] = []

        def run(self, playbook: str, *arguments: str) -> Run:
            self.played.append((playbook, *arguments))
            return Run(0, "")

    made = Rows(tmp_path)
    with sqlite3.connect(made.database) as connection:
        connection.executescript(
            "CREATE TABLE tenants (name, stack, strategy, state);"
            "CREATE TABLE services (tenant, name, replicas);"
            "CREATE TABLE operations (id, tenant, status);"
            "CREATE TABLE operation_steps (operation, position, name, status, started_at, finished_at);"
            "INSERT INTO operations VALUES ('01A', 'load-canary-1', 'success'), ('01B', 'load-canary-1', 'failure');"
            "INSERT INTO operation_steps VALUES"
            " ('01B', 1, 'route', 'done', '2026-11-21 00:00:01', '2026-11-21 00:00:03.5'),"
            " ('01B', 0, 'pull', 'done', '2026-11-21 00:00:00', NULL);"
        )
    made.played.clear()
    return made


def test_the_newest_operation_is_read_with_its_steps_in_order(hosting: t.Any) -> None:
    found = hosting.operation("load-canary-1")
    assert (found.id, found.status, [one.name for one in found.steps]) == ("01B", "failure", ["pull", "route"])
    assert found.seconds_to_switch == 3.5
    assert hosting.operation("load-canary-3") is None


def test_each_move_is_the_command_that_an_operator_types(hosting: t.Any) -> None:
    from hosting import CANARY
    from scenarios import SCENARIOS

    upgrade, rollback = SCENARIOS["blue_green"].moves
    hosting.move(upgrade, "load-a", "1.0.0")
    hosting.move(rollback, "load-a", "1.1.0")
    hosting.move(SCENARIOS["failed_health"].moves[0], "load-a", "1.0.0")
    assert hosting.played == [
        ("upgrade", "--limit", "load-a", "-e", "release_version=1.1.0", "-e", CANARY),
        ("rollback", "--limit", "load-a"),
        ("upgrade", "--limit", "load-a", "-e", "release_version=broken", "-e", CANARY, "-e", "acknowledge=true"),
    ]


def test_a_scenario_whose_hooks_are_not_built_says_so(hosting: t.Any) -> None:
    from scenarios import SCENARIOS, ScenarioError

    with pytest.raises(ScenarioError, match="hooks are not built as this expects them: no such table: hooks"):
        hosting.host(SCENARIOS["failed_hook"])
    hosting.sql("CREATE TABLE hooks (tenant, stack, name, event, service, command, timeout)")
    hosting.host(SCENARIOS["failed_hook"])
    rows = hosting.sql("SELECT tenant, event, service, command FROM hooks")
    assert rows == [(f"load-failed-hook-{n}", "post_switch", "web", '["false"]') for n in (1, 3)]


def test_bare_services_are_the_same_without_what_the_proxy_and_the_platform_see() -> None:
    from hosting import bare_project

    golden = TESTS / "unit" / "plugins" / "plugin_utils" / "render" / "golden" / "six_services.compose.json"
    project = json.loads(golden.read_text())
    made = bare_project(project)
    assert made["name"] == "load-bare"
    assert made["networks"] == project["networks"]
    assert set(made["services"]) == {name for name, one in project["services"].items() if "profiles" not in one}
    for name, service in made["services"].items():
        assert service == {**project["services"][name], "labels": {"load.bare": "load-bare"}}


def test_a_command_that_takes_too_long_is_ended_with_all_that_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import hosting
    from scenarios import ScenarioError

    monkeypatch.setattr(hosting, "END_SECONDS", 1)
    mark = tmp_path / "mark"
    command = ["sh", "-c", f"trap '' TERM; (sleep 3; touch {mark}) & wait; sleep 3"]
    began = time.monotonic()
    with pytest.raises(ScenarioError, match=r"did not end within 0\.5 s"):
        hosting.run(command, {"PATH": "/usr/bin:/bin"}, tmp_path / "log", 0.5)
    assert time.monotonic() - began < 2.8
    time.sleep(max(0.0, began + 3.5 - time.monotonic()))
    assert not mark.exists()


def test_a_load_that_cannot_begin_or_ends_on_its_own_is_a_problem_of_the_scenario(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import generator
    from scenarios import ScenarioError

    nowhere = generator.Generator(tmp_path, 1, tmp_path / "no-such-authority", {"acme": "acme.test"})
    with pytest.raises(ScenarioError, match=r"client\.py did not begin"), nowhere:
        raise AssertionError("it began")

    script = tmp_path / "dies.py"
    script.write_text(
        'print(\'{"requests": 1, "failed": 0}\', flush=True); import time; time.sleep(0.5); raise SystemExit(3)'
    )
    monkeypatch.setattr(generator, "CLIENT", script)
    with generator.Generator(tmp_path, 1, None, {"acme": "acme.test"}) as dying:
        assert dying.progress == {"requests": 1, "failed": 0}
        dying.process.wait(10)
        with pytest.raises(ScenarioError, match=r"dies\.py ended on its own with 3"):
            dying.check()
        with pytest.raises(ScenarioError, match=r"dies\.py ended with 3"):
            dying.stop()


def test_a_load_is_followed_and_its_result_is_read(tmp_path: Path) -> None:
    from generator import Generator

    with Generator(tmp_path, 1, None, {"acme": "acme.test"}) as running:
        running.check()
        made = running.stop()
    assert running.process.returncode == 0
    # Nobody listens on port 1.
    assert made.total("requests") > 60
    assert set(made.kinds()) == {"refused", "websocket not opened: refused"}
    assert sys.executable == running.process.args[0]


def test_the_first_thing_that_goes_wrong_is_the_problem_and_the_tenants_go_in_any_case(
    monkeypatch: pytest.MonkeyPatch, hosting: t.Any
) -> None:
    import load
    from scenarios import ScenarioError
    from summary import Outcome

    done: list[str] = []

    def fail() -> None:
        raise ScenarioError("no such stack")

    def go() -> None:
        done.append("removed")
        raise ScenarioError("and it could not be removed")

    monkeypatch.setattr(load, "say", done.append)
    hosting.ports = {"https": 1}
    measurement = load.Measurement(hosting, 1.0)
    outcome = Outcome("canary", ("canary",))
    measurement.under_load(outcome, ["load-canary-1"], fail, lambda _outcome, _generator: None, go)
    assert outcome.problem == "no such stack"
    assert done == ["canary: starting load-canary-1", "removed", "canary: NO PROOF: no such stack"]
    assert measurement.outcomes == [outcome]
