# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The containers of a tenant, or of all, and what they logged last; its networks and volumes."""

from __future__ import annotations

import dataclasses
import typing as t

from . import engine_containers, engine_networks, engine_volumes
from .engine import Engine
from .engine_containers import Container, label_filters
from .redaction import REDACTION_ARGUMENTS, Redactor

INFO_ARGUMENTS: dict[str, t.Any] = {
    "tenant": {"type": "str"},
    "project_name": {"type": "str"},
    "services": {"type": "list", "elements": "str", "default": []},
    "log_lines": {"type": "int", "default": 0},
    **REDACTION_ARGUMENTS,
}


def read(engine: Engine, params: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The module result: ``containers``, ``networks`` and ``volumes``, by name."""
    redactor = Redactor.from_params(params)
    found = engine_containers.read(engine, label_filters(tenant=params["tenant"], project=params["project_name"]))
    # Networks and volumes are a tenant's, not a project's.
    owned = label_filters(tenant=params["tenant"])
    return {
        "changed": False,
        "containers": [
            _facts(engine, container, params["log_lines"], redactor)
            for container in found
            if not params["services"] or container.service in params["services"]
        ],
        "networks": [dataclasses.asdict(network) for network in engine_networks.read(engine, owned)],
        "volumes": [{"name": one.name, "labels": one.labels} for one in engine_volumes.read(engine, owned)],
    }


def _facts(engine: Engine, container: Container, log_lines: int, redactor: Redactor) -> dict[str, t.Any]:
    facts = {**container.summary(), "one_off": container.one_off, "operation": container.operation}
    if log_lines > 0:
        facts["logs"] = redactor.lines(engine_containers.log_tail(engine, container, log_lines))
    return facts
