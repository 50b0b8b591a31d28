# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A dump that is loaded back into the server that runs: killed, refused, or in the way of others."""

from __future__ import annotations

import contextlib
import pathlib
import subprocess
import time
import typing as t

import pytest
from node import Node, command, until

#: Everything that a dump has to bring back, with what stands beside tables.
CONTENTS = """
select string_agg(name || amount, ',' order by name) from goods;
select count(*), sum(length(repeat)) from load_many;
select setconfig from pg_db_role_setting s join pg_database d on d.oid = s.setdatabase where datname = 'shop';
select has_table_privilege('reader', 'goods', 'select');
"""
EXPECTED = "apples3,pears4\n40000|25600000\n{work_mem=5MB}\nt"


@pytest.fixture(name="kept")
def kept_fixture(node: Node) -> t.Iterator[dict[str, t.Any]]:
    """Options by which the snapshot of a database is loaded back that was changed since."""
    node.psql("drop table if exists load_many; delete from goods where name not in ('apples', 'pears')")
    node.psql("update goods set amount = case name when 'apples' then 3 else 4 end")
    node.psql("create table load_many as select i, repeat(md5(i::text), 20) from generate_series(1, 40000) i")
    node.psql("alter table load_many add primary key (i); alter database shop set work_mem = '5MB'")
    place = {"repositories": [], "directory": str(node.root / "loads")}
    label = node.done(**place, fallback=True)["labels"][0]
    node.psql("update goods set amount = -1; drop table load_many; create table left_behind (n int)")
    yield {**place, "state": "loaded", "label": label}
    node.psql("drop table if exists load_many, left_behind; alter database shop reset work_mem")


def whole(node: Node, before: str) -> None:
    """The database is that of the snapshot, and nothing else is left of loading it."""
    assert node.psql(CONTENTS) == before
    assert node.psql("select to_regclass('left_behind')") == ""
    assert databases(node) == ["shop"]
    assert not node.tools("pg_restore")


def databases(node: Node) -> list[str]:
    statement = "select datname from pg_database where datname ~ 'shop|tenantry' order by 1"
    words = ["docker", "exec", node.postgres, "psql", "-U", "app", "-d", "template1", "-Atqc", statement]
    return command(*words).split()


@contextlib.contextmanager
def client(node: Node, statement: str) -> t.Iterator[subprocess.Popen[bytes]]:
    """A session of somebody else that is at work."""
    words = ["docker", "exec", node.postgres, "psql", "-U", "app", "-d", "shop", "-Atqc", statement]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        busy = "select count(*) from pg_stat_activity where query like '%pg_sleep%' and pid <> pg_backend_pid()"
        until("it works", lambda: node.psql(busy) == "1", pause=0.1)
        yield process
        process.wait(60)


def test_what_was_changed_since_is_gone_and_a_second_time_too(node: Node, kept: dict[str, t.Any]) -> None:
    for _time in range(2):
        result = node.done("restore", **kept)
        assert (result["changed"], result["label"]) == (True, kept["label"])
        whole(node, EXPECTED)


def test_a_load_that_is_killed_anywhere_is_begun_anew(node: Node, kept: dict[str, t.Any]) -> None:
    began = time.monotonic()
    node.done("restore", **kept)
    took = time.monotonic() - began
    states = set()
    for part in range(10):
        module = node.start("restore", **kept)
        time.sleep(took * (part + 1) / 11)
        module.kill()
        states.add(tuple(databases(node)))
    assert len(states) > 1, f"they were all killed at the same place: {states}"
    node.done("restore", **kept)
    whole(node, EXPECTED)


def test_a_load_whose_tool_is_killed_says_so_and_keeps_what_it_replaces(node: Node, kept: dict[str, t.Any]) -> None:
    module = node.start("restore", **kept)
    node.kill("pg_restore")
    result = module.result()
    assert result["error_kind"] == "restore_failed", result
    assert "kept as database tenantry_aside" in result["msg"]
    aside = ["docker", "exec", node.postgres, "psql", "-U", "app", "-d", "tenantry_aside", "-Atqc"]
    assert command(*aside, "select count(*) from left_behind") == "0"
    node.done("restore", **kept)
    whole(node, EXPECTED)


def test_a_dump_that_is_damaged_replaces_nothing(node: Node, kept: dict[str, t.Any]) -> None:
    path = pathlib.Path(kept["directory"]) / kept["label"] / "database.pgdump"
    content = path.read_bytes()
    path.write_bytes(content[:100] + b"\xff" + content[101:])
    result = node.refused("restore", **kept)
    assert result["error_kind"] == "backup_damaged", result
    assert node.psql("select count(*) from left_behind") == "0"
    path.write_bytes(content)


def test_sessions_of_others_end_and_come_back_to_the_new_database(node: Node, kept: dict[str, t.Any]) -> None:
    with client(node, "begin; update goods set amount = 9; select pg_sleep(120)") as other:
        node.done("restore", **kept)
        until("its session was ended", lambda: other.poll() is not None)
    whole(node, EXPECTED)


def test_a_snapshot_to_be_loaded_back_waits_for_transactions_and_ends_those_that_do_not_end(
    node: Node, kept: dict[str, t.Any]
) -> None:
    place = {"repositories": [], "directory": kept["directory"], "fallback": True}
    with client(node, "begin; insert into goods values ('figs', 1); select pg_sleep(3); commit"):
        made = node.done(**place, quiet_wait=30)
    node.done("restore", **kept)
    node.done("restore", **{**kept, "label": made["labels"][0]})
    assert node.psql("select amount from goods where name = 'figs'") == "1", "it was waited for"
    with client(node, "begin; insert into goods values ('plums', 1); select pg_sleep(120); commit") as other:
        node.done(**place, quiet_wait=1)
        until("its session was ended", lambda: other.poll() is not None)
    assert node.psql("select count(*) from goods where name = 'plums'") == "0"
    node.done("restore", **kept)


def test_what_could_not_be_loaded_back_is_refused_before_anything_depends_on_it(
    node: Node, kept: dict[str, t.Any]
) -> None:
    node.psql("grant select on all tables in schema public to reader")
    place = {"repositories": [], "directory": kept["directory"], "database": {"name": "shop", "user": "reader"}}
    before = node.labels(**place)
    result = node.refused(**place, fallback=True)
    assert result["error_kind"] == "load_refused", result
    assert "reader" in result["msg"]
    assert node.labels(**place) == before
    assert node.refused(**place)["error_kind"] == "backup_failed", "the roles are part of a backup"
    made = node.done(**place, accounts="available")
    assert sorted(path.name for path in (pathlib.Path(kept["directory"]) / made["labels"][0]).iterdir()) == [
        "SNAPSHOT.json",
        "database.pgdump",
    ]
    into = {**place, "label": made["labels"][0], "volume": f"{node.tenant}_alone", "image": node.images["postgres"]}
    assert node.refused("restore", **into)["error_kind"] == "accounts_missing"
    node.done("restore", **{**into, "state": "absent"})
    node.done("restore", **kept)


def test_a_disk_without_room_is_told_before_anything_is_written(node: Node) -> None:
    place = {"repositories": [], "directory": str(node.root / "none" / "here")}
    result = node.refused(**place, space_floor="99.9%")
    assert result["error_kind"] == "disk_full_ahead", result
    assert "nothing was dumped" in result["msg"]
    assert not (node.root / "none").exists()
