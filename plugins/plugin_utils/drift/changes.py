# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changed tasks of a run in check mode, item by item, with their differences."""

from __future__ import annotations

import dataclasses
import json
import typing as t

from ansible_collections.tenantry.platform.plugins.plugin_utils.drift.values import clip, jsonable

# They change what Ansible remembers, nothing on a host.
IN_MEMORY = {"add_host", "group_by", "ansible.builtin.add_host", "ansible.builtin.group_by"}
FLEET_ACTIONS = {
    f"tenantry.platform.{name}": name
    for name in ("plan_readers", "plan", "plan_outcomes", "report", "diagnosis_questions", "diagnosis")
}
MAXIMUM_ITEM = 200


@dataclasses.dataclass(frozen=True)
class Event:
    """What happened when a task ran on a host."""

    host: str
    action: str
    task: str
    path: str
    role: str
    check_mode: bool
    looped: bool
    hidden: bool
    delegate_to: str | None
    run_once: bool
    result: dict[str, t.Any]

    @classmethod
    def of(cls, result: t.Any) -> Event:
        """From what a callback is given."""
        # The public names came with ansible-core 2.19; those with an underscore are going.
        task = result.task if hasattr(result, "task") else result._task
        host = result.host if hasattr(result, "host") else result._host
        values = result.result if hasattr(result, "result") else result._result
        role = getattr(task, "_role", None)
        return cls(
            host=host.get_name(),
            action=_action(task),
            task=str(task.get_name()),
            path=str(task.get_path() or ""),
            role=str(role.get_name()) if role else "",
            check_mode=bool(task.check_mode),
            looped=task.loop is not None,
            hidden=bool(task.no_log) or _hidden(values),
            delegate_to=str(task.delegate_to) if task.delegate_to else None,
            run_once=bool(task.run_once),
            result=dict(values),
        )

    @property
    def fleet_action(self) -> str | None:
        """Which of the actions that this report is made from, if any."""
        return FLEET_ACTIONS.get(self.action)

    @property
    def message(self) -> str:
        """Why it failed, in one or a few lines."""
        if self.hidden:
            return "hidden: the task has no_log"
        items = [one for one in self.result.get("results") or [] if isinstance(one, dict) and one.get("failed")]
        messages = [_message(one) for one in items if not _hidden(one)]
        return clip("; ".join(messages) or _message(self.result), 2000)


def change(event: Event) -> dict[str, t.Any] | None:
    """What a task, or one item of its loop, changed or would change."""
    if event.action in IN_MEMORY or not event.result.get("changed"):
        return None
    return {
        "host": event.host,
        "task": event.task,
        "action": event.action,
        "path": event.path,
        "role": event.role,
        "item": None if event.hidden else _item(event.result),
        "delegate_to": event.delegate_to,
        "run_once": event.run_once,
        # A task with check_mode: false did run: its change is a fact, not a forecast.
        "class": "would_change" if event.check_mode else "executed",
        "hidden": event.hidden,
        "diff": [] if event.hidden else _differences(event.result.get("diff")),
    }


def _action(task: t.Any) -> str:
    # Asking for the resolved name of a task that has none yet is a warning, so only these are asked.
    if task.action in FLEET_ACTIONS.values():
        return str(task.resolved_action or task.action)
    return str(task.action)


def _hidden(result: t.Mapping[str, t.Any]) -> bool:
    return bool(result.get("_ansible_no_log")) or "censored" in result


def _message(result: t.Mapping[str, t.Any]) -> str:
    return str(result.get("msg") or "failed")


def _item(result: dict[str, t.Any]) -> str | None:
    variable = result.get("ansible_loop_var", "item")
    item = result.get("_ansible_item_label", result.get(variable))
    if item is None:
        return None
    return clip(item if isinstance(item, str) else json.dumps(jsonable(item), sort_keys=True), MAXIMUM_ITEM)


def _differences(diff: t.Any) -> list[dict[str, t.Any]]:
    """What modules return as ``diff``: one or many, of text or of data, or a text that is made already."""
    differences = []
    for one in diff if isinstance(diff, list) else [diff]:
        if isinstance(one, dict):
            difference = {name: _text(one.get(name)) for name in ("before", "after", "prepared")}
            headers = {name: _text(one.get(name)) for name in ("before_header", "after_header")}
            note = _note(one)
            if note or any(difference.values()):
                differences.append({**difference, **headers, "note": note})
    return differences


def _text(value: t.Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, (dict, list)):
        return clip(json.dumps(jsonable(value), indent=2, sort_keys=True, ensure_ascii=False))
    return clip(str(jsonable(value)))


def _note(diff: dict[str, t.Any]) -> str | None:
    if diff.get("src_binary") or diff.get("dst_binary"):
        return "binary content differs"
    if diff.get("src_larger") or diff.get("dst_larger"):
        return f"larger than {diff.get('src_larger') or diff.get('dst_larger')} bytes: not compared line by line"
    return None
