# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run told about the fleet, collected result by result."""

from __future__ import annotations

import collections
import dataclasses
import json
import typing as t

from ansible_collections.tenantry.platform.plugins.plugin_utils.drift import changes
from ansible_collections.tenantry.platform.plugins.plugin_utils.drift.changes import Event

# How the last play of a playbook says non-zero. After the report they repeat what it says.
EXIT_ACTIONS = {"fail", "assert", "ansible.builtin.fail", "ansible.builtin.assert"}


@dataclasses.dataclass(frozen=True)
class Failure:
    """A task that failed on a host; whether it was rescued is known at the end only."""

    host: str
    task: str
    message: str
    counts: bool = True

    def as_error(self, kind: str) -> dict[str, str]:
        """For the report."""
        return {"kind": kind, "host": self.host, "task": self.task, "message": self.message}


@dataclasses.dataclass
class Run:
    """Everything that the report is made from.

    :param check: whether it runs with ``--check``.
    :param limit: what ``--limit`` says; such a run speaks of a part of the fleet.
    :param fleet: what the fleet is called, where reports of several stand side by side.
    """

    report_id: str
    controller: str
    started: str
    check: bool = False
    limit: str | None = None
    fleet: str | None = None
    playbooks: list[str] = dataclasses.field(default_factory=list)
    verdicts: dict[str, dict[str, t.Any]] = dataclasses.field(default_factory=dict)
    rows: dict[str, dict[str, t.Any]] = dataclasses.field(default_factory=dict)
    changes: list[dict[str, t.Any]] = dataclasses.field(default_factory=list)
    failures: list[Failure] = dataclasses.field(default_factory=list)
    unreachable: list[Failure] = dataclasses.field(default_factory=list)
    lost: list[str] = dataclasses.field(default_factory=list)
    hosts: list[str] = dataclasses.field(default_factory=list)
    failed: dict[str, int] = dataclasses.field(default_factory=dict)
    asked: bool = False  # it set out to plan
    planned: bool = False
    applied: bool = False
    reported: bool = False
    diagnosed: bool = False  # the plan served a walk to some tenants, which is no check of the fleet
    plan_checked: bool = False

    @property
    def mode(self) -> str:
        """``check`` also for a run that planned and reported, and applied nothing in between."""
        looked = self.check or self.plan_checked or (self.reported and not self.applied)
        return "check" if looked else "enforce"

    @property
    def tells(self) -> bool:
        """Whether it knows anything about how things are: a plain playbook run does not."""
        return not self.diagnosed and (self.check or self.asked)

    @property
    def ended(self) -> bool:
        """Whether every step was made that the first one promised."""
        if not self.asked:
            return True
        return self.planned and (self.reported or self.check or self.plan_checked)

    def ok(self, event: Event) -> None:
        """A task ended well."""
        if event.fleet_action:
            self._fleet(event)
        elif not event.looped:
            self.item(event)

    def item(self, event: Event) -> None:
        """An item of a loop ended, well or not.

        Items are taken one by one: on ansible-core 2.16 the result of a loop has none of them when an action raised.
        """
        if self.check:
            change = changes.change(event)
            self.changes += [change] if change else []

    def fail(self, event: Event, ignored: bool) -> None:
        """A task failed."""
        if not event.looped:
            self.item(event)
        if not ignored:
            counts = not (self.reported and event.action in EXIT_ACTIONS)
            self.failures.append(Failure(event.host, event.task, event.message, counts))

    def lose(self, event: Event) -> None:
        """A host did not answer."""
        self.unreachable.append(Failure(event.host, event.task, event.message))

    def end(self, hosts: t.Iterable[str], failed: t.Mapping[str, int]) -> None:
        """A playbook came to its end.

        :param failed: by host how many of its failures nobody rescued.
        """
        self.hosts, self.failed = sorted(set(hosts)), dict(failed)

    def errors(self) -> list[dict[str, str]]:
        """What went wrong and was not rescued."""
        by_host: dict[str, list[Failure]] = collections.defaultdict(list)
        for failure in self.failures:
            by_host[failure.host].append(failure)
        errors = []
        for host, failures in sorted(by_host.items()):
            # A rescued failure looks like any other when it happens. Those that ended the host came last.
            final = failures[-self.failed[host] :] if self.failed.get(host) else []
            errors += [one.as_error("failed") for one in final if one.counts]
        errors += [one.as_error("unreachable") for one in self.unreachable]
        return errors + [{"kind": "lost", "host": "", "task": "", "message": text} for text in self.lost]

    def _fleet(self, event: Event) -> None:
        if event.fleet_action == "plan_readers":
            # The plan as long as nothing was read. If nothing more comes, this is the truth.
            self._judge(_verdicts(event))
            self.planned = False
        elif event.fleet_action == "plan":
            self._judge(_verdicts(event))
            self.planned, self.plan_checked = True, event.check_mode
        elif event.fleet_action == "plan_outcomes":
            self.applied = True
        elif event.fleet_action in ("diagnosis_questions", "diagnosis"):
            self.diagnosed = True
        else:
            self.rows.update({str(one["tenant"]): one for one in event.result["tenants"]})
            self.reported = True

    def _judge(self, verdicts: t.Iterable[dict[str, t.Any]]) -> None:
        """A new plan: what an earlier one of this run said about these tenants is past."""
        for one in verdicts:
            self.verdicts[str(one["tenant"])] = one
            self.rows.pop(str(one["tenant"]), None)
        self.asked, self.applied, self.reported, self.diagnosed = True, False, False, False


def _verdicts(event: Event) -> list[dict[str, t.Any]]:
    facts = event.result.get("ansible_facts") or {}
    found: list[dict[str, t.Any]] = json.loads(str.__str__(facts.get("tenantry_plan") or "[]"))
    return found
