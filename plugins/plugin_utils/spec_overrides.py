# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Overrides: fields of tenants that a person or an operation holds against the database."""

from __future__ import annotations

import datetime
import typing as t

from ansible_collections.tenantry.platform.plugins.plugin_utils import database_schema as schema
from ansible_collections.tenantry.platform.plugins.plugin_utils import spec_models as models
from ansible_collections.tenantry.platform.plugins.plugin_utils import spec_rules as rules

Row = t.Mapping[str, t.Any]


def moment(value: t.Any) -> datetime.datetime | None:
    """A point in time, in UTC, from what databases and people write; without a zone it is UTC.

    :raises ValueError: with a reason.
    """
    if value is None:
        return None
    if isinstance(value, str):
        try:
            # Python 3.10 does not know Z.
            value = datetime.datetime.fromisoformat(rules.text(value).strip().replace("Z", "+00:00"))
        except ValueError:
            raise ValueError(f"{rules.shown(value)} is no time: write 2026-11-21T04:18:33Z, in UTC") from None
    if not isinstance(value, datetime.datetime):
        raise ValueError(f"{rules.shown(value)} is no time: write 2026-11-21T04:18:33Z, in UTC")
    return (
        value.replace(tzinfo=datetime.timezone.utc) if value.tzinfo is None else value.astimezone(datetime.timezone.utc)
    )


def written(value: datetime.datetime | None) -> str | None:
    """A point in time as specs say it."""
    return None if value is None else value.strftime("%Y-%m-%dT%H:%M:%SZ")


def current(rows: t.Iterable[Row], now: datetime.datetime) -> tuple[dict[str, Row], list[models.Problem]]:
    """By field the override that counts: not released, not expired, the newest; and what is wrong with others."""
    found: dict[str, Row] = {}
    problems = []
    for row in rows:
        model, wrong = models.validate(models.Override, row)
        try:
            until = moment(row["expires_at"])
        except ValueError as error:
            wrong, until = [*wrong, ("expires_at", str(error))], None
        if until is not None and until <= now:
            continue
        if model is not None and not wrong:
            try:
                check(model.field, model.value)
            except ValueError as error:
                wrong = [("value", str(error))]
        problems += [(f"overrides.{rules.segment(row['field'])}.{column}", reason) for column, reason in wrong]
        if model is not None and not wrong:
            found[model.field] = row
    return found, problems


def check(field: str, value: t.Any) -> None:
    """Refuse a value that no tenant can have: it would quarantine every tenant that is held at it.

    :raises ValueError: with a reason.
    """
    if field == "state":
        rules.choice(*schema.STATES)(value)
    elif field == "release":
        rules.release(value)
    elif field == "maintenance":
        rules.choice("on")(value)
    elif field == "version" or field.startswith(schema.SERVICE_VERSION):
        rules.version(value)
    elif field.startswith(schema.VOLUME_GENERATION):
        rules.generation(value)
    else:
        raise ValueError(
            f"there is no such field: hold {', '.join(schema.OVERRIDE_FIELDS)}, version.<service> or volume.<name>"
        )


def service_versions(found: t.Mapping[str, Row]) -> dict[str, str]:
    """By service the version that is held for it alone."""
    return {
        field.removeprefix(schema.SERVICE_VERSION): row["value"]
        for field, row in found.items()
        if field.startswith(schema.SERVICE_VERSION)
    }


def generations(found: t.Mapping[str, Row]) -> dict[str, str]:
    """By volume the generation that is the live one. It says where data is, and holds nothing against the database."""
    return {
        field.removeprefix(schema.VOLUME_GENERATION): row["value"]
        for field, row in found.items()
        if field.startswith(schema.VOLUME_GENERATION)
    }


def held(row: Row, was: str | None) -> dict[str, t.Any]:
    """An entry of the spec's list ``held``."""
    return {
        "field": row["field"],
        "value": row["value"],
        "reason": _words(row["reason"]),
        "by": _words(row["created_by"]),
        "until": written(moment(row["expires_at"])),
        "was": was,
    }


def _words(value: t.Any) -> str:
    """Free text of a person; what is not for display is left out, it decides nothing."""
    try:
        return rules.line(value, 1024)
    except ValueError:
        return ""
