# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How changes are cut into requests, and what a failure in the middle tells."""

from __future__ import annotations

import json
import typing as t

import pytest

from ansible_collections.tenantry.platform.plugins.module_utils import powerdns_records
from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.module_utils.powerdns import PowerDns

ZONE = "demo.test."
OPTIONS: dict[str, t.Any] = dict(
    zone="demo.test",
    owner=None,
    adopt=False,
    zone_required=False,
    notify=False,
    txt_transformation="unquoted",
    ownership="comment",
    prune=False,
    prune_owners=[],
    prune_scope=[],
    max_prune=None,
    batch_bytes=1_000_000,
)


class Memory(PowerDns):
    """A client whose server is a dict, to count requests and to fail on purpose; real ones have integration targets."""

    def __init__(self, limit: int = 10**9, version: str = "4.7.3", refuse: str = "") -> None:
        super().__init__("http://127.0.0.1:1", "key")
        self.limit, self.refuse = limit, refuse
        self.rrsets: dict[tuple[str, str], dict[str, t.Any]] = {}
        self.patches: list[list[dict[str, t.Any]]] = []
        self.reads: list[str | None] = []
        self._server = {"version": version}

    def zone(self, _zone: str, name: str | None = None, **_rrsets: bool) -> dict[str, t.Any] | None:
        self.reads.append(name)
        found = [one for key, one in self.rrsets.items() if name in (None, key[0])]
        return {"serial": len(self.patches), "rrsets": found}

    def patch(self, _zone: str, entries: list[dict[str, t.Any]]) -> None:
        size = len(json.dumps({"rrsets": entries}, separators=(",", ":")))
        if size > self.limit:
            raise TenantryError("too large", "too_large", api_error="")
        if self.refuse and any(self.refuse in entry["name"] for entry in entries):
            text = f"RRset {self.refuse}.{ZONE} IN A: Conflicts with pre-existing RRset"
            raise TenantryError("refused", "invalid", api_error=text, status=422)
        self.patches.append(entries)
        for entry in entries:
            key = (entry["name"], entry["type"])
            if entry["changetype"] == "DELETE":
                self.rrsets.pop(key, None)
            else:
                self.rrsets[key] = {"comments": [], **entry}


def items(*prefixes: str) -> list[dict[str, t.Any]]:
    return [{"prefix": prefix, "type": "A", "value": ["192.0.2.1"]} for prefix in prefixes]


def run(client: Memory, record_sets: list[dict[str, t.Any]], **options: t.Any) -> dict[str, t.Any]:
    check_mode = options.pop("check_mode", False)
    return powerdns_records.ensure_record_sets(client, {**OPTIONS, **options, "record_sets": record_sets}, check_mode)


def test_many_changes_are_one_request() -> None:
    client = Memory()
    result = run(client, items(*(f"h{i}" for i in range(100))))
    assert len(client.patches) == 1
    assert client.reads == [None, None]
    assert len(result["applied"]) == 100
    assert result["pending"] == []


def test_few_names_are_read_one_by_one_and_many_as_a_zone() -> None:
    few, many = Memory(version="5.1.5"), Memory(version="5.1.5")
    run(few, items(*(f"h{i}" for i in range(20))), check_mode=True)
    run(many, items(*(f"h{i}" for i in range(21))), check_mode=True)
    assert len(few.reads) == 20
    assert many.reads == [None]


@pytest.mark.parametrize("version", ["4.7.3", "4.9.17", "5.0.9", "0.0.77g1"])
def test_a_server_that_hides_disabled_records_of_a_name_is_read_as_a_whole(version: str) -> None:
    client = Memory(version=version)
    run(client, items("a", "b", "c"), check_mode=True)
    assert client.reads == [None]


def test_nothing_is_written_when_nothing_differs() -> None:
    client = Memory()
    run(client, items("a"))
    again = run(client, items("a"))
    assert not again["changed"]
    assert len(client.patches) == 1
    assert again["serial_before"] == again["serial_after"]


def test_check_mode_writes_nothing_and_returns_the_same() -> None:
    client = Memory()
    checked = run(client, items("a", "b"), check_mode=True)
    assert client.patches == []
    done = run(client, items("a", "b"))
    for key in ("changed", "zone", "changes", "record_sets", "diff", "serial_before"):
        assert checked[key] == done[key], key
    assert checked.keys() == done.keys()


def test_deletions_go_first_in_a_request() -> None:
    client = Memory()
    run(client, items("www", "zzz"))
    run(
        client,
        [
            {"prefix": "www", "type": "CNAME", "value": "a.test"},
            {"prefix": "www", "type": "A", "state": "absent"},
            {"prefix": "zzz", "type": "A", "state": "absent"},
        ],
    )
    assert [entry["changetype"] for entry in client.patches[-1]] == ["DELETE", "DELETE", "REPLACE"]


def test_batches_stay_below_the_limit_and_keep_a_name_together() -> None:
    client = Memory()
    sets = [
        {"prefix": f"h{i}", "type": rtype, "value": [value]}
        for i in range(30)
        for rtype, value in (("A", "192.0.2.1"), ("AAAA", "2001:db8::1"), ("TXT", "x" * 50))
    ]
    run(client, sets, batch_bytes=1500)
    assert len(client.patches) > 5
    where: dict[str, set[int]] = {}
    for number, entries in enumerate(client.patches):
        assert len(json.dumps({"rrsets": entries}, separators=(",", ":"))) <= 1500
        for entry in entries:
            where.setdefault(entry["name"], set()).add(number)
    assert all(len(numbers) == 1 for numbers in where.values())


def test_a_batch_that_is_too_large_is_halved_once() -> None:
    client = Memory(limit=2000)
    result = run(client, items(*(f"h{i:02}" for i in range(20))), batch_bytes=10**9)
    assert len(client.patches) == 2
    assert len(result["applied"]) == 20
    with pytest.raises(TenantryError) as caught:
        run(Memory(limit=900), items(*(f"h{i:02}" for i in range(20))), batch_bytes=10**9)
    assert caught.value.error_kind == "too_large"


def test_a_single_name_that_is_too_large_cannot_be_halved() -> None:
    with pytest.raises(TenantryError) as caught:
        run(Memory(limit=100), items("a"))
    assert caught.value.error_kind == "too_large"


def test_a_failure_in_the_middle_tells_what_was_written_and_what_was_not() -> None:
    client = Memory(refuse="h5")
    with pytest.raises(TenantryError) as caught:
        run(client, items(*(f"h{i}" for i in range(8))), batch_bytes=300)
    details = caught.value.details
    written = [entry["name"] + " A" for entries in client.patches for entry in entries]
    assert details["applied"] == written
    assert sorted(details["applied"] + details["pending"]) == sorted(f"h{i}.demo.test. A" for i in range(8))
    assert details["record_set"] == "h5.demo.test. A"


def test_what_the_server_holds_instead_is_a_failure_and_shown() -> None:
    class Stubborn(Memory):
        def patch(self, zone: str, entries: list[dict[str, t.Any]]) -> None:
            super().patch(zone, [{**entry, "ttl": 1} for entry in entries])

    with pytest.raises(TenantryError) as caught:
        run(Stubborn(), items("a"))
    assert caught.value.error_kind == "verify_failed"
    (difference,) = caught.value.details["differences"]
    assert (difference["expected"]["ttl"], difference["found"]["ttl"]) == (300, 1)


def test_a_value_that_another_writer_threw_out_is_written_again() -> None:
    class Contested(Memory):
        def patch(self, zone: str, entries: list[dict[str, t.Any]]) -> None:
            super().patch(zone, entries)
            if len(self.patches) == 1:
                key = ("a.demo.test.", "A")
                records = [{"content": "192.0.2.77", "disabled": False}]
                self.rrsets[key] = {**self.rrsets[key], "records": records}

    client = Contested()
    result = run(client, [{**items("a")[0], "solo": False}])
    assert len(client.patches) == 2
    assert result["record_sets"][0]["value"] == ["192.0.2.1", "192.0.2.77"]


@pytest.mark.parametrize(
    ("version", "refused"), [("4.9.17", False), ("5.0.2", False), ("5.1.0", True), ("5.2.0", True), ("0.0.77g1", True)]
)
def test_quotes_and_backslashes_are_refused_where_the_server_corrupts_them(version: str, refused: bool) -> None:
    client = Memory(version=version)
    sets = [{"prefix": "a", "type": "TXT", "value": ['say "hi"']}]
    for check_mode in (True, False):
        if refused:
            with pytest.raises(TenantryError, match="corrupts") as caught:
                run(client, sets, check_mode=check_mode)
            assert caught.value.error_kind == "invalid"
            assert client.patches == []
        else:
            assert run(client, sets, check_mode=check_mode)["changed"]


@pytest.mark.parametrize(
    ("version", "changetype"),
    [
        ("4.7.3", "REPLACE"),
        ("4.9.11", "REPLACE"),
        ("4.9.12", "EXTEND"),
        ("5.0.1", "REPLACE"),
        ("5.0.2", "EXTEND"),
        ("5.1.5", "EXTEND"),
        ("6.0.0", "EXTEND"),
        ("0.0.9g1", "REPLACE"),
    ],
)
def test_values_are_edited_by_servers_that_know_how(version: str, changetype: str) -> None:
    client = Memory(version=version)
    run(client, [{**items("a")[0], "solo": False}])
    assert client.patches[0][0]["changetype"] == changetype


@pytest.mark.parametrize(
    "options",
    [
        {"prune": True},
        {"ownership": "scope"},
        {"ownership": "scope", "prune_scope": ["demo.test"], "record_sets": [{**items("a")[0], "owner": "x"}]},
        {"owner": "x" * 41},
        {"zone": "a..b"},
    ],
)
def test_options_that_do_not_fit_together_are_refused(options: dict[str, t.Any]) -> None:
    client = Memory()
    with pytest.raises(TenantryError) as caught:
        powerdns_records.ensure_record_sets(client, {**OPTIONS, "record_sets": [], **options}, False)
    assert caught.value.error_kind == "invalid"
    assert client.reads == []


def test_a_missing_zone_is_fine_only_when_everything_should_be_absent() -> None:
    class Empty(Memory):
        def zone(self, *_zone: str | None, **_rrsets: bool) -> None:
            return None

    absent = [{"prefix": "a", "type": "A", "state": "absent"}]
    result = run(Empty(), absent)
    assert not result["changed"]
    assert result["serial_before"] is None
    for sets, options in ((items("a"), {}), (absent, {"zone_required": True})):
        with pytest.raises(TenantryError) as caught:
            run(Empty(), sets, **options)
        assert caught.value.error_kind == "zone_missing"


def test_a_bulk_reader_gets_sorted_dicts_with_owners() -> None:
    client = Memory()
    run(client, items("b", "a"), owner="tenant:x")
    sets = powerdns_records.read_zone(client, "demo.test")
    assert sets is not None
    assert [(one["name"], one["owner"]) for one in sets] == [
        ("a.demo.test.", "tenant:x"),
        ("b.demo.test.", "tenant:x"),
    ]
