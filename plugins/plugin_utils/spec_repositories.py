# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Repositories of backups, of which the fleet has few and each policy names some."""

from __future__ import annotations

import typing as t

from ansible_collections.tenantry.platform.plugins.module_utils.backup_repository import SECRETS
from ansible_collections.tenantry.platform.plugins.plugin_utils import spec_models as models
from ansible_collections.tenantry.platform.plugins.plugin_utils import spec_places as places
from ansible_collections.tenantry.platform.plugins.plugin_utils import spec_rules as rules
from ansible_collections.tenantry.platform.plugins.plugin_utils.database_queries import Row

Problem = models.Problem
Entry = dict[str, t.Any]

_ONLY_S3 = ("endpoint", "bucket", "region", "access_key", "secret_key", "ca_file")
_NEEDED_BY_S3 = ("endpoint", "bucket", "access_key", "secret_key")
# Changing it changes nothing of what is rendered.
_NOT_RENDERED = ("retention_days",)
#: Seconds after which a WAL segment that is not full is handed over: what can be lost when a node is.
ARCHIVE_TIMEOUT = 30


class Repositories:
    """Those that may be used, and what is wrong with others: it is told to each tenant that needs one of them.

    :ivar usable: by name, in the order of names; secrets as they are stored.
    """

    def __init__(self, rows: t.Iterable[Row], references: t.Sequence[str]) -> None:
        self.usable: dict[str, Entry] = {}
        self._wrong: dict[str, list[Problem]] = {}
        self._disabled: set[t.Any] = set()
        self._archived: dict[t.Any, dict[str, t.Any]] = {}
        for row in rows:
            self._read(row, references)
        self.usable = dict(sorted((name, one) for name, one in self.usable.items() if name not in self._wrong))

    def _read(self, row: Row, references: t.Sequence[str]) -> None:
        name = rules.segment(row["name"])
        if row["enabled"] in (0, False):
            self._disabled.add(name)
            return
        model, problems = models.validate(models.Repository, row, references)
        problems += _together(model) if model is not None else []
        if name in self.usable or name in self._wrong:
            problems.append(("name", "is there twice"))
        if model is None or problems:
            self._wrong.setdefault(name, []).extend(problems)
            return
        entry = {key: value for key, value in model.model_dump().items() if key not in ("name", "enabled")}
        if model.kind == "s3":
            entry["region"] = model.region or "us-east-1"
        self.usable[model.name] = entry

    def chosen(self, wanted: t.Sequence[str] | None, problems: list[Problem]) -> list[str]:
        """Names of those that a policy uses.

        :param wanted: what the policy names, in its order; None for all that are enabled.
        :param problems: takes what is wrong with them; a field without a dot is a column of the policy.
        """
        names = sorted([*self.usable, *self._wrong]) if wanted is None else list(wanted)
        for name in names:
            if name in self._wrong:
                problems += [(f"repositories.{name}.{column}", reason) for column, reason in self._wrong[name]]
            elif name not in self.usable and name not in self._disabled:
                problems.append(("repositories", f"there is no repository {name}"))
        # One that is taken out of use is out of use for everybody.
        found = [name for name in names if name not in self._disabled]
        if not found:
            problems.append(("repositories", "there is none to keep backups in: add a row to repositories"))
        return found

    def archived(self, tenant: str, policies: t.Sequence[t.Mapping[str, t.Any]]) -> list[dict[str, t.Any]]:
        """What a release renders for backups: of each service that archives, where to.

        Equal ones are one object: a fleet has many tenants.

        :param policies: of a tenant that is valid.
        """
        result = []
        for policy in policies:
            if policy["engine"] == "pgbackrest":
                names = policy["repositories"]
                own = any(_is_own(self.usable[name]) for name in names)
                key = (tenant if own else None, policy["service"], *names)
                if key not in self._archived:
                    self._archived[key] = self._entry(tenant, policy["service"], names)
                result.append(self._archived[key])
        return sorted(result, key=lambda one: str(one["service"]))

    def _entry(self, tenant: str, service: str, names: t.Sequence[str]) -> dict[str, t.Any]:
        stored = [{"name": name, **stored_for(tenant, self.usable[name])} for name in names]
        for one in stored:
            for key in _NOT_RENDERED:
                del one[key]
        return {"service": service, "repositories": stored, "archive_timeout": ARCHIVE_TIMEOUT}


def stored_for(tenant: str, entry: t.Mapping[str, t.Any]) -> Entry:
    """An entry with the secrets of one tenant, where each has its own."""
    return {
        key: places.of_tenant(value, tenant) if key in SECRETS and value is not None else value
        for key, value in entry.items()
    }


def _is_own(entry: Entry) -> bool:
    return stored_for("", entry) != entry


def _together(model: models.Repository) -> list[Problem]:
    """What columns of a repository must be towards each other."""
    if model.kind == "s3":
        return [(name, "is missing: kind is s3") for name in _NEEDED_BY_S3 if getattr(model, name) is None]
    problems = [(name, f"is for kind s3, and this is {model.kind}") for name in _ONLY_S3 if getattr(model, name)]
    if model.path == "/":
        problems.append(("path", "is the whole disk: write a directory of its own"))
    return problems
