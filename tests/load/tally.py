# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a load counted: how much of what in which second, and everything that failed, one by one."""

from __future__ import annotations

import collections
import dataclasses
import typing as t

# Requests include the slow ones; messages are those of WebSockets that came back.
COUNTED = ("requests", "slow", "messages", "late")
# A generator that sends later than it wanted leaves gaps, and what would have failed in them is not seen.
LATE_SECONDS = 0.5
LATE_SHARE = 0.01
LATEST_SECONDS = 5.0


@dataclasses.dataclass(frozen=True)
class Failure:
    """One thing that a user did not get.

    :ivar kind: ``502``, ``reset``, ``timeout``, ``websocket aborted`` and so on.
    :ivar at: when it failed, on the monotonic clock; of a timeout, when the answer was due.
    """

    kind: str
    tenant: str
    path: str
    at: float
    detail: str = ""

    @property
    def is_websocket(self) -> bool:
        """Whether it was no request."""
        return self.kind.startswith("websocket")


class Tally:
    """Counts by second of the monotonic clock.

    :param began: the beginning of second 0.
    """

    def __init__(self, began: float) -> None:
        self.began = began
        self.ended = began
        self.failures: list[Failure] = []
        self.latest = 0.0
        self.series: dict[str, list[int]] = {what: [] for what in COUNTED}

    def count(self, what: str, at: float) -> None:
        """One more."""
        series, second = self.series[what], max(0, int(at - self.began))
        series.extend([0] * (second + 1 - len(series)))
        series[second] += 1

    def sent(self, at: float, late: float) -> None:
        """A request that was sent ``late`` seconds after its time."""
        self.count("requests", at)
        self.latest = max(self.latest, late)
        if late > LATE_SECONDS:
            self.count("late", at)

    def fail(self, failure: Failure) -> None:
        """Something failed."""
        self.failures.append(failure)

    def total(self, what: str) -> int:
        """Over the whole time."""
        return sum(self.series[what])

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self.ended - self.began

    @property
    def answered_per_second(self) -> float:
        """Requests that got the right answer."""
        lost = sum(not one.is_websocket for one in self.failures)
        return (self.total("requests") - lost) / self.seconds if self.seconds > 0 else 0.0

    def kinds(self) -> dict[str, int]:
        """How often what failed, the most frequent first."""
        return dict(collections.Counter(one.kind for one in self.failures).most_common())

    def starved(self) -> str:
        """Why the load was not what it had to be, or an empty string.

        Other processes may have kept the generator from its work; then nothing failing proves nothing.
        """
        late, requests = self.total("late"), self.total("requests")
        if not requests:
            return "the generator sent no request"
        if late > LATE_SHARE * requests or self.latest > LATEST_SECONDS:
            return (
                f"the generator was starved: {late} of {requests} requests were sent more than {LATE_SECONDS:g} s "
                f"late, the latest {self.latest:.1f} s; run it on a machine with less to do"
            )
        return ""

    def as_dict(self) -> dict[str, t.Any]:
        """As JSON has it."""
        return {
            "began": self.began,
            "ended": self.ended,
            "latest": self.latest,
            "series": self.series,
            "failures": [dataclasses.asdict(one) for one in self.failures],
        }

    @classmethod
    def from_dict(cls, data: t.Mapping[str, t.Any]) -> Tally:
        """What ``as_dict`` gave."""
        tally = cls(data["began"])
        tally.ended, tally.latest = data["ended"], data["latest"]
        tally.series.update(data["series"])
        tally.failures = [Failure(**one) for one in data["failures"]]
        return tally
