# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every string of the hostile corpus, for its field, through ansible-inventory from a real database.

A web UI or a view may write anything, so the constraints of the schema are switched off while the rows are inserted. A
string is then refused with tenant and field named, or arrives byte for byte.
"""

from __future__ import annotations

import dataclasses
import functools
import ipaddress
import json
import typing as t
from pathlib import Path

import pytest

from ansible_collections.tenantry.platform.tests.unit.plugins.tenant_databases import Tenants, ansible, plain

CORPUS = Path(__file__).parents[1] / "fixtures" / "hostile_inputs.json"
Variables = dict[str, t.Any]


@dataclasses.dataclass
class Case:
    """One string of the corpus and the tenant that has it."""

    number: int
    field: str
    value: str
    accepted: bool
    why: str

    @property
    def tenant(self) -> str:
        return self.value if self.field == "tenant_name" else f"case{self.number}"

    @property
    def refused(self) -> bool:
        # The corpus says: accept the syntax, reject the value. The column takes values.
        return not self.accepted or (self.field == "numbers" and self.value == "5m")


def cases() -> t.Iterator[Case]:
    """The corpus, numbered."""
    number = 0
    for field, entries in json.loads(CORPUS.read_text(encoding="utf-8"))["fields"].items():
        for entry in entries:
            number += 1
            yield Case(number, field, entry["value"], entry["expect"] == "accept", entry["why"])


def insert(tenants: Tenants, case: Case) -> None:
    """Write the string where its field is."""
    add = functools.partial(tenants.add, checks=False, tenant=case.tenant)
    if case.field == "free_text":
        tenants.tenant(case.tenant, display_name=case.value)
        return
    tenants.tenant(case.tenant, checks=False)
    if case.field == "tenant_name":
        return
    if case.field == "domain":
        add("routes", hostname=case.value)
        return
    if case.field == "cidr":
        add("access_rules", action="allow", cidr=case.value)
        return
    web: dict[str, t.Any] = {"image": {"image": case.value}, "numbers": {"memory": case.value}}.get(case.field, {})
    add("services", name="web", **web)
    if case.field == "env_key":
        add("service_environment", service="web", name=case.value, value="x")
    elif case.field == "env_value":
        add("service_environment", service="web", name="VALUE", value=case.value)
    elif case.field == "label_key":
        add("service_labels", service="web", name=case.value, value="x")
    elif case.field == "label_value":
        add("service_labels", service="web", name="value", value=case.value)
    elif case.field == "path":
        add("service_volumes", service="web", name=case.value, path="/data")
    elif case.field == "cron":
        add("backup_policies", service="db", engine="pg_dump", schedule=case.value)


def field(case: Case) -> str:
    """How the plugin calls the column; for names of things, what it begins with."""
    return {
        "tenant_name": "name",
        "domain": "routes.main.hostname",
        "env_key": "services.web.environment.",
        "env_value": "services.web.environment.VALUE",
        "label_key": "services.web.labels.",
        "label_value": "services.web.labels.value",
        "image": "services.web.image",
        "cidr": "access_rules.cidr",
        "path": "services.web.volumes.",
        "numbers": "services.web.memory",
        "cron": "backup_policies.main.schedule",
        "free_text": "display_name",
    }[case.field]


def arrived(case: Case, variables: Variables) -> t.Any:
    """What stands at the place of the string."""
    spec, policies = variables["tenant"], variables["tenant_policies"]
    web = next(service for service in spec["services"] if service["name"] == "web")
    return {
        "tenant_name": lambda: spec["name"],
        "domain": lambda: spec["routes"][0]["hostname"],
        "env_key": lambda: next(iter(web["environment"])),
        "env_value": lambda: web["environment"]["VALUE"],
        "label_key": lambda: next(iter(web["labels"])),
        "label_value": lambda: web["labels"]["value"],
        "image": lambda: web["image"],
        "cidr": lambda: spec["routes"][0]["access"][0]["cidr"],
        "path": lambda: web["volumes"][0]["name"],
        "cron": lambda: policies["backups"][0]["schedule"],
        "free_text": lambda: spec["display_name"],
    }[case.field]()


def expected(case: Case) -> str:
    """The string itself, but for the two that the corpus wants normalized."""
    if case.field == "domain":
        return case.value.rstrip(".")
    if case.field == "cidr":
        return str(ipaddress.ip_network(case.value))
    return case.value


def listing(tmp_path: Path) -> dict[int, tuple[str, Variables, str]]:
    """By case its host, variables and messages. A hostname that is there twice goes into a second database."""
    found: dict[int, tuple[str, Variables, str]] = {}
    batches: list[list[Case]] = [[], []]
    for case in cases():
        batches[case.field == "domain" and case.value.endswith(".")].append(case)
    for number, batch in enumerate(batches):
        directory = tmp_path / str(number)
        directory.mkdir()
        tenants = Tenants.make(directory)
        tenants.tenant("othertenant")
        for case in batch:
            insert(tenants, case)
        ids = {name: number for number, name in tenants.sql("SELECT id, name FROM tenants")}
        text = json.dumps({"plugin": "tenantry.platform.tenants", "database": f"sqlite:///{tenants.path.name}"})
        (directory / "tenants.yml").write_text(text, encoding="utf-8")
        done = ansible("inventory", "-i", "tenants.yml", "--list", cwd=directory)
        assert done.returncode == 0, done.stderr
        hosts = plain(json.loads(done.stdout))["_meta"]["hostvars"]
        messages = "".join(done.stderr.split())
        for case in batch:
            host = case.tenant if case.tenant in hosts else f"quarantined-tenant-{ids[case.tenant]}"
            found[case.number] = host, hosts[host], messages
    return found


def test_each_hostile_string_is_refused_or_arrives_unchanged(subtests: pytest.Subtests, tmp_path: Path) -> None:
    # One test with many parts: ansible-test gives every test a process of its own, and the listing costs seconds.
    found = listing(tmp_path)
    for case in cases():
        with subtests.test(f"{case.field}-{case.number}"):
            check(case, *found[case.number])


def check(case: Case, host: str, variables: Variables, messages: str) -> None:
    """One string, refused by name or byte for byte at its place."""
    if not case.refused:
        assert "tenantry_invalid" not in variables, (case, variables)
        assert arrived(case, variables) == expected(case)
        return
    assert "tenant" not in variables, case
    fields = [one["field"] for one in variables["tenantry_invalid"]]
    assert len(fields) == 1
    assert fields[0].startswith(field(case)), (case, variables["tenantry_invalid"])
    assert f"{host}isinquarantine:{''.join(fields[0].split())}:" in messages
    reason = variables["tenantry_invalid"][0]["reason"]
    assert reason.isascii()
    assert reason.isprintable()


def test_the_corpus_is_complete():
    assert {case.field for case in cases()} == {
        "tenant_name", "domain", "env_key", "env_value", "label_value", "label_key", "image", "cidr", "path", "numbers",
        "cron", "free_text",
    }  # fmt: skip
