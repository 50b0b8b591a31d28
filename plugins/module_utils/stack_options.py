# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options that the stack modules share."""

from __future__ import annotations

import typing as t

from .redaction import REDACTION_ARGUMENTS

#: Options of stack and stack_job alike: which project, and what may not be seen in its output.
PROJECT_ARGUMENTS: dict[str, t.Any] = {
    "project_name": {"type": "str", "required": True},
    "project_src": {"type": "path"},
    "files": {"type": "list", "elements": "str", "default": ["compose.yaml"]},
    "tenant": {"type": "str"},
    "log_lines": {"type": "int", "default": 20},
    **REDACTION_ARGUMENTS,
}

# What services join and use, made where it is missing.
OBJECT_ARGUMENTS: dict[str, t.Any] = {
    "networks": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "name": {"type": "str", "required": True},
            "internal": {"type": "bool", "default": False},
            "labels": {"type": "dict", "required": True},
        },
    },
    "volumes": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "name": {"type": "str", "required": True},
            "labels": {"type": "dict", "required": True},
            "restored": {"type": "bool", "default": False},
        },
    },
}

STACK_ARGUMENTS: dict[str, t.Any] = {
    **PROJECT_ARGUMENTS,
    **OBJECT_ARGUMENTS,
    "state": {"type": "str", "choices": ["present", "stopped", "restarted", "absent"], "default": "present"},
    "services": {"type": "list", "elements": "str", "default": []},
    "profiles": {"type": "list", "elements": "str", "default": []},
    "replicas": {"type": "dict", "default": {}},
    "strict": {"type": "bool", "default": False},
    "accepted": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "kind": {"type": "str", "choices": ["container", "network"], "required": True},
            "name": {"type": "str", "required": True},
            "field": {"type": "str", "required": True},
        },
    },
    "remove_orphans": {"type": "bool", "default": True},
    "remove_networks": {"type": "bool", "default": False},
    "remove_volumes": {"type": "bool", "default": False},
    "wait_timeout": {"type": "int", "default": 120},
}

STACK_REQUIRED_IF = [("state", "present", ["project_src"]), ("state", "restarted", ["project_src"])]
