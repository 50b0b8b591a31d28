# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Differences that operators accept: rules of the tenant database and of a file beside it."""

from __future__ import annotations

import fnmatch
import glob
import json
import typing as t

import yaml

from ansible_collections.tenantry.platform.plugins.module_utils import durable
from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError
from ansible_collections.tenantry.platform.plugins.plugin_utils import spec_models as models
from ansible_collections.tenantry.platform.plugins.plugin_utils import spec_overrides

Rule = dict[str, t.Any]
Finding = dict[str, t.Any]
#: Keys of a rule in a file, in the order in which they are written; those of the relation ``ignore_rules``.
KEYS = ("tenant", "kind", "resource", "field", "mode", "accepted", "reason", "expires_at")
#: Classes of findings that a baseline accepts. A conflict is for a person to decide.
ACCEPTABLE = ("drift", "missing", "extra")


def ignore(tenant: str, found: list[Finding], rules: t.Sequence[t.Mapping[str, t.Any]], now: str) -> None:
    """Mark the findings that a rule accepts. What only waits for the next deploy is never ignored.

    :param rules: as the hostvar ``tenant_policies`` has them, and as :func:`read` returns them.
    :param now: in UTC, as ``expires_at`` is written.
    """
    live = [
        one
        for one in rules
        if (one["expires_at"] is None or one["expires_at"] > now)
        and fnmatch.fnmatchcase(tenant, one.get("tenant", "*"))
    ]
    for finding in found:
        if finding["class"] == "pending":
            continue
        rule = next((one for one in live if _accepts(one, finding)), None)
        if rule:
            finding["ignored_by"] = {"reason": rule["reason"], "until": rule["expires_at"]}


def _accepts(rule: t.Mapping[str, t.Any], finding: Finding) -> bool:
    return (
        rule["kind"] == finding["kind"]
        and fnmatch.fnmatchcase(finding["name"], rule["resource"])
        and fnmatch.fnmatchcase(finding["field"], rule["field"])
        and (rule["mode"] == "ignore" or rule["accepted"] == said(finding["live"]))
    )


def said(value: t.Any) -> str:
    """A live value as a rule of mode ``record`` holds it: text as it is, the rest as JSON."""
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


# -- files ---------------------------------------------------------------------------------------------------------


def read(path: str) -> list[Rule]:
    """The rules of a file, a YAML list of mappings with the keys ``KEYS``.

    :raises TenantryError: ``ignore_file``, naming the file, the rule and the key that is wrong.
    """
    try:
        with open(path, encoding="utf-8") as stream:
            rows = yaml.safe_load(stream)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        why = " ".join(str(error).split())
        raise TenantryError(f"ignore rules {path} cannot be read: {why}", "ignore_file") from error
    if rows is None:
        return []
    if not isinstance(rows, list):
        raise TenantryError(f"ignore rules {path}: it is no list; write one mapping for each rule", "ignore_file")
    return [_rule(path, number, row) for number, row in enumerate(rows, 1)]


def _rule(path: str, number: int, row: t.Any) -> Rule:
    if not isinstance(row, dict) or not all(isinstance(key, str) for key in row):
        raise TenantryError(f"ignore rules {path}: rule {number} is no mapping", "ignore_file")
    problems = [(key, f"is no key of a rule; they are {', '.join(KEYS)}") for key in row if key not in KEYS]
    found, wrong = models.validate(models.FileRule, row)
    problems += wrong
    expires = None
    try:
        expires = spec_overrides.written(spec_overrides.moment(row.get("expires_at")))
    except ValueError as error:
        problems.append(("expires_at", str(error)))
    if found is None or problems:
        told = "; ".join(f"{key}: {reason}" for key, reason in problems)
        raise TenantryError(f"ignore rules {path}: rule {number}: {told}", "ignore_file")
    return {**found.model_dump(), "expires_at": expires}


def baseline(verdicts: t.Iterable[t.Mapping[str, t.Any]], reason: str) -> list[Rule]:
    """Rules that accept what differs now, and tell of the next change.

    :param verdicts: of a plan.
    """
    return [
        {
            "tenant": verdict["tenant"],
            "kind": one["kind"],
            "resource": glob.escape(one["name"]),
            "field": glob.escape(one["field"]),
            "mode": "record",
            "accepted": said(one["live"]),
            "reason": reason,
            "expires_at": None,
        }
        for verdict in verdicts
        for one in verdict["findings"]
        if one["class"] in ACCEPTABLE and not one["ignored_by"]
    ]


def append(path: str, rules: list[Rule]) -> None:
    """Add rules to a file, which is made where there is none. Comments in it are lost, its rules are not."""
    try:
        there = read(path)
    except TenantryError as error:
        if not isinstance(error.__cause__, FileNotFoundError):
            raise
        there = []
    rows = [{key: rule[key] for key in KEYS if rule[key] is not None} for rule in [*there, *rules]]
    text = yaml.safe_dump(rows, sort_keys=False, allow_unicode=True)
    try:
        durable.replace(path, text.encode(), 0o640)
    except OSError as error:
        raise TenantryError(f"ignore rules {path} cannot be written: {error.strerror}", "ignore_file") from error
